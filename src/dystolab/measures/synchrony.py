"""How much cells of a population fire together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
BIN_MS = 10.0
"""Climbing fibres that agree to within 10 ms move the nuclei most (Tang et al. 2019, PMC6326725)."""

_MOST_CELLS = 400
"""Pairs grow with the square of the cells: beyond this an even choice of cells stands for all."""


def pair_correlation(trains: Sequence[Array], start_ms: float, stop_ms: float, bin_ms: float = BIN_MS) -> float:
    """Return the mean Pearson correlation of spike counts over pairs of cells, NaN below 2 firing cells.

    Parameters
    ----------
    trains : sequence of ndarray
        Spike times (ms) of each cell; silent cells have no correlation and are left out.
    start_ms, stop_ms : float
        Of the recording; a last bin that is not whole is left out.
    bin_ms : float
    """
    return _mean_correlation(_counts(_firing(trains), start_ms, stop_ms, bin_ms))


def excess_correlation(
    trains: Sequence[Array],
    start_ms: float,
    stop_ms: float,
    rng: np.random.Generator,
    bin_ms: float = BIN_MS,
    shuffles: int = 20,
) -> float:
    """Return `pair_correlation` above its mean over shuffles, in which trains are rotated in time by chance.

    Rotation keeps each cell's rate and rhythm, so what is left is what cells have in common.
    """
    counts = _counts(_firing(trains), start_ms, stop_ms, bin_ms)
    if counts.shape[0] < 2 or counts.shape[1] < 2:
        return float("nan")
    chance = []
    for _ in range(shuffles):
        rotated = [np.roll(row, int(rng.integers(counts.shape[1]))) for row in counts]
        chance.append(_mean_correlation(np.array(rotated)))
    return _mean_correlation(counts) - float(np.mean(chance))


def _firing(trains: Sequence[Array]) -> list[Array]:
    firing = [train for train in trains if train.size]
    if len(firing) <= _MOST_CELLS:
        return firing
    return [firing[i] for i in np.linspace(0, len(firing) - 1, _MOST_CELLS).round().astype(int)]


def _counts(trains: Sequence[Array], start_ms: float, stop_ms: float, bin_ms: float) -> Array:
    bins = int((stop_ms - start_ms) / bin_ms + 1e-9)
    edges = start_ms + bin_ms * np.arange(bins + 1)
    # A spike on an edge belongs to the bin that begins there, the last one to none.
    rows = [np.diff(np.searchsorted(train, edges - 1e-9)).astype(float) for train in trains]
    return np.array(rows).reshape(len(trains), bins)


def _mean_correlation(counts: Array) -> float:
    varied = counts[counts.std(axis=1) > 0] if counts.size else counts
    n = len(varied)
    if n < 2:
        return float("nan")
    z = (varied - varied.mean(axis=1, keepdims=True)) / varied.std(axis=1, keepdims=True)
    # The sum over all pairs, from the variance of the sum over cells.
    total = float((z.sum(axis=0) ** 2).mean())
    return (total - n) / (n * (n - 1))
