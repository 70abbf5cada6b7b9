"""Surface EMG: one unit's potential, the sum against force, and the envelope of signals whose envelope is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

import voluntary_drive
from dystolab.body import motor_units, surface_emg
from dystolab.circuit import tables
from dystolab.errors import SpecError

N = 100
PER_MS = surface_emg.SAMPLES_PER_MS


def test_numbers_have_their_provenance() -> None:
    table = tables.read(surface_emg._FILE)
    entries = [entry.quantity for entry in table.root.entries()]
    assert len(entries) == 4 and all(q.note for q in entries)
    assert set(table.sources.values()) <= {q.source for q in entries}


@pytest.mark.parametrize(("unit", "peak_uv"), [(0, 4.2), (N - 1, 420.0)])
def test_one_unit_has_its_size_its_duration_and_no_area(unit: int, peak_uv: float) -> None:
    emg = surface_emg.potential_uv(np.array([50.0]), np.array([unit]), N, 100)
    assert emg.max() == pytest.approx(peak_uv) and emg.min() == pytest.approx(-peak_uv)
    assert emg.sum() == pytest.approx(0, abs=1e-9)
    lasting = np.flatnonzero(np.abs(emg) >= 0.05 * peak_uv) / PER_MS
    assert np.ptp(lasting) == pytest.approx(9.0, abs=0.5)
    # Its middle is the arrival at the muscle, where force only begins to rise.
    assert lasting.mean() == 50.0 + motor_units.delay_ms()
    assert not motor_units.activation(np.array([50.0]), np.array([unit]), N, 100)[:53].any()


def test_trains_add_up() -> None:
    times, cells = voluntary_drive.spikes(0.3, N, 500)
    whole = surface_emg.potential_uv(times, cells, N, 500)
    parts = [surface_emg.potential_uv(times[k::3], cells[k::3], N, 500) for k in range(3)]
    np.testing.assert_allclose(whole, sum(parts), atol=1e-9)


def test_active_units_have_the_mean_potentials_of_a_human_muscle() -> None:
    """Tibialis anterior: 69 uV at 40 % of the strongest contraction (McNeil 2005)."""
    times, cells = voluntary_drive.spikes(0.5, N, 2000)
    assert motor_units.activation(times, cells, N, 2000)[1000:].mean() == pytest.approx(0.4, abs=0.03)
    assert surface_emg.amplitude_uv(N)[np.unique(cells)].mean() == pytest.approx(69, rel=0.1)


def test_emg_is_in_proportion_to_force() -> None:
    """As over the sternocleidomastoid (10.1186/s40798-017-0083-2); from 1 % of the strongest contraction on."""
    force, level = [], []
    for effort in (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6):
        times, cells = voluntary_drive.spikes(effort, N, 3000)
        force.append(motor_units.activation(times, cells, N, 3000)[1000:].mean())
        emg = surface_emg.envelope_uv(surface_emg.potential_uv(times, cells, N, 3000))[1000:].mean()
        level.append(emg / surface_emg.strongest_uv(N))
    assert 0.5 < force[-1] < 0.65 and (np.diff(level) > 0).all()
    assert np.corrcoef(force, level)[0, 1] ** 2 > 0.99
    ratio = np.array(level) / np.array(force)
    assert (ratio > 1.0).all() and (ratio < 1.6).all()  # potentials cancel least when few units are active


@pytest.mark.parametrize("n_units", [20, 60, 200])
def test_strongest_emg_is_that_of_the_highest_effort(n_units: int) -> None:
    """All units at their highest rates, as irregular as in people: within 5 %, which units in phase would exceed."""
    times, cells = voluntary_drive.spikes(1.0, n_units, 4000)
    assert np.unique(cells).size == n_units
    emg = surface_emg.envelope_uv(surface_emg.potential_uv(times, cells, n_units, 4000))[500:3500]
    assert surface_emg.strongest_uv(n_units) == pytest.approx(emg.mean(), rel=0.05)
    assert isinstance(surface_emg.strongest_uv(n_units), float)
    with pytest.raises(SpecError, match="at least 2 units"):
        surface_emg.strongest_uv(1)


def test_envelope_passes_the_mean_halves_10_hz_and_has_no_lag() -> None:
    at_s = np.arange(4000 * PER_MS) / (1000 * PER_MS)
    for frequency, kept in ((1.0, 1.0), (10.0, 0.5), (20.0, 1 / 17), (50.0, 0.0)):
        wave = np.cos(2 * math.pi * frequency * at_s)
        found = surface_emg.envelope_uv(5.0 + wave)[1000:3000]
        np.testing.assert_allclose(found, 5.0 + kept * wave[::PER_MS][1000:3000], atol=0.01)
    assert surface_emg.envelope_uv(np.full(1000, -2.0)) == pytest.approx(2.0)


def test_envelope_of_a_burst_stays_where_the_burst_is() -> None:
    draw = np.random.default_rng(1)
    times, cells = draw.uniform(400, 600, 2000), draw.integers(0, N, 2000)
    found = surface_emg.envelope_uv(surface_emg.potential_uv(times, cells, N, 1000))
    assert found.min() == 0.0 and found[:300].max() < 0.05 * found.max() and found.size == 1000
    assert found[700:].max() < 0.05 * found.max() < 0.5 * found[430:570].min()


def test_what_is_no_recording_is_refused() -> None:
    spike, cell = np.array([1.0]), np.array([0])
    with pytest.raises(SpecError, match="surface EMG: cells must be whole numbers in 0 to 99, got 100 to 100"):
        surface_emg.potential_uv(spike, cell + N, N, 10)
    with pytest.raises(SpecError, match="surface EMG: spikes must not lie before 0 ms"):
        surface_emg.potential_uv(-spike, cell, N, 10)
    with pytest.raises(SpecError, match="surface EMG: needs at least 1 ms"):
        surface_emg.potential_uv(spike, cell, N, 0)
    for wrong in (np.zeros(100 * PER_MS - 2), np.zeros(500 * PER_MS + 1), np.zeros((2, 1000))):
        with pytest.raises(SpecError, match="at least 100 whole ms"):
            surface_emg.envelope_uv(wrong)
    with pytest.raises(SpecError, match="not finite"):
        surface_emg.envelope_uv(np.full(1000, np.nan))
