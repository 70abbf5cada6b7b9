"""What a body costs beside the circuit that it is joined to."""

from __future__ import annotations

import time

from dystolab.body.held_head import HeldHead
from dystolab.circuit.presets import load
from dystolab.engine import Simulator
from dystolab.experiments.looking import Epoch, Looking
from dystolab.experiments.recordings import units
from dystolab.lab.validation.rows import Row, below

MS, SETTLE_MS = 2000, 500
MOST_SHARE_PERCENT, MOST_S = 10.0, 60.0


def rows() -> list[Row]:
    """Return the body's share of the circuit's time, and how long a minute of posture takes."""
    found = []
    for name in ("head", "cerebellum-head"):
        alone, joined = _wall_per_s(name, False), _wall_per_s(name, True)
        share = 100.0 * (joined - alone) / alone
        note = f"{alone:.2f} s/s alone, {joined:.2f} joined every ms, 1 thread; the engine's own part of it included"
        found.append(
            below(f"{name}: cost of the body over the circuit's", share, MOST_SHARE_PERCENT, "%", 1, "speed", note)
        )
        found.append(below(f"{name}: a minute of posture", 60.0 * joined, MOST_S, "s", 1, "speed", ""))
    return found


def _wall_per_s(name: str, joined: bool) -> float:
    circuit = load(name)
    sim = Simulator(circuit, seed=1, recording=units(circuit))
    body = HeldHead(circuit, 1, Looking([Epoch(0, (0.0, 0.0, 0.0), True)]))
    sim.run(SETTLE_MS, body)
    start = time.perf_counter()
    sim.run(MS, body if joined else None)
    return (time.perf_counter() - start) * 1000.0 / MS
