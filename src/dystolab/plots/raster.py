"""Spikes of every population, stacked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dystolab.errors import ResultError
from dystolab.plots import style
from dystolab.result import Array, Result

CELLS = 40
"""At most so many cells of each population, evenly chosen."""

NAME_ROWS = 26
"""Height of a population's name, in rows of cells."""

WINDOW_MS = 2000.0


def figure(results: Sequence[Result]) -> Figure:
    """Return the raster of the first subject."""
    drawn = style.new_figure(9, 6)
    axes = drawn.subplots()
    raster(axes, results[0])
    style.caption(drawn, results[:1])
    return drawn


def raster(axes: Axes, result: Result, window_ms: float = WINDOW_MS) -> None:
    """Draw the last `window_ms` of the recorded spikes, populations from input (top) to output.

    Raises
    ------
    ResultError
        If the result holds no spikes.
    """
    names = populations(result)
    if not names:
        raise ResultError(f"this result of {result.experiment} holds no spikes")
    stop = max((float(result.arrays[f"spikes/{n}/time_ms"].max(initial=0.0)) for n in names), default=0.0)
    start = max(0.0, stop - window_ms)
    top, ticks = 0, []
    for name in names:
        times, rows, shown = sample(result, name, start, stop)
        axes.plot(times / 1000, -(top + rows), "|", ms=2.2, mew=0.5, color=style.colour(name), rasterized=True)
        ticks.append((-(top + (shown - 1) / 2), f"{style.label(name)} ({shown})"))
        # A few cells take as much room as the name beside them.
        top += max(shown, NAME_ROWS) + max(3, CELLS // 10)
    axes.set_yticks([t for t, _ in ticks], [text for _, text in ticks])
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(start / 1000, stop / 1000)
    style.tidy(axes, "time (s)", "population (cells shown)", "Spikes")


def populations(result: Result) -> list[str]:
    """Return the populations of which the result holds spikes, from input to output."""
    keys = [key.split("/") for key in result.arrays if key.startswith("spikes/")]
    return style.in_order(list({key[1] for key in keys if key[2:] == ["time_ms"]}))


def sample(result: Result, population: str, start_ms: float, stop_ms: float) -> tuple[Array, Array, int]:
    """Return spike times (ms) in the window, the row of each spike, and the number of rows.

    Rows are at most `CELLS` cells, evenly chosen among those recorded, or if the result does not say which
    these were, among those that fired.
    """
    times = style.recording(result, f"spikes/{population}/time_ms")
    cells = style.recording(result, f"spikes/{population}/cell")
    recorded = np.unique(result.arrays.get(f"spikes/{population}/recorded", cells))
    if recorded.size == 0:
        return times[:0], cells[:0], 1
    chosen = recorded[np.unique(np.linspace(0, recorded.size - 1, CELLS).round().astype(int))]
    keep = (times >= start_ms) & (times <= stop_ms) & np.isin(cells, chosen)
    return times[keep], np.searchsorted(chosen, cells[keep]), chosen.size
