"""A healthy head without a cerebellum and what each mechanism does to it, over the subjects' own asymmetries."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from dystolab import mechanisms
from dystolab.body.held_head import MOTONEURONS
from dystolab.circuit.presets import load
from dystolab.experiments.posture import SETTLE_MS, TURN_MS, Posture
from dystolab.lab.validation import voluntary
from dystolab.lab.validation.cohort import of_subjects, runs
from dystolab.lab.validation.rows import Kind, Row, against, spread, window
from dystolab.lab.validation.strength import rows as strength_rows
from dystolab.result import Array, Result

Say = Callable[[str], None]
HEAD = "head"
RETURN = "10.1186/s12891-017-1454-z"
SHAIKH = "10.1093/brain/aww141"
CHENG = "10.1007/s00421-008-0760-4"
WITHIN_DEG, FREE_DEG = 3.0, 4.0
RELEASED = Posture(epochs=("released",))
PASSIVE = "passive neck: .3 s (docs/sources/head.md)"
ELSEWHERE_DEG = {
    "turned right": (-30.0, 0.0, 0.0), "bent forward": (0.0, 30.0, 0.0), "bent back": (0.0, -30.0, 0.0),
    "tilted right": (0.0, 0.0, 30.0), "tilted left": (0.0, 0.0, -30.0),
}  # fmt: skip
"""Eccentric targets besides the left."""

SEVERITIES = (0.5, 1.0)
TUNED = ("head_integrator_imbalance",)
"""Faults whose size was chosen on how far heads turn when they are let go."""

FEEDBACKS = {"both feedbacks": (), "spindles cut": ("spindle_ia", "spindle_ii")}
DRIFT_S = 20.0


def rows(say: Say, seeds: int = 5, workers: int = 2, **_: Any) -> list[Row]:
    """Return posture of the healthy head, its time constant, and posture with each mechanism by severity."""
    say(f"  healthy, {seeds} subjects")
    healthy = runs(Posture(), seeds, workers, circuit=HEAD)
    found = [*strength_rows(), *healthy_rows(healthy), *voluntary.turn_rows(healthy), voluntary.force_row(healthy)]
    found += [*target_rows(say, seeds, workers), *long_rows(say, seeds, workers), *drift_rows(say, seeds, workers)]
    for name in mechanisms.fitting(load(HEAD)):
        kind: Kind = "calibration" if name in TUNED else "prediction"
        for severity in SEVERITIES:
            say(f"  {name} at {severity:g}, {seeds} subjects")
            ill = runs(Posture(), seeds, workers, (mechanisms.get(name)(severity=severity),), circuit=HEAD)
            found += mechanism_rows(f"{name} at {severity:g}", healthy, ill, kind)
    return [*found, *leak_rows(say, seeds, workers)]


def healthy_rows(results: list[Result]) -> list[Row]:
    """Return how a healthy head is held in each epoch, with what effort, and what a rater would say."""
    held = f"asked for: within {WITHIN_DEG:g} degrees"
    near = [
        window(f"{part}: distance of the head from its target", of_subjects(results, f"head_angle_abs_deg.{part}"),
               0.0, WITHIN_DEG, "deg", "calibration", note)
        for part, note in (("upright", held), ("eccentric", held), ("dark", "30 degrees to the left, eyes closed"))
    ]  # fmt: skip
    free = of_subjects(results, "head_angle_abs_deg.free")
    sway = of_subjects(results, "head_sd_deg.free")
    emg = of_subjects(results, "neck_emg_percent.upright")
    return [
        *near,
        window("let go, eyes closed: distance from upright", free, 0.0, FREE_DEG, "deg", "calibration",
               f"people return within 2 degrees after nodding ({RETURN}); 2 to 4 assumed"),
        window("let go, eyes closed: SD of the head about its mean", sway, 0.0, 1.0, "deg", "calibration", "assumed"),
        window("upright: EMG of all neck muscles", emg, 0.0, 3.0, "%", "calibration",
               "light, below 3 % of the strongest, in most postures (Appl Ergon 2014 45:556)"),
        share_row("turned", _antagonists_share(results), "; turns were not recorded"),
        *unit_rows(results),
        Row("TWSTRS, items from angles and time, healthy", spread(of_subjects(results, "twstrs_severity"), "of 24", 1),
            "", len(results), None, "prediction", "half a degree counts as slight"),
    ]  # fmt: skip


def unit_rows(results: list[Result]) -> list[Row]:
    """Return rates of the motor units that fire while the head is upright."""
    rates = []
    for result in results:
        times, cells = (result.arrays[f"spikes/{MOTONEURONS}/{key}"] for key in ("time_ms", "cell"))
        inside = (times > 5000) & (times <= 15_000)
        counts = np.bincount(cells[inside], minlength=result.arrays[f"spikes/{MOTONEURONS}/recorded"].size)
        rates.append(float(counts[counts >= 20].mean() / 10.0))
    note = "trapezius 10.5 to 12.5 impulses/s at 1 to 10 % of the strongest EMG (docs/sources/head.md); 5 to 15 taken"
    return [window("upright: rate of motor units that fire", np.array(rates), 5.0, 15.0, "Hz", "calibration", note)]


def target_rows(say: Say, seeds: int, workers: int) -> list[Row]:
    """Return how near the head is held to targets in other directions, and how far antagonists take part."""
    found, shared = [], {}
    for where, target in ELSEWHERE_DEG.items():
        say(f"  {where}, {seeds} subjects")
        held = runs(Posture(epochs=("eccentric",), eccentric_deg=target), seeds, workers, circuit=HEAD)
        distance = of_subjects(held, "head_angle_abs_deg.eccentric")
        what = f"{where} by 30 degrees: distance of the head from its target"
        found.append(window(what, distance, 0.0, WITHIN_DEG, "deg", "calibration", ""))
        shared[where] = _antagonists_share(held)
    return [
        *found,
        share_row("tilted right and left", (shared["tilted right"] + shared["tilted left"]) / 2, ""),
        share_row("bent forward and back", (shared["bent forward"] + shared["bent back"]) / 2,
                  f"; {shared['bent forward'].mean():.2f} forward and {shared['bent back'].mean():.2f} back (of people "
                  "only that the two differ is told)"),
    ]  # fmt: skip


def share_row(what: str, shared: Array, more: str) -> Row:
    """Return how much of all activity of two opposed pools the weaker one has, beside people who move."""
    note = f"people who nod or tilt .45 +- .20, while they move ({CHENG}); within 1 SD{more}"
    return window(f"{what}: share of the antagonists in all activity", shared, 0.25, 0.65, "", "calibration", note)


def _antagonists_share(results: list[Result]) -> Array:
    return np.asarray(of_subjects(results, "cocontraction_index_percent.eccentric") / 200.0)


def long_rows(say: Say, seeds: int, workers: int) -> list[Row]:
    """Return a minute upright and a minute turned."""
    found = []
    for part in ("upright", "eccentric"):
        say(f"  a minute {part}, {seeds} subjects")
        results = runs(Posture(epochs=(part,), epoch_s=60), seeds, workers, circuit=HEAD)
        distance = of_subjects(results, f"head_angle_abs_deg.{part}")
        found.append(
            window(f"a minute {part}: distance from the target", distance, 0.0, WITHIN_DEG, "deg", "calibration",
                   "tapped every 10 s")
        )  # fmt: skip
        found += voluntary.tap_rows(part, results)
    return found


def drift_rows(say: Say, seeds: int, workers: int) -> list[Row]:
    """Return how fast a turned head that is let go drifts back, with and without what the spindles tell."""
    found = []
    for name, cut in FEEDBACKS.items():
        say(f"  let go at 30 degrees, {name}, {seeds} subjects")
        results = runs(RELEASED, seeds, workers, circuit=HEAD, lesions=cut)
        what, above_s = f"time constant of drift, {name}", None if cut else DRIFT_S
        found.append(drift_row(what, results, "calibration", PASSIVE, above_s))
    return found


def leak_rows(say: Say, seeds: int, workers: int) -> list[Row]:
    """Return how fast a turned head that is let go drifts back when its integrator leaks."""
    found = []
    for severity in SEVERITIES:
        say(f"  let go at 30 degrees, integrator_leak at {severity:g}, {seeds} subjects")
        leaky = (mechanisms.get("integrator_leak")(severity=severity),)
        results = runs(RELEASED, seeds, workers, leaky, circuit=HEAD)
        what = f"time constant of drift, integrator_leak at {severity:g}"
        # The size of the leak was chosen on how fast it forgets (`integrator_leak.toml`).
        found.append(drift_row(what, results, "calibration", f"cervical dystonia: .5 to 3 s assumed; {PASSIVE}"))
    return found


def drift_row(what: str, results: list[Result], kind: Kind, note: str = "", above_s: float | None = None) -> Row:
    """Return how fast turned heads that are let go drift back, and how much of the angle is left at the end.

    A fit alone does not tell who stays: a head may stop near where it was, or fall late. Passed if the fit is slower
    than `above_s` in half of them, and half of them keep as much as a drift of `above_s` leaves.
    """
    tau = of_subjects(results, "drift_time_constant_s.released")
    finite = tau[np.isfinite(tau)]
    fitted = f"{spread(finite, 's', 1)}; " if finite.size else ""
    over_s, left = left_percent(results)
    text = (
        f"{fitted}no exponential fits {tau.size - finite.size} of {tau.size}; "
        f"{spread(left, '%', 0)} of the angle left after {over_s:.0f} s"
    )
    if above_s is None:
        return Row(what, text, "", len(results), None, kind, note)
    enough = 100.0 * float(np.exp(-over_s / above_s))
    target = f"> {above_s:g} s, and > {enough:.0f} % left, in half of them (assumed: no number was read)"
    passed = bool(np.median(tau) > above_s and np.median(left) > enough)
    return Row(what, text, target, len(results), passed, kind, note)


def left_percent(results: list[Result]) -> tuple[float, Array]:
    """Return over how long (s), and how much of the yaw of heads that are let go is left at the end of the epoch.

    Against half a second that begins when what the command alone held has sprung back (.2 s).
    """
    left = []
    for result in results:
        part, length = list(result.settings["epochs"]).index("released"), 1000 * int(result.settings["epoch_s"])
        start = SETTLE_MS + length * part
        yaw = result.arrays["head/angle_deg"][start + TURN_MS : start + length, 0].astype(float)
        left.append(100.0 * yaw[-1000:].mean() / yaw[200:700].mean())
    return (length - TURN_MS - 950) / 1000.0, np.array(left)


def compared_rows(
    what: str, healthy: list[Result], ill: list[Result], measures: Iterable[tuple[str, str, str, int]], tuned: Kind
) -> list[Row]:
    """Return each measure (epoch, name, unit, digits) beside that of the healthy; what is let go is `tuned`."""
    found = []
    for part, name, unit, digits in measures:
        a, b = (of_subjects(group, f"{name}.{part}") for group in (healthy, ill))
        kind: Kind = tuned if part == "free" else "prediction"
        found.append(Row(f"{what}: {name}, {part}", against(b, a, unit, digits), "", len(ill), None, kind, ""))
    return found


def mechanism_rows(what: str, healthy: list[Result], ill: list[Result], tuned: Kind) -> list[Row]:
    """Return posture with a mechanism beside the healthy one of the same subjects; what is let go is `tuned`."""
    found = compared_rows(what, healthy, ill, (
        ("upright", "head_angle_abs_deg", "deg", 1), ("free", "head_angle_abs_deg", "deg", 1),
        ("eccentric", "head_angle_abs_deg", "deg", 1), ("dark", "head_angle_abs_deg", "deg", 1),
        ("free", "cocontraction_index_percent", "%", 1), ("free", "cocontraction_rudolph", "", 2),
        ("upright", "cocontraction_rudolph", "", 2), ("free", "neck_emg_percent", "%", 1),
        ("upright", "neck_emg_percent", "%", 1),
    ), tuned)  # fmt: skip
    turned = of_subjects(ill, "head_yaw_deg.free")
    left, score = int((turned > 0).sum()), of_subjects(ill, "head_severity_score")
    side = f"{left} of {turned.size} turn to the left"
    found.append(
        Row(f"{what}: grade of the posture, 0 to 4", f"{spread(score, '', 1)}; {side}",
            "", len(ill), None, tuned, f"patients: median grade of turning 2 (PMC5553075); {SHAIKH}")
    )  # fmt: skip
    return found
