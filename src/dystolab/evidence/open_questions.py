"""Open questions of the field, and what would decide its conflicts: a curated file, linked to studies of the base."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator

from dystolab.evidence import conflicts, parsing, tree
from dystolab.evidence.base import Base
from dystolab.evidence.conflicts import Conflict
from dystolab.evidence.problems import Problem, refuse, unknown
from dystolab.evidence.schema import Condition, Contrast, Factor, Id, Many, MeasureName, Part, Text

FILE = Path(__file__).with_name("questions.yaml")

Ids = Annotated[tuple[Id, ...], AfterValidator(lambda names: tuple(dict.fromkeys(names)))]


class Question(Part):
    """Something that the field does not know."""

    id: Id
    asks: Text
    decides: Text
    studies: Ids


class Side(Part):
    """What some studies of a dispute say."""

    says: Text
    studies: Ids


class Dispute(Part):
    """Something on which studies contradict one another: measures on which they do, or the studies alone."""

    id: Id
    about: Text
    decides: Text
    measures: tuple[MeasureName, ...] = ()
    sides: Many[Side]

    @property
    def studies(self) -> tuple[str, ...]:
        """The studies on all sides."""
        return tuple(dict.fromkeys(name for side in self.sides for name in side.studies))

    def is_shown_by(self, conflict: Conflict) -> bool:
        """Tell whether the conflict is on a measure of this dispute, with a study of it; of noted ones, its studies."""
        shared = conflict.studies.intersection(self.studies)
        return bool(shared) and conflict.measure in self.measures if conflict.measure else shared == conflict.studies


class Proposal(Part):
    """What would decide one computed conflict: the one on this question that holds findings on this condition."""

    measure: MeasureName
    contrast: Contrast
    factor: Factor | None = None
    condition: Condition
    decides: Text

    @property
    def key(self) -> tuple[str, ...]:
        """Question and condition, as one tells them."""
        return tuple(part for part in (self.measure, self.contrast, self.factor, self.condition) if part)

    def is_of(self, conflict: Conflict) -> bool:
        """Tell whether this is the proposal for `conflict`."""
        asked = (self.measure, self.contrast, self.factor or "")
        return asked == conflict.asked and self.condition in conflict.conditions


class OpenQuestions(Part):
    """The file: questions, disputes with what would decide them, and proposals for single conflicts."""

    questions: tuple[Question, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    proposals: tuple[Proposal, ...] = ()

    def decides(self, conflict: Conflict) -> str | None:
        """Return what would decide `conflict`, where somebody said so: its own proposals, or those of its disputes."""
        own = [proposal.decides for proposal in self.proposals if proposal.is_of(conflict)]
        disputed = [dispute.decides for dispute in self.disputes if dispute.is_shown_by(conflict)]
        return " ".join(own or disputed) or None

    def as_json(self, found: list[Conflict]) -> dict[str, Any]:
        """Return questions and disputes as JSON values; of disputes, whether one of the conflicts `found` shows it."""
        return {
            "questions": [question.model_dump(mode="json") for question in self.questions],
            "disputes": [
                {**dispute.model_dump(mode="json"), "computed": any(dispute.is_shown_by(one) for one in found)}
                for dispute in self.disputes
            ],
        }


def load(base: Base) -> OpenQuestions:
    """Return the questions that come with the package.

    Raises
    ------
    EvidenceError
        If the file is damaged, names studies that `base` does not hold, or proposes something for no conflict of it.
    """
    found, problems = read(base)
    refuse(problems)
    return found


def read(base: Base, file: Path | None = None) -> tuple[OpenQuestions, list[Problem]]:
    """Return the questions in `file` (those of the package if it is not given), and every problem with them."""
    document = tree.read(file or FILE)
    found = None if document.problems else parsing.model(document, OpenQuestions, document.value, (), base.vocabulary)
    if found is None:
        return OpenQuestions(), document.problems
    seen: set[str] = set()
    for part in ("questions", "disputes"):
        for i, one in enumerate(getattr(found, part)):
            if one.id in seen:
                document.problem((part, i, "id"), f"id {one.id!r} stands twice; allowed: once; rename one")
            seen.add(one.id)
            _check_studies(document, (part, i), one, base)
    _check_proposals(document, found, base)
    return found, document.problems


def _check_studies(document: tree.Document, at: tree.Keys, one: Question | Dispute, base: Base) -> None:
    named: list[tuple[tree.Keys, Ids]] = [(at, one.studies)]
    if isinstance(one, Dispute):
        named = [((*at, "sides", k), side.studies) for k, side in enumerate(one.sides)]
    for below, names in named:
        for j, name in enumerate(names):
            if name not in base.studies:
                said = unknown("study", name, base.studies, "base (`dystolab evidence list`)")
                document.problem((*below, "studies", j), f"{one.id}: {said}")


def _check_proposals(document: tree.Document, found: OpenQuestions, base: Base) -> None:
    computed = conflicts.computed(base) if found.proposals else []
    seen: set[tuple[str, ...]] = set()
    for i, proposal in enumerate(found.proposals):
        told = f"proposal for {', '.join(proposal.key)}"
        if proposal.key in seen:
            document.problem(("proposals", i), f"{told} stands twice; allowed: once; join them")
        elif not any(proposal.is_of(conflict) for conflict in computed):
            said = (
                "fits no conflict; allowed: measure, contrast, factor and a condition of one; see `evidence conflicts`"
            )
            document.problem(("proposals", i), f"{told} {said}")
        seen.add(proposal.key)
