"""A person who reaches, and the world of the hand.

The command is no part of the circuit. It is as simple as it can be: for each reach the activations that a healthy arm
needs for a straight, smooth path, turned into rates as this person has learned of the own muscles; and where the hand
is, as the eyes see it late, and how fast it goes, as it is felt sooner, are held against the plan, and what is missing
is pulled after. How far the hand will soon be off its plan is what the olive hears of a reach, by the direction of each
joint in which more is needed
(feedback-error learning, 10.1007/BF00201431; complex spikes of a reach tell where it misses, 10.1038/33141).
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from dystolab.body.arm import Arm
from dystolab.body.arm_inverse import activations_along, angles_rad
from dystolab.circuit import tables
from dystolab.errors import SpecError

Array = npt.NDArray[np.float64]
Place = tuple[float, float]
Phase = Literal["waiting", "moving", "holding", "guided"]

PARTS = ("wait", "movement", "hold", "back", "rest")
"""Of a trial, in order."""

SETTLE_MS = 150
"""After the movement's planned end the hand may still be on its way."""

_FILE = Path(__file__).with_name("reach.toml")
_STEP_MS = 10
"""Between two places of a path for which activations are sought; those between are interpolated."""

_ANGLES = np.arange(8) * np.pi / 4
_PREFERRED = np.array([np.cos(_ANGLES), np.sin(_ANGLES)]).T


@dataclass(frozen=True, slots=True)
class Reach:
    """One trial: from the start to a target and back.

    Parameters
    ----------
    target_m : (float, float)
        From the shoulder.
    rotation_deg : float
        What is seen of the movement is turned by so much about the start, counter-clockwise.
    curl_n_s_per_m : float
        Force across the movement over its speed, to the left of the way if positive, until the robot takes the hand.
    """

    target_m: Place
    rotation_deg: float = 0.0
    curl_n_s_per_m: float = 0.0


