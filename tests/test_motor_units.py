"""Motor units against closed forms, against single units of human muscles, and a step against the whole train."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

import voluntary_drive
from dystolab.body import motor_units
from dystolab.circuit import tables
from dystolab.errors import SpecError

N = 100
DELAY_MS = 4.0


def curve(fusion: float) -> float:
    """Return the force of a regular train, relative to a fused one, by contraction time over interval."""
    return 1 - math.exp(-2 * fusion**3) if fusion > 0.4 else fusion / 0.4 * (1 - math.exp(-2 * 0.4**3))


def shares() -> np.ndarray:
    """Return each unit's fused force over the strongest voluntary force of the pool."""
    units = motor_units.pool(N)
    fused = units.twitch_force
    return fused / sum(
        f * curve(t * r / 1000) for f, t, r in zip(fused, units.contraction_ms, units.highest_hz, strict=True)
    )


def nearest(contraction_ms: float) -> int:
    return int(np.abs(motor_units.pool(N).contraction_ms - contraction_ms).argmin())


def regular(unit: int, rate_hz: float, n_ms: int = 3000) -> np.ndarray:
    """Return the activation from a regular train of one unit, its first second left out, as a share of a fused one."""
    times = np.arange(0.0, n_ms, 1000.0 / rate_hz)
    return motor_units.activation(times, np.full(times.size, unit), N, n_ms)[1000:] / shares()[unit]


def test_numbers_have_their_provenance() -> None:
    table = tables.read(motor_units._FILE)
    entries = [entry.quantity for entry in table.root.entries()]
    assert len(entries) == 10 and all(q.note for q in entries)
    assert set(table.sources.values()) <= {q.source for q in entries}


def test_units_spread_exponentially_and_strong_ones_are_fast() -> None:
    units = motor_units.pool(N)
    assert units.twitch_force[-1] / units.twitch_force[0] == pytest.approx(100)
    assert units.contraction_ms[[0, -1]] == pytest.approx([90, 30])
    for values in (units.twitch_force, units.contraction_ms, units.threshold):
        np.testing.assert_allclose(np.diff(np.log(values)), np.log(values[-1] / values[0]) / (N - 1))
    assert (np.diff(units.highest_hz) < 0).all() and units.highest_hz[-1] == 25
    # Biceps 31.1 (SD 10.1), adductor pollicis 29.9 (SD 8.6) Hz in strongest contractions (10.1152/jn.1983.50.6.1380).
    assert units.highest_hz.mean() == pytest.approx(30.5, abs=3)


@pytest.mark.parametrize("unit", [0, 60, N - 1])
@pytest.mark.parametrize("spike_ms", [20.0, 20.3, 20.9])
def test_one_twitch_has_its_peak_and_its_time_to_peak(unit: int, spike_ms: float) -> None:
    found = motor_units.activation(np.array([spike_ms]), np.array([unit]), N, 1000)
    contraction_ms = motor_units.pool(N).contraction_ms[unit]
    # A single twitch is 3.33 / e of what the force-frequency curve leaves of it when fused.
    peak = shares()[unit] * (1 - math.exp(-2 * 0.4**3)) / 0.4 / math.e
    x = np.maximum(np.arange(1, 1001) - spike_ms - DELAY_MS, 0.0) / contraction_ms
    np.testing.assert_allclose(found, peak * x * np.exp(1 - x), rtol=1e-9, atol=1e-15)
    assert found.max() == pytest.approx(peak, rel=1e-3)
    assert abs(found.argmax() + 1 - (spike_ms + DELAY_MS + contraction_ms)) <= 0.6


def test_twitch_over_fused_force_is_one_ninth() -> None:
    single = motor_units.activation(np.array([0.0]), np.array([50]), N, 500).max() / shares()[50]
    assert regular(50, 100).mean() / single == pytest.approx(9.05, rel=0.01)


def test_irregular_trains_are_the_sum_of_their_twitches() -> None:
    times, cells = voluntary_drive.spikes(0.7, N, 600)
    units = motor_units.pool(N)
    at, expected = np.arange(1, 601), np.zeros(600)
    for unit in range(N):
        train = np.sort(times[cells == unit])
        for spike, gap in zip(train, np.diff(train, prepend=-np.inf), strict=True):
            fusion = max(units.contraction_ms[unit] / gap, 0.4)
            x = np.maximum(at - spike - DELAY_MS, 0.0) / units.contraction_ms[unit]
            expected += shares()[unit] * curve(fusion) / fusion * x * np.exp(-x)
    shuffled = np.random.default_rng(2).permutation(times.size)
    found = motor_units.activation(times[shuffled], cells[shuffled], N, 600)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("unit", [0, 50, N - 1])
