"""Connection rules: geometry, in-degrees and errors, each on a small circuit of its own."""

from __future__ import annotations

import numpy as np
import pytest

from dystolab.circuit import rules
from dystolab.circuit.anatomy import Anatomy, grow
from dystolab.circuit.spec import Circuit, Value
from dystolab.errors import SpecError
from dystolab.seeding import order
from small_circuits import assert_well_formed, cells, gaps_um, in_degrees, joined, two


@pytest.mark.parametrize(("n_pre", "n_post", "p"), [(400, 300, 0.1), (50, 40, 1.0), (50, 40, 0.0)])
def test_bernoulli_joins_with_its_probability(n_pre, n_post, p):
    e = grow(two(rules.Bernoulli(probability=p), n_pre, n_post), 2).edges["p"]
    assert_well_formed(e, n_pre, n_post)
    total, sd = n_pre * n_post, np.sqrt(n_pre * n_post * p * (1 - p))
    assert abs(e.pre.size - total * p) <= 4 * sd
    if 0 < p < 1:
        assert in_degrees(e, n_post).std() == pytest.approx(np.sqrt(n_pre * p * (1 - p)), rel=0.2)
        assert np.bincount(e.pre, minlength=n_pre).std() == pytest.approx(np.sqrt(n_post * p * (1 - p)), rel=0.2)


def test_bernoulli_of_a_population_with_itself_has_no_autapses():
    circuit = Circuit(
        name="c",
        populations=(cells("a", 60),),
        projections=(joined("p", "a", "a", rules.Bernoulli(probability=1)),),
    )
    e = grow(circuit, 1).edges["p"]
    assert e.pre.size == 60 * 59 and np.all(e.pre != e.post)


@pytest.mark.parametrize(
    "rule",
    [
        rules.Bernoulli(probability=0.5, same_zone=True),
        rules.InDegree(mean=6, range=(0, 10), same_zone=True),
        rules.InDegree(mean=6, range=(0, 10), candidates="radius", reach_um=90, same_zone=True),
        rules.OneSource(),
    ],
)
def test_zone_rules_stay_inside_their_zone(rule):
    anatomy = grow(two(rule, 61, 45, zones=3, zoned=True), 1)
    e = anatomy.edges["p"]
    assert e.pre.size > 0
    assert_well_formed(e, 61, 45)
    np.testing.assert_array_equal(anatomy.zone["pre"][e.pre], anatomy.zone["post"][e.post])
    with pytest.raises(SpecError, match=r"'p'.*'pre' is not zoned"):
        grow(two(rule, 61, 45, zones=3), 1)


def test_in_degree_can_take_sources_of_one_zone_only():
    rule = rules.InDegree(mean=6, range=(6, 6), zone=1)
    anatomy = grow(two(rule, 61, 45, zones=3, zoned=True), 1)
    e = anatomy.edges["p"]
    assert set(anatomy.zone["pre"][e.pre]) == {1} and set(in_degrees(e, 45)) == {6}
    assert set(anatomy.zone["post"][e.post]) == {0, 1, 2}
    half = grow(two(rules.InDegree(mean=4, range=(4, 4), zone=1, share=0.5), 61, 45, zones=3, zoned=True), 1)
    senders = set(half.edges["p"].pre.tolist())
    assert len(senders) == 10 and {half.zone["pre"][k] for k in senders} == {1}
    with pytest.raises(SpecError, match=r"from one zone, but 'pre' is not zoned"):
        grow(two(rule, 61, 45, zones=3), 1)
    with pytest.raises(SpecError, match=r"zone 1, but zones are 0 to 0"):
        grow(two(rule, 61, 45, zoned=True), 1)
    with pytest.raises(ValueError, match="give one of them"):
        rules.InDegree(mean=6, range=(6, 6), zone=1, same_zone=True)


def test_in_degree_any_draws_every_source_alike():
    n_pre, n_post = 200, 2000
    anatomy = grow(two(rules.InDegree(mean=30, sd=6, range=(10, 45)), n_pre, n_post), 1)
    e = anatomy.edges["p"]
    assert_well_formed(e, n_pre, n_post)
    degree = in_degrees(e, n_post)
    assert degree.mean() == pytest.approx(30, abs=0.5) and degree.std() == pytest.approx(6, rel=0.1)
    assert degree.min() >= 10 and degree.max() == 45
    out = np.bincount(e.pre, minlength=n_pre)
    expected = e.pre.size / n_pre
    assert np.sum((out - expected) ** 2 / expected) < n_pre + 4 * np.sqrt(2 * n_pre)
    assert anatomy.notes == ()


