"""Currents that come from elsewhere than synapses: noise, ion pumps, gap junctions, electrodes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from dystolab.engine import layout as L
from dystolab.engine.arithmetic import INLINED, KERNEL, normal
from dystolab.engine.cells import clear_extra


@njit(**INLINED)
def extra_currents(net: Any, inp: Any, part: Any, at: Any) -> None:
    """Sum slow, gap and outside currents and outside conductances of this step."""
    base = net.part[part, L.T_BASE]
    lanes = L.FULL_LANES
    pop = net.part[part, L.T_POP]
    fade = net.pop_real[pop, L.SPIKELET_FADE]
    clear_extra(net.s, base, net.part[part, L.T_BLOCKS], fade)
    for x in range(inp.wave_ptr[part], inp.wave_ptr[part + 1]):
        value = inp.wave[inp.wave_id[x], at]
        i = inp.wave_addr[x]
        if np.isnan(inp.wave_e_rev[x]):
            net.s[i + L.IX * lanes] += value
        else:
            net.s[i + L.SX * lanes] += value
            net.s[i + L.EX * lanes] += value * inp.wave_e_rev[x]
    for x in range(net.pop_int[pop, L.P_GAP_LO], net.pop_int[pop, L.P_GAP_HI]):
        a, b2, g = net.gap_a[x], net.gap_b[x], net.gap_g[x]
        current = g * (net.s[b2] + net.s[b2 + L.SPK * lanes] - net.s[a] - net.s[a + L.SPK * lanes])
        net.s[a + L.IX * lanes] += current
        net.s[b2 + L.IX * lanes] -= current


@njit(**KERNEL)
def slow_currents(net: Any, part: Any, t0: Any) -> None:
    """Advance noise and ion concentration once per millisecond (whatever the chunk) and hold their current."""
    pop = net.part[part, L.T_POP]
    per_ms = net.pop_int[pop, L.P_MS]
    noise = net.pop_int[pop, L.P_OU]
    pump = net.pop_int[pop, L.P_PUMP]
    if not (noise or pump) or t0 % per_ms:
        return
    p = net.pop_real[pop]
    lanes = L.FULL_LANES
    for c in range(net.part[part, L.T_CELLS]):
        i = net.part[part, L.T_BASE] + c // lanes * (L.FULL_ROWS * lanes) + c % lanes
        current = 0.0
        if noise:
            kick = p[L.OU_KICK] * normal(net.pop_key[pop, 1], net.part[part, L.T_CELL0] + c, t0 // per_ms)
            net.s[i + L.OU * lanes] = p[L.OU_MEAN] + (net.s[i + L.OU * lanes] - p[L.OU_MEAN]) * p[L.OU_DECAY] + kick
            current += net.s[i + L.OU * lanes]
        if pump:
            ion = net.s[i + L.ION * lanes]
            work = ion / (ion + p[L.PUMP_HALF])
            net.s[i + L.ION * lanes] = max(ion - p[L.PUMP_RATE] * work, 0.0)
            current -= p[L.PUMP_I] * work
        net.s[i + L.ISLOW * lanes] = current
