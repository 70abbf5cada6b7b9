"""What a healthy head does when it is asked to turn and when it is tapped, and how EMG goes with twitches."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dystolab.experiments.muscles import SAMPLE_MS
from dystolab.experiments.posture import SETTLE_MS, Posture
from dystolab.lab.validation.rows import Row, spread, window
from dystolab.result import Result

Array = npt.NDArray[np.float64]

NEAR_DEG = 5.0
AFTER_MS = 2000
"""A tap is over so long after it."""

LIGHT = (0.01, 0.1)
"""Of a muscle's strongest force."""


def turn_rows(results: list[Result]) -> list[Row]:
    """Return how long a turn of 30 degrees takes from the call to it, and its highest speed."""
    took, speed = [], []
    for result in results:
        epoch_ms = 1000 * int(result.settings["epoch_s"])
        start = SETTLE_MS + epoch_ms * list(result.settings["epochs"]).index("eccentric")
        yaw = _angles(result)[start : start + 3000, 0]
        wanted = result.settings["eccentric_deg"][0]
        near = np.flatnonzero(np.abs(yaw - wanted) < NEAR_DEG)
        took.append(near[0] / 1000.0 if near.size else np.inf)
        speed.append(float(np.abs(np.diff(yaw[::10]) * 100.0).max()))
    note = (
        "people who are not hurried turn at 49 deg/s, .6 s for 30 degrees (10.1038/s41598-022-09149-1); limits assumed"
    )
    return [
        window(f"a turn of 30 degrees: from the call to within {NEAR_DEG:g} degrees", took, 0.3, 1.3, "s",
               "calibration", note),
        Row("a turn of 30 degrees: highest speed", spread(speed, "deg/s", 0), "", len(speed), None, "calibration",
            "the burst was chosen on how long a turn takes; 112 to 141 if it took .4 to .5 s without a jerk"),
    ]  # fmt: skip


def tap_rows(part: str, results: list[Result]) -> list[Row]:
    """Return how far taps bring the head, and how much of their way is left 2 s later, over all taps of each subject.

    Along the push: what the head does otherwise goes either way and falls out of the mean.
    """
    far, left = [], []
    for result in results:
        angles = _angles(result)
        taps = [(at, push / np.linalg.norm(push)) for at, push in Posture(**result.settings).taps()]
        taps = [(at, way) for at, way in taps if at + AFTER_MS + 200 <= len(angles)]
        before = [angles[at - 500 : at].mean(axis=0) for at, _ in taps]
        later = [angles[at + AFTER_MS - 200 : at + AFTER_MS + 200].mean(axis=0) for at, _ in taps]
        both = list(zip(taps, before, later, strict=True))
        far.append(float(np.mean([np.linalg.norm(angles[at : at + 1000] - b, axis=1).max() for (at, _), b, _ in both])))
        left.append(abs(float(np.mean([(after - b) @ way for (_, way), b, after in both]))))
    return [
        Row(f"a minute {part}: how far a tap brings the head", spread(far, "deg", 1), "", len(far), None,
            "prediction"),
        window(f"a minute {part}: what is left of a tap after 2 s", left, 0.0, 1.5, "deg", "calibration",
               "along the push; limit assumed: half of what the target allows; who looks was chosen so that taps cause "
               "no swings"),
    ]  # fmt: skip


def force_row(results: list[Result]) -> Row:
    """Return how EMG goes with force in light effort, where a curve that bends shows most."""
    every = 1000 // SAMPLE_MS
    ratios = []
    for result in results:
        emg, force = result.arrays["emg/envelope_mvc"], result.arrays["head/activation"]
        n = min(len(emg), len(force)) // every * every
        level, pull = (x[:n].reshape(-1, every, x.shape[1]).mean(axis=1) for x in (emg, force))
        light = (pull > LIGHT[0]) & (pull < LIGHT[1])
        ratios.append(float(level[light].sum() / pull[light].sum()))
    return window("EMG over force, each by its strongest, in seconds of 1 to 10 % of force", ratios, 0.5, 1.5, "",
                  "calibration", "a straight line over the front of people's necks, bent upwards at the back "
                  "(10.1186/s40798-017-0083-2)")  # fmt: skip


def _angles(result: Result) -> Array:
    return np.asarray(result.arrays["head/angle_deg"], float)