class Reaching:
    """Commands, forces and errors, trial after trial.

    Parameters
    ----------
    reaches : sequence of Reach
        One every `trial_ms`, from `first_ms` on; before and after, the hand is held at the start.
    first_ms : int

    Raises
    ------
    SpecError
        If the arm can't reach a target.
    """

    def __init__(self, reaches: Sequence[Reach], first_ms: int) -> None:
        self._reaches, self._first_ms = tuple(reaches), first_ms
        self._start = np.array(start_m())
        self.start_deg = np.degrees(angles_rad(self._start))
        self._paths = {reach.target_m: path_m(reach.target_m) for reach in reaches}
        self._wanted = {target: _activations(path) for target, path in self._paths.items()}
        self._still = activations_along([self._start] * 3, 1.0, _number("muscle", "tone", "1"))[1]
        arm = Arm()
        arm.place(self.start_deg)
        self._jacobian = arm.hand_jacobian_m_per_rad
        # Only what pulls counts, so that each of a pair must do the other's part as well.
        self._share = 2.0 * np.linalg.pinv(arm.muscle_torque_nm(np.radians(self.start_deg), np.zeros(2)))
        self._numbers = _Numbers()
        self._seen, self._felt = np.zeros((2, self._numbers.kept_ms, 2))
        self._here, self._there, self._torque, self._taught = np.zeros((4, 2))

    def force_n(self, time_ms: float, hand_m: Array, velocity_m_per_s: Array) -> Array:
        """Return the pull of the world, and of the robot that brings the hand back, shape (2,)."""
        reach, ms = self._now(time_ms)
        if reach is None or ms >= _until("back"):
            return np.zeros(2)
        if ms < _until("hold"):
            x, y = velocity_m_per_s
            return reach.curl_n_s_per_m * np.array([-y, x])
        path, n = self._paths[reach.target_m], self._numbers
        going = 1000.0 * (path[ms + 1] - path[ms])
        return np.asarray(n.robot_n_per_m * (path[ms] - hand_m) + n.robot_n_s_per_m * (going - velocity_m_per_s))

    def command_hz(self, time_ms: float, hand_m: Array) -> Array:
        """Return the rate of the command fibres of each muscle, shape (6,)."""
        reach, ms = self._now(time_ms)
        way, moved = np.zeros(2), hand_m - self._start
        seen = moved
        if reach is not None:
            way, seen = self._paths[reach.target_m][ms] - self._start, turned(moved, reach.rotation_deg)
        at = round(time_ms) % len(self._seen)
        self._seen[at], self._felt[at] = way - seen, way - moved
        self._correct(at, "waiting" if reach is None else _phase(ms))
        later, ahead = self._now(time_ms + self._numbers.lead_ms)
        wanted = self._still if later is None else self._wanted[later.target_m][ahead]
        return commands_hz(wanted + np.maximum(self._share @ self._torque, 0.0))

    def _correct(self, now: int, phase: Phase) -> None:
        """Turn the hand's distance from the plan, some time ago, into torques.

        At rest they grow while it lasts; those at the target are forgotten when the hand is brought back.
        """
        n, guided = self._numbers, phase == "guided"
        seen, _ = _before(self._seen, now, n.seen_ms)
        _, felt_speed = _before(self._felt, now, n.felt_ms)
        grown = 0.001 * n.slow_n_per_m_s * seen
        if phase == "waiting":
            self._here = self._here + grown
        elif phase == "holding":
            self._there = self._there + grown
        elif guided:
            self._there = np.zeros(2)
        pull = n.stiffness_n_per_m * seen + n.damping_n_s_per_m * felt_speed
        self._torque = self._jacobian.T @ (self._here + self._there + (0.0 if guided else pull))
        told, told_speed = _before(self._seen, now, n.olive_ms)
        missing = n.stiffness_n_per_m * (told + n.ahead_s * told_speed)
        self._taught = self._jacobian.T @ missing if phase == "moving" else np.zeros(2)

    def plan_hz(self, time_ms: float) -> Array:
        """Return the rate of fibres that prefer each of eight directions, shape (8,), by how the hand is soon to move.

        Tuned to direction as a cosine, times speed: 10.1152/jn.1999.82.5.2676.
        """
        n = self._numbers
        reach, ms = self._now(time_ms + n.lead_ms)
        if reach is None or _phase(ms) != "moving":
            return np.full(len(_PREFERRED), n.plan_rest_hz)
        path = self._paths[reach.target_m]
        way = np.asarray(reach.target_m) - self._start
        velocity = 1000.0 * (path[ms + 1] - path[ms])
        tuned = n.plan_hz_s_per_m * velocity + n.plan_hz * way / np.linalg.norm(way)
        return np.asarray(np.maximum(n.plan_rest_hz + _PREFERRED @ tuned, 0.0))

    def error_hz(self) -> Array:
        """Return the rate of the error fibres of each direction of the joints, shape (4,)."""
        shoulder, elbow = self._numbers.olive_hz_per_nm * self._taught
        more = np.array([shoulder, -shoulder, elbow, -elbow])
        return np.asarray(np.clip(self._numbers.olive_rest_hz + more, 0.0, self._numbers.olive_highest_hz))

    def _now(self, time_ms: float) -> tuple[Reach | None, int]:
        """Return the reach at a time and the milliseconds since its trial began; None if there is none."""
        trial, ms = divmod(round(time_ms) - self._first_ms, trial_ms())
        return (self._reaches[trial], ms) if 0 <= trial < len(self._reaches) else (None, 0)

    def state(self) -> Array:
        """Return all that the next calls depend on, for `restore`."""
        kept = (self._seen, self._felt, self._here, self._there, self._torque, self._taught)
        return np.concatenate([part.ravel() for part in kept])

    def restore(self, state: Array) -> None:
        """Go on where `state` was taken.

        Raises
        ------
        SpecError
            If it is not the state of one who reaches.
        """
        found, n = np.array(state, dtype=np.float64), self._seen.size
        if found.shape != (2 * n + 8,):
            raise SpecError(f"reaching: a state has {2 * n + 8} numbers, got shape {found.shape}")
        self._seen, self._felt = found[: 2 * n].reshape(2, -1, 2)
        self._here, self._there, self._torque, self._taught = found[2 * n :].reshape(4, 2)


