"""Spike density: the rate of a population in time, each spike smoothed by a Gaussian."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
GRID_MS = 0.1
"""Spikes are put on this grid first; the engine's are on it already."""

_REACH = 6.0
"""Standard deviations after which a spike counts for nothing (1e-8 of its peak)."""


def spike_density(
    times_ms: npt.NDArray[np.floating],
    n_cells: int,
    sigma_ms: float,
    onsets_ms: npt.ArrayLike,
    start_ms: int,
    stop_ms: int,
) -> Array:
    """Return the mean spike density of a population around each of several moments.

    Parameters
    ----------
    times_ms : ndarray, shape (n,)
        Spikes of all cells, in order of time.
    n_cells : int
        Cells that were recorded, silent ones included.
    sigma_ms : float
        Standard deviation of the Gaussian.
    onsets_ms : array_like, shape (n_onsets,)
        Moments that become 0.
    start_ms, stop_ms : int
        Window around each, sampled every millisecond, without `stop_ms`.

    Returns
    -------
    ndarray, shape (n_onsets, stop_ms - start_ms)
        Hz.

    Examples
    --------
    >>> density = spike_density(np.array([100.0]), 1, 10.0, [100.0], -60, 61)
    >>> int(density.argmax()), round(float(density.sum()) / 1000, 6)
    (60, 1.0)
    """
    reach = int(np.ceil(_REACH * sigma_ms))
    bins = round((stop_ms - start_ms + 2 * reach) / GRID_MS)
    counts = np.array([_binned(times_ms, onset + start_ms - reach, bins) for onset in np.atleast_1d(onsets_ms)])
    per_ms = round(1.0 / GRID_MS)
    away = GRID_MS * np.arange(-reach * per_ms, reach * per_ms + 1) / sigma_ms
    kernel = np.exp(-0.5 * away**2) / (np.sqrt(2 * np.pi) * sigma_ms)
    # What lies within reach of each millisecond, without copying it.
    near = np.lib.stride_tricks.sliding_window_view(counts, kernel.size, axis=1)[:, ::per_ms]
    density: Array = near @ kernel * (1000.0 / n_cells)
    return density


def moving_average(values: Array, samples: int) -> Array:
    """Return the mean of each run of `samples` values along the last axis; shorter by ``samples - 1``."""
    total = np.cumsum(values, axis=-1, dtype=np.float64)
    head = total[..., samples - 1 : samples]
    rest: Array = np.concatenate([head, total[..., samples:] - total[..., :-samples]], axis=-1)
    return rest / samples


def _binned(times_ms: npt.NDArray[np.floating], start_ms: float, bins: int) -> Array:
    a, b = np.searchsorted(times_ms, [start_ms - GRID_MS, start_ms + bins * GRID_MS])
    index = np.rint((times_ms[a:b].astype(np.float64) - start_ms) / GRID_MS).astype(np.int64)
    return np.bincount(index[(index >= 0) & (index < bins)], minlength=bins).astype(float)
