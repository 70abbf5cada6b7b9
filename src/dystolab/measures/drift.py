"""How fast the head drifts back from where it was turned to, and to where.

An integrator of head velocity that leaks lets the head fall towards a null position with a velocity in proportion to
its distance from it, thus exponentially; the time constant of the drift is that of the leak. So it is described for
gaze (10.1371/journal.pone.0061389) and for the head in cervical dystonia (PMC3718362, 10.1093/brain/aww141).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dystolab.errors import SpecError
from dystolab.measures import exponential

SHORTEST_MS = 100


@dataclass(frozen=True, slots=True)
class Drift:
    """A slow drift towards a null position.

    Attributes
    ----------
    tau_s : float
        Time constant; infinite if the head does not drift, not within the record, or away from any null.
    null_deg : float
        Where the drift would end; NaN if the time constant is infinite.
    """

    tau_s: float
    null_deg: float


def drift(angle_deg: npt.ArrayLike) -> Drift:
    """Return the drift in one slow phase: from the end of the turn to the next corrective movement or the end.

    ``null + A exp(-t / tau)`` is fitted so that jerks pull little (`dystolab.measures.exponential`, with the limits
    beyond which there is no drift: a time constant longer than the record, or a curve that explains too little). Sway
    that is about as slow as the record is long can't be told from drift: compare several phases.

    Parameters
    ----------
    angle_deg : array_like, shape (n_ms,)
        One angle of the head each millisecond, 100 ms or more.

    Returns
    -------
    Drift

    Raises
    ------
    SpecError
        If the record is too short, or not all angles are finite.

    Source: model from 10.1371/journal.pone.0061389 and PMC3718362; the fit and its limits are ours.

    Examples
    --------
    >>> found = drift(5.0 + 25.0 * np.exp(-np.arange(3000) / 800.0))
    >>> round(found.tau_s, 3), round(found.null_deg, 3)
    (0.8, 5.0)
    >>> drift(np.full(3000, 30.0))
    Drift(tau_s=inf, null_deg=nan)
    """
    angle = np.asarray(angle_deg, dtype=float)
    if angle.ndim != 1 or angle.size < SHORTEST_MS or not np.isfinite(angle).all():
        raise SpecError(f"drift: needs at least {SHORTEST_MS} finite angles of one axis, got shape {angle.shape}")
    found = exponential.fit(angle)
    return Drift(found.samples / 1000.0, found.level)
