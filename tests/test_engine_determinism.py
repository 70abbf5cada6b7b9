"""One subject, one result: bit for bit, whatever the threads, the cuts of the run and the pauses."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest

from dystolab.circuit import presets
from dystolab.circuit.drives import Pattern, PoissonDrive
from dystolab.circuit.neurons import OUCurrent
from dystolab.circuit.spec import Circuit
from dystolab.engine import Recording, Simulator, Trace
from dystolab.engine import layout as L
from dystolab.errors import ResultError
from engine_circuits import cells, eglif

RUN_MS = 300.0
RECORDING = Recording(
    spikes=("granule_cell", "purkinje_cell", "io_cell", "mossy_fiber"),
    spike_cells={"granule_cell": 200},
    traces=(
        Trace(population="purkinje_cell", variables=("v_mv", "g1_ns"), cells=(0, 2), every_ms=0.5),
        Trace(population="granule_cell", cells=(0, 700)),
        Trace(population="io_cell", variables=("i_noise_pa",), start_ms=100.0, stop_ms=250.0),
    ),
    weights=("pf_pc",),
    weights_every_ms=50.0,
)


@functools.cache
def circuit() -> Circuit:
    """Return a small cerebellum with everything in it: lean and full cells, learning, gap junctions, noise."""
    small = presets.load("mouse-cerebellum", 0.26)
    rate = Pattern(times_ms=(0.0, 100.0, 160.0), values=(10.0, 60.0, 10.0))
    kick = PoissonDrive(
        name="kick", population="io_cell", rate_hz=Pattern(times_ms=(0.0,), values=(20.0,)), weight_ns=20.0, receptor=1
    )  # fmt: skip
    return small.with_drives(PoissonDrive(name="tone", population="mossy_fiber", rate_hz=rate), kick)


def simulator(**more) -> Simulator:
    return Simulator(circuit(), **{"seed": 3, "recording": RECORDING, **more})


@functools.cache
def whole() -> dict[str, np.ndarray]:
    sim = simulator()
    sim.run(RUN_MS)
    return everything(sim)


def everything(sim: Simulator) -> dict[str, np.ndarray]:
    """Return all that a user can read from a run."""
    out = {}
    for name in RECORDING.spikes:
        out[f"times {name}"], out[f"cells {name}"] = sim.spikes(name)
    for p in sim.circuit.populations:
        out[f"counts {p.name}"] = sim.counts(p.name)
    for k in range(len(RECORDING.traces)):
        times, values = sim.trace(k)
        out |= {f"trace {k}": times, **{f"trace {k} {v}": x for v, x in values.items()}}
    out["weights"] = sim.weights("pf_pc")
    out["history times"], out["history"] = sim.weight_history("pf_pc")
    return out


def assert_same(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> None:
    assert a.keys() == b.keys()
    for key in a:
        assert a[key].dtype == b[key].dtype and np.array_equal(a[key], b[key]), key


def test_the_circuit_has_all_kinds_of_cells_and_is_active() -> None:
    assert {L.LEAN, L.FULL_EGLIF, L.RELAY} <= set(simulator()._plan.kinds)
    run = whole()
    assert all(run[f"times {name}"].size > 5 for name in RECORDING.spikes)
    assert len(run["history times"]) == 6 and np.ptp(run["history"][:, 1]) > 0
    assert run["trace 2"][0] == pytest.approx(100.0) and run["trace 2"][-1] == pytest.approx(250.0)


def test_again_is_the_same_and_another_seed_is_not() -> None:
    sim = simulator()
    sim.run(RUN_MS)
    assert_same(everything(sim), whole())
    other = simulator(seed=4)
    other.run(RUN_MS)
    for name in RECORDING.spikes:
        assert not np.array_equal(everything(other)[f"times {name}"], whole()[f"times {name}"])


def test_threads_change_nothing() -> None:
    sim = simulator(threads=2)
    sim.run(RUN_MS)
    assert_same(everything(sim), whole())


def test_pieces_change_nothing() -> None:
    sim = simulator()
    for piece in (1.0, 1.0, 48.0, 97.0, 3.0, 150.0):
        sim.run(piece)
    assert_same(everything(sim), whole())


@pytest.mark.parametrize("threads", [1, 2])
def test_a_resumed_run_is_the_same(tmp_path: Path, threads: int) -> None:
    first = simulator()
    first.run(130.0)
    first.checkpoint(tmp_path / "state")
    again = simulator(threads=threads)
    again.restore(tmp_path / "state")
    assert again.time_ms == 130.0
    again.run(RUN_MS - 130.0)
    assert_same(everything(again), whole())
    # Writing it down has changed nothing for the run that goes on either.
    first.run(RUN_MS - 130.0)
    assert_same(everything(first), whole())


def test_a_checkpoint_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state"
    sim = simulator()
    sim.run(20.0)
    sim.checkpoint(path)
    weaker = circuit().with_projection("pf_pc", weight_ns={"mean": 0.1})
    for other in (
        simulator(seed=4),
        Simulator(weaker, seed=3, recording=RECORDING),
        simulator(recording=Recording()),
        simulator(precision="double"),
    ):
        with pytest.raises(ResultError, match="of another circuit, seed, recording or experiment"):
            other.restore(path)
    with pytest.raises(ResultError, match="no such checkpoint"):
        sim.restore(tmp_path / "nothing")
    whole_file = path.read_bytes()
    for damaged in (whole_file[:-1000], whole_file[: len(whole_file) // 2], b"", b"nonsense" * 100):
        path.write_bytes(damaged)
        with pytest.raises(ResultError, match="damaged"):
            sim.restore(path)


def test_a_place_that_is_no_directory_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultError, match="could not be written"):
        simulator().checkpoint(tmp_path / "file" / "state")
    np.save(tmp_path / "lone.npy", np.ones(3))
    with pytest.raises(ResultError, match="damaged"):
        simulator().restore(tmp_path / "lone.npy")


def test_other_synapses_are_another_run(tmp_path: Path) -> None:
    sim = simulator()
    sim.run(10.0)
    sim.checkpoint(tmp_path / "state")
    sim.anatomy.edges["pf_pc"].weight_ns[0] += 0.1
    with pytest.raises(ResultError, match="another circuit"):
        simulator(anatomy=sim.anatomy).restore(tmp_path / "state")


def test_an_unconnected_population_changes_nobody() -> None:
    noise = OUCurrent(sd_pa=50.0, tau_ms=10.0)
    more = cells("aside", 40, eglif("purkinje_cell"), slow=(noise,))
    changed = circuit()
    rate = Pattern(times_ms=(0.0,), values=(50.0,))
    aside = PoissonDrive(name="aside", population="aside", rate_hz=rate, weight_ns=1.0, receptor=1)
    values = dict(changed) | {
        "populations": (more, *changed.populations),
        "drives": (aside, *changed.drives),
    }
    sim = Simulator(Circuit(**values), seed=3, recording=RECORDING)
    sim.run(RUN_MS)
    found = everything(sim)
    assert found.pop("counts aside").sum() > 100
    assert_same(found, whole())


def test_a_resumed_run_knows_factor_rings_that_have_grown(tmp_path: Path) -> None:
    """Two short-term plastic projections share an array of factors; a ring that grows moves the other."""
    from dystolab.circuit.spec import TsodyksMarkram

    circuit = presets.load("mouse-cerebellum", 0.26)
    for name in ("glom_grc", "goc_grc"):
        circuit = circuit.with_projection(name, synapse=TsodyksMarkram(u=0.4, tau_rec_ms=30.0, tau_fac_ms=20.0))
    recording = Recording(spikes=("granule_cell", "golgi_cell"))

    def begun() -> Simulator:
        sim = Simulator(circuit, seed=1, recording=recording)
        sim.run(40)
        for population in ("glomerulus", "golgi_cell"):
            sim._grow_history(sim._plan.pop[population])
        return sim

    whole, first = begun(), begun()
    first.checkpoint(tmp_path / "state.npz")
    second = Simulator(circuit, seed=1, recording=recording)
    second.restore(tmp_path / "state.npz")
    for sim in (whole, second):
        sim.run(60)
    assert np.array_equal(whole._net.s, second._net.s)
    assert np.array_equal(whole.spikes("granule_cell")[0], second.spikes("granule_cell")[0])
