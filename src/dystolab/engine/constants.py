"""From a cell's published parameters to the numbers its kernel uses."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.linalg import expm

from dystolab.circuit.neurons import EGLIF, AdEx, IonPump, OUCurrent
from dystolab.circuit.spec import Population
from dystolab.engine import layout as L

Row = np.ndarray
ONSET_MV = 0.04
"""Error of V that one arriving spike may cause in single precision; a quarter of it in double."""

NEVER = 1e-15
"""An expected number of spikes that is none, in any run."""


def sub_steps(neuron: EGLIF | AdEx, dt_ms: float, largest_ns: Sequence[float], double: bool) -> int:
    """Return how many sub-steps resolve a cell's receptors, `largest_ns` being the strongest synapse on each.

    A sub-step is at most a quarter of the shortest synaptic time constant (an AdEx spike wants 0.025 ms), and so short
    that the largest conductance moves V by at most a tenth of its driving force. It also keeps the error of the
    trapezoid rule at the onset of an alpha conductance, ``h^2/12 e w (E_rev - E_L) / (tau C)``, below `ONSET_MV`.
    """
    fastest = 4.0 * dt_ms / min(r.tau_ms for r in neuron.receptors)
    strongest = 10.0 * dt_ms * max(largest_ns, default=0.0) / neuron.c_m_pf
    onset_mv = [
        dt_ms**2 / 12.0 * math.e * w * abs(r.e_rev_mv - neuron.e_l_mv) / (r.tau_ms * neuron.c_m_pf)
        for w, r in zip(largest_ns, neuron.receptors, strict=False)
    ]
    onset = math.sqrt(max(onset_mv, default=0.0) / ONSET_MV)
    least = 40.0 * dt_ms if isinstance(neuron, AdEx) else 1.0
    return min(math.ceil(max(least, fastest, strongest, onset) - 1e-9), 16) * (2 if double else 1)


def pause_steps(neuron: EGLIF | AdEx, dt_ms: float) -> int:
    """Return for how many steps after a spike a cell is sure not to fire: its refractory period, as a rule.

    A frozen cell keeps its hazard while it is refractory, that of the reset.
    """
    if isinstance(neuron, EGLIF) and neuron.update_order == "freeze":
        hazard = neuron.lambda_0_per_ms * math.exp(min((neuron.v_reset_mv - neuron.v_th_mv) / neuron.tau_v_mv, 0.0))
        if hazard * neuron.t_ref_ms > NEVER:
            return 0
    return refractory_steps(neuron.t_ref_ms, dt_ms)


def refractory_steps(t_ref_ms: float, dt_ms: float) -> int:
    """Return the steps of a refractory period, rounded up to the grid as NEST does."""
    return math.ceil(t_ref_ms / dt_ms - 1e-6)


def eglif_row(neuron: EGLIF, dt_ms: float, substeps: int) -> Row:
    """Return the row of constants of an E-GLIF population (columns in ``layout``)."""
    row = np.zeros(L.N_POP_REAL)
    h = dt_ms / substeps
    c, sign = neuron.c_m_pf, neuron.leak_sign
    rates = np.array(
        [
            [sign / neuron.tau_m_ms, 1.0 / c, -1.0 / c],
            [0.0, -neuron.k1_per_ms, 0.0],
            [neuron.k_adap_ns_per_ms, 0.0, -neuron.k2_per_ms],
        ]
    )
    step, integral = propagator(rates, h)
    row[[L.P11, L.P12, L.P13]] = step[0]
    row[[L.P31, L.P32, L.P33]] = step[2]
    row[L.P22] = step[1, 1]
    row[L.K4] = h / (4.0 * c)
    row[L.KV] = 0.5 * (1.0 + step[0, 0])
    row[L.KI] = 0.5 * step[2, 0]
    row[L.KIV], row[L.KII] = integral[0, 0] / c, integral[2, 0] / c
    slope = math.log2(math.e) / neuron.tau_v_mv
    # A rate of zero is an exponent far below what float32 resolves.
    level = math.log2(neuron.lambda_0_per_ms * dt_ms) if neuron.lambda_0_per_ms > 0 else -1e5
    row[L.YA], row[L.YB] = slope, level - slope * neuron.v_th_mv
    row[L.VMIN_STEP] = neuron.v_min_mv if neuron.update_order == "evolve" else -1e30
    row[L.VMIN_CHUNK] = neuron.v_min_mv
    row[L.V_RESET], row[L.A1], row[L.A2] = neuron.v_reset_mv, neuron.a1_pa, neuron.a2_pa
    row[L.H_RESET] = 2.0 ** min(row[L.YA] * neuron.v_reset_mv + row[L.YB], 100.0)
    for k, receptor in enumerate(neuron.receptors):
        decay = math.exp(-h / receptor.tau_ms)
        row[L.DEC + k], row[L.DECQ + k], row[L.E2 + k] = decay, h * decay, 2.0 * receptor.e_rev_mv
    return row


def lean_row(neuron: EGLIF, dt_ms: float, double: bool) -> Row:
    """Return `eglif_row` for a state in the units of `lean_units`, and the voltage below which no account moves.

    A hazard of 2^-40 in a step (2^-100 in double precision) is less than an account can show.
    """
    row = eglif_row(neuron, dt_ms, 1)
    unit = lean_units(neuron, dt_ms)
    dep, ada = unit[L.D], unit[L.A]
    row[L.P31] *= ada
    row[L.P32] *= ada / dep
    row[L.KI] *= ada
    row[L.A1] *= dep
    row[L.A2] *= ada
    row[L.V_NEAR] = ((-100.0 if double else -40.0) - row[L.YB]) / row[L.YA]
    return row


def lean_units(neuron: EGLIF, dt_ms: float) -> Row:
    """Return by what each row of a lean block is multiplied, (LEAN_ROWS,): currents become the mV of one step.

    Conductances are in units of 4 C/h, which makes the denominator of the trapezoid rule 1 + g, and their slopes in
    those of g per step.
    """
    row = eglif_row(neuron, dt_ms, 1)
    unit = np.ones(L.LEAN_ROWS)
    unit[L.D] = row[L.P12]
    unit[[L.A, L.CI]] = row[L.P13]
    unit[L.Q0 :: 2] = row[L.K4]
    unit[L.Q0 + 1 :: 2] = row[L.K4] * dt_ms
    return unit


def propagator(rates: Row, h: float) -> tuple[Row, Row]:
    """Return ``expm(rates h)`` and its integral from 0 to h, exactly."""
    n = len(rates)
    block = np.zeros((2 * n, 2 * n))
    block[:n, :n], block[:n, n:] = rates, np.eye(n)
    both = expm(block * h)
    return both[:n, :n], both[:n, n:]


def eglif_bias(neuron: EGLIF, row: Row, dt_ms: float, substeps: int, i_e_pa: Row) -> tuple[Row, Row]:
    """Return the constant terms of V and of the adaptation current for cells with currents `i_e_pa` (n,)."""
    rates = np.array(
        [
            [neuron.leak_sign / neuron.tau_m_ms, 1.0 / neuron.c_m_pf, -1.0 / neuron.c_m_pf],
            [0.0, -neuron.k1_per_ms, 0.0],
            [neuron.k_adap_ns_per_ms, 0.0, -neuron.k2_per_ms],
        ]
    )
    _, integral = propagator(rates, dt_ms / substeps)
    leak = -neuron.leak_sign * neuron.e_l_mv / neuron.tau_m_ms
    adapt = -neuron.k_adap_ns_per_ms * neuron.e_l_mv
    v = integral[0, 0] * leak + integral[0, 2] * adapt + row[L.KIV] * i_e_pa
    a = integral[2, 0] * leak + integral[2, 2] * adapt + row[L.KII] * i_e_pa
    return v, a


def adex_row(neuron: AdEx, dt_ms: float, substeps: int) -> Row:
    """Return the row of constants of an AdEx population (columns in ``layout``)."""
    row = np.zeros(L.N_POP_REAL)
    h = dt_ms / substeps
    row[L.X_GL], row[L.X_EL], row[L.X_VT], row[L.X_DT] = (
        neuron.g_l_ns,
        neuron.e_l_mv,
        neuron.v_th_mv,
        neuron.delta_t_mv,
    )
    row[L.X_A], row[L.X_TAUW], row[L.X_PEAK] = neuron.a_ns, neuron.tau_w_ms, neuron.v_peak_mv
    row[L.X_C], row[L.X_B], row[L.X_H] = neuron.c_m_pf, neuron.b_pa, h
    row[L.V_RESET] = neuron.v_reset_mv
    # Without a T-type current its gates must still be defined.
    row[[L.X_MK, L.X_HK, L.X_TH1, L.X_TH2]] = 1.0
    if (t := neuron.t_type) is not None:
        row[L.X_GT], row[L.X_ECA], row[L.X_MH], row[L.X_MK] = t.g_ns, t.e_ca_mv, t.v_half_m_mv, t.k_m_mv
        row[L.X_HH], row[L.X_HK] = t.v_half_h_mv, t.k_h_mv
        row[L.X_TH1], row[L.X_TH2] = t.tau_h_hyperpolarised_ms, t.tau_h_depolarised_ms
    for k, receptor in enumerate(neuron.receptors):
        row[L.DEC + k] = math.exp(-0.5 * h / receptor.tau_ms)
        row[L.E2 + k] = receptor.e_rev_mv
    return row


SLOW_MS = 1.0
"""Step of slow variables."""


def slow_constants(population: Population, row: Row) -> tuple[bool, bool]:
    """Fill in the constants of slow variables; return whether there is noise and whether there is a pump."""
    noise = pump = False
    for slow in population.slow:
        if isinstance(slow, OUCurrent):
            decay = math.exp(-SLOW_MS / slow.tau_ms)
            row[L.OU_MEAN], row[L.OU_DECAY] = slow.mean_pa, decay
            row[L.OU_KICK] = slow.sd_pa * math.sqrt(1.0 - decay**2)
            noise = True
        elif isinstance(slow, IonPump):
            row[L.PUMP_IN], row[L.PUMP_HALF] = slow.influx_per_spike, slow.half
            row[L.PUMP_RATE] = (1.0 - slow.block) * SLOW_MS / slow.tau_ms
            row[L.PUMP_I] = slow.i_max_pa * (1.0 - slow.block)
            pump = True
    return noise, pump
