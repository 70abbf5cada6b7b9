"""Synapses of two vesicle pools: factors as the oracle has them, classes by share and by fibre, tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dystolab.circuit import cerebellum, presets, tables
from dystolab.circuit.drives import Pattern, PoissonDrive
from dystolab.circuit.spec import Circuit, PoolClass, Projection, Static, TsodyksMarkram, VesiclePools, revised
from dystolab.engine import Recording, Simulator, reference, reference_synapses
from dystolab.engine import layout as L
from dystolab.engine.vesicle_pools import first_state, largest_factor, source_classes
from dystolab.errors import SpecError, UnknownNameError
from engine_circuits import anatomy, cells, edges, link, quiet, spikes, traced

COLUMNS = ("name", "share", "n_slow", "u_slow", "n_fast", "u_fast", "tau_fac_ms")
BARRI = tuple(
    PoolClass(**dict(zip(COLUMNS, row, strict=True)))
    for row in (
        ("driver", 0.06, 4, 0.9, 16, 0.72, 12),
        ("strong", 0.16, 3, 0.8, 12, 0.55, 12),
        ("steady", 0.38, 4, 0.4, 6, 0.35, 0),
        ("fast", 0.24, 0, 0.2, 10, 0.30, 12),
        ("facilitating", 0.16, 3, 0.4, 12, 0.15, 30),
    )
)


def pools(**changes: Any) -> VesiclePools:
    given = {"classes": BARRI, "tau_slow_ms": 2000.0, "tau_fast_ms": 20.0, "p_slow": 0.6, "initial_rate_hz": 20.0}
    return VesiclePools(**(given | changes))


def alone(name: str, **changes: Any) -> VesiclePools:
    """Return synapses of one class."""
    (of,) = (c for c in BARRI if c.name == name)
    return pools(classes=(revised(of, {"share": 1.0}),), **changes)


def poisson(rate_hz: float, run_ms: float, seed: int = 1) -> tuple[float, ...]:
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.exponential(1000.0 / rate_hz, int(3 * rate_hz * run_ms / 1000) + 20))
    return tuple(np.unique(times[(times > 0.1) & (times < run_ms)].round(1)).tolist())


def one_source(synapse: VesiclePools, times: tuple[float, ...], size: int, weight_ns: float) -> tuple[Circuit, Any]:
    """Return a circuit in which a relay reaches `size` silent granule cells, and its anatomy."""
    circuit = Circuit(
        name="short",
        populations=(cells("pre", 1), cells("post", size, quiet("granule_cell"))),
        projections=(link("p", "pre", "post", receptor=2, synapse=synapse),),
        drives=(spikes("given", "pre", times),),
    )
    return circuit, anatomy(circuit, p=edges([0] * size, np.arange(size), weight_ns, [2.0]))


def factors(sim: Simulator, projection: int = 0) -> np.ndarray:
    """Return the factor of each spike that the sources of a projection have emitted; their ring must hold them all."""
    net = sim._net
    at = net.tm_int[net.proj[projection, L.J_TM], 1]
    return np.array(net.tm_factor[at : at + net.head[net.proj[projection, L.J_PRE]]])


@pytest.mark.parametrize("rate_hz", [10.0, 40.0, 200.0])
@pytest.mark.parametrize("name", [c.name for c in BARRI])
def test_factors_are_the_oracle_s(name: str, rate_hz: float) -> None:
    synapse = alone(name)
    times = poisson(rate_hz, 1000.0)
    circuit, grown = one_source(synapse, times, 1, 0.0)
    sim = Simulator(circuit, anatomy=grown)
    while sim._net.pop_int[0, L.P_HIST_MASK] < len(times):
        sim._grow_history(0)
    sim.run(1001.0)
    assert factors(sim) == pytest.approx(reference_synapses.vesicle_pools(times, synapse, name), rel=1e-6)


@pytest.mark.parametrize(("size", "kind"), [(3, L.FULL_EGLIF), (700, L.LEAN)], ids=["full", "lean"])
@pytest.mark.parametrize("rate_hz", [10.0, 40.0, 200.0])
def test_what_arrives(size: int, kind: int, rate_hz: float) -> None:
    synapse = alone("steady", initial_rate_hz=5.0)
    times = poisson(rate_hz, 150.0, seed=4)
    circuit, grown = one_source(synapse, times, size, 0.3)
    assert Simulator(circuit, anatomy=grown)._plan.kinds[1] == kind
    v = traced(circuit, 160.0, {"post": (size - 1,)}, anatomy=grown)["post"][:, 0]
    expected = reference_synapses.vesicle_pools(times, synapse, "steady")
    arrivals = [(t + 2.0, 2, 0.3 * f) for t, f in zip(times, expected, strict=True)]
    neuron = quiet("granule_cell")
    assert np.abs(v - reference.trace(neuron, 160.0, arrivals=arrivals)[1]["v_mv"][1:]).max() < 0.02


def test_oracle_by_hand() -> None:
    synapse = pools(classes=(PoolClass(name="a", share=1, n_slow=2, u_slow=0.5, n_fast=1, u_fast=0.2, tau_fac_ms=10),),
                    initial_rate_hz=0.0)  # fmt: skip
    u_slow, u_fast = 0.5 + 0.25 * np.exp(-0.5), 0.2 + 0.16 * np.exp(-0.5)
    x_slow, x_fast = 1 - 0.2 * np.exp(-5 / 2000), 1 - 0.2 * np.exp(-5 / 20)
    expected = [1.0, (2 * u_slow * x_slow + u_fast * x_fast) / 1.2]
    assert reference_synapses.vesicle_pools([100.0, 105.0], synapse, "a") == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize("rate_hz", [0.0, 20.0, 200.0])
def test_a_run_begins_at_the_mean_state(rate_hz: float) -> None:
    synapse = pools(initial_rate_hz=rate_hz)
    for c in BARRI:
        state = np.array(first_state(synapse, c))
        assert state[4] == -1
        for (u, x), use, tau_ms, kept in ((state[:2], c.u_slow, 2000, 0.6), (state[2:4], c.u_fast, 20, 0.0)):
            per_ms = rate_hz / 1000
            assert (1 - x) / tau_ms - (1 - kept) * u * x * per_ms == pytest.approx(0, abs=1e-15)
            if c.tau_fac_ms:
                assert (use - u) / c.tau_fac_ms + use * (1 - u) * per_ms == pytest.approx(0, abs=1e-15)
            else:
                assert u == use
    times = poisson(20.0, 30_000.0)
    went = reference_synapses.vesicle_pools(times, alone("steady", initial_rate_hz=20.0), "steady")
    rested = reference_synapses.vesicle_pools(times, alone("steady", initial_rate_hz=0.0), "steady")
    assert went[0] == pytest.approx(went[len(times) // 2 :].mean(), rel=0.2) and rested[0] == 1.0


def test_the_weight_is_the_mean_of_rested_first_spikes() -> None:
    synapse = pools(initial_rate_hz=0.0)
    first = np.array([reference_synapses.vesicle_pools([5.0], synapse, c.name)[0] for c in BARRI])
    assert first @ [c.share for c in BARRI] == pytest.approx(1.0)
    assert first[0] == pytest.approx(15.12 / 4.95, rel=0.01) and first.max() < largest_factor(synapse)
    assert largest_factor(Static()) == 1.0


def granular(scale: float = 0.26, **changes: Any) -> Circuit:
    circuit = presets.load("mouse-cerebellum", scale)
    for name in ("glom_grc", "glom_goc"):
        circuit = circuit.with_projection(name, synapse=pools(follows="mf_glom", **changes))
    return circuit.with_projection("mf_dcn_glut", synapse=pools(**changes))


def test_classes_have_their_shares_and_follow_the_fibre() -> None:
    sim = Simulator(granular(0.5), seed=2)
    of = {}
    for name in ("mf_dcn_glut", "glom_grc", "glom_goc"):
        p = sim.circuit.projection(name)
        assert isinstance(p.synapse, VesiclePools)
        of[name] = source_classes(sim._plan, p, p.synapse)
    fibres = of["mf_dcn_glut"]
    counts = np.bincount(fibres, minlength=5)
    assert np.abs(counts - np.array([c.share for c in BARRI]) * fibres.size).max() <= 1
    up = sim.anatomy.edges["mf_glom"]
    for name in ("glom_grc", "glom_goc"):
        assert np.array_equal(of[name][up.post], fibres[up.pre])
    # What the kernels read is what was dealt: three projections, each with five classes of its own.
    net = sim._net
    for j, name in enumerate(p.name for p in sim.circuit.projections):
        if name in of:
            at = net.tm_int[net.proj[j, L.J_TM], 0]
            held = net.pool_class[at : at + of[name].size]
            assert np.array_equal(net.pool_real[held, 1], np.array([c.u_slow for c in BARRI])[of[name]])
    other = Simulator(granular(0.5), seed=3)
    assert not np.array_equal(other._net.pool_class, net.pool_class)


def test_granule_cells_stay_lean() -> None:
    sim = Simulator(granular(), seed=1)
    assert sim._plan.kinds[sim._plan.pop["granule_cell"]] == L.LEAN


def test_a_cell_with_several_sources_follows_none() -> None:
    circuit = Circuit(
        name="two fibres",
        populations=(cells("fibre", 2), cells("rosette", 2), cells("post", 1, quiet("dcn_glut"))),
        projections=(
            link("up", "fibre", "rosette", receptor=0),
            link("p", "rosette", "post", receptor=2, synapse=pools(follows="up")),
        ),
    )
    down = edges([0, 1], [0, 0], 1.0, [2.0])
    Simulator(circuit, anatomy=anatomy(circuit, up=edges([0], [1], 1.0, [1.0]), p=down))
    with pytest.raises(SpecError, match="'p' can't follow 'up': 1 of 2 cells of 'rosette' have several sources"):
        Simulator(circuit, anatomy=anatomy(circuit, up=edges([0, 1], [0, 0], 1.0, [1.0]), p=down))


def test_threads_pieces_and_resuming_change_nothing(tmp_path: Path) -> None:
    recording = Recording(spikes=("granule_cell", "golgi_cell"))
    tone = PoissonDrive(name="tone", population="mossy_fiber", rate_hz=Pattern(times_ms=(50.0,), values=(60.0,)))
    circuit = granular().with_drives(tone)

    def begun(run_ms: float, **more: Any) -> Simulator:
        sim = Simulator(circuit, seed=5, recording=recording, **more)
        if run_ms:
            sim.run(run_ms)
        return sim

    whole, threads, pieces, first = begun(200.0), begun(200.0, threads=2), begun(77.0), begun(90.0, threads=2)
    pieces.run(123.0)
    first.checkpoint(tmp_path / "state")
    resumed = begun(0.0)
    resumed.restore(tmp_path / "state")
    resumed.run(110.0)
    assert whole.spikes("granule_cell")[0].size > 50
    for other in (threads, pieces, resumed):
        for field in ("s", "pool_state", "tm_factor"):
            assert np.array_equal(getattr(whole._net, field), getattr(other._net, field)), field
        for name in recording.spikes:
            for a, b in zip(whole.spikes(name), other.spikes(name), strict=True):
                assert np.array_equal(a, b)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"classes": BARRI[:2]}, "must add up to 1, not 0.22"),
        ({"classes": (*BARRI[:4], revised(BARRI[4], {"name": "fast"}))}, "class named twice: fast"),
        ({"classes": ()}, "at least 1"),
        ({"p_slow": 1.1}, "less than or equal to 1"),
    ],
)
def test_classes_that_do_not_fit_are_refused(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        pools(**changes)
    with pytest.raises(SpecError, match="class 'fast' has no vesicles"):
        revised(BARRI[3], {"n_fast": 0.0})


def test_what_is_followed_must_end_on_the_source() -> None:
    circuit = presets.load("mouse-2022")
    with pytest.raises(SpecError, match="'pf_pc', which it follows, must end on 'glomerulus'"):
        circuit.with_projection("glom_grc", synapse=pools(follows="pf_pc"))
    with pytest.raises(SpecError, match="did you mean 'mf_glom'"):
        circuit.with_projection("glom_grc", synapse=pools(follows="mf_glo"))
    cut = circuit.with_projection("glom_grc", synapse=pools(follows="mf_glom")).without_projection("mf_glom")
    assert cut.projection("glom_grc").synapse == pools()


NUMBER = '{value = %s, unit = "%s", source = "assumed", confidence = "assumed", note = "a test"}'


def from_table(tmp_path: Path, synapse: str) -> Projection:
    """Return glom_grc of mouse-2022 with this section ``synapse``."""
    path = tmp_path / "synapse.toml"
    path.write_text(synapse)
    used = [tables.load(name) for name in presets._TABLES["mouse-2022"]]
    return cerebellum.build(tables.merged([*used, tables.read(path)]), "mine").projection("glom_grc")


def section(kind: str, **numbers: tuple[float, str]) -> str:
    lines = [f"{key} = {NUMBER % value}" for key, value in numbers.items()]
    return "\n".join(["[projections.glom_grc.synapse]", f'kind = "{kind}"', *lines, ""])


def test_tables_hold_every_kind_of_synapse(tmp_path: Path) -> None:
    assert from_table(tmp_path, section("static")).synapse == Static()
    short = section("tsodyks_markram", u=(0.4, "1"), tau_rec=(0.03, "s"), tau_fac=(5.0, "ms"))
    assert from_table(tmp_path, short).synapse == TsodyksMarkram(u=0.4, tau_rec_ms=30.0, tau_fac_ms=5.0)
    text = section("vesicle_pools", tau_slow=(2, "s"), tau_fast=(20, "ms"), p_slow=(0.6, "1"), initial_rate=(20, "Hz"))
    text += 'follows = "mf_glom"\n'
    for c in BARRI:
        text += f"[projections.glom_grc.synapse.classes.{c.name}]\n"
        for key, unit in zip(COLUMNS[1:], "11111", strict=False):
            text += f"{key} = {NUMBER % (getattr(c, key), unit)}\n"
        text += f"tau_fac = {NUMBER % (c.tau_fac_ms, 'ms')}\n"
    assert from_table(tmp_path, text).synapse == pools(follows="mf_glom")


@pytest.mark.parametrize(
    ("text", "error", "complaint"),
    [
        (section("vesicle_pool"), UnknownNameError, "did you mean 'vesicle_pools'"),
        (section("static", u=(0.4, "1")), UnknownNameError, "unknown entry"),
        (section("tsodyks_markram", u=(0.4, "1")), SpecError, "glom_grc.synapse.tau_rec_ms: Field required"),
        (section("vesicle_pools", p_slow=(0.6, "1")), SpecError, "glom_grc.synapse.classes: Field required"),
        (
            section("static") + f"[projections.glom_grc.synapse.classes.a]\nshare = {NUMBER % (2.0, '1')}\n",
            SpecError,
            "synapse.classes.a.share: Input should be less than or equal to 1",
        ),
    ],
)
def test_tables_that_do_not_fit_are_refused(tmp_path: Path, text: str, error: type[SpecError], complaint: str) -> None:
    with pytest.raises(error, match=complaint):
        from_table(tmp_path, text)
