"""What plants that MuJoCo moves have in common: its import, their state, and checks of what they are given."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from dystolab.engine.arithmetic import KERNEL
from dystolab.errors import MissingExtraError, SpecError

Array = npt.NDArray[np.float64]
_LARGEST = float(np.finfo(np.float64).max)


def mujoco() -> Any:
    """Return the module MuJoCo.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        return importlib.import_module("mujoco")
    except ImportError:
        raise MissingExtraError("MuJoCo", "body") from None


class Plant:
    """A model in motion; which angles, torques and muscles it has is for each plant to say.

    Parameters
    ----------
    name : str
        Of the plant, for errors.
    mjcf : str
        The model as text.
    muscles : tuple of str
        Names of its actuators, in order.

    Raises
    ------
    MissingExtraError
        If MuJoCo is not installed.
    """

    def __init__(self, name: str, mjcf: str, muscles: tuple[str, ...]) -> None:
        self._name = name
        self._mujoco = mujoco()
        self._model = self._mujoco.MjModel.from_xml_string(mjcf)
        self._data = self._mujoco.MjData(self._model)
        # Views: to ask MuJoCo for them takes longer than to read them.
        self._angle_rad, self._velocity_rad = self._data.qpos, self._data.qvel
        self._control, self._push_nm = self._data.ctrl, self._data.qfrc_applied
        self._length_m, self._velocity_m = self._data.actuator_length, self._data.actuator_velocity
        self.muscles = muscles

    @property
    def angle_deg(self) -> Array:
        """Angles of the joints, shape (n_angles,)."""
        return np.asarray(np.degrees(self._angle_rad))

    @property
    def velocity_deg_per_s(self) -> Array:
        """Their rates of change, shape (n_angles,)."""
        return np.asarray(np.degrees(self._velocity_rad))

    @property
    def velocity_mm_per_s(self) -> Array:
        """Rate of change of each muscle's length, shape (n_muscles,): positive while the muscle is stretched."""
        return np.asarray(1000.0 * self._velocity_m)

    @property
    def force_n(self) -> Array:
        """Force of each muscle in the last step, shape (n_muscles,)."""
        return -np.asarray(self._data.actuator_force)

    def isometric_torque_nm(self, activation: npt.ArrayLike) -> Array:
        """Return what the muscles would pull with, shape (n_angles,), if the joints were held where they are.

        Parameters
        ----------
        activation : array_like, shape (n_muscles,)
            As in `step`, errors included.
        """
        held = self._mujoco.MjData(self._model)
        held.qpos[:] = self._data.qpos
        held.ctrl[:] = activations(self._name, self.muscles, activation)
        self._mujoco.mj_forward(self._model, held)
        return np.array(held.qfrc_actuator)

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
            If it is not the state of such a plant.
        """
        size = self._mujoco.mj_stateSize(self._model, self._integration)
        self._mujoco.mj_setState(self._model, self._data, finite(self._name, "state", state, size), self._integration)
        self._see()

    def _put(self, angle_deg: npt.ArrayLike, names: tuple[str, ...], limits: tuple[tuple[float, ...], ...]) -> None:
        """Put the joints at rest at `angle_deg`, or raise SpecError for one outside its limits."""
        angle = finite(self._name, "angle_deg", angle_deg, len(names))
        for name, value, (low, high) in zip(names, angle, limits, strict=True):
            if not low <= value <= high:
                raise SpecError(f"{self._name}: {name} must lie in {low:g} to {high:g} degrees, got {value:g}")
        self._mujoco.mj_resetData(self._model, self._data)
        self._data.qpos[:] = np.radians(angle)
        self._see()

    def _see(self) -> None:
        """Bring lengths and velocities to the present angles."""
        self._mujoco.mj_step1(self._model, self._data)

    @property
    def _integration(self) -> int:
        return int(self._mujoco.mjtState.mjSTATE_INTEGRATION)


def finite(plant: str, name: str, values: npt.ArrayLike, size: int) -> Array:
    """Return `values` as an array of shape (size,).

    Raises
    ------
    SpecError
        If it has another shape or holds a number that is not finite; the text names plant and values.
    """
    found = np.asarray(values, dtype=np.float64)
    if not _all_within(found, size, -_LARGEST, _LARGEST):
        raise SpecError(f"{plant}: {name} must be {size} finite numbers, got {np.array2string(found, threshold=6)}")
    return found


def bounded(plant: str, name: str, values: npt.ArrayLike, size: int, most: float, unit: str) -> Array:
    """Return `values` as `finite` does, none of them beyond `most` on either side, or raise SpecError."""
    found = np.asarray(values, dtype=np.float64)
    if not _all_within(found, size, -most, most):
        finite(plant, name, found, size)
        raise SpecError(f"{plant}: {name} must be at most {most:g} {unit}, got {np.abs(found).max():g}")
    return found


def activations(plant: str, muscles: tuple[str, ...], values: npt.ArrayLike) -> Array:
    """Return `values`, one activation per muscle.

    Raises
    ------
    SpecError
        If one is missing or outside 0 to 1.
    """
    found = np.asarray(values, dtype=np.float64)
    if not _all_within(found, len(muscles), 0.0, 1.0):
        finite(plant, "activation", found, len(muscles))
        wrong = int(np.argmax(np.abs(found - 0.5)))
        raise SpecError(f"{plant}: activation of {muscles[wrong]} must lie in 0 to 1, got {found[wrong]:g}")
    return found


def _all_within(values: Array, size: int, low: float, high: float) -> bool:
    return values.shape == (size,) and bool(_within(values, low, high))


@njit(cache=True, **KERNEL)
def _within(values: Any, low: Any, high: Any) -> Any:
    """Return whether all values lie in `low` to `high`; what is no number does not. Two passes in NumPy take 5 us."""
    inside = True
    for k in range(values.size):
        inside = inside and low <= values[k] <= high
    return inside
