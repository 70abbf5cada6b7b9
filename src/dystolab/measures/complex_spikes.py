"""Complex and simple spikes of Purkinje cells, told apart by the climbing fibre's arrival."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[np.float64]
Cells = npt.NDArray[np.int32]

WINDOW_MS = 8.0
"""Spikes so long after an arrival belong to the complex spike."""

BURST_MS = 10.0
"""Arrivals closer than this are one climbing-fibre burst, and one complex spike."""


def arrivals(
    olive_ms: Times, olive_cells: Cells, pre: Cells, post: Cells, delay_ms: npt.NDArray[np.floating]
) -> tuple[Times, Cells]:
    """Return when climbing-fibre spikes reach which Purkinje cell.

    Parameters
    ----------
    olive_ms, olive_cells : ndarray, shape (n,)
        Spikes of the olive, in order of time.
    pre, post : ndarray of int, shape (n_edges,)
        Olivary and Purkinje cell of each climbing fibre.
    delay_ms : ndarray, shape (n_edges,) or (1,)

    Returns
    -------
    times_ms : ndarray of float64
        Sorted by Purkinje cell, then time.
    cells : ndarray of int32
    """
    delay = np.broadcast_to(np.asarray(delay_ms, np.float64), pre.shape)
    order = np.argsort(olive_cells, kind="stable")
    of_cell = olive_cells[order]
    first, last = np.searchsorted(of_cell, pre, "left"), np.searchsorted(of_cell, pre, "right")
    times = [olive_ms[order[a:b]] + d for a, b, d in zip(first, last, delay, strict=True)]
    cells = np.repeat(post, last - first).astype(np.int32)
    joined = np.concatenate([np.zeros(0), *times])
    by_cell = np.lexsort((joined, cells))
    return joined[by_cell], cells[by_cell]


def simple_spikes(
    times_ms: Times, cells: Cells, arrival_ms: Times, arrival_cells: Cells, window_ms: float = WINDOW_MS
) -> tuple[Times, Cells]:
    """Return the spikes that are not within [0, `window_ms`) after an arrival at the same cell.

    Parameters
    ----------
    times_ms, cells : ndarray, shape (n,)
        Spikes of Purkinje cells.
    arrival_ms, arrival_cells : ndarray, shape (m,)
        As `arrivals` returns them.

    Examples
    --------
    >>> spikes, of = np.array([1.0, 5.0, 12.9, 13.0]), np.zeros(4, np.int32)
    >>> simple_spikes(spikes, of, np.array([5.0]), np.zeros(1, np.int32))[0].tolist()
    [1.0, 13.0]
    """
    if not arrival_ms.size or not times_ms.size:
        return times_ms, cells
    # One axis for all cells: each cell's time line is moved past the end of the one before.
    span = max(float(times_ms.max()), float(arrival_ms.max())) + window_ms + 1.0
    line = times_ms + span * cells
    arrived = arrival_ms + span * arrival_cells
    # Times are on a grid, but their sums are not exact: a spike at the moment of arrival belongs to it.
    latest = np.searchsorted(arrived, line + 1e-6, side="right") - 1
    since = np.where(latest >= 0, line - arrived[np.maximum(latest, 0)], np.inf)
    keep = since > window_ms - 1e-6
    return times_ms[keep], cells[keep]


def events(arrival_ms: Times, arrival_cells: Cells, burst_ms: float = BURST_MS) -> tuple[Times, Cells]:
    """Return the first arrival of each climbing-fibre burst, sorted by cell, then time."""
    if not arrival_ms.size:
        return arrival_ms, arrival_cells
    fresh = (np.diff(arrival_ms) >= burst_ms) | (np.diff(arrival_cells) != 0)
    first = np.concatenate([[True], fresh])
    return arrival_ms[first], arrival_cells[first]
