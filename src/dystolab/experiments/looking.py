"""A person who looks: where the head should be, and how it is brought there.

The command is no part of the circuit. It is as simple as it can be: what is seen of the head a while ago is compared
with the target, and if it is off by more than a little, a burst in proportion turns the head, at most once in a while.
What effort a target needs is known about; with each correction it grows a little. So the eyes correct a posture, but do
not clamp it; with the eyes closed nothing is corrected, and of a head that is let go nothing is wanted.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dystolab.circuit import tables
from dystolab.circuit.groups import per_direction
from dystolab.errors import SpecError

Array = npt.NDArray[np.float64]
_FILE = Path(__file__).with_name("posture.toml")


@dataclass(frozen=True, slots=True)
class Epoch:
    """From ``start_ms`` on the head is to be at ``target_deg`` (yaw, pitch, roll), with the eyes open or closed.

    Without a target it is let go.
    """

    start_ms: int
    target_deg: tuple[float, float, float] | None
    eyes_open: bool


class Looking:
    """Commands and pushes, by what is asked for in each epoch.

    Parameters
    ----------
    epochs : sequence of Epoch
        In order of time; before the first there is no command.
    pushes : sequence of (int, ndarray of shape (3,))
        Start (ms) of each push, and its torque in Nm; how long it lasts is in the table.
    """

    def __init__(self, epochs: Sequence[Epoch], pushes: Sequence[tuple[int, Array]] = ()) -> None:
        self._epochs, self._pushes = tuple(epochs), tuple(pushes)
        self._seen = np.zeros((round(_number("sight", "delay", "ms")), 3))
        self._epoch, self._until, self._next = -1, -1.0, 0.0
        self._burst, self._hold = np.zeros(3), np.zeros(3)
        self._told: tuple[Array | None, bool] = (None, False)
        self._command = np.zeros(6)

    def command_hz(self, time_ms: float, angle_deg: Array) -> Array:
        """Return the rate of the command fibres of each direction, shape (6,)."""
        at = round(time_ms) % len(self._seen)
        seen = self._seen[at].tolist()
        self._seen[at] = angle_deg
        now = sum(time_ms >= epoch.start_ms for epoch in self._epochs) - 1
        if now != self._epoch:
            if self._target(now) != self._target(self._epoch):
                self._hold, self._until, self._next = self._effort(now), time_ms, time_ms
            self._epoch = now
        target = self._target(now)
        if target is not None and self._epochs[now].eyes_open and time_ms >= self._next:
            self._look(time_ms, [wanted - was for wanted, was in zip(target, seen, strict=True)])
        bursts = time_ms < self._until
        if self._told[0] is not self._hold or self._told[1] != bursts:  # seldom, beside how often it is asked for
            wanted = self._hold + self._burst if bursts else self._hold
            self._command = np.clip(per_direction(wanted), 0.0, _number("command", "highest", "Hz"))
            self._told = (self._hold, bursts)
        return self._command.copy()

    def _target(self, epoch: int) -> tuple[float, float, float] | None:
        return self._epochs[epoch].target_deg if epoch >= 0 else None

    def _effort(self, epoch: int) -> Array:
        """Return the tonic command that a target is known to need; none if the head is let go."""
        return np.array(self._target(epoch) or (0.0, 0.0, 0.0)) * numbers().section("command").numbers(
            "effort", "Hz/deg", 3
        )

    def _look(self, time_ms: float, error_deg: list[float]) -> None:
        """Answer an error by a burst, and by holding a little harder from now on."""
        tolerance_deg = _number("sight", "tolerance", "deg")
        seen = [off if abs(off) > tolerance_deg else 0.0 for off in error_deg]
        if not any(seen):
            return
        error = np.array(seen)
        command = numbers().section("command")
        self._burst = error * command.numbers("burst", "Hz/deg", 3)
        self._hold = self._hold + error * command.numbers("hold", "Hz/deg", 3)
        self._until = time_ms + _number("command", "duration", "ms")
        self._next = self._until + _number("command", "pause", "ms")

    def push_nm(self, time_ms: float) -> Array:
        """Return the torque about each axis in the millisecond that ends at `time_ms`, shape (3,)."""
        duration_ms = _number("push", "duration", "ms")
        for start_ms, torque in self._pushes:
            if start_ms < time_ms <= start_ms + duration_ms:
                return torque
        return np.zeros(3)

    def state(self) -> Array:
        """Return all that the next calls depend on, for `restore`."""
        times = [self._epoch, self._until, self._next]
        return np.concatenate([self._seen.ravel(), self._burst, self._hold, times])

    def restore(self, state: Array) -> None:
        """Go on where `state` was taken.

        Raises
        ------
        SpecError
            If it is not the state of one who looks.
        """
        found, n = np.array(state, dtype=np.float64), self._seen.size
        if found.shape != (n + 9,):
            raise SpecError(f"looking: a state has {n + 9} numbers, got shape {found.shape}")
        self._seen, self._burst, self._hold = found[:n].reshape(-1, 3), found[n : n + 3], found[n + 3 : n + 6]
        self._epoch, self._until, self._next = int(found[-3]), *found[-2:]


@functools.cache
def numbers() -> tables.Section:
    """Return the table of posture."""
    return tables.read(_FILE).root


@functools.cache
def _number(section: str, key: str, unit: str) -> float:
    return numbers().section(section).number(key, unit)
