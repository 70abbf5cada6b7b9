"""The eyelid: how far it is closed, and the EMG of its muscle, from spikes of its motoneurons.

Each spike reaches the muscle after a conduction delay and adds a twitch, an alpha function of unit area; their sum
over the pool, per motoneuron, is the drive in Hz. It pulls in proportion, up to the full force that closes the lid. The
lid follows the pull through two first-order stages. The second is fast while it closes and slow while its target lies
below it, for the muscle pulls the lid shut, and only passive tissue and a tonic levator open it. Numbers and their
sources: ``eyelid.toml``; the data behind: docs/sources/eyelid.md.

The pull is bounded, not the lid: a lid that runs against a stop would close the faster the stronger the burst is (8 ms
for 300 Hz), and mice close in 30 ms.

Since closing is faster than reopening, the lid keeps to the upper rim of a drive that fluctuates: a small pool at a
low rate closes the lid further than its mean rate says.
"""

from __future__ import annotations

import functools
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy.ndimage import gaussian_filter1d

from dystolab.circuit import tables
from dystolab.errors import SpecError
from dystolab.seeding import stream

Array = npt.NDArray[np.float64]

_FILE = Path(__file__).with_name("eyelid.toml")
_PER_MS = 10
"""Samples of the EMG in a millisecond, before it is smoothed: the grid of the engine's spikes."""

_REACH = 4
"""Phases of a motor-unit action potential after which it is over (0.2 % of its peak)."""


def closure_fec(times_ms: Array, n_cells: int, n_ms: int, gain_per_hz: float | None = None) -> Array:
    """Return how far the lid is closed, as a fraction of full closure.

    Parameters
    ----------
    times_ms : ndarray, shape (n,)
        Spikes of all motoneurons, from 0 on, in any order.
    n_cells : int
        Motoneurons of the pool, silent ones included.
    n_ms : int
        Length of the trace.
    gain_per_hz : float, optional
        Closure per Hz of the mean rate of the pool, when that is held; by default that of the table.

    Returns
    -------
    ndarray, shape (n_ms,)
        Sample k is the lid at k ms: 0 is open, where it starts, and 1 is closed.

    Raises
    ------
    SpecError
        If there is no motoneuron, or a spike before 0.

    Source: fitted to the unconditioned response in 10.1038/s41593-020-00732-1 (docs/sources/eyelid.md).

    Examples
    --------
    >>> float(closure_fec(np.arange(0.0, 1000.0), 20, 1000)[-1].round(2))
    0.64
    """
    lid = _numbers().section("lid")
    gain = lid.number("gain", "1/Hz") if gain_per_hz is None else gain_per_hz
    stays = [math.exp(-1.0 / lid.number(name, "ms")) for name in ("closing_fast", "closing_slow", "reopening")]
    pull = np.minimum(gain * drive_hz(times_ms, n_cells, n_ms), 1.0)
    closure: Array = _follow(pull, *stays)
    return closure


def drive_hz(times_ms: Array, n_cells: int, n_ms: int) -> Array:
    """Return the summed twitches of the muscle per motoneuron, shape (n_ms,): the mean rate if that is held, Hz.

    Parameters
    ----------
    times_ms, n_cells, n_ms
        As in `closure_fec`, errors included.
    """
    _check(times_ms, n_cells)
    tau_ms = _numbers().section("twitch").number("tau", "ms")
    arrival_ms = np.asarray(times_ms, dtype=float) + _delay_ms()
    sample = np.ceil(arrival_ms).astype(np.int64)
    seen = sample < n_ms
    sample, late = sample[seen], (sample[seen] - arrival_ms[seen]) / tau_ms
    # The time from a spike to the next sample goes into its first value, so twitches keep their time below 1 ms.
    started = np.bincount(sample, np.exp(-late), n_ms).astype(np.float64)
    risen = np.bincount(sample, late * np.exp(-late), n_ms).astype(np.float64)
    twitches: Array = _twitches(started, risen, 1.0 / tau_ms)
    return twitches * (1000.0 / (tau_ms * n_cells))


