"""What a run does at its limits: buffers grow, absurd values and runaway stop it, the impossible is refused."""

from __future__ import annotations

import numpy as np
import pytest

from dystolab.circuit.drives import ConductanceDrive, CurrentDrive, Pattern, PoissonDrive
from dystolab.circuit.neurons import OUCurrent, ParameterSchedule, Spread
from dystolab.circuit.spec import (
    Circuit,
    GapJunctions,
    PoolClass,
    SinExpPlasticity,
    TsodyksMarkram,
    Value,
    VesiclePools,
)
from dystolab.engine import Recording, Simulator, Trace, reference, reference_synapses
from dystolab.engine import layout as L
from dystolab.engine.inputs import pattern_value
from dystolab.errors import DystolabError, SimulationError, SpecError, UnknownNameError, UnsupportedError
from engine_circuits import adex, anatomy, cells, edges, eglif, link, quiet, spikes, traced

CONSTANT = Pattern(times_ms=(0.0,), values=(1.0,))
RULE = SinExpPlasticity(teacher="io", a_plus_ns=0.001, a_minus_ns=-0.002, w_max_ns=9.0)


POOLS = VesiclePools(
    classes=(PoolClass(name="one", share=1.0, n_slow=1.0, u_slow=0.5, n_fast=0.0, u_fast=0.5, tau_fac_ms=0.0),),
    tau_slow_ms=2000.0,
    tau_fast_ms=20.0,
    p_slow=0.6,
    initial_rate_hz=0.0,
)


def converging(n_pre: int, delay_ms: float = 100.0, **more) -> tuple:
    """Return a circuit in which relay 0 of `n_pre`, spiking at every step, reaches one cell late."""
    times = tuple(np.arange(1.0, 160.0, 0.1).round(1))
    passive = quiet("dcn_glut", leak_sign=-1, i_e_pa=0.0, k_adap_ns_per_ms=0.0)
    circuit = Circuit(
        name="late",
        populations=(cells("pre", n_pre), cells("post", 1, passive)),
        projections=(link("p", "pre", "post", receptor=2, delay_ms=Value(mean=delay_ms), **more),),
        drives=(spikes("given", "pre", times, cell=0),),
    )
    return circuit, anatomy(circuit, p=edges([0], [0], 0.2, [delay_ms]))


@pytest.mark.parametrize(
    "synapse",
    [None, TsodyksMarkram(u=0.3, tau_rec_ms=50.0, tau_fac_ms=20.0), POOLS],
    ids=["static", "short-term", "vesicle pools"],
)
def test_history_grows_with_the_spikes_in_flight(synapse) -> None:
    """A thousand spikes wait for their delay: more than one cell's ring has room for at first."""
    more = {"synapse": synapse} if synapse else {}
    v = []
    for n_pre in (1, 5000):
        circuit, grown = converging(n_pre, **more)
        sim = Simulator(circuit, anatomy=grown, recording=Recording(traces=(Trace(population="post"),)))
        before = sim._net.pop_int[0, L.P_HIST_MASK]
        sim.run(300.0)
        assert (sim._net.pop_int[0, L.P_HIST_MASK] > before) == (n_pre == 1)
        v.append(sim.trace(0)[1]["v_mv"])
    assert np.array_equal(v[0], v[1]) and np.ptp(v[0]) > 0.05


