"""``dystolab evidence conflicts``: findings that contradict one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dystolab.cli._json import AsJson, print_json
from dystolab.cli.evidence._base import OwnBase, Verified, load

if TYPE_CHECKING:
    from dystolab.evidence.conflicts import Conflict


def main(verified: Verified = False, own: OwnBase = None, as_json: AsJson = False) -> None:
    """Tell which findings contradict one another, both sides, and what would decide it; then the open questions."""
    from dystolab.evidence import conflicts, open_questions

    base = load(own)
    questions = open_questions.load(base)
    found = conflicts.conflicts(base, questions, verified=verified)
    if as_json:
        told = [question.model_dump(mode="json") for question in questions.questions]
        print_json(conflicts=[conflict.as_json() for conflict in found], questions=told)
        return
    for conflict in found:
        print("\n".join(_lines(conflict)))
    print(f"{len(found)} conflicts\n")
    for question in questions.questions:
        print(f"{question.asks}\n  what would decide it: {question.decides}\n  see {', '.join(question.studies)}")


def _lines(conflict: Conflict) -> list[str]:
    from dystolab.evidence.words import ARROWS

    asked = (conflict.measure, conflict.contrast.replace("_", " "), conflict.factor)
    lines = [", ".join(part for part in asked if part) or "noted by a reader"]
    for side, names in conflict.sides.items():
        marked = [f"{name}{' (verified)' if conflict.verified[name] else ''}" for name in names]
        lines.append(f"  {ARROWS.get(side, side)}: {', '.join(marked) or 'no finding'}")
    lines += [f"  the pooled study {pooled} holds the data of {part}" for pooled, part in conflict.contained]
    return [*lines, *([f"  what would decide it: {conflict.decides}"] if conflict.decides else [])]
