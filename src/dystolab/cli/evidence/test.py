"""``dystolab evidence test``: published findings as tests of the model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dystolab.cli._json import AsJson, print_json
from dystolab.cli.evidence._base import OwnBase, load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dystolab.evidence.model_checks.check import Check
    from dystolab.evidence.model_checks.outcome import Outcome

_OUT = Path("results") / "evidence"


def main(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[CHECK]...", help="Ids (`--list`); without: all.")
    ] = None,
    subjects: Annotated[int, typer.Option("--subjects", min=2, help="Subjects of each run, seeds from 1 on.")] = 6,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Subjects at the same time.")] = 1,
    experiment: Annotated[
        str | None, typer.Option("--experiment", metavar="NAME", help="Only checks that run this experiment.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where runs, report and figure go.")] = _OUT,
    listed: Annotated[bool, typer.Option("--list", help="List the checks and run nothing.")] = False,
    own: OwnBase = None,
    as_json: AsJson = False,
) -> None:
    """Run published findings as tests of the model; a model that disagrees is a result, not a failure (exit 0)."""
    from dystolab.evidence.model_checks import reading

    base = load(own)
    asked = reading.select(reading.load(base, *([own] if own else [])), names or (), experiment)
    if listed:
        _list(asked, as_json)
        return
    ready = [check for check in asked if check.state == "ready"]
    left = [check for check in asked if check.state != "ready"]
    found = _run(ready, subjects, workers, out)
    written = _written(found, left, subjects, out)
    if as_json:
        from dystolab.evidence.model_checks import outcome

        print_json(**outcome.report(found, left, subjects), written=[str(path) for path in written])
        return
    _print(found, left)
    for path in written:
        print(path)


def _list(checks: Sequence[Check], as_json: bool) -> None:
    from dystolab.cli._tables import print_items
    from dystolab.evidence.model_checks import outcome

    if as_json:
        print_json(checks=[check.as_json() for check in checks])
        return
    print_items(outcome.LEFT_HEADINGS, [outcome.left_row(check) for check in checks])


def _run(ready: Sequence[Check], subjects: int, workers: int, out: Path) -> list[Outcome]:
    from dystolab.cli._progress import shown
    from dystolab.evidence.model_checks import outcome
    from dystolab.evidence.model_checks.running import Runs

    runs = Runs(out)
    wanted = runs.all(ready, subjects)
    todo = sum(not run.done for run in wanted)
    if todo:
        with shown(f"{todo} of {len(wanted)} runs for {len(ready)} checks") as progress:
            runs.execute(wanted, workers, progress)
    return outcome.outcomes(ready, runs, subjects)


def _written(found: Sequence[Outcome], left: Sequence[Check], subjects: int, out: Path) -> list[Path]:
    from dystolab.evidence.model_checks import outcome
    from dystolab.evidence.writing import write_whole
    from dystolab.plots import evidence_checks, save

    told = outcome.report(found, left, subjects)
    write_whole(out / "checks.json", json.dumps(told, indent=1, allow_nan=False) + "\n")
    write_whole(out / "checks.md", outcome.markdown(found, left, subjects))
    if not found:
        return [out / "checks.json", out / "checks.md"]
    save(evidence_checks.figure(found), out / "checks.png")
    return [out / "checks.json", out / "checks.md", out / "checks.png"]


def _print(found: Sequence[Outcome], left: Sequence[Check]) -> None:
    from dystolab.cli._tables import print_items
    from dystolab.evidence.model_checks import outcome

    print_items(outcome.HEADINGS, [outcome.row(one) for one in found])
    for kind, of_kind in outcome.counts(found).items():
        print(f"{kind}: " + ", ".join(f"{n} {verdict}" for verdict, n in of_kind.items()))
    waiting = sum(check.state == "waiting" for check in left)
    print(f"not run: {len(left) - waiting} need something, {waiting} wait for verification (--list)")
