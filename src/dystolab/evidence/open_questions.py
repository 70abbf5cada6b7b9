"""Open questions of the field, and what would decide its conflicts: a curated file, linked to studies of the base."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from dystolab.evidence import parsing, tree
from dystolab.evidence.base import Base
from dystolab.evidence.problems import Problem, refuse, unknown
from dystolab.evidence.schema import Id, MeasureName, Part, Text

FILE = Path(__file__).with_name("questions.yaml")

Ids = Annotated[tuple[Id, ...], AfterValidator(lambda names: tuple(dict.fromkeys(names)))]


class Question(Part):
    """Something that the field does not know."""

    id: Id
    asks: Text
    decides: Text
    studies: Ids


class Dispute(Part):
    """Something on which studies contradict one another: measures on which they do, or the studies alone."""

    id: Id
    about: Text
    decides: Text
    measures: tuple[MeasureName, ...] = ()
    studies: Ids


class OpenQuestions(Part):
    """The file: questions, and disputes with what would decide them."""

    questions: tuple[Question, ...] = ()
    disputes: tuple[Dispute, ...] = ()

    def decides(self, studies: Collection[str], measure: str) -> str | None:
        """Return what would decide a conflict of `studies` on `measure`, where a dispute says so."""
        for dispute in self.disputes:
            shared = set(studies) & set(dispute.studies)
            if (measure and measure in dispute.measures) or (len(shared) > 1 and not dispute.measures):
                return dispute.decides
        for dispute in self.disputes:
            if len(set(studies) & set(dispute.studies)) > 1:
                return dispute.decides
        return None


def load(base: Base) -> OpenQuestions:
    """Return the questions that come with the package.

    Raises
    ------
    EvidenceError
        If the file is damaged, or names studies that `base` does not hold.
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
            for j, name in enumerate(one.studies):
                if name not in base.studies:
                    said = unknown("study", name, base.studies, "base (`dystolab evidence list`)")
                    document.problem((part, i, "studies", j), f"{one.id}: {said}")
    return found, document.problems