def emg_envelope(times_ms: Array, cells: npt.NDArray[np.integer], n_cells: int, n_ms: int, seed: int) -> Array:
    """Return the rectified and smoothed EMG of the muscle, a surrogate: nothing of the lid depends on it.

    Every spike adds a biphasic action potential of its motor unit; amplitudes of units are log-normal. Smoothing is
    symmetric in time, as is usual off line.

    Parameters
    ----------
    times_ms : ndarray, shape (n,)
        Spikes, from 0 on.
    cells : ndarray of int, shape (n,)
        Motoneuron of each, below `n_cells`.
    n_cells, n_ms : int
        Motoneurons, and length of the trace.
    seed : int
        Of the subject: its units have the same amplitudes in every recording.

    Returns
    -------
    ndarray, shape (n_ms,)
        In peaks of a mean unit's action potential.

    Raises
    ------
    SpecError
        If there is no motoneuron, a spike before 0, or one of a cell that is not in the pool.
    """
    _check(times_ms, n_cells)
    if len(cells) and (np.min(cells) < 0 or np.max(cells) >= n_cells):
        raise SpecError(f"eyelid: cells must lie in 0 to {n_cells - 1}, got {np.min(cells)} to {np.max(cells)}")
    emg = _numbers().section("emg")
    sd_log = emg.number("amplitude_sd_log", "1")
    unit = np.exp(sd_log * stream(seed, "eyelid", "motor_units").standard_normal(n_cells) - sd_log**2 / 2)
    sample = np.rint((np.asarray(times_ms, dtype=float) + _delay_ms()) * _PER_MS).astype(np.int64)
    seen = sample < n_ms * _PER_MS
    impulses = np.bincount(sample[seen], unit[np.asarray(cells)[seen]], n_ms * _PER_MS)
    action_potential = _action_potential(emg.number("phase", "ms"))
    reach = action_potential.size // 2
    potential = np.convolve(impulses, action_potential)[reach : reach + n_ms * _PER_MS]
    rectified = np.abs(potential).reshape(n_ms, _PER_MS).mean(axis=1)
    envelope: Array = gaussian_filter1d(rectified, emg.number("envelope_sd", "ms"), mode="nearest")
    return envelope


def _check(times_ms: Array, n_cells: int) -> None:
    if n_cells < 1:
        raise SpecError(f"eyelid: needs at least 1 motoneuron, got {n_cells}")
    if len(times_ms) and np.min(times_ms) < 0:
        raise SpecError(f"eyelid: spikes must not lie before 0 ms, got {np.min(times_ms)}")


def _delay_ms() -> float:
    return _numbers().section("conduction").number("delay", "ms")


def _action_potential(phase_ms: float) -> Array:
    """Return a biphasic wave around its middle, with peaks of 1 one phase to each side, on the grid of the EMG."""
    reach = round(_REACH * phase_ms * _PER_MS)
    x = np.arange(-reach, reach + 1) / (phase_ms * _PER_MS)
    wave: Array = -x * np.exp((1.0 - x**2) / 2)
    return wave


@functools.cache
def _numbers() -> tables.Section:
    return tables.read(_FILE).root


@njit(cache=True)
def _twitches(started: Array, risen: Array, per_sample: float) -> Array:
    """Return ``x exp(-x)`` summed over spikes, x being the time since each in twitch time constants."""
    out = np.zeros_like(risen)
    stays = math.exp(-per_sample)
    level = rise = 0.0
    for k in range(out.size):
        rise = stays * (rise + level * per_sample) + risen[k]
        level = stays * level + started[k]
        out[k] = rise
    return out


@njit(cache=True)
def _follow(pull: Array, fast_stays: float, closing_stays: float, reopening_stays: float) -> Array:
    """Return the lid behind `pull`, within its bounds; ``stays`` is what a stage keeps of itself in a sample.

    A stage takes the mean of its input at both ends of a sample, which keeps its delay at its time constant.
    """
    out = np.zeros_like(pull)
    target = lid = 0.0
    for k in range(1, pull.size):
        before = target
        target = fast_stays * target + (1.0 - fast_stays) * (pull[k - 1] + pull[k]) / 2
        aim = (before + target) / 2
        stays = closing_stays if aim > lid else reopening_stays
        lid = stays * lid + (1.0 - stays) * aim
        out[k] = lid
    return out
