"""``dystolab evidence export``: the base in another form."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dystolab.cli._json import AsJson, print_json
from dystolab.cli.evidence._base import OwnBase, load


def main(
    form: Annotated[str, typer.Option("--format", help="csv, bibtex, html (a page to look at) or json.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="File to write.")],
    own: OwnBase = None,
    as_json: AsJson = False,
) -> None:
    """Write all studies and findings to a file: a table, a bibliography, a page, or everything as JSON."""
    from dystolab.errors import UnknownNameError
    from dystolab.evidence.export import FORMATS
    from dystolab.evidence.writing import write_whole

    if form not in FORMATS:
        raise UnknownNameError("format", form, FORMATS)
    base = load(own)
    write_whole(out, FORMATS[form](base))
    if as_json:
        print_json(written=str(out), format=form, studies=len(base.studies))
    else:
        print(out)
