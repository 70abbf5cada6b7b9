"""What a body costs beside the circuit that it is joined to."""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np

from dystolab.body.held_head import HeldHead, Spikes
from dystolab.circuit.drives import SpikeDrive
from dystolab.circuit.presets import load
from dystolab.circuit.spec import Circuit
from dystolab.engine import Simulator
from dystolab.experiments.looking import Epoch, Looking
from dystolab.experiments.recordings import units
from dystolab.lab.validation.rows import Row, below

SETTLE_MS, PART_MS, PARTS = 500, 500, 6
MOST_SHARE_PERCENT, MOST_S = 10.0, 60.0


class Timed(HeldHead):
    """A head that notes what it gives, and the processor time that it takes."""

    def __init__(self, circuit: Circuit) -> None:
        super().__init__(circuit, 1, Looking([Epoch(0, (0.0, 0.0, 0.0), True)]))
        self.took_s = 0.0
        self.given: list[dict[str, Spikes]] = []

    def step(self, time_ms: float, spikes: Mapping[str, Spikes]) -> dict[str, Spikes]:
        """Move on as any head."""
        start = time.process_time()
        given = super().step(time_ms, spikes)
        self.took_s += time.process_time() - start
        self.given.append(given)
        return given


def rows() -> list[Row]:
    """Return the share of the circuit's time that body and exchange take, and how long a minute of posture takes."""
    found = []
    for name in ("head", "cerebellum-head"):
        alone, joined, body = seconds_per_s(name)
        share = 100.0 * (joined - alone) / alone
        note = (
            f"{alone:.3f} s/s for the circuit alone, given the same spikes, {joined:.3f} joined; of the difference "
            f"{body:.3f} in the body, the rest in the exchange; processor time, 1 thread, least of {PARTS} parts"
        )
        what = f"{name}: body and exchange over the circuit's time"
        found.append(below(what, share, MOST_SHARE_PERCENT, "%", PARTS, "speed", note))
        found.append(below(f"{name}: a minute of posture", 60.0 * joined, MOST_S, "s", PARTS, "speed", ""))
    return found


def seconds_per_s(name: str) -> tuple[float, float, float]:
    """Return the time per simulated second of a circuit that gets a body's spikes, of both joined, and of the body."""
    circuit = load(name)
    body = Timed(circuit)
    joined = Simulator(circuit, seed=1, recording=units(circuit))
    joined.run(SETTLE_MS, body)
    parts = []
    for _ in range(PARTS):
        before = body.took_s
        parts.append((_seconds(joined, body), body.took_s - before))
    both, own = np.min(parts, axis=0)
    # What drives cost, which are laid out in advance, is no part of the circuit: relays alone tell it.
    drives = _drives(body.given, joined.dt_ms)
    relays = Circuit(name="relays", populations=tuple(circuit.population(d.population) for d in drives))
    alone, laid_out = (_least_s(c.with_drives(*drives)) for c in (circuit, relays))
    scale = 1000.0 / PART_MS
    return scale * (alone - laid_out), scale * float(both), scale * float(own)


def _least_s(circuit: Circuit) -> float:
    sim = Simulator(circuit, seed=1, recording=units(circuit))
    sim.run(SETTLE_MS)
    return min(_seconds(sim, None) for _ in range(PARTS))


def _seconds(sim: Simulator, body: HeldHead | None) -> float:
    start = time.process_time()
    sim.run(PART_MS, body)
    return time.process_time() - start


def _drives(given: list[dict[str, Spikes]], dt_ms: float) -> list[SpikeDrive]:
    """Return what a body gave as input from outside."""
    found = []
    for name in given[0]:
        times, cells = (np.concatenate([row[name][k] for row in given]) for k in (0, 1))
        # Each at the end of its step: there an exchange puts it.
        ends = np.round(dt_ms * np.ceil(times / dt_ms - 1e-6), 9)
        found.append(SpikeDrive(name=f"{name}_given", population=name, times_ms=tuple(ends), cells=tuple(cells)))
    return found
