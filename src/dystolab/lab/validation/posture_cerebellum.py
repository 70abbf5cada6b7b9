"""A head that is held with a cerebellum, without its nuclei, and with its faults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dystolab import mechanisms
from dystolab.circuit.presets import load
from dystolab.experiments.posture import SETTLE_MS, TURN_MS, Posture
from dystolab.lab.validation import cortex
from dystolab.lab.validation.cohort import of_subjects, runs
from dystolab.lab.validation.learning import OURS
from dystolab.lab.validation.posture import FREE_DEG, WITHIN_DEG, drift_row
from dystolab.lab.validation.rows import Kind, Row, spread, window
from dystolab.result import Result

BOTH = "cerebellum-head"


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
    found += [
        _posture_row("with a cerebellum", whole, "calibration"),
        drift_row("time constant of drift, with a cerebellum", whole, "calibration"),
    ]
    say(f"  nuclei cut, {seeds} subjects")
    cut = runs(short, seeds, workers, circuit=BOTH, lesions=("dcn_glut",))
    found += [_posture_row("nuclei cut", cut), drift_row("time constant of drift, nuclei cut", cut, "prediction")]
    for name in mechanisms.fitting(load(OURS)):
        say(f"  {name} at 1, with a cerebellum, {seeds} subjects")
        ill = runs(short, seeds, workers, (mechanisms.get(name)(severity=1.0),), circuit=BOTH)
        found.append(_posture_row(f"{name} at 1", ill))
    return found


def _posture_row(what: str, results: list[Result], kind: Kind = "prediction") -> Row:
    parts = ", ".join(
        f"{part} {spread(of_subjects(results, f'head_angle_abs_deg.{part}'), 'deg', 1)}" for part in ("upright", "free")
    )
    shake = spread(of_subjects(results, "tremor_power_deg2.free"), "deg2", 2)
    text = f"{parts}; 1 to 12 Hz {shake}"
    return Row(f"{BOTH}, {what}: distance from upright", text, "", len(results), None, kind, "")
