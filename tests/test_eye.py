"""The eye: its table, its exact steps, and saccades against published ones."""

from __future__ import annotations

import numpy as np
import pytest

from dystolab.body import eye
from dystolab.circuit import tables
from dystolab.errors import SpecError

# deg/s: mean and SD, horizontal, by target in degrees (PMC6143243); at 40 the ceiling (10.1113/jphysiol.1988.sp017284).
PEAK_DEG_PER_S = {5: (213, 29), 15: (352, 50), 30: (455, 67), 40: (502, 32)}
MOVING_DEG_PER_S = 20.0


def saccade(amplitude_deg: float, start_deg: float = 0.0, gain: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Return angle and velocity after each of 400 ms, the pulse's burst scaled by `gain` against the step's."""
    body = eye.Eye()
    body.place(start_deg)
    burst = eye.burst_deg_per_s(amplitude_deg, 400)
    slow_s = eye._numbers().section("plant").number("slow", "s")
    angle, velocity = [], []
    for drive_deg in eye.pulse_step_deg(burst, start_deg) + (gain - 1.0) * slow_s * burst:
        body.step(drive_deg)
        angle.append(body.angle_deg)
        velocity.append(body.velocity_deg_per_s)
    return np.array(angle), np.array(velocity)


def duration_ms(velocity: np.ndarray) -> int:
    return int(np.count_nonzero(np.abs(velocity) > MOVING_DEG_PER_S))


# The table


def test_numbers_have_their_provenance() -> None:
    entries = list(eye._numbers().entries())
    assert len(entries) == 6 and all(e.quantity.source and e.quantity.note for e in entries)
    assert set(tables.read(eye._FILE).sources.values()) <= {e.quantity.source for e in entries}


# The plant


def test_a_step_of_drive_is_followed_through_two_stages_exactly() -> None:
    plant = eye._numbers().section("plant")
    slow, fast = plant.number("slow", "s"), plant.number("fast", "s")
    body, seen = eye.Eye(), []
    for _ in range(600):
        body.step(10.0)
        seen.append((body.angle_deg, body.velocity_deg_per_s))
    t = 0.001 * np.arange(1, 601)
    left = (slow * np.exp(-t / slow) - fast * np.exp(-t / fast)) / (slow - fast)
    np.testing.assert_allclose(np.array(seen)[:, 0], 10.0 * (1.0 - left), rtol=1e-12)
    speed = 10.0 * (np.exp(-t / slow) - np.exp(-t / fast)) / (slow - fast)
    np.testing.assert_allclose(np.array(seen)[:, 1], speed, rtol=1e-10)


def test_a_step_alone_is_slow_and_a_pulse_makes_it_fast() -> None:
    body = eye.Eye()
    body.step(10.0, n_ms=60)
    assert body.angle_deg < 4.0
    assert saccade(10.0)[0][60] > 9.0


def test_a_pulse_that_matches_the_step_leaves_no_drift_and_another_does() -> None:
    def drift_deg(gain: float) -> float:
        angle, velocity = saccade(20.0, gain=gain)
        over = np.flatnonzero(velocity > MOVING_DEG_PER_S)[-1] if gain <= 1.0 else np.argmax(angle)
        return float(angle[over + 200] - angle[over])

    assert abs(drift_deg(1.0)) < 0.3
    assert drift_deg(0.8) > 1.0 and drift_deg(1.2) < -1.0


# Saccades


def test_peak_velocities_are_those_of_people() -> None:
    for amplitude, (mean, sd) in PEAK_DEG_PER_S.items():
        found = saccade(amplitude, -amplitude / 2)[1].max()
        assert abs(found - mean) < 1.1 * sd, (amplitude, found)


def test_peak_velocity_has_a_ceiling_and_duration_grows_in_a_straight_line() -> None:
    size = np.array([5.0, 10.0, 20.0, 30.0, 40.0, 50.0])
    traces = [saccade(amplitude, -amplitude / 2)[1] for amplitude in size]
    peak = np.array([velocity.max() for velocity in traces])
    assert (np.diff(peak) > 0).all() and peak[-1] / peak[-2] < 1.02 and peak[1] / peak[0] > 1.5
    lasting = np.array([duration_ms(velocity) for velocity in traces])
    slope, start = np.polyfit(size, lasting, 1)
    # 2.2 ms per degree and 21 ms as quoted in public code; the threshold of that rule was not read.
    assert slope == pytest.approx(2.2, abs=0.3) and start == pytest.approx(21, abs=20)
    assert np.abs(lasting - slope * size - start).max() < 8
    assert lasting[1] == pytest.approx(60, abs=6)


def test_saccades_fall_short_by_half_a_degree_at_any_size_and_side() -> None:
    for amplitude in (-70.0, -10.0, 2.0, 10.0, 30.0, 70.0):
        angle = saccade(amplitude, -amplitude / 2)[0]
        assert abs(amplitude) - abs(angle[-1] + amplitude / 2) == pytest.approx(0.5, abs=1e-3)
        assert np.abs(angle).max() <= abs(amplitude) / 2
    np.testing.assert_array_equal(saccade(-10.0)[0], -saccade(10.0)[0])


def test_no_burst_for_less_than_its_shortfall() -> None:
    assert not eye.burst_deg_per_s(0.4, 50).any() and not eye.burst_deg_per_s(0.0, 50).any()


# Exchanges of one millisecond


def test_steps_add_up_and_a_restored_eye_goes_on_bit_for_bit() -> None:
    body = eye.Eye()
    body.step(30.0, n_ms=17)
    state = body.state()
    body.step(-12.5, n_ms=40)
    other = eye.Eye()
    other.restore(state)
    for _ in range(40):
        other.step(-12.5)
    assert np.array_equal(other.state(), body.state())


def test_nonsense_is_refused_in_one_line() -> None:
    body = eye.Eye()
    with pytest.raises(SpecError, match=r"drive_deg must lie in -200 to 200 degrees, got 201"):
        body.step(201.0)
    with pytest.raises(SpecError, match="drive_deg must lie in"):
        body.step(float("nan"))
    with pytest.raises(SpecError, match="at least 1 ms"):
        body.step(0.0, n_ms=0)
    with pytest.raises(SpecError, match=r"angle_deg must lie in -45 to 45 degrees, got 46"):
        body.place(46.0)
    with pytest.raises(SpecError, match="state must be 2"):
        body.restore(np.zeros(3))
    with pytest.raises(SpecError, match=r"amplitude_deg must lie in -90 to 90 degrees, got 91"):
        eye.burst_deg_per_s(91.0, 100)
    with pytest.raises(SpecError, match="at least 1 ms, got 0"):
        eye.burst_deg_per_s(10.0, 0)
    with pytest.raises(SpecError, match="finite numbers"):
        eye.pulse_step_deg([[1.0]])
