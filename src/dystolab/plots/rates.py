"""Mean rates and regularity of every population, beside what is recorded in awake mice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dystolab.lab.aggregate import aggregate, population_rates
from dystolab.measures.in_vivo import rate_ranges
from dystolab.plots import style
from dystolab.result import Measure, Result

_FLOOR_HZ = 0.03
"""Rates are drawn on a logarithmic axis from here; a silent population stands at its edge."""


_NOT_READ: dict[str, Any] = {"facecolor": "none", "edgecolor": "#BBBBBB", "ls": ":"}
"""How a range is drawn that nobody read in awake mice."""


def figure(results: Sequence[Result]) -> Figure:
    """Return rates and, where they were measured, coefficients of variation of the interspike intervals."""
    irregular = any(name.startswith(("isi_cv.", "isi_cv2.")) for name in results[0].measures)
    drawn = style.new_figure(10 if irregular else 6.5, 4.5)
    axes = drawn.subplots(1, 2 if irregular else 1, squeeze=False)[0]
    rates(axes[0], results)
    if irregular:
        irregularity(axes[1], results)
    style.caption(drawn, results, sources())
    return drawn


def rates(axes: Axes, results: Sequence[Result]) -> None:
    """Draw the mean rate of each population over the range in awake mice."""
    found = _measures(results, "rate_hz.")
    for name, rate in population_rates(results).items():
        found.setdefault(name, Measure(rate, "Hz"))
    names = style.in_order(list(found))
    for row, name in enumerate(names):
        for state, shade in (("rate_running", "#EEEEEE"), ("rate", "#CCCCCC")):
            known = rate_ranges(state).get(name)
            if known is not None:
                low, high = max(known.low_hz, _FLOOR_HZ), known.high_hz
                # A single number is drawn as a bar of 6 % so that it can be seen.
                look = {"color": shade} if known.verified else _NOT_READ
                axes.barh(row, max(high - low, 0.06 * high), left=low, height=0.7, zorder=1, **look)
        _dot(axes, row, found[name], style.colour(name), _FLOOR_HZ)
    axes.set_xscale("log")
    axes.set_xlim(_FLOOR_HZ, 300)
    axes.xaxis.set_major_formatter("{x:g}")
    _rows(axes, names)
    for shade, text in (("#CCCCCC", "awake mice, at rest"), ("#EEEEEE", "awake mice, running")):
        axes.barh(0, 0, color=shade, label=text)
    axes.barh(0, 0, label="expected, not read", **_NOT_READ)
    axes.legend(fontsize=style.SMALL, frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    style.tidy(axes, "mean rate (Hz)", "")


def irregularity(axes: Axes, results: Sequence[Result]) -> None:
    """Draw CV and CV2 of the interspike intervals of each population."""
    both = {kind: _measures(results, f"isi_{kind}.") for kind in ("cv", "cv2")}
    names = style.in_order(list({*both["cv"], *both["cv2"]}))
    for kind, marker, shift in (("cv", "o", -0.15), ("cv2", "s", 0.15)):
        for row, name in enumerate(names):
            if name in both[kind]:
                _dot(axes, row + shift, both[kind][name], style.colour(name), 0.0, marker)
        axes.plot([], [], marker, color=style.BLACK, ms=4, label=kind.upper())
    axes.set_xlim(0, 1.1 * axes.get_xlim()[1])
    _rows(axes, names)
    axes.legend(fontsize=style.SMALL, frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    style.tidy(axes, "CV and CV2 of interspike intervals (1)", "")


def sources() -> str:
    """Return the sources of the ranges in awake mice, for a caption."""
    ranges = [known for state in ("rate", "rate_running") for known in rate_ranges(state).values()]
    found = {known.source for known in ranges if known.verified}
    return "awake mice: " + ", ".join(sorted(found))


def _measures(results: Sequence[Result], prefix: str) -> dict[str, Measure]:
    """Return the measures with `prefix` by population: over subjects, or one subject's own."""
    every = results[0].measures if len(results) == 1 else aggregate(results)
    return {name.removeprefix(prefix): m for name, m in every.items() if name.startswith(prefix)}


def _dot(axes: Axes, row: float, measure: Measure, colour: str, floor: float, marker: str = "o") -> None:
    value = measure.value
    if isinstance(value, list) or not math.isfinite(value):
        return
    if isinstance(measure.ci95, tuple):
        low, high = measure.ci95
        axes.plot([max(low, floor), max(high, floor)], [row, row], "-", color=colour, lw=1.5, zorder=2)
    axes.plot(max(value, floor), row, marker, color=colour, mec="white", mew=0.5, ms=6, zorder=3, clip_on=False)


def _rows(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), [style.label(name) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
