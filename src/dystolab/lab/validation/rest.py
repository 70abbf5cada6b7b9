"""Unit recordings of the healthy circuit at rest, against awake mice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from dystolab.experiments.rest import Rest
from dystolab.lab.validation.cohort import of_subjects, runs
from dystolab.lab.validation.rows import Row, spread, window
from dystolab.measures.in_vivo import rate_ranges

Say = Callable[[str], None]
# Purkinje cells are compared by their simple spikes, the olive by the complex spikes that it causes.
NAMES = {
    ("purkinje_cell", "rate"): "simple_spike_rate_hz",
    ("purkinje_cell", "cv"): "simple_spike_cv",
    ("purkinje_cell", "cv2"): "simple_spike_cv2",
}
FAMILY = {"rate": "rate_hz", "cv": "isi_cv", "cv2": "isi_cv2"}
UNITS = {"rate": "Hz", "cv": "", "cv2": ""}


def rows(say: Say, seeds: int = 5, workers: int = 2, **_: Any) -> list[Row]:
    """Return rates, irregularity, synchrony and drift over 60 s."""
    say(f"  {seeds} subjects at rest, 10 s each")
    results = runs(Rest(duration_ms=10_000), seeds, workers)
    found = []
    for state, family in FAMILY.items():
        for population, target in rate_ranges(state).items():
            name = NAMES.get((population, state), f"{family}.{population}")
            values = of_subjects(results, name)
            what, unit = f"{population}: {name}", UNITS[state]
            row = window(what, values, target.low_hz, target.high_hz, unit, "calibration", target.source)
            if not target.verified:  # then the range is no target to pass
                row = replace(row, passed=None, note=f"window not verified in vivo: {target.note}")
            found.append(row)
    synchrony = of_subjects(results, "olive_synchrony")
    found.append(
        window("io_cell: olive_synchrony", synchrony, -0.05, 0.05, "", "calibration", "assumed limit: desynchronised")
    )
    for population in ("dcn_gly", "glomerulus"):
        values = of_subjects(results, f"rate_hz.{population}")
        found.append(
            Row(
                f"{population}: rate_hz",
                spread(values, "Hz"),
                "",
                seeds,
                None,
                "prediction",
                "no number in vivo was found",
            )
        )
    return found + drift(say, seeds, workers)


def drift(say: Say, seeds: int, workers: int) -> list[Row]:
    """Return how far the mean weight moves in a minute of rest."""
    say(f"  {seeds} subjects at rest, 60 s each")
    results = runs(Rest(duration_ms=60_000), seeds, workers)
    moved = []
    for r in results:
        mean = r.arrays["weights/pf_pc/mean"]
        moved.append(100.0 * (float(mean[-1]) / float(mean[0]) - 1.0))
    return [
        window(
            "pf_pc: mean weight after 60 s of rest",
            moved,
            -2.0,
            2.0,
            "%",
            "calibration",
            "LTP and LTD balance at the olive's own rate",
        )
    ]
