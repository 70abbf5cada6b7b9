"""Curves of mice, from a table with their sources."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dystolab.circuit.tables import read
from dystolab.result import Array

BLOCKS = 10


def curve() -> tuple[Array, Array]:
    """Return conditioned responses of mice by block, %, and their spread, each (10,)."""
    table = read(Path(__file__).with_suffix(".toml")).root.section("conditioned_responses")
    return np.array(table.numbers("percent", "1", BLOCKS)), np.array(table.numbers("spread", "1", BLOCKS))
