"""Stepping one part through one chunk: deliver, integrate, spike. Parts never touch each other's memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from dystolab.engine import layout as L
from dystolab.engine.arithmetic import exponential, normal
from dystolab.engine.cells import hazard_full, step_lean, substep_adex, substep_full


@njit(nogil=True, error_model="numpy")
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


@njit(nogil=True, error_model="numpy")
def find_not_finite(net: Any, part: Any) -> Any:
    """Return the first cell of `part` whose voltage is not finite (or absurd), -1 if there is none."""
    lean = net.part[part, L.T_KIND] == L.LEAN
    lanes = L.LEAN_LANES if lean else L.FULL_LANES
    stride = lanes * (L.LEAN_ROWS if lean else L.FULL_ROWS)
    base = net.part[part, L.T_BASE]
    for b in range(net.part[part, L.T_BLOCKS]):
        wrong = 0
        for lane in range(lanes):
            wrong += not (abs(net.s[base + b * stride + lane]) < 1e6)
        if wrong:
            for lane in range(lanes):
                cell = b * lanes + lane
                if cell < net.part[part, L.T_CELLS] and not (abs(net.s[base + b * stride + lane]) < 1e6):
                    return net.part[part, L.T_CELL0] + cell
    return -1


@njit(nogil=True, error_model="numpy")
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
    hold = np.empty((L.LEAN_LANES, L.LEAN_ROWS), net.s.dtype)
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
            for b in range(first, last):
                block = net.part[part, L.T_BLOCK0] + b
                start = base + b * stride
                n_ref = net.ref_n[block]
                if n_ref:
                    hold_refractory(net, block, start, L.LEAN_LANES, L.LEAN_ROWS, hold)
                mask = step_lean(net.s, start, p)
                if n_ref:
                    mask |= release_refractory(net, block, start, L.LEAN_LANES, 2, hold, freeze, p)
                if mask < 0:
                    emit(net, part, block, b, start, L.LEAN_LANES, k)
            if inp.trace_ptr[part + 1] > inp.trace_ptr[part]:
                record_traces(net, inp, part, step_in_call + k, base + first * stride, base + last * stride)


@njit(nogil=True, error_model="numpy")
def run_full(net: Any, inp: Any, part: Any, t0: Any, k_steps: Any, step_in_call: Any) -> None:
    """All blocks of the part together, step by step, so that gap currents follow the voltages."""
    base = net.part[part, L.T_BASE]
    blocks = net.part[part, L.T_BLOCKS]
    pop = net.part[part, L.T_POP]
    p = net.pop_real[pop]
    stride = L.FULL_ROWS * L.FULL_LANES
    freeze = net.pop_int[pop, L.P_FREEZE] != 0
    adex = net.part[part, L.T_KIND] == L.FULL_ADEX
    substeps = net.pop_int[pop, L.P_SUB]
    end = base + blocks * stride
    hold = np.empty((L.LEAN_LANES, L.LEAN_ROWS + 4), net.s.dtype)
    if freeze:
        for b in range(blocks):
            clamp(net.s, base + b * stride, L.FULL_LANES, p[L.VMIN_CHUNK])
    for k in range(k_steps):
        deliver(net, part, t0 + k)
        deliver_events(net, inp, part, t0 + k)
        if net.pop_int[pop, L.P_DYNAMIC]:
            extra_currents(net, inp, part, step_in_call + k)
        for b in range(blocks):
            block = net.part[part, L.T_BLOCK0] + b
            start = base + b * stride
            if adex:
                step_adex(net, part, block, b, start, p, substeps, k)
                continue
            n_ref = net.ref_n[block]
            if n_ref:
                hold_refractory(net, block, start, L.FULL_LANES, L.Q0 + 2 * L.FULL_RECEPTORS, hold)
            for _ in range(substeps):
                substep_full(net.s, start, p)
            mask = hazard_full(net.s, start, p)
            if n_ref:
                mask |= release_refractory(net, block, start, L.FULL_LANES, 4, hold, freeze, p)
            if mask < 0:
                emit(net, part, block, b, start, L.FULL_LANES, k)
        if inp.trace_ptr[part + 1] > inp.trace_ptr[part]:
            record_traces(net, inp, part, step_in_call + k, base, end)


@njit(nogil=True, error_model="numpy")
def clamp(s: Any, start: Any, lanes: Any, v_min: Any) -> None:
    """Raise voltages below `v_min` to it (the NEST module of 2018-2022 looks once per slice)."""
    for lane in range(lanes):
        s[start + lane] = max(s[start + lane], v_min)


@njit(nogil=True, error_model="numpy")
def hold_refractory(net: Any, block: Any, start: Any, lanes: Any, rows: Any, hold: Any) -> None:
    """Put the state of the block's refractory cells aside: the step that follows runs over every cell."""
    for r in range(net.ref_n[block]):
        for row in range(rows):
            hold[r, row] = net.s[start + row * lanes + net.ref_lane[block, r]]


