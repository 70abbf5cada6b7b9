"""Reaching and learning with each fault of the cerebellum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dystolab import mechanisms
from dystolab.circuit.presets import load
from dystolab.experiments.reach import Reach
from dystolab.lab.validation.cohort import of_subjects, runs
from dystolab.lab.validation.learning import OURS
from dystolab.lab.validation.reach import BOTH
from dystolab.lab.validation.rows import Row, against
from dystolab.result import Result


def rows(say: Callable[[str], None], seeds: int = 5, workers: int = 2, **_: Any) -> list[Row]:
    """Return what each fault does to reaching and learning in a force field."""
    field = Reach(world="curl")
    healthy = runs(field, seeds, workers, circuit=BOTH)
    found = []
    for name in mechanisms.fitting(load(OURS)):
        say(f"  {name} at 1, {seeds} subjects")
        ill = runs(field, seeds, workers, (mechanisms.get(name)(severity=1.0),), circuit=BOTH)
        found += fault_rows(f"{BOTH}, {name} at 1", healthy, ill)
    return found


def fault_rows(what: str, healthy: list[Result], ill: list[Result]) -> list[Row]:
    """Return reaches and learning with a fault beside the healthy ones of the same subjects."""
    found = []
    for name, unit in (
        ("reach_path_ratio", ""), ("reach_held_error_mm", "mm"), ("reach_deviation_early_mm", "mm"),
        ("reach_deviation_late_mm", "mm"), ("reach_aftereffect_mm", "mm"),
    ):  # fmt: skip
        a, b = (of_subjects(group, name) for group in (healthy, ill))
        found.append(Row(f"{what}: {name}", against(b, a, unit), "", len(ill), None, "prediction"))
    return found
