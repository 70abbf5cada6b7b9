"""A meta-analysis of one measure: which findings can be pooled, which are left out and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dystolab.errors import EvidenceError, UnknownNameError
from dystolab.evidence import pooling, words
from dystolab.evidence.base import Base
from dystolab.evidence.effect_sizes import EffectSize, UnusableError, effect_size
from dystolab.evidence.schema import OPEN_CONTRASTS, TWO_SIDED_CONTRASTS, Finding
from dystolab.evidence.verification import Checked

Usable = tuple[Checked, EffectSize]
Question = tuple[str, str, str, str, str]
CORRELATIONS = (0.3, 0.7)
"""Of before and after, tried beside the one that is assumed."""


@dataclass(frozen=True)
class Analysis:
    """What was pooled, how, and what was not.

    Attributes
    ----------
    measure, condition, contrast, factor, design, population, scale : str
        What was asked; `condition` is empty if all were, `factor` if the contrast needs none.
    used : tuple of (Checked, EffectSize)
        One finding per study.
    outcomes : dict of str to Pooled
        By method.
    sensitivity : dict of float to Pooled
        By REML with other correlations of before and after, if any finding needs one to be assumed.
    left_out : dict of str to str
        Finding -> the reason.
    """

    measure: str
    condition: str
    contrast: str
    factor: str
    design: str
    population: str
    scale: str
    used: tuple[Usable, ...]
    outcomes: Mapping[str, pooling.Pooled]
    sensitivity: Mapping[float, pooling.Pooled]
    left_out: Mapping[str, str]

    @property
    def sources(self) -> tuple[str, ...]:
        """DOI or address of each study that was used."""
        return tuple(words.source(one.study) for one, _ in self.used)

    @property
    def shared_cohorts(self) -> dict[str, tuple[str, ...]]:
        """Cohorts of which several studies were used, with their ids: they may share people, which is not known."""
        found: dict[str, list[str]] = {}
        for one, _ in self.used:
            if one.study.cohort:
                found.setdefault(one.study.cohort.casefold(), []).append(one.study.id)
        return {cohort: tuple(names) for cohort, names in found.items() if len(names) > 1}

    @property
    def weights(self) -> list[float]:
        """The share of each study in the mean by REML."""
        return pooling.weights([size.variance for _, size in self.used], self.outcomes["REML"].tau2)

    def as_json(self) -> dict[str, Any]:
        """Return the analysis as JSON values."""
        keys = ("measure", "condition", "contrast", "factor", "design", "population", "scale")
        asked = {key: getattr(self, key) for key in keys}
        used = [
            {"finding": one.name, "source": words.source(one.study), **vars(size), "weight": weight}
            for (one, size), weight in zip(self.used, self.weights, strict=True)
        ]
        outcomes = {name: outcome.as_json() for name, outcome in self.outcomes.items()}
        outcomes |= {f"REML, r {r:g}": outcome.as_json() for r, outcome in self.sensitivity.items()}
        left = {"left_out": dict(self.left_out), "shared_cohorts": self.shared_cohorts}
        return {**asked, "used": used, "outcomes": outcomes, **left}


def analyse(base: Base, measure: str, condition: str | None = None, contrast: str | None = None) -> Analysis:
    """Return the random-effects meta-analysis of `measure`.

    Only verified findings of one contrast, factor, design, population (people or animals) and scale are pooled: those
    of most studies, unless `contrast` says which.

    Raises
    ------
    UnknownNameError
        If a term does not exist.
    EvidenceError
        If fewer than two studies are usable.
    """
    _check(base, measure, condition, contrast)
    left: dict[str, str] = {}
    groups = _groups(base, measure, condition, contrast, left)
    question, used = _main_question(groups, left)
    if len(used) < pooling.FEWEST:
        raise EvidenceError(_refusal(measure, condition, len(used), left))
    outcomes = _pooled(size for _, size in used)
    tried = CORRELATIONS if any(size.assumes for _, size in used) else ()
    sensitivity = {r: _pooled(effect_size(one.finding, r) for one, _ in used)["REML"] for r in tried}
    return Analysis(measure, condition or "", *question, tuple(used), outcomes, sensitivity, left)


def poolable(base: Base, condition: str | None = None) -> dict[tuple[str, Question], tuple[str, ...]]:
    """Return every measure and question that can be pooled, with the ids of its studies, those of most studies first.

    Examples
    --------
    >>> from dystolab.evidence import load
    >>> all(len(studies) > 1 for studies in poolable(load()).values())
    True
    """
    found = {
        (measure, question): tuple(one.study.id for one, _ in used)
        for measure in base.vocabulary.measures
        for question, used in _groups(base, measure, condition, None, {}).items()
        if len(used) >= pooling.FEWEST
    }
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))


def _groups(
    base: Base, measure: str, condition: str | None, contrast: str | None, left: dict[str, str]
) -> dict[Question, list[Usable]]:
    """Return the findings that could be pooled by the question that they answer, one for each study and its people."""
    within = base.vocabulary.within(condition) if condition else frozenset(base.vocabulary.conditions)
    asked = [one for one in base.checked if one.finding.measure == measure and one.finding.condition in within]
    candidates = [one for one in asked if contrast is None or one.finding.contrast == contrast]
    left |= {one.name: "another contrast" for one in asked if one not in candidates}
    groups: dict[Question, list[Usable]] = {}
    for one, size in _sized(_superseded(base, candidates, left), left):
        population = one.study.species if one.study.species in ("human", "mixed") else "animal"
        finding = one.finding
        key: Question = (finding.contrast, finding.factor or "", finding.design, population, size.scale)
        groups.setdefault(key, []).append((one, size))
    return {key: _one_of_people(base, _one_each(group, condition, left), left) for key, group in groups.items()}


def _pooled(sizes: Iterable[EffectSize]) -> dict[str, pooling.Pooled]:
    listed = list(sizes)
    return pooling.pool([size.value for size in listed], [size.variance for size in listed])


def _check(base: Base, measure: str, condition: str | None, contrast: str | None) -> None:
    terms = base.vocabulary
    if measure not in terms.measures:
        raise UnknownNameError("measure", measure, terms.measures, "dystolab evidence terms measures")
    if condition is not None and condition not in terms.conditions:
        raise UnknownNameError("condition", condition, terms.conditions, "dystolab evidence terms conditions")
    if contrast is not None and contrast not in TWO_SIDED_CONTRASTS:
        raise UnknownNameError("contrast of two groups", contrast, TWO_SIDED_CONTRASTS)


def _superseded(base: Base, found: Iterable[Checked], left: dict[str, str]) -> list[Checked]:
    """Leave out what is not verified, and what a pooled study among the verified ones holds.

    It holds it even if no effect size follows from the pooled study: its answer to the question is the newer one.
    """
    verified = []
    for one in found:
        if one.verified:
            verified.append(one)
        else:
            left[one.name] = f"not verified ({one.status.replace('_', ' ')})"
    out = []
    for one in verified:
        held = [other.study.id for other in verified if _holds(base, other, one)]
        if held:
            left[one.name] = f"its data are in {held[0]}"
        elif one.study.kind in ("pooled", "meta_analysis") and not one.study.contains:
            left[one.name] = "pools studies that it does not name, perhaps those that are here"
        elif one.study.kind == "review":
            left[one.name] = "a review retells other studies"
        elif one.finding.contrast in OPEN_CONTRASTS and one.finding.factor is None:
            left[one.name] = f"{one.finding.contrast.replace('_', ' ')} of what is not typed (factor)"
        elif one.study.species == "in_silico":
            left[one.name] = "a model, not a study of subjects"
        else:
            out.append(one)
    return out


def _holds(base: Base, pooled: Checked, one: Checked) -> bool:
    return (
        one.study.id in base.contained_in(pooled.study.id)
        and one.finding.contrast == pooled.finding.contrast
        and base.vocabulary.related(one.finding.condition, pooled.finding.condition)
    )


def _sized(found: Iterable[Checked], left: dict[str, str]) -> list[Usable]:
    out = []
    for one in found:
        try:
            out.append((one, effect_size(one.finding)))
        except UnusableError as why:
            left[one.name] = str(why)
    return out


def _main_question(groups: Mapping[Question, list[Usable]], left: dict[str, str]) -> tuple[Question, list[Usable]]:
    """Return the question of most studies, and the findings on it."""
    if not groups:
        return ("", "", "", "", ""), []
    best = max(groups, key=lambda key: len(groups[key]))
    for key, group in groups.items():
        if key != best:
            told = ", ".join(part for part in key if part).replace("_", " ")
            left |= {one.name: f"another question ({told})" for one, _ in group}
    return best, groups[best]


def _one_each(found: list[Usable], condition: str | None, left: dict[str, str]) -> list[Usable]:
    """Keep one finding per study, the one on `condition` itself if there is one, else the first."""
    out: dict[str, Usable] = {}
    for one, size in sorted(found, key=lambda usable: usable[0].finding.condition != condition):
        first = out.setdefault(one.study.id, (one, size))
        if first[0] is not one:
            left[one.name] = f"not independent of {first[0].name}"
    return [out[name] for name in sorted(out)]


def _people(finding: Finding) -> int:
    """Return how many people a finding rests on: within people the same ones are before and after."""
    counted = [group.n or 0 for group in finding.groups]
    return max(counted, default=0) if finding.design == "within" else sum(counted)


def _one_of_people(base: Base, found: list[Usable], left: dict[str, str]) -> list[Usable]:
    """Keep the largest of studies that probably report the same people, and pooled ones instead of what they hold."""
    kept: list[Usable] = []
    for one, size in sorted(found, key=lambda usable: -_people(usable[0].finding)):
        held = next((other.study.id for other, _ in found if one.study.id in base.contained_in(other.study.id)), None)
        if held is not None:
            left[one.name] = f"its data are in {held}"
            continue
        same = base.people_of(one.study.id)
        larger = next((other.study.id for other, _ in kept if same & base.people_of(other.study.id)), None)
        if larger is None:
            kept.append((one, size))
        else:
            left[one.name] = f"probably the same people, in part, as {larger}, which is larger"
    return sorted(kept, key=lambda usable: usable[0].study.id)


def _refusal(measure: str, condition: str | None, usable: int, left: Mapping[str, str]) -> str:
    reasons = Counter(left.values()).most_common()
    told = "; ".join(f"{count} {reason}" for reason, count in reasons) or "there is no finding on it"
    where = f" in {condition}" if condition else ""
    need = f"a meta-analysis of {measure}{where} needs {pooling.FEWEST} usable studies, and there is {usable}"
    return f"{need}; left out: {told}"
