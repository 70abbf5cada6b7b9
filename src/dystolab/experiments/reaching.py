"""A person who reaches, and the world of the hand.

The command is no part of the circuit. It is as simple as it can be: for each reach the activations that a healthy arm
needs for a straight, smooth path, turned into rates as this person has learned of the own muscles; and what the eyes see
late is held against the plan, and what is missing is pulled after. That correction is also what the olive hears of a
reach (feedback-error learning, 10.1007/BF00201431): by the direction of each joint in which more is needed.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dystolab.body.arm import Arm
from dystolab.body.arm_inverse import activations_along, angles_rad
from dystolab.circuit import tables
from dystolab.errors import SpecError

Array = npt.NDArray[np.float64]
_FILE = Path(__file__).with_name("reach.toml")
_SETTLED_MS = 150
_STEP_MS = 10
"""Between two places of a path for which activations are sought; those between are interpolated."""


@dataclass(frozen=True, slots=True)
class World:
    """How the hand is seen and pushed in a trial.

    Parameters
    ----------
    rotation_deg : float
        What is seen of a movement is turned by so much about the start, counter-clockwise.
    curl_n_s_per_m : float
        Force across the movement over its speed, to the left of the way if positive.
    """

    rotation_deg: float = 0.0
    curl_n_s_per_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Reach:
    """One trial: to `target_m` from the start (x, y), in `world`."""

    target_m: tuple[float, float]
    world: World


class Reaching:
    """Commands, forces and errors, trial after trial.

    Parameters
    ----------
    reaches : sequence of Reach
        One every `trial_ms`, from `first_ms` on; before, the hand is held at the start.
    first_ms : int
    """

    def __init__(self, reaches: Sequence[Reach], first_ms: int) -> None:
        self._reaches, self._first_ms = tuple(reaches), first_ms
        self.start_deg = np.degrees(angles_rad(start_m()))
        self._paths = {reach.target_m: path_m(reach.target_m) for reach in reaches}
        self._wanted = {target: _activations(path) for target, path in self._paths.items()}
        self._still = np.repeat(activations_along([start_m()] * 3, 1.0, _number("muscle", "tone", "1"))[1:2], 2, axis=0)
        arm = Arm()
        arm.place(self.start_deg)
        self._jacobian = arm.hand_jacobian_m_per_rad
        at_rest = np.radians(self.start_deg)
        # Only what pulls counts, so that each of a pair must do the other's part as well.
        self._share = 2.0 * np.linalg.pinv(arm.muscle_torque_nm(at_rest, np.zeros(2)))
        self._seen = np.zeros((round(_number("sight", "delay", "ms")), 2))
        self._missing, self._slow, self._torque, self._slip = np.zeros((4, 2))
        self._teaches = False

    def force_n(self, time_ms: float, hand_m: Array, velocity_m_per_s: Array) -> Array:
        """Return the pull of the world, and of the robot that brings the hand back, shape (2,)."""
        reach, ms = self._now(time_ms)
        if reach is None:
            return np.zeros(2)
        if ms < _until("hold"):
            x, y = velocity_m_per_s
            return reach.world.curl_n_s_per_m * np.array([-y, x])
        if ms >= _until("back"):
            return np.zeros(2)
        path, robot = self._paths[reach.target_m], numbers().section("robot")
        off, going = path[ms] - hand_m, 1000.0 * (path[ms + 1] - path[ms])
        pull = robot.number("stiffness", "N/m") * off + robot.number("damping", "N*s/m") * (going - velocity_m_per_s)
        return np.asarray(pull)

    def command_hz(self, time_ms: float, hand_m: Array) -> Array:
        """Return the rate of the command fibres of each muscle, shape (6,)."""
        reach, ms = self._now(time_ms)
        start = np.asarray(start_m())
        plan = start if reach is None else self._paths[reach.target_m][ms]
        guided = reach is not None and _until("hold") <= ms < _until("back")
        off = np.zeros(2) if guided else plan - start - _rotated(hand_m - start, reach)
        self._correct(round(time_ms), off, guided, still=reach is None or ms < _until("wait") or ms >= _until("movement") + _SETTLED_MS)
        self._teaches = reach is not None and _until("wait") <= ms < _until("movement") + _SETTLED_MS
        later, ahead = self._now(time_ms + _number("muscle", "lead", "ms"))
        wanted = self._still[0] if later is None else self._wanted[later.target_m][ahead]
        return commands_hz(wanted + np.maximum(self._share @ self._torque, 0.0))

    def _correct(self, at: int, off_m: Array, guided: bool, still: bool) -> None:
        """Turn what is seen of the hand's error, some time ago, into torques."""
        slot = at % len(self._seen)
        missing = self._seen[slot].copy()
        self._seen[slot] = off_m
        sight = numbers().section("sight")
        if still and not guided:
            self._slow = self._slow + 0.001 * sight.number("slow", "N/(m*s)") * missing
        changing = 1000.0 * (missing - self._missing)
        self._missing = missing
        pull = sight.number("stiffness", "N/m") * missing + sight.number("damping", "N*s/m") * changing + self._slow
        self._torque = self._jacobian.T @ (self._slow if guided else pull)
        self._slip = changing

    def plan_hz(self, time_ms: float) -> Array:
        """Return the rate of fibres that prefer each of eight directions, shape (8,), by how the hand is meant to move soon.

        Cosine tuning to direction, times speed: 10.1152/jn.1999.82.5.2676.
        """
        cortex = numbers().section("cortex")
        reach, ms = self._now(time_ms + _number("muscle", "lead", "ms"))
        rate = np.full(len(_PREFERRED), cortex.number("rest", "Hz"))
        if reach is None or ms >= _until("hold"):
            return rate
        path = self._paths[reach.target_m]
        velocity = 1000.0 * (path[ms + 1] - path[ms])
        return np.maximum(rate + cortex.number("per_speed", "Hz*s/m") * _PREFERRED @ velocity, 0.0)

    def error_hz(self) -> Array:
        """Return the rate of the error fibres of each direction, shape (4,): how much more is pulled there than planned."""
        if not self._teaches:
            return np.zeros(4)
        olive = numbers().section("olive")
        shoulder, elbow = olive.number("rate", "Hz*s/(m**2)") * (self._jacobian.T @ self._slip)
        return np.clip(np.array([shoulder, -shoulder, elbow, -elbow]), 0.0, olive.number("highest", "Hz"))

    def _now(self, time_ms: float) -> tuple[Reach | None, int]:
        """Return the reach at a time and the milliseconds since its trial began; None before the first and after the last."""
        trial, ms = divmod(round(time_ms) - self._first_ms, trial_ms())
        return (self._reaches[trial], ms) if 0 <= trial < len(self._reaches) else (None, 0)

    def state(self) -> Array:
        """Return all that the next calls depend on, for `restore`."""
        return np.concatenate([self._seen.ravel(), self._missing, self._slow, self._torque, [self._teaches]])

    def restore(self, state: Array) -> None:
        """Go on where `state` was taken.

        Raises
        ------
        SpecError
            If it is not the state of one who reaches.
        """
        found, n = np.array(state, dtype=np.float64), self._seen.size
        if found.shape != (n + 7,):
            raise SpecError(f"reaching: a state has {n + 7} numbers, got shape {found.shape}")
        self._seen, self._missing, self._slow = found[:n].reshape(-1, 2), found[n : n + 2], found[n + 2 : n + 4]
        self._torque, self._teaches = found[n + 4 : n + 6], bool(found[-1])


