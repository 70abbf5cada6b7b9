"""What all figures share: colours, names of populations, axes and the line that says what was drawn."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from dystolab.errors import ResultError
from dystolab.measures.interval import mean_interval
from dystolab.result import Array, Result

# Okabe & Ito: told apart with every kind of colour vision.
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILLION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
GREY = "#999999"
WINE = "#882255"  # of Paul Tol's palettes
CYCLE = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY, BLACK)
EARLY_TO_LATE = LinearSegmentedColormap.from_list("early_to_late", (SKY, BLUE, BLACK))

POPULATIONS: dict[str, tuple[str, str]] = {
    "mossy_fiber": ("mossy fibres", GREY),
    "glomerulus": ("glomeruli", GREY),
    "granule_cell": ("granule cells", ORANGE),
    "ubc_on_fast": ("brush cells, ON fast", SKY),
    "ubc_on_middle": ("brush cells, ON middle", BLUE),
    "ubc_on_slow": ("brush cells, ON slow", BLACK),
    "ubc_off": ("brush cells, OFF", PURPLE),
    "golgi_cell": ("Golgi cells", GREEN),
    "purkinje_cell": ("Purkinje cells", BLUE),
    "basket_cell": ("basket cells", SKY),
    "stellate_cell": ("stellate cells", SKY),
    "dcn_glut": ("nuclei, glutamatergic", VERMILLION),
    "dcn_gaba": ("nuclei, GABAergic", PURPLE),
    "dcn_gly": ("nuclei, glycinergic", PURPLE),
    "io_cell": ("inferior olive", BLACK),
    "red_nucleus": ("red nucleus", VERMILLION),
    "facial_motoneuron": ("facial motoneurons", BLACK),
    "head_command": ("commands to the head", GREY),
    "vestibular_afferent": ("canal afferents", GREY),
    "spindle_ia": ("spindles, Ia", GREY),
    "spindle_ii": ("spindles, II", GREY),
    "head_integrator": ("head integrator", VERMILLION),
    "integrator_inhibitory": ("integrator, inhibitory", PURPLE),
    "lateral_reticular": ("lateral reticular nucleus", ORANGE),
    "reticulospinal": ("reticulospinal cells", BLUE),
    "vestibulospinal": ("vestibulospinal cells", SKY),
    "ia_interneuron": ("Ia interneurons", PURPLE),
    "renshaw_cell": ("Renshaw cells", PURPLE),
    "neck_motoneuron": ("neck motoneurons", BLACK),
    "arm_command": ("commands to the arm", GREY),
    "reach_plan": ("plan of a reach", GREY),
    "reach_error": ("errors of a reach", GREY),
    "arm_spindle_ia": ("spindles of the arm, Ia", GREY),
    "arm_spindle_ii": ("spindles of the arm, II", GREY),
    "corticospinal": ("corticospinal cells", BLUE),
    "arm_ia_interneuron": ("Ia interneurons of the arm", PURPLE),
    "arm_renshaw_cell": ("Renshaw cells of the arm", PURPLE),
    "arm_motoneuron": ("arm motoneurons", BLACK),
}
"""Population -> its name in figures and its colour, in the order from input to output."""

SMALL = 8


def label(population: str) -> str:
    """Return the name of a population in figures."""
    return POPULATIONS[population][0] if population in POPULATIONS else population.replace("_", " ")


def colour(population: str) -> str:
    """Return the colour of a population."""
    return POPULATIONS[population][1] if population in POPULATIONS else BLACK


def in_order(populations: Sequence[str]) -> list[str]:
    """Return `populations` from input to output, unknown ones last."""
    known = [name for name in POPULATIONS if name in populations]
    return known + sorted(set(populations) - set(known))


FEWEST = 3
"""Subjects of whom an interval is drawn: that of two is thirteen standard errors wide and hides what it is about."""


def new_figure(width_in: float, height_in: float) -> Figure:
    """Return an empty figure whose parts make room for one another."""
    return Figure(figsize=(width_in, height_in), dpi=150, layout="constrained")


def tidy(axes: Axes, x: str, y: str, title: str = "") -> None:
    """Name the axes, with their units, and take away what carries no information."""
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    if title:
        axes.set_title(title, loc="left", fontsize=10, fontweight="bold")
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=SMALL)


def band(axes: Axes, x: Array, rows: Sequence[Array], *, colour: str, label: str = "") -> None:
    """Draw the mean of the `rows`, one per subject, at `x`, and its 95 % interval if there are enough (`FEWEST`)."""
    found = [mean_interval(column) for column in np.asarray(rows, dtype=float).T]
    axes.plot(x, [mean for mean, _, _ in found], lw=1.6, color=colour, label=label or None)
    if len(rows) >= FEWEST:
        low, high = np.array([interval or (np.nan, np.nan) for _, interval, _ in found]).T
        axes.fill_between(x, low, high, color=colour, alpha=0.2, lw=0)


def point(axes: Axes, x: float, values: Array, *, colour: str, marker: str = "o", label: str = "") -> float:
    """Draw the subjects' `values` as dots at `x`, and their mean, with its 95 % interval if they are enough.

    Returns the mean. Subjects that are NaN do not count; nothing is drawn if all are.
    """
    mean, interval, n = mean_interval(values)
    if n > 1:
        axes.plot(np.full(np.size(values), x), values, ".", ms=3, color=colour, alpha=0.4)
    around = [[mean - interval[0]], [interval[1] - mean]] if interval and n >= FEWEST else None
    axes.errorbar([x], [mean], around, fmt=marker, ms=5, lw=1.2, capsize=2, color=colour, label=label or None)
    return mean


def nothing(axes: Axes, why: str) -> None:
    """Say in an empty panel why it is empty."""
    axes.text(
        0.5, 0.5, why, transform=axes.transAxes, ha="center", va="center", fontsize=SMALL, color=GREY,
        backgroundcolor="white",
    )  # fmt: skip


def caption(figure: Figure, results: Sequence[Result], *more: str) -> None:
    """Write below the figure what was run, by which version, and the sources `more`."""
    first = results[0]
    seeds = sorted({str(r.subject.get("seed")) for r in results}, key=lambda seed: (len(seed), seed))
    parts = [
        f"dystolab {first.provenance.get('version', '')}".strip(),
        first.experiment,
        f"{first.subject.get('circuit')}, scale {first.subject.get('scale')}",
        " or ".join(dict.fromkeys(result.state for result in results)),
        f"seed {seeds[0]}" if len(seeds) == 1 else f"{len(results)} subjects, seeds {seeds[0]} to {seeds[-1]}",
        *more,
    ]
    letters = int(16 * figure.get_figwidth())  # that fit into a line of this size
    lines = textwrap.wrap(" · ".join(parts), letters, break_on_hyphens=False)
    figure.supxlabel("\n".join(lines), fontsize=7, color="#555555", x=0.01, ha="left")


def recording(result: Result, name: str) -> Array:
    """Return the recording `name` of a result.

    Raises
    ------
    ResultError
        If the result does not hold it.
    """
    if name not in result.arrays:
        raise ResultError(f"this result of {result.experiment} holds no recording {name!r}")
    return result.arrays[name]
