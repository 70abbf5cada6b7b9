"""The published rule that tells from nuclear rates whether a trial holds a conditioned response.

Source: 10.3389/fnsys.2022.919761 and its code (github.com/dbbs-lab/dystonia_ebcc, simulation_analysis.py).

The mean spike density (sigma 10 ms) of glutamatergic nuclear cells during the CS is smoothed by a moving
average of 100 ms, without padding, and lowered by its baseline: the "motor output". Its ``cs_ms - 100 + 1``
samples are taken to span the CS, so that a moment t after CS onset is sample ``t (cs_ms - 100)/cs_ms``: 64
for 100 ms and 160 for the US at 250 ms of a CS of 280 ms. The rule is kept as it is published, although a
sample is in fact the mean over the 100 ms that begin as many milliseconds after CS onset.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dystolab.measures.sdf import moving_average, spike_density

Array = npt.NDArray[np.float64]

SIGMA_DCN_MS = 10.0
SIGMA_MS = 20.0
"""Smoothing of spikes: nuclear cells, and all others."""

THRESHOLD_HZ = 3.9
SMOOTH_MS = 100
EARLY_MS = 100
SHARE_ABOVE = 0.75


@dataclass(frozen=True, slots=True)
class Responses:
    """What the rule finds in each trial.

    Attributes
    ----------
    conditioned : ndarray of bool, shape (n_trials,)
        Whether there is a conditioned response.
    early : ndarray of bool, shape (n_trials,)
        Whether the threshold was reached within 100 ms of CS onset, which excludes a conditioned response.
    onset_before_us_ms : ndarray, shape (n_trials,)
        When the output begins the rise that ends at the threshold, before the US; NaN without response, or if
        it rises nowhere.
    peak_hz : ndarray, shape (n_trials,)
        Highest output in the window of conditioned responses.
    """

    conditioned: npt.NDArray[np.bool_]
    early: npt.NDArray[np.bool_]
    onset_before_us_ms: Array
    peak_hz: Array


def baseline_hz(
    times_ms: npt.NDArray[np.floating], n_cells: int, sigma_ms: float, start_ms: float, stop_ms: float
) -> float:
    """Return the mean spike density between naive trial and training, ``start_ms < t <= stop_ms``.

    As published, spikes outside the window are left out, which lowers its rims (by 1 % of the mean for 720 ms
    and 10 ms of smoothing). Unlike there, cells that never fire count as well.
    """
    inside = times_ms[(times_ms > start_ms) & (times_ms <= stop_ms)]
    return float(spike_density(inside, n_cells, sigma_ms, [start_ms], 0, round(stop_ms - start_ms)).mean())


def motor_output_hz(density_hz: Array, baseline: float) -> Array:
    """Return the motor output of each trial.

    Parameters
    ----------
    density_hz : ndarray, shape (n_trials, cs_ms)
        Nuclear spike density during the CS, each millisecond.
    baseline : float
        Hz.

    Returns
    -------
    ndarray, shape (n_trials, cs_ms - 99)
    """
    return moving_average(density_hz, SMOOTH_MS) - baseline


def score(output_hz: Array, cs_ms: int, isi_ms: int) -> Responses:
    """Apply the rule to the motor output of each trial.

    A trial with the output at or above 3.9 Hz before the sample of 100 ms has no conditioned response. It has
    one if a later sample before the US reaches 3.9 Hz, and at least 75 % of those from there to the US do.

    Parameters
    ----------
    output_hz : ndarray, shape (n_trials, cs_ms - 99)
        As `motor_output_hz` returns it.
    cs_ms, isi_ms : int
        Length of the CS, and time from its onset to that of the US.
    """
    ratio = (cs_ms - SMOOTH_MS) / cs_ms
    first, us = int(EARLY_MS * ratio), int(isi_ms * ratio)
    above = output_hz >= THRESHOLD_HZ
    early = np.asarray(above[:, :first].any(axis=1))
    waiting = above[:, first:us]
    reached = waiting.argmax(axis=1)
    lasts = waiting.sum(axis=1) >= SHARE_ABOVE * (us - first - reached)
    conditioned = np.asarray(~early & waiting.any(axis=1) & lasts)
    onset = np.full(len(output_hz), np.nan)
    for trial in np.flatnonzero(conditioned):
        start = _rise(output_hz[trial, : first + reached[trial]])
        if start is not None:
            onset[trial] = np.round((us - start) / ratio)
    return Responses(conditioned, early, onset, output_hz[:, first:us].max(axis=1))


def _rise(before: Array) -> int | None:
    """Return the sample from which `before` rises to its end (its last step aside, as published), if any."""
    step = np.diff(before)
    for k in range(step.size):
        if step[k] > 0 and np.all(step[k:-1] > 0):
            return k + 1
    return None
