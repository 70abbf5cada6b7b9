"""The map of the evidence: how many studies there are on each condition by each paradigm."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from dystolab import __version__
from dystolab.evidence import Base, gaps
from dystolab.plots import style

_CELL_IN = 0.27
_MIDDLE = 0.5


def figure(base: Base) -> Figure:
    """Return the map: colour and number are studies, the white bar the share of findings that are verified."""
    cells = gaps.cells(base)
    rows = [name for name in base.vocabulary.conditions if any(c == name for c, _ in cells)]
    columns = [name for name in base.vocabulary.paradigms if any(p == name for _, p in cells)]
    drawn = Figure(figsize=(3.2 + _CELL_IN * max(8, len(columns)), 2.9 + _CELL_IN * max(4, len(rows))), dpi=150)
    drawn.set_layout_engine("constrained", h_pad=0.12)  # room for the title above square cells
    axes = drawn.subplots()
    if not cells:
        style.nothing(axes, "no study")
        return drawn
    counts = np.full((len(rows), len(columns)), np.nan)
    for (condition, paradigm), cell in cells.items():
        counts[rows.index(condition), columns.index(paradigm)] = len(cell.studies)
    most = max(2.0, float(np.nanmax(counts)))
    norm, colours = LogNorm(1, most), colormaps["cividis"]
    axes.imshow(counts, norm=norm, cmap=colours, aspect="equal")
    for (condition, paradigm), cell in cells.items():
        y, x = rows.index(condition), columns.index(paradigm)
        dark = norm(len(cell.studies)) < _MIDDLE
        axes.text(x, y - 0.06, str(len(cell.studies)), ha="center", va="center", fontsize=7, color="w" if dark else "k")
        if cell.verified_share:
            axes.barh(y + 0.36, 0.8, 0.12, left=x - 0.4, color="k", alpha=0.45, lw=0)
            axes.barh(y + 0.36, 0.8 * cell.verified_share, 0.12, left=x - 0.4, color="w", lw=0)
    axes.set_xticks(range(len(columns)), [_words(name) for name in columns], rotation=90)
    axes.set_yticks(range(len(rows)), [_words(name) for name in rows])
    style.tidy(axes, "", "", "Studies on each condition by each paradigm")
    axes.set_xticks(np.arange(-0.5, len(columns)), minor=True)
    axes.set_yticks(np.arange(-0.5, len(rows)), minor=True)
    axes.grid(which="minor", color="#e3e3e3", lw=0.4)
    axes.tick_params(which="minor", length=0)
    told = textwrap.wrap(_caption(base, len(cells), len(rows) * len(columns)), int(14 * drawn.get_figwidth()))
    drawn.supxlabel("\n".join(told), fontsize=7, color="#555555", x=0.01, ha="left")
    return drawn


def _caption(base: Base, filled: int, cells: int) -> str:
    verified = sum(one.verified for one in base.checked)
    return (
        f"dystolab {__version__} · {len(base.studies)} studies, {len(base.checked)} findings, {verified} of them "
        f"verified by a second reader (white bars: share in the cell) · {filled} of {cells} cells hold a study · "
        "every study with its DOI or address: `dystolab evidence list`; how they were found and read: docs/evidence.md"
    )


def _words(name: str) -> str:
    return name.replace("_", " ")
