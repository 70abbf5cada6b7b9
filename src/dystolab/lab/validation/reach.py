"""A hand that reaches: with and without a cerebellum, in a turned picture and a force field, and with each fault."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scipy import stats

from dystolab import mechanisms
from dystolab.experiments.reach import Reach
from dystolab.lab.validation.cohort import of_subjects, runs
from dystolab.lab.validation.rows import Row, spread, window
from dystolab.result import Result

Say = Callable[[str], None]
ALONE, BOTH = "arm", "cerebellum-arm"
FAULTS = ("purkinje_burst", "olive_burst", "climbing_fibre_silencing")
WORLDS = {"curl": "a curl field of 6 N s/m", "rotation": "a picture turned by 30 degrees"}
MOST_WITH_CEREBELLUM = 3
"""Subjects with a cerebellum: one takes as long as six without."""


def rows(say: Say, seeds: int = 5, workers: int = 2, **_: Any) -> list[Row]:
    """Return reaches of healthy arms, what they learn, and the same with each fault of the cerebellum."""
    few = min(seeds, MOST_WITH_CEREBELLUM)
    found = []
    healthy: dict[str, list[Result]] = {}
    for circuit, n in ((ALONE, seeds), (BOTH, few)):
        for world in WORLDS:
            say(f"  {circuit}, {WORLDS[world]}, {n} subjects")
            healthy[circuit + world] = runs(Reach(world=world), n, workers, circuit=circuit)
        found += healthy_rows(circuit, healthy[circuit + "curl"])
        for world in WORLDS:
            found += learning_rows(f"{circuit}, {WORLDS[world]}", healthy[circuit + world], circuit == BOTH)
    for name in FAULTS:
        say(f"  {name} at 1, {WORLDS['curl']}, {few} subjects")
        ill = runs(Reach(world="curl"), few, workers, (mechanisms.get(name)(severity=1.0),), circuit=BOTH)
        found += fault_rows(f"{BOTH}, {name} at 1", healthy[BOTH + "curl"], ill)
    return found


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


def learning_rows(what: str, results: list[Result], learns: bool) -> list[Row]:
    """Return errors when the world changes, at the end, and after it, each against before."""
    early, late, after = (
        of_subjects(results, name)
        for name in ("reach_deviation_early_mm", "reach_deviation_late_mm", "reach_aftereffect_mm")
    )
    kept = 100.0 * late / early
    note = "people lose most of it within some hundred trials" if learns else "who corrects does not learn"
    low, high = (0.0, 60.0) if learns else (75.0, 125.0)
    return [
        Row(f"{what}: deviation, first four trials", spread(early, "mm", 1), "", len(results), None, "prediction"),
        window(f"{what}: share of it that is left after forty", kept, low, high, "%",
               "calibration" if learns else "prediction", note),
        Row(f"{what}: aftereffect, first four trials", spread(after, "mm", 1), "", len(results), None,
            "prediction", "to the other side if something was learned"),
    ]  # fmt: skip


def fault_rows(what: str, healthy: list[Result], ill: list[Result]) -> list[Row]:
    """Return reaches and learning with a fault beside the healthy ones of the same subjects."""
    found = []
    for name, unit in (
        ("reach_path_ratio", ""), ("reach_held_error_mm", "mm"), ("reach_deviation_early_mm", "mm"),
        ("reach_deviation_late_mm", "mm"), ("reach_aftereffect_mm", "mm"),
    ):  # fmt: skip
        a, b = (of_subjects(group, name) for group in (healthy, ill))
        p = float(stats.ttest_rel(a, b).pvalue)
        text = f"{spread(b, unit, 2)}, healthy {a.mean():.2f} (p = {p:.2g})"
        found.append(Row(f"{what}: {name}", text, "", len(ill), None, "prediction"))
    return found
