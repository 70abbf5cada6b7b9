"""A spike arrives when its delay has passed, to the step: single delays, varying delays, relays, lean cells."""

from __future__ import annotations

import numpy as np
import pytest

from dystolab.circuit.spec import Circuit, TsodyksMarkram, Value
from dystolab.engine import Recording, Simulator, Trace, reference, reference_synapses
from dystolab.engine import layout as L
from engine_circuits import anatomy, cells, edges, eglif, link, quiet, spikes, traced

RUN_MS = 40.0
TIMES_MS = (3.0, 7.4, 7.5, 12.3)


def from_relays(delays_ms, n: int, neuron=None, sd: float = 0.0, weight_ns=1.5, **more) -> tuple:
    """Return a circuit in which one relay that spikes at TIMES_MS reaches each of `n` cells, and its anatomy."""
    circuit = Circuit(
        name="relay",
        populations=(cells("pre", 1), cells("post", n, neuron or quiet("dcn_glut"))),
        projections=(link("p", "pre", "post", receptor=2, delay_ms=Value(mean=2.0, sd=sd), **more),),
        drives=(spikes("given", "pre", TIMES_MS),),
    )
    return circuit, anatomy(circuit, p=edges(np.zeros(n), np.arange(n), weight_ns, delays_ms))


def assert_arrives(v_mv, arrivals_ms, weight_ns: float = 1.5, neuron=None) -> None:
    """Assert that `v_mv` is the oracle's trace for these arrivals, and of no others a step away."""
    neuron = neuron or quiet("dcn_glut")
    on_time, late = (
        reference.trace(neuron, RUN_MS, arrivals=[(t + more, 2, weight_ns) for t in arrivals_ms])[1]["v_mv"][1:]
        for more in (0.0, 0.1)
    )
    assert np.abs(v_mv - on_time).max() < 0.02 < 0.05 < np.abs(v_mv - late).max()


@pytest.mark.parametrize("delay_ms", [0.1, 0.7, 1.0, 2.0, 25.3])
def test_single_delay(delay_ms: float) -> None:
    circuit, grown = from_relays([delay_ms], 3)
    v = traced(circuit, RUN_MS, {"post": (0, 2)}, anatomy=grown)["post"]
    for column in v.T:
        assert_arrives(column, [t + delay_ms for t in TIMES_MS])


def test_single_delay_onto_lean_cells() -> None:
    neuron = quiet("granule_cell")
    circuit, grown = from_relays([4.0], 700, neuron, weight_ns=0.3)
    sim = Simulator(circuit, anatomy=grown)
    assert sim._plan.kinds[1] == L.LEAN
    v = traced(circuit, RUN_MS, {"post": (0, 333, 699)}, anatomy=grown)["post"]
    for column in v.T:
        assert_arrives(column, [t + 4.0 for t in TIMES_MS], 0.3, neuron)


