"""What a body costs beside the circuit that it is joined to."""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from dystolab.body.held_head import HeldHead
from dystolab.body.muscled import Spikes
from dystolab.circuit.drives import SpikeDrive
from dystolab.circuit.presets import load
from dystolab.circuit.spec import Circuit
from dystolab.engine import Simulator
from dystolab.experiments.looking import Epoch, Looking
from dystolab.experiments.recordings import units
from dystolab.lab.validation.rows import Row, below, spread

SETTLE_MS, PART_MS, PARTS = 500, 500, 12
MOST_SHARE_PERCENT, MOST_S = 10.0, 60.0

Seconds = npt.NDArray[np.float64]


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
    """Return the shares of the circuit's time that body and exchange take, and how long a minute of posture takes."""
    found = []
    for name in ("head", "cerebellum-head"):
        alone, joined, body = seconds_per_s(name)
        how = f"processor time, 1 thread, mean of {PARTS} parts run in turn"
        given = f"{alone.mean():.3f} for the circuit alone, given the same spikes; {how}"
        found.append(_share(f"{name}: body", body, alone, f"{body.mean():.3f} s/s in the body, {given}"))
        found.append(_share(f"{name}: body and exchange", joined - alone, alone, f"{joined.mean():.3f} s/s joined"))
        what = f"{name}: a minute of posture, 2 threads"
        found.append(below(what, 60.0 * wall_s_per_s(name), MOST_S, "s", PARTS, "speed", f"median of {PARTS} parts"))
    return found


def _share(what: str, cost: Seconds, alone: Seconds, note: str) -> Row:
    percent = 100.0 * cost / alone.mean()
    passed = bool(percent.mean() < MOST_SHARE_PERCENT)
    target = f"< {MOST_SHARE_PERCENT:g} %"
    return Row(f"{what} over the circuit's time", spread(percent, "%", 1), target, PARTS, passed, "speed", note)


def wall_s_per_s(name: str) -> float:
    """Return the wall time per simulated second of a circuit joined to a head, on two threads."""
    sim, body = Simulator(load(name), seed=1, recording=units(load(name)), threads=2), Timed(load(name))
    sim.run(SETTLE_MS, body)
    walls = []
    for _ in range(PARTS):
        start = time.perf_counter()
        sim.run(PART_MS, body)
        walls.append(time.perf_counter() - start)
    return float(np.median(walls)) * 1000.0 / PART_MS


def seconds_per_s(name: str) -> tuple[Seconds, Seconds, Seconds]:
    """Return the time per simulated second of a circuit given a body's spikes, both joined, and the body, by part."""
    circuit = load(name)
    noted = Timed(circuit)
    _simulator(circuit).run(SETTLE_MS + PARTS * PART_MS, noted)
    # What drives cost, which are laid out in advance, is no part of the circuit: relays alone tell it.
    joined, body = _simulator(circuit), Timed(circuit)
    drives = _drives(noted.given, joined.dt_ms)
    relays = Circuit(name="relays", populations=tuple(circuit.population(d.population) for d in drives))
    runs = [(joined, body), *((_simulator(c.with_drives(*drives)), None) for c in (circuit, relays))]
    for sim, moved in runs:
        sim.run(SETTLE_MS, moved)
    parts = []
    for _ in range(PARTS):  # in turn, so that all meet the machine as it is
        before = body.took_s
        parts.append([*(_seconds(sim, moved) for sim, moved in runs), body.took_s - before])
    both, alone, laid_out, own = np.array(parts).T * 1000.0 / PART_MS
    return alone - laid_out, both, own


def _simulator(circuit: Circuit) -> Simulator:
    return Simulator(circuit, seed=1, recording=units(circuit))


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
