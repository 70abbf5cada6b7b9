"""Whether the cerebellum of a joined circuit is at rest in the state that was calibrated on awake mice."""

from __future__ import annotations

import numpy as np

from dystolab.circuit.presets import load
from dystolab.lab.validation.rows import Row, window
from dystolab.measures.in_vivo import rate_ranges
from dystolab.result import Result

CELLS = ("granule_cell", "purkinje_cell", "dcn_glut", "io_cell")
"""Those for which a rate in awake mice was read."""

OURS = {"mossy_fiber": (3.0, 6.0, "4 Hz in mouse-cerebellum"), "basket_cell": (8.0, 18.0, "11 Hz in mouse-cerebellum")}
"""Others are held against the circuit that was calibrated."""


def rows(circuit: str, results: list[Result], start_ms: int, stop_ms: int) -> list[Row]:
    """Return what cells fire from `start_ms` to `stop_ms`, when nothing moves.

    Purkinje cells are counted with their complex spikes, which add about 1 Hz.
    """
    built, ranges = load(circuit), rate_ranges()
    targets = {name: (ranges[name].low_hz, ranges[name].high_hz, ranges[name].source) for name in CELLS}
    found = []
    for name, (low, high, source) in {**OURS, **targets}.items():
        spikes = [int(np.sum(r.arrays[f"counts/{name}"][start_ms:stop_ms])) for r in results]
        rates = np.array(spikes) / built.population(name).size * 1000.0 / (stop_ms - start_ms)
        found.append(window(f"{circuit}, at rest: {name}", rates, low, high, "Hz", "calibration", source))
    return found
