"""Synapses that change: short-term factors and parallel-fibre weights agree with the oracle."""

from __future__ import annotations

import numpy as np
import pytest

from dystolab.circuit.drives import SpikeDrive
from dystolab.circuit.spec import Circuit, SinExpPlasticity, TsodyksMarkram, Value
from dystolab.engine import Recording, Simulator, reference, reference_synapses
from dystolab.engine import layout as L
from engine_circuits import anatomy, cells, edges, link, quiet, spikes, traced

RULE = SinExpPlasticity(teacher="io_pc", a_plus_ns=0.01, a_minus_ns=-0.01, w_max_ns=2.0)


@pytest.mark.parametrize("size", [3, 700])
@pytest.mark.parametrize("tau_fac_ms", [0.0, 60.0])
def test_short_term_factors(size: int, tau_fac_ms: float) -> None:
    """Small populations and lean ones, with and without facilitation."""
    synapse = TsodyksMarkram(u=0.4, tau_rec_ms=15.0, tau_fac_ms=tau_fac_ms)
    times = (2.0, 3.5, 3.6, 9.0, 30.0, 31.2)
    neuron = quiet("granule_cell")
    circuit = Circuit(
        name="short",
        populations=(cells("pre", 2), cells("post", size, neuron)),
        projections=(link("p", "pre", "post", receptor=2, synapse=synapse),),
        drives=(spikes("given", "pre", times, cell=0), spikes("other", "pre", (1.0, 2.5), cell=1)),
    )
    grown = anatomy(circuit, p=edges([0] * size, np.arange(size), 0.8, [2.0]))
    v = traced(circuit, 50.0, {"post": (size - 1,)}, anatomy=grown)["post"][:, 0]
    factors = reference_synapses.tsodyks_markram(times, synapse)
    arrivals = [(t + 2.0, 2, 0.8 * f) for t, f in zip(times, factors, strict=True)]
    assert np.abs(v - reference.trace(neuron, 50.0, arrivals=arrivals)[1]["v_mv"][1:]).max() < 0.01


def taught(
    pre: list[list[float]],
    teach: list[list[float]],
    grown: dict[str, tuple],
    n_post: int,
    rule: SinExpPlasticity = RULE,
    delay_ms: float = 5.0,
) -> tuple[Circuit, dict]:
    """Return a circuit of spiking relays, their plastic synapses ("pf_pc") and teachers ("io_pc")."""

    def given(population: str, trains: list[list[float]]) -> SpikeDrive:
        pairs = sorted((t, c) for c, train in enumerate(trains) for t in train)
        times, which = zip(*pairs, strict=True) if pairs else ((), ())
        return SpikeDrive(name=population, population=population, times_ms=times, cells=which)

    circuit = Circuit(
        name="taught",
        populations=(
            cells("granule_cell", len(pre)),
            cells("io_cell", len(teach)),
            cells("purkinje_cell", n_post, quiet("purkinje_cell")),
        ),
        projections=(
            link("pf_pc", "granule_cell", "purkinje_cell", plasticity=rule, delay_ms=Value(mean=delay_ms)),
            link("io_pc", "io_cell", "purkinje_cell", receptor=3, delay_ms=Value(mean=4.0)),
        ),
        drives=(given("granule_cell", pre), given("io_cell", teach)),
    )
    pf_pre, pf_post, weights = grown["pf_pc"]
    io_pre, io_post = grown["io_pc"]
    parts = anatomy(
        circuit, pf_pc=edges(pf_pre, pf_post, weights, [delay_ms]), io_pc=edges(io_pre, io_post, 1.0, [4.0])
    )
    return circuit, parts


def learned(circuit: Circuit, grown, run_ms: float, precision: str = "double", **more) -> np.ndarray:
    sim = Simulator(circuit, anatomy=grown, precision=precision, **more)
    sim.run(run_ms)
    return sim.weights("pf_pc")


