"""``dystolab run``: an experiment on one or many subjects."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dystolab.cli._json import AsJson

if TYPE_CHECKING:
    from dystolab.cli._request import Request
    from dystolab.result import Result

_MOST_THREADS = 4
_FRAMES_PER_S = 25


def main(
    experiment: Annotated[str, typer.Argument(metavar="EXPERIMENT", help="See `dystolab list experiments`.")],
    trials: Annotated[int | None, typer.Option(help="Number of trials.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="See `dystolab list settings`.")
    ] = None,
    circuit: Annotated[str | None, typer.Option(help="See `dystolab list circuits`.")] = None,
    mechanism: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME:SEVERITY[,KEY=VALUE…]", help="What is wrong; severity 0 to 1."),
    ] = None,
    lesion: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[@ZONE]",
            help="Cut a projection, or all that leave a population; or what leaves one zone of it.",
        ),
    ] = None,
    isi: Annotated[int | None, typer.Option(help="From CS to US, ms (eyeblink).")] = None,
    protocol: Annotated[
        str | None, typer.Option(metavar="PHASE[,PHASE…]", help="acquisition, extinction, reacquisition (eyeblink).")
    ] = None,
    subjects: Annotated[int | None, typer.Option(help="How many subjects; each has a seed of its own.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the first subject.")] = None,
    scale: Annotated[float | None, typer.Option(help="Size of the tissue; calibrated at 1 alone.")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads of each subject.")] = None,
    workers: Annotated[int, typer.Option(help="Subjects that run at the same time.")] = 1,
    movie: Annotated[
        Path | None, typer.Option(metavar="PATH", help="MP4 of the first subject's head (posture).")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="New directory for results and figure.")] = None,
    resume: Annotated[Path | None, typer.Option(metavar="RESULT", help="Go on with a stopped run.")] = None,
    as_json: AsJson = False,
) -> None:
    """Run an experiment, save every subject when it is finished, and draw the result."""
    from dystolab.cli._request import Request, assignments
    from dystolab.cli._stored import run_directory
    from dystolab.errors import SpecError

    if movie is not None:
        _check_movie(experiment, movie)
    if out is not None and resume is not None:
        raise SpecError("--out and --resume exclude each other: a resumed run stays where it is")
    given = assignments(settings or [], "--set")
    phases = None if protocol is None else json.dumps(_phases(protocol))
    for option, name, text in (("trials", "trials", trials), ("isi", "isi_ms", isi), ("protocol", "phases", phases)):
        if text is not None:
            if name in given:
                raise SpecError(f"--{option} and --set {name}=… exclude each other")
            given[name] = str(text)
    where = None if resume is None else run_directory(resume)
    request = Request.of(
        _stored(where),
        experiment=experiment,
        settings=given,
        circuit=circuit,
        mechanisms=mechanism,
        lesions=lesion,
        subjects=subjects,
        seed=seed,
        scale=scale,
    )
    paths = _run(request, where or out or _fresh(experiment), where is not None, workers, threads)
    _report(request, paths, as_json)
    if movie is not None:
        _film(paths[0], movie)


def _check_movie(experiment: str, path: Path) -> None:
    from dystolab import experiments
    from dystolab.errors import SpecError

    if path.suffix.lower() != ".mp4":
        raise SpecError(f"--movie {path}: a movie is an .mp4 file")
    if not experiments.get(experiment).moves_head:
        raise SpecError(f"--movie: {experiment} moves no head; `posture` does")


def _film(result: Path, path: Path) -> None:
    """Write a movie of the head of a stored result."""
    from dystolab.plots import head
    from dystolab.result import Result

    head.movie(Result.load(result).arrays["head/angle_deg"][:: 1000 // _FRAMES_PER_S], path, fps=_FRAMES_PER_S)
    print(f"Movie:   {path}", file=sys.stderr)


def _phases(text: str) -> list[str]:
    """Return the phases that ``--protocol`` names."""
    from dystolab.errors import UnknownNameError
    from dystolab.experiments.eyeblink import PHASES

    found = text.split(",")
    for phase in found:
        if phase not in PHASES:
            raise UnknownNameError("phase", phase, PHASES)
    return found


def _stored(where: Path | None) -> dict[str, Any]:
    from dystolab.lab.plan import Plan

    return {} if where is None else Plan.read(where).request


def _run(request: Request, where: Path, resume: bool, workers: int, threads: int | None) -> list[Path]:
    """Run what is asked for and return the paths of the results; when stopped, tell how to go on."""
    from dystolab.cli._progress import shown
    from dystolab.errors import SimulationError
    from dystolab.lab.plan import FILE
    from dystolab.lab.runs import run_many

    experiment, subjects = request.build()
    how = f"go on with: dystolab run {request.experiment} --resume {where}"
    if threads is None:
        threads = max(1, min(_MOST_THREADS, _cores() // max(1, workers)))
    signal.signal(signal.SIGTERM, _stop)
    try:
        with shown(request.experiment) as progress:
            return run_many(
                experiment,
                subjects,
                where,
                workers=workers,
                threads=threads,
                progress=progress,
                resume=resume,
                request=request.to_json(),
            )
    except KeyboardInterrupt:
        if not (where / FILE).exists():
            raise
        done = len(list(where.glob("subject-*.zarr")))
        print(f"dystolab: stopped, {done} of {len(subjects)} subjects finished; {how}", file=sys.stderr)
        raise typer.Exit(130) from None
    except SimulationError as error:
        raise SimulationError(f"{error}; {how}") from error


def _cores() -> int:
    """Return how many cores this process may use; not every system tells more than how many there are."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def _stop(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _fresh(experiment: str) -> Path:
    """Return a directory that does not exist yet, named after the experiment and the time."""
    base = Path("results") / f"{experiment}-{time.strftime('%Y%m%d-%H%M%S')}"
    names = [base, *(base.with_name(f"{base.name}-{k}") for k in range(2, 100))]
    return next(name for name in names if not name.exists())


