"""Kernels against the slow oracle, threads against one thread, a resumed run against one that never stopped."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np

from dystolab.circuit.anatomy import Anatomy, Edges
from dystolab.circuit.drives import PoissonDrive, SpikeDrive
from dystolab.circuit.neurons import EGLIF, AdEx, Receptor, Relay
from dystolab.circuit.presets import load
from dystolab.circuit.rules import Bernoulli
from dystolab.circuit.spec import Circuit, Layer, Population, Projection, SinExpPlasticity, Value, revised
from dystolab.engine import Recording, Simulator, Trace, reference, reference_synapses
from dystolab.errors import MissingExtraError
from dystolab.lab.validation.rows import Row, below

Say = Callable[[str], None]
LAYER = Layer(origin_um=(0.0, 0.0, 0.0), size_um=(100.0, 100.0, 100.0))
TRACE_MS = 50.0


def rows(say: Say, **_: Any) -> list[Row]:
    """Return every exactness row."""
    found = []
    for name, neuron in cells():
        say(f"  single cell: {name}")
        found += trace_rows(name, neuron)
    say("  noise, plasticity, threads, resuming")
    found += [*noise_rows(), plasticity_row(), threads_row(), resume_row()]
    return found + nest_rows(say)


def cells() -> Iterator[tuple[str, EGLIF]]:
    """Yield each E-GLIF cell of the published model without escape noise."""
    for pop in load("mouse-2022").populations:
        if isinstance(pop.neuron, EGLIF):
            yield pop.name, revised(pop.neuron, {"lambda_0_per_ms": 0.0})


def lone(neuron: Any, size: int, *drives: Any) -> tuple[Circuit, Anatomy]:
    """Return `size` unconnected cells."""
    pop = Population(name="cell", size=size, neuron=neuron, layer=LAYER)
    circuit = Circuit(name="lone", populations=(pop,), drives=drives)
    return circuit, Anatomy({"cell": np.zeros((size, 3), np.float32)}, {"cell": np.full(size, -1, np.int16)}, {}, {})


def trace_rows(name: str, neuron: EGLIF) -> list[Row]:
    """Hold 50 ms with arrivals on every receptor against the oracle, in both precisions."""
    strongest = {"purkinje_cell": 300.0, "io_cell": 10.0}.get(name, 1.0)
    arrivals = [
        (5.0 + 7.0 * k, k + 1, strongest if k == len(neuron.receptors) - 1 else 1.0)
        for k in range(len(neuron.receptors))
    ]
    drives = [
        SpikeDrive(name=f"in{r}", population="cell", times_ms=(t,), weight_ns=w, receptor=r) for t, r, w in arrivals
    ]
    times, exact = reference.trace(neuron, TRACE_MS, arrivals=arrivals)
    # The oracle floors V in every step, the published module once per slice: compare above the floor.
    above = exact["v_mv"] > neuron.v_min_mv + 1.0
    size = 600 if name == "granule_cell" else 1
    out = []
    limits: tuple[tuple[Literal["double", "single"], float], ...] = (("double", 0.01), ("single", 0.05))
    for precision, limit in limits:
        circuit, anatomy = lone(neuron, size, *drives)
        sim = Simulator(
            circuit, recording=Recording(traces=(Trace(population="cell"),)), precision=precision, anatomy=anatomy
        )
        sim.run(TRACE_MS)
        _, got = sim.trace(0)
        at = np.searchsorted(times, (np.arange(len(got["v_mv"])) + 1) * 0.1 - 1e-6)
        first_floor = int(np.argmin(above)) if not above.all() else len(times)
        keep = at < first_floor
        error = float(np.abs(got["v_mv"][keep, 0] - exact["v_mv"][at[keep]]).max())
        out.append(below(f"{name}: V over {keep.sum() / 10:.0f} ms, {precision}", error, limit, "mV", 1, "exactness"))
    return out


def noise_rows() -> list[Row]:
    """Hold rate and CV of the noisy Purkinje cell against the slow simulation, 95 % intervals."""
    pop = load("mouse-2022").population("purkinje_cell")
    neuron = pop.neuron
    assert isinstance(neuron, EGLIF)
    slow = [reference.simulate_eglif(neuron, 4000.0, 0.1, np.random.default_rng(k)) for k in range(6)]
    circuit, anatomy = lone(neuron, 200)
    sim = Simulator(circuit, recording=Recording(spikes=("cell",)), anatomy=anatomy)
    sim.run(4000)
    t, c = sim.spikes("cell")
    fast = [t[c == k] for k in range(200)]
    out = []
    for what, measure in (
        ("rate (Hz)", lambda x: len(x) / 4.0),
        ("CV", lambda x: np.diff(x).std() / np.diff(x).mean()),
    ):
        a, b = np.array([measure(x) for x in slow]), np.array([measure(x) for x in fast])
        error = abs(a.mean() - b.mean())
        limit = 1.96 * np.hypot(a.std(ddof=1) / np.sqrt(len(a)), b.std(ddof=1) / np.sqrt(len(b)))
        value = f"{b.mean():.4g} against {a.mean():.4g}"
        out.append(
            Row(
                f"noisy Purkinje cell: {what}",
                value,
                f"apart by < {limit:.2g} (95 %)",
                6,
                bool(error < limit),
                "exactness",
            )
        )
    return out


def plasticity_row() -> Row:
    """Hold weights after 3 s of random spikes and teaching against the formula."""
    rule = SinExpPlasticity(teacher="teach", a_plus_ns=1e-3, a_minus_ns=-0.02, w_max_ns=1.0)
    pops = (
        Population(name="pf", size=40, neuron=Relay(), layer=LAYER),
        Population(name="cf", size=3, neuron=Relay(), layer=LAYER),
        Population(name="pc", size=3, neuron=load("mouse-2022").population("purkinje_cell").neuron, layer=LAYER),
    )
    common = {
        "weight_ns": Value(mean=0.4),
        "delay_ms": Value(mean=2.0),
        "rule": Bernoulli(probability=1.0),
        "post": "pc",
    }
    projections = (
        Projection(name="teach", pre="cf", receptor=3, **common),
        Projection(name="learn", pre="pf", receptor=1, plasticity=rule, **common),
    )
    rng = np.random.default_rng(1)
    pre, post = np.divmod(np.arange(120), 3)
    one = np.array([2.0], np.float32)
    all_pairs = Edges(
        pre.astype(np.int32), post.astype(np.int32), np.ones(120, np.float32), np.full(120, 0.4, np.float32), one
    )
    own = np.arange(3, dtype=np.int32)
    each = Edges(own, own, np.ones(3, np.float32), np.full(3, 0.4, np.float32), one)
    # A drive gives a cell one spike per step at most, so no pair of step and cell is drawn twice.
    spikes = {}
    for name, count, size in (("pf", 1500, 40), ("cf", 20, 3)):
        step, cell = np.divmod(np.sort(rng.choice(29999 * size, count, replace=False)), size)
        spikes[name] = ((step + 1) / 10.0, cell)
    drives = tuple(
        SpikeDrive(name=n, population=n, times_ms=tuple(t.tolist()), cells=tuple(c.tolist()))
        for n, (t, c) in spikes.items()
    )
    circuit = Circuit(name="rule", populations=pops, projections=projections, drives=drives)
    zone = {p.name: np.full(p.size, -1, np.int16) for p in pops}
    where = {p.name: np.zeros((p.size, 3), np.float32) for p in pops}
    sim = Simulator(circuit, anatomy=Anatomy(where, zone, {"teach": each, "learn": all_pairs}, {}), precision="double")
    sim.run(3010)
    worst = 0.0
    for k in range(120):
        t_pre = spikes["pf"][0][spikes["pf"][1] == pre[k]]
        t_teach = spikes["cf"][0][spikes["cf"][1] == post[k]]
        _, w = reference_synapses.sinexp_weight_change(t_pre, t_teach, rule, 0.4)
        worst = max(worst, abs(float(w[-1] if len(w) else 0.4) - float(sim.weights("learn")[k])))
    return below("plasticity: weights after 3 s against the formula", worst, 1e-6, "nS", 1, "exactness")


def tissue() -> Circuit:
    """Return a small plastic cerebellum with input."""
    return load("mouse-cerebellum", scale=0.3)


def spikes_of(sim: Simulator) -> tuple[Any, ...]:
    """Return everything that two equal runs must agree in."""
    return (*sim.spikes("purkinje_cell"), *sim.spikes("granule_cell"), sim.weights("pf_pc"))


def threads_row() -> Row:
    """Run on one and on two threads."""
    recording = Recording(spikes=("purkinje_cell", "granule_cell"))
    runs = []
    for threads in (1, 2):
        sim = Simulator(tissue(), seed=1, threads=threads, recording=recording)
        sim.run(500)
        runs.append(spikes_of(sim))
    same = all(np.array_equal(a, b) for a, b in zip(*runs, strict=True))
    return Row(
        "spikes and weights on 1 and 2 threads",
        f"{len(runs[0][0]) + len(runs[0][2])} spikes",
        "equal bit for bit",
        1,
        same,
        "exactness",
    )


def resume_row() -> Row:
    """Stop a run, write it down, and go on in a new simulator."""
    recording = Recording(spikes=("purkinje_cell", "granule_cell"))
    whole = Simulator(tissue(), seed=2, recording=recording)
    whole.run(600)
    first = Simulator(tissue(), seed=2, recording=recording)
    first.run(250)
    with tempfile.TemporaryDirectory() as folder:
        first.checkpoint(Path(folder) / "state.npz")
        second = Simulator(tissue(), seed=2, recording=recording)
        second.restore(Path(folder) / "state.npz")
    second.run(350)
    same = all(np.array_equal(a, b) for a, b in zip(spikes_of(whole), spikes_of(second), strict=True))
    return Row(
        "spikes and weights after stopping and resuming",
        "600 ms, stopped at 250",
        "equal bit for bit",
        1,
        same,
        "exactness",
    )


def adex_network() -> Circuit:
    """Return 400 AdEx cells, a fifth of them inhibitory, with Poisson input."""
    cell = AdEx(
        c_m_pf=281.0, g_l_ns=30.0, e_l_mv=-70.6, v_th_mv=-50.4, delta_t_mv=2.0, a_ns=4.0, b_pa=80.5, tau_w_ms=144.0,
        t_ref_ms=2.0, v_reset_mv=-60.0, v_peak_mv=0.0, v_init_mv=-70.6, i_e_pa=450.0,
        receptors=(Receptor(tau_ms=2.0, e_rev_mv=0.0), Receptor(tau_ms=5.0, e_rev_mv=-80.0)),
    )  # fmt: skip
    pops = (
        Population(name="input", size=100, neuron=Relay(), layer=LAYER),
        Population(name="excitatory", size=320, neuron=cell, layer=LAYER),
        Population(name="inhibitory", size=80, neuron=cell, layer=LAYER),
    )

    def joined(pre: str, post: str, weight: float, receptor: int) -> Projection:
        name = f"{pre}_{post}"
        value = {"weight_ns": Value(mean=weight), "delay_ms": Value(mean=1.5), "rule": Bernoulli(probability=0.1)}
        return Projection(name=name, pre=pre, post=post, receptor=receptor, **value)

    projections = [joined("input", p, 2.0, 1) for p in ("excitatory", "inhibitory")]
    for post in ("excitatory", "inhibitory"):
        projections += [joined("excitatory", post, 0.5, 1), joined("inhibitory", post, 3.0, 2)]
    from dystolab.circuit.drives import Pattern

    drive = PoissonDrive(name="input", population="input", rate_hz=Pattern(times_ms=(0.0,), values=(20.0,)))
    return Circuit(name="adex", populations=pops, projections=tuple(projections), drives=(drive,))


def nest_rows(say: Say) -> list[Row]:
    """Run the same AdEx graph with the same input trains here and in NEST."""
    from dystolab.circuit.anatomy import grow
    from dystolab.engine.inputs import spike_events

    circuit = adex_network()
    ours, theirs = [], []
    try:
        from dystolab.engine.nest import NestEngine

        for seed in range(1, 6):
            anatomy = grow(circuit, seed)
            other = NestEngine(circuit, anatomy, seed, events=spike_events(circuit, anatomy, seed, 0.0, 2000.0))
            other.run(2000.0)
            sim = Simulator(circuit, seed=seed, anatomy=anatomy)
            sim.run(2000)
            ours.append([sim.rate_hz(n) for n in ("excitatory", "inhibitory")])
            theirs.append(
                [len(other.spikes(n)[0]) / 2.0 / circuit.population(n).size for n in ("excitatory", "inhibitory")]
            )
    except MissingExtraError as error:
        return [Row("AdEx network against NEST", "not run", "within 5 %", 0, None, "exactness", str(error))]
    a, b = np.mean(ours, axis=0), np.mean(theirs, axis=0)
    return [
        Row(f"AdEx network against NEST: {n} cells", f"{a[k]:.3f} against {b[k]:.3f} Hz", "within 5 %", 5,
            bool(abs(a[k] / b[k] - 1) < 0.05), "exactness", "same graph, same input trains")
        for k, n in enumerate(("excitatory", "inhibitory"))
    ]  # fmt: skip