def test_in_degree_keeps_a_mean_below_one():
    e = grow(two(rules.InDegree(mean=0.2, range=(0, 5)), 100, 5000), 1).edges["p"]
    assert e.pre.size / 5000 == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize(
    ("candidates", "reach", "width", "limits"),
    [
        ("parallel_fibre", 60, 80, (40, 60, np.inf)),
        ("sagittal", 70, 40, (70, 20, np.inf)),
        ("sagittal", 70, None, (70, np.inf, np.inf)),
    ],
)
def test_in_degree_boxes(candidates, reach, width, limits):
    rule = rules.InDegree(mean=12, sd=3, range=(1, 25), candidates=candidates, reach_um=reach, width_um=width)
    anatomy = grow(two(rule, 3000, 400), 4)
    assert_well_formed(anatomy.edges["p"], 3000, 400)
    away = gaps_um(anatomy)
    assert np.all(away <= np.array(limits) + 1e-9)
    finite = np.isfinite(limits)
    # The whole box is used, not only its middle; the rim of the tissue cuts some of it off.
    assert np.all(away[:, finite].max(0) > 0.97 * np.array(limits)[finite])
    degree = in_degrees(anatomy.edges["p"], 400)
    assert degree.mean() == pytest.approx(12, abs=0.6) and degree.std() == pytest.approx(3, rel=0.15)


def test_in_degree_radius_is_in_space():
    rule = rules.InDegree(mean=5, range=(5, 5), candidates="radius", reach_um=60)
    anatomy = grow(two(rule, 3000, 200), 4)
    away = np.linalg.norm(gaps_um(anatomy), axis=1)
    assert 55 < away.max() <= 60
    assert set(in_degrees(anatomy.edges["p"], 200)) == {5}


def test_in_degree_takes_all_where_candidates_are_few_and_notes_it():
    rule = rules.InDegree(mean=50, range=(50, 50), candidates="radius", reach_um=50)
    anatomy = grow(two(rule, 300, 200), 4)
    at, to = (anatomy.positions_um[n].astype(float) for n in ("pre", "post"))
    near = np.linalg.norm(at[:, None] - to[None], axis=2) <= 50
    np.testing.assert_array_equal(in_degrees(anatomy.edges["p"], 200), np.minimum(near.sum(0), 50))
    assert anatomy.notes == ("p: 200 of 200 targets have fewer sources in reach than they drew",)


@pytest.mark.parametrize("candidates", ["any", "sagittal", "radius"])
def test_in_degree_of_a_population_with_itself_has_no_autapses(candidates):
    rule = rules.InDegree(mean=8, range=(8, 8), candidates=candidates, reach_um=150)
    circuit = Circuit(name="c", populations=(cells("a", 100),), projections=(joined("p", "a", "a", rule),))
    e = grow(circuit, 1).edges["p"]
    assert np.all(e.pre != e.post) and set(in_degrees(e, 100)) == {8}


def test_parallel_fibres_of_a_whole_tissue():
    rule = rules.InDegree(
        mean=1525, sd=277, range=(790, 1930), candidates="parallel_fibre", reach_um=1012, width_um=130
    )
    anatomy = grow(two(rule, 30420, 69), 1)
    degree = in_degrees(anatomy.edges["p"], 69)
    assert_well_formed(anatomy.edges["p"], 30420, 69)
    assert degree.mean() == pytest.approx(1525, abs=4 * 277 / np.sqrt(69))
    assert gaps_um(anatomy)[:, 0].max() <= 65


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"range": (5, 2)}, "range"),
        ({"range": (0, 2), "candidates": "radius"}, "reach_um"),
        ({"range": (0, 2), "candidates": "parallel_fibre", "reach_um": 10}, "width_um"),
    ],
)
def test_in_degree_refuses_half_a_geometry(fields, match):
    with pytest.raises(ValueError, match=match):
        rules.InDegree(mean=1, **fields)


