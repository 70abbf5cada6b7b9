"""An exponential approach to a level, and whether there is one at all.

Both limits are ours: the time constant must not be longer than the record, because beyond it the level is only guessed,
and the curve must leave at most 0.7 of the mean absolute deviation from the median (half the variance, if all were
Gaussian), which neither noise nor an oscillation of several cycles lets happen by chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares

from dystolab.errors import SpecError

Array = npt.NDArray[np.float64]

FEWEST = 20
"""Of 100 records of white noise 8 pass for an approach with 10 values, none with 20."""

DEVIATION_LEFT = 0.7
_SHORTEST = 0.5
"""Time constants are sought from half a sample on, ..."""

_BEYOND = 10.0
"""... and to ten records, so that what is nearly straight is told from what ends within the record."""

_MAD_TO_SD = 1.4826
"""Standard deviation over median absolute deviation of a Gaussian."""


@dataclass(frozen=True, slots=True)
class Approach:
    """``level + distance * exp(-k / samples)`` at sample k.

    Attributes
    ----------
    samples : float
        Time constant; infinite if there is no such approach within the record.
    level : float
        What is approached; NaN without an approach.
    """

    samples: float
    level: float


def fit(values: npt.ArrayLike) -> Approach:
    """Return the exponential approach in evenly spaced values.

    The start is the best of a row of time constants, each with its least-squares level and distance. From there the fit
    goes on with a loss that grows only linearly for what is far off, so that jerks and lapses pull little.

    Parameters
    ----------
    values : array_like, shape (n,)
        At least 20.

    Returns
    -------
    Approach

    Raises
    ------
    SpecError
        If there are too few values, or not all are finite.

    Examples
    --------
    >>> found = fit(3.0 + 8.0 * np.exp(-np.arange(60) / 12.0))
    >>> round(found.samples, 3), round(found.level, 3)
    (12.0, 3.0)
    >>> fit(np.arange(60)).samples
    inf
    """
    y = np.asarray(values, dtype=float)
    if y.ndim != 1 or y.size < FEWEST or not np.isfinite(y).all():
        raise SpecError(f"exponential: needs at least {FEWEST} finite values, got an array of shape {y.shape}")
    none = Approach(float("inf"), float("nan"))
    size = float(np.ptp(y))
    middle = float(np.median(y))
    if size == 0:
        return none
    log_tau, level, distance = _refined((y - middle) / size)
    tau = float(np.exp(log_tau))
    left = np.abs((y - middle) / size - level - distance * np.exp(-np.arange(y.size) / tau)).mean()
    if tau > y.size or left > DEVIATION_LEFT * np.abs((y - middle) / size).mean():
        return none
    return Approach(tau, float(middle + size * level))


def _refined(y: Array) -> Array:
    """Return the logarithm of the time constant, level and distance."""
    k = np.arange(y.size)

    def left(parameters: Array) -> Array:
        log_tau, level, distance = parameters
        found: Array = y - level - distance * np.exp(-k / np.exp(log_tau))
        return found

    start = min((_at(y, log_tau) for log_tau in _log_taus(y.size)), key=lambda p: float((left(p) ** 2).sum()))
    # The loss turns linear at the noise's own size, told by the median; a curve without noise needs some size too.
    noise = max(_MAD_TO_SD * float(np.median(np.abs(left(start)))), 1e-6)
    ends = _log_taus(y.size)[[0, -1]]
    found = least_squares(
        left,
        start,
        loss="soft_l1",
        f_scale=noise,
        bounds=([ends[0] - 1e-9, -np.inf, -np.inf], [ends[1] + 1e-9, np.inf, np.inf]),
        x_scale="jac",
    )
    return np.asarray(found.x, dtype=float)


def _log_taus(n: int) -> Array:
    return np.linspace(np.log(_SHORTEST), np.log(_BEYOND * n), 60)


def _at(y: Array, log_tau: float) -> Array:
    """Return the least-squares parameters for one time constant."""
    curve = np.exp(-np.arange(y.size) / np.exp(log_tau))
    about = curve - curve.mean()
    distance = float(about @ y / (about @ about))
    return np.array([log_tau, y.mean() - distance * curve.mean(), distance])
