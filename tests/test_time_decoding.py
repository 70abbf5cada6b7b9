"""Reading time from spikes: what must be found, and what must not."""

from __future__ import annotations

import numpy as np
import pytest

from dystolab.measures import time_decoding

TRIALS, CELLS, WINDOW = 60, 60, 300


def spikes(rate_hz: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return Poisson spikes of trials of 1 s, times, cells and onsets; ``rate_hz`` (cells, 1000) by ms of the trial."""
    rng = np.random.default_rng(seed)
    hit = rng.random((TRIALS, *rate_hz.shape)) < rate_hz / 1000.0
    trial, cell, ms = np.nonzero(hit)
    times = trial * 1000.0 + ms + rng.random(ms.size)
    order = np.argsort(times)
    return times[order], cell[order], 300.0 + 1000.0 * np.arange(TRIALS)


def bumps(width_ms: float) -> np.ndarray:
    """Return the rates of cells that are active in turn after the onset at 300 ms."""
    centre = 300.0 + np.linspace(-60, 420, CELLS)
    return 100.0 * np.exp(-0.5 * ((np.arange(1000) - centre[:, None]) / width_ms) ** 2)


def test_time_is_read_from_cells_that_fire_in_turn() -> None:
    times, cells, onsets = spikes(bumps(30.0))
    told = time_decoding.read_time(times, cells, np.arange(CELLS), onsets, WINDOW)
    assert told.true_ms[[0, -1]].tolist() == [0.0, WINDOW]
    assert told.estimate_ms.shape == (18, 61)
    assert np.sqrt(np.mean(told.error_ms**2)) < 20
    assert abs(np.mean(told.estimate_ms - told.true_ms)) < 10


def test_broad_cells_tell_less() -> None:
    narrow, broad = (
        time_decoding.read_time(*spikes(bumps(width))[:2], np.arange(CELLS), spikes(bumps(width))[2], WINDOW)
        for width in (30.0, 200.0)
    )
    assert np.mean(broad.error_ms) > 1.5 * np.mean(narrow.error_ms)


def test_steady_cells_tell_nothing() -> None:
    times, cells, onsets = spikes(np.full((CELLS, 1000), 20.0))
    told = time_decoding.read_time(times, cells, np.arange(CELLS), onsets, WINDOW)
    # Chance is the spread of the window itself, 87 ms, or more.
    assert np.sqrt(np.mean(told.error_ms**2)) > 75


def test_weights_are_not_negative_and_fit() -> None:
    rng = np.random.default_rng(1)
    x = rng.random((5, 40, 6)).astype(np.float32)
    x[:] = x[:1]
    true = np.array([[1.0], [0.0], [0.5], [0.0], [2.0], [0.1]])
    found = time_decoding.fit(x, x[0] @ true)
    assert found.min() >= 0
    assert x[0] @ found == pytest.approx(x[0] @ true, rel=0.1)


def test_inputs_fade_from_bin_to_bin() -> None:
    x = time_decoding.inputs(np.array([107.0]), np.array([3]), np.array([1, 3]), np.array([100.0]), 0, 30)
    fade = np.exp(-5 / 20)
    assert x[0, :, 0].tolist() == [0.0] * 6
    assert x[0, :, 1] == pytest.approx([0.0, 1.0, fade, fade**2, fade**3, fade**4], rel=1e-5)
