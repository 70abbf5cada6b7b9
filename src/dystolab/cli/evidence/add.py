"""``dystolab evidence add``: a study of one's own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from dystolab.cli._json import AsJson, print_json
from dystolab.cli.evidence._base import OwnBase, own_folder


def main(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="<id>.yaml, in the form of docs/evidence.md.")],
    own: OwnBase = None,
    as_json: AsJson = False,
) -> None:
    """Check a study and add it to your own base; nothing is written if anything is wrong or it is there already."""
    from dystolab.evidence import writing

    folder = own_folder(own)
    where, problems = writing.add(file, folder)
    added = where != folder
    if as_json:
        print_json(added=str(where) if added else None, problems=[str(problem) for problem in problems])
    else:
        for problem in problems:
            print(problem, file=sys.stderr)
        print(where if added else f"not added: {len(problems)} problems")
    raise typer.Exit(0 if added else 1)
