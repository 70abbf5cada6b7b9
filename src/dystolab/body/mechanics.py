"""What plants that MuJoCo moves have in common: its import, and checks of what they are given."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import numpy.typing as npt

from dystolab.errors import MissingExtraError, SpecError

Array = npt.NDArray[np.float64]


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


def finite(plant: str, name: str, values: npt.ArrayLike, size: int) -> Array:
    """Return `values` as an array of shape (size,).

    Raises
    ------
    SpecError
        If it has another shape or holds a number that is not finite; the text names plant and values.
    """
    found = np.asarray(values, dtype=np.float64)
    if found.shape != (size,) or not np.isfinite(found).all():
        raise SpecError(f"{plant}: {name} must be {size} finite numbers, got {np.array2string(found, threshold=6)}")
    return found


def bounded(plant: str, name: str, values: npt.ArrayLike, size: int, most: float, unit: str) -> Array:
    """Return `values` as `finite` does, none of them beyond `most` on either side, or raise SpecError."""
    found = finite(plant, name, values, size)
    if np.abs(found).max() > most:
        raise SpecError(f"{plant}: {name} must be at most {most:g} {unit}, got {np.abs(found).max():g}")
    return found


def activations(plant: str, muscles: tuple[str, ...], values: npt.ArrayLike) -> Array:
    """Return `values`, one activation per muscle.

    Raises
    ------
    SpecError
        If one is missing or outside 0 to 1.
    """
    found = finite(plant, "activation", values, len(muscles))
    if found.min() < 0.0 or found.max() > 1.0:
        wrong = int(np.argmax(np.abs(found - 0.5)))
        raise SpecError(f"{plant}: activation of {muscles[wrong]} must lie in 0 to 1, got {found[wrong]:g}")
    return found
