"""``dystolab evidence conflicts``: findings that contradict one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dystolab.cli._json import AsJson, print_json
from dystolab.cli.evidence._base import OwnBase, Verified, load

if TYPE_CHECKING:
    from dystolab.evidence.conflicts import Conflict
    from dystolab.evidence.open_questions import Dispute


def main(verified: Verified = False, own: OwnBase = None, as_json: AsJson = False) -> None:
    """Tell which findings contradict one another and what would decide it, then the disputes and the open questions."""
    from dystolab.evidence import conflicts, open_questions

    base = load(own)
    questions = open_questions.load(base)
    found = conflicts.conflicts(base, questions, verified=verified)
    undecided = sum(conflict.decides is None for conflict in found)
    if as_json:
        told = [conflict.as_json() for conflict in found]
        print_json(conflicts=told, undecided=undecided, **questions.as_json(found))
        return
    for conflict in found:
        print("\n".join(_lines(conflict)))
    print(f"{len(found)} conflicts; of {undecided} nobody has said what would decide them\n")
    for dispute in questions.disputes:
        print("\n".join(_dispute(dispute, any(dispute.is_shown_by(conflict) for conflict in found))))
    print(f"{len(questions.disputes)} disputes\n")
    for question in questions.questions:
        print(f"{question.asks}\n  what would decide it: {question.decides}\n  see {', '.join(question.studies)}")


def _lines(conflict: Conflict) -> list[str]:
    from dystolab.evidence.words import ARROWS

    asked = (conflict.measure, conflict.contrast.replace("_", " "), conflict.factor)
    within = f" [{', '.join(conflict.conditions)}]" if conflict.conditions else ""
    lines = [f"{', '.join(part for part in asked if part) or 'noted by a reader'}{within}"]
    for side, names in conflict.sides.items():
        marked = [f"{name}{' (verified)' if conflict.verified[name] else ''}" for name in names]
        lines.append(f"  {ARROWS.get(side, side)}: {', '.join(marked) or 'no finding'}")
    lines += [f"  the pooled study {pooled} holds the data of {part}" for pooled, part in conflict.contained]
    proposed = f"what would decide it (this project's proposal): {conflict.decides}"
    return [*lines, f"  {proposed if conflict.decides else 'nobody has said what would decide it'}"]


def _dispute(dispute: Dispute, shown: bool) -> list[str]:
    lines = [f"dispute {dispute.id}: {dispute.about}"]
    lines += [f"  {side.says}: {', '.join(side.studies)}" for side in dispute.sides]
    lines += [] if shown else ["  none of the conflicts above shows it"]
    return [*lines, f"  what would decide it (this project's proposal): {dispute.decides}"]
