"""The lid: its closure by block of trials, and how often it answers beside what mice do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from dystolab.measures.mice import BLOCKS, curve
from dystolab.plots import learning, style
from dystolab.result import Result


def closure(axes: Axes, results: Sequence[Result]) -> None:
    """Draw the mean closure of each block of trials around the CS, from early to late."""
    time = style.recording(results[0], "lid/time_ms")
    rows = np.mean([style.recording(result, "lid/closure_fec") for result in results], axis=0)
    block = int(results[0].settings["block"])
    starts = range(0, len(rows), block)
    for k, start in enumerate(starts):
        shade = style.EARLY_TO_LATE(k / max(len(starts) - 1, 1))
        axes.plot(time, rows[start : start + block].mean(axis=0), lw=1, color=shade)
    naive = np.mean([style.recording(result, "lid/naive_fec") for result in results], axis=0)
    axes.plot(time, naive, "--", lw=1, color=style.GREY, label="before training")
    axes.axvline(0, color=style.GREY, lw=0.8)
    axes.axvline(float(results[0].settings["isi_ms"]), color=style.VERMILLION, lw=0.8, label="US is due")
    axes.set_xlim(-200, 600)
    axes.legend(fontsize=style.SMALL, edgecolor="none")
    style.tidy(axes, "time after CS onset (ms)", "closure (1: shut)", "Eyelid, early to late blocks")


def responses(axes: Axes, groups: learning.Groups) -> None:
    """Draw how often the lid answers in each run, by block, beside mice if the first run is what they did.

    Parameters
    ----------
    axes : Axes
    groups : mapping of str to sequence of Result
        The subjects of each run, by its name in the legend.
    """
    learning.curve(axes, groups, "lid_cr_percent_by_block")
    if as_in_mice(next(iter(groups.values()))[0]):
        mice, spread = curve()
        axes.errorbar(
            np.arange(1, BLOCKS + 1), mice, spread, fmt="s--", ms=3, lw=1, color=style.BLACK, label="mice", zorder=1
        )
    axes.set_ylim(-3, 103)
    axes.legend(fontsize=style.SMALL, frameon=False)
    style.tidy(axes, "block of trials", "conditioned responses (%)", "Eyelid: > 5 % closure before the US")


def as_in_mice(result: Result) -> bool:
    """Tell whether a run is what the mice did: ten blocks of paired trials, 250 ms from CS to US."""
    settings = result.settings
    asked = (settings["pairing"], list(settings["phases"]), settings["isi_ms"])
    blocks = len(np.atleast_1d(np.asarray(result.measures["lid_cr_percent_by_block"].value)))
    return asked == ("paired", ["acquisition"], 250) and blocks == BLOCKS
