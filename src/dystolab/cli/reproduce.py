"""``dystolab reproduce``: the arms of a study, on one page."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dystolab.cli._json import AsJson, print_json

if TYPE_CHECKING:
    from dystolab.cli._request import Request
    from dystolab.lab.reproductions import Study
    from dystolab.result import Result


def main(
    study: Annotated[
        str, typer.Argument(metavar="STUDY", help="geminiani2022, eyeblink_mouse, granular_time_code or head_faults.")
    ],
    trials: Annotated[int | None, typer.Option(help="Trials of each subject; the study's own if not given.")] = None,
    subjects: Annotated[int, typer.Option(help="Subjects of each arm.")] = 5,
    seed: Annotated[int, typer.Option(help="Seed of the first subject.")] = 1,
    circuit: Annotated[str | None, typer.Option(help="Another circuit than the study's own.")] = None,
    scale: Annotated[float, typer.Option(help="Size of the tissue.")] = 1.0,
    workers: Annotated[int, typer.Option(help="Subjects that run at the same time.")] = 2,
    out: Annotated[Path | None, typer.Option(help="Directory of the results; one that exists is gone on with.")] = None,
    as_json: AsJson = False,
) -> None:
    """Run every arm of a study on several subjects and compare them on one page."""
    from dystolab.errors import SpecError
    from dystolab.lab import reproductions

    wanted = reproductions.study(study)
    where = out or Path("results") / study
    who = {"subjects": subjects, "seed": seed, "scale": scale, "circuit": circuit or wanted.circuit}
    if trials is not None and wanted.trials is None:
        raise SpecError(f"--trials: a subject of {study} has none")
    requests = _requests(wanted, wanted.trials if trials is None else trials, who)
    groups = {
        arm: _results(arm, request, where / reproductions.folder(arm), workers) for arm, request in requests.items()
    }
    _report(wanted, groups, where, as_json)


def _requests(study: Study, trials: int | None, who: dict[str, Any]) -> dict[str, Request]:
    """Return what is asked of each arm; names and values are checked before anything is written."""
    from dystolab.circuit import presets
    from dystolab.cli._request import Request

    requests = {}
    for name, arm in study.arms.items():
        length = {} if trials is None else {"trials": arm.trials(trials)}
        settings = {**study.settings, **arm.settings, **length}
        words = {key: value if isinstance(value, str) else json.dumps(value) for key, value in settings.items()}
        requests[name] = Request.of(
            {}, experiment=study.experiment, settings=words, lesions=arm.lesions,
            mechanisms=[arm.mechanism] if arm.mechanism else None, **who,
        )  # fmt: skip
    circuit = presets.load(who["circuit"], who["scale"])
    for population in study.needs:
        circuit.population(population)
    for request in requests.values():
        request.build()
    return requests


def _results(arm: str, request: Request, where: Path, workers: int) -> list[Result]:
    """Run one arm, or what is left of it, and return its results."""
    from dystolab.cli._progress import shown
    from dystolab.cli._stored import ARRAYS
    from dystolab.lab.plan import FILE
    from dystolab.lab.runs import load_run, run_many

    experiment, mice = request.build()
    with shown(arm) as progress:
        run_many(
            experiment, mice, where, workers=workers, threads=1, progress=progress,
            resume=(where / FILE).exists(), request=request.to_json(),
        )  # fmt: skip
    return [_light(result) for result in load_run(where, arrays=ARRAYS)]


def _light(result: Result) -> Result:
    """Return the result without its spikes, which no page of a study draws: those of all arms are gigabytes."""
    kept = {name: array for name, array in result.arrays.items() if not name.startswith("spikes/")}
    return dataclasses.replace(result, arrays=kept)


def _report(study: Study, groups: dict[str, list[Result]], where: Path, as_json: bool) -> None:
    """Draw all arms on one page and print them as a table."""
    from rich.table import Table
    from rich.text import Text

    from dystolab import plots
    from dystolab.cli._tables import console, value
    from dystolab.lab.aggregate import aggregate, summary

    figure = where / "figure.png"
    plots.save(plots.study_page(study.page, groups), figure)
    if as_json:
        arms = {arm: summary(results) for arm, results in groups.items()}
        print_json(study=study.title, arms=arms, figure=str(figure))
        return
    table = Table(title=f"{study.title} on {next(iter(groups.values()))[0].subject['circuit']}", title_justify="left")
    for heading in ("arm", *study.columns, "subjects"):
        table.add_column(heading)
    for arm, results in groups.items():
        found = aggregate(results)
        cells = (f"{value(found[name])} {found[name].unit}" if name in found else "-" for name in study.columns)
        table.add_row(*map(Text, (arm, *cells, str(len(results)))))
    console().print(table)
    print(study.read)
    print(f"Results: {where}\nFigure:  {figure}\nNext:    {study.next.format(where=where)}")