def granular_layer(n_fibre=118, n_glom=2340, n_granule=3000, n_golgi=30) -> Circuit:
    claws = rules.Claws(number=4, radius_um=40, parents="mf_glom")
    through = rules.ThroughGlomeruli(nearest=40, radius_um=150, claws="glom_grc")
    return Circuit(
        name="granular",
        populations=(
            cells("mf", n_fibre),
            cells("glom", n_glom),
            cells("grc", n_granule),
            cells("goc", n_golgi),
        ),
        projections=(  # built on one another against this order
            joined("goc_grc", "goc", "grc", through),
            joined("glom_grc", "glom", "grc", claws),
            joined("glom_goc", "glom", "goc", rules.Within(radius_um=50)),
            joined("mf_glom", "mf", "glom", rules.NearbyFibre(box_um=(60, 20))),
        ),
    )


@pytest.fixture(scope="module")
def granular() -> Anatomy:
    return grow(granular_layer(), 1)


def test_each_glomerulus_has_one_nearby_fibre(granular):
    e = granular.edges["mf_glom"]
    assert_well_formed(e, 118, 2340)
    assert set(in_degrees(e, 2340)) == {1}
    box = np.array([30, 10])
    away = gaps_um(granular, "mf_glom", "mf", "glom")[:, :2] / box
    fibre, glom = (granular.positions_um[n][:, :2].astype(float) for n in ("mf", "glom"))
    norm = np.max(np.abs(fibre[:, None] - glom[None]) / box, axis=2)
    outside = np.all(norm > 1, axis=0)
    given = np.empty(2340)
    given[e.post] = away.max(1)
    assert np.all(given[~outside] <= 1)
    np.testing.assert_allclose(given[outside], norm.min(0)[outside])
    assert f"mf_glom: {outside.sum()} of 2340" in granular.notes[0]
    # Not always the nearest one: the choice inside the box is random.
    assert np.mean(given[~outside] > norm.min(0)[~outside] + 1e-9) > 0.2


def test_claws_hold_different_fibres_within_reach(granular):
    e = granular.edges["glom_grc"]
    assert_well_formed(e, 2340, 3000)
    assert set(in_degrees(e, 3000)) == {4}
    assert np.linalg.norm(gaps_um(granular, "glom_grc", "glom", "grc"), axis=1).max() <= 40
    assert_different_fibres(granular, 40, 4)


def assert_different_fibres(anatomy: Anatomy, radius_um: float, number: int) -> None:
    """Assert that a cell holds `number` fibres, or every fibre in reach if there are fewer."""
    e, fed = anatomy.edges["glom_grc"], anatomy.edges["mf_glom"]
    at, to = (anatomy.positions_um[n].astype(float) for n in ("glom", "grc"))
    parent = np.empty(len(at), int)
    parent[fed.post] = fed.pre
    for cell, here in enumerate(to):
        reach = set(parent[np.linalg.norm(at - here, axis=1) <= radius_um])
        held = set(parent[e.pre[e.post == cell]])
        assert held <= reach and len(held) == min(number, len(reach))


def test_claws_share_fibres_where_there_are_few_and_never_a_glomerulus():
    anatomy = grow(granular_layer(n_fibre=2, n_glom=300, n_granule=500), 1)
    e = anatomy.edges["glom_grc"]
    assert_well_formed(e, 300, 500)
    at, to = (anatomy.positions_um[n].astype(float) for n in ("glom", "grc"))
    near = np.linalg.norm(at[:, None] - to[None], axis=2) <= 40
    np.testing.assert_array_equal(in_degrees(e, 500), np.minimum(near.sum(0), 4))
    assert any(n.startswith("glom_grc:") for n in anatomy.notes)
    assert_different_fibres(anatomy, 40, 4)


def test_within_takes_every_source_in_the_radius(granular):
    at, to = (granular.positions_um[n].astype(float) for n in ("glom", "goc"))
    pre, post = np.nonzero(np.linalg.norm(at[:, None] - to[None], axis=2) <= 50)
    np.testing.assert_array_equal(granular.edges["glom_goc"].pre, pre)
    np.testing.assert_array_equal(granular.edges["glom_goc"].post, post)


def test_golgi_cells_inhibit_every_dendrite_of_their_glomeruli(granular):
    e, claws = granular.edges["goc_grc"], granular.edges["glom_grc"]
    assert_well_formed(e, 30, 3000)
    goc, glom = (granular.positions_um[n].astype(float) for n in ("goc", "glom"))
    expected = np.zeros((30, 3000))
    for i, here in enumerate(goc):
        distance = np.linalg.norm(glom - here, axis=1)
        nearest = [g for g in np.argsort(distance)[:40] if distance[g] <= 150]
        np.add.at(expected[i], claws.post[np.isin(claws.pre, nearest)], 1)
    found = np.zeros_like(expected)
    found[e.pre, e.post] = e.contacts
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_allclose(e.weight_ns, 0.5 * e.contacts)