@njit(nogil=True, error_model="numpy")
def release_refractory(
    net: Any, block: Any, start: Any, lanes: Any, receptors: Any, hold: Any, freeze: Any, p: Any
) -> Any:
    """Undo for refractory cells what the step did and the update order forbids; count them down.

    ``freeze``: nothing moves but the hazard, which runs at the reset voltage. Otherwise V stays at reset without
    hazard and all else has moved on. The result is negative if a frozen cell spiked.
    """
    kept = 0
    mask = np.int32(0)
    for r in range(net.ref_n[block]):
        lane = net.ref_lane[block, r]
        i = start + lane
        if freeze:
            for row in range(L.Q0 + 2 * receptors):
                net.s[i + row * lanes] = hold[r, row]
            net.s[i + L.H * lanes] = hold[r, L.H] - p[L.H_RESET]
            if net.s[i + L.H * lanes] < 0:
                mask = np.int32(-1)
        else:
            net.s[i] = p[L.V_RESET]
            net.s[i + L.H * lanes] = hold[r, L.H]
        left = net.ref_left[block, r] - 1
        if left > 0 and not (freeze and net.s[i + L.H * lanes] < 0):
            net.ref_lane[block, kept] = lane
            net.ref_left[block, kept] = left
            kept += 1
    net.ref_n[block] = kept
    return mask


@njit(nogil=True, error_model="numpy")
def emit(net: Any, part: Any, block: Any, b: Any, start: Any, lanes: Any, k: Any) -> None:
    """Reset every cell of the block whose hazard account is used up, and note its spike."""
    pop = net.part[part, L.T_POP]
    p = net.pop_real[pop]
    for lane in range(lanes):
        i = start + lane
        if net.s[i + L.H * lanes] < 0:
            cell = net.part[part, L.T_CELL0] + b * lanes + lane
            gid = net.pop_int[pop, L.P_GID] + cell
            net.s[i] = p[L.V_RESET]
            net.s[i + L.D * lanes] = p[L.A1]
            net.s[i + L.A * lanes] += p[L.A2]
            net.draw[gid] += 1
            net.s[i + L.H * lanes] = exponential(net.pop_key[pop, 0], cell, net.draw[gid])
            note_spike(net, part, pop, cell, i, lanes, k)
            if net.pop_int[pop, L.P_REF] > 0:
                n = net.ref_n[block]
                net.ref_lane[block, n] = lane
                net.ref_left[block, n] = net.pop_int[pop, L.P_REF]
                net.ref_n[block] = n + 1


@njit(nogil=True, error_model="numpy")
def note_spike(net: Any, part: Any, pop: Any, cell: Any, i: Any, lanes: Any, k: Any) -> None:
    """Write a spike to the part's list and to the slow variables that it feeds."""
    n = net.out_n[part, 0]
    at = net.part[part, L.T_SPIKES] + n
    net.out_cell[at] = cell
    net.out_step[at] = k
    net.out_n[part, 0] = n + 1
    if lanes == L.FULL_LANES:
        if net.pop_int[pop, L.P_PUMP]:
            net.s[i + L.ION * lanes] += net.pop_real[pop, L.PUMP_IN]
        net.s[i + L.SPK * lanes] = net.pop_real[pop, L.SPIKELET]


