"""The eye: its horizontal angle from the drive of its muscles, and the pulse and step that make a saccade.

The drive is the angle at which the eye would come to rest, in degrees. The eye follows it through two first-order
stages, of which the slow one would take half a second: a saccade adds a pulse in proportion to the velocity
that is wanted, and then only the fast stage is left. The burst that commands this velocity grows with the way that is
still to go, up to a highest rate, so larger saccades are faster and last longer, as in people.

Angles are positive to the left, as the yaw of the neck. Numbers and sources: ``eye.toml``; the data behind:
docs/sources/eye.md.
"""

from __future__ import annotations

import functools
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.linalg import expm

from dystolab.circuit import tables
from dystolab.errors import SpecError

Array = npt.NDArray[np.float64]

STEP_S = 0.001
"""One step of the eye, and the time between two exchanges with the engine."""

STRONGEST_DRIVE_DEG = 200.0
"""Beyond the pulse of any saccade that ends within the range."""

_FILE = Path(__file__).with_name("eye.toml")


class Eye:
    """An eye, straight ahead and at rest at first.

    Examples
    --------
    >>> eye = Eye()
    >>> for drive_deg in pulse_step_deg(burst_deg_per_s(10.0, 60)):
    ...     eye.step(drive_deg)
    >>> round(eye.angle_deg, 1)
    9.3
    """

    def __init__(self) -> None:
        self._angle_deg = self._velocity = 0.0

    def step(self, drive_deg: float, n_ms: int = 1) -> None:
        """Move on by `n_ms` with the drive held, exactly.

        Parameters
        ----------
        drive_deg : float
            Angle at which the eye would come to rest.
        n_ms : int, optional
            Milliseconds.

        Raises
        ------
        SpecError
            If the drive is beyond `STRONGEST_DRIVE_DEG`, or there is no whole millisecond.
        """
        if n_ms < 1:
            raise SpecError(f"eye: must step by at least 1 ms, got {n_ms}")
        if not abs(drive_deg) <= STRONGEST_DRIVE_DEG:
            allowed = f"{-STRONGEST_DRIVE_DEG:g} to {STRONGEST_DRIVE_DEG:g}"
            raise SpecError(f"eye: drive_deg must lie in {allowed} degrees, got {drive_deg:g}")
        drive_deg = float(drive_deg)
        (a, b, c), (d, e, f) = _held_drive()
        angle, velocity = self._angle_deg, self._velocity
        for _ in range(n_ms):
            angle, velocity = a * angle + b * velocity + c * drive_deg, d * angle + e * velocity + f * drive_deg
        self._angle_deg, self._velocity = angle, velocity

    def place(self, angle_deg: float) -> None:
        """Put the eye at rest at `angle_deg`.

        Raises
        ------
        SpecError
            If the angle is outside the range of motion.
        """
        side = side_deg()
        if not abs(angle_deg) <= side:
            raise SpecError(f"eye: angle_deg must lie in {-side:g} to {side:g} degrees, got {angle_deg:g}")
        self._angle_deg, self._velocity = float(angle_deg), 0.0

    @property
    def angle_deg(self) -> float:
        """Angle of the eye in the head."""
        return self._angle_deg

    @property
    def velocity_deg_per_s(self) -> float:
        """Its rate of change."""
        return self._velocity

    def state(self) -> Array:
        """Return all that the next step depends on, for `restore`."""
        return np.array([self._angle_deg, self._velocity])

    def restore(self, state: Array) -> None:
        """Go on where `state` was taken, bit for bit.

        Raises
        ------
        SpecError
            If it is not the state of an eye.
        """
        found = np.asarray(state, dtype=np.float64)
        if found.shape != (2,) or not np.isfinite(found).all():
            raise SpecError(f"eye: state must be 2 finite numbers, got {np.array2string(found, threshold=6)}")
        self._angle_deg, self._velocity = map(float, found)


def burst_deg_per_s(amplitude_deg: float, n_ms: int) -> Array:
    """Return the velocity that the burst of a saccade commands, shape (n_ms,): its mean over each millisecond.

    The burst is ``highest * (1 - exp(-error / scale))`` of the way still to go, until a small rest of it is left.

    Parameters
    ----------
    amplitude_deg : float
        Way to the target, positive to the left.
    n_ms : int
        Milliseconds from the start of the burst.

    Raises
    ------
    SpecError
        If the target is farther than from one end of the range to the other, or there is no whole millisecond.

    Examples
    --------
    >>> burst_deg_per_s(10.0, 40)[[0, 39]].round().tolist()
    [505.0, 0.0]
    """
    widest = 2.0 * side_deg()
    if not abs(amplitude_deg) <= widest:
        raise SpecError(f"eye: amplitude_deg must lie in {-widest:g} to {widest:g} degrees, got {amplitude_deg:g}")
    if n_ms < 1:
        raise SpecError(f"eye: a burst must be followed for at least 1 ms, got {n_ms}")
    numbers = _numbers().section("burst")
    highest, scale = numbers.number("highest", "deg/s"), numbers.number("scale", "deg")
    time_s = STEP_S * np.arange(n_ms + 1)
    way = abs(amplitude_deg)
    # The exact course of an error that shrinks as fast as its own burst commands.
    error = scale * np.log1p(np.expm1(way / scale) * np.exp(-highest * time_s / scale))
    error = np.maximum(error, min(numbers.number("shortfall", "deg"), way))
    return np.asarray(math.copysign(1.0, amplitude_deg) * (error[:-1] - error[1:]) / STEP_S)


def pulse_step_deg(velocity_deg_per_s: npt.ArrayLike, start_deg: float = 0.0) -> Array:
    """Return the drive that makes the eye follow a velocity, shape (n_ms,): its integral and a pulse in proportion.

    Parameters
    ----------
    velocity_deg_per_s : array_like, shape (n_ms,)
        Mean over each millisecond.
    start_deg : float, optional
        Angle at which the eye rests before.

    Raises
    ------
    SpecError
        If it is not a list of finite velocities.
    """
    velocity = np.asarray(velocity_deg_per_s, dtype=np.float64)
    if velocity.ndim != 1 or not np.isfinite(velocity).all():
        raise SpecError("eye: velocity_deg_per_s must be finite numbers, one per millisecond")
    moved = STEP_S * (np.cumsum(velocity) - velocity / 2)
    return np.asarray(start_deg + moved + _numbers().section("plant").number("slow", "s") * velocity)


def side_deg() -> float:
    """Return the largest angle to each side."""
    return _numbers().section("range").number("side", "deg")


@functools.cache
def _held_drive() -> tuple[tuple[float, float, float], ...]:
    """Return what angle and velocity become in a step, by angle, velocity and drive before it."""
    plant = _numbers().section("plant")
    slow, fast = plant.number("slow", "s"), plant.number("fast", "s")
    pull = 1.0 / (slow * fast)
    rates = np.array([[0.0, 1.0, 0.0], [-pull, -(slow + fast) * pull, pull], [0.0, 0.0, 0.0]])
    return tuple((float(row[0]), float(row[1]), float(row[2])) for row in expm(rates * STEP_S)[:2])


@functools.cache
def _numbers() -> tables.Section:
    return tables.read(_FILE).root
