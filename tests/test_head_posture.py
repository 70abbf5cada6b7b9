"""Posture of the head: distances worked out from the hinges' own matrices, shares of time, spread."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dystolab.errors import SpecError
from dystolab.measures import posture
from dystolab.measures.posture import NEUTRAL_DEG


def hinges(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """Return the matrix of the neck's hinges, multiplied out by hand."""
    (cy, cp, cr), (sy, sp, sr) = np.cos(np.deg2rad([yaw, pitch, roll])), np.sin(np.deg2rad([yaw, pitch, roll]))
    turn = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
    nod = np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
    tilt = np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]])
    return np.asarray(turn @ nod @ tilt)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_one_angle_is_its_own_distance(axis: int) -> None:
    angles = np.zeros((3, 3))
    angles[:, axis] = (-70.0, 5.0, 40.0)
    assert posture.distance_deg(angles, NEUTRAL_DEG) == pytest.approx([70, 5, 40])
    assert posture.distance_deg(angles, angles[2]) == pytest.approx([110, 35, 0], abs=1e-5)


def test_distance_is_the_angle_of_one_rotation() -> None:
    draw = np.random.default_rng(3).uniform(-80, 80, (20, 2, 3))
    for here, there in draw:
        between = hinges(*here).T @ hinges(*there)
        expected = math.degrees(math.acos((np.trace(between) - 1) / 2))
        assert posture.distance_deg([here], there) == pytest.approx([expected])
        assert posture.distance_deg([there], here) == pytest.approx([expected])
    # Turned and tilted by a right angle each: a third of a full turn about the diagonal.
    assert posture.distance_deg([[90.0, 0.0, 90.0]], NEUTRAL_DEG) == pytest.approx([120])


def test_mean_signs_and_spread() -> None:
    at = np.arange(1000) * 2 * math.pi / 1000
    sway = np.stack([20 + 3 * np.sin(at), np.zeros(1000), -5 + np.cos(at)], axis=1)
    assert posture.mean_deg(sway) == pytest.approx([20, 0, -5])
    assert posture.spread_deg(sway) == pytest.approx([3 / math.sqrt(2), 0, 1 / math.sqrt(2)])
    # Left and right do not cancel in the distance, as they do in the mean.
    shaking = np.stack([30 * np.sign(np.sin(at + 1e-3)), np.zeros(1000), np.zeros(1000)], axis=1)
    assert posture.mean_deg(shaking)[0] == pytest.approx(0)
    assert posture.mean_distance_deg(shaking, NEUTRAL_DEG) == pytest.approx(30)


def test_share_of_time_near_neutral_and_the_largest_deviation() -> None:
    angles = np.array([[0.0, 0.0, 0.0], [9.9, 0.0, 0.0], [0.0, -10.1, 0.0], [8.0, 8.0, 0.0]])
    assert posture.within_percent(angles) == 50
    assert posture.largest_distance_deg(angles[:3], NEUTRAL_DEG) == pytest.approx(10.1)
    assert posture.largest_distance_deg(angles[:3], angles[1]) > 14


def test_what_is_no_head_is_refused() -> None:
    for wrong in (np.zeros((0, 3)), np.zeros(3), np.zeros((4, 2))):
        with pytest.raises(SpecError, match="rows of yaw, pitch and roll"):
            posture.mean_deg(wrong)
    with pytest.raises(SpecError, match="must be finite"):
        posture.within_percent([[0.0, np.nan, 0.0]])
    with pytest.raises(SpecError, match="one posture"):
        posture.distance_deg(np.zeros((4, 3)), np.zeros((2, 3)))
