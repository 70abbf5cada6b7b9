"""``dystolab bench``: how fast, how large, how far from the machine's limit."""

from __future__ import annotations

import typer

from dystolab.cli._json import AsJson, print_json


def main(as_json: AsJson = False) -> None:
    """Time the plastic circuit on 1 and 2 threads and up to a million cells (some minutes)."""
    import sys

    from dystolab.lab.validation import speed

    rows = speed.rows(lambda text: print(text, file=sys.stderr, flush=True))
    if as_json:
        print_json(rows=[row.to_json() for row in rows])
        return
    for row in rows:
        result = {True: "pass", False: "FAIL", None: ""}[row.passed]
        print(f"{result:5s}{row.what}: {row.value}" + (f" (target {row.target})" if row.target else ""))
        if row.note:
            print(f"     {row.note}")
    typer.echo("Against NEST and Brian2: python benchmarks/compare.py")
