"""Curves of mice and their nuclear cells, from a table with their sources."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dystolab.circuit.tables import Section, read

Array = npt.NDArray[np.float64]
BLOCKS = 10

KIM, TEN_BRINKE = "10.1038/s41593-020-00732-1", "10.7554/eLife.28132"
"""Sources of `session` and `days_to_half`, and of `nuclear_units`."""

_SESSIONS = {"acquisition": 13, "extinction": 10, "reacquisition": 4}
"""Phase -> how many sessions the table holds."""


@dataclass(frozen=True, slots=True)
class Units:
    """Nuclear cells of mice: classes in % of cells, size and SD of the facilitation in Hz."""

    facilitating_percent: float
    suppressed_percent: float
    size_hz: float
    size_sd_hz: float


def curve() -> tuple[Array, Array]:
    """Return conditioned responses of mice by block, %, and their spread, each (10,)."""
    table = _table("conditioned_responses")
    share, spread = (100.0 * np.array(table.numbers(name, "1", BLOCKS)) for name in ("share", "spread"))
    return share, spread


def sessions(phase: str) -> Array:
    """Return conditioned responses of mice by daily session of a phase, %.

    Examples
    --------
    >>> sessions("reacquisition").tolist()
    [14.0, 44.0, 57.0, 72.0]
    """
    return np.round(100.0 * np.array(_table("sessions").numbers(phase, "1", _SESSIONS[phase])), 9)


def days_to_half() -> tuple[float, float]:
    """Return the days until half of the trials have a response, at first and again."""
    table = _table("days_to_half")
    return table.number("acquisition", "1"), table.number("reacquisition", "1")


def nuclear_units() -> Units:
    """Return how many nuclear cells of mice facilitate or are suppressed, and by how much the first do."""
    table = _table("nuclear_units")
    return Units(
        100.0 * table.number("facilitating", "1"),
        100.0 * table.number("suppressed", "1"),
        table.number("size", "Hz"),
        table.number("size_sd", "Hz"),
    )


@cache
def _table(section: str) -> Section:
    return read(Path(__file__).with_suffix(".toml")).root.section(section)
