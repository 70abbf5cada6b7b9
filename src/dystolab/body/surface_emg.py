"""Surface EMG of a muscle from the spikes of its motoneurons, and its envelope.

Every spike adds the action potential of its motor unit, biphasic as between two electrodes along the fibres. All units
have one shape; its size grows with the twitch force of the unit. Where units lie under the electrodes, noise and
artefacts are left out. Numbers and sources: ``surface_emg.toml``; the data behind: docs/sources/motor_units.md.
"""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, sosfiltfilt

from dystolab.body import motor_units
from dystolab.circuit import tables
from dystolab.errors import SpecError
from dystolab.seeding import stream

Array = npt.NDArray[np.float64]

SAMPLES_PER_MS = 2
"""Samples of the EMG in a millisecond: above twice its highest frequencies, which end near 500 Hz."""

SHORTEST_MS = 100
"""Shortest recording that has an envelope: one period at its cutoff."""

_FILE = Path(__file__).with_name("surface_emg.toml")
_STRONGEST_MS = 8000
"""Length of the contraction to which others are compared."""

_CV = 0.2
"""Variation of a unit's intervals in it, over their mean (docs/sources/motor_units.md)."""

_PHASES = 6
"""Half distances of its peaks that an action potential lasts, to 5 % of the peaks."""

_REACH = 4
"""Half distances of its peaks, to each side, after which it is over (0.2 % of the peaks)."""


def potential_uv(times_ms: Array, cells: npt.NDArray[np.integer], n_units: int, n_ms: int) -> Array:
    """Return the EMG of one muscle.

    Parameters
    ----------
    times_ms : ndarray, shape (n,)
        Spikes of the pool's motoneurons, from 0 on, in any order.
    cells : ndarray of int, shape (n,)
        Unit of each, weakest first, as in `motor_units.activation`.
    n_units, n_ms : int
        Units of the pool, silent ones included, and length of the trace.

    Returns
    -------
    ndarray, shape (n_ms * SAMPLES_PER_MS,)
        In microvolts; the first sample is at 0 ms.

    Raises
    ------
    SpecError
        If the trace is empty, or a spike lies before 0 or comes from no unit of the pool.

    Source: sum of unit potentials as in 10.1152/jn.1993.70.6.2470 (docs/sources/motor_units.md).

    Examples
    --------
    >>> emg = potential_uv(np.array([6.0]), np.array([99]), 100, 50)
    >>> float(emg.max().round()), float(emg.min().round())
    (420.0, -420.0)
    """
    sizes = amplitude_uv(n_units)
    times, cells = motor_units.checked_spikes("surface EMG", times_ms, cells, n_units, n_ms)
    n = n_ms * SAMPLES_PER_MS
    sample = np.rint((times + motor_units.delay_ms()) * SAMPLES_PER_MS).astype(np.int64)
    seen = sample < n
    impulses = np.bincount(sample[seen], sizes[cells[seen]], n)
    wave = _action_potential(_numbers().section("action_potential").number("duration", "ms"))
    reach = wave.size // 2
    return np.convolve(impulses, wave)[reach : reach + n]


def amplitude_uv(n_units: int) -> Array:
    """Return the peaks of the units' action potentials, shape (n_units,), weakest unit first.

    Raises
    ------
    SpecError
        If there are fewer than 2 units.
    """
    size = _numbers().section("action_potential")
    force = motor_units.pool(n_units).twitch_force
    amplitude: Array = size.number("weakest", "uV") * force ** size.number("growth", "1")
    return amplitude


@functools.cache
def strongest_uv(n_units: int) -> float:
    """Return the mean envelope of a muscle in its strongest voluntary contraction, to which others are compared.

    All units fire at their highest rates, each by itself, with intervals that vary as those of people's units.

    Raises
    ------
    SpecError
        If there are fewer than 2 units.

    Examples
    --------
    >>> strongest_uv(60) > 5 * float(amplitude_uv(60)[0])
    True
    """
    rates = motor_units.pool(n_units).highest_hz
    draw, most = stream(0, "surface_emg", "strongest"), int(_STRONGEST_MS / 1000 * 2 * rates.max())
    # Gamma intervals, in mean intervals; the first is cut short, so that units start at any phase.
    gaps = draw.gamma(_CV**-2, _CV**2, (n_units, most))
    gaps[:, 0] *= draw.uniform(size=n_units)
    times = np.cumsum(gaps, axis=1) * (1000.0 / rates[:, None])
    cells = np.repeat(np.arange(n_units), most).reshape(times.shape)
    seen = times < _STRONGEST_MS
    return float(envelope_uv(potential_uv(times[seen], cells[seen], n_units, _STRONGEST_MS)).mean())


def envelope_uv(potential_uv: Array) -> Array:
    """Return the rectified and smoothed EMG, which is neither early nor late.

    Parameters
    ----------
    potential_uv : ndarray, shape (n_ms * SAMPLES_PER_MS,)
        EMG of at least `SHORTEST_MS`.

    Returns
    -------
    ndarray, shape (n_ms,)
        In microvolts, not below 0; sample k is at k ms.

    Raises
    ------
    SpecError
        If it is too short, not finite, or no whole number of milliseconds.

    Source: https://bio-protocol.org/exchange/minidetail?id=9333109&type=30.

    Examples
    --------
    >>> envelope_uv(np.full(1000, -3.0))[[0, 250]].round(6).tolist()
    [3.0, 3.0]
    """
    emg = np.asarray(potential_uv, dtype=np.float64)
    if emg.ndim != 1 or emg.size % SAMPLES_PER_MS or emg.size < SHORTEST_MS * SAMPLES_PER_MS:
        raise SpecError(
            f"surface EMG: an envelope needs at least {SHORTEST_MS} whole ms of {SAMPLES_PER_MS} samples, "
            f"got an array of shape {emg.shape}"
        )
    if not np.isfinite(emg).all():
        raise SpecError("surface EMG: the recording has samples that are not finite")
    cutoff_hz = _numbers().section("envelope").number("cutoff", "Hz")
    # Run forwards and backwards, the second order becomes the fourth.
    low_pass = butter(2, cutoff_hz, fs=1000.0 * SAMPLES_PER_MS, output="sos")
    smooth = sosfiltfilt(low_pass, np.abs(emg))
    envelope: Array = np.maximum(smooth[::SAMPLES_PER_MS], 0.0)
    return envelope


def _action_potential(duration_ms: float) -> Array:
    """Return a biphasic wave around its middle, with peaks of 1 and -1, on the grid of the EMG."""
    half_ms = duration_ms / _PHASES
    reach = round(_REACH * half_ms * SAMPLES_PER_MS)
    x = np.arange(-reach, reach + 1) / (half_ms * SAMPLES_PER_MS)
    wave: Array = -x * np.exp((1.0 - x**2) / 2)
    return wave


@functools.cache
def _numbers() -> tables.Section:
    return tables.read(_FILE).root
