"""Movements with known length, speed and error, and errors that shrink at a known rate."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dystolab.errors import SpecError
from dystolab.measures.movement import adaptation_rate, endpoint_error, path_length_ratio, peak_speed


def minimum_jerk(n_ms: int) -> np.ndarray:
    s = np.arange(n_ms + 1) / n_ms
    return np.asarray(10 * s**3 - 15 * s**4 + 6 * s**5)


def test_a_straight_line_has_the_ratio_1_at_any_speed() -> None:
    path = minimum_jerk(500)[:, None] * np.array([30.0, -40.0, 5.0])
    assert path_length_ratio(path) == pytest.approx(1)
    # Going back on the way counts.
    assert path_length_ratio([[0.0], [4.0], [2.0], [6.0]]) == pytest.approx(10 / 6)


def test_a_half_circle_has_the_ratio_of_half_pi() -> None:
    angle = np.linspace(0, math.pi, 2000)
    assert path_length_ratio(np.stack([np.cos(angle), np.sin(angle)], axis=1)) == pytest.approx(math.pi / 2, rel=1e-5)
    whole = np.linspace(0, 2 * math.pi, 9)[:-1]
    ring = np.stack([np.cos(whole), np.sin(whole)], axis=1)
    assert math.isnan(path_length_ratio(np.vstack([ring, ring[:1]])))


def test_speed_of_minimum_jerk_peaks_in_the_middle_at_15_8ths_of_the_mean() -> None:
    path = minimum_jerk(401)[:, None] * np.array([30.0, 40.0])
    speed, at_ms = peak_speed(path)
    assert speed == pytest.approx(1.875 * 50 / 0.401, rel=1e-4)
    assert at_ms == 200.5
    assert peak_speed(np.zeros((5, 2)))[0] == 0


def test_error_is_the_distance_of_the_end() -> None:
    path = minimum_jerk(300)[:, None] * np.array([10.0, 0.0])
    assert endpoint_error(path, [10.0, 0.0]) == pytest.approx(0)
    assert endpoint_error(path, [13.0, 4.0]) == pytest.approx(5)


@pytest.mark.parametrize("rate", [0.03, 0.1, 0.5])
def test_adaptation_has_its_rate_in_spite_of_noise_and_a_lapse(rate: float) -> None:
    trial = np.arange(100)
    errors = 4 + 26 * np.exp(-rate * trial) + np.random.default_rng(1).normal(0, 1, 100)
    errors[40] = 60
    assert adaptation_rate(errors) == pytest.approx(rate, rel=0.25)
    assert adaptation_rate(-errors) == pytest.approx(adaptation_rate(errors), rel=1e-3)


def test_without_adaptation_there_is_no_rate() -> None:
    assert adaptation_rate(np.full(50, 3.0)) == 0
    assert adaptation_rate(np.linspace(30, 20, 50)) == 0
    rates = [adaptation_rate(np.random.default_rng(seed).normal(20, 3, 20)) for seed in range(30)]
    assert rates == [0] * 30


def test_what_is_no_movement_is_refused() -> None:
    for wrong in ([[1.0, 2.0]], [1.0, 2.0, 3.0], [[0.0], [np.nan]], np.zeros((3, 0))):
        with pytest.raises(SpecError, match="at least 2 rows of finite coordinates"):
            path_length_ratio(wrong)
    with pytest.raises(SpecError, match="needs 2 finite coordinates"):
        endpoint_error(np.zeros((3, 2)), [1.0])
    with pytest.raises(SpecError, match="at least 20 finite values"):
        adaptation_rate(np.zeros(19))
