"""Rate and regularity of each cell of a population."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
MIN_SPIKES = 5
"""A cell with fewer spikes has no meaningful distribution of intervals: NaN."""


def by_cell(
    times_ms: npt.NDArray[np.floating], cells: npt.NDArray[np.integer], recorded: npt.NDArray[np.integer]
) -> list[Array]:
    """Return the train of each recorded cell, empty for a silent one.

    Parameters
    ----------
    times_ms : ndarray, shape (n,)
        In order of time.
    cells : ndarray of int, shape (n,)
    recorded : ndarray of int, shape (n_cells,)
        The cells, sorted.

    Returns
    -------
    list of ndarray
        Times (ms) of each cell of `recorded`.
    """
    order = np.argsort(cells, kind="stable")
    times, owner = np.asarray(times_ms, dtype=np.float64)[order], np.asarray(cells)[order]
    first = np.searchsorted(owner, recorded, side="left")
    last = np.searchsorted(owner, recorded, side="right")
    return [times[a:b] for a, b in zip(first, last, strict=True)]


def rates_hz(trains: Sequence[Array], duration_ms: float) -> Array:
    """Return the rate of each train, Hz."""
    return np.array([train.size for train in trains], dtype=float) * 1000.0 / duration_ms


def isi_cv(trains: Sequence[Array], min_spikes: int = MIN_SPIKES) -> Array:
    """Return the coefficient of variation of each train's interspike intervals (NaN below `min_spikes`).

    Examples
    --------
    >>> isi_cv([np.array([0.0, 10.0, 20.0, 30.0, 40.0])]).tolist()
    [0.0]
    """
    return _each(trains, min_spikes, lambda isi: isi.std() / isi.mean())


def isi_cv2(trains: Sequence[Array], min_spikes: int = MIN_SPIKES) -> Array:
    """Return the mean of ``2 |b - a| / (a + b)`` over successive intervals a, b of each train.

    Source: 10.1152/jn.1996.75.5.1806 (Holt et al. 1996).
    """
    return _each(trains, min_spikes, lambda isi: (2 * np.abs(np.diff(isi)) / (isi[1:] + isi[:-1])).mean())


def isi_skewness(trains: Sequence[Array], min_spikes: int = MIN_SPIKES) -> Array:
    """Return ``2 (1/median - rate) / (1/median + rate)`` of each train: 0 if regular, towards 2 for bursts.

    ``rate`` is one over the mean interval. Source: 10.7554/eLife.91483 (van der Heijden et al. 2024).
    """

    def skewness(isi: Array) -> float:
        typical, rate = 1.0 / np.median(isi), 1.0 / isi.mean()
        return float(2 * (typical - rate) / (typical + rate))

    return _each(trains, min_spikes, skewness)


def isi_fraction_above(trains: Sequence[Array], limit_ms: float = 25.0, min_spikes: int = MIN_SPIKES) -> Array:
    """Return the share of each train's intervals that are longer than `limit_ms`.

    Source: 10.7554/eLife.91483.
    """
    return _each(trains, min_spikes, lambda isi: float((isi > limit_ms).mean()))


def _each(trains: Sequence[Array], min_spikes: int, of_intervals: Callable[[Array], float]) -> Array:
    enough = max(min_spikes, 3)  # two intervals are the least that vary
    return np.array([of_intervals(np.diff(t)) if t.size >= enough else np.nan for t in trains], dtype=float)
