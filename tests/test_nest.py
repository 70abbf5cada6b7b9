"""Static circuits on NEST: what runs, what is refused, and agreement with the oracle."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("nest")

from dystolab.circuit.anatomy import Anatomy, grow
from dystolab.circuit.drives import Cells, ConductanceDrive, CurrentDrive, Pattern, PoissonDrive, SpikeDrive
from dystolab.circuit.neurons import EGLIF, AdEx, OUCurrent, Receptor, Recruitment, Relay, Spread, TTypeCurrent
from dystolab.circuit.rules import Bernoulli
from dystolab.circuit.spec import (
    Circuit,
    GapJunctions,
    Layer,
    PoolClass,
    Population,
    Projection,
    SinExpPlasticity,
    TsodyksMarkram,
    Value,
    VesiclePools,
)
from dystolab.engine import nest as engine_nest
from dystolab.engine import reference, reference_synapses
from dystolab.engine.inputs import SpikeEvents, spike_events
from dystolab.engine.nest import NestEngine, current_changes, eglif_parameters
from dystolab.errors import SimulationError, SpecError, UnknownNameError, UnsupportedError

BOX = Layer(origin_um=(0.0, 0.0, 0.0), size_um=(100.0, 100.0, 100.0))
ADEX = AdEx(
    c_m_pf=281.0,
    g_l_ns=30.0,
    e_l_mv=-70.6,
    v_th_mv=-50.4,
    delta_t_mv=2.0,
    a_ns=4.0,
    b_pa=80.5,
    tau_w_ms=144.0,
    t_ref_ms=1.95,
    v_reset_mv=-60.0,
    v_peak_mv=0.0,
    v_init_mv=-68.0,
    i_e_pa=100.0,
    receptors=(Receptor(tau_ms=1.1, e_rev_mv=0.0), Receptor(tau_ms=2.8, e_rev_mv=-80.0)),
)
T_TYPE = TTypeCurrent(
    g_ns=60.0,
    e_ca_mv=120.0,
    v_half_m_mv=-60.0,
    k_m_mv=7.4,
    v_half_h_mv=-75.0,
    k_h_mv=-5.0,
    tau_h_hyperpolarised_ms=100.0,
    tau_h_depolarised_ms=20.0,
)
EGLIF_CELL = EGLIF(
    c_m_pf=334.0,
    tau_m_ms=47.0,
    e_l_mv=-59.0,
    t_ref_ms=0.5,
    v_reset_mv=-69.0,
    v_th_mv=-43.0,
    v_init_mv=-59.0,
    v_min_mv=-350.0,
    lambda_0_per_ms=4.0,
    tau_v_mv=3.5,
    i_e_pa=742.543,
    k_adap_ns_per_ms=1.492,
    k1_per_ms=0.195,
    k2_per_ms=0.041,
    a1_pa=157.622,
    a2_pa=172.622,
    receptors=(Receptor(tau_ms=1.1, e_rev_mv=0.0),),
)


def population(name: str, size: int, neuron: Any, **more: Any) -> Population:
    return Population(name=name, size=size, neuron=neuron, layer=BOX, **more)


def projection(pre: str, post: str, receptor: int, weight_ns: float, probability: float, **more: Any) -> Projection:
    fields: dict[str, Any] = {
        "name": f"{pre}_{post}",
        "weight_ns": Value(mean=weight_ns),
        "delay_ms": Value(mean=1.5),
        "rule": Bernoulli(probability=probability),
    }
    return Projection(pre=pre, post=post, receptor=receptor, **(fields | more))


def events(
    name: str, times_ms: list[float], cells: list[int], weight_ns: float = 0.0, receptor: int = 0
) -> SpikeEvents:
    steps = np.rint(np.array(times_ms) * 10).astype(np.int64)
    return SpikeEvents(name, receptor, weight_ns, steps, np.array(cells, np.int32))


def alone(neuron: Any = ADEX, **more: Any) -> tuple[Circuit, Anatomy]:
    circuit = Circuit(name="alone", populations=(population("cell", 1, neuron),), **more)
    return circuit, grow(circuit, 1)


def voltage(engine: NestEngine, name: str, duration_ms: float) -> np.ndarray:
    """Run and return V (steps,) of the first cell at 0.1, 0.2, ... ms."""
    import nest

    meter = nest.Create("multimeter", params={"record_from": ["V_m"], "interval": 0.1})
    nest.Connect(meter, engine._nodes[name][:1], syn_spec={"delay": engine._delay_ms})
    # A meter hands its last samples out one slice late.
    engine.run(duration_ms + 5.0)
    steps = np.rint(meter.events["times"] / 0.1).astype(int) - engine._ahead
    return np.array(meter.events["V_m"])[(steps > 0) & (steps <= round(duration_ms / 0.1))]


def test_single_cell_agrees_with_the_oracle() -> None:
    times_ms = [0.0, 3.0, 20.0, 20.1, 35.7, 60.0, 61.0, 62.0, 90.0]
    weights = {1: 12.0, 2: 4.0}
    drive = CurrentDrive(
        name="step",
        population="cell",
        current_pa=Pattern(times_ms=(0.0, 30.0, 80.0), values=(200.0, 1100.0, 50.0)),
    )
    circuit, anatomy = alone(drives=(drive,))
    given = [events("cell", times_ms, [0] * len(times_ms), w, r) for r, w in weights.items()]
    engine = NestEngine(circuit, anatomy, seed=1, events=given)
    v = voltage(engine, "cell", 150.0)
    _, exact = reference.trace(
        ADEX,
        150.0,
        arrivals=[(t, r, w) for t in times_ms for r, w in weights.items()],
        current_pa=lambda t: 200.0 if t < 29.99 else 1100.0 if t < 79.99 else 50.0,
        spikes=True,
    )
    spikes_ms, cells = engine.spikes("cell")
    assert len(spikes_ms) == 5 and not cells.any()
    assert spikes_ms == pytest.approx(exact["spike_times_ms"], abs=1e-9)
    assert np.abs(v - exact["v_mv"][1:]).max() < 0.05


def test_relays_forward_and_weights_peak_as_given() -> None:
    circuit = Circuit(
        name="relayed",
        populations=(
            population("fibre", 3, Relay()),
            population("glom", 2, Relay()),
            population("cell", 1, ADEX),
        ),
        projections=(
            projection("fibre", "glom", 0, 1.0, 1.0, delay_ms=Value(mean=1.0)),
            projection("glom", "cell", 1, 0.5, 1.0, delay_ms=Value(mean=2.04)),
        ),
    )
    engine = NestEngine(circuit, grow(circuit, 1), seed=1, events=[events("fibre", [0.1, 7.3], [2, 0])])
    v = voltage(engine, "cell", 20.0)
    for name, cells in (("fibre", [2, 0]), ("glom", [0, 1, 0, 1])):
        assert engine.spikes(name)[1].tolist() == cells
    assert engine.spikes("fibre")[0] == pytest.approx([0.1, 7.3])
    assert engine.spikes("glom")[0] == pytest.approx([1.1, 1.1, 8.3, 8.3])
    # Delays of 2.04 ms become 2.0: two glomeruli of 0.5 nS reach the cell at 3.1 and 10.3 ms.
    assert engine.notes == ["projection 'glom_cell': delays rounded to the grid of 0.1 ms"]
    _, exact = reference.trace(ADEX, 20.0, arrivals=[(3.1, 1, 1.0), (10.3, 1, 1.0)])
    assert np.abs(v - exact["v_mv"][1:]).max() < 1e-3


def test_tsodyks_markram_delivers_the_factors_of_the_oracle() -> None:
    synapse = TsodyksMarkram(u=0.43, tau_rec_ms=30.0, tau_fac_ms=5.0)
    circuit = Circuit(
        name="depressing",
        populations=(population("fibre", 1, Relay()), population("cell", 1, ADEX)),
        projections=(projection("fibre", "cell", 1, 4.0, 1.0, synapse=synapse),),
    )
    times_ms = [5.0, 8.0, 12.0, 40.0]
    engine = NestEngine(circuit, grow(circuit, 1), seed=1, events=[events("fibre", times_ms, [0] * 4)])
    v = voltage(engine, "cell", 60.0)
    factors = reference_synapses.tsodyks_markram(times_ms, synapse)
    arrivals = [(t + 1.5, 1, 4.0 * f) for t, f in zip(times_ms, factors, strict=True)]
    _, exact = reference.trace(ADEX, 60.0, arrivals=arrivals)
    assert np.abs(v - exact["v_mv"][1:]).max() < 1e-3


def network() -> Circuit:
    return Circuit(
        name="network",
        populations=(
            population("fibre", 50, Relay()),
            population("exc", 150, ADEX),
            population("inh", 50, ADEX),
        ),
        projections=(
            projection("fibre", "exc", 1, 9.0, 0.2),
            projection("exc", "inh", 1, 6.0, 0.2, delay_ms=Value(mean=2.0, sd=0.5, low=0.1)),
            projection("inh", "exc", 2, 1.0, 0.2, synapse=TsodyksMarkram(u=0.5, tau_rec_ms=50.0, tau_fac_ms=0.0)),
        ),
        drives=(PoissonDrive(name="noise", population="fibre", rate_hz=Pattern(times_ms=(0.0,), values=(60.0,))),),
    )


def test_network_runs_the_same_in_pieces_and_on_threads() -> None:
    circuit = network()
    anatomy = grow(circuit, 3)
    given = spike_events(circuit, anatomy, 3, 0.0, 200.0)
    whole = NestEngine(circuit, anatomy, seed=3, events=given)
    whole.run(200.0)
    first = {name: whole.spikes(name) for name in ("fibre", "exc", "inh")}
    assert whole.neurons == 250 and whole.synapses == sum(len(e.pre) for e in anatomy.edges.values())
    assert all(len(times) > 50 for times, _ in first.values())
    steps, cells = given[0].steps, given[0].cells
    passed_on = np.unique([np.maximum(steps, 1), cells], axis=1)  # of two in a step one
    fibre = np.array([np.rint(first["fibre"][0] * 10), first["fibre"][1]])
    assert fibre[:, np.lexsort(fibre[::-1])].tolist() == passed_on.tolist()
    counts = whole.counts("exc")
    assert counts.shape == (200,) and counts.sum() == len(first["exc"][0])
    pieces = NestEngine(circuit, anatomy, seed=3, threads=2, events=given)
    for _ in range(20):
        pieces.run(10.0)
    assert pieces.time_ms == 200.0
    for name, (times_ms, cells) in first.items():
        assert np.array_equal(pieces.spikes(name)[0], times_ms) and np.array_equal(pieces.spikes(name)[1], cells)
    with pytest.raises(SimulationError, match="one network at a time"):
        whole.run(1.0)


def test_spikes_at_time_zero() -> None:
    circuit = Circuit(name="early", populations=(population("fibre", 2, Relay()), population("cell", 1, ADEX)))
    given = [events("fibre", [0.0, 1.0], [0, 1]), events("cell", [0.0], [0], 5.0, 1)]
    engine = NestEngine(circuit, grow(circuit, 1), seed=1, events=given)
    v = voltage(engine, "cell", 10.0)
    _, exact = reference.trace(ADEX, 10.0, arrivals=[(0.0, 1, 5.0)])
    assert np.abs(v - exact["v_mv"][1:]).max() < 1e-3
    # A relay passes a spike at 0 ms on in the first step, as our engine does.
    assert engine.spikes("fibre")[1].tolist() == [0, 1]


def test_current_reaches_the_chosen_cells_only() -> None:
    drive = CurrentDrive(
        name="push",
        population="cell",
        current_pa=Pattern(times_ms=(5.0, 15.0), values=(1500.0, 0.0), period_ms=50.0),
        subset=Cells(indices=(1, 3)),
    )
    circuit = Circuit(name="pushed", populations=(population("cell", 4, ADEX),), drives=(drive,))
    engine = NestEngine(circuit, grow(circuit, 1), seed=1)
    for _ in range(4):
        engine.run(25.0)
    times_ms, cells = engine.spikes("cell")
    assert set(cells.tolist()) == {1, 3}
    assert np.any(times_ms < 20.0) and np.any(times_ms > 55.0)
    assert np.all((times_ms % 50.0 > 5.0) & (times_ms % 50.0 < 16.0))


def test_current_changes() -> None:
    pattern = Pattern(times_ms=(0.0, 1.0), values=(3.0, 4.0))
    steps, values = current_changes(pattern, 0, 100, 0.1)
    assert steps.tolist() == [0, 10] and values.tolist() == [3.0, 4.0]
    assert current_changes(pattern, 1, 10, 0.1)[0].size == 0
    again = Pattern(times_ms=(0.2,), values=(1.0,), period_ms=0.5)
    steps, values = current_changes(again, 0, 11, 0.1)
    assert steps.tolist() == [2, 5, 7, 10] and values.tolist() == [1.0, 0.0, 1.0, 0.0]


ALWAYS = Pattern(times_ms=(0.0,), values=(1.0,))
LEARNING = SinExpPlasticity(teacher="io_io", a_plus_ns=0.1, a_minus_ns=-0.1, w_max_ns=2.0)
GAPS = GapJunctions(name="io_gap", population="io", probability=1.0, median_ns=1.0, sigma=0.1, range_ns=(0.1, 2.0))


POOLS = VesiclePools(
    classes=(PoolClass(name="one", share=1.0, n_slow=1.0, u_slow=0.5, n_fast=0.0, u_fast=0.5, tau_fac_ms=0.0),),
    tau_slow_ms=2000.0,
    tau_fast_ms=20.0,
    p_slow=0.6,
    initial_rate_hz=0.0,
)


def olive(**fields: Any) -> dict[str, Any]:
    return {"populations": (population("io", 2, **({"neuron": ADEX} | fields)),)}


REFUSED: list[tuple[dict[str, Any], str]] = [
    (olive(slow=(OUCurrent(sd_pa=1.0, tau_ms=5.0),)), "'ou_current' of population 'io'"),
    (olive(spread=(Spread(parameter="i_e_pa", sd=1.0),)), "'i_e_pa' in population 'io'"),
    (olive(neuron=ADEX.model_copy(update={"t_type": T_TYPE})), "T-type current of population 'io'"),
    (olive(neuron=EGLIF_CELL), "eglif cells .* of population 'io'"),
    (olive() | {"gap_junctions": (GAPS,)}, "gap junctions 'io_gap'"),
    (
        olive() | {"projections": (projection("io", "io", 1, 1.0, 1.0, plasticity=LEARNING),)},
        "plasticity of projection 'io_io'",
    ),
    (olive() | {"projections": (projection("io", "io", 1, 1.0, 1.0, synapse=POOLS),)}, "vesicle pools of .* 'io_io'"),
    (
        olive() | {"drives": (ConductanceDrive(name="clamp", population="io", conductance_ns=ALWAYS, e_rev_mv=0.0),)},
        "conductance drive 'clamp'",
    ),
    (
        olive(neuron=Relay()) | {"drives": (CurrentDrive(name="push", population="io", current_pa=ALWAYS),)},
        "current drive 'push' onto relays",
    ),
    (
        {"populations": (population("io", 4, ADEX, recruitment=Recruitment(range_pa=1.0, ratio=2.0)),)},
        "recruitment of population 'io'",
    ),
]


@pytest.mark.parametrize(("parts", "name"), REFUSED)
def test_what_nest_cannot_run_is_refused(parts: dict[str, Any], name: str) -> None:
    circuit = Circuit(name="refused", **parts)
    with pytest.raises(UnsupportedError, match=name):
        NestEngine(circuit, grow(circuit, 1), seed=1)


def test_eglif_needs_the_order_and_the_sign_of_the_module() -> None:
    for changes, text in (({}, "update_order = 'freeze'"), ({"leak_sign": -1}, "leak_sign")):
        with pytest.raises(UnsupportedError, match=text):
            NestEngine(*alone(EGLIF_CELL.model_copy(update=changes)), seed=1, module="eglifmodule")
    evolving = alone(EGLIF_CELL.model_copy(update={"update_order": "evolve"}))
    with pytest.raises(UnsupportedError, match="'no_such_module' does not load"):
        NestEngine(*evolving, seed=1, module="no_such_module")


def test_eglif_parameters_follow_the_spelling_of_the_module() -> None:
    names = [n for spellings in engine_nest._EGLIF_NAMES.values() for n in spellings[:1]]
    found = eglif_parameters(EGLIF_CELL, dict.fromkeys([*names, "tau_syn1", "E_rev1"], 0.0))
    assert found["k_adap"] == 1.492 and found["V_m"] == -59.0 and found["tau_syn1"] == 1.1
    old = dict.fromkeys([*names, "tau_syn1", "E_rev1", "kadap"], 0.0)
    del old["k_adap"]
    assert eglif_parameters(EGLIF_CELL, old)["kadap"] == 1.492
    with pytest.raises(UnsupportedError, match="tau_syn1"):
        eglif_parameters(EGLIF_CELL, dict.fromkeys(names, 0.0))


def test_bad_input_is_named() -> None:
    circuit, anatomy = alone()
    with pytest.raises(SpecError, match="dt_ms"):
        NestEngine(circuit, anatomy, seed=1, dt_ms=0.3)
    with pytest.raises(SpecError, match="threads"):
        NestEngine(circuit, anatomy, seed=1, threads=0)
    with pytest.raises(UnknownNameError, match="did you mean 'cell'"):
        NestEngine(circuit, anatomy, seed=1, recording_populations=("cel",))
    engine = NestEngine(circuit, anatomy, seed=1, recording_populations=())
    for duration_ms in (0.0, -1.0, 0.15):
        with pytest.raises(SpecError, match="multiple"):
            engine.run(duration_ms)
    with pytest.raises(SpecError, match="not recorded"):
        engine.spikes("cell")
    driven, anatomy = alone(drives=(SpikeDrive(name="puff", population="cell", times_ms=(1.0,), receptor=1),))
    with pytest.raises(SpecError, match="drive 'puff'"):
        NestEngine(driven, anatomy, seed=1)
    low = ADEX.model_copy(update={"v_peak_mv": -55.0})
    with pytest.raises(SpecError, match="V_peak"):
        NestEngine(*alone(low), seed=1)


def test_missing_nest_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from dystolab.errors import MissingExtraError

    monkeypatch.setitem(sys.modules, "nest", None)
    with pytest.raises(MissingExtraError, match=r"dystolab\[nest\]"):
        NestEngine(*alone(), seed=1)
