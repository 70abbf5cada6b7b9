"""What is cut carries nothing, and nothing else changes: projections, populations, one zone of them."""

from __future__ import annotations

import numpy as np

from dystolab import Subject
from dystolab.circuit import grow, load
from dystolab.experiments import rest

SCALE = 0.3


def test_a_lesion_silences_and_changes_nothing_else() -> None:
    circuit = Subject(scale=SCALE).build()
    cut = Subject(scale=SCALE, lesions=("ubc_off", "io_pc")).build()
    changed = {p.name for p, q in zip(circuit.projections, cut.projections, strict=True) if p != q}
    assert changed == {"ubc_off_grc", "io_pc", "pf_pc"}
    assert cut.projection("io_pc").silent_share == cut.projection("ubc_off_grc").silent_share == 1
    assert cut.projection("pf_pc").plasticity is None  # nobody teaches it
    grown = grow(circuit.with_lesion("mossy_fiber"), 1)
    assert not grown.edges["mf_glom"].pre.size and grown.edges["glom_grc"].pre.size
    same_claws = grow(circuit, 1).edges["glom_grc"]
    np.testing.assert_array_equal(grown.edges["glom_grc"].post, same_claws.post)


def test_a_lesion_of_one_zone_cuts_what_leaves_it_alone() -> None:
    circuit = Subject(scale=SCALE).build()
    cut = circuit.with_lesion("io_cell@1").with_lesion("io_cell@0")
    changed = {p.name for p, q in zip(circuit.projections, cut.projections, strict=True) if p != q}
    assert changed == {p.name for p in circuit.projections if p.pre == "io_cell"}
    whole, left = grow(circuit, 1), grow(cut, 1)
    works = whole.zone["io_cell"][whole.edges["io_pc"].pre] >= 2
    assert 0 < works.sum() < works.size
    for name in ("pre", "post", "weight_ns", "contacts"):
        there, here = (getattr(one.edges["io_pc"], name) for one in (whole, left))
        np.testing.assert_array_equal(here, there[works], err_msg=name)
    np.testing.assert_array_equal(left.edges["pf_pc"].post, whole.edges["pf_pc"].post)
    named = load("cerebellum-head").with_lesion("head_integrator@roll_left")
    assert {p.silent_zones for p in named.projections if p.pre == "head_integrator"} == {(5,)}
    both = load("cerebellum-arm").with_lesion("pc_dcn_glut@elbow_bend").with_lesion("pc_dcn_glut@elbow_bend")
    assert both.projection("pc_dcn_glut").silent_zones == (2,)


def test_without_mossy_fibres_granule_cells_fall_silent() -> None:
    quiet = rest(duration_ms=1000, settle_ms=1000).run(Subject(scale=SCALE, lesions=("mossy_fiber",)), threads=1)
    assert quiet.population_rate_hz["mossy_fiber"] > 1
    assert quiet.population_rate_hz["glomerulus"] == 0
    # OFF brush cells are left, which fire by themselves.
    assert quiet.population_rate_hz["granule_cell"] < 0.4
