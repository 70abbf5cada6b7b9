"""Findings that contradict one another: computed from their directions, and noted by the readers.

Two findings conflict if they are of one measure and contrast, on one condition or one that holds the other, and one
says increase, decrease or no change where the other does not; not if a pooled study holds the data of the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from dystolab.evidence.base import Base
from dystolab.evidence.gaps import SIGNS
from dystolab.evidence.open_questions import OpenQuestions
from dystolab.evidence.verification import Checked


@dataclass(frozen=True)
class Conflict:
    """What contradicts what.

    Attributes
    ----------
    measure, contrast : str
        What was asked; empty if readers noted a conflict that directions do not show.
    sides : dict of str to tuple of str
        Direction -> findings as ``study/finding``; of a conflict that was only noted, study -> its findings.
    verified : dict of str to bool
        Of each of these findings.
    noted : tuple of (str, str)
        Pairs of studies that a reader noted as contradictory.
    decides : str or None
        What would decide it, where somebody wrote that down.
    """

    measure: str
    contrast: str
    sides: Mapping[str, tuple[str, ...]]
    verified: Mapping[str, bool]
    noted: tuple[tuple[str, str], ...]
    decides: str | None

    @property
    def studies(self) -> frozenset[str]:
        """The studies on all sides."""
        return frozenset(name.split("/")[0] for names in self.sides.values() for name in names) | frozenset(
            name for pair in self.noted for name in pair
        )

    def as_json(self) -> dict[str, Any]:
        """Return the conflict as JSON values."""
        told = {**vars(self), "sides": {side: list(names) for side, names in self.sides.items()}}
        return {**told, "noted": [list(pair) for pair in self.noted]}


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
    noted = _noted(base)
    out = []
    for group in _joined(_pairs(base, verified)):
        measure, contrast = group[0].finding.measure, group[0].finding.contrast
        studies = {one.study.id for one in group}
        pairs = tuple(pair for pair in noted if studies.issuperset(pair))
        sides = {sign: tuple(one.name for one in group if one.finding.direction == sign) for sign in SIGNS}
        known = {one.name: one.verified for one in group}
        decides = questions.decides(studies, measure)
        out.append(Conflict(measure, contrast, {k: v for k, v in sides.items() if v}, known, pairs, decides))
    seen = {pair for conflict in out for pair in conflict.noted}
    left = [] if verified else [pair for pair in noted if pair not in seen]
    return sorted(out, key=lambda conflict: -len(conflict.verified)) + [_only_noted(base, questions, p) for p in left]


def _pairs(base: Base, verified: bool) -> list[tuple[Checked, Checked]]:
    asked: dict[tuple[str, str], list[Checked]] = {}
    for one in base.checked:
        if one.finding.direction in SIGNS and (one.verified or not verified):
            asked.setdefault((one.finding.measure, one.finding.contrast), []).append(one)
    return [pair for group in asked.values() for pair in combinations(group, 2) if _contradict(base, *pair)]


def _contradict(base: Base, one: Checked, other: Checked) -> bool:
    ours, theirs = one.study.id, other.study.id
    return (
        one.finding.direction != other.finding.direction
        and ours != theirs
        and base.vocabulary.related(one.finding.condition, other.finding.condition)
        and ours not in base.contained_in(theirs)
        and theirs not in base.contained_in(ours)
    )


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


def _only_noted(base: Base, questions: OpenQuestions, pair: tuple[str, str]) -> Conflict:
    sides = {name: tuple(one.name for one in base.by_study.get(name, ())) for name in pair}
    known = {one.name: one.verified for name in pair for one in base.by_study.get(name, ())}
    return Conflict("", "", sides, known, (pair,), questions.decides(set(pair), ""))
