"""Which nuclear cells take part in the conditioned response, and how far they lead the lid.

Source: ten Brinke et al. 2017 (10.7554/eLife.28132), as read in docs/sources/eyelid.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d

from dystolab.errors import SpecError
from dystolab.measures.eyelid import BASELINE_MS as LID_BASELINE_MS

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

BASELINE_MS = 500
LATE_MS = 200
SMOOTH_MS = 5.0
THRESHOLD_HZ = 5.0
LAGS_MS = 100
"""The longest lead or lag that is looked for."""


@dataclass(frozen=True, slots=True)
class Units:
    """Nuclear cells by what they do before the US.

    Attributes
    ----------
    facilitating, suppressed : ndarray of bool, shape (n_cells,)
        Cells with a facilitation, or a suppression, of at least 5 Hz; one that shows both has the larger.
    facilitating_fraction, suppressed_fraction : float
        Of all cells.
    facilitation_hz, suppression_hz : float
        Mean over the cells of the class, both positive; NaN if there is none.
    lead_ms : float
        By how much the mean rate of facilitating cells leads the mean lid; NaN if one of them does not change.
    """

    facilitating: Flags
    suppressed: Flags
    facilitating_fraction: float
    suppressed_fraction: float
    facilitation_hz: float
    suppression_hz: float
    lead_ms: float


def ten_brinke(
    times_ms: Array,
    cells: npt.NDArray[np.integer],
    n_cells: int,
    onsets_ms: npt.ArrayLike,
    isi_ms: int,
    trials_fec: Array,
) -> Units:
    """Classify nuclear cells by their mean rate over trials, smoothed by 5 ms.

    A cell's facilitation is its mean rate above baseline (0 where it is below) in the last 200 ms before the US, less
    the same of the baseline itself, which noise alone brings about; suppression is its mirror image.

    Parameters
    ----------
    times_ms : ndarray, shape (n,)
        Spikes, in order of time.
    cells : ndarray of int, shape (n,)
        Below `n_cells`.
    n_cells : int
    onsets_ms : array_like, shape (n_trials,)
        CS onset of each trial.
    isi_ms : int
        From CS onset to the US.
    trials_fec : ndarray, shape (n_trials, n_ms)
        The lid in the same trials, as `measures.eyelid.cut` returns it, at least to the US.

    Raises
    ------
    SpecError
        If there is no trial, or none of the recording before the first CS.
    """
    onsets = np.atleast_1d(np.asarray(onsets_ms, dtype=float))
    before = min(BASELINE_MS, int(onsets.min())) if onsets.size else 0
    if before < 1:
        raise SpecError("nuclear units: need a trial, and at least 1 ms of recording before the first CS")
    rates = _mean_rates_hz(times_ms, cells, n_cells, onsets, before, isi_ms)
    change = rates - rates[:, :before].mean(axis=1, keepdims=True)
    up, down = _beyond_baseline(change, before, isi_ms), _beyond_baseline(-change, before, isi_ms)
    facilitating, suppressed = (up >= THRESHOLD_HZ) & (up >= down), (down >= THRESHOLD_HZ) & (down > up)
    lead = np.nan
    if facilitating.any():
        shared = min(before, LID_BASELINE_MS)
        lid = trials_fec.mean(axis=0)[LID_BASELINE_MS - shared : LID_BASELINE_MS + isi_ms]
        lead = lead_ms(change[facilitating].mean(axis=0)[before - shared :], lid)
    return Units(
        facilitating,
        suppressed,
        float(facilitating.mean()),
        float(suppressed.mean()),
        float(up[facilitating].mean()) if facilitating.any() else np.nan,
        float(down[suppressed].mean()) if suppressed.any() else np.nan,
        lead,
    )


def lead_ms(rate_hz: Array, lid_fec: Array) -> float:
    """Return the lag, within 100 ms, at which the lid correlates most with the rate; above 0 if the rate leads.

    At each lag the correlation is Pearson's over the samples that both have, so that it does not fall with the lag.

    Parameters
    ----------
    rate_hz, lid_fec : ndarray, shape (n_ms,)
        At the same times.

    Returns
    -------
    float
        NaN if either is constant.
    """
    n_ms = rate_hz.size
    longest = min(LAGS_MS, n_ms // 2)
    best, lead = -np.inf, np.nan
    for lag in range(-longest, longest + 1):
        rate, lid = rate_hz[max(0, -lag) : n_ms - max(0, lag)], lid_fec[max(0, lag) : n_ms - max(0, -lag)]
        if np.ptp(rate) > 0 and np.ptp(lid) > 0:
            found = float(np.corrcoef(rate, lid)[0, 1])
            if found > best:
                best, lead = found, float(lag)
    return lead


def _mean_rates_hz(
    times_ms: Array, cells: npt.NDArray[np.integer], n_cells: int, onsets_ms: Array, before_ms: int, isi_ms: int
) -> Array:
    """Return each cell's mean rate over trials from `before_ms` before the CS to the US, shape (n_cells, n_ms)."""
    n_ms = before_ms + isi_ms
    counts = np.zeros((n_cells, n_ms))
    for start in onsets_ms - before_ms:
        # Spikes lie on a grid of 0.1 ms; a hair earlier keeps a bin's rims from depending on rounding.
        a, b = np.searchsorted(times_ms, [start - 1e-6, start + n_ms - 1e-6])
        bins = np.floor(times_ms[a:b] - start + 1e-6).astype(np.int64)
        np.add.at(counts, (cells[a:b], bins), 1.0)
    # Padded with its own rim: nothing of the response to the US may reach back before it.
    smooth: Array = gaussian_filter1d(counts, SMOOTH_MS, axis=1, mode="nearest")
    return smooth * 1000.0 / onsets_ms.size


def _beyond_baseline(change_hz: Array, before_ms: int, isi_ms: int) -> Array:
    above = np.maximum(change_hz, 0.0)
    late: Array = above[:, -min(LATE_MS, isi_ms) :].mean(axis=1) - above[:, :before_ms].mean(axis=1)
    return late
