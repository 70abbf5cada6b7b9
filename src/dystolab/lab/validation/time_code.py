"""Elapsed time, read from granule cells: intact, and without each ingredient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import stats

from dystolab.experiments.granular_time_code import GranularTimeCode
from dystolab.lab.ingredients import GOAL_MS, WITHOUT
from dystolab.lab.validation.cohort import of_subjects, runs
from dystolab.lab.validation.rows import Row, spread
from dystolab.result import Result

INTACT_SEEDS = 10


def rows(say: Callable[[str], None], seeds: int = 5, workers: int = 2, **_: Any) -> list[Row]:
    """Return the error of the time that is read, and what each ingredient adds to it."""
    n = max(seeds, INTACT_SEEDS)
    say(f"  intact, {n} subjects")
    intact = runs(GranularTimeCode(), n, workers)
    error = of_subjects(intact, "time_error_ms")
    note = "root mean square over 0 to 300 ms, trials not used to fit; weights not negative, 1500 cells"
    goal = f"< {GOAL_MS:g} ms"
    stimulus = of_subjects(intact, "time_error_stimulus_ms")
    passed = bool(error.mean() < GOAL_MS)
    found = [
        Row("error of elapsed time", spread(error, "ms", 1), goal, n, passed, "calibration", note),
        Row("mean size of that error", spread(of_subjects(intact, "time_error_abs_ms"), "ms", 1), "", n, None,
            "calibration", ""),
        by_time(intact),
        Row("the same read from the mossy fibres", spread(stimulus, "ms", 1), "", n, None,
            "calibration", "what the stimulus itself tells"),
    ]  # fmt: skip
    for ingredient, cut in WITHOUT.items():
        say(f"  without {ingredient}, {seeds} subjects")
        lesioned = of_subjects(runs(GranularTimeCode(), seeds, workers, lesions=cut), "time_error_ms")
        p = float(stats.ttest_rel(lesioned, error[:seeds]).pvalue)
        text = f"{spread(lesioned, 'ms', 1)} against {error[:seeds].mean():.1f} ms intact (p = {p:.2g})"
        found.append(Row(f"error without {ingredient}", text, "", seeds, None, "prediction", "cut: " + ", ".join(cut)))
    return found


def by_time(results: list[Result]) -> Row:
    """Return the error around each 50 ms."""
    mean = np.mean(of_subjects(results, "time_error_ms_by_time"), axis=0)
    text = ", ".join(f"{x:.0f}" for x in mean) + " ms"
    return Row("error around 0, 50, 100 ... 300 ms", text, "", len(results), None, "calibration", "")
