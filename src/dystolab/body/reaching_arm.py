"""An arm joined to a circuit: motoneurons move it, spindles feel it, and who reaches sees its hand.

Every millisecond the spikes of the motoneurons become activations, the mechanics move on, and the afferents of the
next millisecond are drawn up. What is wanted of the hand, and what world it moves in, come from a `Task`.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt

from dystolab.body import arm_model
from dystolab.body.arm import Arm
from dystolab.body.muscled import Muscled, Spikes, Stateful
from dystolab.body.spindle import Spindles
from dystolab.circuit.groups import ARM_DIRECTIONS
from dystolab.circuit.spec import Circuit

Array = npt.NDArray[np.float64]

MOTONEURONS = "arm_motoneuron"
PLAN, ERROR = "reach_plan", "reach_error"
"""Fibres that tell a cerebellum where the hand is meant to go, and its olive how it misses; others have none."""

PLAN_DIRECTIONS = 8


class Task(Protocol):
    """What is wanted of the hand, and what world it moves in."""

    start_deg: Array
    """Angles of the joints at the start, shape (2,)."""

    def force_n(self, time_ms: float, hand_m: Array, velocity_m_per_s: Array) -> Array:
        """Return what the world pulls the hand with in the millisecond that ends at `time_ms`, shape (2,)."""

    def command_hz(self, time_ms: float, hand_m: Array) -> Array:
        """Return the rate of the command fibres of each muscle, shape (6,), by what is seen of the hand now."""

    def plan_hz(self, time_ms: float) -> Array:
        """Return the rate of the fibres of each direction that the hand is meant to take, shape (8,)."""

    def error_hz(self) -> Array:
        """Return the rate of the error fibres of each direction, shape (4,), after the call of `command_hz`."""

    def state(self) -> Array:
        """Return all that the next calls depend on, for `restore`."""

    def restore(self, state: Array) -> None:
        """Go on where `state` was taken."""


class ReachingArm(Muscled):
    """The body of a circuit that has pools of arm muscles; at rest where the task starts at first.

    Parameters
    ----------
    circuit : Circuit
        With the populations of the circuit ``arm``.
    seed : int
        Decides the phases of the afferents.
    task : Task

    Raises
    ------
    UnknownNameError
        If the circuit lacks a population.
    SpecError
        If a population has other groups than the arm has.
    MissingExtraError
        If MuJoCo is not installed.
    """

    hears = (MOTONEURONS,)

    def __init__(self, circuit: Circuit, seed: int, task: Task) -> None:
        n = len(arm_model.muscles())
        self._task, self._arm = task, Arm()
        self._arm.place(arm_model.rest_deg())
        motor, ia, ii = arm_model.further_ms()
        spindles = Spindles(self._arm.length_mm, excursions_mm(), (round(ia), round(ii)))
        self._arm.place(task.start_deg)
        groups = {"arm_spindle_ia": n, "arm_spindle_ii": n, "arm_command": n}
        self._learns = any(p.name == ERROR for p in circuit.populations)
        if self._learns:
            groups |= {PLAN: PLAN_DIRECTIONS, ERROR: len(ARM_DIRECTIONS)}
        parts: dict[str, Stateful] = {"arm": self._arm, "task": task}
        super().__init__("reaching arm", MOTONEURONS, n, spindles, groups, "hand", parts, circuit, seed, motor)

    def step(self, time_ms: float, spikes: Mapping[str, Spikes]) -> dict[str, Spikes]:
        """Move on to `time_ms` by the motoneurons' spikes of the millisecond before; return those of all afferents."""
        activation = self._muscles.step(*spikes[MOTONEURONS])
        force = self._task.force_n(time_ms, self._arm.hand_m, self._arm.hand_velocity_m_per_s)
        self._arm.step(activation, hand_force_n=force)
        hand = self._arm.hand_m
        self._places.append(hand)
        self._activations.append(activation)
        ia_hz, ii_hz = self._spindles.step(self._arm.length_mm, self._arm.velocity_mm_per_s)
        rates = {"arm_spindle_ia": ia_hz, "arm_spindle_ii": ii_hz}
        rates["arm_command"] = self._task.command_hz(time_ms, hand)
        if self._learns:
            rates |= {PLAN: self._task.plan_hz(time_ms), ERROR: self._task.error_hz()}
        return self._fire(time_ms, rates)

    @property
    def hand_m(self) -> Array:
        """Where the hand was at the end of each millisecond so far, from the shoulder, shape (n_ms, 2)."""
        return np.array(self._places).reshape(-1, 2)


@functools.cache
def excursions_mm() -> Array:
    """Return how far each muscle is stretched within the range of both joints, shape (6,)."""
    paths, limits = arm_model.paths(), np.radians(arm_model.limits_deg())
    lengths = np.array([paths.lengths(s, e) for s in limits[0] for e in limits[1]])
    return np.asarray(1000.0 * (lengths.max(axis=0) - lengths.min(axis=0)))
