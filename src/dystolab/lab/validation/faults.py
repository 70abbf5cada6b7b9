"""Our circuit with each mechanism, as it comes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dystolab import mechanisms
from dystolab.lab.validation.learning import OURS, arms
from dystolab.lab.validation.rows import Row


def rows(say: Callable[[str], None], seeds: int = 5, workers: int = 2, **_: Any) -> list[Row]:
    """Return learning of our circuit with each mechanism beside the healthy one."""
    return arms(OURS, mechanisms.NAMES, say, seeds, workers)
