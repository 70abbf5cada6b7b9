"""What muscles must do for an arm to move as wanted: their least activations, from MuJoCo's inverse dynamics."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

from dystolab.body import arm_model
from dystolab.body.arm import Arm
from dystolab.errors import SpecError

Array = npt.NDArray[np.float64]

_SPARING = 1e-3
"""Weight of the activations against the torque that is missed, relative to that of the strongest muscle."""


def angles_rad(hand_m: npt.ArrayLike) -> Array:
    """Return the angles of shoulder and elbow that bring the hand to a place, the elbow bent, shape (2,).

    Raises
    ------
    SpecError
        If the arm can't reach it.

    Examples
    --------
    >>> np.degrees(angles_rad([0.0, 0.5])).round(1).tolist()
    [49.4, 77.8]
    """
    x, y = np.asarray(hand_m, dtype=np.float64)
    upper, fore = (arm_model.numbers().section(part).number("length", "m") for part in arm_model.SEGMENTS)
    cosine = (x * x + y * y - upper**2 - fore**2) / (2.0 * upper * fore)
    if not -1.0 < cosine < 1.0:
        raise SpecError(f"arm: the hand can't be brought to {x:g}, {y:g} m from the shoulder")
    elbow = math.acos(cosine)
    shoulder = math.atan2(y, x) - math.atan2(fore * math.sin(elbow), upper + fore * math.cos(elbow))
    return np.array([shoulder, elbow])


def activations_along(path_m: npt.ArrayLike, step_s: float, tone: float) -> Array:
    """Return the activations that move the hand along a path, each beyond what `tone` asks for by the least.

    Parameters
    ----------
    path_m : array_like, shape (n, 2)
        Places of the hand, evenly spaced in time.
    step_s : float
        Time between two of them.
    tone : float
        Level of `Arm.tone` at the start.

    Returns
    -------
    ndarray, shape (n, 6)

    Raises
    ------
    SpecError
        If the arm can't reach a place, or not with this tone.
    """
    angle = np.array([angles_rad(place) for place in np.asarray(path_m)])
    velocity = np.gradient(angle, step_s, axis=0)
    acceleration = np.gradient(velocity, step_s, axis=0)
    arm = Arm()
    arm.place(np.degrees(angle[0]))
    base = arm.tone(tone)
    found = np.empty((len(angle), base.size))
    for k in range(len(angle)):
        needed = arm.inverse_torque_nm(angle[k], velocity[k], acceleration[k])
        per_muscle = arm.muscle_torque_nm(angle[k], velocity[k])
        spare = _SPARING * np.abs(per_muscle).max() * np.eye(base.size)
        more, _ = nnls(
            np.vstack([per_muscle, spare]), np.concatenate([needed - per_muscle @ base, np.zeros(base.size)])
        )
        found[k] = base + more
    return np.clip(found, 0.0, 1.0)
