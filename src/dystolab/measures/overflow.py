"""Overflow: how much muscles work that the task does not need.

The study that measured it in children with dystonia (PMC3119776) compares the EMG of hand muscles outside an isometric
task with that of the muscle in it. Its abstract was read, its formula was not: the quotient of mean levels is ours.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dystolab.errors import SpecError

Array = npt.NDArray[np.float64]


def overflow_percent(other_mvc: npt.ArrayLike, task_mvc: npt.ArrayLike) -> float:
    """Return the mean level of the muscles outside the task over that of the muscles in it.

    Parameters
    ----------
    other_mvc, task_mvc : array_like, shape (n_muscles, n)
        Envelopes of the EMG, each as a share of the muscle's own maximal voluntary contraction, while the task is
        done.

    Returns
    -------
    float
        In percent: 0 where nothing overflows, 100 where all muscles work alike; NaN if the task's muscles are silent.

    Raises
    ------
    SpecError
        If envelopes are missing, negative or not finite, or the two groups differ in length.

    Source: PMC3119776 (what is compared; the quotient is ours).

    Examples
    --------
    >>> overflow_percent([[0.1, 0.1], [0.0, 0.0]], [[0.5, 0.5]])
    10.0
    """
    other, task = _checked(other_mvc), _checked(task_mvc)
    if other.shape[1] != task.shape[1]:
        raise SpecError(f"overflow: envelopes must be equally long, got {other.shape[1]} and {task.shape[1]} samples")
    level = float(task.mean())
    return 100.0 * float(other.mean()) / level if level > 0 else float("nan")


def _checked(envelopes_mvc: npt.ArrayLike) -> Array:
    found = np.asarray(envelopes_mvc, dtype=float)
    if found.ndim != 2 or not found.size:
        raise SpecError(f"overflow: needs envelopes of shape (muscles, samples), got {found.shape}")
    if not (np.isfinite(found).all() and (found >= 0).all()):
        raise SpecError("overflow: envelopes must be finite and not below 0")
    return found
