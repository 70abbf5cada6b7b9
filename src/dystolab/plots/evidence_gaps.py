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
    """Return the map: colour and number are studies, a bar the share of findings that are verified if not all are.

    Paradigms stand below one another, since there are more of them: narrow enough to be read on a page.
    """
    cells = gaps.cells(base)
    columns = [name for name in base.vocabulary.conditions if any(c == name for c, _ in cells)]
    rows = [name for name in base.vocabulary.paradigms if any(p == name for _, p in cells)]
    drawn = Figure(figsize=(2.6 + _CELL_IN * max(8, len(columns)), 3.2 + _CELL_IN * max(4, len(rows))), dpi=110)
    drawn.set_layout_engine("constrained", h_pad=0.12)  # room for the title above square cells
    axes = drawn.subplots()
    if not cells:
        style.nothing(axes, "no study")
        return drawn
    counts = np.full((len(rows), len(columns)), np.nan)
    for (condition, paradigm), cell in cells.items():
        counts[rows.index(paradigm), columns.index(condition)] = len(cell.studies)
    most = max(2.0, float(np.nanmax(counts)))
    norm, colours = LogNorm(1, most), colormaps["cividis"]
    axes.imshow(counts, norm=norm, cmap=colours, aspect="equal")
    for (condition, paradigm), cell in cells.items():
        y, x = rows.index(paradigm), columns.index(condition)
        dark = norm(len(cell.studies)) < _MIDDLE
        axes.text(
            x, y - 0.06, str(len(cell.studies)), ha="center", va="center", fontsize=10, color="w" if dark else "k"
        )
        share = cell.verified_share or 0.0
        if share < 1:
            axes.barh(y + 0.4, 0.84, 0.13, left=x - 0.42, color="k", alpha=0.6, lw=0)
            axes.barh(y + 0.4, 0.84 * share, 0.13, left=x - 0.42, color="w", lw=0)
    axes.set_xticks(range(len(columns)), [_words(name) for name in columns], rotation=90)
    axes.set_yticks(range(len(rows)), [_words(name) for name in rows])
    style.tidy(axes, "", "", "Studies on each condition (columns) by each paradigm (rows)")
    axes.set_xticks(np.arange(-0.5, len(columns)), minor=True)
    axes.set_yticks(np.arange(-0.5, len(rows)), minor=True)
    axes.grid(which="minor", color="#e3e3e3", lw=0.4)
    axes.tick_params(which="minor", length=0)
    axes.tick_params(which="major", labelsize=10)
    told = textwrap.wrap(_caption(base, len(cells), len(rows) * len(columns)), int(10.5 * drawn.get_figwidth()))
    drawn.supxlabel("\n".join(told), fontsize=9.5, color="#555555", x=0.01, ha="left")
    return drawn


def _caption(base: Base, filled: int, cells: int) -> str:
    verified = sum(one.verified for one in base.checked)
    return (
        f"dystolab {__version__} · {len(base.studies)} studies, {len(base.checked)} findings, {verified} of them "
        f"verified by a second reader (bar: not all in the cell are; its white part is the share that is; black: no "
        f"result could be read or verified) · {filled} of {cells} cells hold a study · "
        "every study with its DOI or address: `dystolab evidence list`; how they were found and read: docs/evidence.md"
    )


def _words(name: str) -> str:
    return name.replace("_", " ")
