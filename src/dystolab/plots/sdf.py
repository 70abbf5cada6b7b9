"""Spike density around the conditioned stimulus, block by block."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dystolab.plots import style
from dystolab.result import Array, Result

CELLS = ("dcn_glut", "purkinje_cell")


def figure(results: Sequence[Result]) -> Figure:
    """Return the spike density of nuclear and Purkinje cells by block, over subjects."""
    drawn = style.new_figure(10, 4)
    for axes, population in zip(drawn.subplots(1, 2), CELLS, strict=True):
        density(axes, results, population)
    style.caption(drawn, recorded(results))
    return drawn


def density(axes: Axes, results: Sequence[Result], population: str) -> None:
    """Draw the mean spike density of each block, from early (light) to late (dark).

    Raises
    ------
    ResultError
        If no result holds the recording.
    """
    time_ms, blocks = by_block(results, population)
    shades = style.EARLY_TO_LATE(np.linspace(0, 1, len(blocks)))
    for k, (block, shade) in enumerate(zip(blocks, shades, strict=True), start=1):
        named = f"block {k}" if k in (1, len(blocks)) else None
        axes.plot(time_ms, block, color=shade, lw=1.2, label=named)
    _onset(axes, 0.0, "CS", style.BLACK)
    isi_ms = results[0].settings.get("isi_ms")
    if isinstance(isi_ms, int | float) and results[0].settings.get("pairing", "paired") == "paired":
        _onset(axes, isi_ms, "US", style.VERMILLION)
    axes.set_xlim(time_ms[0], time_ms[-1])
    axes.margins(y=0.15)
    name = style.label(population)
    style.tidy(axes, "time from CS onset (ms)", "spike density (Hz)", name[0].upper() + name[1:])
    if len(blocks) > 1:
        axes.legend(fontsize=style.SMALL, edgecolor="none", loc="upper left")


def _onset(axes: Axes, time_ms: float, text: str, colour: str) -> None:
    """Mark the onset of a stimulus, with its name at the foot of the line."""
    axes.axvline(time_ms, color=colour, lw=0.8)
    axes.annotate(
        text,
        (time_ms, 0.0),
        xycoords=("data", "axes fraction"),
        xytext=(3, 3),
        textcoords="offset points",
        fontsize=style.SMALL,
        color=colour,
    )


def by_block(results: Sequence[Result], population: str) -> tuple[Array, list[Array]]:
    """Return time (ms) and the spike density (Hz) of each block, mean over its trials and subjects.

    Blocks are those of ``cr_percent_by_block``; without that measure all trials are one block.
    """
    every = recorded(results)
    time_ms = style.recording(every[0], "sdf/time_ms")
    per_subject = []
    for result in every:
        trials = style.recording(result, f"sdf/{population}")
        measure = result.measures.get("cr_percent_by_block")
        count = len(measure.value) if measure is not None and isinstance(measure.value, list) else 1
        size = result.settings.get("block") or math.ceil(len(trials) / count)
        per_subject.append([trials[k : k + size].mean(axis=0) for k in range(0, len(trials), size)])
    blocks = min(len(found) for found in per_subject)
    return time_ms, [np.mean([found[b] for found in per_subject], axis=0) for b in range(blocks)]


def recorded(results: Sequence[Result]) -> list[Result]:
    """Return the results that come with recordings; the first in any case."""
    return [r for r in results if "sdf/time_ms" in r.arrays] or list(results[:1])