def test_history_of_plastic_sources_grows() -> None:
    pre = tuple(np.arange(1.0, 250.0, 0.2).round(1))
    circuit = Circuit(
        name="taught",
        populations=(cells("io", 1), cells("pre", 1), cells("other", 2), cells("post", 1, quiet("purkinje_cell"))),
        projections=(
            link("p", "pre", "post", plasticity=RULE),
            link("io", "io", "post", receptor=3),
            link("q", "other", "post", plasticity=RULE),
        ),
        drives=(
            spikes("pre", "pre", pre),
            spikes("io", "io", (200.1, 320.3)),
            spikes("other", "other", (100.0, 290.0), cell=1),
        ),
    )
    grown = anatomy(
        circuit, p=edges([0], [0], 3.0, [2.0]), io=edges([0], [0], 1.0, [2.0]), q=edges([1], [0], 3.0, [2.0])
    )
    sim = Simulator(circuit, anatomy=grown, precision="double")
    before = sim._net.pop_int[1, L.P_HIST_MASK]
    sim.run(400.0)
    assert sim._net.pop_int[1, L.P_HIST_MASK] > before
    for name, train in (("p", pre), ("q", (100.0, 290.0))):
        expected = reference_synapses.sinexp_weight_change(train, (200.1, 320.3), RULE, 3.0)[1][-1]
        assert sim.weights(name)[0] == pytest.approx(expected, abs=1e-6)