def test_one_source_is_shared_out_evenly():
    e = grow(two(rules.OneSource(same_zone=False), 14, 69), 1).edges["p"]
    assert set(in_degrees(e, 69)) == {1}
    assert set(np.bincount(e.pre, minlength=14)) == {4, 5}


def test_one_source_is_for_a_share_of_the_targets():
    e = grow(two(rules.OneSource(same_zone=False, share=0.5), 14, 70), 1).edges["p"]
    assert np.unique(e.post).size == e.post.size == 35
    assert set(np.bincount(e.pre, minlength=14)) == {2, 3}
    assert not np.array_equal(e.post, np.arange(35))  # drawn at random


def climbing(of: str = "io_pc", via: str = "bc_pc") -> Circuit:
    return Circuit(
        name="climbing",
        populations=(cells("io", 7), cells("pc", 35), cells("bc", 80)),
        projections=(
            joined("io_bc", "io", "bc", rules.Partners(of=of, via=via), contacts=Value(mean=3, sd=0)),
            joined("io_pc", "io", "pc", rules.OneSource()),
            joined("bc_pc", "bc", "pc", rules.InDegree(mean=12, sd=4, range=(1, 23))),
        ),
    )


def test_partners_reach_the_interneurons_of_their_purkinje_cells():
    anatomy = grow(climbing(), 1)
    of, via, e = (anatomy.edges[n] for n in ("io_pc", "bc_pc", "io_bc"))
    reach, sends = np.zeros((7, 35)), np.zeros((80, 35))
    reach[of.pre, of.post] = 1
    sends[via.pre, via.post] = 1
    found = np.zeros((7, 80))
    found[e.pre, e.post] = e.contacts
    np.testing.assert_array_equal(found, 3 * reach @ sends.T)
    assert_well_formed(e, 7, 80)


@pytest.mark.parametrize(
    ("circuit", "match"),
    [
        (climbing().without_projection("bc_pc"), "'io_bc'.*'bc_pc', which the circuit lacks"),
        (climbing(of="bc_pc"), "'io_bc'.*'bc_pc'.*must run from io"),
        (granular_layer().with_projection("glom_grc", pre="mf"), "'glom_grc'.*'mf_glom'"),
        (
            Circuit(
                name="circle",
                populations=(cells("a", 5),),
                projections=(
                    joined("p", "a", "a", rules.Claws(number=1, radius_um=9, parents="q")),
                    joined("q", "a", "a", rules.Claws(number=1, radius_um=9, parents="p")),
                ),
            ),
            "circle: p -> q -> p",
        ),
    ],
)
def test_rules_built_on_the_wrong_projection_are_refused(circuit, match):
    with pytest.raises(SpecError, match=match):
        grow(circuit, 1)


def test_same_pairs_is_a_second_receptor_beside_the_first():
    drawn = joined("p", "pre", "post", rules.OneSource(same_zone=False))
    again = joined("q", "pre", "post", rules.SamePairs(of="p"), weight_ns=Value(mean=0.1))
    circuit = Circuit(name="c", populations=(cells("pre", 20), cells("post", 30)), projections=(again, drawn))
    edges = grow(circuit, 1).edges
    assert np.array_equal(edges["p"].pre, edges["q"].pre) and np.array_equal(edges["p"].post, edges["q"].post)
    assert edges["q"].weight_ns == pytest.approx(np.full(30, 0.1))
    backwards = joined("q", "post", "pre", rules.SamePairs(of="p"))
    with pytest.raises(SpecError, match="must run from post to pre"):
        grow(circuit.model_copy(update={"projections": (backwards, drawn)}), 1)


def test_only_a_share_of_the_sources_sends_axons_and_it_is_the_start_of_their_order():
    def senders(share):
        rule = rules.InDegree(mean=20, range=(0, 40), share=share)
        return set(grow(two(rule, 100, 300), 4).edges["p"].pre.tolist())

    first = order(4, "pre", 100)
    assert senders(0.5) == set(first[:50].tolist())
    assert senders(0.3) < senders(0.5) < senders(1.0) == set(range(100))
