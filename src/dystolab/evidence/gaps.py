"""Where there is evidence and where there is none: condition by paradigm.

A finding belongs to the paradigm of its measure if its study has that (activation by PET is no fMRI), and to those
paradigms of its study that no measure of the study belongs to: they say how it was measured otherwise, or what was done
to the subjects (stimulation, lesion, genes). If that leaves none, it belongs to all of its study's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dystolab.evidence.base import Base
from dystolab.evidence.schema import OPEN_CONTRASTS, Finding, Study
from dystolab.evidence.verification import Checked

SIGNS = ("increase", "decrease", "no_change")
"""Directions that can agree or disagree."""


@dataclass(frozen=True)
class Cell:
    """What there is on a condition by a paradigm.

    Attributes
    ----------
    condition, paradigm : str
    studies : tuple of str
        Ids; studies whose result could not be read count too.
    findings : tuple of Checked
    verified_share : float or None
        Of the findings; None where there is none.
    agreement : float or None
        Share of the most common direction among the votes on one measure, contrast and factor, all such questions
        together; None where no question was asked of two sets of people. Each set of people has one vote.
    """

    condition: str
    paradigm: str
    studies: tuple[str, ...]
    findings: tuple[Checked, ...]
    verified_share: float | None
    agreement: float | None

    def as_json(self) -> dict[str, Any]:
        """Return the cell as JSON values, findings by name."""
        return {**vars(self), "studies": list(self.studies), "findings": [one.name for one in self.findings]}


def cells(base: Base) -> Mapping[tuple[str, str], Cell]:
    """Return every cell in which there is a study, by (condition, paradigm) in the order of the vocabulary.

    Examples
    --------
    >>> from dystolab.evidence import load
    >>> "teo_2009_ebcc_focal" in cells(load())["focal_dystonia", "ebcc"].studies
    True
    """
    studies: dict[tuple[str, str], dict[str, None]] = {}
    findings: dict[tuple[str, str], list[Checked]] = {}
    for study in base.studies.values():
        for condition, paradigm, one in _places(base, study):
            studies.setdefault((condition, paradigm), {})[study.id] = None
            found = findings.setdefault((condition, paradigm), [])
            if one is not None:
                found.append(one)
    order = [(c, p) for c in base.vocabulary.conditions for p in base.vocabulary.paradigms if (c, p) in studies]
    return {key: _cell(base, key, tuple(studies[key]), tuple(findings[key])) for key in order}


def unread(base: Base) -> list[Study]:
    """Return the studies that are known, but whose result could not be read."""
    return [study for study in base.studies.values() if not study.findings]


def paradigms(base: Base, one: Checked) -> tuple[str, ...]:
    """Return the paradigms that a finding lies in."""
    measured = {_paradigm(base, finding) for finding in one.study.findings}
    own = _paradigm(base, one.finding)
    return tuple(name for name in one.study.paradigms if name == own or name not in measured) or one.study.paradigms


def comparable(base: Base, one: Checked) -> bool:
    """Tell whether another study can agree with a finding or contradict it: it must be known what was compared.

    Reviews only retell. Contrasts that leave open what was done, divided or correlated need a factor, and broad
    measures too.
    """
    needs = one.finding.contrast in OPEN_CONTRASTS or base.vocabulary.measures[one.finding.measure].broad
    known = one.finding.factor is not None or not needs
    return one.finding.direction in SIGNS and known and one.study.kind != "review"


def _places(base: Base, study: Study) -> Iterator[tuple[str, str, Checked | None]]:
    for one in base.by_study[study.id]:
        for paradigm in paradigms(base, one):
            yield one.finding.condition, paradigm, one
    if not study.findings:
        for condition in study.conditions:
            for paradigm in study.paradigms:
                yield condition, paradigm, None


def _paradigm(base: Base, finding: Finding) -> str:
    return base.vocabulary.measures[finding.measure].paradigm


def _cell(base: Base, key: tuple[str, str], studies: tuple[str, ...], findings: tuple[Checked, ...]) -> Cell:
    share = sum(one.verified for one in findings) / len(findings) if findings else None
    return Cell(*key, studies, findings, share, agreement(base, findings))


def agreement(base: Base, findings: tuple[Checked, ...]) -> float | None:
    """Return the share of the most common direction among the votes of verified findings on their own question."""
    asked: dict[tuple[str, str, str | None], list[Checked]] = {}
    for one in findings:
        if one.verified and comparable(base, one):
            asked.setdefault((one.finding.measure, one.finding.contrast, one.finding.factor), []).append(one)
    polls = [_votes(base, without_contained(base, group)) for group in asked.values()]
    polls = [votes for votes in polls if votes.total() > 1]
    most = sum(max(votes[sign] for sign in SIGNS) for votes in polls)
    return most / sum(votes.total() for votes in polls) if polls else None


def _votes(base: Base, findings: Iterable[Checked]) -> Counter[str]:
    """Count one vote for each set of people: their one direction, or mixed where their findings differ."""
    told: list[tuple[frozenset[str], set[str]]] = []
    for one in findings:
        people, signs = base.people_of(one.study.id), {one.finding.direction}
        same = [other for other in told if people & other[0]]
        told = [other for other in told if other not in same]
        told.append((people.union(*(other for other, _ in same)), signs.union(*(other for _, other in same))))
    return Counter(min(signs) if len(signs) == 1 else "mixed" for _, signs in told)


def without_contained(base: Base, findings: list[Checked]) -> list[Checked]:
    """Return `findings` without those whose data a pooled study among them holds."""
    held = frozenset().union(*(base.contained_in(one.study.id) for one in findings))
    return [one for one in findings if one.study.id not in held]
