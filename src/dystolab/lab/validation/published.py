"""The published model and its arms (10.3389/fnsys.2022.919761), as they come out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dystolab.lab.validation.learning import ABSTRACT, arms
from dystolab.lab.validation.rows import Row


def rows(say: Callable[[str], None], seeds: int = 5, workers: int = 2, **_: Any) -> list[Row]:
    """Return learning of the published circuit, healthy and with each mechanism."""
    return arms("mouse-2022", ABSTRACT, say, seeds, workers)
