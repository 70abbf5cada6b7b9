"""Findings that contradict one another: computed from their directions, and noted by the readers.

Two findings conflict if they are of one measure, contrast and factor, on one condition or one that holds the other,
and one says increase, decrease or no change where the other does not. A contrast that does not say what was done,
divided or correlated needs a factor for that, and so do broad measures. Reviews only retell. A pooled study may
contradict what it holds: then both rest on the same people, and that is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations, permutations
from typing import TYPE_CHECKING, Any

from dystolab.evidence.base import Base
from dystolab.evidence.gaps import SIGNS, comparable
from dystolab.evidence.verification import Checked

if TYPE_CHECKING:
    from dystolab.evidence.open_questions import OpenQuestions


@dataclass(frozen=True)
class Conflict:
    """What contradicts what.

    Attributes
    ----------
    measure, contrast, factor : str
        What was asked; empty if readers noted a conflict that directions do not show.
    sides : dict of str to tuple of str
        Direction -> findings as ``study/finding``; of a conflict that was only noted, study -> its findings.
    verified : dict of str to bool
        Of each of these findings.
    noted : tuple of (str, str)
        Pairs of studies that a reader noted as contradictory.
    contained : tuple of (str, str)
        Pooled studies, and studies on another side whose data they hold.
    conditions : tuple of str
        Of its findings; none if it was only noted.
    decides : str or None
        What would decide it, as this project proposes, where it does.
    """

    measure: str
    contrast: str
    factor: str
    sides: Mapping[str, tuple[str, ...]]
    verified: Mapping[str, bool]
    noted: tuple[tuple[str, str], ...]
    contained: tuple[tuple[str, str], ...] = ()
    conditions: tuple[str, ...] = ()
    decides: str | None = None

    @property
    def asked(self) -> tuple[str, str, str]:
        """Measure, contrast and factor."""
        return self.measure, self.contrast, self.factor

    @property
    def studies(self) -> frozenset[str]:
        """The studies on all sides."""
        return frozenset(name.split("/")[0] for names in self.sides.values() for name in names) | frozenset(
            name for pair in self.noted for name in pair
        )

    def as_json(self) -> dict[str, Any]:
        """Return the conflict as JSON values."""
        told = {**vars(self), "sides": {side: list(names) for side, names in self.sides.items()}}
        pairs = {key: [list(pair) for pair in getattr(self, key)] for key in ("noted", "contained")}
        return {**told, **pairs, "conditions": list(self.conditions)}


def conflicts(base: Base, questions: OpenQuestions, *, verified: bool = False) -> list[Conflict]:
    """Return all conflicts, those of most findings first.

    Parameters
    ----------
    base : Base
    questions : OpenQuestions
        What would decide them.
    verified : bool
        Only among verified findings, and without those that were only noted.
    """
    found = computed(base, verified=verified)
    seen = {pair for conflict in found for pair in conflict.noted}
    left = [] if verified else [_only_noted(base, pair) for pair in _noted(base) if pair not in seen]
    return [replace(conflict, decides=questions.decides(conflict)) for conflict in [*found, *left]]


def computed(base: Base, *, verified: bool = False) -> list[Conflict]:
    """Return the conflicts that directions show, those of most findings first, without what would decide them."""
    noted = _noted(base)
    found = [_conflict(base, group, noted) for group in _joined(_pairs(base, verified))]
    return sorted(found, key=lambda conflict: -len(conflict.verified))


def _conflict(base: Base, group: list[Checked], noted: list[tuple[str, str]]) -> Conflict:
    first = group[0].finding
    studies = {one.study.id for one in group}
    sides = {sign: tuple(one.name for one in group if one.finding.direction == sign) for sign in SIGNS}
    return Conflict(
        first.measure,
        first.contrast,
        first.factor or "",
        {sign: names for sign, names in sides.items() if names},
        {one.name: one.verified for one in group},
        tuple(pair for pair in noted if studies.issuperset(pair)),
        _contained(base, group),
        tuple(dict.fromkeys(one.finding.condition for one in group)),
    )


def _pairs(base: Base, verified: bool) -> list[tuple[Checked, Checked]]:
    asked: dict[tuple[str, str, str | None], list[Checked]] = {}
    for one in base.checked:
        if (one.verified or not verified) and comparable(base, one):
            asked.setdefault((one.finding.measure, one.finding.contrast, one.finding.factor), []).append(one)
    return [pair for group in asked.values() for pair in combinations(group, 2) if _contradict(base, *pair)]


def _contradict(base: Base, one: Checked, other: Checked) -> bool:
    return (
        one.finding.direction != other.finding.direction
        and one.study.id != other.study.id
        and base.vocabulary.related(one.finding.condition, other.finding.condition)
    )


def _contained(base: Base, group: Iterable[Checked]) -> tuple[tuple[str, str], ...]:
    pairs = [pair for pair in permutations(group, 2) if _contradict(base, *pair)]
    found = {
        (one.study.id, other.study.id) for one, other in pairs if other.study.id in base.contained_in(one.study.id)
    }
    return tuple(sorted(found))


def _joined(pairs: Iterable[tuple[Checked, Checked]]) -> list[list[Checked]]:
    """Return the findings of `pairs` in groups that hang together, each in the order of the base."""
    groups: dict[str, dict[str, Checked]] = {}
    for one, other in pairs:
        first = groups.setdefault(one.name, {one.name: one})
        second = groups.setdefault(other.name, {other.name: other})
        if first is not second:
            first.update(second)
            for name in second:
                groups[name] = first
    distinct = {id(group): group for group in groups.values()}
    return [[group[name] for name in sorted(group)] for group in distinct.values()]


def _noted(base: Base) -> list[tuple[str, str]]:
    pairs = {
        (min(study.id, other), max(study.id, other))
        for study in base.studies.values()
        for other in study.conflicts_with
    }
    return sorted(pairs)


def _only_noted(base: Base, pair: tuple[str, str]) -> Conflict:
    sides = {name: tuple(one.name for one in base.by_study.get(name, ())) for name in pair}
    known = {one.name: one.verified for name in pair for one in base.by_study.get(name, ())}
    return Conflict("", "", "", sides, known, (pair,))
