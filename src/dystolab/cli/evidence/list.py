"""``dystolab evidence list``: studies and what they found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dystolab.cli._json import AsJson, print_json
from dystolab.cli.evidence._base import Condition, MeasureTerm, OwnBase, Paradigm, Population, Verified, load

if TYPE_CHECKING:
    from dystolab.evidence import Checked, Study

_HEADINGS = (
    *("study", "finding", "measure", "condition", "contrast", "factor", "n", "effect", "direction", "source"),
    *("read", "verified"),
)


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
    """List studies, a line for each finding: what was compared, sizes, numbers, direction, source, reading."""
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
    rows = [row for study, findings in found for row in [_row(study, one) for one in findings] or [_unread(study)]]
    print_items(_HEADINGS, rows)


def _row(study: Study, one: Checked) -> tuple[str, ...]:
    from dystolab.evidence import words

    finding = one.finding
    asked = (finding.measure, finding.condition, finding.contrast.replace("_", " "), finding.factor or "-")
    told = (words.sizes(finding), words.numbers(finding), words.direction(finding))
    verified = "yes" if one.verified else one.status.replace("_", " ")
    return study.id, finding.id, *asked, *told, words.source(study), study.read, verified


def _unread(study: Study) -> tuple[str, ...]:
    from dystolab.evidence import words

    asked = ("-", "-", ", ".join(study.conditions), "-", "-")
    return study.id, *asked, "-", "-", "nothing read", words.source(study), study.read, "-"