@njit(nogil=True, error_model="numpy")
def step_adex(net: Any, part: Any, block: Any, b: Any, start: Any, p: Any, substeps: Any, k: Any) -> None:
    """Advance an AdEx block by one step; ``ref_left[block, lane]`` counts each lane's refractory steps."""
    cells = min(L.FULL_LANES, net.part[part, L.T_CELLS] - b * L.FULL_LANES)
    pop = net.part[part, L.T_POP]
    for lane in range(cells):
        i = start + lane
        held = net.ref_left[block, lane] > 0
        spiked = False
        for _ in range(substeps):
            substep_adex(net.s, i, p, held)
            if held:
                net.s[i] = p[L.V_RESET]
            elif net.s[i] >= p[L.X_PEAK]:
                net.s[i] = p[L.V_RESET]
                net.s[i + L.A * L.FULL_LANES] += p[L.X_B]
                spiked = True
                held = net.pop_int[pop, L.P_REF] > 0
        if spiked:
            cell = net.part[part, L.T_CELL0] + b * L.FULL_LANES + lane
            note_spike(net, part, pop, cell, i, L.FULL_LANES, k)
            net.ref_left[block, lane] = net.pop_int[pop, L.P_REF]
        elif held:
            net.ref_left[block, lane] -= 1


@njit(nogil=True, error_model="numpy")
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
        scale = net.proj_scale[j]
        src0, stride = net.link_src[link], net.link_stride[link]
        for k in range(k_steps):
            lo, hi = spikes_at(net, pre, t0 + k - net.proj[j, L.J_DELAY])
            for h in range(lo, hi):
                cell = net.hist_cell[net.pop_int[pre, L.P_HIST] + (h & net.pop_int[pre, L.P_HIST_MASK])]
                gain = scale * tm_factor(net, j, pre, h)
                at = src0 + cell * stride
                for y in range(net.src_ptr[at], net.src_ptr[at + 1]):
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


@njit(nogil=True, error_model="numpy")
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


@njit(nogil=True, error_model="numpy")
def spikes_at(net: Any, pop: Any, step: Any) -> Any:
    """Return the range of spike numbers that population `pop` emitted at `step`."""
    if step < 0:
        return 0, 0
    at = net.pop_int[pop, L.P_STEP]
    n = net.pop_int[pop, L.P_STEP_MASK]
    return net.step_ptr[at + (step & n)], net.step_ptr[at + ((step + 1) & n)]


@njit(nogil=True, error_model="numpy")
def tm_factor(net: Any, j: Any, pre: Any, h: Any) -> Any:
    """Return the short-term factor of spike number `h` in projection `j`, 1 for a static one."""
    tm = net.proj[j, L.J_TM]
    if tm < 0:
        return 1.0
    return np.float64(net.tm_factor[net.tm_int[tm, 1] + (h & net.pop_int[pre, L.P_HIST_MASK])])


@njit(nogil=True, inline="always", error_model="numpy")
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
            up = net.pl_real[plastic, 0]
            top = net.pl_real[plastic, 3]
            for h in range(lo, hi):
                cell = net.hist_cell[hist + (h & mask)]
                at = src0 + cell * stride
                for y in range(net.src_ptr[at], net.src_ptr[at + 1]):
                    weight = min(net.w[y] + up, top)
                    net.w[y] = weight
                    net.s[net.syn_addr[y]] += scale * weight
        else:
            for h in range(lo, hi):
                cell = net.hist_cell[hist + (h & mask)]
                gain = scale * tm_factor(net, j, pre, h)
                at = src0 + cell * stride
                for y in range(net.src_ptr[at], net.src_ptr[at + 1]):
                    net.s[net.syn_addr[y]] += gain * net.w[y]


@njit(nogil=True, inline="always", error_model="numpy")
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


