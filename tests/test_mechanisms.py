"""Mechanisms change their declared sites, in proportion, and nothing else; what does not fit is refused in one line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dystolab as dl
from dystolab import mechanisms
from dystolab.circuit import presets, tables
from dystolab.circuit.anatomy import grow
from dystolab.circuit.drives import BurstDrive
from dystolab.circuit.rules import EdgeList
from dystolab.circuit.spec import Circuit
from dystolab.engine.cellstate import spread
from dystolab.engine.compiler import Plan
from dystolab.errors import DystolabError, SpecError, UnknownNameError
from dystolab.mechanisms import changed_sites
from engine_circuits import adex, cells, eglif, link

CIRCUITS = ("mouse-2022", "mouse-cerebellum")
SEVERITIES = (0.2, 0.5, 1.0)
OF_THE_HEAD = ("integrator_leak", "head_integrator_imbalance", "spindle_gain")
FITTING = [
    (name, c)
    for name in mechanisms.NAMES
    for c in (*(("head",) if name in OF_THE_HEAD else CIRCUITS), "cerebellum-head")
]


def sick(name: str, severity: float, circuit: str = "mouse-2022", **options: Any) -> Circuit:
    return mechanisms.get(name)(severity=severity, **options).apply(presets.load(circuit))


def at(circuit: Circuit, site: str) -> Any:
    """Return the value at a dotted path, such as `changed_sites` gives."""
    kind, name, *path = site.split(".")
    item: Any = circuit.population(name) if kind == "population" else circuit.projection(name)
    for step in path:
        item = item[int(step)] if step.isdigit() else getattr(item, step)
    return item


def drive(circuit: Circuit, name: str) -> BurstDrive:
    (found,) = (d for d in circuit.drives if d.name == name)
    assert isinstance(found, BurstDrive)
    return found


def test_names_are_those_of_the_files_and_the_published_list() -> None:
    folder = Path(mechanisms.__file__).parent
    files = {p.stem for p in folder.glob("*.py")} - {"__init__", "base"}
    assert set(mechanisms.NAMES) == files == {p.stem for p in folder.glob("*.toml")}
    assert files == {
        "purkinje_burst", "olive_burst", "olive_purkinje_disconnection", "synaptic_imbalance",
        "climbing_fibre_silencing", *OF_THE_HEAD,
    }  # fmt: skip
    for name, told in mechanisms.NAMES.items():
        kind = mechanisms.get(name)
        assert kind is getattr(dl.mechanisms, name) and kind.name == name and kind.description == told
        assert re.fullmatch(r"10\.\d{4,}/\S+", kind.doi) and kind.sites


@pytest.mark.parametrize("name", mechanisms.NAMES)
def test_every_number_has_its_provenance(name: str) -> None:
    table = mechanisms.get(name).table()
    entries = list(table.root.entries())
    assert entries and set(table.sources.values()) <= {e.quantity.source for e in entries}
    for entry in entries:
        assert entry.quantity.confidence in ("published", "measured") or entry.quantity.note
    assert mechanisms.table_hashes()[name] == table.sha256
    # Every number is read.
    source = Path(mechanisms.__file__).with_name(f"{name}.py").read_text()
    for _, section in table.root.sections():
        assert all(f'"{key}"' in source for key in section)


@pytest.mark.parametrize(("name", "circuit"), FITTING)
def test_severity_zero_is_healthy(name: str, circuit: str) -> None:
    assert sick(name, 0.0, circuit) is presets.load(circuit)


@pytest.mark.parametrize(("name", "circuit"), FITTING)
def test_only_declared_sites_change_and_all_of_them(name: str, circuit: str) -> None:
    kind = mechanisms.get(name)
    changed = changed_sites(presets.load(circuit), sick(name, 1.0, circuit))
    for site in changed:
        assert any(site == s or site.startswith(f"{s}.") for s in kind.sites), site
    for s in kind.sites:
        if s in kind.optional and circuit == "head":
            continue
        assert any(site == s or site.startswith(f"{s}.") for site in changed), s


@pytest.mark.parametrize(("name", "circuit"), FITTING)
def test_changes_grow_with_severity(name: str, circuit: str) -> None:
    healthy = presets.load(circuit)
    steps = [healthy, *(sick(name, s, circuit) for s in SEVERITIES)]
    for site in changed_sites(healthy, steps[-1]):
        if site.startswith("drive."):
            weights = [drive(c, site.removeprefix("drive.")).weight_ns for c in steps[1:]]
            assert weights == pytest.approx(np.array(SEVERITIES) * weights[-1])
            continue
        values = np.array([at(c, site) for c in steps], float)
        assert np.all(np.diff(values) * np.sign(values[-1] - values[0]) >= 0), site
        if ".range." not in site:  # whole numbers
            line = values[0] + np.array([0.0, *SEVERITIES]) * (values[-1] - values[0])
            assert values == pytest.approx(line, abs=1e-12), site


def test_purkinje_burst_as_published() -> None:
    ill = sick("purkinje_burst", 1.0)
    neuron = ill.population("purkinje_cell").neuron
    assert neuron.i_e_pa == pytest.approx(50.0) and neuron.lambda_0_per_ms == 5.0 and neuron.tau_v_mv == 4.375
    assert drive(ill, "purkinje_burst") == BurstDrive(
        name="purkinje_burst", population="purkinje_cell", receptor=1, weight_ns=10.0, on_ms=20.0, off_ms=20.0,
        spikes_per_burst=10, start_jitter_ms=20.0,
    )  # fmt: skip
    ours = presets.load("mouse-cerebellum").population("purkinje_cell").neuron
    same_share = sick("purkinje_burst", 1.0, "mouse-cerebellum").population("purkinje_cell").neuron
    assert same_share.i_e_pa / ours.i_e_pa == pytest.approx(50.0 / 742.543)


def test_olive_burst_as_published() -> None:
    ill = sick("olive_burst", 1.0)
    assert ill.projection("dcn_gaba_io").weight_ns.model_dump() == {"mean": 0.0, "sd": 0.0, "low": 0.0}
    assert drive(ill, "olive_burst") == BurstDrive(
        name="olive_burst", population="io_cell", receptor=1, weight_ns=20.0, on_ms=40.0, off_ms=40.0,
        spikes_per_burst=20, train_ms=10_000.0, gap_ms=1000.0,
    )  # fmt: skip


def test_disconnection_as_published_and_as_released() -> None:
    ill = sick("olive_purkinje_disconnection", 1.0)
    assert ill.projection("io_pc").weight_ns.mean == 150.0
    assert ill.projection("pf_pc").plasticity.taught_fraction == 0.5
    released = sick("olive_purkinje_disconnection", 1.0, teaching_lost=0.0)
    assert changed_sites(presets.load("mouse-2022"), released) == ("projection.io_pc.weight_ns.mean",)
    half = sick("olive_purkinje_disconnection", 0.5, teaching_lost=1.0)
    assert half.projection("pf_pc").plasticity.taught_fraction == 0.5


def test_disconnection_of_a_circuit_that_does_not_learn() -> None:
    static = presets.load("mouse-2022").with_projection("pf_pc", plasticity=None)
    ill = mechanisms.get("olive_purkinje_disconnection")(severity=1.0).apply(static)
    assert changed_sites(static, ill) == ("projection.io_pc.weight_ns.mean",)


@pytest.mark.parametrize("circuit", CIRCUITS)
def test_silencing_reaches_every_synapse_of_the_olive_and_no_other(circuit: str) -> None:
    healthy = presets.load(circuit, 0.5)
    kind = mechanisms.get("climbing_fibre_silencing")
    before, half, more, gone = (grow(kind(severity=s).apply(healthy), 3).edges for s in (0.0, 0.5, 0.7, 1.0))
    for p in healthy.projections:
        if p.pre != "io_cell":
            assert np.array_equal(before[p.name].post, gone[p.name].post), p.name
            assert np.array_equal(before[p.name].weight_ns, gone[p.name].weight_ns), p.name
            continue
        pairs = [{*zip(e[p.name].pre, e[p.name].post, strict=True)} for e in (before, half, more, gone)]
        assert pairs[0] > pairs[1] > pairs[2] > pairs[3] == set(), p.name
        assert len(pairs[0]) - len(pairs[1]) == round(0.5 * len(pairs[0]))


def test_silent_climbing_fibres_teach_nobody_and_the_others_go_on() -> None:
    healthy = presets.load("mouse-cerebellum", 0.26)
    ill = mechanisms.get("climbing_fibre_silencing")(severity=0.5).apply(healthy)
    sims = [dl.Simulator(c, seed=1, recording=dl.Recording(spikes=("io_cell",))) for c in (healthy, ill)]
    of = [sim.anatomy.edges["io_pc"].post for sim in sims]
    taught = [{*sim._net.teach_post.tolist()} for sim in sims]
    assert taught[0] == {*of[0].tolist()} and taught[1] == {*of[1].tolist()} < taught[0]
    for sim in sims:
        sim.run(400.0)
        assert sim.spikes("io_cell")[0].size > 0
    # Where every synapse only grows, nothing was taught: that is so exactly where the climbing fibre is silent.
    sim = sims[1]
    change = sim.weights("pf_pc") - sim.anatomy.edges["pf_pc"].weight_ns
    lowered = {*sim.anatomy.edges["pf_pc"].post[change < -1e-6].tolist()}
    assert lowered <= taught[1] and lowered


@pytest.mark.parametrize("severity", SEVERITIES)
def test_imbalance_keeps_rules_valid(severity: float) -> None:
    ill = sick("synaptic_imbalance", severity, inhibition_lost=0.99, parallel_fibres_lost=0.5)
    for name, share in (("sc_pc", 0.99), ("bc_pc", 0.99), ("aa_pc", 0.5), ("pf_pc", 0.5)):
        rule, old = ill.projection(name).rule, presets.load("mouse-2022").projection(name).rule
        assert rule.mean == pytest.approx(old.mean * (1 - severity * share)) and rule.mean > 0
        assert 0 <= rule.range[0] <= rule.mean <= rule.range[1]
    numbers = [e.quantity for e in mechanisms.get("synaptic_imbalance").table().root.entries()]
    assert {q.confidence for q in numbers} == {"assumed"}


@pytest.mark.parametrize("name", mechanisms.NAMES)
@pytest.mark.parametrize("severity", [-0.1, 1.1, float("nan"), float("inf"), "much", None])
def test_severity_outside_its_range_is_refused(name: str, severity: Any) -> None:
    with pytest.raises(SpecError, match=rf"^{name}\.severity: .* got ") as caught:
        mechanisms.get(name)(severity=severity)
    assert "\n" not in str(caught.value)
    if severity in (-0.1, 1.1):
        assert "must lie between 0 (healthy) and 1" in str(caught.value)


def test_unknown_names_are_told_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="unknown mechanism 'purkinje_brst' - did you mean 'purkinje_burst'"):
        mechanisms.get("purkinje_brst")
    with pytest.raises(AttributeError, match="did you mean 'purkinje_burst'"):
        dl.mechanisms.purkinje_brst(severity=0.5)
    with pytest.raises(UnknownNameError, match="did you mean 'teaching_lost'"):
        mechanisms.get("olive_purkinje_disconnection")(severity=0.5, teaching_loss=0.2)
    with pytest.raises(SpecError, match=r"^olive_purkinje_disconnection\.teaching_lost: .* got 2"):
        mechanisms.get("olive_purkinje_disconnection")(severity=0.5, teaching_lost=2)
    with pytest.raises(SpecError, match=r"^synaptic_imbalance\.inhibition_lost: "):
        mechanisms.get("synaptic_imbalance")(severity=0.5, inhibition_lost=1.0)
    with pytest.raises(SpecError, match=r"^purkinje_burst\.severity: Field required"):
        mechanisms.get("purkinje_burst")()


def with_neuron(neuron: Any) -> Circuit:
    return Circuit(name="mine", populations=(cells("purkinje_cell", 2, neuron), cells("io_cell", 2)))


MISFITS: dict[str, tuple[str, Circuit, str]] = {
    "no population": (
        "purkinje_burst",
        Circuit(name="mine", populations=(cells("purkinje_cells", 2, eglif("purkinje_cell")),)),
        "unknown population 'purkinje_cell' - did you mean 'purkinje_cells'",
    ),
    "another model of neuron": (
        "purkinje_burst",
        with_neuron(adex()),
        "population.purkinje_cell.neuron.lambda_0_per_ms does not exist",
    ),
    "a relay": ("purkinje_burst", with_neuron(None), "neuron.i_e_pa does not exist .'relay' has no 'i_e_pa'."),
    "no membrane for the drive": (
        "olive_burst",
        with_neuron(None),
        "population.io_cell.neuron.receptors does not exist",
    ),
    "no climbing fibres": (
        "climbing_fibre_silencing",
        with_neuron(eglif("purkinje_cell")),
        "unknown projection 'io_pc'",
    ),
    "no projection": (
        "olive_purkinje_disconnection",
        with_neuron(eglif("purkinje_cell")),
        "unknown projection 'io_pc'",
    ),
    "given synapses": (
        "synaptic_imbalance",
        Circuit(
            name="mine",
            populations=(cells("purkinje_cell", 2, eglif("purkinje_cell")),),
            projections=tuple(
                link(p, "purkinje_cell", "purkinje_cell", rule=EdgeList(path="x.npz", key="y"))
                for p in ("sc_pc", "bc_pc", "aa_pc", "pf_pc")
            ),
        ),
        "projection.sc_pc.rule.mean does not exist .'edge_list' has no 'mean'.",
    ),
}


@pytest.mark.parametrize("case", MISFITS)
@pytest.mark.parametrize("severity", [0.0, 0.5])
def test_a_circuit_that_lacks_a_site_is_refused(case: str, severity: float) -> None:
    name, circuit, message = MISFITS[case]
    with pytest.raises(SpecError, match=rf"mechanism '{name}' does not fit circuit 'mine': .*{message}") as caught:
        mechanisms.get(name)(severity=severity).apply(circuit)
    assert "\n" not in str(caught.value)


def test_a_burst_is_applied_once() -> None:
    mechanism = mechanisms.get("purkinje_burst")(severity=0.5)
    with pytest.raises(SpecError, match="has its drive 'purkinje_burst' already"):
        mechanism.apply(mechanism.apply(presets.load("mouse-2022")))


def test_changed_sites_tells_all_kinds_of_change() -> None:
    healthy = presets.load("mouse-2022")
    assert changed_sites(healthy, healthy) == ()
    cases = {
        "population.io_cell.neuron.i_e_pa": healthy.with_neuron("io_cell", i_e_pa=1.0),
        "population.io_cell.size": healthy.with_population("io_cell", size=40),
        "projection.pf_pc.delay_ms.mean": healthy.with_projection("pf_pc", delay_ms={"mean": 3.0}),
        "projection.pf_pc.plasticity": healthy.with_projection("pf_pc", plasticity=None),
        "projection.io_bc": healthy.without_projection("io_bc"),
        "name": healthy.model_copy(update={"name": "other"}),
    }
    for site, changed in cases.items():
        assert changed_sites(healthy, changed) == (site,)
        assert changed_sites(changed, healthy) == (site,)
    receptors = healthy.population("io_cell").neuron.receptors
    slower = (receptors[0].model_copy(update={"tau_ms": 9.0}), *receptors[1:])
    changed = healthy.with_neuron("io_cell", receptors=slower)
    assert changed_sites(healthy, changed) == ("population.io_cell.neuron.receptors.0.tau_ms",)


def test_mechanisms_are_told_and_compared() -> None:
    one = dl.mechanisms.olive_purkinje_disconnection(severity=0.25)
    assert one.model_dump() == {"severity": 0.25, "teaching_lost": 0.5}
    assert one == dl.mechanisms.olive_purkinje_disconnection(severity=0.25, teaching_lost=0.5)
    with pytest.raises(ValueError, match="frozen"):
        one.severity = 0.5


@pytest.mark.parametrize(("name", "circuit"), [("purkinje_burst", "head"), *((n, CIRCUITS[0]) for n in OF_THE_HEAD)])
@pytest.mark.parametrize("severity", [0.0, 0.5])
def test_mouse_and_head_have_faults_of_their_own(name: str, circuit: str, severity: float) -> None:
    message = f"^mechanism '{name}' does not fit circuit '{circuit}': unknown (population|projection) "
    with pytest.raises(SpecError, match=message) as caught:
        sick(name, severity, circuit)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "touched", "kept"),
    [
        ("integrator_leak", {"integrator_recurrent"}, 0.9),
        ("spindle_gain", {"ia_neck", "ia_in", "ii_integrator"}, 0.5),
        ("head_integrator_imbalance", set(), 1.0),
    ],
)
def test_faults_of_the_head_scale_their_weights_and_leave_who_is_joined(
    name: str, touched: set[str], kept: float
) -> None:
    healthy, ill = (grow(sick(name, s, "head"), 3).edges for s in (0.0, 0.5))
    for projection, before in healthy.items():
        after = ill[projection]
        assert np.array_equal(before.pre, after.pre) and np.array_equal(before.post, after.post), projection
        factor = kept if projection in touched else 1.0
        np.testing.assert_allclose(after.weight_ns, factor * before.weight_ns, rtol=1e-6, err_msg=projection)


@pytest.mark.parametrize("circuit", ["head", "cerebellum-head"])
def test_deaf_to_spindles_is_deaf_to_all_of_them(circuit: str) -> None:
    ill = sick("spindle_gain", 1.0, circuit)
    heard = {p.name for p in ill.projections if p.pre.startswith("spindle")}
    kind = mechanisms.get("spindle_gain")
    absent = kind.optional if circuit == "head" else set()
    assert {f"projection.{name}.weight_ns" for name in heard} == {*kind.sites} - absent
    assert all(ill.projection(name).weight_ns.mean == 0 for name in heard)


@pytest.mark.parametrize("seed", [1, 2])
def test_imbalance_turns_a_subject_further_the_same_way(seed: int) -> None:
    def sides_pa(severity: float) -> np.ndarray:
        circuit = sick("head_integrator_imbalance", severity, "head")
        plan = Plan(circuit, grow(circuit.model_copy(update={"projections": ()}), seed), seed, 0.1, False)
        return spread(plan, circuit.population("head_integrator"), "i_e_pa").reshape(6, 240)

    healthy, ill = sides_pa(0.0), [sides_pa(s) for s in SEVERITIES]
    rest = presets.load("head").population("head_integrator").neuron.i_e_pa
    (sd,) = (s.sd for s in presets.load("head").population("head_integrator").spread if s.each == "group")
    own = healthy.mean(axis=1) - rest
    assert 0 < np.abs(own).max() < 4 * sd and len(np.unique(own.round(9))) == 6
    for severity, found in zip(SEVERITIES, ill, strict=True):
        more = (sd + severity * 8.0) / sd
        np.testing.assert_allclose(found.mean(axis=1) - rest, more * own, rtol=1e-6)
        # Cells of a side keep their places in it.
        np.testing.assert_allclose(
            found - found.mean(axis=1)[:, None], healthy - healthy.mean(axis=1)[:, None], atol=1e-9
        )


@pytest.mark.parametrize("name", mechanisms.NAMES)
def test_sick_circuits_run(name: str) -> None:
    if name in OF_THE_HEAD:
        sims = [dl.Simulator(sick(name, s, "head"), seed=2) for s in (0.0, 1.0)]
        for sim in sims:
            sim.run(60.0)
        # No spindle fires without a body.
        same = np.array_equal(*(sim.counts("head_integrator") for sim in sims))
        assert same == (name == "spindle_gain") and sims[0].counts("head_integrator").any()
        return
    circuit = mechanisms.get(name)(severity=1.0).apply(presets.load("mouse-2022", 0.15))
    sim = dl.Simulator(circuit, seed=2)
    sim.run(60.0)
    if name in ("purkinje_burst", "olive_burst"):
        driven = drive(circuit, name).population
        healthy = dl.Simulator(presets.load("mouse-2022", 0.15), seed=2)
        healthy.run(60.0)
        assert not np.array_equal(sim.counts(driven), healthy.counts(driven))


def test_a_damaged_table_is_named(tmp_path: Path) -> None:
    text = Path(mechanisms.__file__).with_name("olive_burst.toml").read_text()
    (tmp_path / "olive_burst.toml").write_text(text.replace('unit = "Hz", ', ""))
    with pytest.raises(DystolabError, match=r"olive_burst.toml: drive.rate: unit is missing"):
        tables.read(tmp_path / "olive_burst.toml")
