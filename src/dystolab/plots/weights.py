"""Weights of plastic synapses over the run."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dystolab.plots import style
from dystolab.result import Result


def figure(results: Sequence[Result], projection: str = "pf_pc") -> Figure:
    """Return the weights of the first subject."""
    drawn = style.new_figure(6, 4)
    axes = drawn.subplots()
    weights(axes, results[0], projection)
    style.caption(drawn, results[:1])
    return drawn


def weights(axes: Axes, result: Result, projection: str = "pf_pc") -> None:
    """Draw mean, 5th and 95th percentile of the weights of a projection over time.

    Raises
    ------
    ResultError
        If the result does not hold them.
    """
    time_ms, mean, low, high = (
        style.recording(result, f"weights/{projection}/{part}") for part in ("time_ms", "mean", "p05", "p95")
    )
    axes.fill_between(time_ms / 1000, low, high, color=style.ORANGE, alpha=0.25, lw=0, label="5 to 95 %")
    axes.plot(time_ms / 1000, mean, color=style.ORANGE, lw=1.8, label="mean")
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=style.SMALL, frameon=False)
    name = "Parallel fibre to Purkinje cell" if projection == "pf_pc" else projection
    style.tidy(axes, "time (s)", "weight (nS)", name)
