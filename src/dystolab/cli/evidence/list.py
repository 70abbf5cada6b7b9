"""``dystolab evidence list``: studies and what they found."""

from __future__ import annotations

from typing import Annotated

import typer

from dystolab.cli._json import AsJson, print_json
from dystolab.cli.evidence._base import Condition, MeasureTerm, OwnBase, Paradigm, Population, Verified, load

_HEADINGS = ("study", "measure", "condition", "n", "effect", "direction", "source", "read", "verified")


def main(
    paradigm: Paradigm = None,
    condition: Condition = None,
    population: Population = None,
    measure: MeasureTerm = None,
    implication: Annotated[
        str | None,
        typer.Option(metavar="WORD", help="driver, compensation, bystander, network, against, not_addressed."),
    ] = None,
    verified: Verified = False,
    own: OwnBase = None,
    as_json: AsJson = False,
) -> None:
    """List studies, a line for each finding: sizes, numbers, direction, source, how it was read, whether twice."""
    from dystolab.cli._tables import print_items
    from dystolab.evidence import selection, words

    base = load(own)
    wanted = selection.Wanted(paradigm, condition, population, measure, implication, verified)
    found = selection.select(base, wanted)
    if as_json:
        told = [
            {**words.as_json(base, study), "findings": [words.finding_json(one) for one in findings]}
            for study, findings in found
        ]
        print_json(studies=told)
        return
    rows = []
    for study, findings in found:
        rows += [
            (
                study.id,
                one.finding.measure,
                one.finding.condition,
                words.sizes(one.finding),
                words.numbers(one.finding),
                words.direction(one.finding),
                words.source(study),
                study.read,
                "yes" if one.verified else one.status.replace("_", " "),
            )
            for one in findings
        ] or [
            (study.id, "-", ", ".join(study.conditions), "-", "-", "nothing read", words.source(study), study.read, "-")
        ]
    print_items(_HEADINGS, rows)