@pytest.mark.parametrize("size", [40, 700])
def test_varying_delays(size: int) -> None:
    """A large population of cells with two receptors is laid out as a small one: only its delays differ."""
    delays = np.linspace(1.0, 23.0, size).round(1)
    circuit, grown = from_relays(delays, size, sd=5.0)
    chosen = (0, 13, size // 2, size - 1)
    v = traced(circuit, RUN_MS, {"post": chosen}, anatomy=grown)["post"]
    for cell, column in zip(chosen, v.T, strict=True):
        assert_arrives(column, [t + delays[cell] for t in TIMES_MS])


def test_varying_delays_take_short_term_factors() -> None:
    synapse = TsodyksMarkram(u=0.5, tau_rec_ms=20.0, tau_fac_ms=0.0)
    circuit, grown = from_relays([2.0, 9.7], 2, sd=5.0, synapse=synapse)
    v = traced(circuit, RUN_MS, {"post": (0, 1)}, anatomy=grown)["post"]
    factors = reference_synapses.tsodyks_markram(TIMES_MS, synapse)
    for delay, column in zip((2.0, 9.7), v.T, strict=True):
        arrivals = [(t + delay, 2, 1.5 * f) for t, f in zip(TIMES_MS, factors, strict=True)]
        expected = reference.trace(quiet("dcn_glut"), RUN_MS, arrivals=arrivals)[1]["v_mv"][1:]
        assert np.abs(column - expected).max() < 0.02


def test_spikes_of_cells_with_membranes_arrive_after_their_delay() -> None:
    """Two spiking cells of different parts converge on one."""
    size = 600
    circuit = Circuit(
        name="two",
        populations=(cells("pre", size, eglif("purkinje_cell")), cells("post", 1, quiet("dcn_glut"))),
        projections=(link("p", "pre", "post", receptor=2, delay_ms=Value(mean=4.0)),),
    )
    grown = anatomy(circuit, p=edges([5, 599], [0, 0], 1.0, [4.0]))
    recording = Recording(spikes=("pre",), traces=(Trace(population="post"),))
    sim = Simulator(circuit, anatomy=grown, recording=recording)
    sim.run(RUN_MS)
    times, cell = sim.spikes("pre")
    sent = times[(cell == 5) | (cell == 599)]
    assert len(sent) > 3
    assert_arrives(sim.trace(0)[1]["v_mv"][:, 0], sent + 4.0, 1.0)


def test_relays_pass_spikes_on_after_their_delay() -> None:
    circuit = Circuit(
        name="chain",
        populations=(cells("a", 2), cells("b", 3), cells("c", 3)),
        projections=(
            link("ab", "a", "b", receptor=0, delay_ms=Value(mean=1.0)),
            link("bc", "b", "c", receptor=0, delay_ms=Value(mean=0.4)),
        ),
        drives=(spikes("one", "a", (2.0, 5.5), cell=0), spikes("two", "a", (3.3,), cell=1)),
    )
    grown = anatomy(circuit, ab=edges([0, 0, 1], [0, 1, 2], 1.0, [1.0]), bc=edges([0, 2], [2, 0], 1.0, [0.4]))
    sim = Simulator(circuit, anatomy=grown, recording=Recording(spikes=("a", "b", "c")))
    sim.run(10.0)
    found = {name: [(round(float(t), 1), int(c)) for t, c in zip(*sim.spikes(name), strict=True)] for name in "abc"}
    assert found["a"] == [(2.0, 0), (3.3, 1), (5.5, 0)]
    assert found["b"] == [(3.0, 0), (3.0, 1), (4.3, 2), (6.5, 0), (6.5, 1)]
    assert found["c"] == [(3.4, 2), (4.7, 0), (6.9, 2)]
    # Chunks of 0.2 ms: 0.4 ms does not go into a millisecond.
    assert sim.counts("b").tolist() == [0, 0, 2, 0, 1, 0, 2, 0, 0, 0]


def test_counts_are_per_millisecond_whatever_the_shortest_delay() -> None:
    circuit, grown = from_relays([0.7], 1)
    sim = Simulator(circuit, anatomy=grown)
    sim.run(20.0)
    expected = np.zeros(20, int)
    # A spike at the end of a millisecond is that millisecond's.
    np.add.at(expected, [2, 7, 7, 12], 1)
    assert sim.counts("pre").tolist() == expected.tolist()


def test_delays_off_the_grid_are_rounded_and_noted() -> None:
    circuit, grown = from_relays([2.04], 1)
    sim = Simulator(circuit, anatomy=grown)
    assert sim.notes == ["delay of p: 2.04 ms rounded to 2 ms"]
    v = traced(circuit, RUN_MS, {"post": (0,)}, anatomy=grown)["post"]
    assert_arrives(v[:, 0], [t + 2.0 for t in TIMES_MS])
    circuit, grown = from_relays([2.0, 3.07, 0.01], 3, sd=1.0)
    assert Simulator(circuit, anatomy=grown).notes == ["delays of p: 2 of 3 rounded to the 0.1 ms grid"]
    circuit, grown = from_relays([2.0, 3.1], 2, sd=1.0)
    assert Simulator(circuit, anatomy=grown).notes == []
