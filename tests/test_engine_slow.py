"""What changes by itself: gap junctions, noise currents, ion pumps, schedules; and what differs from cell to cell."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from dystolab.circuit.anatomy import GapEdges
from dystolab.circuit.drives import CurrentDrive, Pattern
from dystolab.circuit.neurons import EGLIF, IonPump, OUCurrent, ParameterSchedule, Spread
from dystolab.circuit.spec import Circuit, GapJunctions
from dystolab.engine import Recording, Simulator, Trace, reference
from engine_circuits import adex, anatomy, cells, eglif, quiet, spikes

STEPS_MS = np.arange(1, 501) * 0.1
Y = np.ndarray


def slope(n: EGLIF, v: float, i_dep: float, i_adap: float, extra_pa: float) -> tuple[float, float, float]:
    dv = n.leak_sign * (v - n.e_l_mv) / n.tau_m_ms + (i_dep - i_adap + n.i_e_pa + extra_pa) / n.c_m_pf
    return dv, -n.k1_per_ms * i_dep, n.k_adap_ns_per_ms * (v - n.e_l_mv) - n.k2_per_ms * i_adap


def coupled(size: int, pairs: tuple, g_ns: tuple[float, ...], neuron, spikelet_mv: float = 0.0, drives=(), **more):
    circuit = Circuit(
        name="gap",
        populations=(cells("cell", size, neuron, **more),),
        gap_junctions=(
            GapJunctions(
                name="gap", population="cell", probability=1.0, median_ns=1.0, sigma=0.0, range_ns=(0.0, 10.0)
            ),
        ),
        drives=drives,
    )
    a, b = (np.array(x, np.int32) for x in zip(*pairs, strict=True))
    return circuit, anatomy(circuit, {"gap": GapEdges(a, b, np.array(g_ns, np.float32), spikelet_mv)})


def test_gap_junctions_follow_the_oracle() -> None:
    """Three olivary cells in a row, across the border of a block; one gets a current."""
    n = quiet("io_cell", v_min_mv=-500.0)
    step = Pattern(times_ms=(5.0, 25.0), values=(150.0, 0.0))
    drive = CurrentDrive(name="step", population="cell", current_pa=step, subset={"kind": "cells", "indices": (0,)})
    chain = (0, 31, 32)
    circuit, grown = coupled(40, ((0, 31), (31, 32)), (2.0, 5.0), n, drives=(drive,))
    recording = Recording(traces=(Trace(population="cell", cells=chain),))
    sim = Simulator(circuit, anatomy=grown, recording=recording)
    sim.run(50.0)

    def derivative(t: float, y: Y) -> list[float]:
        v = y.reshape(3, 3)[:, 0]
        first, second = 2.0 * (v[1] - v[0]), 5.0 * (v[2] - v[1])
        extra = (first + 150.0 * (5.0 <= t < 25.0), second - first, -second)
        return [d for cell, x in zip(y.reshape(3, 3), extra, strict=True) for d in slope(n, *cell, x)]

    y0 = np.tile([n.v_init_mv, 0.0, 0.0], 3)
    exact = solve_ivp(derivative, (0, 50), y0, t_eval=STEPS_MS, rtol=1e-10, atol=1e-10, max_step=0.5)
    found = sim.trace(0)[1]["v_mv"]
    assert np.ptp(found[:, 0] - found[:, 2]) > 3.0
    # The current between two cells is held through each step.
    assert np.abs(found - exact.y.reshape(3, 3, -1)[:, 0].T).max() < 0.05


def test_spikelet_stands_above_the_voltage_and_fades_with_a_millisecond() -> None:
    """The spike of one AdEx cell reaches its silent neighbour as a small depolarisation."""
    n = adex()
    drives = (spikes("kick", "cell", (5.0,), cell=0, receptor=1, weight_ns=120.0),)
    v = {}
    for spikelet in (0.0, 50.0):
        circuit, grown = coupled(2, ((0, 1),), (4.0,), n, spikelet, drives)
        recording = Recording(spikes=("cell",), traces=(Trace(population="cell", cells=(1,)),))
        sim = Simulator(circuit, anatomy=grown, recording=recording)
        sim.run(30.0)
        (time,), (cell,) = sim.spikes("cell")
        assert cell == 0
        v[spikelet] = sim.trace(0)[1]["v_mv"][:, 0]
    at = round(time / 0.1)
    more = v[50.0] - v[0.0]
    assert np.all(more[:at] == 0)
    # The charge of a spikelet is 4 nS * 50 mV * 1 ms: 0.2 pC into 281 pF, half of it at once lost to leak and gap.
    assert 0.5 < more.max() < 200.0 / 281.0 and more.argmax() - at < 50


def test_noise_current_has_its_mean_spread_and_memory() -> None:
    noise = OUCurrent(mean_pa=30.0, sd_pa=12.0, tau_ms=20.0)
    circuit = Circuit(name="noise", populations=(cells("cell", 300, quiet("dcn_glut"), slow=(noise,)),))
    trace = Trace(population="cell", variables=("i_noise_pa",), cells=tuple(range(300)), every_ms=1.0)
    sim = Simulator(circuit, recording=Recording(traces=(trace,)))
    sim.run(400.0)
    current = sim.trace(0)[1]["i_noise_pa"]
    # 300 cells of 10 independent stretches each.
    assert current.mean() == pytest.approx(30.0, abs=4 * 12.0 / np.sqrt(3000))
    assert current.std() == pytest.approx(12.0, rel=0.05)
    # Stationary from the start, and the cells independent.
    assert current[0].std() == pytest.approx(12.0, rel=0.15)
    assert current.mean(axis=1).std() < 4 * 12.0 / np.sqrt(300)
    away = current - 30.0
    lags = np.array([5, 10, 20, 40])
    correlation = [np.mean(away[k:] * away[:-k]) / np.mean(away**2) for k in lags]
    assert correlation == pytest.approx(np.exp(-lags / 20.0), abs=0.05)


def test_noise_current_drives_the_cell() -> None:
    """V follows the recorded current, which is held for a millisecond."""
    n = quiet("purkinje_cell")
    circuit = Circuit(name="noise", populations=(cells("cell", 2, n, slow=(OUCurrent(sd_pa=200.0, tau_ms=10.0),)),))
    trace = Trace(population="cell", variables=("i_noise_pa", "v_mv"), cells=(1,))
    sim = Simulator(circuit, recording=Recording(traces=(trace,)))
    sim.run(50.0)
    found = sim.trace(0)[1]
    current = found["i_noise_pa"][:, 0].astype(float)
    exact = reference.trace(n, 50.0, current_pa=lambda t: current[min(round(t / 0.1), 499)])[1]["v_mv"][1:]
    assert np.abs(found["v_mv"][:, 0] - exact).max() < 0.01


def test_ion_pump_follows_the_oracle() -> None:
    """Certain spikes load the ion, the pump clears it and hyperpolarises the cell."""
    pump = IonPump(tau_ms=80.0, influx_per_spike=0.5, half=1.5, i_max_pa=40.0, block=0.25, initial=0.2)
    # The hazard is huge above V_th and nothing below: the cell spikes when a strong arrival carries it there.
    n = eglif("dcn_glut", i_e_pa=0.0, v_th_mv=-30.0, tau_v_mv=0.05, k_adap_ns_per_ms=0.0, leak_sign=-1)
    drives = (spikes("kick", "cell", (20.0, 60.0, 61.0, 150.0), receptor=1, weight_ns=60.0),)
    circuit = Circuit(name="pump", populations=(cells("cell", 1, n, slow=(pump,)),), drives=drives)
    trace = Trace(population="cell", variables=("ion", "i_extra_pa"))
    sim = Simulator(circuit, recording=Recording(spikes=("cell",), traces=(trace,)))
    sim.run(300.0)
    times_ms, found = sim.trace(0)
    sent = sim.spikes("cell")[0]
    assert len(sent) >= 3

    def derivative(_t: float, y: Y) -> Y:
        return -(1 - pump.block) * y / (y + pump.half) / pump.tau_ms

    level, at, exact = pump.initial, 0.0, []
    for end in [*sent, 300.0]:
        grid = times_ms[(times_ms > at + 1e-9) & (times_ms < end - 1e-9)]
        run = solve_ivp(derivative, (at, end), [level], t_eval=[*grid, end], rtol=1e-10, atol=1e-12).y[0]
        level, at = run[-1] + pump.influx_per_spike, end
        exact += [*run[:-1], level]
    exact[-1] -= pump.influx_per_spike
    ion = found["ion"][:, 0]
    assert ion.max() > 1.0
    assert np.abs(ion - exact).max() < 0.01
    current = -pump.i_max_pa * (1 - pump.block) * np.array(exact) / (np.array(exact) + pump.half)
    # The pump's current is taken once per millisecond, spikes load the ion in between.
    quiet_steps = np.abs(times_ms[:, None] - sent[None, :]).min(axis=1) > 2.0
    assert np.abs(found["i_extra_pa"][:, 0] - current)[quiet_steps].max() < 0.2


@pytest.mark.parametrize("model", ["eglif", "adex"])
def test_schedule_steps_and_holds(model: str) -> None:
    n = quiet("dcn_glut") if model == "eglif" else adex()
    schedule = ParameterSchedule(parameter="i_e_pa", times_ms=(10.0, 30.0), values=(n.i_e_pa + 50.0, n.i_e_pa))
    circuit = Circuit(name="schedule", populations=(cells("cell", 2, n, slow=(schedule,)),))
    sim = Simulator(circuit, recording=Recording(traces=(Trace(population="cell", cells=(1,)),)))
    for _ in range(5):
        sim.run(10.0)
    exact = reference.trace(n, 50.0, current_pa=lambda t: 50.0 * (9.99 < t < 29.99))[1]["v_mv"][1:]
    assert np.abs(sim.trace(0)[1]["v_mv"][:, 0] - exact).max() < 0.01


def test_schedule_of_the_refractory_period() -> None:
    # Certain to spike whenever it may.
    n = eglif("dcn_gaba", lambda_0_per_ms=1e6, tau_v_mv=1e6, t_ref_ms=1.0, update_order="evolve")
    schedule = ParameterSchedule(parameter="t_ref_ms", times_ms=(20.0,), values=(2.0,))
    circuit = Circuit(name="schedule", populations=(cells("cell", 1, n, slow=(schedule,)),))
    sim = Simulator(circuit, recording=Recording(spikes=("cell",)))
    sim.run(40.0)
    gaps = np.diff(sim.spikes("cell")[0])
    assert gaps[:10] == pytest.approx(1.1) and gaps[-5:] == pytest.approx(2.1)


def test_spread_differs_from_cell_to_cell_about_the_value() -> None:
    spread = (Spread(parameter="i_e_pa", sd=10.0), Spread(parameter="v_init_mv", sd=2.0))
    n = quiet("dcn_glut")
    populations = (cells("cell", 400, n, spread=spread), cells("other", 400, n, spread=spread))
    circuit = Circuit(name="spread", populations=populations)
    traces = tuple(Trace(population=p, cells=tuple(range(400))) for p in ("cell", "other"))
    sim = Simulator(circuit, recording=Recording(traces=traces), seed=4)
    sim.run(20.0)
    v, other = (sim.trace(k)[1]["v_mv"] for k in (0, 1))
    assert v[0].std() == pytest.approx(2.0, rel=0.15) and v[0].mean() == pytest.approx(-44.87, abs=0.5)
    # Each cell is that of its own two values: the linear system gives them back.
    unit = reference.trace(n, 20.0)[1]["v_mv"][-1]
    by_v = reference.trace(n, 20.0, v_init_mv=n.v_init_mv + 1.0)[1]["v_mv"][-1] - unit
    by_i = reference.trace(n, 20.0, current_pa=1.0)[1]["v_mv"][-1] - unit
    assert v[-1].std() == pytest.approx(np.hypot(2.0 * by_v, 10.0 * by_i), rel=0.15)
    assert abs(np.corrcoef(v[-1], other[-1])[0, 1]) < 0.2


@pytest.mark.slow
def test_a_process_that_must_compile_runs_what_others_load(tmp_path: Path) -> None:
    code = (
        "import hashlib\nfrom dystolab.circuit import load\nfrom dystolab.engine import Simulator\n"
        "s = Simulator(load('mouse-cerebellum', scale=0.3), seed=1)\ns.run(300)\n"
        "print(hashlib.sha256(s._net.s.tobytes()).hexdigest())"
    )
    env = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    first, later = (
        subprocess.run([sys.executable, "-c", code], env=env, check=True, capture_output=True, text=True).stdout
        for _ in range(2)
    )
    assert first == later
