"""Items of the motor severity scale of the TWSTRS that follow from head angles and time.

Toronto Western Spasmodic Torticollis Rating Scale: Consky & Lang 1994; motor section Comella et al. 1997
(10.1002/mds.870120414). Grades as on copies of the form:

* A1, A2: degrees, confirmed on vdocuments.pub/twstrs-scala.html.
* A3: wording confirmed there and on yumpu.com/en/document/view/29595711; it has no degrees, and the quarters of the
  range are ours.
* B: shares of time and wording confirmed on the yumpu copy; from which angle on a head deviates and when it does so
  maximally is not on the form and is ours.
* F: 10 degrees and 60 s confirmed on myobloc.com (TWSTRS and VAS); the seconds of each grade only in a program that
  transcribed the form, 15 s itself in no grade.

Left out, of 35 points: lateral and sagittal shift (A4, A5: 2 points; the neck has one pivot), sensory tricks (C: 2),
shoulder (D: 3) and range of motion (E: 4). What is left has 24. Raters also provoke the posture; a record does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dystolab.errors import SpecError
from dystolab.measures.posture import NEUTRAL_DEG, WITHIN_DEG, checked, distance_deg

ROTATION_DEG = (1, 23, 46, 68)
"""From so many whole degrees on grades 1 (slight), 2 (mild), 3 (moderate) and 4 (severe) of A1: quarters of 90."""

TILT_DEG = (1, 16, 36)
"""From so many whole degrees on grades 1 (mild), 2 (moderate) and 3 (severe) of A2."""

NOD_RANGE = (0.25, 0.75)
"""Grade 2 of A3 is half of the range, 3 all of it; what lies between belongs to the nearer one (ours)."""

MAXIMAL = 0.75
"""Deviation is maximal from this share of the record's largest on (ours, after "severe": over 3/4 of the range)."""

HOLD_S = 60
HELD_S = (16, 31, 46)
"""From so many whole seconds on grades 3, 2 and 1 of F; less is 4, all 60 s are 0."""


@dataclass(frozen=True, slots=True)
class Ratings:
    """Grades of the items, and their sum.

    Attributes
    ----------
    rotation, tilt, nod : int
        A1 (0 to 4), A2 and A3 (0 to 3 each).
    duration : int
        B, 0 to 5.
    time : int
        F, 0 to 4.
    """

    rotation: int
    tilt: int
    nod: int
    duration: int
    time: int

    @property
    def severity(self) -> int:
        """Sum of the items with duration counted twice, as on the form: 0 to 24 of the scale's 35."""
        return self.rotation + self.tilt + self.nod + 2 * self.duration + self.time


def rate(free_deg: npt.ArrayLike, holding_deg: npt.ArrayLike, flexion_deg: float, extension_deg: float) -> Ratings:
    """Return all items.

    Parameters
    ----------
    free_deg : array_like, shape (n_ms, 3)
        Yaw, pitch and roll while the head is let go.
    holding_deg : array_like, shape (n_ms, 3)
        The same while it is to be held straight; see `time_held_s`.
    flexion_deg, extension_deg : float
        Range of nodding down and up, such as that of the table of the neck.

    Raises
    ------
    SpecError
        As the items do.

    Examples
    --------
    >>> turned = np.tile([30.0, 0.0, 0.0], (60_000, 1))
    >>> found = rate(turned, np.zeros((60_000, 3)), flexion_deg=52.6, extension_deg=77.4)
    >>> found, found.severity
    (Ratings(rotation=2, tilt=0, nod=0, duration=5, time=0), 12)
    """
    return Ratings(
        rotation(free_deg),
        tilt(free_deg),
        nod(free_deg, flexion_deg, extension_deg),
        duration(free_deg),
        time_grade(time_held_s(holding_deg)),
    )


def rotation(angles_deg: npt.ArrayLike) -> int:
    """Return A1, the grade of the largest turn to either side, 0 to 4.

    The form has whole degrees, so angles are rounded; what is below half a degree is none.

    Examples
    --------
    >>> rotation([[0.0, 0.0, 0.0], [-46.0, 0.0, 0.0]])
    3
    """
    return _grade(np.abs(checked(angles_deg)[:, 0]).max(), ROTATION_DEG)


def tilt(angles_deg: npt.ArrayLike) -> int:
    """Return A2, the grade of the largest tilt to either side (laterocollis), 0 to 3; rounded as in `rotation`.

    Examples
    --------
    >>> tilt([[0.0, 0.0, 15.0]]), tilt([[0.0, 0.0, -16.0]])
    (1, 2)
    """
    return _grade(np.abs(checked(angles_deg)[:, 2]).max(), TILT_DEG)


