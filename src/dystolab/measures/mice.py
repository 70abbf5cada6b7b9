"""Curves of mice, from a table with their sources."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from dystolab.circuit.tables import read

Array = npt.NDArray[np.float64]
BLOCKS = 10


def curve() -> tuple[Array, Array]:
    """Return conditioned responses of mice by block, %, and their spread, each (10,)."""
    table = read(Path(__file__).with_suffix(".toml")).root.section("conditioned_responses")
    share, spread = (100.0 * np.array(table.numbers(name, "1", BLOCKS)) for name in ("share", "spread"))
    return share, spread
