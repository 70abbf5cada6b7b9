"""``dystolab evidence questions``: what a second reader is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dystolab.cli._json import AsJson, print_json
from dystolab.cli.evidence._base import OwnBase, load


def main(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the questions go, one file per study.")],
    studies: Annotated[
        list[str] | None, typer.Argument(metavar="[STUDY]...", help="Ids; without them all that nobody read twice.")
    ] = None,
    own: OwnBase = None,
    as_json: AsJson = False,
) -> None:
    """Write blind questions for second readers: what to look for, without directions and numbers."""
    from dystolab.evidence import blind

    written = blind.write(load(own), studies or (), out)
    if as_json:
        print_json(written=[str(path) for path in written])
    else:
        print(f"{len(written)} files of questions in {out}")
