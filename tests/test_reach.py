"""Reaching: the person and the world, the inverse of the arm, measures of a known movement, a hand that arrives."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from dystolab import measures, plots
from dystolab.body import arm_inverse, arm_model
from dystolab.body.arm import Arm
from dystolab.body.reaching_arm import ERROR, MOTONEURONS, PLAN, ReachingArm, excursions_mm
from dystolab.circuit import load
from dystolab.circuit.anatomy import grow
from dystolab.circuit.groups import ARM_DIRECTIONS, ARM_MUSCLES, MAPS
from dystolab.engine import Recording, Simulator
from dystolab.errors import SpecError
from dystolab.experiments import Subject, reach, reaching
from dystolab.experiments.reaching import Reach, Reaching, commands_hz, path_m, trial_ms
from dystolab.measures import movement
from fakes import reach_result

START = np.array(reaching.start_m())
AHEAD = (float(START[0]), float(START[1]) + 0.1)
GO, ARRIVE = reaching.movement_ms()
HELD = reaching.held_ms()
OLIVE_REST_HZ = reaching.numbers().section("olive").number("rest", "Hz")
SHORT: dict[str, Any] = {"practice": 0, "around": 8, "baseline": 4, "adaptation": 20, "washout": 4}


@pytest.fixture(autouse=True)
def _with_mujoco() -> None:
    pytest.importorskip("mujoco")


# The path, and what muscles must do for it


def test_a_path_is_straight_smooth_and_comes_back() -> None:
    path = path_m(AHEAD)
    assert path.shape == (trial_ms() + 1, 2)
    np.testing.assert_allclose(path[[0, GO, -1]], [START] * 3, atol=1e-12)
    np.testing.assert_allclose(path[ARRIVE:HELD], [AHEAD] * (HELD - ARRIVE), atol=1e-12)
    np.testing.assert_allclose(path[:, 0], START[0], atol=1e-12)
    speed = np.diff(path[:HELD, 1]) * 1000
    # 1.875 times the mean, halfway (10.1523/JNEUROSCI.05-07-01688.1985).
    assert speed.max() == pytest.approx(1.875 * 0.1 / (ARRIVE - GO) * 1000, rel=1e-3)
    assert speed.argmax() == pytest.approx((GO + ARRIVE) / 2, abs=2)


@pytest.mark.parametrize("angle_deg", [0, 90, 225])
def test_the_inverse_moves_an_arm_along_the_path(angle_deg: float) -> None:
    way = np.array([np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))])
    path = path_m((float(START[0] + 0.1 * way[0]), float(START[1] + 0.1 * way[1])))[: HELD + 1 : 10]
    wanted = arm_inverse.activations_along(path, 0.01, 0.05)
    assert wanted.shape == (len(path), ARM_MUSCLES) and wanted.min() >= 0.0
    arm = Arm()
    arm.place(np.degrees(arm_inverse.angles_rad(path[0])))
    off = []
    for row, place in zip(wanted[:-1], path[1:], strict=True):
        arm.step(row, n_ms=10)
        off.append(np.linalg.norm(arm.hand_m - place))
    assert max(off) < 0.003


def test_torques_of_muscles_are_those_of_the_plant() -> None:
    arm = Arm()
    arm.place((40.0, 80.0))
    torque = arm.muscle_torque_nm(np.radians((40.0, 80.0)), np.zeros(2))
    for k, one in enumerate(np.eye(ARM_MUSCLES)):
        np.testing.assert_allclose(torque[:, k], arm.isometric_torque_nm(one), rtol=1e-9, atol=1e-12)
    # Looking elsewhere leaves the arm as it is.
    before = arm.state()
    arm.muscle_torque_nm(np.radians((10.0, 30.0)), np.ones(2))
    arm.inverse_torque_nm(np.radians((10.0, 30.0)), np.ones(2), np.ones(2))
    np.testing.assert_array_equal(arm.state(), before)
    np.testing.assert_allclose(arm.isometric_torque_nm(np.ones(ARM_MUSCLES)), torque.sum(axis=1), rtol=1e-9)


def test_what_is_out_of_reach_is_refused() -> None:
    with pytest.raises(SpecError, match=r"can't be brought to 0, 0\.7 m"):
        arm_inverse.angles_rad([0.0, 0.7])


# The person and the world


def test_a_command_grows_with_the_activation_that_is_wanted() -> None:
    hz = commands_hz(np.array([0.0, reaching.numbers().section("muscle").number("rest", "1"), 0.05, 0.1, 0.2]))
    assert hz[0] == hz[1] == 0.0 and (np.diff(hz[1:]) > 0).all()
    assert (commands_hz(np.array([1.0, 7.0])) == commands_hz(np.array([1.0]))).all()
    assert commands_hz(np.array([1.0])) == 400.0  # where the fit ends


def test_commands_do_not_jump_where_the_robot_lets_go() -> None:
    who = Reaching([Reach(AHEAD)] * 2, 0)
    path, off = path_m(AHEAD), np.array([0.008, -0.008])
    hz = np.array([who.command_hz(ms, path[ms % trial_ms()] + off) for ms in range(2 * trial_ms() - 200)])
    assert np.abs(np.diff(hz[200:], axis=0)).max() < 15.0  # a kick is ten times that


def test_speed_is_answered_sooner_than_place_and_is_felt_as_it_is() -> None:
    feeling, sight = (reaching.numbers().section(name).number("delay", "ms") for name in ("feeling", "sight"))
    aside = np.array([0.01, 0.0])
    for world in ({}, {"rotation_deg": 90.0}):
        still, pushed = person(**world), person(**world)
        apart = [
            np.abs(pushed.command_hz(ms, START + aside * (ms >= 50)) - still.command_hz(ms, START)).max() > 1e-9
            for ms in range(250)
        ]
        assert np.flatnonzero(apart).tolist() == [50 + feeling, *range(50 + int(sight), 250)]
    # What is seen is turned, what is felt is not: a push to the right is felt alike.
    who = [person(), person(rotation_deg=90.0)]
    felt = [[w.command_hz(ms, START + aside * (ms >= 50)) for ms in range(120)][int(50 + feeling)] for w in who]
    np.testing.assert_array_equal(*felt)


def person(**world: float) -> Reaching:
    return Reaching([Reach(AHEAD, **world)], 0)


def test_a_curl_field_pushes_to_the_left_of_the_way_until_the_robot_takes_the_hand_back() -> None:
    who = person(curl_n_s_per_m=13.0)
    for ms in (0, GO + 100, HELD - 1):
        np.testing.assert_allclose(who.force_n(ms, START, np.array([0.0, 0.3])), [-3.9, 0.0])
    assert not who.force_n(-1, START, np.ones(2)).any() and not who.force_n(trial_ms() - 1, START, np.ones(2)).any()


def test_the_robot_brings_the_hand_back() -> None:
    who = person(curl_n_s_per_m=13.0)
    off = np.array([0.01, -0.02])
    on_path = path_m(AHEAD)[HELD + 50]
    pull = who.force_n(HELD + 50, on_path + off, np.zeros(2)) - who.force_n(HELD + 50, on_path, np.zeros(2))
    np.testing.assert_allclose(pull, -300.0 * off, rtol=1e-9)


def errors(who: Reaching, hand_m: Any) -> np.ndarray:
    """Return the sum over a trial of what a hand, which moves as told, adds to the rates of the error fibres."""
    total = np.zeros(len(ARM_DIRECTIONS))
    for ms in range(trial_ms()):
        who.command_hz(ms, hand_m(ms))
        total += who.error_hz() - OLIVE_REST_HZ
    return total


def test_the_olive_hears_in_which_direction_more_is_needed() -> None:
    path = path_m(AHEAD)
    assert not errors(person(), lambda ms: path[ms]).any()
    # A hand left of its way: the arm must be swung to the right, which is back.
    left = errors(person(), lambda ms: path[ms] + np.array([-0.02, 0.0]) * (GO < ms < HELD))
    forward, back = left[:2]
    assert back > 500 and -OLIVE_REST_HZ * (HELD - GO) < forward < -0.5 * OLIVE_REST_HZ * (ARRIVE - GO)
    # A hand on the way whose picture is turned to the left misses in the same direction.
    turned = errors(person(rotation_deg=30.0), lambda ms: path[ms])
    assert turned[1] > 500 and turned[0] < -0.5 * OLIVE_REST_HZ * (ARRIVE - GO)


def test_the_plan_fires_in_its_direction_before_the_hand_moves() -> None:
    who = person()
    rates = np.array([who.plan_hz(ms) for ms in range(trial_ms())])
    assert rates[0].tolist() == [1.0] * 8
    assert rates.max(axis=0).argmax() == 2  # straight ahead
    assert rates[:, 2].argmax() < (GO + ARRIVE) / 2 - 50 and (rates >= 0).all()
    assert rates[ARRIVE + 10 :, 6].max() == 1.0  # of the way back, which the robot makes, nothing is told


def test_a_person_goes_on_from_a_state() -> None:
    a, b = person(), person()
    for ms in range(500):
        a.command_hz(ms, START + 0.001 * np.array([ms % 7, ms % 5]))
    b.restore(a.state())
    for ms in range(500, 900):
        hand = START + 0.001 * np.array([ms % 3, ms % 11])
        np.testing.assert_array_equal(a.command_hz(ms, hand), b.command_hz(ms, hand))
        np.testing.assert_array_equal(a.error_hz(), b.error_hz())
    with pytest.raises(SpecError, match="a state has"):
        b.restore(np.zeros(3))


# Circuit and body


def test_groups_are_the_muscles_of_the_plant_and_zones_the_directions_of_its_joints() -> None:
    assert len(arm_model.muscles()) == ARM_MUSCLES
    arms = np.array([arm_model.paths().shoulder, arm_model.paths().elbow_arms(np.pi / 2)]).T
    about = MAPS["about_joint"]()
    sign = np.array([[1, 0], [-1, 0], [0, 1], [0, -1]])
    # A muscle hears of a direction if, and only if, it pulls in it.
    np.testing.assert_array_equal(about > 0, arms @ sign.T > 0)
    np.testing.assert_array_equal(
        MAPS["arm_antagonist"]() > 0, arms @ arms.T < -0.9 * np.outer(*[np.linalg.norm(arms, axis=1)] * 2)
    )


def test_zones_are_strips_and_large_enough() -> None:
    circuit = load("cerebellum-arm")
    assert circuit.zone_axis == "y"
    assert circuit.zones == len(ARM_DIRECTIONS)
    for name, least in (("purkinje_cell", 20), ("io_cell", 4), ("dcn_glut", 30)):
        assert circuit.population(name).size // circuit.zones >= least, name


def test_spindles_span_the_range_of_the_joints() -> None:
    found = excursions_mm()
    assert found.shape == (ARM_MUSCLES,) and (found > 20).all() and (found < 250).all()


def test_a_body_without_a_cerebellum_tells_no_plan() -> None:
    body = ReachingArm(load("arm"), 1, person())
    fed = body.step(1.0, {MOTONEURONS: (np.zeros(0), np.zeros(0, np.int32))})
    assert set(fed) == {"arm_spindle_ia", "arm_spindle_ii", "arm_command"} and not {PLAN, ERROR} & set(fed)
    with pytest.raises(SpecError, match="a state has the parts"):
        body.restore({"hand": np.zeros(0)})


def test_each_zone_hears_and_moves_its_own_direction() -> None:
    circuit = load("cerebellum-arm")
    paths = tuple(circuit.projection(name) for name in ("error_io", "dcn_cs"))
    anatomy = grow(circuit.model_copy(update={"projections": paths, "gap_junctions": ()}), seed=1)
    zone, edges = anatomy.zone, anatomy.edges
    taught = edges["error_io"]
    np.testing.assert_array_equal(zone[ERROR][taught.pre], zone["io_cell"][taught.post])
    moved = edges["dcn_cs"]
    reached = np.zeros((ARM_MUSCLES, len(ARM_DIRECTIONS)))
    np.add.at(reached, (zone["corticospinal"][moved.post], zone["dcn_glut"][moved.pre]), 1)
    np.testing.assert_array_equal(reached > 0, MAPS["about_joint"]() > 0)


def test_a_body_with_a_cerebellum_tells_plan_and_errors_and_goes_on_from_a_state() -> None:
    circuit, still = load("cerebellum-arm"), {MOTONEURONS: (np.zeros(0), np.zeros(0, np.int32))}
    body, other = (ReachingArm(circuit, 1, person()) for _ in range(2))
    told = {PLAN: 0, ERROR: 0}
    for ms in range(1, ARRIVE):
        fed = body.step(float(ms), still)
        told = {name: n + len(fed[name][0]) for name, n in told.items()}
    assert min(told.values()) > 100  # nobody moves the arm, so that it misses
    other.restore(body.state())
    a, b = (which.step(float(ARRIVE), still) for which in (body, other))
    for name in a:
        np.testing.assert_array_equal(a[name], b[name])


def test_a_run_that_is_cut_goes_on_bit_for_bit(tmp_path: Any) -> None:
    circuit = load("arm")
    recording = Recording(spikes=(MOTONEURONS,))
    whole, body = Simulator(circuit, 1, recording=recording), ReachingArm(circuit, 1, person())
    whole.run(400, body)
    first, cut = Simulator(circuit, 1, recording=recording), ReachingArm(circuit, 1, person())
    first.run(150, cut)
    first.checkpoint(tmp_path / "state.npz", cut)
    then, rest = Simulator(circuit, 1, recording=recording), ReachingArm(circuit, 1, person())
    then.restore(tmp_path / "state.npz", rest)
    then.run(250, rest)
    np.testing.assert_array_equal(rest.hand_m, body.hand_m)
    np.testing.assert_array_equal(rest.activation, body.activation)


# The experiment


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"world": "moon"}, "Reach.world: .*'rotation', 'curl' or 'none'"),
        ({"around": 12}, "Reach.around: .*multiple of 8"),
        ({"adaptation": 16}, "Reach.adaptation: .*greater than or equal to 20"),
        ({"rotation_deg": 120}, "Reach.rotation_deg"),
        ({"distance_m": 0.3}, "Reach.distance_m"),
    ],
)
def test_settings_that_are_none_are_refused(settings: dict[str, Any], complaint: str) -> None:
    with pytest.raises(SpecError, match=complaint):
        reach(**settings)


def test_trials_and_when_the_world_is_changed() -> None:
    experiment = reach(**SHORT)
    targets, changed = experiment.targets_m(), experiment.changed()
    assert len(targets) == changed.size == 36 and len(set(targets[:8])) == 8 and set(targets[8:]) == {targets[0]}
    assert changed[:12].sum() == 0 and changed[12:32].all() and not changed[32:].any()
    np.testing.assert_allclose(np.linalg.norm(np.array(targets) - START, axis=1), 0.1, atol=1e-5)
    assert experiment.duration_ms == 3000 + 36 * trial_ms()


def measured(experiment: reach, sideways_m: Any) -> dict[str, Any]:
    """Return the measures of a hand that follows its path but for a bump to the left, by trial."""
    hands = [np.tile(START, (3000, 1))]
    for k, target in enumerate(experiment.targets_m()):
        path, way = path_m(target)[:-1], np.array(target) - START
        bump = np.zeros(len(path))
        bump[GO:ARRIVE] = np.sin(np.linspace(0, np.pi, ARRIVE - GO))
        hands.append(path + sideways_m(k) * bump[:, None] * np.array([-way[1], way[0]]) / 0.1)
    body = ReachingArm.__new__(ReachingArm)
    body._n_muscles = ARM_MUSCLES
    body._places, body._activations = list(np.concatenate(hands)), [np.zeros(ARM_MUSCLES)] * len(np.concatenate(hands))
    sim = cast(Simulator, SimpleNamespace(anatomy=SimpleNamespace(zone={})))
    return {name: m.value for name, m in experiment.measure(sim, body).measures.items()}


def test_a_hand_that_learns_is_measured_as_one() -> None:
    learns = reach(world="curl", **SHORT)
    found = measured(learns, lambda k: 0.03 * np.exp(-(k - 12) / 6) if 12 <= k < 32 else (-0.02 if k >= 32 else 0.0))
    assert set(found) <= set(measures.NAMES)
    assert found["reach_path_ratio"] == pytest.approx(1.0, abs=1e-3)
    assert found["reach_end_error_mm"] == pytest.approx(0.0, abs=0.1) and found["reach_held_error_mm"] < 0.1
    assert found["reach_peak_speed_m_per_s"] == pytest.approx(0.3125, rel=0.01)
    # A half sine over the movement, and nothing until it is surely over.
    mean = 2 / np.pi * (ARRIVE - GO) / (ARRIVE - GO + reaching.SETTLE_MS)
    early, late = (30 * mean * np.exp(-np.arange(*trials) / 6).mean() for trials in ((0, 4), (12, 20)))
    assert found["reach_deviation_early_mm"] == pytest.approx(early, rel=0.01)
    assert found["reach_deviation_late_mm"] == pytest.approx(late, rel=0.01)
    assert found["reach_aftereffect_mm"] == pytest.approx(-20 * mean, rel=0.01)
    assert found["adaptation_rate"] == pytest.approx(1 / 6, rel=0.02)
    assert found["reach_adaptation_percent"] == pytest.approx(100 * (1 - late / early), rel=0.01)


def test_a_turned_picture_is_measured_as_it_is_seen() -> None:
    found = measured(reach(world="rotation", **SHORT), lambda k: 0.0)
    # A straight hand seen 30 degrees to the left ends 50 mm beside its way, in the mean of the movement half as far.
    early, late = found["reach_deviation_early_mm"], found["reach_deviation_late_mm"]
    moving = (0.5 * (ARRIVE - GO) + reaching.SETTLE_MS) / (ARRIVE - GO + reaching.SETTLE_MS)
    assert early == late == pytest.approx(50 * moving, rel=0.01)
    assert found["reach_aftereffect_mm"] == pytest.approx(0, abs=0.1) and found["adaptation_rate"] == 0


def test_errors_are_told_against_four_blocks_before_the_change() -> None:
    drifts = reach(world="curl", **SHORT | {"baseline": 24})
    # Bumps of 40 mm in the first two of six blocks, 10 mm in the last two, 20 mm after them.
    by_block = dict(enumerate([40, 40, 0, 0, 10, 10]))
    found = measured(drifts, lambda k: 0.001 * by_block.get((k - 8) // 4, 20) if k >= 8 else 0.0)
    mean = 2 / np.pi * (ARRIVE - GO) / (ARRIVE - GO + reaching.SETTLE_MS)
    assert found["reach_deviation_early_mm"] == pytest.approx((20 - 5) * mean, rel=0.01)


@pytest.mark.parametrize("still", [{"world": "none"}, {"world": "curl", "curl_n_s_per_m": 0.0}])
def test_who_has_nothing_to_adapt_to_has_no_share(still: dict[str, Any]) -> None:
    found = measured(reach(**still, **SHORT), lambda k: 0.001 * (k % 3))
    assert "reach_deviation_late_mm" in found and not {"reach_adaptation_percent", "adaptation_rate"} & set(found)


@pytest.mark.parametrize("subjects", [1, 3])
def test_its_page_can_be_drawn(subjects: int) -> None:
    page = plots.page([reach_result(seed) for seed in range(1, subjects + 1)])
    assert len(page.axes) == 5
    page.canvas.draw()


def test_deviation_is_signed_and_refuses_what_is_no_way() -> None:
    assert movement.lateral_deviation([[0, 0], [0.5, -0.4], [1, 0.1]], [1, 0]) == pytest.approx(-0.1)
    with pytest.raises(SpecError, match="does not start at the target"):
        movement.lateral_deviation([[0, 0], [1, 1]], [0, 0])


@pytest.mark.slow
def test_a_healthy_arm_reaches_and_without_a_cerebellum_does_not_learn() -> None:
    result = reach(world="curl", **SHORT).run(Subject(circuit="arm", seed=1))
    value = {name: m.value for name, m in result.measures.items()}
    assert value["reach_path_ratio"] < 1.15 and value["reach_held_error_mm"] < 15
    assert 0.2 < value["reach_peak_speed_m_per_s"] < 0.4
    assert value["reach_deviation_early_mm"] > 7
    assert value["reach_deviation_late_mm"] > 0.75 * value["reach_deviation_early_mm"]
