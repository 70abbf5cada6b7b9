"""Single movements of hand or head towards a target, and how their errors shrink over trials.

A path has one row each millisecond, from the start of the movement to its end, in any number of dimensions (mm of the
hand, degrees of the head). Length ratio and peak speed are those of robotic assessments of reaching (PMC4533801, table
2); adaptation is told by the apparent rate constant of its errors (PMC2585408).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dystolab.errors import SpecError
from dystolab.measures import exponential

Array = npt.NDArray[np.float64]


def path_length_ratio(path: npt.ArrayLike) -> float:
    """Return the length of the path over the straight distance from its start to its end.

    The source takes the distance to the target. It is the same where the target is reached; where it is not, the miss
    is told by `endpoint_error` and does not count twice.

    Parameters
    ----------
    path : array_like, shape (n_ms, n_dimensions)

    Returns
    -------
    float
        1 on a straight line, more on every other way; NaN if the path ends where it began.

    Raises
    ------
    SpecError
        If there are fewer than 2 rows, or not all are finite.

    Source: PMC4533801, table 2.

    Examples
    --------
    >>> path_length_ratio([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0]])
    1.4
    """
    rows = _checked(path)
    distance = float(np.linalg.norm(rows[-1] - rows[0]))
    length = float(np.linalg.norm(np.diff(rows, axis=0), axis=1).sum())
    return length / distance if distance > 0 else float("nan")


def peak_speed(path: npt.ArrayLike) -> tuple[float, float]:
    """Return the highest speed, in units of the path per second, and when it is first reached, in ms from the start.

    Speed is taken between neighbouring samples, so that times lie halfway between them. Errors as of
    `path_length_ratio`.

    Source: PMC4533801, table 2.

    Examples
    --------
    >>> peak_speed([[0.0], [1.0], [3.0], [4.0]])
    (2000.0, 1.5)
    """
    steps = np.linalg.norm(np.diff(_checked(path), axis=0), axis=1)
    first = int(steps.argmax())
    return 1000.0 * float(steps[first]), first + 0.5


def endpoint_error(path: npt.ArrayLike, target: npt.ArrayLike) -> float:
    """Return how far from the target the path ends.

    Parameters
    ----------
    path : array_like, shape (n_ms, n_dimensions)
    target : array_like, shape (n_dimensions,)

    Raises
    ------
    SpecError
        As `path_length_ratio`, and if the target has other dimensions or is not finite.

    Examples
    --------
    >>> endpoint_error([[0.0, 0.0], [3.0, 4.0]], [0.0, 0.0])
    5.0
    """
    end = _checked(path)[-1]
    aim = np.asarray(target, dtype=float)
    if aim.shape != end.shape or not np.isfinite(aim).all():
        raise SpecError(f"movement: the target needs {end.size} finite coordinates, got an array of shape {aim.shape}")
    return float(np.linalg.norm(end - aim))


def lateral_deviation(path: npt.ArrayLike, target: npt.ArrayLike) -> float:
    """Return the mean distance of the path from the straight line between its start and the target.

    Parameters
    ----------
    path : array_like, shape (n_ms, 2)
    target : array_like, shape (2,)

    Returns
    -------
    float
        Positive to the left of the way to the target, negative to the right. Over a whole movement this is the area
        beside the line over time; noise moves it less than the largest distance.

    Raises
    ------
    SpecError
        As `endpoint_error`, and if the path starts at the target or has not two dimensions.

    Examples
    --------
    >>> lateral_deviation([[0.0, 0.0], [1.0, 0.5], [2.0, -0.125]], [2.0, 0.0])
    0.125
    """
    rows = _checked(path)
    endpoint_error(rows, target)
    way = np.asarray(target, dtype=float) - rows[0]
    distance = float(np.linalg.norm(way))
    if rows.shape[1] != 2 or distance == 0.0:
        raise SpecError("movement: a deviation needs a path in a plane that does not start at the target")
    off = (rows - rows[0]) @ np.array([-way[1], way[0]]) / distance
    return float(off.mean())


def adaptation_rate(errors: npt.ArrayLike) -> float:
    """Return how fast errors shrink, or grow, towards their final level: the rate of an exponential over trials.

    ``level + A exp(-rate * trial)`` is fitted so that single lapses pull little (`dystolab.measures.exponential`).

    Parameters
    ----------
    errors : array_like, shape (n_trials,)
        Signed errors of at least 20 trials.

    Returns
    -------
    float
        Per trial; 0 if there is no adaptation, or none that comes to an end within the trials.

    Raises
    ------
    SpecError
        If there are too few errors, or not all are finite.

    Examples
    --------
    >>> round(adaptation_rate(2.0 + 28.0 * np.exp(-0.1 * np.arange(80))), 4)
    0.1
    """
    return 1.0 / exponential.fit(errors).samples


def _checked(path: npt.ArrayLike) -> Array:
    rows = np.asarray(path, dtype=float)
    if rows.ndim != 2 or len(rows) < 2 or not rows.shape[1] or not np.isfinite(rows).all():
        raise SpecError(f"movement: a path needs at least 2 rows of finite coordinates, got shape {rows.shape}")
    return rows
