"""Rates of afferents turned into spikes, millisecond by millisecond: regular trains, as spindles and canals have."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from dystolab.engine.arithmetic import KERNEL
from dystolab.errors import SpecError
from dystolab.seeding import stream

Array = npt.NDArray[np.float64]
HIGHEST_HZ = 1000.0
"""A fibre fires at most once in a millisecond."""


class Afferents:
    """Fibres in groups; those of a group fire at one rate, each with a phase of its own.

    Parameters
    ----------
    name : str
        Population that they are; with the seed it decides their phases.
    n_groups, n_each : int
        Groups, and fibres of each. The fibres of a group follow one another.
    seed : int

    Raises
    ------
    SpecError
        If there is no fibre.

    Examples
    --------
    >>> fibres = Afferents("spindle_ia", 1, 1, seed=1)
    >>> sum(len(fibres.step(ms, np.array([50.0]))[0]) for ms in range(1000))
    50
    """

    def __init__(self, name: str, n_groups: int, n_each: int, seed: int) -> None:
        if n_groups < 1 or n_each < 1:
            raise SpecError(f"afferents {name!r}: need at least 1 group of 1 fibre, got {n_groups} of {n_each}")
        self._name, self._n_each = name, n_each
        self._phase = stream(seed, name, "phase").random(n_groups * n_each)
        self._times, self._cells = np.empty(n_groups * n_each), np.empty(n_groups * n_each, dtype=np.int32)

    def step(self, start_ms: float, rate_hz: npt.ArrayLike) -> tuple[Array, npt.NDArray[np.int32]]:
        """Return times (ms) and cells of the spikes in the millisecond after `start_ms`.

        Parameters
        ----------
        start_ms : float
        rate_hz : array_like, shape (n_groups,)
            0 to `HIGHEST_HZ`.

        Raises
        ------
        SpecError
            If a rate is missing, not finite or out of range.
        """
        rate = np.asarray(rate_hz, dtype=np.float64)
        if rate.shape != (self._phase.size // self._n_each,):
            self._refuse(rate_hz)
        n = _fire(self._phase, rate, start_ms, self._times, self._cells)
        if n < 0:
            self._refuse(rate_hz)
        return self._times[:n].copy(), self._cells[:n].copy()

    def _refuse(self, rate_hz: npt.ArrayLike) -> None:
        rate = np.asarray(rate_hz, dtype=np.float64)
        if rate.shape != (self._phase.size // self._n_each,) or not np.isfinite(rate).all():
            raise SpecError(f"afferents {self._name!r}: need one finite rate per group, got {rate_hz!r:.80}")
        raise SpecError(f"afferents {self._name!r}: rates must lie in 0 to {HIGHEST_HZ:g} Hz, got {rate.max():g}")

    def state(self) -> Array:
        """Return all that the next step depends on, for `restore`."""
        return self._phase.copy()

    def restore(self, state: Array) -> None:
        """Go on where `state` was taken, bit for bit.

        Raises
        ------
        SpecError
            If it is not the state of so many fibres.
        """
        found = np.array(state, dtype=np.float64)
        if found.shape != self._phase.shape or not np.isfinite(found).all():
            raise SpecError(f"afferents {self._name!r}: not the state of {self._phase.size} fibres")
        self._phase = found


@njit(cache=True, **KERNEL)
def _fire(phase: Any, rate_hz: Any, start_ms: Any, times: Any, cells: Any) -> Any:
    """Move phases on by 1 ms and write the spikes; return how many, or -1 and nothing for a rate that can't be."""
    for group in range(rate_hz.size):
        if not 0.0 <= rate_hz[group] <= HIGHEST_HZ:
            return -1
    each, n = phase.size // rate_hz.size, 0
    for group in range(rate_hz.size):
        advance = rate_hz[group] / 1000.0
        for cell in range(group * each, (group + 1) * each):
            before = phase[cell]
            phase[cell] += advance
            if phase[cell] >= 1.0:
                phase[cell] -= 1.0
                # Not at the very start, which belongs to the millisecond before.
                times[n] = start_ms + min(max((1.0 - before) / advance, 1e-3), 1.0)
                cells[n] = cell
                n += 1
    return n
