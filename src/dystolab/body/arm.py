"""The arm: shoulder, elbow and hand, and the lengths of six muscles, from the activation of those muscles.

The mechanics are MuJoCo's, which comes with the extra ``body`` and is imported when an arm is made. What is simulated:
``arm_model``; numbers and sources: ``arm.toml`` and docs/sources/arm.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from dystolab.body import arm_model
from dystolab.body.mechanics import Plant, activations, bounded
from dystolab.errors import SpecError

Array = npt.NDArray[np.float64]

STRONGEST_PUSH_NM = 100.0
"""Twice what the strongest muscles hold at either joint."""

STRONGEST_HAND_FORCE_N = 150.0
"""Ten times what force fields of reaching experiments push with; on a straight arm it acts like `STRONGEST_PUSH_NM`."""


class Arm(Plant):
    """A right arm in a horizontal plane, relaxed and at rest at first.

    Angles and torques run over shoulder and elbow, positive as the arm swings forward and bends (a shoulder of 0 points
    to the right, an elbow of 0 is straight); the hand over x to the right and y forward of the shoulder; what is
    per muscle over `muscles`.

    Raises
    ------
    MissingExtraError
        If MuJoCo is not installed.
    """

    def __init__(self) -> None:
        super().__init__("arm", arm_model.mjcf(), arm_model.muscles())
        self._paths = arm_model.paths()
        # Views: tendons list the shoulder and then the elbow.
        self._elbow_coefficients = self._model.wrap_prm.reshape(-1, len(arm_model.JOINTS))[:, 1]
        self._length_scale = self._model.actuator_lengthrange
        self.place(arm_model.rest_deg())

    def step(
        self,
        activation: npt.ArrayLike,
        push_nm: npt.ArrayLike = (0.0, 0.0),
        hand_force_n: npt.ArrayLike = (0.0, 0.0),
        n_ms: int = 1,
    ) -> None:
        """Move on by `n_ms` with activation, push and force held.

        Parameters
        ----------
        activation : array_like, shape (6,)
            Share of each muscle's isometric force, 0 to 1: already filtered by the twitches of its motor units.
        push_nm : array_like, shape (2,), optional
            Torque from outside about each joint.
        hand_force_n : array_like, shape (2,), optional
            Force from outside on the hand, along x and y.
        n_ms : int, optional
            Milliseconds.

        Raises
        ------
        SpecError
            If an activation is missing or outside 0 to 1, push or force are beyond `STRONGEST_PUSH_NM` and
            `STRONGEST_HAND_FORCE_N`, or there is no whole millisecond.

        Examples
        --------
        A curl field of 13 N s/m, which pushes the hand to the left of its way:

        >>> arm = Arm()
        >>> activation = arm.tone(0.1)
        >>> for _ in range(100):
        ...     x, y = arm.hand_velocity_m_per_s
        ...     arm.step(activation, hand_force_n=(-13.0 * y, 13.0 * x))
        """
        if n_ms < 1:
            raise SpecError(f"arm: must step by at least 1 ms, got {n_ms}")
        push = bounded("arm", "push_nm", push_nm, 2, STRONGEST_PUSH_NM, "Nm")
        force = bounded("arm", "hand_force_n", hand_force_n, 2, STRONGEST_HAND_FORCE_N, "N")
        self._control[:] = activations("arm", self.muscles, activation)
        # The halves of a step in this order leave lengths and velocities that belong to the new angles.
        for _ in range(n_ms):
            self._push_nm[:] = push + force @ self.hand_jacobian_m_per_rad
            self._mujoco.mj_step2(self._model, self._data)
            self._see()

    def place(self, angle_deg: npt.ArrayLike) -> None:
        """Put the arm at rest at `angle_deg`, shape (2,).

        Raises
        ------
        SpecError
            If an angle is outside the range of motion.
        """
        self._put(angle_deg, arm_model.JOINTS, arm_model.limits_deg())

    @property
    def hand_m(self) -> Array:
        """Where the hand is, from the shoulder, shape (2,)."""
        return np.array(self._data.site_xpos[0, :2])

    @property
    def hand_velocity_m_per_s(self) -> Array:
        """Its rate of change, shape (2,)."""
        return np.asarray(self.hand_jacobian_m_per_rad @ self._data.qvel)

    @property
    def hand_jacobian_m_per_rad(self) -> Array:
        """Change of the hand's place with each angle, shape (2, 2), the angle in the columns."""
        hand_x, hand_y = self._data.site_xpos[0, :2]
        elbow_x, elbow_y = self._data.xanchor[1, :2]
        return np.array([[-hand_y, elbow_y - hand_y], [hand_x, hand_x - elbow_x]])

    @property
    def length_mm(self) -> Array:
        """Length of each muscle's path, shape (6,)."""
        return 1000.0 * self._paths.lengths(*self._data.qpos)

    def inverse_torque_nm(self, angle_rad: Array, velocity_rad_per_s: Array, acceleration_rad_per_s2: Array) -> Array:
        """Return the torque about each joint that muscles must give for this movement, shape (2,)."""
        data = self._elsewhere(angle_rad, velocity_rad_per_s)
        data.qacc[:] = acceleration_rad_per_s2
        self._mujoco.mj_inverse(self._model, data)
        return np.array(data.qfrc_inverse)

    def muscle_torque_nm(self, angle_rad: Array, velocity_rad_per_s: Array) -> Array:
        """Return the torque of each muscle at full activation in a movement, shape (2, 6)."""
        self._paths_at(float(angle_rad[1]))
        data = self._elsewhere(angle_rad, velocity_rad_per_s)
        data.ctrl[:] = 1.0
        self._mujoco.mj_forward(self._model, data)
        self._paths_at(float(self._data.qpos[1]))
        arms = np.array([self._paths.shoulder, self._paths.elbow_arms(float(angle_rad[1]))])
        return np.asarray(-arms * data.actuator_force)

    def tone(self, level: float) -> Array:
        """Return the activations nearest to `level` that hold the arm where it is, shape (6,).

        They balance the passive stiffness as well. Whether the arm comes back after a push is not looked at.

        Parameters
        ----------
        level : float
            What all would be if their torques were in balance.

        Raises
        ------
        SpecError
            If an activation would lie outside 0 to 1.
        """
        torque = np.array([self.isometric_torque_nm(one) for one in np.eye(len(self.muscles))]).T
        passive = arm_model.stiffness_nm_per_rad() * (np.radians(arm_model.rest_deg()) - self._data.qpos)
        # The shortest way from `level` to balance: a part that scales with the level, and one that does not.
        way = np.linalg.pinv(torque)
        scaled, fixed = 1.0 - way @ torque.sum(axis=1), -way @ passive
        ends = np.sort([-fixed / scaled, (1.0 - fixed) / scaled], axis=0)
        lowest, highest = max(0.0, ends[0].max()), ends[1].min()
        if not lowest <= level <= highest:
            raise SpecError(f"arm: level of tone must lie in {lowest:.2f} to {highest:.2f} here, got {level}")
        return activations("arm", self.muscles, np.clip(level * scaled + fixed, 0.0, 1.0))

    def _elsewhere(self, angle_rad: Array, velocity_rad_per_s: Array) -> Any:
        """Return data of MuJoCo in which the arm moves like this."""
        data = self._mujoco.MjData(self._model)
        data.qpos[:], data.qvel[:] = angle_rad, velocity_rad_per_s
        return data

    def _see(self) -> None:
        """Bring arms and scale of length to the present elbow, and lengths and places to the present angles."""
        self._paths_at(float(self._data.qpos[1]))
        super()._see()

    def _paths_at(self, elbow_rad: float) -> None:
        zero = self._paths.zero_fibre(elbow_rad)
        self._elbow_coefficients[:] = -self._paths.elbow_arms(elbow_rad)
        self._length_scale[:, 0] = zero
        self._length_scale[:, 1] = zero + self._paths.optimal
