"""``dystolab reproduce``: the arms of a published study, on one page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dystolab.cli._json import AsJson, print_json

if TYPE_CHECKING:
    from dystolab.lab.reproductions import Study
    from dystolab.result import Result


def main(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="Such as geminiani2022.")],
    trials: Annotated[int, typer.Option(help="Trials of each subject.")] = 100,
    subjects: Annotated[int, typer.Option(help="Subjects of each arm.")] = 5,
    seed: Annotated[int, typer.Option(help="Seed of the first subject.")] = 1,
    circuit: Annotated[str | None, typer.Option(help="Another circuit than the study's own.")] = None,
    scale: Annotated[float, typer.Option(help="Size of the tissue.")] = 1.0,
    workers: Annotated[int, typer.Option(help="Subjects that run at the same time.")] = 2,
    out: Annotated[Path | None, typer.Option(help="Directory of the results; one that exists is gone on with.")] = None,
    as_json: AsJson = False,
) -> None:
    """Run every arm of a study on several subjects and compare them on one page."""
    from dystolab.lab import reproductions

    wanted = reproductions.study(study)
    where = out or Path("results") / study
    groups = {
        arm: _arm(wanted, arm, where / arm, trials, subjects, seed, circuit or wanted.circuit, scale, workers)
        for arm in wanted.arms
    }
    _page(wanted, groups, where, as_json)


def _arm(
    study: Study, arm: str, where: Path, trials: int, subjects: int, seed: int, circuit: str, scale: float, workers: int
) -> list[Result]:
    """Run one arm, or what is left of it, and return its results."""
    from dystolab.cli._progress import shown
    from dystolab.cli._request import Request
    from dystolab.lab.plan import FILE
    from dystolab.lab.runs import load_run, run_many

    mechanism = study.arms[arm]
    settings = {name: str(value) for name, value in study.settings.items()} | {"trials": str(trials)}
    request = Request.of(
        {}, experiment=study.experiment, settings=settings, circuit=circuit,
        mechanisms=[mechanism] if mechanism else None, subjects=subjects, seed=seed, scale=scale,
    )  # fmt: skip
    experiment, mice = request.build()
    with shown(arm) as progress:
        run_many(
            experiment, mice, where, workers=workers, threads=1, progress=progress,
            resume=(where / FILE).exists(), request=request.to_json(),
        )  # fmt: skip
    return load_run(where, arrays=1)


def _page(study: Study, groups: dict[str, list[Result]], where: Path, as_json: bool) -> None:
    """Draw the learning curves of all arms and print them as a table."""
    from rich.table import Table

    from dystolab import plots
    from dystolab.cli._tables import console, value
    from dystolab.lab.aggregate import aggregate, summary
    from dystolab.plots import learning

    figure = where / "figure.png"
    plots.save(learning.compare(groups), figure)
    if as_json:
        arms = {arm: summary(results) for arm, results in groups.items()}
        print_json(study=study.doi, arms=arms, figure=str(figure))
        return
    table = Table(title=f"{study.doi} on {next(iter(groups.values()))[0].subject['circuit']}", title_justify="left")
    names = ("cr_percent", "dcn_change_hz", "purkinje_change_hz")
    for heading in ("arm", *names, "subjects"):
        table.add_column(heading)
    for arm, results in groups.items():
        mean = aggregate(results)
        table.add_row(arm, *(f"{value(mean[n])} {mean[n].unit}" for n in names), str(len(results)))
    console().print(table)
    print(f"Read in the study: {study.read}")
    print(f"Results: {where}\nFigure:  {figure}\nNext:    dystolab show {where / 'healthy'}")