def nod(angles_deg: npt.ArrayLike, flexion_deg: float, extension_deg: float) -> int:
    """Return A3, the grade of antero- or retrocollis, whichever is worse, 0 to 3.

    Parameters
    ----------
    angles_deg : array_like, shape (n_ms, 3)
    flexion_deg, extension_deg : float
        Range of nodding down (pitch above 0) and up.

    Raises
    ------
    SpecError
        If a range is not above 0, or there are no rows of three finite angles.

    Examples
    --------
    >>> nod([[0.0, 25.0, 0.0]], flexion_deg=50.0, extension_deg=70.0)
    2
    """
    if not (flexion_deg > 0 and extension_deg > 0):
        raise SpecError(f"TWSTRS: ranges of nodding must be above 0 degrees, got {flexion_deg}, {extension_deg}")
    pitch = checked(angles_deg)[:, 1]
    if not np.rint(np.abs(pitch)).any():
        return 0
    share = float(np.where(pitch > 0, pitch / flexion_deg, -pitch / extension_deg).max())
    return 1 + sum(share >= limit for limit in NOD_RANGE)


def duration(angles_deg: npt.ArrayLike) -> int:
    """Return B, how much of the time the head deviates and whether it does so maximally, 0 to 5.

    The head deviates where it is more than 10 degrees from neutral, the limit of item F. It does so "often maximally"
    if for at least half of that time it is at 3/4 of its largest distance or more.

    Examples
    --------
    >>> duration([[40.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    3
    """
    distance = distance_deg(angles_deg, NEUTRAL_DEG)
    off = distance[distance > WITHIN_DEG]
    if not off.size:
        return 0
    share = off.size / distance.size
    often_maximal = (off >= MAXIMAL * off.max()).mean() >= 0.5
    return 1 + (share >= 0.25) + (share >= 0.5) + (share > 0.75) + int(often_maximal)


def time_held_s(angles_deg: npt.ArrayLike) -> float:
    """Return how long the head stays within 10 degrees of neutral from the start of the record on, up to 60 s.

    Parameters
    ----------
    angles_deg : array_like, shape (n_ms, 3)
        From the moment at which the head is to be held straight.

    Raises
    ------
    SpecError
        If the record ends before 60 s with the head still held, or there are no rows of three finite angles.

    Examples
    --------
    >>> time_held_s([[9.0, 0.0, 0.0]] * 2000 + [[11.0, 0.0, 0.0]])
    2.0
    """
    lost = np.flatnonzero(distance_deg(angles_deg, NEUTRAL_DEG) > WITHIN_DEG)
    n_ms = len(checked(angles_deg))
    if not lost.size and n_ms < 1000 * HOLD_S:
        raise SpecError(f"TWSTRS: a head that is held must be recorded for {HOLD_S} s, got {n_ms / 1000:g} s")
    return min(float(lost[0]) / 1000.0 if lost.size else float(HOLD_S), float(HOLD_S))


def time_grade(held_s: float) -> int:
    """Return F, 0 (held for 60 s) to 4, from the time for which the head was held.

    Raises
    ------
    SpecError
        If the time is not within 0 to 60 s.

    Examples
    --------
    >>> [time_grade(held_s) for held_s in (60.0, 59.0, 31.0, 16.0, 15.0)]
    [0, 1, 2, 3, 4]
    """
    if not 0 <= held_s <= HOLD_S:
        raise SpecError(f"TWSTRS: the head is held for 0 to {HOLD_S} s, got {held_s}")
    return 0 if held_s == HOLD_S else 4 - _grade(held_s, HELD_S)


def head_severity(angles_deg: npt.ArrayLike) -> int:
    """Return one grade of 0 to 4 for the posture of the head, as ratings of animals have.

    Grades of mice are words: 0 normal, 1 slowed, 2 occasional, 3 frequent and 4 sustained abnormal postures (modified
    from Jinnah et al. 2000 in table 2 of jneurosci.org/highwire/markup/623523). Here the distance from neutral that the
    head exceeds for half of the time is graded by the degrees of A1: 4 from 68 degrees, 3 from 46, 2 from 23, 1 above
    10; up to 10 degrees the head counts as neutral, as in item F. The mapping is ours.

    Examples
    --------
    >>> head_severity([[9.0, 0.0, 0.0]]), head_severity([[0.0, 0.0, 12.0]]), head_severity([[-50.0, 0.0, 0.0]])
    (0, 1, 3)
    """
    kept = float(np.median(distance_deg(angles_deg, NEUTRAL_DEG)))
    return 0 if kept <= WITHIN_DEG else _grade(kept, ROTATION_DEG)


def _grade(value: float, limits: tuple[int, ...]) -> int:
    """Return how many limits are reached by the value rounded to a whole number, halves upwards."""
    return int(np.searchsorted(limits, np.floor(value + 0.5), side="right"))
