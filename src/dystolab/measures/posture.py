"""Where the head is held, and how steadily.

Angles come as rows of yaw, pitch and roll, one each millisecond, positive to the left, down and to the right, in the
order of the neck's hinges (`dystolab.circuit.neck`): the head turns, then nods, then tilts. Scales rate the three
angles one by one; how far the head is from a posture in all is the angle of the one rotation that would bring it there
(Euler's theorem), which unlike the root of summed squares does not depend on the order of the hinges. The axis of that
rotation describes head movements in cervical dystonia (mdsabstracts.org/?p=28738); its angle as one number is ours.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from dystolab.errors import SpecError

Array = npt.NDArray[np.float64]

NEUTRAL_DEG = (0.0, 0.0, 0.0)

WITHIN_DEG = 10.0
"""Up to here the head counts as neutral, as in the item on time of the TWSTRS (`dystolab.measures.twstrs`)."""


def distance_deg(angles_deg: npt.ArrayLike, target_deg: npt.ArrayLike) -> Array:
    """Return how far the head is from a posture at each time.

    Parameters
    ----------
    angles_deg : array_like, shape (n_ms, 3)
        Yaw, pitch and roll.
    target_deg : array_like, shape (3,)
        The posture; `NEUTRAL_DEG` is looking straight ahead.

    Returns
    -------
    ndarray, shape (n_ms,)
        Angle of the rotation from one to the other, 0 to 180 degrees.

    Raises
    ------
    SpecError
        If there are no rows of three angles, or not all are finite.

    Examples
    --------
    >>> distance_deg([[30.0, 0.0, 0.0], [90.0, 90.0, 0.0]], NEUTRAL_DEG).round(6).tolist()
    [30.0, 120.0]
    """
    target = checked(np.atleast_2d(np.asarray(target_deg, dtype=float)))
    if len(target) != 1:
        raise SpecError(f"head: the target is one posture of yaw, pitch and roll, got {len(target)}")
    # Capitals: each turn is about an axis that moves with the head, as hinges do.
    head = Rotation.from_euler("ZYX", checked(angles_deg), degrees=True)
    away = head.inv() * Rotation.from_euler("ZYX", target[0], degrees=True)
    distance: Array = np.rad2deg(away.magnitude())
    return distance


def mean_distance_deg(angles_deg: npt.ArrayLike, target_deg: npt.ArrayLike) -> float:
    """Return the mean distance from a posture; parameters and errors as of `distance_deg`.

    Examples
    --------
    >>> round(mean_distance_deg([[10.0, 0.0, 0.0], [-30.0, 0.0, 0.0]], NEUTRAL_DEG), 6)
    20.0
    """
    return float(distance_deg(angles_deg, target_deg).mean())


def largest_distance_deg(angles_deg: npt.ArrayLike, target_deg: npt.ArrayLike) -> float:
    """Return the largest distance from a posture; parameters and errors as of `distance_deg`.

    Examples
    --------
    >>> round(largest_distance_deg([[10.0, 0.0, 0.0], [-30.0, 0.0, 0.0]], NEUTRAL_DEG), 6)
    30.0
    """
    return float(distance_deg(angles_deg, target_deg).max())


def within_percent(angles_deg: npt.ArrayLike) -> float:
    """Return the share of time within 10 degrees of neutral, in percent.

    Parameters and errors as of `distance_deg`.

    Examples
    --------
    >>> within_percent([[9.0, 0.0, 0.0], [9.0, 9.0, 0.0]])
    50.0
    """
    return 100.0 * float((distance_deg(angles_deg, NEUTRAL_DEG) <= WITHIN_DEG).mean())


def mean_deg(angles_deg: npt.ArrayLike) -> Array:
    """Return the mean yaw, pitch and roll with their signs, shape (3,); errors as of `distance_deg`.

    Examples
    --------
    >>> mean_deg([[10.0, 0.0, -4.0], [-30.0, 0.0, -6.0]]).tolist()
    [-10.0, 0.0, -5.0]
    """
    return np.asarray(checked(angles_deg).mean(axis=0), dtype=float)


def spread_deg(angles_deg: npt.ArrayLike) -> Array:
    """Return the standard deviation of yaw, pitch and roll about their own mean, shape (3,).

    It tells how steadily a posture is held, whichever it is. Errors as of `distance_deg`.

    Examples
    --------
    >>> spread_deg([[10.0, 5.0, 0.0], [-30.0, 5.0, 2.0]]).tolist()
    [20.0, 0.0, 1.0]
    """
    return np.asarray(checked(angles_deg).std(axis=0), dtype=float)


def checked(angles_deg: npt.ArrayLike) -> Array:
    """Return head angles as an array, shape (n_ms, 3).

    Raises
    ------
    SpecError
        If there are no rows of three angles, or not all are finite.
    """
    angles = np.asarray(angles_deg, dtype=float)
    if angles.ndim != 2 or angles.shape[1] != 3 or not len(angles):
        raise SpecError(f"head: angles must be rows of yaw, pitch and roll, got an array of shape {angles.shape}")
    if not np.isfinite(angles).all():
        raise SpecError("head: angles must be finite")
    return angles
