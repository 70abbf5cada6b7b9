"""Whether a question gives its answer away: a second reader who sees it is not blind to the result."""

from __future__ import annotations

import re

from dystolab.evidence.schema import Finding

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
# Words that belong to the question: thresholds, times, sides, scales, groups.
_ASKS = re.compile(
    r"(?:\d+ (?:ms|weeks?|months?|years?) (?:earlier|later)|earlier (?:work|study|report)"
    r"|as (?:stated|told|reported)[^,;)]*|said to [^,;)]*"
    r"|(?:or|not|no) (?:more|less)\b(?! than)|(?:more|less|fewer|later|earlier|shorter) than \d+"
    r"|(?:more|less) (?:of|on|affected)\b|(?:higher|lower) is \w+"
    r"|lower (?:limbs?|arms?|face|cervical|baseline)|(?:upper |lower )?limits? of normal"
    r"|(?:normal|abnormal) (?:people|mice|rats|animals|subjects|controls|hearing|threshold|postures?|movements?)"
    r"|with abnormal \w+|unaffected (?:first|second|relatives|people)|normalised (?:beta|low)"
    r"|reversed montage|partial relief|significant (?:trick|transfer))",
    re.IGNORECASE,
)
_VERDICTS = re.compile(
    r"\b(?:reduced|increased|decreased|improved|impaired|worsened|prevented|abolished|eliminated|enhanced|suppressed"
    r"|restored|rescued|normalised|reversed|unchanged|unaltered|unaffected|persisted|disappeared|absent|fail(?:s|ed)"
    r"|(?:not|no longer|highly) significant"
    r"|no (?:significant )?(?:difference|change|effect|improvement|reduction|recovery)"
    r"|(?:significant|marked|better|partial|only transient) \w+)\b",
    re.IGNORECASE,
)
_CHANGES = re.compile(r"\b(?:improvement|reduction|worsening|deterioration)\b", re.IGNORECASE)
_COMPARED = re.compile(
    r"\b(?:(?:ab)?normal|altered|missing|lost|blocked|similar|equivalent|equal|none|same|higher|lower|larger|smaller"
    r"|greater|more|fewer|less|weaker|stronger|faster|slower|longer|shorter|later|earlier|better|worse|trend|maintained"
    r"|sustained|significant|deficient|delayed|opposite effect|improve(?:s|ment)|reduction|rise|fall)\b",
    re.IGNORECASE,
)
_ASIDES = re.compile(r"\(([^()]*)\)|[:;](.*)$")


def gives_away(finding: Finding) -> tuple[str, ...]:
    """Return the numbers and words of `finding.what` that tell its result.

    Numbers that are those of the result; words of result anywhere (reduced, absent, unchanged); comparing words
    (higher, normal, longer) in brackets or behind a colon, where asides on the result stand. Shares of people with an
    improvement and what an improvement correlates with are questions, a change named so is a result.

    Examples
    --------
    >>> from dystolab.evidence import load
    >>> gives_away(load().study("teo_2009_ebcc_focal").findings[0])
    ()
    """
    values = {f"{abs(group.value):g}" for group in finding.groups if group.value is not None}
    values |= {f"{abs(finding.effect.value):g}"} if finding.effect else set()
    told = sorted(values & set(_NUMBER.findall(finding.what)))
    if finding.contrast in ("single_group", "correlation") and finding.direction == "described":
        return tuple(told)  # a share is asked for, whatever its words
    asked = _ASKS.sub(" ", finding.what)
    words = _VERDICTS.findall(asked) if finding.contrast not in ("single_group", "correlation") else []
    if finding.contrast in ("after_vs_before", "active_vs_sham", "with_vs_without"):
        words += _CHANGES.findall(asked)
    for aside in _ASIDES.findall(asked):
        words += [word for part in aside for pattern in (_VERDICTS, _COMPARED) for word in pattern.findall(part)]
    return tuple(dict.fromkeys([*told, *(word.lower() for word in words)]))
