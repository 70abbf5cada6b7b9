"""Whether the cerebellum of a joined circuit is at rest in the state that was calibrated on awake mice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dystolab.circuit.presets import load
from dystolab.lab.validation.rows import Row, window
from dystolab.measures.in_vivo import rate_ranges
from dystolab.result import Result

CELLS = ("mossy_fiber", "granule_cell", "basket_cell", "purkinje_cell", "dcn_glut", "io_cell")


def rows(circuit: str, results: list[Result], start_ms: int, stop_ms: int) -> list[Row]:
    """Return what cells fire from `start_ms` to `stop_ms`, when nothing moves, against awake mice.

    Purkinje cells are counted with their complex spikes.
    """
    ranges, built = rate_ranges(), load(circuit)
    found = []
    for name in CELLS:
        target, cells = ranges[name], built.population(name).size
        spikes = [int(np.sum(r.arrays[f"counts/{name}"][start_ms:stop_ms])) for r in results]
        rates = np.array(spikes) / cells * 1000.0 / (stop_ms - start_ms)
        row = window(f"{circuit}, at rest: {name}", rates, target.low_hz, target.high_hz, "Hz", "calibration",
                     target.source)  # fmt: skip
        found.append(row if target.verified else replace(row, passed=None, note=f"not verified: {target.note}"))
    return found
