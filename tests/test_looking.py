"""One who looks: a late answer, the right way, to what is off by enough, seldom, and none with the eyes closed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dystolab.circuit import tables
from dystolab.circuit.groups import DIRECTIONS, per_direction
from dystolab.errors import SpecError
from dystolab.experiments import looking
from dystolab.experiments.looking import Epoch, Looking

DELAY, DURATION, PAUSE, TOLERANCE = 100, 300, 600, 1.5
UPRIGHT = (0.0, 0.0, 0.0)
OPEN = (Epoch(0, UPRIGHT, True),)


def commands(person: Looking, angles: Any, start_ms: int = 1) -> np.ndarray:
    """Return the commands at the end of each millisecond, for one angle per millisecond (or always the same)."""
    return np.array([person.command_hz(float(start_ms + k), a) for k, a in enumerate(np.asarray(angles, float))])


def held(angle: Any, n_ms: int) -> np.ndarray:
    return np.tile(np.asarray(angle, float), (n_ms, 1))


def bursts(found: np.ndarray) -> list[int]:
    """Return when the command rises."""
    total = found.sum(axis=1)
    return (np.flatnonzero(np.diff(total, prepend=0.0) > 1e-9)).tolist()


def test_numbers_have_their_provenance_and_are_what_is_tested_here() -> None:
    entries = {e.where.split(": ")[-1]: e.quantity for e in tables.read(looking._FILE).root.entries()}
    assert len(entries) == 11 and all(q.note for q in entries.values())
    number = looking._number
    assert number("sight", "delay", "ms") == DELAY and number("sight", "tolerance", "deg") == TOLERANCE
    assert number("command", "duration", "ms") == DURATION and number("command", "pause", "ms") == PAUSE


def test_what_is_seen_is_answered_after_the_delay_of_sight() -> None:
    angles = np.concatenate([held(UPRIGHT, 50), held((10.0, 0, 0), 300)])
    found = commands(Looking(OPEN), angles)
    assert bursts(found)[0] == 50 + DELAY and not found[: 50 + DELAY].any() and found[50 + DELAY].any()


@pytest.mark.parametrize(
    ("angle", "answer"),
    [
        ((-8.0, 0, 0), {"yaw_left": 8}),
        ((8.0, 0, 0), {"yaw_right": 8}),
        ((0, -8.0, 0), {"pitch_down": 8}),
        ((0, 8.0, 0), {"pitch_up": 8}),
        ((0, 0, -8.0), {"roll_right": 8}),
        ((0, 0, 8.0), {"roll_left": 8}),
        ((5.0, 1.0, -20.0), {"yaw_right": 5, "roll_right": 20}),  # 1 degree is let be
    ],
)
def test_an_error_is_answered_against_it_and_in_proportion(angle: Any, answer: dict[str, float]) -> None:
    found = commands(Looking(OPEN), held(angle, 700))
    command = looking.numbers().section("command")
    burst, hold = (command.numbers(name, "Hz/deg", 3) for name in ("burst", "hold"))
    expected = np.zeros((2, 6))
    for direction, error in answer.items():
        k = DIRECTIONS.index(direction)
        expected[:, k] = error * (burst[k // 2] + hold[k // 2]), error * hold[k // 2]
    np.testing.assert_allclose(found[DELAY + 50], expected[0])
    np.testing.assert_allclose(found[DELAY + DURATION + 50], expected[1])  # the tonic effort stays
    assert (found[DELAY : DELAY + DURATION] == found[DELAY]).all()


def test_a_target_to_the_left_is_turned_to() -> None:
    found = commands(Looking((Epoch(0, (30.0, 0.0, 0.0), True),)), held(UPRIGHT, 10))
    assert found[0, DIRECTIONS.index("yaw_left")] > 40 and (np.delete(found[0], 0) == 0).all()


def test_the_effort_that_a_target_needs_is_known() -> None:
    target, start = (10.0, -20.0, 15.0), DELAY + 5
    found = commands(Looking((Epoch(start, target, True), Epoch(1000, None, False))), held(target, 1200), start_ms=0)
    effort = np.array(target) * looking.numbers().section("command").numbers("effort", "Hz/deg", 3)
    # The head is seen to be there: nothing is corrected.
    np.testing.assert_allclose(found[start:1000], np.tile(np.clip(per_direction(effort), 0, None), (1000 - start, 1)))
    assert not found[:start].any() and not found[1000:].any() and effort.any()


@pytest.mark.parametrize("off", [TOLERANCE, -TOLERANCE, 1.0])
def test_small_errors_are_let_be(off: float) -> None:
    assert not commands(Looking(OPEN), held((off, off, off), 1500)).any()
    assert commands(Looking(OPEN), held((1.01 * np.sign(off) * TOLERANCE, 0, 0), 1500)).any()


def test_commands_come_at_most_once_in_their_time_and_effort_grows() -> None:
    found = commands(Looking(OPEN), held((-10.0, 0, 0), 3000))
    assert bursts(found)[:3] == [DELAY + k * (DURATION + PAUSE) for k in range(3)]
    between = found[DELAY + DURATION + PAUSE - 1 :: DURATION + PAUSE, 0]
    np.testing.assert_allclose(between[:3], np.arange(1, 4) * between[0])


def test_rates_have_a_bound() -> None:
    found = commands(Looking((Epoch(0, (500.0, -500.0, 0.0), True),)), held(UPRIGHT, 5))
    assert found.max() == looking._number("command", "highest", "Hz") and found.min() == 0


def test_nothing_is_corrected_with_the_eyes_closed_and_nothing_wanted_of_a_head_that_is_let_go() -> None:
    epochs = (
        Epoch(200, UPRIGHT, True),
        Epoch(1300, UPRIGHT, False),
        Epoch(2500, None, False),
        Epoch(3500, UPRIGHT, True),
    )
    found = commands(Looking(epochs), held((10.0, 0, 0), 3600))
    times = np.arange(1, 3601)
    assert not found[times < 200].any() and found[times == 200].any()
    # What is begun with open eyes is brought to its end, and the effort stays.
    corrections = [200, 200 + DURATION + PAUSE]
    assert bursts(found)[:2] == [at - 1 for at in corrections]
    closed = (times >= corrections[1] + DURATION) & (times < 2500)
    hold = found[times == corrections[1] - 1]
    np.testing.assert_allclose(found[closed], np.repeat(2 * hold, closed.sum(), axis=0))
    assert hold.any() and not found[(times >= 2500) & (times < 3500)].any() and found[times == 3500].any()
    # With open eyes it would have been corrected once more.
    opened = commands(Looking(epochs[:1]), held((10.0, 0, 0), 2400))
    assert bursts(opened)[2] < 2400


def test_the_same_target_goes_on_with_the_same_effort() -> None:
    angles = held((10.0, 0, 0), 3000)
    twice = commands(Looking((Epoch(0, UPRIGHT, True), Epoch(1234, UPRIGHT, True))), angles)
    assert np.array_equal(twice, commands(Looking(OPEN), angles))


def test_a_new_target_is_answered_at_once_and_its_effort_starts_anew() -> None:
    epochs = (Epoch(0, (-10.0, 0, 0), True), Epoch(2500, (10.0, 0, 0), True))
    found = commands(Looking(epochs), held(UPRIGHT, 2510))
    left, right = (DIRECTIONS.index(f"yaw_{side}") for side in ("left", "right"))
    assert found[2498, right] > 0 == found[2498, left]
    assert found[2499, left] > 0 == found[2499, right]
    assert found[2499, left] == found[0, right]


def test_pushes_last_as_long_as_told() -> None:
    left, down = np.array([0.5, 0, 0]), np.array([0, 0.5, 0])
    person = Looking(OPEN, [(100, left), (300, down)])
    found = np.array([person.push_nm(float(ms)) for ms in range(1, 501)])
    times = np.arange(1, 501)
    assert (found[(times > 100) & (times <= 200)] == left).all() and (
        found[(times > 300) & (times <= 400)] == down
    ).all()
    assert np.count_nonzero(found.any(axis=1)) == 200


def test_a_restored_person_goes_on_bit_for_bit() -> None:
    epochs = (Epoch(0, UPRIGHT, True), Epoch(900, (20.0, 5.0, 0.0), True), Epoch(1500, UPRIGHT, False))
    angles = np.random.default_rng(1).normal(0, 10, (2000, 3)).cumsum(axis=0) / 20
    for cut in (30, 150, 920, 1600):
        person, other = Looking(epochs), Looking(epochs)
        commands(person, angles[:cut])
        state = person.state()
        kept = state.copy()
        first = commands(person, angles[cut:], cut + 1)
        other.restore(state)
        assert np.array_equal(first, commands(other, angles[cut:], cut + 1)) and np.array_equal(state, kept)
        assert np.array_equal(person.state(), other.state())
    with pytest.raises(SpecError, match="looking: a state has 309 numbers"):
        Looking(epochs).restore(np.zeros(3))
