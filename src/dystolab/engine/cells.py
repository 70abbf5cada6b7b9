"""One time step of a block of cells: the only place where membrane equations are integrated.

The linear part of an E-GLIF cell (V, both currents) is advanced by its exact propagator; synaptic input by the
semi-implicit trapezoid rule on conductances that are themselves exact; the two are joined to second order.
Neither needs a time step below 0.1 ms (``docs/decisions/0002-integration.md``).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from dystolab.engine import layout as L
from dystolab.engine.arithmetic import FASTMATH, INLINED, KERNEL, exp2

U = np.uint64
TINY = 1e-28
"""Added to what decays: without input a float32 becomes subnormal after some 90 time constants, and such numbers
cost a hundred times the time of others. The equilibrium that it gives, below 1e-25 nS, means nothing."""
# Offsets as unsigned constants: signed ones would make numba test every index for being negative.
_N = L.LEAN_LANES
L0, L1, L2, L3, L4, L5, L6, L7, L8, L9 = (U(k * _N) for k in range(L.LEAN_ROWS))
_W = L.LEAN_VECTOR
_M = L.FULL_LANES
F1, F2, F3, F4, F5 = (U(k * _M) for k in (L.D, L.A, L.CV, L.CI, L.H))
G1, Q1, G2, Q2, G3, Q3, G4, Q4 = (U((L.Q0 + k) * _M) for k in range(8))
FIX, FSX, FEX, FSPK, FSLOW = (U(k * _M) for k in (L.IX, L.SX, L.EX, L.SPK, L.ISLOW))
_FULL_BLOCK = U(L.FULL_ROWS * L.FULL_LANES)


@njit(fastmath=FASTMATH, **KERNEL)
def step_lean(s: Any, base: Any, p: Any) -> Any:
    """Advance one lean E-GLIF block by one step, but for the hazard; bit n tells whether vector n is near threshold.

    Rows hold scaled values (``constants.lean_row``), which spares a quarter of the multiplications. The hazard is
    taken off (``spend_hazard``) only where a cell of the vector is near threshold: elsewhere it is below what an
    account can show.
    """
    p11, p31, p32, p33, p22 = p[L.P11], p[L.P31], p[L.P32], p[L.P33], p[L.P22]
    kv, ki, v_min, v_near = p[L.KV], p[L.KI], p[L.VMIN_STEP], p[L.V_NEAR]
    d1, d2, e1, e2 = p[L.DEC], p[L.DEC + 1], p[L.E2], p[L.E2 + 1]
    one, tiny = s.dtype.type(1.0), s.dtype.type(TINY)
    found = np.int64(0)
    for vector in range(L.LEAN_VECTORS):
        first = U(base) + U(vector * _W)
        near = False
        for lane in range(_W):
            i = U(lane) + first
            v = max(s[i], v_min)
            dep = s[i + L1]
            ada = s[i + L2]
            lin_v = p11 * v + (dep + (ada + s[i + L3]))
            lin_a = p31 * v + (p32 * dep + (p33 * ada + s[i + L4]))
            g1 = s[i + L6]
            q1 = s[i + L7]
            g2 = s[i + L8]
            q2 = s[i + L9]
            g1n = d1 * (g1 + q1)
            g2n = d2 * (g2 + q2)
            sum1 = g1 + g1n
            sum2 = g2 + g2n
            z = sum1 + sum2
            dv = (sum1 * e1 + sum2 * e2 - z * (v + lin_v)) * (one - z * (one - z))
            v = lin_v + kv * dv
            s[i] = v
            s[i + L1] = p22 * dep + tiny
            s[i + L2] = lin_a + ki * dv
            s[i + L6] = g1n
            s[i + L7] = d1 * q1 + tiny
            s[i + L8] = g2n
            s[i + L9] = d2 * q2 + tiny
            near |= v > v_near
        found |= np.int64(near) << vector
    return found


@njit(fastmath=FASTMATH, **KERNEL)
def spend_hazard(s: Any, first: Any, p: Any) -> Any:
    """Take the step's hazard off the accounts of the vector at `first`; return whether one of them is used up."""
    ya, yb, zero = p[L.YA], p[L.YB], s.dtype.type(0.0)
    spent = False
    for lane in range(_W):
        i = U(lane) + U(first)
        left = s[i + L5] - exp2(ya * s[i] + yb)
        s[i + L5] = left
        spent |= left < zero
    return spent


