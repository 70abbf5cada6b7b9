"""Drives do what they say: currents, conductances, Poisson spikes, bursts, given spikes, and only their cells."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from dystolab.circuit.drives import (
    BurstDrive,
    Cells,
    ConductanceDrive,
    CurrentDrive,
    Disc,
    Fraction,
    Pattern,
    PoissonDrive,
    SpikeDrive,
    Zone,
)
from dystolab.circuit.spec import Circuit
from dystolab.engine import Recording, Simulator, reference
from dystolab.errors import SpecError
from engine_circuits import adex, anatomy, cells, quiet, spikes, traced

STEPS_MS = np.arange(1, 501) * 0.1
PULSES = Pattern(times_ms=(2.0, 8.0), values=(1.0, 0.0), period_ms=20.0)


def scaled(value: float) -> Pattern:
    return Pattern(times_ms=PULSES.times_ms, values=(value, 0.0), period_ms=20.0)


def relay_spikes(drive, size: int = 50, run_ms: float = 2000.0, pieces: int = 1, seed: int = 1, **more):
    """Return times in ms and cells of the spikes that `drive` gives to relays."""
    circuit = Circuit(name="relays", populations=(cells("cell", size, **more),), drives=(drive,))
    sim = Simulator(circuit, seed=seed, recording=Recording(spikes=("cell",)))
    for _ in range(pieces):
        sim.run(run_ms / pieces)
    return sim.spikes("cell")


@pytest.mark.parametrize("size", [3, 700])
def test_current_follows_the_oracle(size: int) -> None:
    """Periodic pulses into some cells, also of a population that would have the lean layout."""
    n = quiet("granule_cell")
    drive = CurrentDrive(name="pulses", population="cell", current_pa=scaled(8.0), subset=Cells(indices=(1, size - 1)))
    circuit = Circuit(name="one", populations=(cells("cell", size, n),), drives=(drive,))
    v = traced(circuit, 50.0, {"cell": (0, 1, size - 1)})["cell"]
    driven = reference.trace(n, 50.0, current_pa=lambda t: 8.0 * (1.99 < t % 20 < 7.99))[1]["v_mv"][1:]
    alone = reference.trace(n, 50.0)[1]["v_mv"][1:]
    for column, exact in zip(v.T, (alone, driven, driven), strict=True):
        assert np.abs(column - exact).max() < 0.01


@pytest.mark.parametrize("model", ["eglif", "adex"])
def test_conductance_follows_the_oracle(model: str) -> None:
    n = quiet("dcn_glut") if model == "eglif" else adex()
    drive = ConductanceDrive(name="pulses", population="cell", conductance_ns=scaled(12.0), e_rev_mv=-100.0)
    circuit = Circuit(name="one", populations=(cells("cell", 2, n),), drives=(drive,))
    v = traced(circuit, 50.0, {"cell": (1,)})["cell"][:, 0]

    def derivative(t: float, y: np.ndarray) -> tuple[float, float]:
        volt, slow = y
        extra = 12.0 * (2.0 <= t % 20 < 8.0) * (-100.0 - volt) + n.i_e_pa - slow
        if model == "eglif":
            return (
                n.leak_sign * (volt - n.e_l_mv) / n.tau_m_ms + extra / n.c_m_pf,
                n.k_adap_ns_per_ms * (volt - n.e_l_mv) - n.k2_per_ms * slow,
            )
        rise = n.delta_t_mv * np.exp((volt - n.v_th_mv) / n.delta_t_mv)
        return (
            (extra + n.g_l_ns * (rise - (volt - n.e_l_mv))) / n.c_m_pf,
            (n.a_ns * (volt - n.e_l_mv) - slow) / n.tau_w_ms,
        )

    exact = solve_ivp(derivative, (0, 50), [n.v_init_mv, 0.0], t_eval=STEPS_MS, rtol=1e-9, atol=1e-9, max_step=0.05)
    assert np.ptp(exact.y[0]) > 3.0
    assert np.abs(v - exact.y[0]).max() < 0.02


def test_poisson_rate_follows_its_pattern() -> None:
    pattern = Pattern(times_ms=(0.0, 400.0, 600.0), values=(20.0, 80.0, 0.0), period_ms=1000.0)
    drive = PoissonDrive(name="input", population="cell", rate_hz=pattern)
    times, which = relay_spikes(drive, size=200, run_ms=3000.0)
    phase = times % 1000.0
    for low, high, rate in ((0.0, 400.0, 20.0), (400.0, 600.0, 80.0), (600.0, 1000.0, 0.0)):
        expected = 200 * 3 * rate * (high - low) / 1000.0
        found = np.sum((phase > low) & (phase <= high))
        assert abs(found - expected) <= 4 * np.sqrt(expected)
    per_cell = np.bincount(which, minlength=200)
    # Independent Poisson processes: the variance over cells is the mean.
    assert per_cell.var() == pytest.approx(per_cell.mean(), rel=0.35)
    first = times[which == 0]
    assert np.all(np.diff(first) > 0)


@pytest.mark.parametrize("order", [1, 4, 25])
def test_the_order_sets_regularity_and_leaves_the_rate(order: int) -> None:
    rate = Pattern(times_ms=(0.0,), values=(40.0,))
    drive = PoissonDrive(name="input", population="cell", rate_hz=rate, order=order)
    times, which = relay_spikes(drive, size=200, run_ms=5000.0)
    assert len(times) == pytest.approx(200 * 5 * 40, rel=0.03)
    # Within a second: each begins anew.
    gaps = [np.diff(times[(which == c) & (times // 1000 == s)]) for c in range(200) for s in range(5)]
    intervals = np.concatenate(gaps)
    assert intervals.std() / intervals.mean() == pytest.approx(order**-0.5, rel=0.1)


def test_poisson_spikes_differ_between_seeds_drives_and_seconds() -> None:
    rate = Pattern(times_ms=(0.0,), values=(30.0,))
    a = relay_spikes(PoissonDrive(name="a", population="cell", rate_hz=rate))
    b = relay_spikes(PoissonDrive(name="b", population="cell", rate_hz=rate))
    other = relay_spikes(PoissonDrive(name="a", population="cell", rate_hz=rate), seed=2)
    assert not np.array_equal(a[0][:50], b[0][:50]) and not np.array_equal(a[0][:50], other[0][:50])
    second = a[0][a[0] > 1000.0] - 1000.0
    assert not np.array_equal(a[0][:50], second[:50])


def test_poisson_onto_a_membrane_arrives_where_its_spikes_say() -> None:
    """The same drive onto relays and onto cells: the cells get what the relays tell."""
    rate = Pattern(times_ms=(0.0,), values=(200.0,))
    times, which = relay_spikes(PoissonDrive(name="input", population="cell", rate_hz=rate), 5, 50.0)
    drive = PoissonDrive(name="input", population="cell", rate_hz=rate, receptor=2, weight_ns=1.0)
    n = quiet("dcn_glut")
    circuit = Circuit(name="one", populations=(cells("cell", 5, n),), drives=(drive,))
    v = traced(circuit, 50.0, {"cell": (0, 1, 2, 3, 4)})["cell"]
    for cell, column in enumerate(v.T):
        arrivals = [(t, 2, 1.0) for t in times[which == cell]]
        assert np.abs(column - reference.trace(n, 50.0, arrivals=arrivals)[1]["v_mv"][1:]).max() < 0.02


def test_bursts_are_structured() -> None:
    drive = BurstDrive(
        name="bursts", population="cell", on_ms=20.0, off_ms=20.0, spikes_per_burst=10, start_jitter_ms=20.0
    )
    times, which = relay_spikes(drive, size=30)
    starts = []
    for cell in range(30):
        train = times[which == cell]
        starts.append(train[0])
        # Each cell's windows begin at its own delay; its first spike lies in the first of them.
        bursts = np.split(train, np.flatnonzero(np.diff(train) > 20.5) + 1)
        assert {len(b) for b in bursts[:-1]} == {10} and len(bursts) == pytest.approx(50, abs=1)
        assert max(b[-1] - b[0] for b in bursts) < 20.0
        offsets = (train - train[0]) % 1.0
        assert np.minimum(offsets, 1 - offsets).max() < 0.06, "spikes lie on whole milliseconds of their window"
    assert np.ptp(starts) > 10.0
    one = times[which == 3]
    assert not np.array_equal(one[:10] - one[0], one[10:20] - one[10]), "each burst is drawn anew"


def test_trains_of_bursts_have_gaps() -> None:
    drive = BurstDrive(
        name="bursts",
        population="cell",
        on_ms=40.0,
        off_ms=40.0,
        spikes_per_burst=20,
        train_ms=400.0,
        gap_ms=100.0,
    )
    times, _ = relay_spikes(drive, size=4)
    phase = np.round(times, 1) % 500.0
    assert phase.max() < 400.0
    # Every train begins with a burst, and holds five.
    assert np.histogram(phase, [0, 40, 80, 120, 160, 200, 240, 280, 320, 360])[0].tolist()[1::2] == [0] * 4
    assert np.sum(times < 1999.9) == 4 * 4 * 5 * 20


def test_given_spikes_repeat_within_their_limits() -> None:
    limits = {"period_ms": 100.0, "start_ms": 50.0, "stop_ms": 310.0}
    drive = SpikeDrive(name="given", population="cell", times_ms=(1.0, 2.5), cells=(0, 2), **limits)
    times, which = relay_spikes(drive, size=4, run_ms=500.0)
    assert times.tolist() == pytest.approx([51.0, 52.5, 151.0, 152.5, 251.0, 252.5])
    assert which.tolist() == [0, 2, 0, 2, 0, 2]


def test_jitter_shifts_each_cell_as_a_whole() -> None:
    drive = SpikeDrive(name="given", population="cell", times_ms=(10.0, 30.0), jitter_ms=5.0)
    times, which = relay_spikes(drive, size=20, run_ms=50.0)
    trains = np.array([times[which == c] for c in range(20)])
    assert trains.shape == (20, 2) and np.all(np.diff(trains, axis=1) == pytest.approx(20.0))
    assert trains[:, 0].min() >= 10.0 and trains[:, 0].max() <= 15.05 and np.ptp(trains[:, 0]) > 2.0


def test_no_spike_is_lost_between_seconds_or_at_the_start() -> None:
    late = (0.0, 999.94, 999.97, 1000.0, 1000.02, 1000.08, 1999.99)
    drive = spikes("given", "cell", late)
    times, _ = relay_spikes(drive, size=1, run_ms=3000.0)
    # Rounded to the grid; a relay spikes once per step, first at the end of the first one.
    assert times == pytest.approx([0.1, 999.9, 1000.0, 1000.1, 2000.0])
    n = quiet("dcn_glut", leak_sign=-1, k_adap_ns_per_ms=0.0, i_e_pa=0.0)
    onto = spikes("given", "cell", (999.97,), receptor=2, weight_ns=1.0)
    circuit = Circuit(name="one", populations=(cells("cell", 1, n),), drives=(onto,))
    v = traced(circuit, 1010.0, {"cell": (0,)})["cell"][:, 0]
    exact = reference.trace(n, 1010.0, arrivals=[(1000.0, 2, 1.0)])[1]["v_mv"][1:]
    assert np.ptp(exact[9990:]) > 0.1 and np.abs(v - exact).max() < 0.01


@pytest.mark.parametrize(
    "subset", [Fraction(value=0.3, label="x"), Cells(indices=(3, 7)), Zone(index=1), Disc(radius_um=40.0)], ids=str
)  # fmt: skip
def test_only_the_cells_of_the_subset(subset) -> None:
    rng = np.random.default_rng(2)
    drive = spikes("given", "cell", (5.0,)).model_copy(update={"subset": subset})
    circuit = Circuit(name="relays", zones=3, populations=(cells("cell", 60, zoned=True),), drives=(drive,))
    grown = anatomy(circuit)
    grown.positions_um["cell"][:] = rng.uniform(0, 100, (60, 3))
    grown.zone["cell"][:] = np.arange(60) % 3
    sim = Simulator(circuit, anatomy=grown, recording=Recording(spikes=("cell",)))
    sim.run(10.0)
    found = set(sim.spikes("cell")[1].tolist())
    away = np.hypot(*(grown.positions_um["cell"][:, :2] - 50.0).T)
    expected = {
        "cells": {3, 7},
        "zone": set(range(1, 60, 3)),
        "disc": set(np.flatnonzero(away <= 40.0).tolist()),
        "fraction": found if len(found) == 18 else set(),
    }
    assert found == expected[subset.kind] and found


def test_drives_of_one_label_reach_the_same_cells() -> None:
    def reached(name: str, label: str) -> set[int]:
        subset = Fraction(value=0.5, label=label)
        return set(relay_spikes(spikes(name, "cell", (5.0,)).model_copy(update={"subset": subset}), 40, 10.0)[1])

    assert reached("a", "here") == reached("b", "here") != reached("a", "there")


def test_given_cells_must_exist_in_the_subset() -> None:
    drive = SpikeDrive(name="given", population="cell", times_ms=(1.0,), cells=(4,), subset=Cells(indices=(0, 1)))
    with pytest.raises(SpecError, match="drive 'given': cell 4, but the cells that it reaches are 0 to 1"):
        relay_spikes(drive, size=10, run_ms=10.0)