def test_events_of_lean_cells_grow() -> None:
    """Forty spikes in one millisecond onto each of 700 cells are more than a part has room for at first."""
    neuron = quiet("granule_cell")
    times = (5.0, 5.1, 5.3, 5.6)
    circuit = Circuit(
        name="lean",
        populations=(cells("pre", 10), cells("post", 700, neuron)),
        projections=(link("p", "pre", "post"),),
        drives=(spikes("given", "pre", times),),
    )
    pairs = np.arange(7000)
    grown = anatomy(circuit, p=edges(pairs // 700, pairs % 700, 0.02, [2.0]))
    v = traced(circuit, 20.0, {"post": (0, 699)}, anatomy=grown)["post"]
    exact = reference.trace(neuron, 20.0, arrivals=[(t + 2.0, 1, 0.2) for t in times])[1]["v_mv"][1:]
    assert np.abs(v - exact[:, None]).max() < 0.02


def test_record_of_spikes_grows() -> None:
    rate = Pattern(times_ms=(0.0,), values=(400.0,))
    circuit = Circuit(
        name="many",
        populations=(cells("pre", 300), cells("post", 40, eglif("purkinje_cell"))),
        drives=(PoissonDrive(name="input", population="pre", rate_hz=rate),),
    )
    found = []
    for room in (1 << 18, 8):
        sim = Simulator(circuit, recording=Recording(spikes=("pre", "post")))
        sim._feed.record_room = room
        sim.run(100.0)
        found.append([*sim.spikes("pre"), *sim.spikes("post")])
        assert sim.counts("pre").sum() == len(found[-1][0]) > 8000
    assert all(np.array_equal(a, b) for a, b in zip(*found, strict=True))


def test_a_relay_takes_one_spike_per_step_from_a_drive() -> None:
    circuit = Circuit(
        name="relay", populations=(cells("pre", 1),), drives=(spikes("given", "pre", (5.0,) * 500 + (5.1,)),)
    )
    sim = Simulator(circuit, recording=Recording(spikes=("pre",)))
    sim.run(10.0)
    assert sim.spikes("pre")[0] == pytest.approx([5.0, 5.1])


def test_a_relay_passes_on_all_that_it_gets_however_much() -> None:
    """Of a hundred relays that all spike in every step, a third reach each of three more; these reach one."""
    times = tuple(np.arange(1.0, 5.0, 0.1).round(1))
    circuit = Circuit(
        name="crowd", populations=(cells("many", 100), cells("three", 3), cells("last", 1)),
        projections=(link("in", "many", "three", receptor=0), link("on", "three", "last", receptor=0)),
        drives=(spikes("given", "many", times),),
    )  # fmt: skip
    synapses = anatomy(
        circuit, **{"in": edges(range(100), np.arange(100) % 3, 1.0, 2.0), "on": edges(range(3), [0] * 3, 1.0, 2.0)}
    )
    sim = Simulator(circuit, recording=Recording(spikes=("many", "three", "last")), anatomy=synapses)
    sim._feed.record_room = 1
    sim.run(12.0)
    at, who = sim.spikes("three")
    assert np.array_equal(np.unique(at.round(1)), np.array(times) + 2.0)
    assert [np.count_nonzero(who == k) for k in range(3)] == [34 * len(times), 33 * len(times), 33 * len(times)]
    assert len(sim.spikes("last")[0]) == 100 * len(times)


@pytest.mark.parametrize("size", [5, 700], ids=["full", "lean"])
def test_a_voltage_that_is_not_finite_stops_the_run(size: int) -> None:
    absurd = quiet("granule_cell", tau_m_ms=0.05)
    circuit = Circuit(name="absurd", populations=(cells("sound", 3, quiet("dcn_glut")), cells("absurd", size, absurd)))
    with pytest.raises(SimulationError, match=r"population 'absurd', cell 0: voltage is not finite at \d+\.\d ms"):
        Simulator(circuit).run(50.0)


def test_only_the_bad_cell_is_named() -> None:
    n = quiet("dcn_glut")
    huge = CurrentDrive(
        name="huge",
        population="cell",
        current_pa=Pattern(times_ms=(20.0,), values=(-1e12,)),
        subset={"kind": "cells", "indices": (37,)},
    )
    circuit = Circuit(name="one", populations=(cells("cell", 50, n),), drives=(huge,))
    with pytest.raises(SimulationError, match=r"population 'cell', cell 37: voltage is not finite at 20\.0 ms"):
        Simulator(circuit).run(50.0)


def test_runaway_stops_the_run() -> None:
    wild = eglif("dcn_gaba", lambda_0_per_ms=1e6, tau_v_mv=1e6)
    circuit = Circuit(name="wild", populations=(cells("calm", 3, eglif("purkinje_cell")), cells("wild", 5, wild)))
    sim = Simulator(circuit)
    with pytest.raises(SimulationError, match=r"population 'wild': rate ran away to \d+ Hz .* at \d+ ms"):
        sim.run(400.0)


@pytest.mark.parametrize("delay_ms", [2.0, 0.2])
def test_the_rate_that_is_watched_is_that_of_the_last_milliseconds(delay_ms: float, tmp_path) -> None:
    """However the run was cut, also with chunks of a fifth of a millisecond; 0 while there is too little to tell."""
    circuit = Circuit(
        name="watched", populations=(cells("a", 7, eglif("purkinje_cell")), cells("b", 2, eglif("dcn_glut"))),
        projections=(link("p", "a", "b", delay_ms=Value(mean=delay_ms)),),
    )  # fmt: skip
    sim = Simulator(circuit)
    assert sim._plan.chunk_steps == round(min(delay_ms, 1.0) * 10)
    for _ in range(150):
        sim.run(1.0)
    assert sim._record.recent_rate_hz("a", 200) == 0.0
    sim.checkpoint(tmp_path / "half")
    sim.restore(tmp_path / "half")
    for ms in (30.0, 1.0, 60.0, 9.0):
        sim.run(ms)
    assert sim._record.recent_rate_hz("a", 200) == pytest.approx(sim.counts("a")[-200:].sum() / 0.2 / 7)
    assert sim._record.recent_rate_hz("a", 250) == pytest.approx(sim.rate_hz("a"))
    assert sim.rate_hz("a") > 10.0


RELAYS = (cells("a", 2), cells("b", 2), cells("c", 2, quiet("dcn_glut")), cells("io", 1))
TM = TsodyksMarkram(u=0.5, tau_rec_ms=10.0, tau_fac_ms=0.0)
TEACHER = link("io", "io", "c")
GAP = GapJunctions(name="g", population="c", probability=1.0, median_ns=1.0, sigma=0.0, range_ns=(0.0, 9.0))
VARIED = Value(mean=5.0, sd=1.0, low=1.0)
REFUSED = {
    "plastic and short-term": (
        {"projections": (link("p", "a", "c", plasticity=RULE, synapse=TM), TEACHER)},
        UnsupportedError,
        "projection 'p': plasticity together with short-term plasticity",
    ),
    "plastic with varying delays": (
        {"projections": (link("p", "a", "c", plasticity=RULE, delay_ms=VARIED), TEACHER)},
        UnsupportedError,
        "projection 'p': plasticity with delays that vary",
    ),
    "varying delays onto relays": (
        {"projections": (link("p", "a", "b", receptor=0, delay_ms=VARIED),)},
        UnsupportedError,
        "projection 'p': delays that vary from synapse to synapse onto relays",
    ),
    "short-term onto relays": (
        {"projections": (link("p", "a", "b", receptor=0, synapse=TM),)},
        UnsupportedError,
        "projection 'p': plasticity onto relays",
    ),
    "plastic with vesicle pools": (
        {"projections": (link("p", "a", "c", plasticity=RULE, synapse=POOLS), TEACHER)},
        UnsupportedError,
        "projection 'p': plasticity together with short-term plasticity",
    ),
    "vesicle pools onto relays": (
        {"projections": (link("p", "a", "b", receptor=0, synapse=POOLS),)},
        UnsupportedError,
        "projection 'p': plasticity onto relays",
    ),
    "slow relay": (
        {"populations": (cells("a", 2, slow=(OUCurrent(sd_pa=1.0, tau_ms=1.0),)),)},
        UnsupportedError,
        "population 'a': a relay has no membrane",
    ),
    "spread relay": (
        {"populations": (cells("a", 2, spread=(Spread(parameter="i_e_pa", sd=1.0),)),)},
        UnsupportedError,
        "population 'a': a relay has no membrane",
    ),
    "current into relays": (
        {"drives": (CurrentDrive(name="d", population="a", current_pa=CONSTANT),)},
        UnsupportedError,
        "drive 'd': 'a' are relays",
    ),
    "conductance on relays": (
        {"drives": (ConductanceDrive(name="d", population="b", conductance_ns=CONSTANT, e_rev_mv=0.0),)},
        UnsupportedError,
        "drive 'd': 'b' are relays",
    ),
    "no receptor": (
        {"drives": (PoissonDrive(name="d", population="c", rate_hz=CONSTANT, weight_ns=1.0),)},
        SpecError,
        "drive 'd': receptor 0 of 'c' must be 1 to 2",
    ),
    "absent receptor": (
        {"drives": (spikes("d", "c", (1.0,), receptor=3, weight_ns=1.0),)},
        SpecError,
        "drive 'd': receptor 3 of 'c' must be 1 to 2",
    ),
    "two sets of gap junctions": (
        {"gap_junctions": (GAP, GAP.model_copy(update={"name": "h"}))},
        SpecError,
        "population 'c' has two sets of gap junctions",
    ),
    "schedule of nothing": (
        {
            "populations": (
                cells("c", 1, adex(), slow=(ParameterSchedule(parameter="i_f_pa", times_ms=(1.0,), values=(1.0,)),)),
            )
        },
        UnknownNameError,
        "did you mean 'i_e_pa'",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_engine_does_not_have_is_refused_by_name(case: str) -> None:
    changes, kind, message = REFUSED[case]
    with pytest.raises(kind, match=message):
        Simulator(Circuit(name="refused", **{"populations": RELAYS, **changes}))


def test_wrong_uses_are_one_clear_line() -> None:
    circuit = Circuit(
        name="one", populations=(cells("a", 2), cells("c", 600, quiet("granule_cell")), cells("d", 1, adex()))
    )

    def complaint(**more) -> str:
        with pytest.raises(DystolabError) as caught:
            Simulator(circuit, **more)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    assert "dt_ms = 0.3: must divide 1 ms" in complaint(dt_ms=0.3)
    assert "threads = 0" in complaint(threads=0)
    assert "unknown population 'b'" in complaint(recording=Recording(spikes=("b",)))
    assert "spike_cells" in complaint(recording=Recording(spikes=("a",), spike_cells={"c": 4}))
    assert "unknown projection" in complaint(recording=Recording(weights=("p",)))
    for trace, message in (
        (Trace(population="a"), "a relay has no state"),
        (Trace(population="c", cells=(600,)), "cell 600, but it has cells 0 to 599"),
        (Trace(population="c", variables=("g3_ns",)), "has no 'g3_ns'"),
        (Trace(population="c", variables=("i_noise_pa",)), "has no 'i_noise_pa'"),
    ):
        assert message in complaint(recording=Recording(traces=(trace,)))
    with pytest.raises(ValueError, match="unknown variable 'u_mv'"):
        Trace(population="c", variables=("u_mv",))
    sim = Simulator(circuit)
    for duration in (0.0, -1.0, 0.55, 10.5):
        with pytest.raises(SpecError, match="must be a positive multiple of 1 ms"):
            sim.run(duration)
    for read in (lambda: sim.spikes("c"), lambda: sim.trace(0), lambda: sim.weight_history("p")):
        with pytest.raises(SpecError, match="not recorded"):
            read()
    with pytest.raises(UnknownNameError, match="unknown population 'e'"):
        sim.counts("e")


def test_a_frozen_cell_may_spike_at_every_step() -> None:
    wild = eglif("granule_cell", update_order="freeze", v_reset_mv=-5.0, v_init_mv=0.0, t_ref_ms=5.0)
    sim = Simulator(Circuit(name="wild", populations=(cells("c", 600, wild),)), recording=Recording(spikes=("c",)))
    sim.run(190.0)  # at 200 ms it is stopped as a runaway
    assert len(sim.spikes("c")[0]) == sim.counts("c").sum() == 600 * 1900


def test_relays_in_a_circle_are_refused() -> None:
    ring = Circuit(
        name="ring",
        populations=(cells("a", 1), cells("b", 1)),
        projections=(link("ab", "a", "b", receptor=0), link("ba", "b", "a", receptor=0)),
    )
    with pytest.raises(UnsupportedError, match="relays in a circle"):
        Simulator(ring)


@pytest.mark.parametrize("period_ms", [7.7, 6.3, 2.2, 1.1])
def test_a_periodic_drive_loses_no_pulse(period_ms: float) -> None:
    pulses = Pattern(times_ms=(0.0, 0.1), values=(1.0, 0.0), period_ms=period_ms)
    given = pattern_value(pulses, np.arange(100_000) * 0.1)
    assert given.sum() == np.ceil(10_000 / period_ms)


@pytest.mark.parametrize("size", [500, 600])
def test_a_volley_of_strong_synapses_stays_below_its_reversal(size: int) -> None:
    n = 300
    passive = quiet("granule_cell")
    strong = Circuit(
        name="volley",
        populations=(cells("p", n), cells("c", size, passive)),
        projections=(link("pc", "p", "c", receptor=1, weight_ns=Value(mean=1.0)),),
        drives=(spikes("s", "p", [5.0]),),
    )
    every = edges(np.arange(n), np.zeros(n, int), 1.0, 1.0)
    found = traced(strong, 30.0, {"c": (0,)}, anatomy=anatomy(strong, pc=every))
    assert found["c"].max() < 5.0


def test_spreads_that_would_draw_alike_are_refused() -> None:
    with pytest.raises(ValueError, match="draw alike"):
        cells("c", 5, eglif("granule_cell"), spread=(Spread(parameter="v_init_mv", sd=3.0),) * 2)


@pytest.mark.parametrize(("neuron", "variable"), [(eglif("granule_cell"), "w_pa"), (adex(), "i_adap_pa")])
def test_what_a_cell_lacks_can_not_be_traced(neuron: object, variable: str) -> None:
    circuit = Circuit(name="one", populations=(cells("c", 1, neuron),))
    with pytest.raises(SpecError, match=f"it has no '{variable}'"):
        Simulator(circuit, recording=Recording(traces=(Trace(population="c", variables=(variable,)),)))