_ANGLES = np.arange(8) * np.pi / 4
_PREFERRED = np.array([np.cos(_ANGLES), np.sin(_ANGLES)]).T


def commands_hz(activation: Array) -> Array:
    """Return the command that a muscle needs to pull with an activation, as a healthy person has learned it."""
    muscle = numbers().section("muscle")
    rest, power = muscle.number("rest", "1"), muscle.number("power", "1")
    drive = (np.maximum(activation, rest) / rest) ** (1.0 / power)
    return np.asarray(muscle.number("doubling", "Hz") * (drive - 1.0))


@functools.cache
def path_m(target_m: tuple[float, float]) -> Array:
    """Return where the hand should be in each millisecond of a trial and at its end, shape (trial_ms + 1, 2).

    Straight and with the least jerk, to the target and back.

    Source: 10.1523/JNEUROSCI.05-07-01688.1985.
    """
    wait, out, hold, back, rest = (_duration(part) for part in _PARTS)
    way = np.concatenate([np.zeros(wait), _least_jerk(out), np.ones(hold), 1.0 - _least_jerk(back), np.zeros(rest + 1)])
    start = np.asarray(start_m())
    return np.asarray(start + way[:, None] * (np.asarray(target_m) - start))


def start_m() -> tuple[float, ...]:
    """Return where reaches start, from the shoulder."""
    return numbers().section("place").numbers("start", "m", 2)


_PARTS = ("wait", "movement", "hold", "back", "rest")


@functools.cache
def trial_ms() -> int:
    """Return the length of a trial."""
    return _until("rest")


@functools.cache
def _until(part: str) -> int:
    return sum(_duration(p) for p in _PARTS[: _PARTS.index(part) + 1])


def _duration(part: str) -> int:
    return round(_number("trial", part, "ms"))


def _least_jerk(n: int) -> Array:
    s = np.arange(n) / n
    return np.asarray(10 * s**3 - 15 * s**4 + 6 * s**5)


def _activations(path: Array) -> Array:
    coarse = np.arange(0, len(path), _STEP_MS)
    found = activations_along(path[coarse], _STEP_MS / 1000.0, _number("muscle", "tone", "1"))
    every = np.arange(len(path))
    return np.array([np.interp(every, coarse, column) for column in found.T]).T


def _rotated(way_m: Array, reach: Reach | None) -> Array:
    if reach is None:
        return way_m
    turn = np.radians(reach.world.rotation_deg)
    return np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ way_m


@functools.cache
def numbers() -> tables.Section:
    """Return the table of reaching."""
    return tables.read(_FILE).root


@functools.cache
def _number(section: str, key: str, unit: str) -> float:
    return numbers().section(section).number(key, unit)
