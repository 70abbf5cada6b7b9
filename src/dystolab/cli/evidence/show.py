"""``dystolab evidence show``: one study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dystolab.cli._json import AsJson, print_json
from dystolab.cli.evidence._base import OwnBase, load

if TYPE_CHECKING:
    from dystolab.evidence import Base, Checked, Study


def main(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="Id of a study (`dystolab evidence list`).")],
    own: OwnBase = None,
    as_json: AsJson = False,
) -> None:
    """Show a study: who, what, its findings with their numbers, and what a second reader made of them."""
    from dystolab.evidence import words

    base = load(own)
    found = base.study(study)
    if as_json:
        print_json(study=words.as_json(base, found))
        return
    print("\n".join(_head(base, found)))
    for one in base.by_study[found.id]:
        print("\n".join(_finding(one)))


def _head(base: Base, study: Study) -> list[str]:
    from dystolab.evidence import bibliography, words

    unsure = f" (not confirmed: {', '.join(study.bibliography_unconfirmed)})" if study.bibliography_unconfirmed else ""
    lines = [
        study.title,
        f"{study.first_author or '?'} {study.year or '?'}, {study.journal or '?'}. {words.source(study)}{unsure}",
        f"{study.kind.replace('_', ' ')}, {study.species.replace('_', ' ')}: {study.population}",
        f"conditions: {', '.join(study.conditions)}; paradigms: {', '.join(study.paradigms)}",
        f"authors on the cerebellum: {study.implication.replace('_', ' ')}",
        f"read: {study.read.replace('_', ' ')}, {study.read_on}, {study.address or '-'}",
    ]
    lines += [f"in short: {study.paraphrase}"] if study.paraphrase else []
    lines += [f"note: {study.notes}"] if study.notes else []
    lines += [f"pools: {', '.join(study.contains)}"] if study.contains else []
    overlaps = sorted(base.overlapping(study.id))
    lines += [f"probably the same people, in part: {', '.join(overlaps)}"] if overlaps else []
    lines += [f"conflicts with: {', '.join(study.conflicts_with)}"] if study.conflicts_with else []
    other = bibliography.differences(study, base.seconds.get(study.id))
    return lines + [f"second reader, bibliography (first / second): {difference}" for difference in other]


def _finding(one: Checked) -> list[str]:
    from dystolab.evidence import words

    finding = one.finding
    lines = [
        f"\n{finding.id}: {words.direction(finding)} of {finding.measure}, {finding.condition}, "
        f"{finding.contrast.replace('_', ' ')}{f', {finding.factor}' if finding.factor else ''}",
        f"  {finding.what}",
        f"  n {words.sizes(finding)}; {words.numbers(finding)} ({words.where(finding)})",
        f"  {one.status.replace('_', ' ')}{', verified' if one.verified else ''}",
    ]
    lines += [f"  first / second reader, {difference}" for difference in one.differences]
    lines += [f"  only the second reader, {addition}" for addition in one.additions]
    lines += [f"  typed with opposite signs by the readers, {turned}" for turned in one.turned]
    if finding.settled:
        lines.append(f"  settled: {finding.settled.kept} kept, by {finding.settled.by}: {finding.settled.why}")
    return lines
