"""Motor units: muscle activation from the spikes of motoneurons.

Each spike adds the twitch of its unit, the answer of a critically damped second-order system to an impulse. Units
differ as in Fuglevand et al. 1993: twitch forces rise exponentially with the order of recruitment, and stronger
twitches are faster. How much a twitch adds depends on its interval to the one before it, relative to the contraction
time: as it is when they are far apart, up to a sigmoid ceiling when they fuse.

Activation is the summed force over what the pool gives when every unit fires at the highest rate of a voluntary
contraction, and is held at 1 beyond: the muscles of a plant have the strength of volunteers. It needs no further
filter. Numbers and sources: ``motor_units.toml``; the data behind: docs/sources/motor_units.md.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit
from numba.extending import register_jitable
from scipy.signal import lfilter

from dystolab.circuit import tables
from dystolab.engine.arithmetic import KERNEL
from dystolab.errors import SpecError

Array = npt.NDArray[np.float64]
Cells = npt.NDArray[np.integer]

_FILE = Path(__file__).with_name("motor_units.toml")
_SLACK_MS = 1e-6
"""How far beyond its millisecond a spike may lie: times on a grid of 0.1 ms are not exact."""


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """The units of one muscle in their order of recruitment, weakest first; every array has shape (n_units,).

    Parameters
    ----------
    twitch_force : ndarray
        Peaks of single twitches, relative to that of the weakest unit.
    contraction_ms : ndarray
        Times from the start of a twitch to its peak.
    threshold : ndarray
        Excitation that recruits each unit, relative to that of the last one.
    highest_hz : ndarray
        Rates in the strongest voluntary contraction.
    """

    twitch_force: Array
    contraction_ms: Array
    threshold: Array
    highest_hz: Array


@functools.cache
def pool(n_units: int) -> Pool:
    """Return the units of a muscle.

    Parameters
    ----------
    n_units : int
        Units, at least 2.

    Raises
    ------
    SpecError
        If there are fewer than 2.

    Source: 10.1152/jn.1993.70.6.2470, spread over the ranks as in 10.1371/journal.pcbi.1005581.

    Examples
    --------
    >>> pool(100).contraction_ms[[0, -1]].round(6).tolist()
    [90.0, 30.0]
    """
    if n_units < 2:
        raise SpecError(f"motor units: a pool needs at least 2 units, got {n_units}")
    twitch, rate = _numbers().section("twitch"), _numbers().section("rate")
    rank = np.linspace(0.0, 1.0, n_units)
    threshold = rate.number("threshold_range", "1") ** (rank - 1.0)
    first_hz, last_hz = rate.number("highest_first", "Hz"), rate.number("highest_last", "Hz")
    found = Pool(
        twitch_force=twitch.number("force_range", "1") ** rank,
        contraction_ms=twitch.number("slowest", "ms") * twitch.number("contraction_range", "1") ** -rank,
        threshold=threshold,
        highest_hz=first_hz - (first_hz - last_hz) * threshold,
    )
    for values in (found.twitch_force, found.contraction_ms, found.threshold, found.highest_hz):
        values.flags.writeable = False
    return found


@functools.cache
def delay_ms() -> float:
    """Return the time from a motoneuron's spike to the action potential of its muscle fibres."""
    return _numbers().section("conduction").number("delay", "ms")


