"""Page of the experiment ``reach``: paths and speed of the hand, its errors over trials, and the nuclei behind them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dystolab.circuit.groups import ARM_DIRECTIONS
from dystolab.experiments import reach, reaching
from dystolab.experiments.reach import BLOCK, SETTLE_MS
from dystolab.plots import style
from dystolab.result import Array, Result

NUCLEI = "dcn_glut"
BIN_MS = 50
WORLDS = {"rotation": "seen hand turned", "curl": "force across the movement", "none": "nothing changed"}
STAGES = {"before": style.BLACK, "first changed": style.VERMILLION, "last changed": style.BLUE, "after": style.GREEN}


def figure(results: Sequence[Result]) -> Figure:
    """Return the page: paths and nuclei of the first subject, errors of all."""
    first = results[0]
    page = style.new_figure(11, 7.5)
    grid = page.add_gridspec(2, 3)
    around(page.add_subplot(grid[0, 0]), first)
    stages(page.add_subplot(grid[0, 1]), first)
    speed(page.add_subplot(grid[0, 2]), first)
    errors(page.add_subplot(grid[1, :2]), results)
    nuclei(page.add_subplot(grid[1, 2]), first)
    style.caption(page, results, "task: 10.1523/JNEUROSCI.14-05-03208.1994")
    return page


def experiment_of(result: Result) -> reach:
    """Return the experiment that a result came from."""
    return reach(**result.settings)


def trials_of(result: Result) -> dict[str, Array]:
    """Return the trials of each stage to the one target: a block of them each."""
    done = experiment_of(result)
    changed = np.flatnonzero(done.changed())
    return {
        "before": np.arange(changed[0] - BLOCK, changed[0]),
        "first changed": changed[:BLOCK],
        "last changed": changed[-BLOCK:],
        "after": np.arange(changed[-1] + 1, changed[-1] + 1 + BLOCK),
    }


def around(axes: Axes, result: Result) -> None:
    """Draw the paths of the hand to all targets."""
    done = experiment_of(result)
    seen = _centimetres(style.recording(result, "arm/seen_m"))
    measured = slice(done.practice, done.practice + done.around)
    for path in seen[measured]:
        axes.plot(*path.T, color=style.BLUE, lw=0.8)
    axes.plot(*_centimetres(np.array(done.targets_m()[measured])).T, "+", color=style.BLACK, ms=8)
    axes.set_aspect("equal", "datalim")
    style.tidy(axes, "to the right (cm)", "ahead (cm)", "reaches to all targets")


def stages(axes: Axes, result: Result) -> None:
    """Draw the seen paths to the one target before, while and after the world is changed."""
    seen = _centimetres(style.recording(result, "arm/seen_m"))
    for name, trials in trials_of(result).items():
        for k, trial in enumerate(trials):
            axes.plot(*seen[trial].T, color=STAGES[name], lw=0.9, label=None if k else name)
    axes.plot(*_centimetres(np.array(experiment_of(result).targets_m()[-1])), "+", color=style.BLACK, ms=8)
    axes.set_aspect("equal", "datalim")
    axes.legend(frameon=False, fontsize=7)
    style.tidy(axes, "to the right (cm)", "ahead (cm)", f"one target: {WORLDS[str(result.settings['world'])]}")


def speed(axes: Axes, result: Result) -> None:
    """Draw the speed of the hand in each stage, and the planned one."""
    seen = style.recording(result, "arm/seen_m")
    start, stop = reaching.movement_ms()[0], reaching.held_ms()
    for name, trials in trials_of(result).items():
        mean = np.mean([_speed(path) for path in seen[trials]], axis=0)
        axes.plot(np.arange(mean.size), mean, color=STAGES[name], lw=1.2)
    plan = _speed(reaching.path_m(experiment_of(result).targets_m()[-1])[start:stop])
    axes.plot(np.arange(plan.size), plan, color=style.GREY, lw=1.0, ls="--", label="plan")
    axes.legend(frameon=False, fontsize=7)
    style.tidy(axes, "since the planned start (ms)", "speed (m/s)", "speed")


def errors(axes: Axes, results: Sequence[Result]) -> None:
    """Draw the mean deviation from the straight way, block by block, over subjects."""
    rows = [np.array(result.measures["reach_deviation_mm_by_block"].value) for result in results]
    trial = BLOCK * (np.arange(rows[0].size) + 0.5)
    style.band(axes, trial, rows, colour=style.BLUE)
    first = results[0].settings
    start, length = int(first["baseline"]), int(first["adaptation"])
    axes.axvspan(start, start + length, color=style.GREY, alpha=0.15, lw=0)
    axes.axhline(0, color=style.GREY, lw=0.6)
    style.tidy(axes, "trial to the one target (grey: changed)", "mean deviation to the left (mm)",
               f"errors, mean of {BLOCK} trials")  # fmt: skip


def nuclei(axes: Axes, result: Result) -> None:
    """Draw the rate of the nuclei of each direction's zone, before and at the end of the change."""
    if "arm/nuclear_direction" not in result.arrays:
        style.nothing(axes, "no cerebellum in this circuit")
        return
    zone = style.recording(result, "arm/nuclear_direction").astype(int)
    times, cells = (style.recording(result, f"spikes/{NUCLEI}/{part}") for part in ("time_ms", "cell"))
    place = np.searchsorted(style.recording(result, f"spikes/{NUCLEI}/recorded"), cells)
    trial, at = np.divmod(times - SETTLE_MS, reaching.trial_ms())
    edges = np.arange(0, reaching.held_ms() + 1, BIN_MS)
    middle = edges[:-1] + BIN_MS / 2 - reaching.movement_ms()[0]
    for d, (name, colour) in enumerate(zip(ARM_DIRECTIONS, style.CYCLE, strict=False)):
        for stage, dashes in (("before", ":"), ("last changed", "-")):
            mine = np.isin(trial, trials_of(result)[stage]) & (zone[place] == d)
            rate = np.histogram(at[mine], edges)[0] / (BLOCK * (zone == d).sum() * BIN_MS / 1000.0)
            label = name.replace("_", " ") if stage != "before" else None
            axes.plot(middle, rate, color=colour, lw=1.1, ls=dashes, label=label)
    axes.legend(frameon=False, fontsize=6, ncols=2)
    style.tidy(axes, "since the planned start (ms)", "rate (Hz)", "nuclei: before (dotted), last changed")


def _centimetres(places_m: Array) -> Array:
    return np.asarray(100.0 * (places_m - np.array(reaching.start_m())))


def _speed(path_m: Array) -> Array:
    return np.asarray(1000.0 * np.linalg.norm(np.diff(path_m, axis=0), axis=1))
