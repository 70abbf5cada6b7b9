"""Grades of the TWSTRS at every limit of its form."""

from __future__ import annotations

import numpy as np
import pytest

from dystolab.errors import SpecError
from dystolab.measures import twstrs

FORM_ROTATION = {0: (0, 0), 1: (1, 22), 2: (23, 45), 3: (46, 67), 4: (68, 90)}
FORM_TILT = {0: (0, 0), 1: (1, 15), 2: (16, 35), 3: (36, 90)}
FORM_TIME = {1: (46, 59), 2: (31, 45), 3: (16, 30), 4: (0, 14)}


def held(yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0, n_ms: int = 100) -> np.ndarray:
    return np.tile([yaw, pitch, roll], (n_ms, 1))


def test_rotation_and_tilt_have_the_degrees_of_the_form() -> None:
    for grade, (low, high) in FORM_ROTATION.items():
        for degrees in (low, high):
            assert twstrs.rotation(held(yaw=degrees)) == twstrs.rotation(held(yaw=-degrees)) == grade
    for grade, (low, high) in FORM_TILT.items():
        for degrees in (low, high):
            assert twstrs.tilt(held(roll=degrees)) == twstrs.tilt(held(roll=-degrees)) == grade
    # Quarters of 90 degrees, which the form names beside its whole degrees.
    assert [twstrs.rotation(held(yaw=yaw)) for yaw in (0.4, 22.4, 22.5, 67.4, 67.5)] == [0, 1, 2, 3, 4]


def test_excursion_is_the_largest_of_the_record_and_of_its_own_axis() -> None:
    angles = held()
    angles[50] = (-50.0, 0.0, 20.0)
    assert (twstrs.rotation(angles), twstrs.tilt(angles), twstrs.nod(angles, 50.0, 70.0)) == (3, 2, 0)


def test_nodding_is_graded_by_its_range() -> None:
    down = [twstrs.nod(held(pitch=pitch), 40.0, 80.0) for pitch in (0.4, 1, 9, 10, 20, 29, 30, 40)]
    up = [twstrs.nod(held(pitch=-2 * pitch), 40.0, 80.0) for pitch in (0.2, 1, 9, 10, 20, 29, 30, 40)]
    assert down == up == [0, 1, 1, 2, 2, 2, 3, 3]
    with pytest.raises(SpecError, match="ranges of nodding must be above 0"):
        twstrs.nod(held(), 0.0, 80.0)


@pytest.mark.parametrize(
    ("percent", "submaximal", "maximal"),
    [(0, 0, 0), (24, 1, 2), (25, 2, 3), (49, 2, 3), (50, 3, 4), (75, 3, 4), (76, 4, 5), (100, 4, 5)],
)
def test_duration_counts_time_and_how_far(percent: int, submaximal: int, maximal: int) -> None:
    angles = held(n_ms=300)
    angles[: 3 * percent, 0] = 60
    assert twstrs.duration(angles) == maximal
    # One glance to the end makes the rest submaximal.
    angles[: 3 * percent, 0] = 40
    angles[: min(1, percent), 0] = 80
    assert twstrs.duration(angles) == submaximal


def test_time_has_the_seconds_of_the_form() -> None:
    for grade, seconds in FORM_TIME.items():
        assert [twstrs.time_grade(second) for second in seconds] == [grade, grade]
    assert twstrs.time_grade(60) == 0
    for wrong in (-1.0, 60.1, float("nan")):
        with pytest.raises(SpecError, match="0 to 60 s"):
            twstrs.time_grade(wrong)


def test_head_is_held_until_it_first_leaves() -> None:
    angles = held(yaw=9.0, n_ms=70_000)
    assert twstrs.time_held_s(angles) == 60
    angles[65_000] = (11.0, 0.0, 0.0)
    assert twstrs.time_held_s(angles) == 60
    angles[20_000] = (8.0, 8.0, 0.0)
    assert twstrs.time_held_s(angles) == 20 == twstrs.time_held_s(angles[:30_000])
    with pytest.raises(SpecError, match="recorded for 60 s, got 20 s"):
        twstrs.time_held_s(angles[:20_000])


def test_worst_and_best_head() -> None:
    straight = held(n_ms=60_000)
    best = twstrs.rate(straight, straight, 50.0, 70.0)
    assert best == twstrs.Ratings(0, 0, 0, 0, 0) and best.severity == 0
    twisted = held(80.0, 50.0, 40.0)
    worst = twstrs.rate(twisted, twisted, 50.0, 70.0)
    assert worst == twstrs.Ratings(4, 3, 3, 5, 4) and worst.severity == 24


def test_head_severity_is_what_the_head_keeps_to() -> None:
    for axis in range(3):
        grades = []
        for degrees in (0, 9.9, 10.1, 22.4, 22.5, 45.4, 46, 67, 68, 89):
            angles = held()
            angles[:, axis] = degrees
            grades.append(twstrs.head_severity(angles))
        assert grades == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    jerks = held()
    jerks[:49, 0] = 80
    assert twstrs.head_severity(jerks) == 0
    # Angles add up as rotations do: three mild ones are more than one.
    assert twstrs.head_severity(held(20.0, 20.0, 20.0)) == 2
