"""How much two opposing muscles pull at once.

Two indices, as recommended together (10.1371/journal.pone.0343081 sorts indices into those of shape and those of
amplitude): Falconer & Winter (1985) see only how much the two envelopes overlap, Rudolph et al. (2000) also how strong
both are. Both as written out in 10.3389/fbioe.2020.588908.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dystolab.errors import SpecError

Array = npt.NDArray[np.float64]


def falconer_winter_percent(first_mvc: npt.ArrayLike, second_mvc: npt.ArrayLike) -> float:
    """Return twice the area that two envelopes share over the sum of their areas.

    Parameters
    ----------
    first_mvc, second_mvc : array_like, shape (n,)
        Envelopes of the EMG of both muscles at the same evenly spaced times, as a share of the maximal voluntary
        contraction.

    Returns
    -------
    float
        0 (never together) to 100 % (always equal); NaN if both are silent.

    Raises
    ------
    SpecError
        If the envelopes are empty, differ in shape, or have samples that are negative or not finite.

    Source: Falconer & Winter 1985, from 10.3389/fbioe.2020.588908.

    Examples
    --------
    >>> round(falconer_winter_percent([0.2, 0.2], [0.4, 0.4]), 1)
    66.7
    """
    low, high = _sorted(first_mvc, second_mvc)
    whole = float((low + high).sum())
    return 200.0 * float(low.sum()) / whole if whole > 0 else float("nan")


def rudolph(first_mvc: npt.ArrayLike, second_mvc: npt.ArrayLike) -> float:
    """Return the mean of the ratio of the weaker to the stronger envelope, times their sum.

    Parameters
    ----------
    first_mvc, second_mvc : array_like, shape (n,)
        As for `falconer_winter_percent`.

    Returns
    -------
    float
        0 (never together) to 2 (both always at their maximum); moments at which both are silent count as 0.

    Raises
    ------
    SpecError
        As `falconer_winter_percent`.

    Source: Rudolph et al. 2000, from 10.3389/fbioe.2020.588908.

    Examples
    --------
    >>> round(rudolph([0.2, 0.2], [0.4, 0.4]), 3)
    0.3
    """
    low, high = _sorted(first_mvc, second_mvc)
    ratio = np.divide(low, high, out=np.zeros_like(low), where=high > 0)
    return float((ratio * (low + high)).mean())


def _sorted(first_mvc: npt.ArrayLike, second_mvc: npt.ArrayLike) -> tuple[Array, Array]:
    """Return the weaker and the stronger envelope at each time."""
    first, second = np.asarray(first_mvc, dtype=float), np.asarray(second_mvc, dtype=float)
    if first.ndim != 1 or first.shape != second.shape or not first.size:
        raise SpecError(
            f"co-contraction: needs two envelopes of one and the same length, got {first.shape}, {second.shape}"
        )
    low, high = np.minimum(first, second), np.maximum(first, second)
    if not (np.isfinite(high).all() and (low >= 0).all()):
        raise SpecError("co-contraction: envelopes must be finite and not below 0")
    return low, high
