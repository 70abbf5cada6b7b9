"""Tremor of the head: sines, noise and slow movements whose spectra are known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dystolab.errors import SpecError
from dystolab.measures.tremor import tremor


def test_a_sine_has_its_frequency_and_its_variance() -> None:
    at_s = np.arange(20_000) / 1000
    waves = [3 * np.sin(2 * math.pi * 2 * at_s), 1 * np.sin(2 * math.pi * 5 * at_s), np.zeros(20_000)]
    found = tremor(np.stack(waves, axis=1) + 15)
    assert found.peak_hz[:2] == pytest.approx([2, 5])
    assert math.isnan(found.peak_hz[2])
    assert found.power_deg2 == pytest.approx([4.5, 0.5, 0], rel=1e-3, abs=1e-9)
    assert found.axis == "yaw"
    assert tremor(np.stack(waves[::-1], axis=1)).axis == "roll"


def test_power_of_noise_is_its_share_of_the_band() -> None:
    noise = np.random.default_rng(5).normal(0, 2, (60_000, 3))
    # Variance of 4 spread over 500 Hz; the band holds 45 bins of a quarter of a hertz.
    assert tremor(noise).power_deg2 == pytest.approx(4 * 45 / 4 / 500, rel=0.2)


def test_slow_and_fast_movements_are_no_tremor() -> None:
    at_s = np.arange(20_000) / 1000
    slow = 10 * np.sin(2 * math.pi * 0.1 * at_s)
    drifting = 30 * np.exp(-at_s / 5)
    fast = np.sin(2 * math.pi * 20 * at_s)
    found = tremor(np.stack([slow, drifting, fast], axis=1))
    assert np.isnan(found.peak_hz[:2]).all()
    assert (found.power_deg2 < 0.01).all()
    assert tremor(np.outer(at_s, [10.0, -2.0, 0.0])).power_deg2.tolist() == [0, 0, 0]
    # A small tremor is found on top of them.
    found = tremor(np.stack([slow, drifting, fast], axis=1) + np.sin(2 * math.pi * 2.5 * at_s)[:, None])
    assert found.peak_hz == pytest.approx([2.5, 2.5, 2.5])
    assert found.power_deg2 == pytest.approx(0.5, rel=0.05)


def test_a_head_at_rest_has_no_axis_and_short_records_are_refused() -> None:
    assert tremor(np.full((4000, 3), 15.0)).axis == ""
    with pytest.raises(SpecError, match="at least 4000 ms of angles, got 3999"):
        tremor(np.zeros((3999, 3)))
