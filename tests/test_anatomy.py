"""Anatomy: places, zones, seeding, gap junctions and subsets."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from dystolab.circuit import rules
from dystolab.circuit.anatomy import grow, subset_indices
from dystolab.circuit.drives import Cells, Disc, Fraction, Zone
from dystolab.circuit.spec import Circuit, GapJunctions, Population, Projection, Value
from dystolab.errors import ScaleError, SpecError, UnknownNameError
from small_circuits import ADEX, SIZE_UM, assert_well_formed, cells, joined, same, two


def test_positions_fill_the_layer():
    anatomy = grow(Circuit(name="c", populations=(cells("a", 5000),)), seed=3)
    share = (anatomy.positions_um["a"].astype(float) - (10, -20, 0)) / SIZE_UM
    assert anatomy.positions_um["a"].dtype == np.float32
    assert share.min() >= -1e-6 and share.max() <= 1 + 1e-6
    np.testing.assert_allclose(share.mean(0), 0.5, atol=0.02)
    np.testing.assert_allclose(share.std(0), np.sqrt(1 / 12), atol=0.01)
    assert set(anatomy.zone["a"]) == {-1}


@pytest.mark.parametrize(("size", "zones"), [(69, 2), (14, 4), (7, 7), (10, 3)])
@pytest.mark.parametrize("axis", ["x", "y"])
def test_zones_share_cells_evenly_and_lie_in_their_slab(size, zones, axis):
    circuit = Circuit(name="c", zones=zones, zone_axis=axis, populations=(cells("a", size, zoned=True),))
    anatomy = grow(circuit, seed=1)
    zone = anatomy.zone["a"]
    assert zone.dtype == np.int16
    assert set(np.bincount(zone, minlength=zones)) <= {size // zones, size // zones + 1}
    share = (anatomy.positions_um["a"].astype(float) - (10, -20, 0)) / SIZE_UM
    slab = np.floor(share[:, "xy".index(axis)] * zones - 1e-7 * zone)
    np.testing.assert_array_equal(slab, zone)


def test_too_few_cells_for_the_zones_names_population_and_scale():
    populations = (cells("purkinje_cell", 3, zoned=True), cells("io_cell", 1, zoned=True))
    circuit = Circuit(name="c", scale=0.05, zones=2, populations=populations)
    with pytest.raises(ScaleError, match=r"'io_cell'.*2 zones.*--scale.*0\.1 "):
        grow(circuit, seed=1)


def rich(*more: Population, order: int = 1, projections: tuple[Projection, ...] = ()) -> Circuit:
    rule = rules.InDegree(mean=20, sd=5, range=(5, 40), candidates="parallel_fibre", reach_um=150, width_um=120)
    spread = {"weight_ns": Value(mean=1.0, sd=0.2), "delay_ms": Value(mean=4, sd=1, low=1)}
    own = (
        joined("p", "pre", "post", rule, contacts=Value(mean=5, sd=1), **spread),
        joined("q", "post", "pre", rules.Bernoulli(probability=0.02)),
    )
    populations = (cells("pre", 300), cells("post", 100), *more)
    return Circuit(name="rich", populations=populations[::order], projections=(*projections, *own)[::order])


def test_same_seed_same_anatomy_and_another_seed_another():
    one, again, other = grow(rich(), 5), grow(rich(), 5), grow(rich(), 6)
    assert same(one.edges["p"], again.edges["p"]) and same(one.edges["q"], again.edges["q"])
    np.testing.assert_array_equal(one.positions_um["pre"], again.positions_um["pre"])
    assert not same(one.edges["p"], other.edges["p"])


def test_additions_and_order_change_nobody_elses_draws():
    plain = grow(rich(), 5)
    extra = (joined("new", "extra", "post", rules.Bernoulli(probability=0.1)),)
    for order in (1, -1):
        wider = grow(rich(cells("extra", 50), order=order, projections=extra), 5)
        assert same(plain.edges["p"], wider.edges["p"]) and same(plain.edges["q"], wider.edges["q"])
        np.testing.assert_array_equal(plain.positions_um["post"], wider.positions_um["post"])
    alone = grow(rich().without_projection("q"), 5)
    assert same(plain.edges["p"], alone.edges["p"])


def test_weight_mean_scales_the_same_draws():
    plain = grow(rich(), 5).edges["p"]
    double = grow(rich().with_projection("p", weight_ns=Value(mean=2.0, sd=0.4)), 5).edges["p"]
    np.testing.assert_array_equal(plain.post, double.post)
    np.testing.assert_array_equal(plain.contacts, double.contacts)
    np.testing.assert_array_equal(plain.delay_ms, double.delay_ms)
    np.testing.assert_allclose(double.weight_ns, 2 * plain.weight_ns, rtol=1e-6)


def test_weights_contacts_and_delays_follow_their_values():
    e = grow(two(rules.Bernoulli(probability=0.1), contacts=Value(mean=4, sd=2)), 1).edges["p"]
    assert np.all(e.contacts == np.rint(e.contacts)) and e.contacts.min() == 1
    assert e.contacts.mean() == pytest.approx(4, abs=0.15)
    np.testing.assert_allclose(e.weight_ns, 0.5 * e.contacts)
    np.testing.assert_array_equal(e.delay_ms, np.float32([2.0]))
    spread = {"weight_ns": Value(mean=1, sd=0.5, low=0.2), "delay_ms": Value(mean=5, sd=2, low=1)}
    e = grow(two(rules.Bernoulli(probability=0.1), **spread), 1).edges["p"]
    assert e.weight_ns.min() == np.float32(0.2) and e.weight_ns.mean() == pytest.approx(1.01, abs=0.03)
    assert e.delay_ms.shape == e.pre.shape
    assert e.delay_ms.min() == 1 and e.delay_ms.std() == pytest.approx(2, abs=0.1)


def test_silent_synapses_are_nested_and_change_no_others():
    value = {"weight_ns": Value(mean=1, sd=0.5, low=0.2), "delay_ms": Value(mean=5, sd=2, low=1)}
    circuit = two(rules.Bernoulli(probability=0.1), contacts=Value(mean=4, sd=2), **value)
    whole = grow(circuit, 1).edges["p"]
    rows = {(a, b): rest for a, b, *rest in zip(*vars_of(whole), strict=True)}
    left = []
    for share in (0.0, 0.3, 0.31, 0.9, 1.0):
        e = grow(circuit.with_projection("p", silent_share=share), 1).edges["p"]
        assert e.pre.size == whole.pre.size - round(share * whole.pre.size)
        assert_well_formed(e, 400, 300)
        found = {(a, b): rest for a, b, *rest in zip(*vars_of(e), strict=True)}
        assert all(rows[pair] == rest for pair, rest in found.items())
        left.append(set(found))
    assert left[0] > left[1] > left[2] > left[3] > left[4] == set()
    single = grow(two(rules.Bernoulli(probability=0.1)).with_projection("p", silent_share=1.0), 1).edges["p"]
    assert single.delay_ms.tolist() == [2.0]


def vars_of(edges):
    return edges.pre, edges.post, edges.contacts, edges.weight_ns, edges.delay_ms


def test_gap_junctions_join_pairs_of_a_zone():
    gap = GapJunctions(
        name="gap",
        population="io",
        probability=0.5,
        median_ns=0.25,
        sigma=0.8,
        range_ns=(0.05, 1.4),
        spikelet_mv=30.0,
    )
    population = cells("io", 101, zoned=True, neuron=ADEX)
    circuit = Circuit(name="c", zones=2, populations=(population,), gap_junctions=(gap,))
    anatomy = grow(circuit, 1)
    g = anatomy.gaps["gap"]
    assert np.all(g.a < g.b) and g.a.dtype == g.b.dtype == np.int32 and g.g_ns.dtype == np.float32
    pairs = list(zip(g.a.tolist(), g.b.tolist(), strict=True))
    assert pairs == sorted(set(pairs))
    np.testing.assert_array_equal(anatomy.zone["io"][g.a], anatomy.zone["io"][g.b])
    possible = 51 * 50 / 2 + 50 * 49 / 2
    assert abs(len(pairs) - possible / 2) < 4 * np.sqrt(possible) / 2
    assert np.median(g.g_ns) == pytest.approx(0.25, rel=0.1)
    assert g.g_ns.min() == np.float32(0.05) and g.g_ns.max() <= np.float32(1.4)
    assert g.spikelet_mv == 30.0


def test_subsets():
    circuit = Circuit(name="c", zones=2, populations=(cells("a", 200), cells("b", 10, zoned=True)))
    anatomy = grow(circuit, 1)

    def pick(subset, population="a", seed=1):
        chosen = subset_indices(circuit, anatomy, population, subset, seed)
        assert chosen.dtype == np.int32 and np.all(np.diff(chosen) > 0)
        return chosen.tolist()

    assert pick(None) == list(range(200))
    half = pick(Fraction(value=0.5, label="cs"))
    assert len(half) == 100 and half == pick(Fraction(value=0.5, label="cs"))
    assert set(pick(Fraction(value=0.2, label="cs"))) < set(half)
    assert half != pick(Fraction(value=0.5, label="us")) and half != pick(Fraction(value=0.5, label="cs"), seed=2)
    assert pick(Fraction(value=0, label="cs")) == []
    assert pick(Cells(indices=(7, 3, 7))) == [3, 7]
    at = anatomy.positions_um["a"].astype(float)
    in_disc = np.hypot(at[:, 0] - (10 + 0.25 * 300), at[:, 1] - (-20 + 0.5 * 200)) <= 60
    assert pick(Disc(centre=(0.25, 0.5), radius_um=60)) == np.flatnonzero(in_disc).tolist()
    assert list(itertools.chain(pick(Zone(index=0), "b"), pick(Zone(index=1), "b"))) == list(range(10))
    for subset, population, match in (
        (Cells(indices=(200,)), "a", "no cell 200"),
        (Zone(index=0), "a", "'a' has neither zones nor groups; these have: b"),
        (Zone(index=2), "b", "no zone 2"),
    ):
        with pytest.raises(SpecError, match=match):
            pick(subset, population)
    with pytest.raises(UnknownNameError, match="aa"):
        pick(None, "aa")