@njit(fastmath=FASTMATH, **INLINED)
def _decay(s: Any, g: Any, q: Any, decay: Any, rise: Any) -> Any:
    """Advance the conductance at `g` with its slope at `q`; return its sum over the two ends of the step."""
    before = s[g]
    now = decay * before + rise * s[q]
    s[g] = now
    s[q] = decay * s[q] + s.dtype.type(TINY)
    return before + now


def _full_step(receptors: int) -> Any:
    """Return the kernel of full E-GLIF blocks that use their first `receptors` receptors.

    It advances `blocks` blocks from `base` on by one step; ``spiked[block0 + b]`` is negative if a cell of b spiked.
    """

    @njit(fastmath=FASTMATH, **KERNEL)
    def step(s: Any, base: Any, blocks: Any, p: Any, substeps: Any, spiked: Any, block0: Any) -> None:
        p11, p12, p13, p31, p32, p33, p22 = p[0], p[1], p[2], p[3], p[4], p[5], p[6]
        k4, kv, ki, v_min, kiv, kii = p[L.K4], p[L.KV], p[L.KI], p[L.VMIN_STEP], p[L.KIV], p[L.KII]
        d1, d2, d3, d4 = p[L.DEC], p[L.DEC + 1], p[L.DEC + 2], p[L.DEC + 3]
        c1, c2, c3, c4 = p[L.DECQ], p[L.DECQ + 1], p[L.DECQ + 2], p[L.DECQ + 3]
        e1, e2, e3, e4 = p[L.E2], p[L.E2 + 1], p[L.E2 + 2], p[L.E2 + 3]
        ya, yb = p[L.YA], p[L.YB]
        zero, one, two, tiny = s.dtype.type(0.0), s.dtype.type(1.0), s.dtype.type(2.0), s.dtype.type(TINY)
        for b in range(blocks):
            first = U(base) + U(b) * _FULL_BLOCK
            for _ in range(substeps):
                for lane in range(_M):
                    i = U(lane) + first
                    v = max(s[i], v_min)
                    dep = s[i + F1]
                    ada = s[i + F2]
                    extra = s[i + FIX]
                    lin_v = p11 * v + (p12 * dep + (p13 * ada + (s[i + F3] + kiv * extra)))
                    lin_a = p31 * v + (p32 * dep + (p33 * ada + (s[i + F4] + kii * extra)))
                    sum1 = _decay(s, i + G1, i + Q1, d1, c1)
                    sum2 = _decay(s, i + G2, i + Q2, d2, c2) if receptors >= 2 else zero
                    sum3 = _decay(s, i + G3, i + Q3, d3, c3) if receptors >= 3 else zero
                    sum4 = _decay(s, i + G4, i + Q4, d4, c4) if receptors >= 4 else zero
                    total = two * s[i + FSX] + (sum1 + sum2 + (sum3 + sum4))
                    drive = two * two * s[i + FEX] + (sum1 * e1 + (sum2 * e2 + (sum3 * e3 + sum4 * e4)))
                    dv = k4 * (drive - total * (v + lin_v)) / (one + k4 * total)
                    s[i] = lin_v + kv * dv
                    s[i + F1] = p22 * dep + tiny
                    s[i + F2] = lin_a + ki * dv
            some = False
            for lane in range(_M):
                i = U(lane) + first
                left = s[i + F5] - exp2(ya * s[i] + yb)
                s[i + F5] = left
                some |= left < zero
            spiked[block0 + b] = -1 if some else 0

    return step


step_full_1, step_full_2, step_full_3, step_full_4 = (_full_step(n) for n in range(1, 5))


@njit(**KERNEL)
def hold_extra(s: Any, base: Any, blocks: Any) -> None:
    """Let the extra current be the slow one: what a chunk without gap junctions and outside currents begins with."""
    for b in range(blocks):
        first = U(base) + U(b) * _FULL_BLOCK
        for lane in range(_M):
            i = U(lane) + first
            s[i + FIX] = s[i + FSLOW]


@njit(**KERNEL)
def clear_extra(s: Any, base: Any, blocks: Any, fade: Any) -> None:
    """Begin a step's sums: the slow current, no outside conductance, spikelets faded."""
    zero = s.dtype.type(0.0)
    for b in range(blocks):
        first = U(base) + U(b) * _FULL_BLOCK
        for lane in range(_M):
            i = U(lane) + first
            s[i + FIX] = s[i + FSLOW]
            s[i + FSX] = zero
            s[i + FEX] = zero
            s[i + FSPK] = fade * s[i + FSPK]


@njit(**KERNEL)
def absurd(s: Any, start: Any, lanes: Any) -> Any:
    """Return how many of `lanes` voltages from `start` on are not finite or beyond a million mV."""
    wrong = np.int32(0)
    limit = s.dtype.type(1e6)
    for lane in range(lanes):
        wrong += np.int32(not (abs(s[U(start) + U(lane)]) < limit))
    return wrong


