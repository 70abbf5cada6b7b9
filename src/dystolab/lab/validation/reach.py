"""A hand that reaches without a cerebellum, and that it learns nothing in a force field and in a turned picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dystolab.experiments.reach import Reach
from dystolab.lab.validation.cohort import of_subjects, runs
from dystolab.lab.validation.rows import Row, spread, window
from dystolab.result import Result

Say = Callable[[str], None]
ALONE, BOTH = "arm", "cerebellum-arm"
LEFT_PERCENT = {ALONE: (75.0, 125.0), BOTH: (0.0, 60.0)}
"""Of each arm: what may be left of an error after forty trials."""

WHY = {
    ALONE: "who corrects does not learn: corrections at the target are forgotten so that it looks so",
    BOTH: f"at {Reach().acceleration:g} times the mouse's learning rate; limit assumed: people lose most of it within "
    "some hundred trials",
}
WORLDS = {
    "curl": f"a curl field of {Reach().curl_n_s_per_m:g} N s/m",
    "rotation": f"a picture turned by {Reach().rotation_deg:g} degrees",
}
RESAMPLED = 10_000


def rows(say: Say, seeds: int = 5, workers: int = 2, **_: Any) -> list[Row]:
    """Return reaches of healthy arms, and what they learn."""
    results = in_worlds(ALONE, say, seeds, workers)
    return [*healthy_rows(ALONE, results["curl"]), *worlds_rows(ALONE, results)]


def in_worlds(circuit: str, say: Say, seeds: int, workers: int) -> dict[str, list[Result]]:
    """Return runs of healthy subjects in each world."""
    found = {}
    for world, text in WORLDS.items():
        say(f"  {circuit}, {text}, {seeds} subjects")
        found[world] = runs(Reach(world=world), seeds, workers, circuit=circuit)
    return found


def worlds_rows(circuit: str, results: dict[str, list[Result]]) -> list[Row]:
    """Return what is learned in each world."""
    return [row for world, text in WORLDS.items() for row in learning_rows(circuit, text, results[world])]


def healthy_rows(circuit: str, results: list[Result]) -> list[Row]:
    """Return how straight, fast and exact reaches to all targets are."""
    wanted = (
        ("path over straight distance", "path_ratio", 1.0, 1.1, "", "people reach nearly straight; limit assumed"),
        ("highest speed", "peak_speed_m_per_s", 0.25, 0.4, "m/s", ".31 is planned: 10 cm in .6 s without a jerk"),
        ("time of the highest speed", "peak_time_ms", 250.0, 400.0, "ms", "300 is planned"),
        ("miss when the reach should be over", "end_error_mm", 0.0, 20.0, "mm", "limit assumed"),
        ("miss at the end of the hold", "held_error_mm", 0.0, 10.0, "mm", "limit assumed: targets of such experiments"),
    )
    return [
        window(f"{circuit}: {what}", of_subjects(results, f"reach_{name}"), low, high, unit, "calibration", note)
        for what, name, low, high, unit, note in wanted
    ]


def learning_rows(circuit: str, world: str, results: list[Result]) -> list[Row]:
    """Return errors when the world changes, at the end, and after it, each against before."""
    early, late, after = (
        of_subjects(results, name)
        for name in ("reach_deviation_early_mm", "reach_deviation_late_mm", "reach_aftereffect_mm")
    )
    what, (low, high) = f"{circuit}, {world}", LEFT_PERCENT[circuit]
    return [
        Row(f"{what}: deviation, first four trials", spread(early, "mm", 1), "", len(results), None, "calibration"),
        _share(f"{what}: share of it that is left in trials 33 to 40", late, early, low, high, WHY[circuit]),
        Row(f"{what}: aftereffect, first four trials", spread(after, "mm", 1), "", len(results), None,
            "calibration", "to the other side if something was learned"),
    ]  # fmt: skip


def _share(what: str, late: np.ndarray, early: np.ndarray, low: float, high: float, note: str) -> Row:
    """Return the ratio of the means over subjects: that of one subject's few trials is mostly noise."""
    drawn = np.random.default_rng(1).integers(early.size, size=(RESAMPLED, early.size))
    share, resampled = (100.0 * late[k].mean(-1) / early[k].mean(-1) for k in (np.arange(early.size), drawn))
    inner = np.percentile(resampled, [2.5, 97.5])
    value = f"{share:.0f} % ({inner[0]:.0f} to {inner[1]:.0f} in 95 % of resampled groups)"
    return Row(what, value, f"{low:g} to {high:g} %", early.size, bool(low <= share <= high), "calibration", note)
