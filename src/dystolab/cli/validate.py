"""``dystolab validate``: recompute every target of the documentation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dystolab.cli._json import AsJson, print_json


def main(
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            metavar="GROUP",
            help="exactness, canonical, rest, time_code, learning, lasting, predictions, published, faults, "
            "posture, posture_cerebellum, reach, reach_cerebellum, reach_faults, speed; repeatable.",
        ),
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Directory of validation.md and validation.json.")] = Path("docs"),
    seeds: Annotated[int, typer.Option("--seeds", min=2, help="Subjects per row.")] = 5,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Subjects at the same time.")] = 2,
    canonical: Annotated[
        str | None, typer.Option("--canonical", metavar="PATH", help="Edge list of the scaffold network (.npz).")
    ] = None,
    nest_module: Annotated[
        str | None, typer.Option("--nest-module", metavar="NAME", help="NEST module with the E-GLIF cell.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Recompute every target with pass or fail, and write validation.md (some seven hours for all, on two cores)."""
    import sys

    from dystolab.lab.validation import validate

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    rows = validate(only or (), out, say, seeds=seeds, workers=workers, canonical=canonical, nest_module=nest_module)
    red = sum(row.passed is False for row in rows)
    if as_json:
        print_json(rows=[row.to_json() for row in rows], red=red, page=str(out / "validation.md"))
        raise typer.Exit(1 if red else 0)
    for row in rows:
        result = {True: "pass", False: "FAIL", None: "reported"}[row.passed]
        print(f"{result:8s} {row.what}: {row.value}" + (f" (target {row.target})" if row.target else ""))
    print(f"{len(rows)} rows, {red} red; written to {out / 'validation.md'}")
    raise typer.Exit(1 if red else 0)