def test_force_rises_with_rate_along_the_published_curve(unit: int) -> None:
    rates = [2, 4, 6, 8, 10, 13, 16, 20, 25, 32, 40, 60, 100]
    found = [regular(unit, rate).mean() for rate in rates]
    # Fused, it stays where it is, but for the part of a period at the end.
    assert (np.diff(found) > -0.005).all() and (np.diff([f for f in found if f < 0.95]) > 0.01).all()
    contraction_ms = motor_units.pool(N).contraction_ms[unit]
    np.testing.assert_allclose(found, [curve(rate * contraction_ms / 1000) for rate in rates], rtol=0.02)


@pytest.mark.parametrize(
    ("contraction_ms", "half_hz", "within_hz"),
    # Toe extensors, mean and SE (J Neurophysiol 75:2509); thenar, middle of 35 to 80 ms, and SD (65:1509).
    [(74.8, 9.6, 0.6), (57.5, 12.0, 4.0)],
)
def test_half_force_is_reached_at_the_rates_of_human_units(
    contraction_ms: float, half_hz: float, within_hz: float
) -> None:
    unit = nearest(contraction_ms)
    found = brentq(lambda rate: regular(unit, rate).mean() - 0.5, 3, 40, xtol=0.05)
    assert found == pytest.approx(half_hz, abs=within_hz)


def test_twitches_fuse_with_rate() -> None:
    rates = (1, 2, 3, 5, 8, 12, 20, 30, 50)
    ripple = [np.ptp(force := regular(nearest(57.5), rate)) / force.max() for rate in rates]
    assert (np.diff(ripple) < 0).all()
    # Fused at 30 Hz; human thenar units at 30 to 100. Those begin to fuse at 5 to 8 Hz (10.1152/jn.1991.65.6.1509),
    # these at 3 Hz: a critically damped twitch decays more slowly than a real one.
    assert ripple[rates.index(30)] < 0.05 and ripple[rates.index(3)] == pytest.approx(0.95, abs=0.01)


def test_all_units_at_their_highest_rates_give_1_and_more_gives_no_more() -> None:
    units = motor_units.pool(N)
    for factor in (1.0, 2.0):
        trains = [np.arange(k / N, 3, 1 / (factor * rate)) * 1000 for k, rate in enumerate(units.highest_hz)]
        cells = np.repeat(np.arange(N), [train.size for train in trains])
        found = motor_units.activation(np.concatenate(trains), cells, N, 3000)[1500:]
        assert found.max() <= 1.0 and found.mean() > 0.99


def test_effort_recruits_weak_units_first_and_steadies_force() -> None:
    efforts = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
    force, spread = [], []
    for effort in efforts:
        times, cells = voluntary_drive.spikes(effort, N, 3000)
        active = np.unique(cells)
        assert active.tolist() == list(range(active.size))
        found = motor_units.activation(times, cells, N, 3000)[1000:]
        force.append(found.mean())
        spread.append(found.std() / found.mean())
    assert (np.diff(force) > 0).all() and force[0] < 0.02 and 0.9 < force[-1] <= 1.0
    assert spread[0] > 1.5 * spread[-1] and 0.005 < spread[-1] < 0.03


def by_ms(times: np.ndarray, cells: np.ndarray, n_ms: int) -> list[tuple[np.ndarray, np.ndarray]]:
    ms = np.maximum(np.ceil(times - 1e-9).astype(int) - 1, 0)
    return [(times[ms == k], cells[ms == k]) for k in range(n_ms)]


def three_muscles(n_ms: int) -> tuple[np.ndarray, np.ndarray]:
    """Return spikes on the engine's grid of 0.1 ms, on the borders of milliseconds too, muscle by muscle.

    A unit that is silent otherwise fires twice within a millisecond.
    """
    times, cells = [np.array([100.2, 100.7])], [np.array([N - 1, N - 1])]
    for muscle, effort in enumerate((0.2, 0.9, 0.5)):
        found, units = voluntary_drive.spikes(effort, N, n_ms, seed=muscle)
        grid = np.rint(found * 10) / 10
        times.append(np.where(np.arange(grid.size) % 2, np.nextafter(grid, np.inf), grid))
        cells.append(units + muscle * N)
    return np.concatenate(times), np.concatenate(cells)


def test_steps_give_the_numbers_of_the_whole_train() -> None:
    times, cells = three_muscles(600)
    on_border = np.abs(times - np.rint(times)) < 1e-9
    assert (times[on_border] > np.rint(times[on_border])).any() and (times == np.rint(times)).any()
    muscles = motor_units.Muscles(3, N)
    stepped = np.array([muscles.step(*spikes) for spikes in by_ms(times, cells, 600)])
    for muscle in range(3):
        mine = cells // N == muscle
        whole = motor_units.activation(times[mine], cells[mine] % N, N, 600)
        np.testing.assert_allclose(stepped[:, muscle], whole, rtol=0, atol=1e-12)
    assert stepped[-1].min() > 0.05