def expected_weights(circuit: Circuit, grown) -> np.ndarray:
    """Return the oracle's final weight of each synapse, in the order of its edges."""
    by_name = {d.name: d for d in circuit.drives}
    train = {
        name: [[t for t, c in zip(d.times_ms, d.cells, strict=True) if c == k] for k in range(size)]
        for name, d in by_name.items()
        for size in [circuit.population(name).size]
    }
    pf, io = grown.edges["pf_pc"], grown.edges["io_pc"]
    rule = circuit.projection("pf_pc").plasticity
    out = []
    for pre, post, w in zip(pf.pre, pf.post, pf.weight_ns, strict=True):
        teach = [t for i in io.pre[io.post == post] for t in train["io_cell"][i]]
        changes = reference_synapses.sinexp_weight_change(train["granule_cell"][pre], teach, rule, float(w))[1]
        out.append(changes[-1] if len(changes) else w)
    return np.array(out)


def random_network(n_post: int, clipped: bool = False) -> tuple[Circuit, dict]:
    """Forty fibres, six climbing fibres; `clipped`: cycles in which no teaching falls between LTP and arrival."""
    rng = np.random.default_rng(3)

    def draw(n: int, low: float, high: float, more: float = 0.0) -> list[float]:
        times = [50.0 * k + t for k in range(12) for t in rng.uniform(low, high, n)]
        # Fibres at even, teachers at odd steps: a lag of 200 ms is a matter of rounding for the oracle.
        return sorted({round(0.2 * round(t / 0.2) + more, 1) for t in times})

    pre = [draw(2, 1.0, 30.0) if clipped else draw(2, 0.2, 49.6) for _ in range(40)]
    teach = [draw(1, 40.0, 45.0, 0.1) if clipped else draw(1, 0.2, 49.6, 0.1) for _ in range(6)]
    pairs = np.flatnonzero(rng.random(40 * n_post) < min(1.0, 2000 / (40 * n_post)))
    post = np.arange(n_post)
    weights = rng.uniform(0.5, 1.5, pairs.size)
    has_teacher = post[post % 7 > 0]
    grown = {"pf_pc": (pairs // n_post, pairs % n_post, weights), "io_pc": (has_teacher % 7 - 1, has_teacher)}
    if clipped:
        rule = RULE.model_copy(update={"a_plus_ns": 0.1, "a_minus_ns": -0.4, "w_min_ns": 0.4, "w_max_ns": 1.6})
        return taught(pre, teach, grown, n_post, rule)
    return taught(pre, teach, grown, n_post)


@pytest.mark.parametrize("clipped", [False, True], ids=["free", "clipped"])
@pytest.mark.parametrize("n_post", [20, 1100], ids=["one part", "three parts"])
def test_weights_agree_with_the_oracle(n_post: int, clipped: bool) -> None:
    circuit, grown = random_network(n_post, clipped)
    assert len(cells_parts(circuit, grown)) == (1 if n_post == 20 else 3)
    expected = expected_weights(circuit, grown)
    before = grown.edges["pf_pc"].weight_ns
    rule = circuit.projection("pf_pc").plasticity
    at_bounds = np.isclose(expected, rule.w_min_ns) | np.isclose(expected, rule.w_max_ns)
    assert at_bounds.any() == clipped and np.abs(expected - before).max() > 0.1
    double = learned(circuit, grown, 700.0)
    single = learned(circuit, grown, 700.0, "single")
    assert np.abs(double - expected).max() < 1e-6
    assert np.abs(single / expected - 1.0).max() < 1e-5


def cells_parts(circuit: Circuit, grown) -> np.ndarray:
    parts = Simulator(circuit, anatomy=grown)._net.part
    return parts[parts[:, L.T_POP] == 2]


def test_every_step_of_a_chunk_teaches_on_time() -> None:
    """Ten climbing fibres spike in the ten steps of one chunk (the published code read one step in ten)."""
    n = 10
    teach = [[300.0 + 0.1 * (k + 1)] for k in range(n)]
    grown = {"pf_pc": (np.zeros(n), np.arange(n), np.ones(n)), "io_pc": (np.arange(n), np.arange(n))}
    circuit, grown = taught([[230.0]], teach, grown, n)
    assert Simulator(circuit, anatomy=grown)._plan.chunk_steps == n
    lags = 230.0 - np.array(teach)[:, 0]
    expected = 1.0 + RULE.a_plus_ns + RULE.a_minus_ns * reference_synapses.sinexp_kernel(lags)
    assert np.all(np.abs(np.diff(expected)) > 1e-5)
    assert np.abs(learned(circuit, grown, 400.0) - expected).max() < 1e-7


def test_both_spikes_of_a_pair_in_one_chunk_teach() -> None:
    grown = {"pf_pc": ([0], [0], [1.0]), "io_pc": ([0], [0])}
    circuit, grown = taught([[200.0]], [[300.2, 300.7]], grown, 1)
    change = RULE.a_minus_ns * reference_synapses.sinexp_kernel([-100.2, -100.7]).sum()
    assert learned(circuit, grown, 400.0)[0] == pytest.approx(1.0 + RULE.a_plus_ns + change, abs=1e-9)


def test_edges_of_the_window() -> None:
    """-200 ms counts, -200.1 doesn't; a spike at the time of the teacher or after it is not depressed."""
    pre = [[100.0], [99.9], [300.0], [300.1], [299.9]]
    n = len(pre)
    grown = {"pf_pc": (np.arange(n), np.arange(n), np.ones(n)), "io_pc": ([0] * n, np.arange(n))}
    circuit, grown = taught(pre, [[300.0]], grown, n)
    kernel = reference_synapses.sinexp_kernel([-200.0, -200.1, 0.0, 0.1, -0.1])
    assert kernel[0] > 0.01 and kernel[4] > 0.01
    expected = 1.0 + RULE.a_plus_ns + RULE.a_minus_ns * kernel
    assert np.abs(learned(circuit, grown, 600.0) - expected).max() < 1e-7


def test_each_rule_has_its_own_best_time() -> None:
    """Moved back the kernel is the same and leaves alone what is nearer; moved on it is cut off at the teacher."""
    pre = [[t] for t in (750.0, 650.0, 649.9, 849.9, 850.0, 950.0, 820.0, 999.9, 1000.0, 1010.0)]
    n = len(pre)
    grown = {"pf_pc": (np.arange(n), np.arange(n), np.ones(n)), "io_pc": ([0] * n, np.arange(n))}
    for best, depressed in ((100.0, [3, 4, 5, 6, 7]), (250.0, [0, 1, 3, 6]), (75.0, [3, 4, 5, 7])):
        circuit, made = taught(pre, [[1000.0]], grown, n, RULE.model_copy(update={"best_ms": best}))
        kernel = reference_synapses.sinexp_kernel(np.ravel(pre) - 1000.0, best)
        assert np.flatnonzero(kernel).tolist() == depressed
        expected = 1.0 + RULE.a_plus_ns + RULE.a_minus_ns * kernel
        assert np.abs(learned(circuit, made, 1300.0) - expected).max() < 1e-7


def test_without_teacher_only_potentiation() -> None:
    grown = {"pf_pc": ([0, 0], [0, 1], [1.0, 1.0]), "io_pc": ([0], [1])}
    circuit, grown = taught([[100.0, 150.0, 200.0]], [[250.0]], grown, 2)
    weights = learned(circuit, grown, 400.0)
    assert weights[0] == pytest.approx(1.0 + 3 * RULE.a_plus_ns, abs=1e-9) and weights[1] < weights[0]


def test_a_spike_delivers_the_weight_that_it_has_made() -> None:
    rule = SinExpPlasticity(teacher="io_pc", a_plus_ns=2.0, a_minus_ns=0.0, w_max_ns=8.0)
    grown = {"pf_pc": ([0], [0], [5.0]), "io_pc": ([0], [0])}
    circuit, grown = taught([[3.0, 10.0, 17.0]], [[]], grown, 1, rule, delay_ms=2.0)
    v = traced(circuit, 40.0, {"purkinje_cell": (0,)}, anatomy=grown)["purkinje_cell"][:, 0]
    arrivals = [(5.0, 1, 7.0), (12.0, 1, 8.0), (19.0, 1, 8.0)]
    expected = reference.trace(quiet("purkinje_cell"), 40.0, arrivals=arrivals)[1]["v_mv"][1:]
    assert np.abs(v - expected).max() < 0.05


def test_history_of_weights() -> None:
    circuit, grown = random_network(20)
    recording = Recording(weights=("pf_pc",), weights_every_ms=100.0)
    sim = Simulator(circuit, anatomy=grown, recording=recording)
    found = []
    for _ in range(3):
        sim.run(100.0)
        w = sim.weights("pf_pc")
        found.append((np.percentile(w, 5), w.mean(dtype=float), np.percentile(w, 95)))
    times, values = sim.weight_history("pf_pc")
    assert times.tolist() == [100.0, 200.0, 300.0]
    assert values == pytest.approx(np.array(found))
    whole = Simulator(circuit, anatomy=grown, recording=recording)
    whole.run(350.0)
    assert np.array_equal(whole.weight_history("pf_pc")[1], values)
    assert sim.plastic_synapses == len(w)


def test_only_the_taught_fraction_is_depressed() -> None:
    """A seeded choice, nested in severity, and the same for both projections that one teacher teaches."""
    n = 40

    def depressed(fraction: float, seed: int = 1) -> tuple[set[int], set[int]]:
        rule = RULE.model_copy(update={"taught_fraction": fraction})
        grown = {"pf_pc": (np.zeros(n), np.arange(n), np.ones(n)), "io_pc": ([0] * n, np.arange(n))}
        circuit, parts = taught([[100.0]], [[200.0]], grown, n, rule)
        aa = circuit.projection("pf_pc").model_copy(update={"name": "aa_pc"})
        circuit = Circuit(**dict(circuit) | {"projections": (*circuit.projections, aa)})
        parts.edges["aa_pc"] = parts.edges["pf_pc"]
        sim = Simulator(circuit, seed=seed, anatomy=parts, precision="double")
        sim.run(300.0)
        chosen = [set(np.flatnonzero(sim.weights(p) < 1.0 + 0.5 * RULE.a_plus_ns)) for p in ("pf_pc", "aa_pc")]
        return chosen[0], chosen[1]

    half, quarter = depressed(0.5), depressed(0.25)
    assert [len(depressed(x)[0]) for x in (0.0, 1.0)] == [0, n]
    assert len(half[0]) == n // 2 and len(quarter[0]) == n // 4 and quarter[0] < half[0]
    assert half[0] == half[1] and half[0] != depressed(0.5, seed=2)[0]


def test_balanced_potentiation_follows_teaching_and_agrees_with_the_oracle() -> None:
    rule = SinExpPlasticity(teacher="io_pc", a_plus_ns=0.002, a_minus_ns=-0.01, w_max_ns=2.0, balance_ms=400.0)
    rng = np.random.default_rng(3)
    pre = [sorted(set((0.2 * rng.integers(5, 9900, 60)).round(1).tolist())) for _ in range(3)]
    teach = [sorted(set((0.2 * rng.integers(5, 9900, n) + 0.1).round(1).tolist())) for n in (12, 1)]
    grown = {"pf_pc": ([0, 0, 1, 2], [0, 1, 0, 0], [0.5] * 4), "io_pc": ([0, 1], [0, 1])}
    circuit, parts = taught(pre, teach, grown, n_post=2, rule=rule)
    # The kernels potentiate on arrival, 5 ms later, with what stands then.
    assert learned(circuit, parts, 2000.0) == pytest.approx(expected_weights(circuit, parts), abs=3e-3)


def test_balanced_weights_stay_at_any_rate_of_teaching() -> None:
    rule = SinExpPlasticity(teacher="io_pc", a_plus_ns=0.0, a_minus_ns=-0.002, w_max_ns=20.0, balance_ms=2000.0)
    rng = np.random.default_rng(4)
    n, end = 60, 20_000
    pre = [np.unique(np.round(rng.uniform(0, end, 400), 1)).tolist() for _ in range(n)]
    teach = [sorted(rng.uniform(0, end, k).round(1).tolist()) for k in (10, 100)]
    grown = {"pf_pc": (np.repeat(np.arange(n), 2), np.tile([0, 1], n), [10.0] * (2 * n)), "io_pc": ([0, 1], [0, 1])}
    circuit, parts = taught(pre, teach, grown, n_post=2, rule=rule)
    weights = learned(circuit, parts, float(end))
    for target, spikes_taught in ((0, 10), (1, 100)):
        change = weights[target::2].mean() - 10.0
        # What depression alone would do: 20 Hz x 87.8 ms x the teaching spikes.
        alone = -0.002 * spikes_taught * 0.02 * 87.8
        assert abs(change) < 0.35 * abs(alone)
