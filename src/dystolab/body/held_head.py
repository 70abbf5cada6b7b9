"""A head on its neck, joined to a circuit: motoneurons move it, spindles and canals feel it.

Every millisecond the spikes of the motoneurons become activations, the mechanics move on, and the afferents of the
next millisecond are drawn up. What is wanted of the head and what pushes it come from a `Task`.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from dystolab.body.muscled import Muscled, Spikes, Stateful
from dystolab.body.neck import Neck
from dystolab.body.spindle import Spindles
from dystolab.circuit import neck, tables
from dystolab.circuit.groups import DIRECTIONS, per_direction
from dystolab.circuit.spec import Circuit

Array = npt.NDArray[np.float64]

MOTONEURONS = "neck_motoneuron"
_FILE = Path(__file__).with_name("held_head.toml")


class Task(Protocol):
    """What is wanted of the head, and what the laboratory does to it."""

    def command_hz(self, time_ms: float, angle_deg: Array) -> Array:
        """Return the rate of the command fibres of each direction, shape (6,), by what is seen of the head now."""

    def push_nm(self, time_ms: float) -> Array:
        """Return the torque about each axis in the millisecond that ends at `time_ms`, shape (3,)."""

    def state(self) -> Array:
        """Return all that the next calls depend on, for `restore`."""

    def restore(self, state: Array) -> None:
        """Go on where `state` was taken."""


class HeldHead(Muscled):
    """The body of a circuit that has pools of neck muscles; upright and at rest at first.

    Parameters
    ----------
    circuit : Circuit
        With the populations of the circuit ``head``.
    seed : int
        Decides the phases of the afferents.
    task : Task

    Raises
    ------
    UnknownNameError
        If the circuit lacks a population.
    SpecError
        If a population has other groups than the neck has.
    MissingExtraError
        If MuJoCo is not installed.
    """

    hears = (MOTONEURONS,)

    def __init__(self, circuit: Circuit, seed: int, task: Task) -> None:
        muscles = neck.muscles()
        self._task, self._neck = task, Neck()
        spindles = Spindles([m.upright_mm for m in muscles], neck.excursions_mm())
        groups = {"spindle_ia": len(muscles), "spindle_ii": len(muscles)}
        groups |= {"vestibular_afferent": len(DIRECTIONS), "head_command": len(DIRECTIONS)}
        parts: dict[str, Stateful] = {"neck": self._neck, "task": task}
        super().__init__("held head", MOTONEURONS, len(muscles), spindles, groups, "angle", parts, circuit, seed)

    def step(self, time_ms: float, spikes: Mapping[str, Spikes]) -> dict[str, Spikes]:
        """Move on to `time_ms` by the motoneurons' spikes of the millisecond before; return those of all afferents."""
        activation = self._muscles.step(*spikes[MOTONEURONS])
        self._neck.step(activation, self._task.push_nm(time_ms))
        angle = self._neck.angle_deg
        self._places.append(angle)
        self._activations.append(activation)
        ia_hz, ii_hz = self._spindles.step(self._neck.length_mm, self._neck.velocity_mm_per_s)
        rates = {
            "spindle_ia": ia_hz,
            "spindle_ii": ii_hz,
            "vestibular_afferent": canals_hz(self._neck.velocity_deg_per_s),
            "head_command": self._task.command_hz(time_ms, angle),
        }
        return self._fire(time_ms, rates)

    @property
    def angle_deg(self) -> Array:
        """Yaw, pitch and roll at the end of each millisecond so far, shape (n_ms, 3)."""
        return np.array(self._places).reshape(-1, len(neck.AXES))


def canals_hz(velocity_deg_per_s: Array) -> Array:
    """Return the rate of the canals' afferents of each direction, shape (6,), from the head's velocity about each axis.

    Examples
    --------
    >>> canals_hz(np.array([20.0, 0.0, 0.0]))[:3].tolist()
    [99.0, 81.0, 90.0]
    """
    rest, sensitivity, highest = _canal()
    return np.minimum(np.maximum(rest + sensitivity * per_direction(velocity_deg_per_s), 0.0), highest)


@functools.cache
def _canal() -> tuple[float, float, float]:
    canal = _numbers().section("canal")
    return canal.number("rest", "Hz"), canal.number("sensitivity", "Hz*s/deg"), canal.number("highest", "Hz")


@functools.cache
def _numbers() -> tables.Section:
    return tables.read(_FILE).root
