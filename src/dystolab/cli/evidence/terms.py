"""``dystolab evidence terms``: the controlled vocabulary."""

from __future__ import annotations

from typing import Annotated

import typer

from dystolab.cli._json import AsJson, print_json
from dystolab.cli.evidence._base import OwnBase, load


def main(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="paradigms, conditions, factors or measures.")],
    own: OwnBase = None,
    as_json: AsJson = False,
) -> None:
    """List the terms that a study may use, with their definitions."""
    from dystolab.cli._tables import print_items
    from dystolab.errors import UnknownNameError
    from dystolab.evidence.vocabulary import KINDS

    if kind not in KINDS:
        raise UnknownNameError("kind of term", kind, KINDS)
    headings: tuple[str, ...] = ("term", "what it is")
    rows: list[tuple[str, ...]] = list(load(own).vocabulary.terms(kind).items())
    if kind == "measures":
        headings = ("measure", "paradigm", "what it is", "an increase means")
        measures = load(own).vocabulary.measures
        rows = [(name, term.paradigm, term.definition, term.increase) for name, term in measures.items()]
    if as_json:
        names = ("name", *(heading.replace(" ", "_") for heading in headings[1:]))
        print_json(**{kind: [dict(zip(names, row, strict=True)) for row in rows]})
    else:
        print_items(headings, rows)
