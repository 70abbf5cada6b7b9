"""The neck: the angles of the head, and the lengths of 28 muscles, from the activation of those muscles.

The mechanics are MuJoCo's, which comes with the extra ``body`` and is imported when a neck is made. What is simulated:
``neck_model``; numbers and sources: ``circuit.neck`` and docs/sources/neck.md.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dystolab.body import neck_model
from dystolab.body.mechanics import Plant, activations, bounded
from dystolab.circuit import neck as geometry
from dystolab.errors import SpecError

Array = npt.NDArray[np.float64]

STRONGEST_PUSH_NM = 100.0
"""Twice what the strongest muscles hold; far beyond it MuJoCo's steps fail and it starts anew without a word."""


class Neck(Plant):
    """A head on its neck, upright and at rest at first.

    Angles and torques run over yaw, pitch and roll, positive to the left, down and to the right; what is per muscle
    runs over `muscles`, those of the right side first.

    Raises
    ------
    MissingExtraError
        If MuJoCo is not installed.
    """

    def __init__(self) -> None:
        super().__init__("neck", neck_model.mjcf(), tuple(muscle.name for muscle in geometry.muscles()))
        self._see()
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
        self._control[:] = activations("neck", self.muscles, activation)
        self._push_nm[:] = push
        # The halves of a step in this order leave lengths and velocities that belong to the new angles.
        for _ in range(n_ms):
            self._mujoco.mj_step2(self._model, self._data)
            self._see()

    def place(self, angle_deg: npt.ArrayLike) -> None:
        """Put the head at rest at `angle_deg`, shape (3,).

        Raises
        ------
        SpecError
            If an angle is outside the range of motion.
        """
        self._put(angle_deg, geometry.AXES, geometry.limits_deg())

    @property
    def length_mm(self) -> Array:
        """Length of each muscle's path, shape (28,)."""
        return np.asarray(self._upright_mm + 1000.0 * self._length_m)

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
