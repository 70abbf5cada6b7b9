"""The circuits that come with the package, at every scale, and the import of an edge list."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from dystolab.circuit import EGLIF, Circuit, EdgeList, PoissonDrive, Relay, canonical, load
from dystolab.circuit.presets import _CANONICAL_POPULATIONS, _CANONICAL_PROJECTIONS, NAMES
from dystolab.errors import ScaleError, SpecError, UnknownNameError

POPULATIONS = {
    "mossy_fiber", "glomerulus", "granule_cell", "golgi_cell", "purkinje_cell", "basket_cell",
    "stellate_cell", "dcn_glut", "dcn_gaba", "dcn_gly", "io_cell",
}  # fmt: skip
OURS = {
    "ubc_on_fast", "ubc_on_middle", "ubc_on_slow", "ubc_off", "red_nucleus", "facial_motoneuron",
}  # fmt: skip
HEAD = {
    "head_command", "vestibular_afferent", "head_integrator", "integrator_inhibitory", "reticulospinal",
    "vestibulospinal", "neck_motoneuron", "renshaw_cell", "ia_interneuron", "spindle_ia", "spindle_ii",
}  # fmt: skip
MICE = ("mouse-cerebellum", "mouse-2022")
ZONED = {"purkinje_cell", "dcn_glut", "dcn_gaba", "dcn_gly", "io_cell"}


@pytest.mark.parametrize("scale", [0.3, 1.0, 4.0, 30.0])
@pytest.mark.parametrize("name", MICE)
def test_presets_build_and_survive_json(name: str, scale: float) -> None:
    circuit = load(name, scale)
    assert Circuit.model_validate_json(circuit.model_dump_json()) == circuit
    assert {p.name for p in circuit.populations} == POPULATIONS | (OURS if name == "mouse-cerebellum" else set())
    assert {p.name for p in circuit.populations if p.zoned} == ZONED
    assert circuit.scale == scale and circuit.sources


@pytest.mark.parametrize(("scale", "factor"), [(0.3, 1), (1.0, 1), (4.0, 2), (30.0, 5.5)])
@pytest.mark.parametrize("name", MICE)
def test_tissue_grows_in_x_and_y_and_in_degrees_stay(name: str, scale: float, factor: float) -> None:
    one, other = load(name), load(name, scale)
    assert other.zones == one.zones * factor
    for a, b in zip(one.populations, other.populations, strict=True):
        assert b.size == pytest.approx(a.size * scale, abs=0.51)
        assert b.layer.size_um[:2] == pytest.approx([v * scale**0.5 for v in a.layer.size_um[:2]])
        assert (b.layer.size_um[2], b.layer.origin_um) == (a.layer.size_um[2], a.layer.origin_um)
        assert b.neuron == a.neuron
    assert one.projections == other.projections


def test_the_head_has_its_pools_at_any_scale() -> None:
    assert set(NAMES) == {*MICE, "head", "cerebellum-head", "arm", "cerebellum-arm"}
    circuit = load("head")
    assert Circuit.model_validate_json(circuit.model_dump_json()) == circuit
    assert {p.name for p in circuit.populations} == HEAD and circuit.zones == 1 and circuit.sources
    assert {p.groups for p in circuit.populations} == {6, 28}
    assert all(p.size % p.groups == 0 and not p.zoned for p in circuit.populations)
    smaller = load("head", 0.5)
    assert [p.size for p in smaller.populations] == [p.size for p in circuit.populations]
    assert smaller.projections == circuit.projections
    with pytest.raises(SpecError, match=r"scale 2 .*allowed: .* to 1"):
        load("head", 2)


def test_a_cerebellum_with_a_head_has_a_zone_for_each_direction_and_one_size() -> None:
    circuit = load("cerebellum-head")
    assert Circuit.model_validate_json(circuit.model_dump_json()) == circuit
    names = {p.name for p in circuit.populations}
    assert names >= POPULATIONS | HEAD and not names & {"red_nucleus", "facial_motoneuron"}
    assert circuit.zones == 6 and circuit.scale == 1 and {p.name for p in circuit.populations if p.zoned} >= ZONED
    assert circuit.zone_axis == "y"
    for p in load("head").projections:
        assert circuit.projection(p.name).rule == p.rule, p.name
    for scale in (0.5, 2, "1"):
        with pytest.raises(ScaleError, match=f"circuit 'cerebellum-head' has one size, .* not {scale!r}"):
            load("cerebellum-head", scale)


@pytest.mark.parametrize("scale", [0, -1.0, 30.1, float("nan"), float("inf"), "1", True])
def test_scales_outside_the_range_are_refused(scale: float) -> None:
    with pytest.raises(SpecError, match=r"allowed: 0\.15 to 30"):
        load("mouse-2022", scale)


@pytest.mark.parametrize("name", MICE)
def test_a_scale_with_an_empty_zone_names_the_smallest(name: str) -> None:
    with pytest.raises(ScaleError, match=r"without any (io_cell|dcn_gly); allowed: [\d.]+ to 30") as caught:
        load(name, 0.1)
    smallest = float(str(caught.value).split("allowed: ")[1].split()[0])
    circuit = load(name, smallest)
    assert circuit.population("io_cell").size == circuit.zones
    with pytest.raises(ScaleError):
        load(name, smallest * 0.99)


def test_an_unknown_preset_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'mouse-cerebellum'"):
        load("mouse-cerebelum")


def test_the_published_model_is_as_published() -> None:
    circuit = load("mouse-2022")
    assert not circuit.drives and not circuit.gap_junctions
    assert not {p.name for p in circuit.projections} & {"nc_glut_grc", "nc_glut_goc", "nc_gly_goc"}
    pf_pc = circuit.projection("pf_pc")
    assert pf_pc.plasticity is not None and pf_pc.plasticity.teacher == "io_pc"
    assert (pf_pc.weight_ns.mean, pf_pc.plasticity.w_max_ns) == (0.4, 2.0)
    assert (pf_pc.plasticity.a_plus_ns, pf_pc.plasticity.a_minus_ns) == (0.000225, -0.0009)
    assert all(p.contacts.mean == 1.0 for p in circuit.projections)
    nucleo_olivary = circuit.projection("dcn_gaba_io")
    assert (nucleo_olivary.delay_ms.sd, nucleo_olivary.delay_ms.low) == (7.0, 1.0)
    assert circuit.population("dcn_gly").size == 17


def test_ours_fires_at_rest_from_its_tables_alone() -> None:
    circuit = load("mouse-cerebellum")
    (background,) = circuit.drives
    assert isinstance(background, PoissonDrive)
    assert (background.name, background.rate_hz.values) == ("mf_background", (4.0,))
    olive = circuit.population("io_cell")
    assert olive.slow and olive.spread
    assert [g.name for g in circuit.gap_junctions] == ["io_gap"]
    for p in circuit.populations:
        assert isinstance(p.neuron, Relay) or (isinstance(p.neuron, EGLIF) and p.neuron.update_order == "evolve")
    learning = circuit.projection("pf_pc").plasticity
    assert learning is not None
    olive_hz = learning.a_plus_ns / (86.8e-3 * -learning.a_minus_ns)
    assert 0.5 <= olive_hz <= 1.5  # weights rest where the olive's own rate lies in vivo


def test_gap_junction_partners_stay_with_scale() -> None:
    for scale in (4.0, 30.0):
        circuit = load("mouse-cerebellum", scale)
        zone = circuit.population("io_cell").size / circuit.zones
        assert circuit.gap_junctions[0].probability * (zone - 1) == pytest.approx(14 / 4 - 1)


@pytest.fixture
def scaffold(tmp_path: Path) -> Path:
    sizes = {key: 3 + i for i, key in enumerate(_CANONICAL_POPULATIONS.values())}
    (tmp_path / "summary.json").write_text(json.dumps({"pops": sizes}))
    arrays = {}
    for key in _CANONICAL_PROJECTIONS.values():
        arrays[f"{key}/pre"] = np.array([0, 1, 2], np.int32)
        arrays[f"{key}/post"] = np.array([2, 1, 0], np.int32)
        arrays[f"{key}/mult"] = np.array([1, 2, 3], np.int32)
    np.savez(tmp_path / "connectivity.npz", **arrays)
    return tmp_path


def test_an_edge_list_becomes_a_circuit(scaffold: Path) -> None:
    circuit = canonical(scaffold)
    assert circuit == canonical(scaffold / "connectivity.npz")
    assert Circuit.model_validate_json(circuit.model_dump_json()) == circuit
    assert circuit.population("mossy_fiber").size == 3 and circuit.population("io_cell").size == 12
    assert circuit.zones == 1 and not circuit.drives and not circuit.gap_junctions
    assert all(isinstance(p.rule, EdgeList) and p.plasticity is None for p in circuit.projections)
    assert {p.name for p in circuit.projections} == set(_CANONICAL_PROJECTIONS)
    assert circuit.projection("goc_grc").rule.key == "golgi_to_glomerulus"  # type: ignore[union-attr]
    assert circuit.projection("io_pc").weight_ns.mean == 1.6
    purkinje = circuit.population("purkinje_cell").neuron
    assert isinstance(purkinje, EGLIF)
    assert (purkinje.i_e_pa, purkinje.v_min_mv, purkinje.update_order) == (700.0, -150.0, "evolve")
    golgi = circuit.population("golgi_cell").neuron
    assert isinstance(golgi, EGLIF)
    assert [r.tau_ms for r in golgi.receptors] == [0.23, 10.0, 0.5, 2.4]


def test_an_edge_list_can_learn(scaffold: Path) -> None:
    learning = canonical(scaffold, plastic=True).projection("pf_pc").plasticity
    assert learning is not None and learning.w_max_ns == 0.28


def test_a_damaged_edge_list_is_refused_in_one_line(scaffold: Path) -> None:
    npz = scaffold / "connectivity.npz"
    with np.load(npz) as stored:
        arrays = dict(stored)
    bad = arrays | {"io_to_purkinje/post": np.array([2, 1, 99], np.int32)}
    np.savez(npz, **bad)
    with pytest.raises(SpecError, match="io_to_purkinje/post: indices must lie in 0 to 6"):
        canonical(scaffold)
    np.savez(npz, **{k: v for k, v in arrays.items() if k != "io_to_dcn_p/mult"})
    with pytest.raises(SpecError, match="io_to_dcn_p/mult"):
        canonical(scaffold)
    np.savez(npz, **(arrays | {"io_to_dcn_p/mult": np.ones(2)}))
    with pytest.raises(SpecError, match=r"io_to_dcn_p: .* one length"):
        canonical(scaffold)
    npz.write_bytes(b"not a zip")
    with pytest.raises(SpecError, match=r"connectivity\.npz"):
        canonical(scaffold)
    npz.unlink()
    with pytest.raises(SpecError, match="No such file"):
        canonical(scaffold)
    (scaffold / "summary.json").write_text("{}")
    with pytest.raises(SpecError, match=r"summary\.json: no population sizes"):
        canonical(scaffold)


def test_a_cell_like_another_differs_only_where_it_says_so() -> None:
    fast, slow = (load("mouse-cerebellum").population(f"ubc_on_{name}").neuron for name in ("fast", "slow"))
    different = {name for name in EGLIF.model_fields if getattr(fast, name) != getattr(slow, name)}
    assert different == {"i_e_pa", "receptors"}
    assert [r.tau_ms for r in fast.receptors] == [1.0, 40.0]
    assert [r.tau_ms for r in slow.receptors] == [1.0, 250.0]
