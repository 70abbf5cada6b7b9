"""What a spike does to the cell that fires it: reset, refractory time, its place in the part's list."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from dystolab.engine import layout as L
from dystolab.engine.arithmetic import INLINED, exponential
from dystolab.engine.cells import substep_adex


@njit(**INLINED)
def hold_refractory(net: Any, block: Any, start: Any, lanes: Any, rows: Any, at: Any) -> Any:
    """Put the block's refractory cells aside, from row `at` of ``net.hold`` on: the step that follows runs over all.

    Only the first `rows` rows of state are kept, and the account. The result is the next free row.
    """
    for r in range(net.ref_n[block]):
        i = start + net.ref_lane[block, r]
        for row in range(rows):
            net.hold[at, row] = net.s[i + row * lanes]
        net.hold[at, L.H] = net.s[i + L.H * lanes]
        at += 1
    return at


@njit(**INLINED)
def release_refractory(net: Any, block: Any, start: Any, lanes: Any, rows: Any, at: Any, freeze: Any, p: Any) -> Any:
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
            for row in range(rows):
                net.s[i + row * lanes] = net.hold[at + r, row]
            net.s[i + L.H * lanes] = net.hold[at + r, L.H] - p[L.H_RESET]
            if net.s[i + L.H * lanes] < 0:
                mask = np.int32(-1)
        else:
            net.s[i] = p[L.V_RESET]
            net.s[i + L.H * lanes] = net.hold[at + r, L.H]
        left = net.ref_left[block, r] - 1
        if left > 0 and not (freeze and net.s[i + L.H * lanes] < 0):
            net.ref_lane[block, kept] = lane
            net.ref_left[block, kept] = left
            kept += 1
    net.ref_n[block] = kept
    return mask


@njit(**INLINED)
def emit(net: Any, part: Any, block: Any, b: Any, start: Any, lanes: Any, lo: Any, hi: Any, k: Any) -> None:
    """Reset every cell of the block's lanes `lo` to `hi` whose hazard account is used up, and note its spike."""
    pop = net.part[part, L.T_POP]
    p = net.pop_real[pop]
    for lane in range(lo, hi):
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


@njit(**INLINED)
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


@njit(**INLINED)
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
