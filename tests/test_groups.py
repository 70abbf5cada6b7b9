"""Groups: who is joined to whom by the neck's geometry, what the cells of a group share, and the size principle."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from dystolab.body.spindle import Spindles
from dystolab.circuit import groups, neck, rules, tables
from dystolab.circuit.anatomy import grow
from dystolab.circuit.neurons import Recruitment, Spread
from dystolab.circuit.presets import load
from dystolab.circuit.spec import Circuit, Population
from dystolab.engine import Recording, Simulator
from dystolab.engine import nest as engine_nest
from dystolab.engine.cellstate import spread
from dystolab.engine.compiler import Plan
from dystolab.errors import SpecError, UnknownNameError, UnsupportedError
from engine_circuits import adex, eglif
from engine_circuits import cells as pool
from small_circuits import assert_well_formed, cells, joined, same

LEFT, RIGHT = groups.DIRECTIONS.index("yaw_left"), groups.DIRECTIONS.index("yaw_right")


# Connections between groups


def grouped(counts: Any, n_pre: int = 30, n_post: int = 20, own: bool = False, **fields: Any) -> Circuit:
    """Return a circuit of sources in 3 groups, targets in 2, and one projection, "p"; of one population if `own`."""
    rule = rules.BetweenGroups(counts=counts)
    pre = cells("pre", n_pre).model_copy(update={"groups": 3})
    post = cells("post", n_post, z_um=50.0).model_copy(update={"groups": 2})
    return Circuit(
        name="grouped",
        populations=(pre, post),
        projections=(joined("p", "pre", "pre" if own else "post", rule, **fields),),
    )


def drawn(circuit: Circuit, projection: str = "p", seed: int = 1) -> np.ndarray:
    """Return the sources of each group (columns) that each target has (rows)."""
    p = circuit.projection(projection)
    anatomy = grow(circuit, seed)
    e = anatomy.edges[projection]
    found = np.zeros((circuit.population(p.post).size, circuit.population(p.pre).groups), int)
    np.add.at(found, (e.post, np.maximum(anatomy.zone[p.pre][e.pre], 0)), 1)
    assert_well_formed(e, circuit.population(p.pre).size, len(found))
    return found


def test_every_target_has_its_counts_exactly() -> None:
    found = drawn(grouped(((4, 0, 7), (0, 10, 1))))
    assert (found[:10] == (4, 0, 7)).all() and (found[10:] == (0, 10, 1)).all()


def test_sources_are_drawn_at_random_and_alike_often() -> None:
    circuit = grouped(((4, 0, 0), (4, 0, 0)), n_post=2000)
    one, other = (grow(circuit, seed).edges["p"] for seed in (1, 2))
    assert not np.array_equal(one.post, other.post)
    taken = np.bincount(one.pre, minlength=30)
    assert taken[:10].tolist() == [800] * 10 and not taken[10:].any()  # 2000 targets take 4 of 10 sources each
    together = np.zeros((10, 10), int)
    for hand in one.pre[np.argsort(one.post, kind="stable")].reshape(-1, 4):
        together[np.ix_(hand, hand)] += 1
    # Any two meet in 2000 * 4 * 3 / 90 = 267 +- 16 targets if hands are random.
    assert np.abs(together[~np.eye(10, dtype=bool)] - 267).max() < 5 * 16


def test_groups_of_unequal_size_and_targets_that_ask_for_more_than_there_are() -> None:
    found = drawn(grouped(((99, 3, 3), (2, 99, 0)), n_pre=32, n_post=21))
    sizes = np.bincount(np.arange(32) * 3 // 32)
    assert sorted(sizes) == [10, 11, 11]
    assert (found[:11] == (sizes[0], 3, 3)).all() and (found[11:] == (2, sizes[1], 0)).all()


@pytest.mark.parametrize("count", [3, 9, 10, 50])
def test_no_cell_is_joined_to_itself(count: int) -> None:
    circuit = grouped(((count, 0, 0), (0, count, 0), (2, 0, count)), own=True)
    e = grow(circuit, 1).edges["p"]
    assert (e.pre != e.post).all()
    found = drawn(circuit)
    assert (found[:10, 0] == min(count, 9)).all() and (found[20:, 0] == 2).all()


@pytest.mark.parametrize("counts", [((1, 1, 1),), ((1, 1), (1, 1)), ((1, 1, 1), (1, 1)), ((1, 1, 1),) * 3])
def test_counts_of_another_shape_are_refused(counts: Any) -> None:
    with pytest.raises(
        SpecError, match=r"'p': counts must have a row for each of 2 groups of 'post'.*3 groups of 'pre'"
    ):
        grow(grouped(counts), 1)


def test_counts_below_0_are_refused() -> None:
    for wrong in (((-1,),), (), ((1.5,),)):
        with pytest.raises(ValidationError):
            rules.BetweenGroups(counts=wrong)


def test_zones_are_groups_too() -> None:
    circuit = Circuit(
        name="zoned",
        zones=2,
        populations=(cells("pre", 20, zoned=True), cells("post", 12)),
        projections=(joined("p", "pre", "post", rules.BetweenGroups(counts=((3, 5),))),),
    )
    e = grow(circuit, 1).edges["p"]
    assert np.bincount(e.pre // 10, minlength=2).tolist() == [36, 60]


def test_other_counts_and_weights_move_no_other_draw() -> None:
    def edges(counts: Any, weight: float) -> dict[str, Any]:
        circuit = grouped(counts)
        more = joined("q", "post", "pre", rules.BetweenGroups(counts=((2, 3),) * 3), weight_ns={"mean": 1.0, "sd": 0.2})
        changed = circuit.model_copy(update={"projections": (*circuit.projections, more)})
        return grow(changed.with_projection("p", weight_ns={"mean": weight, "sd": 0.1}), 4).edges

    before, after = edges(((4, 0, 7), (0, 10, 1)), 0.5), edges(((5, 0, 7), (0, 2, 1)), 0.5)
    assert same(before["q"], after["q"]) and not np.array_equal(before["p"].pre, after["p"].pre)
    weaker = edges(((4, 0, 7), (0, 10, 1)), 0.3)
    assert np.array_equal(before["p"].pre, weaker["p"].pre) and np.array_equal(before["p"].post, weaker["p"].post)


def test_a_population_has_groups_or_zones_and_fills_them() -> None:
    box = {"name": "a", "neuron": {"kind": "relay"}, "layer": {"origin_um": (0, 0, 0), "size_um": (1, 1, 1)}}
    with pytest.raises(ValidationError, match="population 'a' is split by zone already: groups must be 1"):
        Population(**box, size=4, groups=2, zoned=True)
    with pytest.raises(ValidationError, match="population 'a': 4 cells can't fill 5 groups"):
        Population(**box, size=4, groups=5)


# What cells share


def values(parameter: str = "i_e_pa", seed: int = 1, **more: Any) -> np.ndarray:
    """Return `parameter` of 6 groups of 240 cells whose mean is 100."""
    neuron = eglif("dcn_gaba", i_e_pa=100.0, v_init_mv=100.0)
    circuit = Circuit(name="c", populations=(pool("a", 1440, neuron, groups=6, **more), pool("b", 2, neuron)))
    plan = Plan(circuit, grow(circuit, seed), seed, 0.1, False)
    return spread(plan, circuit.population("a"), parameter).reshape(6, 240)


def law(sd: float, each: str, parameter: str = "i_e_pa") -> Spread:
    return Spread(parameter=parameter, sd=sd, each=each)


def test_evenly_drawn_groups_have_the_same_mean_and_the_right_spread() -> None:
    found = values(spread=(law(30.0, "evenly"),))
    np.testing.assert_allclose(found.mean(axis=1), 100.0, atol=1e-9)
    np.testing.assert_allclose(found.std(axis=1), 30.0, rtol=0.02)
    # All have the same values, in another order.
    np.testing.assert_allclose(np.sort(found, axis=1), np.sort(found[:1], axis=1).repeat(6, axis=0), atol=1e-9)
    assert (np.abs(np.corrcoef(found)[np.triu_indices(6, 1)]) < 0.3).all()
    assert not np.array_equal(found, values(spread=(law(30.0, "evenly"),), seed=2))
    # Drawn cell by cell, means differ by 30 / sqrt(240).
    freely = values(spread=(law(30.0, "cell"),))
    assert freely.mean(axis=1).std() == pytest.approx(30 / np.sqrt(240), rel=0.6)


@pytest.mark.parametrize("parameter", ["i_e_pa", "v_init_mv"])
def test_a_group_has_one_value_and_a_larger_sd_scales_the_same_draw(parameter: str) -> None:
    one, ten = (values(parameter, spread=(law(sd, "group", parameter),)) - 100 for sd in (1.0, 10.0))
    assert (np.ptp(one, axis=1) == 0).all() and len(np.unique(one[:, 0])) == 6
    np.testing.assert_allclose(ten, 10 * one, rtol=1e-9)
    many = np.concatenate([values(parameter, seed=s, spread=(law(1.0, "group", parameter),))[:, 0] for s in range(40)])
    assert many.mean() == pytest.approx(100, abs=0.25) and many.std() == pytest.approx(1.0, abs=0.2)


def test_kinds_of_spread_add_up_and_leave_each_other_s_draws() -> None:
    kinds = [law(3.0, each) for each in ("cell", "evenly", "group")]
    alone = [values(spread=(one,)) - 100 for one in kinds]
    np.testing.assert_allclose(values(spread=tuple(kinds)) - 100, sum(alone), atol=1e-9)
    assert not values("v_init_mv", spread=tuple(kinds)).std()


def test_recruitment_is_in_order_over_its_range_in_every_group() -> None:
    found = values(recruitment=Recruitment(range_pa=1200.0, ratio=30.0))
    assert (found == found[0]).all() and found[0, 0] == 100.0 and found[0, -1] == pytest.approx(100 - 1200)
    need = 100 - found[0]
    assert (np.diff(need) > 0).all()
    # Thresholds above that of none rise exponentially: many are low.
    np.testing.assert_allclose(np.diff(np.log(need + 1200 / 29)), np.log(30) / 239)
    assert (need < 300).mean() == pytest.approx(np.log(1 + 29 / 4) / np.log(30), abs=0.01)
    assert not values("v_init_mv", recruitment=Recruitment(range_pa=1200.0, ratio=30.0)).std()


def test_the_recruited_fire_in_their_order() -> None:
    neuron = eglif("dcn_gaba", lambda_0_per_ms=1.0, tau_v_mv=0.1, i_e_pa=60.0)
    population = pool("a", 20, neuron, groups=2, recruitment=Recruitment(range_pa=100.0, ratio=10.0))
    sim = Simulator(Circuit(name="c", populations=(population,)), recording=Recording(spikes=("a",)))
    sim.run(1000)
    counts = np.bincount(sim.spikes("a")[1], minlength=20).reshape(2, 10)
    assert (counts[:, :3].min(axis=1) > counts[:, -3:].max(axis=1)).all() and counts[:, 0].min() > 5


@pytest.mark.parametrize("ratio", [1.0, 0.5])
def test_thresholds_that_do_not_rise_are_refused(ratio: float) -> None:
    with pytest.raises(ValidationError, match="greater than 1"):
        Recruitment(range_pa=1.0, ratio=ratio)


@pytest.mark.parametrize("more", [{"spread": (law(1.0, "group"),)}, {"recruitment": Recruitment(range_pa=1, ratio=2)}])
def test_relays_have_nothing_to_spread(more: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedError, match=r"population 'a': a relay has no membrane for .*spread or recruitment"):
        Simulator(Circuit(name="c", populations=(pool("a", 4, groups=2, **more),)))


def test_nest_refuses_recruitment() -> None:
    population = pool("a", 4, adex(), recruitment=Recruitment(range_pa=1.0, ratio=2.0))
    with pytest.raises(UnsupportedError, match="NEST can't run recruitment of population 'a'"):
        engine_nest._refuse(Circuit(name="c", populations=(population,)), None)


# The maps


def test_a_direction_is_its_axis_and_its_sign() -> None:
    found = groups.per_direction([1.0, 2.0, 3.0])
    wanted = {"yaw_left": 1, "yaw_right": -1, "pitch_down": 2, "pitch_up": -2, "roll_right": 3, "roll_left": -3}
    assert dict(zip(groups.DIRECTIONS, found, strict=True)) == wanted


def test_synergies_turn_about_their_axis_alone_and_one_degree_far() -> None:
    torque = groups.torque_nm().T @ groups.synergies()
    stiffness = np.radians(np.array(neck.stiffness_nm_per_rad()) - np.array(neck.toppling_nm_per_rad()))
    for k, direction in enumerate(groups.DIRECTIONS):
        axis, sign = k // 2, 1 if k % 2 == 0 else -1
        assert torque[axis, k] == pytest.approx(sign * stiffness[axis], rel=0.01), direction
        assert np.abs(np.delete(torque[:, k], axis)).max() < 0.01 * stiffness[axis], direction


def test_synergies_pull_and_mirror_left_and_right() -> None:
    found = groups.synergies()
    assert found.shape == (28, 6) and found.min() >= 0 and found.max() < 0.2
    mirrored = np.roll(found, 14, axis=0)  # the muscles of the other side
    of = groups.DIRECTIONS.index
    for here, there in (("yaw_left", "yaw_right"), ("roll_left", "roll_right")):
        np.testing.assert_allclose(found[:, of(here)], mirrored[:, of(there)], rtol=1e-4, atol=1e-6)
    for same_side in ("pitch_up", "pitch_down"):
        np.testing.assert_allclose(found[:, of(same_side)], mirrored[:, of(same_side)], rtol=1e-4, atol=1e-6)
    # Those that turn to the left are known: its splenius, and the sternomastoid of the other side.
    names = [m.name for m in neck.muscles()]
    for name in ("splenius_capitis_left", "sternocleidomastoid_right"):
        assert found[names.index(name), LEFT] > 1.5 * found[names.index(name), RIGHT], name


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("same_direction", (6, 6)),
        ("opposite_direction", (6, 6)),
        ("synergy", (28, 6)),
        ("resisting", (28, 6)),
        ("stretched", (6, 28)),
        ("same_muscle", (28, 28)),
        ("contralateral_antagonists", (28, 28)),
        ("same_arm_muscle", (6, 6)),
        ("arm_antagonist", (6, 6)),
        ("about_joint", (6, 4)),
        ("same_arm_direction", (4, 4)),
    ],
)
def test_maps_have_their_shape(name: str, shape: tuple[int, int]) -> None:
    found = groups.MAPS[name]()
    assert found.shape == shape and found.min() >= 0 and found.max() > 0 and len(groups.MAPS) == 11


def test_maps_join_whom_they_say() -> None:
    maps = {name: make() for name, make in groups.MAPS.items()}
    assert np.array_equal(maps["same_direction"], np.eye(6)) and np.array_equal(maps["same_muscle"], np.eye(28))
    opposite = maps["opposite_direction"]
    for k, row in enumerate(opposite):
        partner = int(row.argmax())
        assert row.sum() == 1 and partner // 2 == k // 2 and partner != k
    np.testing.assert_array_equal(maps["resisting"], maps["synergy"][:, opposite.argmax(axis=1)])
    torque = groups.torque_nm()
    for (i, one), (j, other) in itertools.product(enumerate(torque), repeat=2):
        cosine = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
        wanted = max(-cosine, 0.0) if (i < 14) != (j < 14) else 0.0
        assert maps["contralateral_antagonists"][i, j] == pytest.approx(wanted), (i, j)


def test_what_is_heard_of_spindles_tells_the_direction_and_nothing_of_an_upright_head() -> None:
    heard, muscles = groups.MAPS["stretched"](), neck.muscles()
    np.testing.assert_allclose(heard.sum(axis=1), 1.0)
    upright = np.array([m.upright_mm for m in muscles])
    per_rad = -np.array([m.arms_mm for m in muscles])

    def told(angle_deg: Any) -> Any:
        """Return what each direction hears, Hz, after the head has been still for long."""
        spindles = Spindles(upright, neck.excursions_mm())
        for _ in range(20):
            _, ii_hz = spindles.step(upright + per_rad @ np.radians(angle_deg), np.zeros(len(muscles)))
        return heard @ ii_hz

    rest = told(np.zeros(3))
    np.testing.assert_allclose(rest, rest[0])
    for k in range(6):
        axis, sign = k // 2, 1 if k % 2 == 0 else -1
        turns = np.array([told(sign * 20.0 * np.eye(3)[other]) - rest for other in range(3)])[:, k]
        assert turns[axis] > 0 and np.abs(np.delete(turns, axis)).max() < 0.02 * turns[axis]


def section(folder: Path, name: str, **more: float | list[float]) -> tables.Section:
    entries = {"number": 40.0, **more}
    body = "".join(
        f'{key} = {{value = {value}, unit = "1", source = "assumed", confidence = "assumed", note = "a test"}}\n'
        for key, value in entries.items()
    )
    path = folder / "wiring.toml"
    path.write_text(f'[rule]\nkind = "between_groups"\nmap = "{name}"\n{body}')
    return tables.read(path).root.section("rule")


def test_an_unknown_map_is_told_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"unknown map in .* 'synergies' - did you mean 'synergy'"):
        groups.rule(section(tmp_path, "synergies"))


def test_the_strongest_get_the_number_and_force_adds_up(tmp_path: Path) -> None:
    counts = np.array(groups.rule(section(tmp_path, "synergy")).counts)
    assert counts.shape == (28, 6) and counts.max() == 40
    np.testing.assert_allclose(counts / 40, groups.synergies() / groups.synergies().max(), atol=0.51 / 40)
    spread_out = np.array(groups.rule(section(tmp_path, "synergy", force_power=1.57, number=4000.0)).counts)
    # To the power of what a pool gets in all, force is as the synergies are in all.
    force, wanted = spread_out.sum(axis=1) ** 1.57, groups.synergies().sum(axis=1)
    np.testing.assert_allclose(force / force.max(), wanted / wanted.max(), atol=0.01)


def test_axons_that_branch_give_a_share_to_who_pulls_the_opposite_way(tmp_path: Path) -> None:
    alone = np.array(groups.rule(section(tmp_path, "synergy")).counts)
    both = np.array(groups.rule(section(tmp_path, "synergy", antagonists=[0.4, 0.3, 0.2])).counts)
    mirrored = np.roll(alone, 14, axis=0)  # of turns and tilts the opposite one
    of = groups.DIRECTIONS.index
    for one, other, share, opposite in (
        ("yaw_left", "yaw_right", 0.4, mirrored[:, LEFT]),
        ("roll_left", "roll_right", 0.2, mirrored[:, of("roll_left")]),
        ("pitch_up", "pitch_down", 0.3, alone[:, of("pitch_down")]),
    ):
        np.testing.assert_allclose(opposite, alone[:, of(other)], atol=1.0)
        np.testing.assert_allclose(both[:, of(one)], np.maximum(alone[:, of(one)], share * opposite), atol=0.91)
        assert both[:, of(one)].sum() > alone[:, of(one)].sum()


def test_the_head_is_wired_by_its_counts() -> None:
    circuit = load("head")
    for name in ("rs_neck", "ii_integrator", "integrator_recurrent"):
        p = circuit.projection(name)
        found = drawn(circuit, name)
        each = len(found) // circuit.population(p.post).groups
        assert np.array_equal(found, np.repeat(p.rule.counts, each, axis=0)), name
