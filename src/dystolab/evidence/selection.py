"""Which studies and findings a user asks for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import get_args

from dystolab.errors import UnknownNameError
from dystolab.evidence import gaps
from dystolab.evidence.base import Base
from dystolab.evidence.schema import Implication, Species, Study
from dystolab.evidence.verification import Checked

POPULATIONS: dict[str, tuple[str, ...]] = {
    "human": ("human", "mixed"),
    "animal": ("mouse", "rat", "hamster", "monkey", "mixed"),
    "model": ("in_silico",),
}
"""Population -> the species that belong to it."""


@dataclass(frozen=True)
class Wanted:
    """What is asked for; None asks for everything.

    A condition stands for those that lie within it too.
    """

    paradigm: str | None = None
    condition: str | None = None
    population: str | None = None
    measure: str | None = None
    implication: str | None = None
    verified: bool = False

    def check(self, base: Base) -> None:
        """Raise `UnknownNameError` for a term that does not exist."""
        species = [*POPULATIONS, *(one for one in get_args(Species) if one not in POPULATIONS)]
        terms = "dystolab evidence terms "
        for kind, name, known, listed_by in (
            ("paradigm", self.paradigm, base.vocabulary.paradigms, f"{terms}paradigms"),
            ("condition", self.condition, base.vocabulary.conditions, f"{terms}conditions"),
            ("measure", self.measure, base.vocabulary.measures, f"{terms}measures"),
            ("population", self.population, species, ""),
            ("implication", self.implication, get_args(Implication), ""),
        ):
            if name is not None and name not in known:
                raise UnknownNameError(kind, name, known, listed_by)

    def selects(self, base: Base, study: Study) -> bool:
        """Tell whether the study as a whole is asked for."""
        conditions = set(study.conditions) | {finding.condition for finding in study.findings}
        return (
            (self.paradigm is None or self.paradigm in study.paradigms)
            and (self.condition is None or not base.vocabulary.within(self.condition).isdisjoint(conditions))
            and (self.population is None or study.species in _species(self.population))
            and (self.measure is None or any(finding.measure == self.measure for finding in study.findings))
            and (self.implication is None or study.implication == self.implication)
            and (not self.verified or any(one.verified for one in base.by_study[study.id]))
        )

    def selects_finding(self, base: Base, one: Checked) -> bool:
        """Tell whether a finding of a selected study is asked for."""
        within = self.condition and base.vocabulary.within(self.condition)
        return (
            (self.paradigm is None or self.paradigm in gaps.paradigms(base, one))
            and (self.measure is None or one.finding.measure == self.measure)
            and (not within or one.finding.condition in within)
            and (not self.verified or one.verified)
        )


def select(base: Base, wanted: Wanted) -> list[tuple[Study, tuple[Checked, ...]]]:
    """Return the studies that are asked for, each with those of its findings.

    Studies without a result that could be read are there too; those with findings of which none is asked for are not.

    Raises
    ------
    UnknownNameError
        If a term does not exist.

    Examples
    --------
    >>> from dystolab.evidence import load
    >>> [study.id for study, _ in select(load(), Wanted(paradigm="ebcc", implication="against"))][-1]
    'sadnicka_2022_ebcc_pooled'
    """
    wanted.check(base)
    found = [
        (study, tuple(one for one in base.by_study[study.id] if wanted.selects_finding(base, one)))
        for study in base.studies.values()
        if wanted.selects(base, study)
    ]
    return [(study, findings) for study, findings in found if findings or not study.findings]


def _species(population: str) -> Collection[str]:
    return POPULATIONS.get(population, (population,))
