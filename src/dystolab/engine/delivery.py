"""Spikes on their way: what arrives at a part, and when."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from dystolab.engine import layout as L
from dystolab.engine.arithmetic import INLINED, KERNEL


@njit(**INLINED)
def spikes_at(net: Any, pop: Any, step: Any) -> Any:
    """Return the range of spike numbers that population `pop` emitted at `step`."""
    if step < 0:
        return 0, 0
    at = net.pop_int[pop, L.P_STEP]
    n = net.pop_int[pop, L.P_STEP_MASK]
    return net.step_ptr[at + (step & n)], net.step_ptr[at + ((step + 1) & n)]


@njit(**INLINED)
def tm_factor(net: Any, j: Any, pre: Any, h: Any) -> Any:
    """Return the short-term factor of spike number `h` in projection `j`, 1 for a static one."""
    tm = net.proj[j, L.J_TM]
    if tm < 0:
        return 1.0
    return np.float64(net.tm_factor[net.tm_int[tm, 1] + (h & net.pop_int[pre, L.P_HIST_MASK])])


@njit(**KERNEL)
def scatter(net: Any, inp: Any, part: Any, t0: Any, k_steps: Any) -> None:
    """Sort the chunk's arriving events by tile and step; within both they keep (projection, spike) order."""
    base = net.part[part, L.T_BASE]
    heads = net.part[part, L.T_HEADS]
    tile_size = L.LEAN_ROWS * L.LEAN_LANES * L.TILE_BLOCKS
    tiles = (net.part[part, L.T_BLOCKS] + L.TILE_BLOCKS - 1) // L.TILE_BLOCKS
    for x in range(heads, heads + tiles * k_steps):
        net.ev_head[x] = -1
    n = net.part[part, L.T_EVENTS]
    for link in range(net.link_ptr[part], net.link_ptr[part + 1]):
        j = net.link_proj[link]
        pre = net.proj[j, L.J_PRE]
        first = t0 - net.proj[j, L.J_DELAY]
        lo, _ = spikes_at(net, pre, max(first, 0))
        end, _ = spikes_at(net, pre, max(first + k_steps, 0))
        scale = net.proj_scale[j]
        src0, stride = net.link_src[link], net.link_stride[link]
        hist, mask = net.pop_int[pre, L.P_HIST], net.pop_int[pre, L.P_HIST_MASK]
        at, wrap = net.pop_int[pre, L.P_STEP], net.pop_int[pre, L.P_STEP_MASK]
        k = -1
        hi = lo
        for h in range(lo, end):
            while h >= hi:
                k += 1
                hi = net.step_ptr[at + ((first + k + 1) & wrap)] if first + k >= 0 else lo
            gain = scale * tm_factor(net, j, pre, h)
            src = src0 + net.hist_cell[hist + (h & mask)] * stride
            for y in range(net.src_ptr[src], net.src_ptr[src + 1]):
                x = heads + (net.syn_addr[y] - base) // tile_size * k_steps + k
                append_event(net, x, n, net.syn_addr[y], gain * net.w[y])
                n += 1
    y = inp.ev_cursor[part]
    while y < inp.ev_ptr[part + 1] and inp.ev_step[y] < t0 + k_steps:
        x = heads + (inp.ev_addr[y] - base) // tile_size * k_steps + inp.ev_step[y] - t0
        append_event(net, x, n, inp.ev_addr[y], inp.ev_w[y])
        n += 1
        y += 1
    inp.ev_cursor[part] = y


@njit(**INLINED)
def append_event(net: Any, x: Any, n: Any, addr: Any, weight: Any) -> None:
    """Append event number `n` to the list `x` of one tile and step."""
    net.ev_addr[n] = addr
    net.ev_w[n] = weight
    net.ev_next[n] = -1
    if net.ev_head[x] < 0:
        net.ev_head[x] = n
    else:
        net.ev_next[net.ev_tail[x]] = n
    net.ev_tail[x] = n


@njit(**INLINED)
def deliver(net: Any, part: Any, step: Any) -> None:
    """Add the weights of all spikes that arrive at `step`; a plastic synapse is potentiated first."""
    for link in range(net.link_ptr[part], net.link_ptr[part + 1]):
        j = net.link_proj[link]
        if net.proj[j, L.J_RING] >= 0:
            deliver_ring(net, part, j, step)
            continue
        pre = net.proj[j, L.J_PRE]
        lo, hi = spikes_at(net, pre, step - net.proj[j, L.J_DELAY])
        if lo == hi:
            continue
        scale = net.proj_scale[j]
        src0, stride = net.link_src[link], net.link_stride[link]
        hist = net.pop_int[pre, L.P_HIST]
        mask = net.pop_int[pre, L.P_HIST_MASK]
        plastic = net.proj[j, L.J_PLASTIC]
        if plastic >= 0:
            up0 = net.pl_int[plastic, 6] + net.part[part, L.T_CELL0]
            top = net.pl_real[plastic, 4]
            base = net.part[part, L.T_BASE]
            for h in range(lo, hi):
                cell = net.hist_cell[hist + (h & mask)]
                at = src0 + cell * stride
                for y in range(net.src_ptr[at], net.src_ptr[at + 1]):
                    at_row = net.syn_addr[y] - base
                    target = at_row // (L.FULL_ROWS * L.FULL_LANES) * L.FULL_LANES + at_row % L.FULL_LANES
                    weight = min(net.w[y] + net.pl_up[up0 + target], top)
                    net.w[y] = weight
                    net.s[net.syn_addr[y]] += scale * weight
        else:
            for h in range(lo, hi):
                cell = net.hist_cell[hist + (h & mask)]
                gain = scale * tm_factor(net, j, pre, h)
                at = src0 + cell * stride
                for y in range(net.src_ptr[at], net.src_ptr[at + 1]):
                    net.s[net.syn_addr[y]] += gain * net.w[y]


@njit(**INLINED)
def deliver_ring(net: Any, part: Any, j: Any, step: Any) -> None:
    """Take this step's row from the ring of a projection whose delays vary."""
    size = net.pop_int[net.part[part, L.T_POP], L.P_SIZE]
    row = net.proj[j, L.J_RING] + step % net.proj[j, L.J_RING_LEN] * size
    base = net.part[part, L.T_BASE]
    for c in range(net.part[part, L.T_CELLS]):
        x = row + net.part[part, L.T_CELL0] + c
        if net.ring[x] != 0:
            at = base + c // L.FULL_LANES * (L.FULL_ROWS * L.FULL_LANES) + c % L.FULL_LANES
            net.s[at + net.proj[j, L.J_ROW] * L.FULL_LANES] += net.proj_scale[j] * net.ring[x]
            net.ring[x] = 0


@njit(**INLINED)
def deliver_events(net: Any, inp: Any, part: Any, step: Any) -> None:
    """Add the outside spikes that arrive at `step`."""
    x = inp.ev_cursor[part]
    while x < inp.ev_ptr[part + 1] and inp.ev_step[x] == step:
        net.s[inp.ev_addr[x]] += inp.ev_w[x]
        x += 1
    inp.ev_cursor[part] = x
