"""A head that is held with a cerebellum, without its nuclei, and with its faults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dystolab import mechanisms
from dystolab.circuit.presets import load
from dystolab.experiments.posture import SETTLE_MS, TURN_MS, Posture
from dystolab.lab.reproductions import HEAD_CUTS
from dystolab.lab.validation import cortex
from dystolab.lab.validation.cohort import of_subjects, runs
from dystolab.lab.validation.learning import OURS
from dystolab.lab.validation.posture import FREE_DEG, WITHIN_DEG, compared_rows, drift_row
from dystolab.lab.validation.rows import Row, spread, window
from dystolab.result import Result

BOTH = "cerebellum-head"
COMPARED = (
    ("upright", "head_angle_abs_deg", "deg", 1), ("free", "head_angle_abs_deg", "deg", 1),
    ("free", "neck_emg_percent", "%", 2), ("free", "cocontraction_rudolph", "", 3),
    ("free", "tremor_power_deg2", "deg2", 2),
)  # fmt: skip
"""Epoch, name, unit and digits of what is told of each fault beside the healthy."""


def rows(say: Callable[[str], None], seeds: int = 5, workers: int = 2, **_: Any) -> list[Row]:
    """Return posture with a cerebellum, without its nuclei, and with its faults."""
    short = Posture(epochs=("upright", "free", "released"), epoch_s=10)
    say(f"  with a cerebellum, {seeds} subjects")
    whole = runs(short, seeds, workers, circuit=BOTH)
    found = [
        window(f"{BOTH}: distance of the head from upright, {how}", of_subjects(whole, f"head_angle_abs_deg.{part}"),
               0.0, most, "deg", "calibration",
               "as without a cerebellum; zones became strips because this was missed (docs/decisions/0020)")
        for part, how, most in (("upright", "held", WITHIN_DEG), ("free", "let go, eyes closed", FREE_DEG))
    ]  # fmt: skip
    first_tap_ms = short.taps()[0][0]
    found += cortex.rows(BOTH, whole, SETTLE_MS + TURN_MS, first_tap_ms)
    found.append(drift_row("time constant of drift, with a cerebellum", whole, "calibration"))
    for name, lesions in HEAD_CUTS.items():
        say(f"  {name}, {seeds} subjects")
        ill = runs(short, seeds, workers, circuit=BOTH, lesions=lesions)
        found += compared_rows(f"{BOTH}, {name}", whole, ill, COMPARED, "prediction")
        found.append(turn_row(f"{BOTH}, {name}", ill))
        if not any("@" in cut for cut in lesions):  # with one zone cut a turned head does not fall back: it is turned
            found.append(drift_row(f"time constant of drift, {name}", ill, "prediction"))
    for name in mechanisms.fitting(load(OURS)):
        say(f"  {name} at 1, with a cerebellum, {seeds} subjects")
        ill = runs(short, seeds, workers, (mechanisms.get(name)(severity=1.0),), circuit=BOTH)
        found += compared_rows(f"{BOTH}, {name} at 1", whole, ill, COMPARED, "prediction")
    return found


def turn_row(what: str, results: list[Result]) -> Row:
    """Return to which side heads turn and tilt when they are let go, and what a rater would say."""
    turn, tilt, grade = (
        of_subjects(results, name) for name in ("head_yaw_deg.free", "head_roll_deg.free", "head_severity_score")
    )
    text = f"turn {spread(turn, 'deg', 1)}, tilt {spread(tilt, 'deg', 1)}; grade {spread(grade, '', 1)}"
    note = "the side is in the wiring, and how far rests on weights that were set so that healthy heads hold"
    return Row(f"{what}: side, let go (left and right positive)", text, "", len(results), None, "prediction", note)
