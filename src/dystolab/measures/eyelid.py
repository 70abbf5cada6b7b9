"""Conditioned responses of the lid, as they are counted in mice.

Closure is a fraction of full closure (FEC). Trials are rows of closure each millisecond that begin 200 ms before the
CS; the 200 ms are a trial's baseline, and both criteria count closure above its mean, so that a lid that is held half
closed is no response.

Sources: ten Brinke et al. 2017 (10.7554/eLife.28132), Albergaria et al. 2020 (10.7554/eLife.61821);
docs/sources/eyelid.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dystolab.errors import SpecError

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

BASELINE_MS = 200
TEN_BRINKE_FEC = 0.05
ALBERGARIA_FEC = 0.1
ALBERGARIA_FROM_MS = 100
AFTER_US_MS = 150
"""How long after the time of the US a trial without it is searched for its peak."""


@dataclass(frozen=True, slots=True)
class Closures:
    """What the lid does in each trial.

    A trial is left out (not stable, and no response by either criterion) if its baseline strays from its own mean by
    more than the 5 % that would count as a response. The rule is ours: the sources state none in numbers.

    Attributes
    ----------
    stable : ndarray of bool, shape (n_trials,)
        Trials that count.
    ten_brinke : ndarray of bool, shape (n_trials,)
        Closure of more than 5 % above the baseline's mean between CS and US.
    albergaria : ndarray of bool, shape (n_trials,)
        Closure of at least 0.1 above it between 100 ms after the CS and the US.
    onset_ms : ndarray, shape (n_trials,)
        When the lid leaves the range of its baseline for good before it reaches 5 %, after CS onset; NaN without
        response (ten Brinke).
    peak_ms : ndarray, shape (n_trials,)
        When it is closed most, after CS onset: before the US, or up to 150 ms after its time if there is none. NaN
        without response (ten Brinke).
    peak_fec : ndarray, shape (n_trials,)
        Highest closure in that window above the baseline's mean, in every trial.
    """

    stable: Flags
    ten_brinke: Flags
    albergaria: Flags
    onset_ms: Array
    peak_ms: Array
    peak_fec: Array


def cut(closure_fec: Array, onsets_ms: npt.ArrayLike, stop_ms: int) -> Array:
    """Return closure around each CS onset, from 200 ms before it to `stop_ms` after it.

    Parameters
    ----------
    closure_fec : ndarray, shape (n_ms,)
        Sample k at k ms.
    onsets_ms : array_like, shape (n_trials,)
        Rounded to whole milliseconds.
    stop_ms : int
        Without its sample.

    Returns
    -------
    ndarray, shape (n_trials, 200 + stop_ms)

    Raises
    ------
    SpecError
        If a trial is not within the trace.
    """
    first = np.rint(np.atleast_1d(np.asarray(onsets_ms, dtype=float))).astype(np.int64) - BASELINE_MS
    n_ms = BASELINE_MS + stop_ms
    if first.size and (first.min() < 0 or first.max() + n_ms > closure_fec.size):
        raise SpecError(
            f"closure: trials need {BASELINE_MS} ms before and {stop_ms} ms after each CS within {closure_fec.size} ms"
        )
    trials: Array = closure_fec[first[:, None] + np.arange(n_ms)]
    return trials


def score(trials_fec: Array, paired: Flags, isi_ms: int) -> Closures:
    """Return what the lid does in each trial.

    Parameters
    ----------
    trials_fec : ndarray, shape (n_trials, n_ms)
        As `cut` returns it; at least to the US, and to 150 ms after its time if a trial is without it.
    paired : ndarray of bool, shape (n_trials,)
        Trials with a US.
    isi_ms : int
        From CS onset to the US.

    Raises
    ------
    SpecError
        If the trials end too early.
    """
    needed = BASELINE_MS + isi_ms + (0 if np.all(paired) else AFTER_US_MS)
    if trials_fec.shape[1] < needed:
        raise SpecError(f"closure: trials must have at least {needed} ms, got {trials_fec.shape[1]}")
    mean = trials_fec[:, :BASELINE_MS].mean(axis=1, keepdims=True)
    above = trials_fec - mean
    baseline, after = above[:, :BASELINE_MS], above[:, BASELINE_MS:]
    stable = np.abs(baseline).max(axis=1) <= TEN_BRINKE_FEC
    over = after[:, :isi_ms] > TEN_BRINKE_FEC
    ten_brinke = stable & over.any(axis=1)
    albergaria = stable & (after[:, ALBERGARIA_FROM_MS:isi_ms] >= ALBERGARIA_FEC).any(axis=1)
    onset = np.full(len(after), np.nan)
    for trial in np.flatnonzero(ten_brinke):
        waiting = after[trial, : over[trial].argmax()] <= baseline[trial].max()
        onset[trial] = waiting.size - waiting[::-1].argmax() if waiting.any() else 0
    searched = after[:, : needed - BASELINE_MS].copy()
    searched[np.asarray(paired, dtype=bool), isi_ms:] = -np.inf
    peak = np.where(ten_brinke, searched.argmax(axis=1), np.nan)
    return Closures(stable, ten_brinke, albergaria, onset, peak, searched.max(axis=1))
