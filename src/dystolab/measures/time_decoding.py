"""How well the time since a stimulus can be read from spikes by cells that can only be excited.

The read-out is a row of units, each wanting to be active around a time of its own. Their weights are not negative, as
those of parallel fibres onto Purkinje cells; a constant input stands for the firing that such a cell has by itself.
Weights are fitted on some trials and tested on others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls
from scipy.signal import lfilter

Array = npt.NDArray[np.float64]

BIN_MS = 5
FILTER_MS = 20.0
"""Time constant with which a read-out cell follows its input: about that of a Purkinje cell's membrane and synapses."""

MARGIN_MS = 60
"""Units stand up to so long before and twice so long after the window, so that its ends are no walls."""

SPACING_MS = 20
CONSTANT = 0.3
RIDGE = 0.01
"""Of the mean square of a cell's input, added to the squares of the weights."""

TRAINED = 0.7
"""Share of the trials, the first, on which the weights are fitted."""


@dataclass(frozen=True, slots=True)
class Readout:
    """What the read-out tells on the trials that it was not fitted on.

    Attributes
    ----------
    true_ms : ndarray, shape (n_times,)
        Time since the onset, in the window.
    estimate_ms : ndarray, shape (n_test, n_times)
    """

    true_ms: Array
    estimate_ms: Array

    @property
    def error_ms(self) -> Array:
        """Root of the mean squared error at each time, (n_times,)."""
        return np.asarray(np.sqrt(np.mean((self.estimate_ms - self.true_ms) ** 2, axis=0)))


def inputs(
    times_ms: Array,
    cells: npt.NDArray[np.integer],
    recorded: npt.NDArray[np.integer],
    onsets_ms: Array,
    start_ms: int,
    stop_ms: int,
) -> npt.NDArray[np.float32]:
    """Return what each recorded cell gives to a read-out cell: its spikes, each fading with `FILTER_MS`.

    Parameters
    ----------
    times_ms, cells : ndarray, shape (n,)
        Spikes.
    recorded : ndarray of int, shape (n_cells,)
        Sorted.
    onsets_ms : ndarray, shape (n_trials,)
    start_ms, stop_ms : int
        From the onset.

    Returns
    -------
    ndarray of float32, shape (n_trials, n_bins, n_cells)
        In bins of `BIN_MS`.
    """
    warm = int(5 * FILTER_MS)
    bins = (stop_ms - start_ms + warm) // BIN_MS
    counts = np.zeros((len(onsets_ms), bins, len(recorded)), np.float32)
    column = np.searchsorted(recorded, cells)
    for trial, onset in enumerate(onsets_ms):
        first, last = np.searchsorted(times_ms, [onset + start_ms - warm, onset + stop_ms])
        row = ((times_ms[first:last] - (onset + start_ms - warm)) / BIN_MS).astype(np.int64)
        np.add.at(counts[trial], (np.minimum(row, bins - 1), column[first:last]), 1.0)
    fade = np.exp(-BIN_MS / FILTER_MS)
    faded: npt.NDArray[np.float32] = lfilter([1.0], [1.0, -fade], counts, axis=1).astype(np.float32)
    return faded[:, warm // BIN_MS :]


def read_time(
    times_ms: Array,
    cells: npt.NDArray[np.integer],
    recorded: npt.NDArray[np.integer],
    onsets_ms: Array,
    window_ms: int,
) -> Readout:
    """Fit a non-negative read-out on the first trials and let it tell the time in the others.

    Parameters
    ----------
    times_ms, cells : ndarray, shape (n,)
        Spikes, in order of time.
    recorded : ndarray of int, shape (n_cells,)
        The cells that it may use, sorted.
    onsets_ms : ndarray, shape (n_trials,)
    window_ms : int
        Elapsed time is to be told from 0 to here.
    """
    start, stop = -MARGIN_MS, window_ms + 2 * MARGIN_MS
    x = inputs(times_ms, cells, recorded, onsets_ms, start, stop)
    x = np.concatenate([x, np.full((*x.shape[:2], 1), CONSTANT, np.float32)], axis=2)
    # A bin tells of the time at its end.
    true = start + BIN_MS * np.arange(1.0, x.shape[1] + 1.0)
    centres = np.arange(start, stop + 1, SPACING_MS, dtype=float)
    trained = round(TRAINED * len(onsets_ms))
    weights = fit(x[:trained], np.exp(-0.5 * ((true[:, None] - centres) / SPACING_MS) ** 2))
    inside = (true >= 0) & (true <= window_ms)
    active = np.maximum(x[trained:, inside] @ weights, 1e-9) ** 2
    return Readout(true[inside], np.asarray(active @ centres / active.sum(axis=2), float))


def fit(x: npt.NDArray[np.float32], wanted: Array) -> Array:
    """Return the weights >= 0, (n_inputs, n_units), that bring inputs nearest to what each unit wants.

    Parameters
    ----------
    x : ndarray, shape (n_trials, n_times, n_inputs)
    wanted : ndarray, shape (n_times, n_units)
        The same in every trial.
    """
    n = x.shape[2]
    square = np.einsum("tbi,tbj->ij", x, x, optimize=True).astype(float)
    square[np.diag_indices(n)] += RIDGE * np.trace(square) / n
    root = np.linalg.cholesky(square)
    towards = np.linalg.solve(root, x.sum(axis=0, dtype=float).T @ wanted)
    return np.stack([nnls(root.T, unit, maxiter=100 * n)[0] for unit in towards.T], axis=1)
