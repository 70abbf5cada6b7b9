"""What every experiment records, and how it lies in a result."""

from __future__ import annotations

import numpy as np

from dystolab.circuit.spec import Circuit
from dystolab.engine import Recording, Simulator
from dystolab.measures import told
from dystolab.measures.interval import mean_interval
from dystolab.result import Array, Interval, Measure

ELECTRODES = {
    "granule_cell": 200, "mossy_fiber": 200, "glomerulus": 200, "head_integrator": 360, "spindle_ia": 140,
    "spindle_ii": 140, "arm_command": 60, "corticospinal": 150, "arm_spindle_ia": 60, "arm_spindle_ii": 60,
}  # fmt: skip
"""Of these populations spikes of so many cells are kept, of every other those of all."""


def units(circuit: Circuit, weights_every_ms: float = 1000.0) -> Recording:
    """Return the recording of every population's spikes and every plastic projection's weights."""
    return Recording(
        spikes=tuple(p.name for p in circuit.populations),
        spike_cells={p.name: ELECTRODES[p.name] for p in circuit.populations if p.name in ELECTRODES},
        weights=tuple(p.name for p in circuit.projections if p.plasticity),
        weights_every_ms=weights_every_ms,
    )


def arrays(sim: Simulator) -> dict[str, Array]:
    """Return everything that was recorded, by the names of a result."""
    out: dict[str, Array] = {}
    for name in sim.recording.spikes:
        times, cells = sim.spikes(name)
        out[f"spikes/{name}/time_ms"] = times
        out[f"spikes/{name}/cell"] = cells
        out[f"spikes/{name}/recorded"] = sim.recorded_cells(name)
    for population in sim.circuit.populations:
        out[f"counts/{population.name}"] = sim.counts(population.name).astype(np.int32)
    for name in sim.recording.weights:
        times, spread = weight_history(sim, name)
        out[f"weights/{name}/time_ms"] = times
        for column, part in enumerate(("p05", "mean", "p95")):
            out[f"weights/{name}/{part}"] = spread[:, column].astype(np.float32)
    return out


def weight_history(sim: Simulator, projection: str) -> tuple[Array, Array]:
    """Return times (ms) and 5th percentile, mean and 95th percentile of the weights, from time 0 on."""
    times, spread = sim.weight_history(projection)
    before = sim.anatomy.edges[projection].weight_ns
    low, high = np.percentile(before, [5, 95]) if before.size else (np.nan, np.nan)
    first = np.array([[low, before.mean(dtype=np.float64) if before.size else np.nan, high]])
    return np.concatenate([[0.0], times]), np.concatenate([first, spread])


def measure(name: str, value: float | list[float], n: int, ci95: Interval | None = None) -> tuple[str, Measure]:
    """Return a measure under its public name, with the unit and the meaning that belong to it."""
    unit, meaning = told(name)
    return name, Measure(value, unit, ci95, n, meaning)


def over_cells(name: str, values: Array) -> tuple[str, Measure]:
    """Return the mean over cells with its 95 % interval; cells that are NaN do not count."""
    mean, interval, n = mean_interval(values)
    return measure(name, mean, n, interval)
