"""Without noise every cell follows the oracle's trajectory: the published cells of 2022 and AdEx."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

from dystolab.circuit.drives import CurrentDrive, Pattern
from dystolab.circuit.spec import Circuit
from dystolab.engine import Recording, Simulator, Trace, reference
from dystolab.engine import layout as L
from engine_circuits import EGLIF_CELLS, T_TYPE, above_floor, adex, cells, quiet, spikes, traced

RUN_MS = 50.0
MOST_MV = {"double": 0.01, "single": 0.05}
TRAIN_MS = (5.0, 6.3, 6.4, 20.0, 20.7, 35.0)
# Weight in nS on each receptor: that of a pair of the published circuit, several contacts where pairs have them.
WEIGHT_NS = {
    "granule_cell": (0.23, 0.97),
    "golgi_cell": (0.24, 1.1, 0.82, 3.0),
    "purkinje_cell": (0.88, 6.6, 300.0),
    "basket_cell": (0.1, 0.6, 3.0),
    "stellate_cell": (0.18, 0.5, 11.0),
    "dcn_glut": (1.5, 0.6),
    "dcn_gaba": (0.3, 0.6),
    "dcn_gly": (5.0, 0.2),
    "io_cell": (10.0, 0.25),
}
SPECIAL = {
    "one complex spike": ("purkinje_cell", ((5.0, 3, 300.0),)),
    "strong complex spike": ("purkinje_cell", ((5.0, 3, 800.0),)),
    "climbing-fibre burst": ("purkinje_cell", tuple((5.0 + 2.0 * k, 3, 300.0) for k in range(6))),
    "unconditioned stimulus": ("io_cell", tuple((5.0 + 2.0 * k, 1, 10.0) for k in range(16))),
    "mossy-fibre burst": ("golgi_cell", tuple((5.0 + 3.0 * k, 1, 1.0) for k in range(10))),
}


def deviation(population: str, arrivals: dict[int, Any], precision: str, size: int) -> float:
    """Return the largest |dV| in mV over cells of `population`, each with its own arrivals."""
    neuron = quiet(population)
    drives = tuple(
        spikes(f"{cell}-{k}", population, [t], cell=cell, receptor=r, weight_ns=w)
        for cell, given in arrivals.items()
        for k, (t, r, w) in enumerate(given)
    )
    circuit = Circuit(name="one", populations=(cells(population, size, neuron),), drives=drives)
    found = traced(circuit, RUN_MS, {population: tuple(arrivals)}, precision=precision)[population]
    worst = 0.0
    for column, given in enumerate(arrivals.values()):
        expected = oracle(population, tuple(given))
        free = above_floor(neuron, expected)
        worst = max(worst, float(np.abs(found[:free, column] - expected[:free]).max()))
    return worst


@functools.cache
def oracle(population: str, arrivals: Any) -> np.ndarray:
    return reference.trace(quiet(population), RUN_MS, arrivals=arrivals)[1]["v_mv"][1:]


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("population", EGLIF_CELLS)
def test_published_cells_follow_the_oracle(population: str, precision: str) -> None:
    trains = [[(t, r + 1, w) for t in TRAIN_MS] for r, w in enumerate(WEIGHT_NS[population])]
    arrivals = dict(enumerate([[], *trains]))
    assert deviation(population, arrivals, precision, len(arrivals)) < MOST_MV[precision]


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("case", SPECIAL)
def test_strong_inputs_follow_the_oracle(case: str, precision: str) -> None:
    population, arrivals = SPECIAL[case]
    assert deviation(population, {0: arrivals}, precision, 1) < MOST_MV[precision]


@pytest.mark.parametrize("precision", ["double", "single"])
def test_lean_blocks_follow_the_oracle(precision: str) -> None:
    trains = [[], [(t, 1, 0.23) for t in TRAIN_MS], [(t, 2, 0.97) for t in TRAIN_MS], [(5.0, 1, 0.23)] * 4]
    # The first and last cell, and both sides of the borders of a block and a part.
    places = (0, L.LEAN_LANES - 1, L.LEAN_LANES * L.TILE_BLOCKS, 1299)
    arrivals = dict(zip(places, trains, strict=True))
    circuit = Circuit(name="one", populations=(cells("granule_cell", 1300, quiet("granule_cell")),))
    assert Simulator(circuit, precision=precision)._plan.kinds == [L.LEAN]
    assert deviation("granule_cell", arrivals, precision, 1300) < MOST_MV[precision]


@pytest.mark.parametrize("t_type", [None, T_TYPE], ids=["without T-current", "with T-current"])
@pytest.mark.parametrize("precision", ["double", "single"])
def test_adex_below_threshold_follows_the_oracle(precision: str, t_type: Any) -> None:
    neuron = adex(t_type=t_type, v_th_mv=-30.0)
    arrivals = [(5.0 + k, 1, 2.0) for k in range(5)] + [(20.0, 2, 5.0)]
    drives = tuple(spikes(f"d{k}", "cell", [t], receptor=r, weight_ns=w) for k, (t, r, w) in enumerate(arrivals))
    circuit = Circuit(name="one", populations=(cells("cell", 2, neuron),), drives=drives)
    names = ("v_mv", "w_pa", *(["t_gate"] if t_type else []))
    recording = Recording(traces=(Trace(population="cell", variables=names, cells=(0, 1)),))
    sim = Simulator(circuit, recording=recording, precision=precision)
    sim.run(RUN_MS)
    found = sim.trace(0)[1]
    expected = reference.trace(neuron, RUN_MS, arrivals=arrivals)[1]
    assert np.array_equal(found["v_mv"][:, 0], found["v_mv"][:, 1])
    assert np.abs(found["v_mv"][:, 0] - expected["v_mv"][1:]).max() < MOST_MV[precision] / 5
    assert np.abs(found["w_pa"][:, 0] - expected["w_pa"][1:]).max() < 0.01
    if t_type:
        assert np.abs(found["t_gate"][:, 0] - expected["h"][1:]).max() < 1e-4


@pytest.mark.parametrize("current_pa", [900.0, -600.0], ids=["depolarised", "rebound"])
@pytest.mark.parametrize("t_ref_ms", [0.0, 1.95])
def test_adex_spikes_when_the_oracle_does(current_pa: float, t_ref_ms: float) -> None:
    neuron = adex(t_type=T_TYPE, t_ref_ms=t_ref_ms)
    step = Pattern(times_ms=(10.0, 150.0), values=(current_pa, 0.0))
    circuit = Circuit(
        name="one",
        populations=(cells("cell", 1, neuron),),
        drives=(CurrentDrive(name="step", population="cell", current_pa=step),),
    )
    sim = Simulator(circuit, recording=Recording(spikes=("cell",)))
    sim.run(250.0)
    found = sim.spikes("cell")[0]
    expected = reference.trace(neuron, 250.0, current_pa=lambda t: current_pa * (9.99 < t < 149.99), spikes=True)[1][
        "spike_times_ms"
    ]
    assert len(found) == len(expected) >= 3
    # Each reset is at the end of a sub-step of 0.025 ms, so that a little is lost from spike to spike.
    assert np.abs(found[0] - expected[0]) < 0.11
    assert np.abs(found - expected).max() < 0.5
