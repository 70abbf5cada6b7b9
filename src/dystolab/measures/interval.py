"""A mean with its 95 % interval over cells."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit


def mean_interval(values: npt.ArrayLike) -> tuple[float, tuple[float, float] | None, int]:
    """Return the mean of the finite `values`, its 95 % t-interval (None below 2 values) and their number.

    Examples
    --------
    >>> mean, (low, high), n = mean_interval([1.0, 2.0, 3.0, float("nan")])
    >>> mean, round(low, 3), round(high, 3), n
    (2.0, -0.484, 4.484, 3)
    """
    found = np.asarray(values, dtype=float)
    found = found[np.isfinite(found)]
    if found.size == 0:
        return math.nan, None, 0
    mean = float(found.mean())
    if found.size == 1:
        return mean, None, 1
    half = float(stdtrit(found.size - 1, 0.975)) * float(found.std(ddof=1)) / math.sqrt(found.size)
    return mean, (mean - half, mean + half), int(found.size)
