"""Motoneurons of a voluntary contraction after 10.1152/jn.1993.70.6.2470, to drive muscles in tests."""

from __future__ import annotations

import numpy as np

from dystolab.body import motor_units

LOWEST_HZ = 8.0
"""Rate of a unit at its threshold."""

GAIN_HZ = 30.0
"""Hz that a unit gains from the threshold of none to that of the last unit; excitation is relative to the latter."""


def rates_hz(effort: float, n_units: int) -> np.ndarray:
    """Return each unit's rate at an effort of 0 to 1, the effort that brings the last unit to its highest rate."""
    units = motor_units.pool(n_units)
    most = 1.0 + (units.highest_hz[-1] - LOWEST_HZ) / GAIN_HZ
    above = effort * most - units.threshold
    return np.where(above >= 0, np.minimum(units.highest_hz, LOWEST_HZ + GAIN_HZ * above), 0.0)


def spikes(effort: float, n_units: int, n_ms: int, seed: int = 1, cv: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    """Return times and units, with normal intervals of that coefficient of variation."""
    draw = np.random.default_rng(seed)
    times, cells = [], []
    for unit, rate in enumerate(rates_hz(effort, n_units)):
        if rate > 0:
            mean_ms = 1000.0 / rate
            gaps = np.maximum(draw.normal(mean_ms, cv * mean_ms, int(1.5 * n_ms / mean_ms) + 10), 0.2 * mean_ms)
            train = np.cumsum(gaps) - draw.uniform(0, mean_ms)
            times.append(train[(train >= 0) & (train < n_ms)])
            cells.append(np.full(times[-1].size, unit))
    return np.concatenate(times), np.concatenate(cells)
