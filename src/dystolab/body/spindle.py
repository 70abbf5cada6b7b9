"""Muscle spindles: mean rates of Ia and II afferents from the length and velocity of muscles.

Ia afferents answer to a power of velocity, with the sign of the movement, and a little to length; II afferents to
length, between 0 and a ceiling. The form and its numbers fit ensembles of afferents in walking cats; fusimotor drive is
the constant one of those steps. Numbers and sources: ``spindle.toml``; the data behind: docs/sources/motor_units.md.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit
from numba.extending import register_jitable

from dystolab.circuit import tables
from dystolab.engine.arithmetic import KERNEL
from dystolab.errors import SpecError

Array = npt.NDArray[np.float64]

_FILE = Path(__file__).with_name("spindle.toml")


def rates_hz(stretch_mm: npt.ArrayLike, velocity_mm_per_s: npt.ArrayLike) -> tuple[Array, Array]:
    """Return the rates of Ia and II afferents at spindles of the muscles that the numbers were fitted to.

    Parameters
    ----------
    stretch_mm : array_like, any shape
        Length of the muscle, 100 mm long at rest, beyond that.
    velocity_mm_per_s : array_like, same shape
        Its rate of change, positive while it is stretched.

    Returns
    -------
    ia_hz, ii_hz : ndarray, same shape
        Mean rates per afferent, 0 to 300.

    Raises
    ------
    SpecError
        If shapes differ or a number is not finite.

    Source: 10.1111/j.1469-7793.1998.277bu.x (Ia), ModelDB 189786 (II); docs/sources/motor_units.md.

    Examples
    --------
    >>> ia, ii = rates_hz([0.0, 5.0], [0.0, 0.0])
    >>> ia.tolist(), ii.tolist()
    ([82.0, 92.0], [80.0, 147.5])
    """
    stretch, velocity = np.asarray(stretch_mm, dtype=np.float64), np.asarray(velocity_mm_per_s, dtype=np.float64)
    if stretch.shape != velocity.shape:
        raise SpecError(f"spindle: needs a velocity for each length, got shapes {stretch.shape} and {velocity.shape}")
    if not (np.isfinite(stretch).all() and np.isfinite(velocity).all()):
        raise SpecError("spindle: lengths and velocities must be finite")
    ia, ii = _answer(stretch, velocity, _fit())
    return ia, ii


@register_jitable(inline="always")
def _answer(stretch: Any, velocity: Any, fit: Any) -> Any:
    """Return what `rates_hz` does; takes arrays, and numbers where it is compiled."""
    rest, per_velocity, exponent, per_length, ii_rest, ii_per_length, highest = fit
    moving = per_velocity * np.sign(velocity) * np.abs(velocity) ** exponent
    ia = np.minimum(np.maximum(rest + moving + per_length * stretch, 0.0), highest)
    ii = np.minimum(np.maximum(ii_rest + ii_per_length * stretch, 0.0), highest)
    return ia, ii


class Spindles:
    """Spindles of several muscles, millisecond by millisecond, as the spinal cord hears them; at rest at first.

    All muscles answer alike to the same share of their excursion.

    Parameters
    ----------
    rest_mm : array_like, shape (n_muscles,)
        Lengths from origin to insertion at which the muscles rest.
    excursion_mm : array_like, shape (n_muscles,), optional
        How far each is stretched within the range of its joints; by default the share of its length that it is in the
        cats' steps.
    further_ms : (int, int)
        By how much longer than in a neck the spikes of Ia and of II afferents take to the cord.

    Raises
    ------
    SpecError
        If these are not lists of lengths above 0.

    Examples
    --------
    >>> spindles = Spindles([100.0])
    >>> [float(spindles.step([105.0], [0.0])[0][0]) for _ in range(5)]  # 3 ms of conduction
    [82.0, 82.0, 82.0, 92.0, 92.0]
    """

    def __init__(
        self, rest_mm: npt.ArrayLike, excursion_mm: npt.ArrayLike | None = None, further_ms: tuple[int, int] = (0, 0)
    ) -> None:
        fit = _numbers().section("fit")
        share = fit.number("excursion", "mm") / fit.number("length", "mm")
        rest = np.array(rest_mm, dtype=np.float64)
        excursion = share * rest if excursion_mm is None else np.array(excursion_mm, dtype=np.float64)
        for name, lengths in (("rest_mm", rest), ("excursion_mm", excursion)):
            if lengths.shape != (rest.size,) or not rest.size or not (np.isfinite(lengths) & (lengths > 0)).all():
                raise SpecError(f"spindle: {name} must be lengths above 0, one per muscle, got {lengths!r:.80}")
        self._rest_mm, self._scale = rest, fit.number("excursion", "mm") / excursion
        necks = (round(_numbers().section(kind).number("delay", "ms")) for kind in ("ia", "ii"))
        delays = [neck + further for neck, further in zip(necks, further_ms, strict=True)]
        at_rest = rates_hz(np.zeros_like(self._rest_mm), np.zeros_like(self._rest_mm))
        # What is on its way, the oldest first.
        self._coming = [np.tile(rate, (delay, 1)) for rate, delay in zip(at_rest, delays, strict=True)]

    def step(self, length_mm: npt.ArrayLike, velocity_mm_per_s: npt.ArrayLike) -> tuple[Array, Array]:
        """Move on by 1 ms and return the rates that arrive.

        Parameters
        ----------
        length_mm, velocity_mm_per_s : array_like, shape (n_muscles,)
            Of the muscles now, velocity positive while they are stretched.

        Returns
        -------
        ia_hz, ii_hz : ndarray, shape (n_muscles,)
            Mean rates per afferent, as they left the spindles one conduction time ago.

        Raises
        ------
        SpecError
            If there is not one finite length and velocity per muscle.
        """
        length, velocity = np.asarray(length_mm, dtype=np.float64), np.asarray(velocity_mm_per_s, dtype=np.float64)
        if not length.shape == velocity.shape == self._rest_mm.shape:
            got = f"shapes {length.shape} and {velocity.shape}"
            raise SpecError(f"spindle: needs lengths and velocities of {self._rest_mm.size} muscles, got {got}")
        rates = np.empty((2, length.size))
        if not _feel(length, velocity, self._rest_mm, self._scale, _fit(), *self._coming, rates):
            raise SpecError("spindle: lengths and velocities must be finite")
        return rates[0], rates[1]

    def state(self) -> Array:
        """Return all that the next step depends on, for `restore`."""
        return np.concatenate([queue.ravel() for queue in self._coming])

    def restore(self, state: Array) -> None:
        """Go on where `state` was taken, bit for bit.

        Raises
        ------
        SpecError
            If it is not the state of spindles of this number of muscles.
        """
        found, n_ia = np.array(state, dtype=np.float64), self._coming[0].size
        if found.shape != (n_ia + self._coming[1].size,) or not np.isfinite(found).all():
            raise SpecError(f"spindle: not the state of spindles of {self._rest_mm.size} muscles")
        self._coming = [part.reshape(-1, self._rest_mm.size) for part in (found[:n_ia], found[n_ia:])]


@njit(cache=True, **KERNEL)
def _feel(
    length: Any, velocity: Any, rest: Any, scale: Any, fit: Any, ia_coming: Any, ii_coming: Any, rates: Any
) -> Any:
    """Take the oldest rates out of what is coming and put in those of now; return whether all numbers are finite."""
    for muscle in range(rest.size):
        if not (np.isfinite(length[muscle]) and np.isfinite(velocity[muscle])):
            return False
    for muscle in range(rest.size):
        stretch = (length[muscle] - rest[muscle]) * scale[muscle]
        ia, ii = _answer(stretch, velocity[muscle] * scale[muscle], fit)
        rates[0, muscle] = _pass(ia_coming, muscle, ia)
        rates[1, muscle] = _pass(ii_coming, muscle, ii)
    return True


@register_jitable(inline="always")
def _pass(coming: Any, muscle: Any, rate: Any) -> Any:
    """Put a rate at the end of a muscle's queue and return the first one."""
    first = coming[0, muscle]
    for k in range(1, coming.shape[0]):
        coming[k - 1, muscle] = coming[k, muscle]
    coming[-1, muscle] = rate
    return first


@functools.cache
def _fit() -> tuple[float, ...]:
    ia, ii = _numbers().section("ia"), _numbers().section("ii")
    return (
        ia.number("rest", "Hz"),
        ia.number("per_velocity", "Hz"),
        ia.number("velocity_exponent", "1"),
        ia.number("per_length", "Hz/mm"),
        ii.number("rest", "Hz"),
        ii.number("per_length", "Hz/mm"),
        _numbers().section("fit").number("highest", "Hz"),
    )


@functools.cache
def _numbers() -> tables.Section:
    return tables.read(_FILE).root
