"""Which nuclear cells take part in the conditioned response, and how far they lead the lid.

Sources: ten Brinke et al. 2017 (10.7554/eLife.28132) and 2015 (10.1016/j.celrep.2015.10.057), as read in
docs/sources/eyelid.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d

from dystolab.errors import SpecError
from dystolab.measures.eyelid import BASELINE_MS as LID_BASELINE_MS
from dystolab.seeding import stream

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

BASELINE_MS = 500
LATE_MS = 200
SMOOTH_MS = 5.0
THRESHOLD_HZ = 5.0
LONGEST_MS = 100
"""Leads and lags of up to so long are looked for."""
LID_MS = 150
"""The lid is taken over so long before the US, where responses are."""
FEWEST_MS = 50
"""A lead or lag at which fewer moments can be compared is not looked for."""
SHUFFLES = 19
"""Rate and lid must go together more than with the trials of the lid in as many other orders: p = .05."""


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
        By how much the rate of facilitating cells leads the lid, trial by trial; NaN if there is none, or if the two
        do not go together.
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
    by_trial = _rates_hz(times_ms, cells, n_cells, onsets, before, isi_ms)
    rates = by_trial.mean(axis=1)
    change = rates - rates[:, :before].mean(axis=1, keepdims=True)
    up, down = _beyond_baseline(change, before, isi_ms), _beyond_baseline(-change, before, isi_ms)
    facilitating, suppressed = (up >= THRESHOLD_HZ) & (up >= down), (down >= THRESHOLD_HZ) & (down > up)
    lid = trials_fec[:, LID_BASELINE_MS : LID_BASELINE_MS + isi_ms]
    lead = lead_ms(by_trial[facilitating][:, :, before:], lid)
    return Units(
        facilitating,
        suppressed,
        float(facilitating.mean()),
        float(suppressed.mean()),
        float(up[facilitating].mean()) if facilitating.any() else np.nan,
        float(down[suppressed].mean()) if suppressed.any() else np.nan,
        lead,
    )


def lead_ms(rates_hz: Array, trials_fec: Array) -> float:
    """Return the lead of the rate at which rate and lid go together most, trial by trial; below 0 if it lags.

    Over trials, Pearson's correlation of a cell's rate at one moment with the lid at another makes a matrix; the mean
    over cells is averaged along each diagonal, which is one lead.

    Parameters
    ----------
    rates_hz : ndarray, shape (n_cells, n_trials, n_ms)
        From the CS to the US.
    trials_fec : ndarray, shape (n_trials, n_ms)
        At the same times.

    Returns
    -------
    float
        NaN if there is no cell, if trials do not differ, or if the rate goes with the lids of other trials as well.

    Source: 10.1016/j.celrep.2015.10.057 (docs/sources/eyelid.md).
    """
    if not rates_hz.size:
        return np.nan
    rate = _over_trials(rates_hz.swapaxes(0, 1)).mean(axis=1)
    lid = _over_trials(trials_fec)
    together, lead = _best(rate, lid)
    orders = stream(0, "nuclear_units", "shuffles")
    by_chance = max(_best(rate, orders.permutation(lid))[0] for _ in range(SHUFFLES))
    return lead if together > by_chance else np.nan


def _best(rate: Array, lid: Array) -> tuple[float, float]:
    """Return the largest mean correlation along a diagonal, and the lead that it stands for."""
    matrix = rate.T @ lid / len(lid)
    n_ms = len(matrix)
    from_ms, longest = max(n_ms - LID_MS, 0), min(LONGEST_MS, n_ms - FEWEST_MS)
    best, lead = 0.0, np.nan
    for lag in range(-longest, longest + 1):
        at = np.arange(max(from_ms, lag), n_ms + min(lag, 0))
        if at.size >= FEWEST_MS and (mean := float(matrix[at - lag, at].mean())) > best:
            best, lead = mean, float(lag)
    return best, lead


def _over_trials(values: Array) -> Array:
    """Return `values` less their mean over trials, the first axis, in SDs over trials; 0 where trials do not differ."""
    away = values - values.mean(axis=0)
    sd = away.std(axis=0)
    return np.asarray(np.divide(away, sd, out=np.zeros_like(away), where=sd > 1e-9))


def _rates_hz(
    times_ms: Array, cells: npt.NDArray[np.integer], n_cells: int, onsets_ms: Array, before_ms: int, isi_ms: int
) -> Array:
    """Return each cell's rate in each trial, from `before_ms` before the CS to the US, (n_cells, n_trials, n_ms)."""
    n_ms = before_ms + isi_ms
    counts = np.zeros((n_cells, onsets_ms.size, n_ms))
    for trial, start in enumerate(onsets_ms - before_ms):
        # Spikes lie on a grid of 0.1 ms; a hair earlier keeps a bin's rims from depending on rounding.
        a, b = np.searchsorted(times_ms, [start - 1e-6, start + n_ms - 1e-6])
        bins = np.floor(times_ms[a:b] - start + 1e-6).astype(np.int64)
        np.add.at(counts[:, trial], (cells[a:b], bins), 1.0)
    # Padded with its own rim: nothing of the response to the US may reach back before it.
    smooth: Array = gaussian_filter1d(counts, SMOOTH_MS, axis=2, mode="nearest")
    return smooth * 1000.0


def _beyond_baseline(change_hz: Array, before_ms: int, isi_ms: int) -> Array:
    above = np.maximum(change_hz, 0.0)
    late: Array = above[:, -min(LATE_MS, isi_ms) :].mean(axis=1) - above[:, :before_ms].mean(axis=1)
    return late