def activation(times_ms: Array, cells: Cells, n_units: int, n_ms: int) -> Array:
    """Return the activation of one muscle.

    Parameters
    ----------
    times_ms : ndarray, shape (n,)
        Spikes of the pool's motoneurons, from 0 on, in any order.
    cells : ndarray of int, shape (n,)
        Unit of each: 0 is recruited first and has the weakest twitch.
    n_units : int
        Units of the pool, silent ones included.
    n_ms : int
        Length of the trace.

    Returns
    -------
    ndarray, shape (n_ms,)
        Sample k is the activation at the end of millisecond k, 0 to 1.

    Raises
    ------
    SpecError
        If the trace is empty, or a spike lies before 0, comes from no unit of the pool, or falls together with another
        of its unit.

    Source: 10.1152/jn.1993.70.6.2470 (docs/sources/motor_units.md).

    Examples
    --------
    >>> twitch = activation(np.array([6.0]), np.array([0]), 100, 200)
    >>> int(twitch.argmax()) + 1  # 4 ms of conduction and 90 ms of contraction later
    100
    """
    units = pool(n_units)
    times, cells = checked_spikes("motor units", times_ms, cells, n_units, n_ms)
    unit, ms, started, risen = _arrivals(units.contraction_ms, times, cells)
    seen = ms < n_ms
    unit, ms, started, risen = unit[seen], ms[seen], started[seen], risen[seen]
    total, weight = np.zeros(n_ms), _weights(units)
    for k in np.unique(unit):
        mine = unit == k
        rate = 1.0 / units.contraction_ms[k]
        stays = math.exp(-rate)
        level = lfilter([1.0], [1.0, -stays], np.bincount(ms[mine], started[mine], n_ms))
        fed = np.bincount(ms[mine], risen[mine], n_ms)
        fed[1:] += stays * rate * level[:-1]
        total += weight[k] * lfilter([1.0], [1.0, -stays], fed)
    pulled: Array = np.minimum(total, 1.0)
    return pulled


class Muscles:
    """Muscles with equal pools, from spikes to activation millisecond by millisecond; at rest at first.

    Gives the numbers of `activation` for each muscle, to rounding.

    Parameters
    ----------
    n_muscles : int
        Muscles, at least 1.
    n_units : int
        Units of each, at least 2.
    further_ms : float
        By how much longer than in a neck a spike takes to the muscle.

    Raises
    ------
    SpecError
        If there are fewer.

    Examples
    --------
    >>> muscles = Muscles(28, 100)
    >>> muscles.step(np.array([0.3]), np.array([2705])).nonzero()[0].tolist()  # still on its way
    []
    """

    def __init__(self, n_muscles: int, n_units: int, further_ms: float = 0.0) -> None:
        if n_muscles < 1:
            raise SpecError(f"motor units: needs at least 1 muscle, got {n_muscles}")
        units = pool(n_units)
        self._shape = (n_muscles, n_units)
        per_ms = 1.0 / units.contraction_ms
        # Alike in all muscles: one row each, by unit.
        self._units = np.stack([units.contraction_ms, per_ms, np.exp(-per_ms), _weights(units)])
        self._ms = 0
        self._last_ms = np.full(n_muscles * n_units, -np.inf)
        self._moving = np.zeros((2, n_muscles * n_units))  # level and rise of each unit
        # What is on its way, as it will change level and rise, by the millisecond in which it arrives.
        delay = delay_ms() + further_ms
        self._coming = np.zeros((math.ceil(delay) + 1, *self._moving.shape))
        self._constants = (delay, _curve())

    def step(self, times_ms: Array, cells: Cells) -> Array:
        """Move on by 1 ms and return the activation at its end, shape (n_muscles,), 0 to 1.

        Parameters
        ----------
        times_ms : ndarray, shape (n,)
            Spikes of this millisecond since the start: in the first step 0 to 1, in the next 1 to 2.
        cells : ndarray of int, shape (n,)
            Unit of each, muscle by muscle: ``muscle * n_units + unit``.

        Raises
        ------
        SpecError
            If a spike lies outside this millisecond, comes from no unit, or does not follow the last one of its unit.
        """
        times, who = np.array(times_ms, dtype=np.float64), np.asarray(cells)
        if times.ndim != 1 or times.shape != who.shape or (times.size and who.dtype.kind not in "iu"):
            self._refuse(times, who)
        heard = (times.copy(), who.astype(np.int64), np.empty_like(times))  # which are put in order
        pulled = np.empty(self._shape[0])
        state = (self._last_ms, self._moving, self._coming)
        if not _move_on(self._ms, *heard, self._units, *self._constants, *state, pulled):
            self._refuse(times, who)
        self._ms += 1
        return pulled

    def state(self) -> Array:
        """Return all that the next step depends on, for `restore`."""
        return np.concatenate(([self._ms], self._last_ms, self._moving.ravel(), self._coming.ravel()))

    def restore(self, state: Array) -> None:
        """Go on where `state` was taken, bit for bit.

        Raises
        ------
        SpecError
            If it is not the state of muscles of this number and size.
        """
        found, n_cells = np.array(state, dtype=np.float64), self._last_ms.size
        if found.shape != (1 + 3 * n_cells + self._coming.size,) or np.isnan(found).any() or found[0] < 0:
            raise SpecError(f"motor units: not the state of {self._shape[0]} muscles of {self._shape[1]} units")
        self._ms = int(found[0])
        self._last_ms = found[1 : 1 + n_cells]
        self._moving = found[1 + n_cells : 1 + 3 * n_cells].reshape(self._moving.shape)
        self._coming = found[1 + 3 * n_cells :].reshape(self._coming.shape)

    def _refuse(self, times_ms: Array, cells: Cells) -> None:
        """Say what is wrong with spikes that were refused."""
        times, cells = checked_spikes("motor units", times_ms, cells, self._last_ms.size, 1)
        if times.min() < self._ms - _SLACK_MS or times.max() > self._ms + 1 + _SLACK_MS:
            got = f"{times.min():g} to {times.max():g}"
            raise SpecError(f"motor units: spikes must lie in {self._ms} to {self._ms + 1} ms, got {got}")
        _intervals(np.clip(times, self._ms, self._ms + 1), cells, self._last_ms)


