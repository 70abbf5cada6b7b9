"""Spindles: a stretch whose answer is known, conduction, and a state that goes on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dystolab.body import spindle
from dystolab.circuit import tables
from dystolab.errors import SpecError

REST_MM = np.array([100.0, 170.0])


def ramp() -> tuple[np.ndarray, np.ndarray]:
    """Return length beyond rest and velocity: 200 ms at rest, 10 mm at 50 mm/s, held, and back."""
    velocity = np.repeat([0.0, 50.0, 0.0, -50.0, 0.0], 200)
    return np.cumsum(velocity) / 1000, velocity


def test_numbers_have_their_provenance() -> None:
    table = tables.read(spindle._FILE)
    entries = [entry.quantity for entry in table.root.entries()]
    assert len(entries) == 11 and all(q.note for q in entries)
    assert set(table.sources.values()) <= {q.source for q in entries}


def test_ramp_and_hold_is_answered_as_fitted_in_the_cat() -> None:
    ia, ii = spindle.rates_hz(*ramp())
    moving = 4.3 * 50**0.6
    assert (ia[100], ii[100]) == (82, 80)
    assert ia[399] == pytest.approx(82 + moving + 20) and ii[399] == pytest.approx(80 + 135)
    assert ia[500] == pytest.approx(82 + 20) and ii[500] == pytest.approx(80 + 135)
    assert ia[600] == pytest.approx(82 + 20 - moving, abs=0.2)
    # What stops with the movement is the dynamic index: 45 Hz in Ia, none in II.
    assert ia[399] - ia[400] == pytest.approx(45.0, abs=0.1) and ii[399] == ii[400]
    assert (ia[-1], ii[-1]) == (pytest.approx(82), pytest.approx(80))


def test_velocity_is_compressed_and_rates_have_bounds() -> None:
    ia, _ = spindle.rates_hz(np.zeros(3), [1.0, 10.0, 100.0])
    np.testing.assert_allclose(np.diff(np.log(ia - 82)), 0.6 * np.log(10))
    ia, ii = spindle.rates_hz([-10.0, 0.0], [0.0, -1000.0])
    assert ii[0] == 0.0 and ia[1] == 0.0
    ia, ii = spindle.rates_hz([30.0], [3000.0])
    assert ia[0] == ii[0] == 300.0


def test_muscles_of_any_length_answer_alike_to_strain() -> None:
    spindles = spindle.Spindles(REST_MM)
    for _ in range(10):
        ia, ii = spindles.step(REST_MM * 1.1, REST_MM * 0.5)
    assert ia == pytest.approx([82 + 4.3 * 50**0.6 + 20] * 2) and ii == pytest.approx([215] * 2)


def test_muscles_of_known_excursion_answer_alike_to_the_share_of_it() -> None:
    excursion = np.array([12.5, 50.0])
    spindles = spindle.Spindles(REST_MM, excursion)
    for _ in range(10):
        ia, ii = spindles.step(REST_MM + 0.4 * excursion, 2 * excursion)
    stretch, velocity = (share * spindle._numbers().section("fit").number("excursion", "mm") for share in (0.4, 2.0))
    wanted = spindle.rates_hz([stretch] * 2, [velocity] * 2)
    np.testing.assert_allclose((ia, ii), wanted)
    # Without any, the excursion is the share of their length that it is in the cat.
    usual = spindle.Spindles(REST_MM, 0.1 * REST_MM)
    other = spindle.Spindles(REST_MM)
    for _ in range(10):
        found = usual.step(REST_MM * 1.03, REST_MM * 0.2), other.step(REST_MM * 1.03, REST_MM * 0.2)
    np.testing.assert_allclose(*found)


@pytest.mark.parametrize("further_ms", [(0, 0), (7, 13)])
def test_rates_arrive_after_their_conduction(further_ms: tuple[int, int]) -> None:
    spindles = spindle.Spindles(REST_MM, further_ms=further_ms)
    delays = (3 + further_ms[0], 7 + further_ms[1])
    stretch, velocity = ramp()
    lengths = REST_MM + np.outer(stretch, (1.0, 0.0))
    heard = np.array([spindles.step(mm, (v, 0.0)) for mm, v in zip(lengths, velocity, strict=True)])
    for kind, (rate, delay) in enumerate(zip(spindle.rates_hz(stretch, velocity), delays, strict=True)):
        np.testing.assert_allclose(heard[delay:, kind, 0], rate[:-delay])
        assert (heard[:delay, kind] == rate[0]).all() and (heard[:, kind, 1] == rate[0]).all()


MOVEMENT = st.lists(st.tuples(st.floats(-40, 40), st.floats(-3000, 3000)), min_size=8, max_size=12)


@given(MOVEMENT)
def test_any_movement_gives_the_rates_of_the_formula(movement: list[tuple[float, float]]) -> None:
    spindles = spindle.Spindles([100.0])
    heard = np.array([spindles.step([100.0 + mm], [speed]) for mm, speed in movement])[:, :, 0]
    stretch, speed = np.array(movement).T
    for kind, (rate, delay) in enumerate(zip(spindle.rates_hz(100.0 + stretch - 100.0, speed), (3, 7), strict=True)):
        np.testing.assert_allclose(heard[delay:, kind], rate[:-delay], rtol=1e-12, atol=1e-11)


def test_a_restored_state_goes_on_bit_for_bit() -> None:
    draw = np.random.default_rng(1)
    spindles, other = spindle.Spindles(REST_MM), spindle.Spindles(REST_MM)
    moves = draw.normal(0, 5, (40, 2, 2))
    for stretch, velocity in moves[:20]:
        spindles.step(REST_MM + stretch, velocity)
    state = spindles.state()
    first = [spindles.step(REST_MM + stretch, velocity) for stretch, velocity in moves[20:]]
    other.restore(state)
    assert np.array_equal(first, [other.step(REST_MM + stretch, velocity) for stretch, velocity in moves[20:]])
    assert np.array_equal(spindles.state(), other.state())


def test_spindles_hear_the_neck() -> None:
    pytest.importorskip("mujoco")
    from dystolab.body.neck import Neck

    neck = Neck()
    spindles = spindle.Spindles(neck.length_mm)
    for _ in range(100):
        neck.step(np.zeros(28), push_nm=(5.0, 0.0, 0.0))
        ia, _ = spindles.step(neck.length_mm, neck.velocity_mm_per_s)
    # Turned to the left, the muscles that turn to the right are stretched.
    right, left = (neck.muscles.index(f"splenius_capitis_{side}") for side in ("right", "left"))
    assert ia[right] > 100 > 82 > ia[left]


def test_what_is_no_movement_is_refused() -> None:
    with pytest.raises(SpecError, match=r"a velocity for each length, got shapes \(2,\) and \(1,\)"):
        spindle.rates_hz([0.0, 1.0], [0.0])
    with pytest.raises(SpecError, match="must be finite"):
        spindle.rates_hz([np.nan], [0.0])
    for wrong in ([], [[100.0]], [np.inf], [0.0]):
        with pytest.raises(SpecError, match="rest_mm must be lengths above 0"):
            spindle.Spindles(wrong)
    for wrong in ([10.0], [10.0, 0.0], [10.0, np.nan], 10.0):
        with pytest.raises(SpecError, match="excursion_mm must be lengths above 0, one per muscle"):
            spindle.Spindles(REST_MM, wrong)
    spindles = spindle.Spindles(REST_MM)
    for length, velocity in (([100.0], [0.0]), (REST_MM, [0.0])):
        with pytest.raises(SpecError, match="lengths and velocities of 2 muscles"):
            spindles.step(length, velocity)
    before = spindles.state()
    for length, velocity in ((REST_MM * np.nan, REST_MM), (REST_MM, [0.0, np.inf])):
        with pytest.raises(SpecError, match="lengths and velocities must be finite"):
            spindles.step(length, velocity)
    assert np.array_equal(spindles.state(), before)
    with pytest.raises(SpecError, match="not the state of spindles of 2 muscles"):
        spindles.restore(np.zeros(3))
