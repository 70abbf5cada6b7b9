"""The neck: its table and its missing-extra line without MuJoCo; its mechanics against published values with it."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from dystolab.body import neck
from dystolab.circuit import neck as geometry
from dystolab.circuit import tables
from dystolab.errors import MissingExtraError, SpecError

YAW, PITCH, ROLL = range(3)
SCM_R, SPLENIUS_L = "sternocleidomastoid_right", "splenius_capitis_left"
# Who turns the head to the left together; the infrahyoid keeps it from bending back.
TURN_LEFT = {
    SCM_R: 1.0,
    SPLENIUS_L: 1.0,
    "obliquus_capitis_inferior_left": 1.0,
    "levator_scapulae_left": 1.0,
    "scalenus_medius_left": 1.0,
    "scalenus_anterior_left": 1.0,
    "infrahyoid_left": 0.8,
}
# Nm, men: mean and SD (10.1007/s10439-014-1046-0).
STRENGTH_NM = {(PITCH, 1): (30, 6), (PITCH, -1): (51, 11), (ROLL, 1): (32, 9), (YAW, 1): (13, 5)}


@pytest.fixture
def body() -> neck.Neck:
    pytest.importorskip("mujoco")
    return neck.Neck()


def pull(body: neck.Neck, level: float, **muscles: float) -> np.ndarray:
    activation = np.zeros(len(body.muscles))
    for name, share in muscles.items():
        activation[body.muscles.index(name)] = level * share
    return activation


def settled(body: neck.Neck, activation: np.ndarray, start_deg: Any = (0, 0, 0)) -> np.ndarray:
    body.place(start_deg)
    body.step(activation, n_ms=4000)
    assert np.abs(body.velocity_deg_per_s).max() < 0.1
    return body.angle_deg


# The table


def test_numbers_have_their_provenance() -> None:
    entries = list(geometry.numbers().entries())
    assert len(entries) == 17 + 4 * 14 and all(e.quantity.source and e.quantity.note for e in entries)
    assert set(tables.load("neck").sources.values()) <= {e.quantity.source for e in entries}


def test_left_muscles_mirror_the_right_ones() -> None:
    muscles = geometry.muscles()
    assert len(muscles) == len({muscle.name for muscle in muscles}) == 28
    for right, left in zip(muscles[:14], muscles[14:], strict=True):
        assert left.name == right.name.replace("_right", "_left")
        assert np.array_equal(left.arms_mm, np.multiply(right.arms_mm, (-1, 1, -1)))
        assert (left.force_n, left.optimal_mm, left.upright_mm) == (right.force_n, right.optimal_mm, right.upright_mm)


def test_passive_torque_at_the_ends_of_the_range_is_what_volunteers_tolerate() -> None:
    stiffness = np.array(geometry.stiffness_nm_per_rad())
    ends = stiffness * np.radians(np.abs(geometry.limits_deg()).max(axis=1))
    assert ends.max() + geometry.gravity_nm() < 10.0


def test_without_mujoco_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mujoco", None)
    with pytest.raises(MissingExtraError, match=r"^MuJoCo is not installed: pip install 'dystolab\[body\]'"):
        neck.Neck()


# At rest


def test_head_rests_upright_without_tone_and_with_it(body: neck.Neck) -> None:
    for level in (0.0, 0.02, 0.1, 0.5):
        assert np.abs(settled(body, body.tone(level))).max() < 1e-6
        assert np.abs(settled(body, body.tone(level), (10, -10, 10))).max() < 0.1


def test_tone_stiffens_the_neck(body: neck.Neck) -> None:
    def moved_deg(level: float) -> np.ndarray:
        body.place((0, 0, 0))
        body.step(body.tone(level), push_nm=(0.1, 0.1, 0.1), n_ms=4000)
        return body.angle_deg

    at = [moved_deg(level) for level in (0.0, 0.1, 0.3)]
    assert (at[0] > at[1]).all() and (at[1] > at[2]).all() and (at[2] > 0).all()
    # Without tone: the push over passive stiffness, from which gravity takes its part in pitch and roll.
    head, pivot = geometry.numbers().section("head"), geometry.numbers().section("pivot")
    above = head.number("centre_above", "m") + pivot.number("below_condyles", "m")
    left = np.array(geometry.stiffness_nm_per_rad()) - np.array([0, 1, 1]) * head.number("mass", "kg") * 9.81 * above
    assert at[0] == pytest.approx(np.degrees(0.1 / left), rel=0.05)


def test_energy_only_falls_without_activation(body: neck.Neck) -> None:
    body._model.opt.enableflags |= body._mujoco.mjtEnableBit.mjENBL_ENERGY
    body.place((50, -40, 25))
    energy = []
    for _ in range(3000):
        body.step(np.zeros(28))
        energy.append(body._data.energy.sum())
    assert np.diff(energy).max() < 1e-7 and np.abs(body.angle_deg).max() < 0.5


# Muscles


def test_an_activation_is_a_share_of_force_at_once(body: neck.Neck) -> None:
    assert body._model.na == 0
    for share in (0.5, 1.0):
        body.place((0, 0, 0))
        body.step(pull(body, share, **{SCM_R: 1.0}))
        assert body.force_n[0] == pytest.approx(share * 372.0, rel=0.03)
        assert not body.force_n[1:].any()


def test_lengths_follow_the_angles_by_the_moment_arms(body: neck.Neck) -> None:
    arms = np.array([muscle.arms_mm for muscle in geometry.muscles()])
    body.place((20, 10, -15))
    upright = np.array([muscle.upright_mm for muscle in geometry.muscles()])
    np.testing.assert_allclose(body.length_mm, upright - arms @ np.radians((20, 10, -15)), atol=1e-9)
    before = body.length_mm
    body.step(np.zeros(28))
    np.testing.assert_allclose(body.velocity_mm_per_s, (body.length_mm - before) / 0.001, atol=1e-6)
    np.testing.assert_allclose(body.velocity_mm_per_s, -arms @ np.radians(body.velocity_deg_per_s), atol=1e-9)


def test_strength_is_that_of_men(body: neck.Neck) -> None:
    torque = np.array([body.isometric_torque_nm(one) for one in np.eye(28)])
    for (axis, sign), (mean, sd) in STRENGTH_NM.items():
        others = [k for k in range(3) if k != axis]
        # The most about one axis with nothing about the others, as a person who is told to push one way does.
        found = -linprog(-sign * torque[:, axis], A_eq=torque[:, others].T, b_eq=[0, 0], bounds=(0, 1)).fun
        assert abs(found - mean) < 1.5 * sd, (axis, sign, found)


def test_right_mastoid_and_left_splenius_turn_left_and_tilt_right(body: neck.Neck) -> None:
    turned = settled(body, pull(body, 0.1, **{SCM_R: 1.0, SPLENIUS_L: 1.0}))
    assert 10 < turned[YAW] < 25 and turned[ROLL] > 5
    assert settled(body, pull(body, 0.1, sternocleidomastoid_left=1.0, splenius_capitis_right=1.0)) == pytest.approx(
        turned * (-1, 1, -1), abs=1e-3
    )


def test_turners_together_turn_with_little_tilt(body: neck.Neck) -> None:
    found = np.array([settled(body, pull(body, level, **TURN_LEFT)) for level in (0.05, 0.1, 0.2)])
    assert (np.diff(found[:, YAW]) > 5).all() and found[0, YAW] > 10
    assert np.abs(found[:, PITCH:]).max() < 5


def test_splenius_and_semispinalis_of_both_sides_bend_back(body: neck.Neck) -> None:
    names = [f"{m}_{side}" for m in ("splenius_capitis", "semispinalis_capitis") for side in ("right", "left")]
    back = settled(body, pull(body, 0.1, **dict.fromkeys(names, 1.0)))
    assert back[PITCH] < -20 and np.abs(back[[YAW, ROLL]]).max() < 1e-6


# Exchanges of one millisecond


def test_wild_activation_stays_in_range(body: neck.Neck) -> None:
    draw = np.random.default_rng(1)
    limits = np.array(geometry.limits_deg())
    for _ in range(3000):
        body.step((draw.random(28) < 0.5).astype(float))
        assert (body.angle_deg > limits[:, 0] - 10).all() and (body.angle_deg < limits[:, 1] + 10).all()
    for axis in range(3):
        arms = np.array([muscle.arms_mm[axis] for muscle in geometry.muscles()])
        body.place((0, 0, 0))
        for _ in range(1000):
            body.step((arms > 0).astype(float))
            assert body.angle_deg[axis] < limits[axis, 1] + 10
        assert body.angle_deg[axis] < limits[axis, 1] + 1


def test_steps_add_up_and_a_restored_neck_goes_on_bit_for_bit(body: neck.Neck) -> None:
    activation = pull(body, 0.9, **TURN_LEFT)
    body.step(activation, n_ms=300)
    state = body.state()
    body.step(activation, n_ms=200)
    at_once = body.angle_deg
    other = neck.Neck()
    other.restore(state)
    for _ in range(200):
        other.step(activation)
    assert np.array_equal(other.angle_deg, at_once) and np.array_equal(other.length_mm, body.length_mm)


@pytest.mark.parametrize("axis", [YAW, PITCH, ROLL])
def test_strongest_push_leaves_a_head_that_comes_back(axis: int, body: neck.Neck) -> None:
    body.step(np.zeros(28), push_nm=neck.STRONGEST_PUSH_NM * np.eye(3)[axis], n_ms=500)
    assert body._data.time == pytest.approx(0.5) and body.angle_deg[axis] > 35
    body.step(np.zeros(28), n_ms=6000)
    assert np.abs(body.angle_deg).max() < 0.1


def test_nonsense_is_refused_in_one_line(body: neck.Neck) -> None:
    with pytest.raises(SpecError, match="activation must be 28 finite numbers"):
        body.step(np.zeros(27))
    with pytest.raises(SpecError, match="activation must be 28 finite numbers"):
        body.step(np.full(28, np.nan))
    with pytest.raises(SpecError, match=r"sternocleidomastoid_right must lie in 0 to 1, got 1\.5"):
        body.step(pull(body, 1.5, **{SCM_R: 1.0}))
    with pytest.raises(SpecError, match="push_nm must be 3"):
        body.step(np.zeros(28), push_nm=(1.0,))
    with pytest.raises(SpecError, match="at most 100 Nm, got 101"):
        body.step(np.zeros(28), push_nm=(0.0, -101.0, 0.0))
    with pytest.raises(SpecError, match="at least 1 ms"):
        body.step(np.zeros(28), n_ms=0)
    with pytest.raises(SpecError, match=r"yaw must lie in -77\.5 to 77\.5 degrees, got 90"):
        body.place((90, 0, 0))
    with pytest.raises(SpecError, match=r"tone must lie in 0 to 0\.74"):
        body.tone(0.8)
    with pytest.raises(SpecError, match="state must be"):
        body.restore(np.zeros(3))