def test_a_longer_nerve_delays_the_same_force() -> None:
    spikes = by_ms(*three_muscles(300), 300)
    near, far = motor_units.Muscles(3, N), motor_units.Muscles(3, N, further_ms=6.0)
    forces = [np.array([muscles.step(*each) for each in spikes]) for muscles in (near, far)]
    np.testing.assert_allclose(forces[1][6:], forces[0][:-6], rtol=0, atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.sampled_from([2, 7, 60]), st.floats(0.0, 0.6))
def test_any_spikes_in_any_order_give_the_numbers_of_the_whole_train(
    seed: int, n_muscles: int, n_units: int, chance: float
) -> None:
    draw, n_ms = np.random.default_rng(seed), 80
    muscles, rows = motor_units.Muscles(n_muscles, n_units), []
    stepped = np.zeros((n_ms, n_muscles))
    for ms in range(n_ms):
        cells = np.flatnonzero(draw.random(2 * n_muscles * n_units) < chance) % (n_muscles * n_units)
        cells = draw.permutation(cells).astype(draw.choice([np.int32, np.int64]))
        times = ms + 1 - draw.random(cells.size)  # some units fire twice
        kept = times.copy(), cells.copy()
        stepped[ms] = muscles.step(times, cells)
        assert np.array_equal(times, kept[0]) and np.array_equal(cells, kept[1])
        rows.append(kept)
    times, cells = (np.concatenate(part) for part in zip(*rows, strict=True))
    for muscle in range(n_muscles):
        mine = cells // n_units == muscle
        whole = motor_units.activation(times[mine], cells[mine] % n_units, n_units, n_ms)
        np.testing.assert_allclose(stepped[:, muscle], whole, rtol=1e-12, atol=0)


def test_a_restored_state_goes_on_bit_for_bit() -> None:
    spikes = by_ms(*three_muscles(300), 300)
    muscles = motor_units.Muscles(3, N)
    for k in range(150):
        muscles.step(*spikes[k])
    state = muscles.state()
    untouched = state.copy()
    first = np.array([muscles.step(*spikes[k]) for k in range(150, 300)])
    other = motor_units.Muscles(3, N)
    for _ in range(2):
        other.restore(state)
        assert np.array_equal(first, [other.step(*spikes[k]) for k in range(150, 300)])
    assert np.array_equal(state, untouched) and np.array_equal(muscles.state(), other.state())


def test_a_refused_step_changes_nothing() -> None:
    muscles = motor_units.Muscles(2, N)
    muscles.step(np.array([0.5]), np.array([3]))
    before = muscles.state()
    for times, cells in (([1.4, 1.4], [5, 5]), ([0.5], [3]), ([2.2], [3]), ([1.5], [200])):
        with pytest.raises(SpecError):
            muscles.step(np.array(times), np.array(cells))
    assert np.array_equal(muscles.state(), before)


@pytest.mark.parametrize(
    ("times", "cells", "n_units", "n_ms", "complaint"),
    [
        ([1.0], [0], 1, 10, "at least 2 units, got 1"),
        ([1.0], [0], N, 0, "at least 1 ms, got 0"),
        ([-1.0], [0], N, 10, "before 0 ms, got -1"),
        ([math.nan], [0], N, 10, "before 0 ms, got nan"),
        ([1.0], [N], N, 10, "in 0 to 99, got 100 to 100"),
        ([1.0], [0.5], N, 10, "whole numbers"),
        ([1.0, 2.0], [0], N, 10, "a cell for each spike"),
        ([3.0, 3.0], [7, 7], N, 10, "follow one another, got 2 at 3 ms"),
    ],
)
def test_what_is_no_recording_of_the_pool_is_refused(
    times: list[float], cells: list[float], n_units: int, n_ms: int, complaint: str
) -> None:
    with pytest.raises(SpecError, match=complaint) as caught:
        motor_units.activation(np.array(times), np.array(cells), n_units, n_ms)
    assert "\n" not in str(caught.value)


def test_muscles_refuse_what_is_not_theirs() -> None:
    with pytest.raises(SpecError, match="at least 1 muscle, got 0"):
        motor_units.Muscles(0, N)
    muscles = motor_units.Muscles(2, N)
    with pytest.raises(SpecError, match=r"must lie in 0 to 1 ms, got 1\.2 to 1\.2"):
        muscles.step(np.array([1.2]), np.array([0]))
    with pytest.raises(SpecError, match="not the state of 2 muscles of 100 units"):
        muscles.restore(motor_units.Muscles(1, N).state())
    assert not motor_units.activation(np.array([]), np.array([]), N, 5).any()