class _Numbers:
    """What is read from the table once."""

    def __init__(self) -> None:
        self.seen_ms = round(_number("sight", "delay", "ms"))
        self.felt_ms = round(_number("feeling", "delay", "ms"))
        self.olive_ms = round(_number("olive", "delay", "ms"))
        self.kept_ms = max(self.seen_ms, self.felt_ms, self.olive_ms) + 2
        self.ahead_s = 0.001 * _number("olive", "ahead", "ms")
        self.lead_ms = _number("muscle", "lead", "ms")
        self.stiffness_n_per_m = _number("sight", "stiffness", "N/m")
        self.damping_n_s_per_m = _number("feeling", "damping", "N*s/m")
        self.slow_n_per_m_s = _number("sight", "slow", "N/(m*s)")
        self.robot_n_per_m = _number("robot", "stiffness", "N/m")
        self.robot_n_s_per_m = _number("robot", "damping", "N*s/m")
        self.plan_rest_hz = _number("cortex", "rest", "Hz")
        self.plan_hz_s_per_m = _number("cortex", "per_speed", "Hz*s/m")
        self.plan_hz = _number("cortex", "direction", "Hz")
        self.olive_hz_per_nm = _number("olive", "rate", "Hz/(N*m)")
        self.olive_rest_hz = _number("olive", "rest", "Hz")
        self.olive_highest_hz = _number("olive", "highest", "Hz")


def _before(off_m: Array, now: int, ms: int) -> tuple[Array, Array]:
    """Return the distance from the plan some time ago, and how fast it grew, m and m/s."""
    size = len(off_m)
    then, before = off_m[(now - ms) % size], off_m[(now - ms - 1) % size]
    return then, 1000.0 * (then - before)


def commands_hz(activation: Array) -> Array:
    """Return the command that a muscle needs to pull with an activation, as a healthy person has learned it.

    Nobody asks for less than a muscle does by itself, nor for more than the highest command.
    """
    rest = _number("muscle", "rest", "1")
    drive = (np.maximum(activation, rest) / rest) ** (1.0 / _number("muscle", "power", "1"))
    return np.minimum(_number("muscle", "doubling", "Hz") * (drive - 1.0), _number("muscle", "highest", "Hz"))


@functools.cache
def path_m(target_m: Place) -> Array:
    """Return where the hand should be in each millisecond of a trial and at its end, shape (trial_ms + 1, 2).

    Straight and with the least jerk, to the target and back.

    Source: 10.1523/JNEUROSCI.05-07-01688.1985.
    """
    wait, out, hold, back, rest = (_duration(part) for part in PARTS)
    way = np.concatenate([np.zeros(wait), _least_jerk(out), np.ones(hold), 1.0 - _least_jerk(back), np.zeros(rest + 1)])
    start = np.array(start_m())
    return np.asarray(start + way[:, None] * (np.asarray(target_m) - start))


def start_m() -> Place:
    """Return where reaches start, from the shoulder."""
    x, y = numbers().section("place").numbers("start", "m", 2)
    return x, y


@functools.cache
def trial_ms() -> int:
    """Return the length of a trial."""
    return _until("rest")


@functools.cache
def movement_ms() -> tuple[int, int]:
    """Return from when to when the hand is meant to move to the target, since the start of a trial."""
    return _until("wait"), _until("movement")


@functools.cache
def held_ms() -> int:
    """Return until when the hand is held at the target, since the start of a trial."""
    return _until("hold")


def _phase(ms: int) -> Phase:
    if _until("wait") <= ms < _until("movement") + SETTLE_MS:
        return "moving"
    if ms < _until("wait") or ms >= _until("back"):
        return "waiting"
    return "holding" if ms < _until("hold") else "guided"


@functools.cache
def _until(part: str) -> int:
    return sum(_duration(p) for p in PARTS[: PARTS.index(part) + 1])


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


def turned(way_m: Array, angle_deg: float) -> Array:
    """Return ways of the hand, shape (2,) or (n, 2), turned counter-clockwise."""
    turn = np.radians(angle_deg)
    return np.asarray(way_m @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]))


@functools.cache
def numbers() -> tables.Section:
    """Return the table of reaching."""
    return tables.read(_FILE).root


@functools.cache
def _number(section: str, key: str, unit: str) -> float:
    return numbers().section(section).number(key, unit)
