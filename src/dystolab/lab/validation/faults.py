"""Our circuit with each published mechanism, as it comes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dystolab.lab.validation.learning import OURS, arms
from dystolab.lab.validation.rows import Row


def rows(say: Callable[[str], None], seeds: int = 5, workers: int = 2, **_: Any) -> list[Row]:
    """Return learning of our circuit with each mechanism beside the healthy one."""
    return arms(OURS, say, seeds, workers)
