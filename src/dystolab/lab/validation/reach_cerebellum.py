"""A hand that reaches with a cerebellum, and what it learns in a force field and in a turned picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dystolab.experiments.reach import SETTLE_MS
from dystolab.lab.validation import cortex
from dystolab.lab.validation.reach import BOTH, healthy_rows, in_worlds, worlds_rows
from dystolab.lab.validation.rows import Row, spread
from dystolab.result import Result

CELLS = ("io_cell", "purkinje_cell", "dcn_glut")
"""Whose rates are reported."""


def rows(say: Callable[[str], None], seeds: int = 5, workers: int = 2, **_: Any) -> list[Row]:
    """Return reaches with a healthy cerebellum, and what it learns."""
    results = in_worlds(BOTH, say, seeds, workers)
    curl = results["curl"]
    at_rest = cortex.rows(BOTH, curl, SETTLE_MS // 2, SETTLE_MS)
    return [*healthy_rows(BOTH, curl), *at_rest, *rate_rows(curl), *worlds_rows(BOTH, results)]


def rate_rows(results: list[Result]) -> list[Row]:
    """Return at what rate the cells of a cerebellum fire over all trials."""
    return [
        Row(f"{BOTH}: {name}", spread([r.population_rate_hz[name] for r in results], "Hz", 1), "", len(results), None,
            "calibration", "over all trials; at rest: see the group on rest")
        for name in CELLS
    ]  # fmt: skip
