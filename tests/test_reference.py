"""The oracle against published traces, closed forms and hand computation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from dystolab.circuit.neurons import EGLIF, AdEx, Receptor, Relay, TTypeCurrent
from dystolab.circuit.spec import SinExpPlasticity, TsodyksMarkram
from dystolab.engine import reference, reference_synapses
from dystolab.errors import SimulationError, SpecError, UnsupportedError

FIELDS = [
    "c_m_pf", "t_ref_ms", "e_l_mv", "v_th_mv", "v_reset_mv", "tau_m_ms", "v_init_mv", "v_min_mv",
    "lambda_0_per_ms", "tau_v_mv", "i_e_pa", "k_adap_ns_per_ms", "k1_per_ms", "k2_per_ms", "a1_pa", "a2_pa",
]  # fmt: skip
# Parameters of 10.3389/fnsys.2022.919761, in the order of FIELDS, then the receptors' (tau, E_rev).
CELLS: dict[str, tuple[tuple[float, ...], tuple[tuple[float, float], ...]]] = {
    "granule_cell": (
        (7, 1.5, -62, -41, -70, 24.15, -62, -150, 1, 0.3, -0.888, 0.022, 0.311, 0.041, 0.01, -0.94),
        ((1.9, 0), (4.5, -80)),
    ),
    "purkinje_cell": (
        (334, 0.5, -59, -43, -69, 47, -59, -350, 4, 3.5, 742.543, 1.492, 0.195, 0.041, 157.622, 172.622),
        ((1.1, 0), (2.8, -80), (0.4, 0)),
    ),
    "golgi_cell": (
        (145, 2, -62, -55, -75, 44, -62, -150, 1, 0.4, 16.214, 0.217, 0.031, 0.023, 259.988, 178.01),
        ((0.23, 0), (3.3, -80), (0.5, 0), (2.4, -80)),
    ),
    "basket_cell": (
        (14.6, 1.59, -68, -53, -78, 9.125, -68, -110, 1.8, 1.1, 3.711, 2.025, 1.887, 1.096, 5.953, 5.863),
        ((0.64, 0), (2, -80), (1.2, 0)),
    ),
    "dcn_glut": (
        (142, 1.5, -45, -36, -55, 33, -45, -110, 3.5, 3, 185, 0.408, 0.697, 0.047, 13.857, 3.477),
        ((1, 0), (0.7, -80)),
    ),
    "dcn_gaba": (
        (56, 3, -40, -39, -55, 56, -40, -110, 0.9, 1, 2.384, 0.079, 0.041, 0.044, 176.358, 176.358),
        ((3.64, 0), (1.14, -80)),
    ),
    "dcn_gly": (
        (104, 1.65, -40, -30, -50, 45.76, -40, -110, 1.5, 1, -116.8147, 0.9501, 0.5759, 0.0469, 600, 79.865),
        ((1, 0), (0.7, -80)),
    ),
    "io_cell": (
        (189, 1, -45, -35, -45, 11, -45, -60, 1.2, 0.8, -18.101, 1.928, 0.191, 0.091, 1810.923, 1358.197),
        ((1, 0), (60, -80)),
    ),
}
# V in mV at 1, 5, 10, 20, 50 ms from V_init, then at 1, 5, 10, 20 ms after a spike.
TRACES = {
    "granule_cell": (
        (-62.1295, -62.6960, -63.4981, -65.3028, -69.9849),
        (-70.3194, -71.5277, -72.8472, -74.6727),
    ),
    "purkinje_cell": (
        (-56.7547, -47.4778, -35.8625, -16.1641, -14.6795),
        (-67.0257, -58.8992, -48.2971, -27.8675),
    ),
    "golgi_cell": (
        (-61.8869, -61.4115, -60.7739, -59.4147, -55.8392),
        (-74.6179, -73.0804, -71.1372, -67.1992),
    ),
    "basket_cell": (
        (-67.7362, -66.6590, -65.4091, -63.2417, -58.7599),
        (-78.4248, -77.1230, -74.9265, -71.0951),
    ),
    "dcn_glut": (
        (-43.6779, -38.0458, -30.4253, -14.4418, 21.2815),
        (-53.9240, -49.2827, -42.5258, -26.8371),
    ),
    "dcn_gaba": (
        (-39.9571, -39.7786, -39.5437, -39.0534, -37.6851),
        (-55.2121, -55.8131, -56.0711, -55.3008),
    ),
    "dcn_gly": (
        (-41.1339, -45.7234, -50.9178, -56.4519, -41.3181),
        (-47.6355, -49.6244, -56.1196, -61.7012),
    ),
    "io_cell": (
        (-45.1001, -45.5834, -46.3555, -48.3099, -53.9185),
        (-43.1555, -42.5887, -50.4105, -74.4419),
    ),
}
ADEX = AdEx(
    c_m_pf=281.0,
    g_l_ns=30.0,
    e_l_mv=-70.6,
    v_th_mv=-50.4,
    delta_t_mv=2.0,
    a_ns=4.0,
    b_pa=80.5,
    tau_w_ms=144.0,
    t_ref_ms=1.95,
    v_reset_mv=-60.0,
    v_peak_mv=0.0,
    v_init_mv=-70.6,
    i_e_pa=0.0,
    receptors=(Receptor(tau_ms=1.0, e_rev_mv=0.0),),
)
T_TYPE = TTypeCurrent(
    g_ns=60.0,
    e_ca_mv=120.0,
    v_half_m_mv=-60.0,
    k_m_mv=7.4,
    v_half_h_mv=-75.0,
    k_h_mv=-5.0,
    tau_h_hyperpolarised_ms=100.0,
    tau_h_depolarised_ms=20.0,
)


def eglif(name: str, **changes: Any) -> EGLIF:
    values, receptors = CELLS[name]
    fields = dict(zip(FIELDS, values, strict=True)) | changes
    return EGLIF(receptors=tuple(Receptor(tau_ms=t, e_rev_mv=e) for t, e in receptors), **fields)


@pytest.mark.parametrize("name", CELLS)
def test_published_traces(name: str) -> None:
    # The published olive trace runs below the cell's own floor of -60 mV.
    cell = eglif(name, v_min_mv=-350.0)
    rest, after_spike = TRACES[name]
    _, found = reference.trace(cell, 50.0)
    assert found["v_mv"][[10, 50, 100, 200, 500]] == pytest.approx(rest, abs=1e-3)
    start: dict[str, Any] = {"v_init_mv": cell.v_reset_mv, "i_dep_pa": cell.a1_pa, "i_adap_pa": cell.a2_pa}
    _, found = reference.trace(cell, 20.0, **start)
    assert found["v_mv"][[10, 50, 100, 200]] == pytest.approx(after_spike, abs=1e-3)


def test_integrator_agrees_with_matrix_exponential() -> None:
    cell = eglif("purkinje_cell")
    _, exact = reference.trace(cell, 50.0)
    # An arrival too weak to matter, yet not negligible, sends the same cell through the integrator.
    _, stepped = reference.trace(cell, 50.0, arrivals=[(0.0, 1, 1e-12)])
    assert np.abs(exact["v_mv"] - stepped["v_mv"]).max() < 1e-8


def test_conductance_peaks_at_the_weight_one_tau_after_arrival() -> None:
    _, found = reference.trace(eglif("dcn_glut"), 10.0, arrivals=[(2.0, 1, 3.0), (2.0, 2, 0.5)])
    g = found["g_ns"]
    assert np.all(g[:21] == 0.0)
    assert g[30, 0] == pytest.approx(3.0, abs=1e-9) and g[:, 0].argmax() == 30
    late = 1.2 / 0.7 * math.exp(1 - 1.2 / 0.7)
    assert g[32, 1] == pytest.approx(0.5 * late, abs=1e-9)


def test_floor_and_step_current() -> None:
    cell = eglif("io_cell")
    _, found = reference.trace(cell, 100.0, v_init_mv=-45.0, i_dep_pa=cell.a1_pa, i_adap_pa=cell.a2_pa)
    assert found["v_mv"].min() == -60.0
    _, step = reference.trace(cell, 20.0, current_pa=lambda t: 50.0 * (t >= 10.0))
    _, none = reference.trace(cell, 20.0)
    assert np.array_equal(step["v_mv"][:101], none["v_mv"][:101]) and step["v_mv"][101] > none["v_mv"][101]


def test_adex_without_spikes_has_its_closed_form() -> None:
    # Far below threshold and with a = 0 the cell is a passive membrane.
    cell = ADEX.model_copy(update={"a_ns": 0.0, "v_init_mv": -120.0, "v_th_mv": 100.0, "v_peak_mv": 130.0})
    times_ms, found = reference.trace(cell, 30.0)
    expected = -70.6 - 49.4 * np.exp(-times_ms * 30.0 / 281.0)
    assert np.abs(found["v_mv"] - expected).max() < 1e-9
    assert np.all(found["w_pa"] == 0.0) and "h" not in found


def test_adex_spikes_reset_and_hold() -> None:
    _, found = reference.trace(ADEX, 60.0, current_pa=900.0, spikes=True)
    v, w, spikes = found["v_mv"], found["w_pa"], np.rint(found["spike_times_ms"] / 0.1).astype(int)
    assert len(spikes) >= 3
    for k in spikes:
        # 1.95 ms of refractoriness are 20 whole steps after the one of the spike.
        assert np.all(v[k : k + 21] == -60.0) and v[k + 21] != -60.0
        assert w[k] - w[k - 1] == pytest.approx(80.5, abs=1.0)
    with pytest.raises(SimulationError, match="spikes=True"):
        reference.trace(ADEX, 60.0, current_pa=900.0)


def test_adex_grid_does_not_move_the_upstroke() -> None:
    # Without refractoriness the reset is at the crossing itself, whatever the grid.
    cell = ADEX.model_copy(update={"t_ref_ms": 0.0})
    coarse = reference.trace(cell, 60.0, 0.1, current_pa=900.0, spikes=True)[1]["spike_times_ms"]
    fine = reference.trace(cell, 60.0, 0.025, current_pa=900.0, spikes=True)[1]["spike_times_ms"]
    assert len(coarse) == len(fine)
    assert np.all((coarse - fine > -1e-9) & (coarse - fine < 0.1))


def test_t_type_current_gives_a_rebound() -> None:
    cell = ADEX.model_copy(update={"t_type": T_TYPE})
    release: dict[str, Any] = {"current_pa": lambda t: -600.0 * (t < 200.0), "spikes": True}
    _, with_t = reference.trace(cell, 300.0, **release)
    _, without = reference.trace(ADEX, 300.0, **release)
    assert with_t["h"][0] == pytest.approx(1 / (1 + math.exp(4.4 / 5.0)))
    assert with_t["h"][2000] > with_t["h"][0]
    assert len(with_t["spike_times_ms"]) > 0 and with_t["spike_times_ms"][0] > 200.0
    assert len(without["spike_times_ms"]) == 0


# Rates and CVs without input, C++ update order, dt 0.1 ms.
@pytest.mark.parametrize(("name", "rate_hz", "cv"), [("purkinje_cell", 85.0, 0.24), ("basket_cell", 9.6, 0.14)])
def test_escape_noise_rates(name: str, rate_hz: float, cv: float) -> None:
    spikes = reference.simulate_eglif(eglif(name), 20_000.0, 0.1, np.random.default_rng(1))
    gaps = np.diff(spikes)
    assert len(spikes) / 20.0 == pytest.approx(rate_hz, rel=0.05)
    assert gaps.std() / gaps.mean() == pytest.approx(cv, abs=0.03)


@pytest.mark.parametrize("order", ["freeze", "evolve"])
def test_refractoriness(order: str) -> None:
    # Certain to spike whenever it may: hazard huge at every V.
    cell = eglif("dcn_gaba", lambda_0_per_ms=1e9, tau_v_mv=1e9, update_order=order)
    spikes = reference.simulate_eglif(cell, 20.0, 0.1, np.random.default_rng(1))
    # A frozen cell may spike again from V_reset, an evolving one only after 3 ms have passed.
    assert np.diff(spikes) == pytest.approx(0.1 if order == "freeze" else 3.1)


@pytest.mark.parametrize("order", ["freeze", "evolve"])
def test_only_a_frozen_cell_keeps_what_arrives_for_later(order: str) -> None:
    # Certain to spike in the first step; refractory to 3.1 ms; the arrival makes the second spike.
    cell = eglif("dcn_gaba", v_th_mv=-30.0, tau_v_mv=0.01, update_order=order)
    second = []
    for at_ms in (1.0, 3.1):
        rng, arrivals = np.random.default_rng(1), [(at_ms, 1, 10.0)]
        second.append(reference.simulate_eglif(cell, 30.0, 0.1, rng, arrivals, v_init_mv=-20.0)[1])
    assert (second[0] == second[1]) == (order == "freeze")


def test_same_generator_same_spikes() -> None:
    cell = eglif("purkinje_cell")
    arrivals = [(float(t), 1, 2.0) for t in range(0, 300, 10)]
    first, second = (reference.simulate_eglif(cell, 300.0, 0.1, np.random.default_rng(5), arrivals) for _ in range(2))
    assert np.array_equal(first, second) and len(first) > 20


def test_bad_input_is_named() -> None:
    with pytest.raises(UnsupportedError, match="relay"):
        reference.trace(Relay(), 10.0)  # type: ignore[arg-type]
    with pytest.raises(UnsupportedError, match="simulate_eglif"):
        reference.trace(eglif("io_cell"), 10.0, spikes=True)
    with pytest.raises(SpecError, match="receptor 3 must be 1 to 2"):
        reference.trace(eglif("io_cell"), 10.0, arrivals=[(1.0, 3, 1.0)])
    with pytest.raises(SpecError, match="v_init_mv"):
        reference.trace(ADEX, 10.0, v_init_mv=10.0)


def test_kernel_values() -> None:
    table = {
        -200: 0.016, -180: 0.077, -160: 0.247, -150: 0.385, -140: 0.550, -130: 0.720, -120: 0.870,
        -110: 0.970, -100: 0.999, -90: 0.951, -80: 0.836, -70: 0.678, -60: 0.507, -50: 0.348, -40: 0.219,
        -20: 0.066, -1: 0.014,
    }  # fmt: skip
    assert reference_synapses.sinexp_kernel(list(table)) == pytest.approx(list(table.values()), abs=6e-4)
    assert np.array_equal(reference_synapses.sinexp_kernel([-200.001, 0.0, 1.0, 50.0]), np.zeros(4))


def test_kernel_integral_and_width() -> None:
    s = np.arange(-200.0, 0.0, 0.01)
    k = reference_synapses.sinexp_kernel(s)
    assert k.sum() * 0.01 == pytest.approx(87.8, abs=0.05)
    wide = s[k > k.max() / 2]
    assert wide[-1] - wide[0] == pytest.approx(83.0, abs=0.5)
    assert s[k.argmax()] == pytest.approx(-100.0, abs=2.0)


def plasticity(**changes: float) -> SinExpPlasticity:
    values: dict[str, Any] = {"a_plus_ns": 0.1, "a_minus_ns": -0.2, "w_max_ns": 1.0}
    return SinExpPlasticity(teacher="io_pc", **(values | changes))


def test_weight_change_by_hand() -> None:
    times_ms, weights = reference_synapses.sinexp_weight_change([0.0, 50.0, 290.0], [150.0], plasticity(), 0.5)
    depression = 0.2 * float(reference_synapses.sinexp_kernel([-150.0, -100.0]).sum())
    assert times_ms.tolist() == [0.0, 50.0, 150.0, 290.0]
    assert weights == pytest.approx([0.6, 0.7, 0.7 - depression, 0.8 - depression], abs=1e-12)


def test_weight_is_clipped_after_every_change() -> None:
    rule = plasticity(a_plus_ns=0.3, a_minus_ns=-5.0, w_min_ns=0.1)
    _, weights = reference_synapses.sinexp_weight_change([0.0, 1.0, 2.0, 130.0], [101.0, 110.0], rule, 0.8)
    # Clipped at 1 twice, so that only what was kept is lost; then from the floor up again.
    assert weights == pytest.approx([1.0, 1.0, 1.0, 0.1, 0.1, 0.4])


def test_spikes_at_and_after_the_teaching_spike_are_not_depressed() -> None:
    _, weights = reference_synapses.sinexp_weight_change([100.0, 100.1], [100.0], plasticity(), 0.5)
    assert weights == pytest.approx([0.6, 0.6, 0.7])


def test_tsodyks_markram_by_hand() -> None:
    synapse = TsodyksMarkram(u=0.43, tau_rec_ms=8.0, tau_fac_ms=5.0)
    x2 = 1 - 0.43 * math.exp(-10 / 8)
    u2 = 0.43 + 0.43 * 0.57 * math.exp(-10 / 5)
    x3 = 1 + (x2 - x2 * u2 - 1) * math.exp(-4 / 8)
    u3 = 0.43 + u2 * 0.57 * math.exp(-4 / 5)
    found = reference_synapses.tsodyks_markram([100.0, 110.0, 114.0], synapse)
    assert found == pytest.approx([0.43, x2 * u2, x3 * u3], abs=1e-14)


def test_tsodyks_markram_without_facilitation() -> None:
    found = reference_synapses.tsodyks_markram([0.0, 5.0], TsodyksMarkram(u=0.5, tau_rec_ms=10.0, tau_fac_ms=0.0))
    assert found == pytest.approx([0.5, 0.5 * (1 - 0.5 * math.exp(-0.5))], abs=1e-14)
