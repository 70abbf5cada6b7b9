"""Acquisition, extinction and reacquisition of the lid's responses, and what the second training saves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from dystolab.lab.aggregate import aggregate
from dystolab.measures import mice
from dystolab.measures.savings import blocks_to_half, unlearned
from dystolab.plots import learning, style
from dystolab.result import Array, Result

MEASURE = "lid_cr_percent_by_block"


def curves(axes: Axes, results: Sequence[Result]) -> None:
    """Draw responses by block of each phase, one phase after another, beside mice by session."""
    learning.curve(axes, {"model": results}, MEASURE)
    names = results[0].settings["phases"]
    blocks = by_phase(results).shape[2]
    for k, phase in enumerate(names):
        start = k * blocks + 0.5
        if k:
            axes.axvline(start, color=style.GREY, lw=0.8, ls=":")
        axes.text(start + blocks / 2, 106, phase, ha="center", fontsize=style.SMALL, color=style.GREY)
        told = mice.sessions(phase)[:blocks]
        at = start + 0.5 + np.arange(len(told))
        label = None if k else "mice, first sessions of a phase as blocks"
        axes.plot(at, told, "s--", ms=3, lw=1, color=style.BLACK, label=label)
    axes.set_ylim(-3, 128)
    axes.set_yticks(range(0, 101, 20))
    axes.legend(fontsize=style.SMALL, frameon=False, loc="upper center", ncols=2)
    style.tidy(axes, "block of trials", "conditioned responses (%)", "Lid: extinction and reacquisition")


def savings(axes: Axes, results: Sequence[Result]) -> None:
    """Draw the blocks until half of the trials have a response, at first and again, of each subject that unlearned."""
    found = by_phase(results)
    last = found.shape[2]
    found = found[[unlearned(subject[1]) for subject in found]]
    if not len(found):
        style.tidy(axes, "phase", "blocks until half are responses", "Savings")
        return style.nothing(axes, "cannot be told: all still respond\nin half of the trials after extinction")
    pairs = np.array([[blocks_to_half(found[s, k]) for k in (0, 2)] for s in range(len(found))], dtype=float)
    # Lines of subjects with the same numbers would hide one another.
    apart = np.linspace(-0.12, 0.12, len(pairs)) if len(pairs) > 1 else np.zeros(1)
    for k, (pair, off) in enumerate(zip(pairs, apart, strict=True)):
        axes.plot([0, 1], pair + off, "o-", ms=3, lw=0.8, color=style.SKY, label=None if k else "one subject")
    axes.plot([0, 1], pairs.mean(axis=0), "o-", ms=6, lw=2, color=style.BLUE, label="mean")
    axes.plot([0, 1], mice.days_to_half(), "s--", ms=4, lw=1, color=style.BLACK, label="mice (days)")
    axes.axhline(last + 1, ls=":", lw=1, color=style.GREY)
    axes.text(0.5, last + 1.05, "not reached", fontsize=style.SMALL, color=style.GREY, ha="center", va="bottom")
    axes.set_xticks([0, 1], ["acquisition", "reacquisition"])
    axes.set_xlim(-0.3, 1.3)
    axes.set_ylim(0, max(last + 1, mice.days_to_half()[0]) + 2)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(fontsize=style.SMALL, frameon=False, loc="lower left")
    style.tidy(axes, "phase", "blocks until half are responses", "Savings")


def by_phase(results: Sequence[Result]) -> Array:
    """Return responses in %, (n_subjects, n_phases, n_blocks)."""
    aggregate(results)  # refuses results of different lengths
    curve = np.array([r.measures[MEASURE].value for r in results], float)
    return curve.reshape(len(results), len(results[0].settings["phases"]), -1)
