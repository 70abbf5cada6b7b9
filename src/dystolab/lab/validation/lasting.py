"""Plasticity that lasts: minutes of rest, and trials at the learning rate that animals have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from dystolab.experiments.eyeblink import Eyeblink
from dystolab.experiments.rest import Rest
from dystolab.lab.validation.cohort import of_subjects, runs
from dystolab.lab.validation.learning import OURS, SEEDS, conditioned
from dystolab.lab.validation.lid import CURVE_PERCENT
from dystolab.lab.validation.rows import Row, spread, window
from dystolab.result import Result

Say = Callable[[str], None]
MINUTES, HOUR, HOUR_SEEDS = 10, 60, 2
"""Lengths of rest, and subjects that rest for an hour."""

EDGE = 5
"""Rates in the last fifth of a rest are compared with those in the first."""

DRIFT_PERCENT = 5.0
RATE_HZ = 0.5
"""Populations that fire less than this have no rate that can be told to 5 % from so few spikes."""

BLOCKS, SLOW_TRIALS, SLOW_SEEDS = 10, 1000, 1


def rows(say: Say, seeds: int = 5, workers: int = 2, **_: Any) -> list[Row]:
    """Return what ten minutes and an hour of rest change, and the learning curve that is not accelerated."""
    found = []
    for minutes, few in ((MINUTES, seeds), (HOUR, min(seeds, HOUR_SEEDS))):
        say(f"  {few} subjects at rest, {minutes} minutes each")
        found += rest_rows(runs(Rest(duration_ms=minutes * 60_000), few, workers))
    slow = min(seeds, SLOW_SEEDS)
    say(f"  {SLOW_TRIALS} trials at the learning rate x 1: {slow} subjects")
    once = runs(
        Eyeblink(trials=SLOW_TRIALS, acceleration=1.0, block=SLOW_TRIALS // BLOCKS, probe_every=10), slow, workers
    )
    tenfold = conditioned(OURS, "paired", max(seeds, SEEDS), workers)
    return [*found, curve_row(once, tenfold)]


def rest_rows(results: list[Result]) -> list[Row]:
    """Return by how much the mean weight and each population's rate move."""
    minutes = float(results[0].settings["duration_ms"]) / 60_000
    after = f"after {minutes:g} minutes of rest"
    weights = [100.0 * (w[-1] / w[0] - 1.0) for w in (r.arrays["weights/pf_pc/mean"].astype(float) for r in results)]
    found = [_steady(f"pf_pc: mean weight {after}", np.array(weights), "")]
    note = f"last {minutes / EDGE:g} minutes against the first"
    for name in (key.split(".")[1] for key in results[0].measures if key.startswith("rate_hz.")):
        first, last = np.array([edges_hz(r, name) for r in results]).T
        if max(first.mean(), last.mean()) >= RATE_HZ:
            change = 100.0 * (last - first) / np.maximum(first, RATE_HZ)
            found.append(_steady(f"{name}: rate {after}", change, note))
    return found


def _steady(what: str, change_percent: np.ndarray, note: str) -> Row:
    worst = float(change_percent[np.abs(change_percent).argmax()])
    row = window(what, change_percent, -DRIFT_PERCENT, DRIFT_PERCENT, "%", "calibration", note)
    return replace(row, note=f"{note}; worst subject {worst:+.1f} %".removeprefix("; "))


def edges_hz(result: Result, population: str) -> tuple[float, float]:
    """Return the mean rate of the recorded cells in the first and in the last part of a rest."""
    times = result.arrays[f"spikes/{population}/time_ms"]
    cells = result.arrays[f"spikes/{population}/recorded"].size
    start, length = float(result.settings["settle_ms"]), float(result.settings["duration_ms"])
    stop, edge = start + length, length / EDGE
    inside = (np.searchsorted(times, [start, start + edge]), np.searchsorted(times, [stop - edge, stop]))
    first, last = (float(b - a) * 1000.0 / edge / cells for a, b in inside)
    return first, last


def curve_row(once: list[Result], tenfold: list[Result]) -> Row:
    """Return whether 1000 trials give the curve that 100 trials at ten times the rate give."""
    slow, fast = (of_subjects(r, "lid_cr_percent_by_block") for r in (once, tenfold))
    off = float(np.sqrt(np.mean((np.nanmean(slow, axis=0) - np.nanmean(fast, axis=0)) ** 2)))
    apart = float(np.nanmean(slow) - np.nanmean(fast))
    over_all = spread(np.nanmean(slow, axis=1), "%", 0)
    text = f"{_list(slow)} against {_list(fast)} (off by {off:.0f}, over all by {apart:.0f}; {over_all})"
    target = f"root mean square < {CURVE_PERCENT:g}, as the accelerated one against mice"
    what = f"lid: CR, % by block of {SLOW_TRIALS // BLOCKS} trials at the learning rate x 1"
    note = f"{len(tenfold)} accelerated subjects"
    return Row(what, text, target, len(once), off < CURVE_PERCENT, "calibration", note)


def _list(curves: np.ndarray) -> str:
    return ", ".join(f"{x:.0f}" for x in np.nanmean(curves, axis=0))
