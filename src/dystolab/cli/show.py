"""``dystolab show``: the numbers of a stored run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from dystolab.cli._json import AsJson


def main(
    result: Annotated[Path, typer.Argument(metavar="RESULT", help="Directory of a run, or one .zarr in it.")],
    as_json: AsJson = False,
) -> None:
    """Show the measures of a stored run."""
    from dystolab.cli._stored import load
    from dystolab.cli._tables import print_results
    from dystolab.lab.aggregate import summary

    results = load(result, arrays=0)
    if as_json:
        print(json.dumps(summary(results), allow_nan=False))
    else:
        print_results(results)