@njit(cache=True, **KERNEL)
def _move_on(
    ms: Any, times: Any, cells: Any, before: Any, units: Any, delay_ms: Any, curve: Any, last_ms: Any, moving: Any,
    coming: Any, pulled: Any,
) -> Any:  # fmt: skip
    """Move all units from `ms` on by 1 ms, with the spikes of it, and write the activation of each muscle to `pulled`.

    `before` is room for a number per spike. Return whether all spikes may be; if not, nothing is changed.
    """
    n_units = units.shape[1]
    for k in range(times.size):
        if not (ms - _SLACK_MS <= times[k] <= ms + 1 + _SLACK_MS and 0 <= cells[k] < last_ms.size):
            return False
    for k in range(1, times.size):  # usually in order: then one look at each
        at, cell, j = times[k], cells[k], k
        while j > 0 and times[j - 1] > at:
            times[j], cells[j] = times[j - 1], cells[j - 1]
            j -= 1
        times[j], cells[j] = at, cell
    for k in range(times.size):
        at = min(max(times[k], ms), ms + 1)
        before[k] = last_ms[cells[k]]
        if at <= before[k]:
            for j in range(k - 1, -1, -1):
                last_ms[cells[j]] = before[j]
            return False
        last_ms[cells[k]] = at
    for k in range(times.size):
        cell = cells[k]
        at = min(max(times[k], ms), ms + 1)
        end, started, risen = _twitch(at, at - before[k], units[0, cell % n_units], delay_ms, curve)
        slot = (int(end) - 1) % coming.shape[0]
        coming[slot, 0, cell] += started
        coming[slot, 1, cell] += risen
    arrived = coming[ms % coming.shape[0]]
    for muscle in range(pulled.size):
        total = 0.0
        for unit in range(n_units):
            cell = muscle * n_units + unit
            rise = (moving[1, cell] + moving[0, cell] * units[1, unit]) * units[2, unit] + arrived[1, cell]
            moving[0, cell] = moving[0, cell] * units[2, unit] + arrived[0, cell]
            moving[1, cell] = rise
            total += rise * units[3, unit]
            arrived[0, cell] = arrived[1, cell] = 0.0
        pulled[muscle] = min(total, 1.0)
    return True


