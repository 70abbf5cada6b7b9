"""Stepping one part through one chunk: deliver, integrate, spike. Parts never touch each other's memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from dystolab.engine import layout as L
from dystolab.engine.arithmetic import INLINED, KERNEL, lowest_bit
from dystolab.engine.cells import (
    absurd,
    hold_extra,
    spend_hazard,
    step_full_1,
    step_full_2,
    step_full_3,
    step_full_4,
    step_lean,
)
from dystolab.engine.currents import extra_currents, slow_currents
from dystolab.engine.delivery import deliver, deliver_events, scatter, spikes_at
from dystolab.engine.spiking import emit, hold_refractory, release_refractory, step_adex

ALL_VECTORS = (1 << L.LEAN_VECTORS) - 1
"""Of a block, as bits; those of a tile must fit into an int64, without its sign."""
assert L.TILE_BLOCKS * L.LEAN_VECTORS < 64


@njit(**KERNEL)
def run_part(net: Any, inp: Any, part: Any, t0: Any, k_steps: Any, step_in_call: Any) -> None:
    """Step `part` from step `t0` through `k_steps` steps."""
    net.out_n[part, 0] = 0
    teach(net, part, t0, k_steps)
    slow_currents(net, part, t0)
    kind = net.part[part, L.T_KIND]
    if kind == L.LEAN:
        run_lean(net, inp, part, t0, k_steps, step_in_call)
    else:
        run_full(net, inp, part, t0, k_steps, step_in_call)
    net.bad[part] = find_not_finite(net, part)


@njit(**KERNEL)
def find_not_finite(net: Any, part: Any) -> Any:
    """Return the first cell of `part` whose voltage is not finite (or absurd), -1 if there is none."""
    lean = net.part[part, L.T_KIND] == L.LEAN
    lanes = L.LEAN_LANES if lean else L.FULL_LANES
    stride = lanes * (L.LEAN_ROWS if lean else L.FULL_ROWS)
    base = net.part[part, L.T_BASE]
    for b in range(net.part[part, L.T_BLOCKS]):
        if absurd(net.s, base + b * stride, lanes):
            for lane in range(lanes):
                cell = b * lanes + lane
                if cell < net.part[part, L.T_CELLS] and absurd(net.s, base + b * stride + lane, 1):
                    return net.part[part, L.T_CELL0] + cell
    return -1


@njit(**KERNEL)
def run_lean(net: Any, inp: Any, part: Any, t0: Any, k_steps: Any, step_in_call: Any) -> None:
    """Tile by tile, each through the whole chunk, so that its state stays in cache."""
    scatter(net, inp, part, t0, k_steps)
    base = net.part[part, L.T_BASE]
    blocks = net.part[part, L.T_BLOCKS]
    pop = net.part[part, L.T_POP]
    p = net.pop_real[pop]
    stride = L.LEAN_ROWS * L.LEAN_LANES
    heads = net.part[part, L.T_HEADS]
    freeze = net.pop_int[pop, L.P_FREEZE] != 0
    rows = L.LEAN_ROWS if freeze else 0
    tiles = (blocks + L.TILE_BLOCKS - 1) // L.TILE_BLOCKS
    for tile in range(tiles):
        first = tile * L.TILE_BLOCKS
        last = min(blocks, first + L.TILE_BLOCKS)
        if freeze:
            for b in range(first, last):
                clamp(net.s, base + b * stride, L.LEAN_LANES, p[L.VMIN_CHUNK])
        for k in range(k_steps):
            e = net.ev_head[heads + tile * k_steps + k]
            while e >= 0:
                net.s[net.ev_addr[e]] += net.ev_w[e]
                e = net.ev_next[e]
            step_tile(net, part, p, first, last, rows, k)
            if inp.trace_ptr[part + 1] > inp.trace_ptr[part]:
                record_traces(net, inp, part, step_in_call + k, base + first * stride, base + last * stride)


@njit(**INLINED)
def step_tile(net: Any, part: Any, p: Any, first: Any, last: Any, rows: Any, k: Any) -> None:
    """Advance the blocks `first` to `last` of a lean part by step `k` of the chunk.

    Vectors near threshold are noted as bits and looked at when all blocks are stepped. The processor would guess a
    branch for each wrong as often as a vector is near, and learn of it only with the new voltage.
    """
    stride = L.LEAN_ROWS * L.LEAN_LANES
    start, block0 = net.part[part, L.T_BASE] + first * stride, net.part[part, L.T_BLOCK0] + first
    at = net.part[part, L.T_HOLD]
    for b in range(last - first):
        at = hold_refractory(net, block0 + b, start + b * stride, L.LEAN_LANES, rows, at)
    near = 0
    for b in range(last - first):
        near |= step_lean(net.s, start + b * stride, p) << b * L.LEAN_VECTORS
    spent = 0
    while near:
        n = lowest_bit(near)
        near &= near - 1
        vector = start + n // L.LEAN_VECTORS * stride + n % L.LEAN_VECTORS * L.LEAN_VECTOR
        spent |= np.int64(spend_hazard(net.s, vector, p)) << n
    at = net.part[part, L.T_HOLD]
    for b in range(last - first):
        held = net.ref_n[block0 + b]
        if held:
            mask = release_refractory(net, block0 + b, start + b * stride, L.LEAN_LANES, rows, at, rows > 0, p)
            spent |= (mask & ALL_VECTORS) << b * L.LEAN_VECTORS
            at += held
    while spent:
        n = lowest_bit(spent)
        spent &= spent - 1
        b, lane = n // L.LEAN_VECTORS, n % L.LEAN_VECTORS * L.LEAN_VECTOR
        emit(net, part, block0 + b, first + b, start + b * stride, L.LEAN_LANES, lane, lane + L.LEAN_VECTOR, k)


@njit(**KERNEL)
def run_full(net: Any, inp: Any, part: Any, t0: Any, k_steps: Any, step_in_call: Any) -> None:
    """All blocks of the part together, step by step, so that gap currents follow the voltages."""
    base = net.part[part, L.T_BASE]
    blocks = net.part[part, L.T_BLOCKS]
    block0 = net.part[part, L.T_BLOCK0]
    pop = net.part[part, L.T_POP]
    p = net.pop_real[pop]
    stride = L.FULL_ROWS * L.FULL_LANES
    freeze = net.pop_int[pop, L.P_FREEZE] != 0
    rows = L.Q0 + 2 * L.FULL_RECEPTORS if freeze else 0
    substeps = net.pop_int[pop, L.P_SUB]
    hold = net.part[part, L.T_HOLD]
    driven = inp.wave_ptr[part + 1] > inp.wave_ptr[part] or net.pop_int[pop, L.P_GAP_HI] > net.pop_int[pop, L.P_GAP_LO]
    if freeze:
        for b in range(blocks):
            clamp(net.s, base + b * stride, L.FULL_LANES, p[L.VMIN_CHUNK])
    if net.pop_int[pop, L.P_DYNAMIC] and not driven:
        hold_extra(net.s, base, blocks)
    for k in range(k_steps):
        deliver(net, part, t0 + k)
        deliver_events(net, inp, part, t0 + k)
        if driven:
            extra_currents(net, inp, part, step_in_call + k)
        if net.part[part, L.T_KIND] == L.FULL_ADEX:
            for b in range(blocks):
                step_adex(net, part, block0 + b, b, base + b * stride, p, substeps, k)
        else:
            at = hold
            for b in range(blocks):
                at = hold_refractory(net, block0 + b, base + b * stride, L.FULL_LANES, rows, at)
            step_full(net.s, base, blocks, p, substeps, net.spiked, block0, net.pop_int[pop, L.P_RECEPTORS])
            at = hold
            for b in range(blocks):
                start = base + b * stride
                held = net.ref_n[block0 + b]
                if held:
                    net.spiked[block0 + b] |= release_refractory(
                        net, block0 + b, start, L.FULL_LANES, rows, at, freeze, p
                    )
                    at += held
                if net.spiked[block0 + b] < 0:
                    emit(net, part, block0 + b, b, start, L.FULL_LANES, 0, L.FULL_LANES, k)
        if inp.trace_ptr[part + 1] > inp.trace_ptr[part]:
            record_traces(net, inp, part, step_in_call + k, base, base + blocks * stride)


@njit(**INLINED)
def step_full(s: Any, base: Any, blocks: Any, p: Any, substeps: Any, spiked: Any, block0: Any, receptors: Any) -> None:
    """Call the kernel for the population's number of receptors."""
    if receptors == 1:
        step_full_1(s, base, blocks, p, substeps, spiked, block0)
    elif receptors == 2:
        step_full_2(s, base, blocks, p, substeps, spiked, block0)
    elif receptors == 3:
        step_full_3(s, base, blocks, p, substeps, spiked, block0)
    else:
        step_full_4(s, base, blocks, p, substeps, spiked, block0)


