"""Short-term plasticity: what each spike of a source releases, once per spike and projection."""

from __future__ import annotations

import math
from typing import Any

from numba import njit

from dystolab.engine import layout as L
from dystolab.engine.arithmetic import KERNEL
from dystolab.engine.delivery import spikes_at


@njit(**KERNEL)
def depress_and_facilitate(net: Any, j: Any, t: Any, k_steps: Any) -> None:
    """Compute the short-term factor of each of the chunk's spikes (the recursion of NEST's tsodyks2_synapse)."""
    pre = net.proj[j, L.J_PRE]
    tm = net.proj[j, L.J_TM]
    state, ring = net.tm_int[tm, 0], net.tm_int[tm, 1]
    use, rec, fac = net.tm_real[tm, 0], net.tm_real[tm, 1], net.tm_real[tm, 2]
    mask = net.pop_int[pre, L.P_HIST_MASK]
    for k in range(k_steps):
        lo, hi = spikes_at(net, pre, t + k)
        for h in range(lo, hi):
            x = state + net.hist_cell[net.pop_int[pre, L.P_HIST] + (h & mask)]
            u, r, before = net.tm_state[x, 0], net.tm_state[x, 1], net.tm_state[x, 2]
            if before >= 0:
                lag = t + k - before
                r = 1.0 + (r - r * u - 1.0) * math.exp(-lag / rec)
                u = use + u * (1.0 - use) * (math.exp(-lag / fac) if fac > 0 else 0.0)
            net.tm_state[x, 0], net.tm_state[x, 1], net.tm_state[x, 2] = u, r, t + k
            net.tm_factor[ring + (h & mask)] = u * r


@njit(**KERNEL)
def release_vesicles(net: Any, j: Any, t: Any, k_steps: Any) -> None:
    """Compute the factor of each of the chunk's spikes from two vesicle pools, each exact between spikes.

    The state holds what the last spike left, so that a run can begin in any state, one step before its first.
    """
    pre = net.proj[j, L.J_PRE]
    tm = net.proj[j, L.J_TM]
    state, ring = net.tm_int[tm, 0], net.tm_int[tm, 1]
    p_slow, slow, fast = net.tm_real[tm, 0], net.tm_real[tm, 1], net.tm_real[tm, 2]
    mask = net.pop_int[pre, L.P_HIST_MASK]
    for k in range(k_steps):
        lo, hi = spikes_at(net, pre, t + k)
        for h in range(lo, hi):
            x = state + net.hist_cell[net.pop_int[pre, L.P_HIST] + (h & mask)]
            c = net.pool_class[x]
            use_slow, use_fast, fac = net.pool_real[c, 1], net.pool_real[c, 3], net.pool_real[c, 4]
            lag = t + k - net.pool_state[x, 4]
            kept = math.exp(-lag / fac) if fac > 0 else 0.0
            u_slow = use_slow + (net.pool_state[x, 0] - use_slow) * kept
            u_fast = use_fast + (net.pool_state[x, 2] - use_fast) * kept
            x_slow = 1.0 + (net.pool_state[x, 1] - 1.0) * math.exp(-lag / slow)
            x_fast = 1.0 + (net.pool_state[x, 3] - 1.0) * math.exp(-lag / fast)
            of_slow, of_fast = net.pool_real[c, 0] * u_slow * x_slow, net.pool_real[c, 2] * u_fast * x_fast
            net.tm_factor[ring + (h & mask)] = of_slow + of_fast
            net.pool_state[x, 0] = u_slow + use_slow * (1.0 - u_slow)
            net.pool_state[x, 1] = x_slow - (1.0 - p_slow) * u_slow * x_slow
            net.pool_state[x, 2] = u_fast + use_fast * (1.0 - u_fast)
            net.pool_state[x, 3] = x_fast - u_fast * x_fast
            net.pool_state[x, 4] = t + k
