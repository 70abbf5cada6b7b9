"""What cells do in the CS, trial by trial, and its mean over blocks of trials."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def window_rates_hz(
    times_ms: Array,
    cells: npt.NDArray[np.integer],
    n_cells: int,
    onsets_ms: npt.ArrayLike,
    start_ms: float,
    stop_ms: float,
) -> Array:
    """Return the rate of each cell in a window of each trial.

    Parameters
    ----------
    times_ms : ndarray, shape (n,)
        Spikes, in order of time.
    cells : ndarray of int, shape (n,)
        Below `n_cells`.
    n_cells : int
    onsets_ms : array_like, shape (n_trials,)
        CS onset of each trial.
    start_ms, stop_ms : float
        Window after the onset, without its end.

    Returns
    -------
    ndarray, shape (n_trials, n_cells)
        Hz.

    Examples
    --------
    >>> window_rates_hz(np.array([150.0, 170.0]), np.array([0, 0]), 2, [100.0], 0.0, 100.0).tolist()
    [[20.0, 0.0]]
    """
    onsets = np.atleast_1d(np.asarray(onsets_ms, dtype=float))
    # Spikes lie on a grid of 0.1 ms; a hair earlier keeps a window's rims from depending on rounding.
    first = np.searchsorted(times_ms, onsets + start_ms - 1e-6)
    last = np.searchsorted(times_ms, onsets + stop_ms - 1e-6)
    counts = [np.bincount(cells[a:b], minlength=n_cells) for a, b in zip(first, last, strict=True)]
    return np.array(counts, dtype=float).reshape(onsets.size, n_cells) * 1000.0 / (stop_ms - start_ms)


def block_means(values: npt.ArrayLike, block: int) -> list[float]:
    """Return the mean of each run of `block` values, the last of which may be shorter.

    Examples
    --------
    >>> block_means([1, 0, 1, 1, 1], 2)
    [0.5, 1.0, 1.0]
    """
    found = np.asarray(values, dtype=float)
    return [float(found[k : k + block].mean()) for k in range(0, found.size, block)]
