"""The page of ``reproduce eyeblink_mouse``: learning, timing, cells, extinction, savings and faults beside mice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dystolab.measures import mice
from dystolab.plots import faults, lid, phases, style
from dystolab.plots.learning import Groups
from dystolab.plots.sdf import recorded
from dystolab.result import Array, Result

LAST_BLOCKS = 3
"""Probes are taken from so many last blocks: there is one in a block."""

INTERVALS = (("interval_200", style.SKY), ("paired", style.BLUE), ("interval_400", style.VERMILLION))
ROWS = (
    (("a", 8), ("b", 8), ("c", 8)),
    (("d1", 7), ("d2", 7), ("e1", 6), ("e2", 4)),
    (("f", 16), ("g", 8)),
    (("h", 9), ("i", 9), ("key", 6)),
)
"""Panels of each row with their shares of the width."""


def page(groups: Groups) -> Figure:
    """Return the page of the study.

    Parameters
    ----------
    groups : mapping of str to sequence of Result
        The subjects of each arm of ``eyeblink_mouse``.
    """
    paired = groups["paired"]
    drawn = style.new_figure(15, 16)
    panels = _panels(drawn)
    lid.closure(panels["a"], recorded(paired))
    lid.responses(panels["b"], {"paired": paired, "unpaired": groups["unpaired"]})
    timing(panels["c"], groups)
    density(panels["d1"], paired, "purkinje_cell")
    density(panels["d2"], paired, "dcn_glut")
    unit_shares(panels["e1"], paired)
    unit_size(panels["e2"], paired)
    phases.curves(panels["f"], groups["phases"])
    phases.savings(panels["g"], groups["phases"])
    mechanisms = faults.by_mechanism(groups)
    faults.responses(panels["h"], paired, mechanisms)
    faults.peaks(panels["i"], paired, mechanisms)
    faults.key(panels["key"], panels["h"])
    for name, axes in panels.items():
        if name[1:] in ("", "1"):
            axes.set_title(f"{name[0]}  {axes.get_title('left')}", loc="left", fontsize=10, fontweight="bold")
    style.caption(drawn, paired, *_sources(paired))
    return drawn


def _panels(drawn: Figure) -> dict[str, Axes]:
    """Return the panels of the page by name."""
    rows = drawn.add_gridspec(len(ROWS), 1)
    panels: dict[str, Axes] = {}
    for row, widths in enumerate(ROWS):
        grid = rows[row].subgridspec(1, len(widths), width_ratios=[width for _, width in widths])
        panels |= {name: drawn.add_subplot(grid[column]) for column, (name, _) in enumerate(widths)}
    return panels


def _sources(paired: Sequence[Result]) -> list[str]:
    """Return what the caption says of the other arms, of means, and of the mice that are drawn."""
    return [
        "the other arms are of the same seeds",
        "b to i: mean and, of three or more subjects, 95 % interval; thin lines and dots are single subjects",
        *(["mice in b: github.com/AliceGem/mesoscale_simulations_cebc"] if lid.as_in_mice(paired[0]) else []),
        f"in e: data set 1 of {mice.TEN_BRINKE}",
        f"in f and g: {mice.KIM}, one session of a day drawn as one block; their acquisition took 13 sessions; "
        "half never reached counts as one block more than there are",
    ]


def timing(axes: Axes, groups: Groups) -> None:
    """Draw the lid in the probes of the last blocks after training at each interval, and when the US was due."""
    for arm, colour in INTERVALS:
        results = recorded(groups[arm])
        isi = float(results[0].settings["isi_ms"])
        axes.axvline(isi, ls="--", lw=1, color=colour)
        rows = [row for row in map(_probes, results) if row is not None]
        if rows:
            style.band(axes, style.recording(results[0], "lid/time_ms"), rows, colour=colour, label=f"{isi:g} ms")
    if axes.collections or len(axes.lines) > len(INTERVALS):
        axes.legend(fontsize=style.SMALL, frameon=False, title="US due (dashed)", title_fontsize=style.SMALL)
    else:
        style.nothing(axes, "no trial without US")
    axes.set_xlim(-200, 800)
    style.tidy(axes, "time after CS onset (ms)", "closure (1: shut)", "Lid without US, last blocks, by interval")


def _probes(result: Result) -> Array | None:
    """Return the mean closure of the probes of the last blocks, None if there are none."""
    last = slice(-LAST_BLOCKS * int(result.settings["block"]), None)
    probe = style.recording(result, "cr/has_us")[last] == 0
    mean: Array | None = style.recording(result, "lid/closure_fec")[last][probe].mean(axis=0) if probe.any() else None
    return mean


def density(axes: Axes, results: Sequence[Result], population: str) -> None:
    """Draw the spike density of the lid's cells before training and in the last block."""
    every = recorded(results)
    block = int(every[0].settings["block"])
    time = style.recording(every[0], "sdf/time_ms")
    naive = [style.recording(result, f"sdf_naive/{population}") for result in every]
    last = [style.recording(result, f"sdf/{population}")[-block:].mean(axis=0) for result in every]
    style.band(axes, time, naive, colour=style.GREY, label="before training (1 trial)")
    style.band(axes, time, last, colour=style.colour(population), label="last block")
    axes.axvline(0, color=style.GREY, lw=0.8)
    axes.axvline(float(every[0].settings["isi_ms"]), color=style.BLACK, ls="--", lw=0.8, label="US is due")
    axes.set_xlim(time[0], time[-1])
    axes.margins(y=0.25)
    axes.legend(fontsize=style.SMALL, edgecolor="none")
    name = style.label(population)
    style.tidy(axes, "time after CS onset (ms)", "spike density (Hz)", f"{name[0].upper()}{name[1:]}, lid's zone")


def unit_shares(axes: Axes, results: Sequence[Result]) -> None:
    """Draw how many nuclear cells facilitate or are suppressed, beside mice."""
    found = mice.nuclear_units()
    kinds = (
        ("dcn_facilitating_percent", found.facilitating_percent),
        ("dcn_suppressed_percent", found.suppressed_percent),
    )
    for x, (measure, in_mice) in enumerate(kinds):
        style.point(axes, x, values(results, measure), colour=style.VERMILLION, label="" if x else "model")
        axes.plot([x + 0.25], [in_mice], "s", color=style.BLACK, ms=5, label=None if x else "mice")
    axes.set_xticks([0.12, 1.12], ["facilitating", "suppressed"])
    axes.set_xlim(-0.4, 1.65)
    axes.set_ylim(0, 1.25 * axes.get_ylim()[1])
    axes.legend(fontsize=style.SMALL, frameon=False, loc="upper right")
    style.tidy(axes, "glutamatergic nuclear cells", "share of cells (%)", "Nuclear cells by type")


def unit_size(axes: Axes, results: Sequence[Result]) -> None:
    """Draw by how much the facilitating cells rise, beside mice with the SD over their cells."""
    found = mice.nuclear_units()
    style.point(axes, 0, values(results, "dcn_facilitation_hz"), colour=style.VERMILLION)
    axes.errorbar([0.5], [found.size_hz], [found.size_sd_hz], fmt="s", color=style.BLACK, ms=5, lw=1.2, capsize=2)
    axes.set_xticks([0, 0.5], ["model", "mice"])
    axes.set_xlim(-0.35, 0.85)
    axes.set_ylim(bottom=0)
    style.tidy(axes, "facilitating cells", "rise (Hz; mice: ± SD over cells)")


def values(results: Sequence[Result], measure: str) -> Array:
    """Return a measure of every subject; NaN where there is none."""
    return np.array([r.measures[measure].value if measure in r.measures else np.nan for r in results], float)