@njit(**INLINED)
def _adex_slope(v: Any, w: Any, total: Any, drive: Any, gate: Any, extra: Any, p: Any) -> Any:
    """Membrane current (pA) of an AdEx cell at voltage `v`, which the exponential sees up to the peak only."""
    clip = min(v, p[L.X_PEAK])
    spike = p[L.X_GL] * p[L.X_DT] * np.exp((clip - p[L.X_VT]) / p[L.X_DT])
    m = 1.0 / (1.0 + np.exp((p[L.X_MH] - clip) / p[L.X_MK]))
    t_type = p[L.X_GT] * m * m * gate * (p[L.X_ECA] - clip)
    return spike - p[L.X_GL] * (clip - p[L.X_EL]) - w + drive - total * clip + t_type + extra


@njit(**INLINED)
def _gate_slope(v: Any, gate: Any, p: Any) -> Any:
    """Rate of the T-current's inactivation gate, 1/ms."""
    inf = 1.0 / (1.0 + np.exp((p[L.X_HH] - v) / p[L.X_HK]))
    tau = p[L.X_TH1] if v < p[L.X_HH] else p[L.X_TH2]
    return (inf - gate) / tau


@njit(**KERNEL)
def substep_adex(s: Any, i: Any, p: Any, held: Any) -> None:
    """Advance one AdEx cell by one classical Runge-Kutta sub-step; V stays at reset while `held`.

    Parameters
    ----------
    s : float array
        State; the cell's rows lie at ``i + row * FULL_LANES``.
    i : int
        Index of the cell's voltage.
    p : float array
        The population's parameters.
    held : bool
        Whether the cell is refractory.
    """
    h = p[L.X_H]
    rows = L.FULL_LANES
    tot0 = s[i + L.SX * rows]
    drv0 = s[i + L.EX * rows]
    tot1, drv1, tot2, drv2 = tot0, drv0, tot0, drv0
    for r in range(L.FULL_RECEPTORS):
        k = i + (L.Q0 + 2 * r) * rows
        g = s[k]
        q = s[k + rows]
        e = p[L.E2 + r]
        half = p[L.DEC + r]
        mid = half * (g + 0.5 * h * q)
        end = half * (mid + 0.5 * h * half * q)
        tot0, tot1, tot2 = tot0 + g, tot1 + mid, tot2 + end
        drv0, drv1, drv2 = drv0 + g * e, drv1 + mid * e, drv2 + end * e
        s[k] = end
        s[k + rows] = half * half * q + TINY
    v, w, gate = s[i], s[i + L.A * rows], s[i + L.GATE * rows]
    x = s[i + L.CV * rows] + s[i + L.IX * rows]
    c, a, tau, el = p[L.X_C], p[L.X_A], p[L.X_TAUW], p[L.X_EL]
    free = 0.0 if held else 1.0
    peak = p[L.X_PEAK]
    v1 = free * _adex_slope(v, w, tot0, drv0, gate, x, p) / c
    w1 = (a * (min(v, peak) - el) - w) / tau
    h1 = _gate_slope(v, gate, p)
    va, wa, ha = v + 0.5 * h * v1, w + 0.5 * h * w1, gate + 0.5 * h * h1
    v2 = free * _adex_slope(va, wa, tot1, drv1, ha, x, p) / c
    w2 = (a * (min(va, peak) - el) - wa) / tau
    h2 = _gate_slope(va, ha, p)
    va, wa, ha = v + 0.5 * h * v2, w + 0.5 * h * w2, gate + 0.5 * h * h2
    v3 = free * _adex_slope(va, wa, tot1, drv1, ha, x, p) / c
    w3 = (a * (min(va, peak) - el) - wa) / tau
    h3 = _gate_slope(va, ha, p)
    va, wa, ha = v + h * v3, w + h * w3, gate + h * h3
    v4 = free * _adex_slope(va, wa, tot2, drv2, ha, x, p) / c
    w4 = (a * (min(va, peak) - el) - wa) / tau
    h4 = _gate_slope(va, ha, p)
    s[i] = v + h * (v1 + 2.0 * v2 + 2.0 * v3 + v4) / 6.0
    s[i + L.A * rows] = w + h * (w1 + 2.0 * w2 + 2.0 * w3 + w4) / 6.0
    s[i + L.GATE * rows] = gate + h * (h1 + 2.0 * h2 + 2.0 * h3 + h4) / 6.0
