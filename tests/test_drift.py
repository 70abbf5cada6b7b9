"""Drift of the head towards a null: found where there is one, in noise, tremor and jerks, and only there."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dystolab.errors import SpecError
from dystolab.measures import exponential
from dystolab.measures.drift import Drift, drift


def record(tau_s: float, seed: int, n_ms: int = 3000) -> np.ndarray:
    """Return a drift from 30 to 6 degrees with noise."""
    at_s = np.arange(n_ms) / 1000
    return 6 + 24 * np.exp(-at_s / tau_s) + np.random.default_rng(seed).normal(0, 0.5, n_ms)


@pytest.mark.parametrize("tau_s", [0.05, 0.3, 1.0, 2.0])
def test_drift_is_found_in_noise(tau_s: float) -> None:
    found = drift(record(tau_s, 1))
    assert found.tau_s == pytest.approx(tau_s, rel=0.1)
    assert found.null_deg == pytest.approx(6, abs=1)


def test_mirrored_drift_has_the_same_time_constant() -> None:
    there, mirrored = drift(record(0.6, 2)), drift(-record(0.6, 2))
    assert mirrored.tau_s == pytest.approx(there.tau_s, rel=1e-3)
    assert mirrored.null_deg == pytest.approx(-there.null_deg, rel=1e-3)


def test_tremor_and_jerks_pull_little() -> None:
    angle = record(0.6, 3) + 2 * np.sin(2 * math.pi * 3 * np.arange(3000) / 1000)
    angle[1500:1650] += 40
    found = drift(angle)
    assert found.tau_s == pytest.approx(0.6, rel=0.1)
    assert found.null_deg == pytest.approx(6, abs=1)


@pytest.mark.parametrize("seed", range(5))
def test_a_head_that_does_not_drift_has_no_time_constant(seed: int) -> None:
    noise = np.random.default_rng(seed).normal(0, 1, 3000)
    tremor_s = np.arange(3000) / 1000
    for angle in (30 + noise, 30 + np.sin(2 * math.pi * 2 * tremor_s) + 0.1 * noise):
        found = drift(angle)
        assert math.isinf(found.tau_s) and math.isnan(found.null_deg)


def test_drift_that_does_not_slow_down_within_the_record_has_no_null() -> None:
    ramp = 30 - 0.005 * np.arange(3000)
    noise = np.random.default_rng(0).normal(0, 0.2, 3000)
    away = 2 + 0.5 * np.exp(np.arange(3000) / 800)
    for angle in (ramp, ramp + noise, away, record(20.0, 4), np.full(3000, 5.0)):
        assert math.isinf(drift(angle).tau_s)
    assert drift(30 * np.exp(-np.arange(3000) / 2900)).tau_s == pytest.approx(2.9)
    assert isinstance(drift(np.zeros(100)), Drift)


def test_what_is_no_record_is_refused() -> None:
    for wrong in (np.zeros(99), np.zeros((200, 3)), np.full(200, np.nan)):
        with pytest.raises(SpecError, match="at least 100 finite angles"):
            drift(wrong)
    with pytest.raises(SpecError, match="at least 20 finite values"):
        exponential.fit(np.zeros(19))
