"""Our circuit with each mechanism by severity, as it comes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dystolab import mechanisms
from dystolab.circuit import presets
from dystolab.lab.validation.learning import OURS, SEEDS, arm_rows, conditioned, curve_rows
from dystolab.lab.validation.rows import Row

SEVERITIES = (0.5, 1.0)


def rows(say: Callable[[str], None], seeds: int = 5, workers: int = 2, **_: Any) -> list[Row]:
    """Return learning of our circuit with each mechanism, half and full, beside the healthy one."""
    healthy = conditioned(OURS, "paired", max(seeds, SEEDS), workers)[:seeds]
    found = curve_rows(OURS, "paired", healthy, "calibration")
    for name in mechanisms.fitting(presets.load(OURS)):
        for severity in SEVERITIES:
            say(f"  {name} at {severity:g}, {seeds} subjects")
            ill = conditioned(OURS, "paired", seeds, workers, mechanisms.get(name)(severity=severity))
            found += arm_rows(OURS, name, healthy, ill, f" at {severity:g}")
    return found