def _report(request: Request, paths: list[Path], as_json: bool) -> None:
    """Write the summary and the figure beside the results, and print what came out and where it is."""
    from dystolab import plots
    from dystolab.cli._stored import ARRAYS, figure_path
    from dystolab.cli._tables import print_results
    from dystolab.lab.aggregate import summary
    from dystolab.result import Result

    where = paths[0].parent
    results = [Result.load(path, arrays=i < ARRAYS) for i, path in enumerate(paths)]
    told = json.dumps(summary(results), allow_nan=False)
    (where / "summary.json").write_text(told + "\n")
    figure = figure_path(where)
    plots.save(plots.page(results), figure)
    if as_json:
        print(told)
    else:
        print_results(results)
    lines = [f"Results: {where}", f"Figure:  {figure}", f"Next:    {_next(request, where, results)}"]
    print("\n".join(lines), file=sys.stderr if as_json else sys.stdout)


def _next(request: Request, where: Path, results: list[Result]) -> str:
    if len(results) == 1:
        usual = type(request)(request.experiment)
        asked = [
            *([f"--circuit {shlex.quote(request.circuit)}"] if request.circuit != usual.circuit else []),
            *([f"--scale {request.scale:g}"] if request.scale != usual.scale else []),
            *(f"--set {shlex.quote(f'{name}={text}')}" for name, text in request.settings.items()),
            *(f"--mechanism {shlex.quote(text)}" for text in request.mechanisms),
            *(f"--lesion {shlex.quote(name)}" for name in request.lesions),
        ]
        words = " ".join(["dystolab run", request.experiment, *asked, "--subjects 5 --workers 2"])
        return f"{words}   (how much do subjects differ?)"
    if not request.mechanisms:
        return "dystolab list mechanisms   (what can be wrong with them?)"
    return f"dystolab plot {where}"
