"""The neck: the angles of the head, and the lengths of 28 muscles, from the activation of those muscles.

The mechanics are MuJoCo's, which comes with the extra ``body`` and is imported when a neck is made. What is simulated:
``neck_model``; numbers and sources: ``circuit.neck`` and docs/sources/neck.md.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dystolab.body import neck_model
from dystolab.body.mechanics import activations, bounded, finite, mujoco
from dystolab.circuit import neck as geometry
from dystolab.errors import SpecError

Array = npt.NDArray[np.float64]

STRONGEST_PUSH_NM = 100.0
"""Twice what the strongest muscles hold; far beyond it MuJoCo's steps fail and it starts anew without a word."""


class Neck:
    """A head on its neck, upright and at rest at first.

    Angles and torques run over yaw, pitch and roll, positive to the left, down and to the right; what is per muscle
    runs over `muscles`, those of the right side first.

    Raises
    ------
    MissingExtraError
        If MuJoCo is not installed.
    """

    muscles: tuple[str, ...]

    def __init__(self) -> None:
        self._mujoco = mujoco()
        self._model = self._mujoco.MjModel.from_xml_string(neck_model.mjcf())
        self._data = self._mujoco.MjData(self._model)
        self._mujoco.mj_step1(self._model, self._data)
        self.muscles = tuple(muscle.name for muscle in geometry.muscles())
        self._upright_mm = np.array([muscle.upright_mm for muscle in geometry.muscles()])

    def step(self, activation: npt.ArrayLike, push_nm: npt.ArrayLike = (0.0, 0.0, 0.0), n_ms: int = 1) -> None:
        """Move on by `n_ms` with activation and push held.

        Parameters
        ----------
        activation : array_like, shape (28,)
            Share of each muscle's isometric force, 0 to 1: already filtered by the twitches of its motor units.
        push_nm : array_like, shape (3,), optional
            Torque from outside.
        n_ms : int, optional
            Milliseconds.

        Raises
        ------
        SpecError
            If an activation is missing or outside 0 to 1, the push is beyond `STRONGEST_PUSH_NM`, or there is no whole
            millisecond.
        """
        if n_ms < 1:
            raise SpecError(f"neck: must step by at least 1 ms, got {n_ms}")
        push = bounded("neck", "push_nm", push_nm, 3, STRONGEST_PUSH_NM, "Nm")
        self._data.ctrl[:] = activations("neck", self.muscles, activation)
        self._data.qfrc_applied[:] = push
        # The halves of a step in this order leave lengths and velocities that belong to the new angles.
        for _ in range(n_ms):
            self._mujoco.mj_step2(self._model, self._data)
            self._mujoco.mj_step1(self._model, self._data)

    def place(self, angle_deg: npt.ArrayLike) -> None:
        """Put the head at rest at `angle_deg`, shape (3,).

        Raises
        ------
        SpecError
            If an angle is outside the range of motion.
        """
        angle = finite("neck", "angle_deg", angle_deg, 3)
        for name, value, (low, high) in zip(geometry.AXES, angle, geometry.limits_deg(), strict=True):
            if not low <= value <= high:
                raise SpecError(f"neck: {name} must lie in {low:g} to {high:g} degrees, got {value:g}")
        self._mujoco.mj_resetData(self._model, self._data)
        self._data.qpos[:] = np.radians(angle)
        self._mujoco.mj_step1(self._model, self._data)

    @property
    def angle_deg(self) -> Array:
        """Angles of the head, shape (3,)."""
        return np.asarray(np.degrees(self._data.qpos))

    @property
    def velocity_deg_per_s(self) -> Array:
        """Their rates of change, shape (3,)."""
        return np.asarray(np.degrees(self._data.qvel))

    @property
    def length_mm(self) -> Array:
        """Length of each muscle's path, shape (28,)."""
        return self._upright_mm + 1000.0 * np.asarray(self._data.actuator_length)

    @property
    def velocity_mm_per_s(self) -> Array:
        """Its rate of change, shape (28,): positive while the muscle is stretched."""
        return 1000.0 * np.asarray(self._data.actuator_velocity)

    @property
    def force_n(self) -> Array:
        """Force of each muscle in the last step, shape (28,)."""
        return -np.asarray(self._data.actuator_force)

    def isometric_torque_nm(self, activation: npt.ArrayLike) -> Array:
        """Return what the muscles would pull with, shape (3,), if the head were held where it is.

        Parameters
        ----------
        activation : array_like, shape (28,)
            As in `step`, errors included.
        """
        held = self._mujoco.MjData(self._model)
        held.qpos[:] = self._data.qpos
        held.ctrl[:] = activations("neck", self.muscles, activation)
        self._mujoco.mj_forward(self._model, held)
        return np.array(held.qfrc_actuator)

    def tone(self, level: float) -> Array:
        """Return activations, alike on both sides, that keep the upright head where it is, shape (28,).

        Muscles that bend forward and those that bend back get activations in inverse proportion to their summed
        torques.

        Parameters
        ----------
        level : float
            Mean of the two activations.

        Raises
        ------
        SpecError
            If an activation would lie outside 0 to 1.
        """
        torque = np.array([muscle.force_n * muscle.arms_mm[1] for muscle in geometry.muscles()])
        forward, back = torque[torque > 0].sum(), -torque[torque < 0].sum()
        shares = 2.0 * np.where(torque > 0, back, forward) / (forward + back)
        highest = 1.0 / shares.max()
        if not 0.0 <= level <= highest:
            raise SpecError(f"neck: level of tone must lie in 0 to {highest:.2f}, got {level}")
        return activations("neck", self.muscles, level * shares)

    def state(self) -> Array:
        """Return all that the next step depends on, for `restore`."""
        state = np.empty(self._mujoco.mj_stateSize(self._model, self._integration))
        self._mujoco.mj_getState(self._model, self._data, state, self._integration)
        return state

    def restore(self, state: Array) -> None:
        """Go on where `state` was taken, bit for bit.

        Raises
        ------
        SpecError
            If it is not the state of a neck.
        """
        size = self._mujoco.mj_stateSize(self._model, self._integration)
        self._mujoco.mj_setState(self._model, self._data, finite("neck", "state", state, size), self._integration)
        self._mujoco.mj_step1(self._model, self._data)

    @property
    def _integration(self) -> int:
        return int(self._mujoco.mjtState.mjSTATE_INTEGRATION)