def checked_spikes(plant: str, times_ms: Array, cells: Cells, n_cells: int, n_ms: int) -> tuple[Array, Cells]:
    """Return spikes as arrays of one size, or raise SpecError that names `plant`: for modules of this folder."""
    if n_ms < 1:
        raise SpecError(f"{plant}: needs at least 1 ms, got {n_ms}")
    times, who = np.asarray(times_ms, dtype=np.float64), np.asarray(cells)
    if times.ndim != 1 or times.shape != who.shape:
        raise SpecError(f"{plant}: needs a cell for each spike, got {times.shape} times and {who.shape} cells")
    if not times.size:
        return times, who.astype(np.int64)
    if not np.isfinite(times).all() or times.min() < 0:
        raise SpecError(f"{plant}: spikes must not lie before 0 ms, got {times.min()}")
    if who.dtype.kind not in "iu" or who.min() < 0 or who.max() >= n_cells:
        raise SpecError(f"{plant}: cells must be whole numbers in 0 to {n_cells - 1}, got {who.min()} to {who.max()}")
    return times, who


def _arrivals(contraction_ms: Array, times: Array, cells: Cells) -> tuple[Cells, npt.NDArray[np.int64], Array, Array]:
    """Return units, milliseconds of arrival, and what each twitch adds to level and rise at the end of those."""
    at, unit, since = _intervals(times, cells, np.full(contraction_ms.size, -np.inf))
    end, started, risen = _twitch(at, since, contraction_ms[unit], delay_ms(), _curve())
    return unit, end.astype(np.int64) - 1, started, risen


def _intervals(times: Array, cells: Cells, last_ms: Array) -> tuple[Array, Cells, Array]:
    """Return spikes unit by unit, and the time since the unit's spike before each; SpecError if there is none."""
    order = np.lexsort((times, cells))
    at, unit = times[order], cells[order]
    since, first = np.empty_like(at), np.ones(at.size, dtype=bool)
    since[1:], first[1:] = at[1:] - at[:-1], unit[1:] != unit[:-1]
    since[first] = at[first] - last_ms[unit[first]]
    if since.size and since.min() <= 0:
        raise SpecError(f"motor units: a unit's spikes must follow one another, got 2 at {at[since.argmin()]:g} ms")
    return at, unit, since


@register_jitable(inline="always")
def _twitch(at: Any, since: Any, contraction_ms: Any, delay_ms: Any, curve: Any) -> Any:
    """Return the end of the millisecond in which a spike arrives, and what it adds to level and rise until then.

    The part of a millisecond between a spike and its end goes into what is added, so twitches keep their time below
    1 ms. Takes arrays, and numbers where it is compiled.
    """
    arrival = at + delay_ms
    end = np.ceil(arrival)
    late = (end - arrival) / contraction_ms
    started = _gain(contraction_ms / since, curve) * np.exp(-late)
    return end, started, started * late


@register_jitable(inline="always")
def _gain(fusion: Any, curve: Any) -> Any:
    """Return how much a twitch adds, relative to a single one, by contraction time over interval."""
    linear, steepness, exponent = curve
    x = np.maximum(fusion, linear)
    return np.expm1(-steepness * x**exponent) / x / (math.expm1(-steepness * linear**exponent) / linear)


def _weights(units: Pool) -> Array:
    """Return the activation that a unit's rise is worth: 1 for all at their highest rates, in the mean."""
    fusion = units.contraction_ms * units.highest_hz / 1000.0
    most = units.twitch_force * fusion * _gain(fusion, _curve())
    weights: Array = units.twitch_force / most.sum()
    return weights


@functools.cache
def _curve() -> tuple[float, float, float]:
    curve = _numbers().section("force_frequency")
    return curve.number("linear_below", "1"), curve.number("steepness", "1"), curve.number("exponent", "1")


@functools.cache
def _numbers() -> tables.Section:
    return tables.read(_FILE).root
