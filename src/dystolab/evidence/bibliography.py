"""Whether two readers saw the same author, title, journal, year and DOI, however they wrote them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from dystolab.evidence.schema import SecondReading, Study
from dystolab.evidence.verification import Difference

_SMALL = frozenset({"a", "an", "and", "de", "for", "in", "of", "on", "the", "und"})
_SHORTEST = 25
_CONTRACTED = {"natl": "national", "intl": "international", "assoc": "association"}
"""Abbreviations in names of journals that leave letters out in the middle."""
_NOBODY = (None, "unknown")
# Greek and other letters that texts without them write out.
_LETTERS = str.maketrans({0x394: "d", 0x3B1: "alpha", 0x3B2: "beta", 0x3B3: "gamma", 0xF8: "o", 0xDF: "ss"})


def differences(study: Study, reading: SecondReading | None) -> tuple[Difference, ...]:
    """Return the bibliographic fields that the second reader saw otherwise; what only one saw does not count."""
    if reading is None:
        return ()
    seen = reading.bibliography.model_dump(exclude_none=True)
    pairs = [Difference(key, getattr(study, key), value) for key, value in seen.items()]
    return tuple(pair for pair in pairs if pair.first not in _NOBODY and not _SAME[pair.field](pair.first, pair.second))


def same_author(one: str, other: str) -> bool:
    """Tell whether two first authors have the same family name.

    Examples
    --------
    >>> same_author("Teo JTH", "Teo, James"), same_author("Teo J", "Lee J")
    (True, False)
    """
    ours, theirs = _words(one), _words(other)
    return bool([word for word in ours if len(word) > 1 and word in theirs])


def same_journal(one: str, other: str) -> bool:
    """Tell whether two names of a journal are the same, one perhaps abbreviated or with a volume behind it.

    Examples
    --------
    >>> same_journal("J Neurol Neurosurg Psychiatry", "Journal of Neurology, Neurosurgery & Psychiatry")
    True
    >>> same_journal("Brain", "Brain Stimulation")
    False
    >>> same_journal("Proc Natl Acad Sci U S A", "Proceedings of the National Academy of Sciences of the United States")
    True
    >>> same_journal("Tremor Other Hyperkinet Mov (N Y)", "Tremor and Other Hyperkinetic Movements")
    True
    """
    ours, theirs = _journal(one), _journal(other)
    pairs = zip(ours, theirs, strict=False)
    return len(ours) == len(theirs) and all(a.startswith(b) or b.startswith(a) for a, b in pairs)


def _journal(name: str) -> list[str]:
    """Return the words of a name without what stands in brackets (a place, a publisher), the country short."""
    bare = re.sub(r"\([^)]*\)", " ", name)
    short = re.sub(r"\b(united states( of america)?|u\.? ?s\.? ?a\b\.?)", "usa", bare, flags=re.IGNORECASE)
    words = [_CONTRACTED.get(word, word) for word in _words(short)]
    return [word for word in words if word not in _SMALL and word.isalpha()]


def same_title(one: str, other: str) -> bool:
    """Tell whether two titles are the same, one perhaps without its end, ``Δ`` written as ``delta`` or ``d``."""
    ours, theirs = ("".join(_words(text)).replace("delta", "d") for text in (one, other))
    shorter, longer = sorted((ours, theirs), key=len)
    return ours == theirs or (len(shorter) >= _SHORTEST and longer.startswith(shorter))


def _same_text(one: object, other: object) -> bool:
    return str(one).lower() == str(other).lower()


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS)).encode("ascii", "ignore").decode()
    return re.findall(r"[a-z0-9]+", plain.lower())


_SAME: Mapping[str, Callable[[Any, Any], bool]] = {
    "title": same_title,
    "first_author": same_author,
    "journal": same_journal,
    "year": _same_text,
    "doi": _same_text,
}
