"""Learning over blocks of trials: conditioned responses and the rates of Purkinje and nuclear cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from dystolab.errors import ResultError
from dystolab.lab.aggregate import aggregate
from dystolab.plots import style
from dystolab.result import Result

Groups = Mapping[str, Sequence[Result]]
PANELS: tuple[tuple[str, str, str], ...] = (
    ("cr_percent_by_block", "conditioned responses (%)", "Published rule of nuclear rates"),
    ("dcn_change_hz_by_block", "change of rate in the CS (Hz)", "Nuclear cells"),
    ("purkinje_change_hz_by_block", "change of rate in the CS (Hz)", "Purkinje cells"),
)
"""Measure, axis and title of each panel."""


def figure(results: Sequence[Result]) -> Figure:
    """Return the learning curves of one run."""
    return compare({"": results})


def compare(groups: Groups) -> Figure:
    """Return the learning curves of several runs, one colour each.

    Parameters
    ----------
    groups : mapping of str to sequence of Result
        The subjects of each run, by its name in the legend.
    """
    drawn = style.new_figure(11, 3.6)
    panels = drawn.subplots(1, 3)
    for axes, (measure, y, title) in zip(panels, PANELS, strict=True):
        curve(axes, groups, measure)
        style.tidy(axes, "block of trials", y, title)
    if any(groups):
        panels[0].legend(fontsize=style.SMALL, frameon=False)
    style.caption(drawn, [result for results in groups.values() for result in results])
    return drawn


def curve(axes: Axes, groups: Groups, measure: str) -> None:
    """Draw a measure by block: mean over subjects, its 95 % interval, and each subject as a thin line.

    Raises
    ------
    ResultError
        If a result does not have the measure.
    """
    longest = 1
    for (name, results), colour in zip(groups.items(), style.CYCLE * len(groups), strict=False):
        if any(measure not in result.measures for result in results):
            raise ResultError(f"a result of {results[0].experiment} holds no measure {measure!r}")
        mean = aggregate(results)[measure]
        values = np.atleast_1d(np.asarray(mean.value))
        blocks = np.arange(1, values.size + 1)
        longest = max(longest, values.size)
        if len(results) > 1:
            for result in results:
                axes.plot(
                    blocks,
                    np.atleast_1d(result.measures[measure].value),
                    "-",
                    lw=0.5,
                    color=colour,
                    alpha=0.4,
                )
        if isinstance(mean.ci95, list) and len(results) >= style.FEWEST:
            low, high = np.array(mean.ci95).T
            axes.fill_between(blocks, low, high, color=colour, alpha=0.2, lw=0)
        axes.plot(blocks, values, "o-", color=colour, ms=4, lw=1.8, label=name or None)
    if measure.startswith("cr_percent"):
        axes.set_ylim(-3, 103)
    else:
        axes.axhline(0, color=style.GREY, lw=0.8, zorder=0)
    axes.set_xlim(0.5, longest + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
