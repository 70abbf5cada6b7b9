"""Measures on spike trains and densities whose answers are known."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from dystolab import measures
from dystolab.measures import complex_spikes, conditioned_response, cs_response, spike_trains, synchrony
from dystolab.measures.interval import mean_interval
from dystolab.measures.pause import pause_onset_ms
from dystolab.measures.sdf import moving_average, spike_density

CS_MS, ISI_MS = 280, 250
FIRST, US, SAMPLES = 64, 160, 181
"""Samples of the motor output that stand for 100 ms, for the US, and how many there are."""


def poisson(rate_hz: float, duration_ms: float, seed: int) -> np.ndarray:
    draw = np.random.default_rng(seed)
    return np.sort(draw.uniform(0, duration_ms, draw.poisson(rate_hz * duration_ms / 1000)))


def on_grid(times: np.ndarray) -> np.ndarray:
    return np.unique(np.rint(times * 10)) / 10


# Spike trains


def test_trains_are_parted_by_cell() -> None:
    times, cells = np.array([1.0, 2.0, 3.0, 4.0]), np.array([7, 2, 7, 9], np.int32)
    trains = spike_trains.by_cell(times, cells, np.array([2, 3, 7], np.int32))
    assert [train.tolist() for train in trains] == [[2.0], [], [1.0, 3.0]]
    assert spike_trains.rates_hz(trains, 500.0).tolist() == [2.0, 0.0, 4.0]


def test_regularity_agrees_with_elephant() -> None:
    from elephant import statistics

    trains = [poisson(rate, 20_000, seed) for seed, rate in enumerate((2, 20, 80))]
    intervals = [np.diff(train) for train in trains]
    np.testing.assert_allclose(spike_trains.isi_cv(trains), [statistics.cv(i) for i in intervals])
    np.testing.assert_allclose(spike_trains.isi_cv2(trains), [statistics.cv2(i) for i in intervals])


def test_regularity_of_clocks_pairs_and_silence() -> None:
    clock = np.arange(0.0, 1000.0, 10.0)
    pairs = np.sort(np.concatenate([np.arange(0.0, 1000.0, 50.0), np.arange(2.0, 1000.0, 50.0)]))
    few = clock[:4]
    trains = [clock, pairs, few]
    cv, cv2 = spike_trains.isi_cv(trains), spike_trains.isi_cv2(trains)
    assert (cv[0], cv2[0]) == (0.0, 0.0)
    assert cv2[1] == pytest.approx(2 * (48 - 2) / 50)
    assert np.isnan([cv[2], cv2[2]]).all()
    assert spike_trains.isi_cv(trains, min_spikes=4)[2] == 0.0
    skewness = spike_trains.isi_skewness(trains)
    rate = 1 / np.diff(pairs).mean()
    assert skewness[:2].tolist() == pytest.approx([0.0, 2 * (1 / 2 - rate) / (1 / 2 + rate)])
    # The last of the pairs has no long interval after it.
    assert spike_trains.isi_fraction_above(trains)[:2].tolist() == pytest.approx([0.0, 19 / 39])


def test_mean_interval_leaves_out_what_is_not_finite() -> None:
    assert mean_interval([2.0, math.nan]) == (2.0, None, 1)
    mean, interval, n = mean_interval([math.nan])
    assert (math.isnan(mean), interval, n) == (True, None, 0)


# Complex spikes


def test_climbing_fibres_reach_their_purkinje_cells_after_the_delay() -> None:
    pre, post = np.array([0, 0, 1], np.int32), np.array([2, 0, 1], np.int32)
    times, cells = complex_spikes.arrivals(
        np.array([10.0, 20.0, 30.0]), np.array([0, 1, 0], np.int32), pre, post, np.array([4.0])
    )
    assert list(zip(times.tolist(), cells.tolist(), strict=True)) == [
        (14.0, 0),
        (34.0, 0),
        (24.0, 1),
        (14.0, 2),
        (34.0, 2),
    ]


def test_simple_spikes_are_those_outside_the_window_of_their_own_cell() -> None:
    arrived = np.array([100.0, 50.0]), np.array([0, 1], np.int32)
    times = np.array([49.0, 50.0, 57.9, 58.0, 99.9, 100.0, 107.9, 108.0])
    for cell, kept in ((0, [49.0, 50.0, 57.9, 58.0, 99.9, 108.0]), (1, [49.0, *times[3:].tolist()]), (2, times)):
        found, of = complex_spikes.simple_spikes(times, np.full(8, cell, np.int32), *arrived)
        assert found.tolist() == list(kept)
        assert set(of.tolist()) == {cell}


def test_simple_spikes_at_late_times_on_the_grid() -> None:
    """Sums of times lose digits in long runs of many cells; the rims of the window must not."""
    cells = np.repeat(np.arange(500, dtype=np.int32), 4)
    times = np.tile(1e6 + np.array([0.0, 7.9, 8.0, 30.0]), 500)
    arrived = np.full(500, 1e6), np.arange(500, dtype=np.int32)
    kept, _ = complex_spikes.simple_spikes(times, cells, *arrived)
    assert sorted(set(kept.tolist())) == [1e6 + 8.0, 1e6 + 30.0]
    assert kept.size == 1000


def test_no_arrivals_leave_all_spikes() -> None:
    times, cells = np.array([1.0, 2.0]), np.zeros(2, np.int32)
    none = np.zeros(0), np.zeros(0, np.int32)
    assert complex_spikes.simple_spikes(times, cells, *none)[0] is times
    assert complex_spikes.events(*none)[0].size == 0


def test_a_burst_of_the_climbing_fibre_is_one_event() -> None:
    times, cells = np.array([10.0, 13.0, 16.0, 40.0, 41.0]), np.array([0, 0, 0, 0, 1], np.int32)
    found, of = complex_spikes.events(times, cells)
    assert (found.tolist(), of.tolist()) == ([10.0, 40.0, 41.0], [0, 0, 1])


# Synchrony


def test_equal_trains_are_fully_correlated() -> None:
    train = poisson(1.0, 60_000, 1)
    assert synchrony.pair_correlation([train, train, train], 0, 60_000) == pytest.approx(1.0)


def test_correlation_is_the_mean_over_pairs() -> None:
    trains = [np.sort(np.concatenate([poisson(2, 60_000, 0), poisson(2, 60_000, s)])) for s in (1, 2, 3)]
    counts = np.array([np.histogram(t, np.arange(0, 60_001, 10))[0] for t in trains])
    expected = np.corrcoef(counts)[np.triu_indices(3, 1)].mean()
    assert synchrony.pair_correlation(trains, 0, 60_000) == pytest.approx(expected)
    excess = synchrony.excess_correlation(trains, 0, 60_000, np.random.default_rng(1))
    assert excess == pytest.approx(expected, abs=0.02)


def test_independent_and_silent_trains_have_no_excess() -> None:
    trains = [poisson(1.0, 100_000, s) for s in range(8)]
    excess = synchrony.excess_correlation([*trains, np.zeros(0)], 0, 100_000, np.random.default_rng(1))
    assert abs(excess) < 0.005
    assert math.isnan(synchrony.pair_correlation([trains[0], np.zeros(0)], 0, 100_000))
    assert math.isnan(synchrony.excess_correlation([], 0, 1000, np.random.default_rng(1)))


# Spike density


def test_spike_density_is_the_sum_of_gaussians() -> None:
    times = on_grid(poisson(300.0, 2000.0, 3))
    onsets, at = np.array([500.0, 1200.0]), np.arange(-50, 330)
    found = spike_density(times, 7, 10.0, onsets, -50, 330)
    for row, onset in zip(found, onsets, strict=True):
        away = at[:, None] + onset - times[None, :]
        expected = 1000 / 7 * np.exp(-(away**2) / 200).sum(axis=1) / (np.sqrt(2 * np.pi) * 10)
        np.testing.assert_allclose(row, expected, rtol=1e-6, atol=1e-6)


def test_spike_density_of_a_constant_rate_is_that_rate() -> None:
    times = np.arange(0.0, 3000.0, 2.0)
    density = spike_density(times, 10, 20.0, [1000.0], 0, 500)
    np.testing.assert_allclose(density, 50.0, rtol=1e-3)


def test_moving_average_has_no_padding() -> None:
    values = np.random.default_rng(1).normal(size=(3, CS_MS))
    found = moving_average(values, 100)
    assert found.shape == (3, SAMPLES)
    for row, smooth in zip(values, found, strict=True):
        np.testing.assert_allclose(smooth, np.convolve(row, np.ones(100), "valid") / 100)


# The published rule


def score(output: np.ndarray) -> conditioned_response.Responses:
    return conditioned_response.score(np.atleast_2d(output), CS_MS, ISI_MS)


def step(start: int, stop: int = SAMPLES, height: float = 4.0) -> np.ndarray:
    output = np.zeros(SAMPLES)
    output[start:stop] = height
    return output


@pytest.mark.parametrize(
    ("output", "conditioned", "early"),
    [
        (step(0, 0), False, False),
        (step(FIRST), True, False),
        (step(FIRST - 1), False, True),
        (step(10, 20), False, True),
        (step(US - 1), True, False),
        (step(US), False, False),
        (step(100, height=3.9), True, False),
        (step(100, height=3.89), False, False),
        # From sample 100 to the US there are 60: 45 of them are enough, 44 are not.
        (step(100, 145), True, False),
        (step(100, 144), False, False),
    ],
)
def test_rule(output: np.ndarray, conditioned: bool, early: bool) -> None:
    found = score(output)
    assert (found.conditioned[0], found.early[0]) == (conditioned, early)


def test_response_may_leave_and_come_back() -> None:
    output = step(80)
    output[90:110] = 0.0  # 60 of the 80 samples remain
    assert score(output).conditioned[0]
    output[110] = 0.0
    assert not score(output).conditioned[0]


def test_onset_is_where_the_rise_to_the_threshold_begins() -> None:
    output = np.zeros(SAMPLES)
    output[50:] = 0.1 * np.arange(1, SAMPLES - 49)  # 3.9 Hz or more from sample 89 on
    found = score(output)
    assert found.conditioned[0]
    assert found.onset_before_us_ms[0] == round((US - 50) / (180 / 280))
    assert found.peak_hz[0] == pytest.approx(output[US - 1])
    # A dip on the way makes the rise begin after it.
    output[70] = output[69] - 0.05
    assert score(output).onset_before_us_ms[0] == round((US - 71) / (180 / 280))


def test_no_onset_without_response_or_rise() -> None:
    assert math.isnan(score(step(0, 0)).onset_before_us_ms[0])
    assert math.isnan(score(step(100)).onset_before_us_ms[0])


def test_rule_scales_with_the_stimulus() -> None:
    ratio = (430 - 100) / 430
    output = np.zeros((2, 331))
    output[0, int(100 * ratio) :] = 5.0
    output[1, int(400 * ratio) :] = 5.0
    found = conditioned_response.score(output, 430, 400)
    assert found.conditioned.tolist() == [True, False]


def test_baseline_leaves_out_what_is_outside() -> None:
    times = on_grid(np.arange(0.0, 2000.0, 0.5))
    found = conditioned_response.baseline_hz(times, 40, 10.0, 380.0, 1100.0)
    # A Gaussian of 10 ms loses 10 * 0.3989 ms of spikes at each rim.
    assert found == pytest.approx(50.0 * (1 - 2 * 3.989 / 720), rel=2e-3)


def test_motor_output_is_smoothed_and_above_baseline() -> None:
    output = conditioned_response.motor_output_hz(np.full((4, CS_MS), 60.0), 55.0)
    np.testing.assert_allclose(output, np.full((4, SAMPLES), 5.0))


# Windows and blocks


def test_window_rates() -> None:
    times, cells = np.array([99.9, 100.0, 149.9, 150.0, 1120.0]), np.array([0, 0, 1, 1, 2])
    found = cs_response.window_rates_hz(times, cells, 3, [100.0, 1100.0], 0, 50)
    assert found.tolist() == [[20.0, 20.0, 0.0], [0.0, 0.0, 20.0]]


def test_block_means_have_a_shorter_last_block() -> None:
    assert cs_response.block_means(np.arange(5.0), 2) == [0.5, 2.5, 4.0]


# Names


def test_every_name_is_told() -> None:
    for name, (unit, text) in measures.NAMES.items():
        assert unit in ("Hz", "1", "%", "ms", "s", "deg", "deg**2", "mm", "m/s"), name
        assert text[0].islower() or text[0].isdigit() or text.startswith("Purkinje"), name
        assert measures.told(name) == (unit, text)
    assert len(set(measures.NAMES.values())) > 90
    assert measures.told("weight_change_percent.pf_bc") == ("%", "change of the mean weight (pf_bc)")


def test_a_pause_is_found_where_it_begins_and_nowhere_else() -> None:
    rng = np.random.default_rng(1)
    onsets = np.arange(10) * 1000.0 + 500.0

    def cells(rate_hz: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """Spikes of 17 cells, by thinning."""
        times = np.sort(rng.uniform(0.0, 10_500.0, rng.poisson(17 * 10.5 * 100.0)))
        return times[rng.random(times.size) < rate_hz((times - 500.0) % 1000.0) / 100.0]

    def paused(start: float, stop: float) -> Callable[[np.ndarray], np.ndarray]:
        return lambda since: np.where((since >= start) & (since < stop), 30.0, 70.0)

    found = [pause_onset_ms(cells(paused(100, 250)), 17, onsets, 250, 400) for _ in range(10)]
    assert np.abs(np.array(found) - 100).max() < 20
    # A pause that ends before the US counts as well.
    assert abs(pause_onset_ms(cells(paused(120, 200)), 17, onsets, 250, 400) - 120) < 20
    # The whole interval.
    assert pause_onset_ms(cells(paused(-20, 250)), 17, onsets, 250, 400) == 0
    # Noise falls as low for a moment, hardly for 20 ms.
    none = [pause_onset_ms(cells(lambda since: np.full(since.shape, 70.0)), 17, onsets, 250, 400) for _ in range(20)]
    assert np.isnan(none).sum() >= 17