@njit(nogil=True, inline="always", error_model="numpy")
def deliver_events(net: Any, inp: Any, part: Any, step: Any) -> None:
    """Add the outside spikes that arrive at `step`."""
    x = inp.ev_cursor[part]
    while x < inp.ev_ptr[part + 1] and inp.ev_step[x] == step:
        net.s[inp.ev_addr[x]] += inp.ev_w[x]
        x += 1
    inp.ev_cursor[part] = x


@njit(nogil=True, inline="always", error_model="numpy")
def record_traces(net: Any, inp: Any, part: Any, at: Any, lo: Any, hi: Any) -> None:
    """Copy the traced variables that lie in [lo, hi)."""
    for x in range(inp.trace_ptr[part], inp.trace_ptr[part + 1]):
        if lo <= inp.trace_addr[x] < hi:
            inp.trace[x, at] = net.s[inp.trace_addr[x]]


@njit(nogil=True, inline="always", error_model="numpy")
def extra_currents(net: Any, inp: Any, part: Any, at: Any) -> None:
    """Sum slow, gap and outside currents and outside conductances of this step."""
    base = net.part[part, L.T_BASE]
    lanes = L.FULL_LANES
    pop = net.part[part, L.T_POP]
    fade = net.pop_real[pop, L.SPIKELET_FADE]
    for b in range(net.part[part, L.T_BLOCKS]):
        start = base + b * L.FULL_ROWS * lanes
        for lane in range(lanes):
            net.s[start + L.IX * lanes + lane] = net.s[start + L.ISLOW * lanes + lane]
            net.s[start + L.SX * lanes + lane] = 0
            net.s[start + L.EX * lanes + lane] = 0
            net.s[start + L.SPK * lanes + lane] *= fade
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


@njit(nogil=True, error_model="numpy")
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


@njit(nogil=True, error_model="numpy")
def teach(net: Any, part: Any, t0: Any, k_steps: Any) -> None:
    """Depress the part's plastic synapses for the climbing-fibre spikes of the last chunk."""
    lo_cell = net.part[part, L.T_CELL0]
    hi_cell = lo_cell + net.part[part, L.T_CELLS]
    for pl in range(net.pl_int.shape[0]):
        j = net.pl_int[pl, 0]
        if net.proj[j, L.J_POST] != net.part[part, L.T_POP]:
            continue
        teacher = net.pl_int[pl, 1]
        for step in range(max(t0 - k_steps, 0), t0):
            lo, hi = spikes_at(net, teacher, step)
            for h in range(lo, hi):
                cell = net.hist_cell[net.pop_int[teacher, L.P_HIST] + (h & net.pop_int[teacher, L.P_HIST_MASK])]
                at = net.pl_int[pl, 2] + cell
                for x in range(net.teach_ptr[at], net.teach_ptr[at + 1]):
                    post = net.teach_post[net.pl_int[pl, 3] + x]
                    if lo_cell <= post < hi_cell:
                        depress(net, pl, j, post, step)


@njit(nogil=True, error_model="numpy")
def depress(net: Any, pl: Any, j: Any, post: Any, step: Any) -> None:
    """Apply the teaching spike at `step` to all plastic synapses of cell `post`."""
    pre = net.proj[j, L.J_PRE]
    chain = net.pop_int[pre, L.P_CHAIN]
    gid = net.pop_int[pre, L.P_GID]
    mask = net.pop_int[pre, L.P_HIST_MASK]
    lags = net.pl_kernel.shape[0]
    at = net.pl_int[pl, 4] + post
    for x in range(net.post_ptr[at], net.post_ptr[at + 1]):
        h = net.chain_last[gid + net.post_src[net.pl_int[pl, 5] + x]]
        total = 0.0
        while h >= 0 and net.head[pre] - h <= mask + 1:
            lag = step - net.chain_step[chain + (h & mask)]
            if lag >= lags:
                break
            if lag > 0:
                total += net.pl_kernel[lag]
            h = net.chain_prev[chain + (h & mask)]
        if total > 0:
            y = net.post_syn[net.pl_int[pl, 5] + x]
            net.w[y] = max(net.w[y] + net.pl_real[pl, 1] * total, net.pl_real[pl, 2])