@njit(**KERNEL)
def clamp(s: Any, start: Any, lanes: Any, v_min: Any) -> None:
    """Raise voltages below `v_min` to it (the NEST module of 2018-2022 looks once per slice)."""
    for lane in range(lanes):
        s[start + lane] = max(s[start + lane], v_min)


@njit(**INLINED)
def record_traces(net: Any, inp: Any, part: Any, at: Any, lo: Any, hi: Any) -> None:
    """Copy the traced variables that lie in [lo, hi)."""
    for x in range(inp.trace_ptr[part], inp.trace_ptr[part + 1]):
        if lo <= inp.trace_addr[x] < hi:
            inp.trace[x, at] = net.s[inp.trace_addr[x]]


@njit(**KERNEL)
def teach(net: Any, part: Any, t0: Any, k_steps: Any) -> None:
    """Depress the part's plastic synapses for the climbing-fibre spikes of the last chunk, and balance them."""
    lo_cell = net.part[part, L.T_CELL0]
    hi_cell = lo_cell + net.part[part, L.T_CELLS]
    for pl in range(net.pl_int.shape[0]):
        j = net.pl_int[pl, 0]
        if net.proj[j, L.J_POST] != net.part[part, L.T_POP]:
            continue
        if net.pl_real[pl, 0] < 1:
            for cell in range(lo_cell, hi_cell):
                net.pl_up[net.pl_int[pl, 6] + cell] *= net.pl_real[pl, 0]
        teacher = net.pl_int[pl, 1]
        for step in range(max(t0 - k_steps, 0), t0):
            lo, hi = spikes_at(net, teacher, step)
            for h in range(lo, hi):
                cell = net.hist_cell[net.pop_int[teacher, L.P_HIST] + (h & net.pop_int[teacher, L.P_HIST_MASK])]
                at = net.pl_int[pl, 2] + cell
                for x in range(net.teach_ptr[at], net.teach_ptr[at + 1]):
                    post = net.teach_post[net.pl_int[pl, 3] + x]
                    if lo_cell <= post < hi_cell:
                        net.pl_up[net.pl_int[pl, 6] + post] += net.pl_real[pl, 1]
                        depress(net, pl, j, post, step)


@njit(**KERNEL)
def depress(net: Any, pl: Any, j: Any, post: Any, step: Any) -> None:
    """Apply the teaching spike at `step` to all plastic synapses of cell `post`."""
    pre = net.proj[j, L.J_PRE]
    chain = net.pop_int[pre, L.P_CHAIN]
    gid = net.pop_int[pre, L.P_GID]
    mask = net.pop_int[pre, L.P_HIST_MASK]
    lags = net.pl_kernel.shape[1]
    at = net.pl_int[pl, 4] + post
    for x in range(net.post_ptr[at], net.post_ptr[at + 1]):
        h = net.chain_last[gid + net.post_src[net.pl_int[pl, 5] + x]]
        total = 0.0
        while h >= 0 and net.head[pre] - h <= mask + 1:
            lag = step - net.chain_step[chain + (h & mask)]
            if lag >= lags:
                break
            if lag > 0:
                total += net.pl_kernel[pl, lag]
            h = net.chain_prev[chain + (h & mask)]
        if total > 0:
            y = net.post_syn[net.pl_int[pl, 5] + x]
            net.w[y] = max(net.w[y] + net.pl_real[pl, 2] * total, net.pl_real[pl, 3])
