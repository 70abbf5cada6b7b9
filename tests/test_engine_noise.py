"""Escape noise: rates and irregularity of the published cells agree with the oracle's."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from dystolab.circuit.neurons import EGLIF
from dystolab.circuit.spec import Circuit
from dystolab.engine import Recording, Simulator, reference
from engine_circuits import EGLIF_CELLS, cells, eglif

RUN_MS = 2000.0
ORACLE_CELLS, CELLS = 12, 128
# Some cells are silent without input: a current makes them fire.
EXTRA_PA = {"granule_cell": 3.0, "dcn_gly": 250.0, "io_cell": 300.0}
TYPES = [name for name in EGLIF_CELLS if name != "stellate_cell"]  # the same cell as the basket cell


def spiking(name: str, order: str) -> EGLIF:
    # Without a floor: the oracle looks for it at every step, the frozen order at the start of a chunk.
    current = eglif(name).i_e_pa + EXTRA_PA.get(name, 0.0)
    return eglif(name, update_order=order, i_e_pa=current, v_min_mv=-1000.0)


@functools.cache
def trains(order: str) -> dict[str, list[np.ndarray]]:
    """Return the spike times of each cell of each population, all simulated together."""
    sizes = {name: 1024 if name == "granule_cell" else CELLS for name in TYPES}
    populations = tuple(cells(name, n, spiking(name, order)) for name, n in sizes.items())
    circuit = Circuit(name="all", populations=populations)
    sim = Simulator(circuit, recording=Recording(spikes=tuple(TYPES)))
    sim.run(RUN_MS)
    found = {name: sim.spikes(name) for name in TYPES}
    return {name: [t[c == k] for k in range(CELLS)] for name, (t, c) in found.items()}


def means(spikes: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return (rate in Hz from the mean interval, CV of the intervals) averaged over cells, and standard errors."""
    gaps = [np.diff(t) for t in spikes]
    values = np.array([(1000.0 / g.mean(), g.std() / g.mean()) for g in gaps])
    return values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(len(values))


@pytest.mark.parametrize("order", ["freeze", "evolve"])
def test_rates_and_irregularity_agree_with_the_oracle(order: str) -> None:
    scores = {}
    for name in TYPES:
        fast, fast_error = means(trains(order)[name])
        given = [
            reference.simulate_eglif(spiking(name, order), RUN_MS, 0.1, np.random.default_rng(seed))
            for seed in range(ORACLE_CELLS)
        ]
        slow, slow_error = means(given)
        assert fast[0] > 5.0, name
        scores[name] = (fast - slow) / np.hypot(fast_error, slow_error)
    values = np.array(list(scores.values()))
    # Sixteen comparisons: all but one inside their 95 % interval, and that one inside 99.9 %.
    assert np.sum(np.abs(values) > 1.96) <= 1 and np.abs(values).max() < 3.3, scores


def test_cells_are_independent() -> None:
    counts = np.array([len(t) for t in trains("freeze")["purkinje_cell"]])
    assert len(set(counts)) > 5
    bins = np.arange(0.0, RUN_MS + 1, 5.0)
    binned = np.array([np.histogram(t, bins)[0] for t in trains("freeze")["purkinje_cell"][:40]])
    # After the common start, which they share, spikes of different cells are unrelated.
    correlation = np.corrcoef(binned[:, 40:])[np.triu_indices(40, 1)]
    assert abs(correlation.mean()) < 0.01
