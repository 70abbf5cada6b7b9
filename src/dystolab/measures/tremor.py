"""Oscillations of the head: how fast, how large and about which axis.

In 93 patients with cervical dystonia and head tremor the spectrum peaked at 1.95 Hz (SD 0.94); yaw dominated in 44 %,
pitch in 50 % and roll in 6 % (CMOR, 10.1016/j.jns.2022.120154). Its power, 0.90, is the height of the peak per Hz; the
power here is the area under the spectrum over the band, the variance of the oscillation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import welch

from dystolab.circuit.neck import AXES
from dystolab.errors import SpecError
from dystolab.measures.posture import checked

Array = npt.NDArray[np.float64]

BAND_HZ = (1.0, 12.0)
"""From one SD below the mean peak of CMOR to the end of the band of another study of head tremor by Welch's method, "A
comparison of the directionality of head tremor between essential and dystonic tremor", Gait & Posture 2023."""

SEGMENT_MS = 4000
"""Segments of Welch's method (ours): peaks are told to a quarter of a hertz, and 1 Hz fills four cycles."""

_ROUNDING_DEG2 = 1e-12
"""What a still head has left after the trend is taken off: less than a millionth of a degree."""


@dataclass(frozen=True, slots=True)
class Tremor:
    """Oscillation about each axis.

    Attributes
    ----------
    peak_hz : ndarray, shape (3,)
        Highest peak of the spectra of yaw, pitch and roll within the band; NaN where the spectrum only falls or rises
        through the band, as that of drift or sway does. Noise has peaks too: read it with the power.
    power_deg2 : ndarray, shape (3,)
        Variance within the band.
    axis : str
        The axis of most power: ``"yaw"``, ``"pitch"`` or ``"roll"``; empty if none has any.
    """

    peak_hz: Array
    power_deg2: Array
    axis: str


def tremor(angles_deg: npt.ArrayLike) -> Tremor:
    """Return the oscillation of the head between 1 and 12 Hz.

    Spectra are averages over half-overlapping Hann windows of 4 s, each without its linear trend, lest drift leaks
    into the band.

    Parameters
    ----------
    angles_deg : array_like, shape (n_ms, 3)
        Yaw, pitch and roll each millisecond, for 4 s or more.

    Returns
    -------
    Tremor

    Raises
    ------
    SpecError
        If the record is too short, or no rows of three finite angles.

    Source: measures as in 10.1016/j.jns.2022.120154.

    Examples
    --------
    >>> at_s = np.arange(8000) / 1000
    >>> found = tremor(np.stack([2 * np.sin(2 * np.pi * 3.0 * at_s), 0 * at_s, 0 * at_s], axis=1))
    >>> float(found.peak_hz[0]), round(float(found.power_deg2[0]), 2), found.axis
    (3.0, 2.0, 'yaw')
    """
    angles = checked(angles_deg)
    if len(angles) < SEGMENT_MS:
        raise SpecError(f"tremor: needs at least {SEGMENT_MS} ms of angles, got {len(angles)}")
    hz, density = welch(angles, fs=1000.0, nperseg=SEGMENT_MS, detrend="linear", axis=0)
    band = np.flatnonzero((hz >= BAND_HZ[0]) & (hz <= BAND_HZ[1]))
    power = density[band].sum(axis=0) * (hz[1] - hz[0])
    power[power < _ROUNDING_DEG2] = 0.0
    top = band[density[band].argmax(axis=0)]
    axes = np.arange(3)
    height = density[top, axes]
    is_peak = (power > 0) & (height > density[top - 1, axes]) & (height > density[top + 1, axes])
    return Tremor(np.where(is_peak, hz[top], np.nan), power, AXES[int(power.argmax())] if power.any() else "")
