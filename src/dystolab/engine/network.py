"""The compiled network: the arrays that the kernels work on, and what each of them is."""

from __future__ import annotations

from typing import Any, NamedTuple


class Network(NamedTuple):
    """Every array of a compiled circuit. ``real`` is float32 or float64; indices are explained in ``layout``.

    Mutable fields are the state of a run (and all that a checkpoint holds, see ``STATE``); the rest never changes.
    """

    s: Any  # real (n,): state of all blocks
    w: Any  # float32 (n_syn,): weight of each synapse, nS
    pop_int: Any  # int64 (n_pop, N_POP_INT)
    pop_real: Any  # real (n_pop, N_POP_REAL)
    pop_key: Any  # uint64 (n_pop, 2): streams of escape noise and of slow noise
    part: Any  # int64 (n_part, N_PART_INT)
    proj: Any  # int64 (n_proj, N_PROJ_INT)
    proj_scale: Any  # float64 (n_proj,): e / tau of the receptor, 1/ms, in the units of the target's state
    # Synapses, grouped by (source population, source cell, projection, part).
    link_ptr: Any  # int64 (n_part + 1,): links of each part
    link_proj: Any  # int64 (n_link,)
    link_src: Any  # int64 (n_link,): where the pointer of the link's source 0 lies in src_ptr
    link_stride: Any  # int64 (n_link,): pointers from one source to the next
    link_most: Any  # int64 (n_link,): most synapses of one source in the link
    src_ptr: Any  # int32: first synapse of each source
    syn_addr: Any  # int32 (n_syn,): address of the conductance row, or cell index (relays, rings)
    syn_delay: Any  # int32: delays in steps of the projections that vary (else of length 1)
    ring: Any  # float32: arriving weights of projections with varying delays, (length, cells) each
    # Spikes of the past.
    head: Any  # int64 (n_pop,): spikes emitted so far
    hist_cell: Any  # int32: rings of cells
    step_ptr: Any  # int64: rings of the spike number at the start of each step
    chain_prev: Any  # int64: spike number of the same cell's previous spike (plastic sources)
    chain_step: Any  # int64: step of each spike (plastic sources)
    chain_last: Any  # int64 (n_cells,): spike number of each cell's last spike, -1 for none
    # Short-term plasticity, one state per (projection, source).
    tm_int: Any  # int64 (n_tm, 3): offsets of state and factor ring, kind
    tm_real: Any  # float64 (n_tm, 3): U, tau_rec and tau_fac in steps; of vesicle pools p_slow, tau_slow and tau_fast
    tm_state: Any  # float64 (n, 3): u, x, step of the last spike (-1: none)
    pool_state: Any  # float64 (n, 5): u and x of the slow pool, of the fast one, just after the last spike; its step
    pool_class: Any  # int64 (n,): row of pool_real of each source
    pool_real: Any  # float64 (n_class, 5): weight and U of the slow pool, of the fast one; tau_fac in steps
    tm_factor: Any  # float32: rings beside hist_cell
    # Long-term plasticity.
    pl_int: Any  # int64 (n_pl, 7): projection, teacher population, offsets of the four tables below and of pl_up
    pl_real: Any  # float64 (n_pl, 5): fading of pl_up in a chunk, its rise at a teaching spike, a_minus, w_min, w_max
    pl_up: Any  # float64: by how much a spike potentiates the synapses of each target, nS
    pl_kernel: Any  # float64 (n_pl, n_lag): K at lag 0, 1, 2 ... steps; 0 where it is over
    teach_ptr: Any  # int32: targets of each teacher
    teach_post: Any  # int32
    post_ptr: Any  # int32: plastic synapses of each target
    post_syn: Any  # int32
    post_src: Any  # int32
    # Noise and refractoriness.
    draw: Any  # int64 (n_cells,): number of the next random draw of each cell
    ref_n: Any  # int32 (n_block,)
    ref_lane: Any  # int16 (n_block, LEAN_LANES)
    ref_left: Any  # int16 (n_block, LEAN_LANES)
    hold: Any  # real (n, HOLD_ROWS): refractory cells put aside during a step
    spiked: Any  # int32 (n_block,): full blocks: negative if a cell spiked in this step
    # Gap junctions.
    gap_a: Any  # int64 (n,): address of the voltage
    gap_b: Any  # int64 (n,)
    gap_g: Any  # float64 (n,)
    # Spikes of the chunk that is being stepped.
    out_cell: Any  # int32
    out_step: Any  # int16
    out_n: Any  # int64 (n_part, 8): a cache line each, the count first
    bad: Any  # int64 (n_part,): cell that is not finite, -1 for none
    # Arriving events of lean parts, linked lists by (tile, step).
    ev_addr: Any  # int32
    ev_w: Any  # real
    ev_next: Any  # int32
    ev_head: Any  # int32
    ev_tail: Any  # int32


class Live(NamedTuple):
    """Spikes of relays in this millisecond that a body gave, sorted by (population, step)."""

    ptr: Any  # int64 (n_pop + 1,)
    step: Any  # int64
    cell: Any  # int32
    cursor: Any  # int64 (n_pop,)


class Inputs(NamedTuple):
    """What comes from outside during one call of the kernel, and what is recorded."""

    # Spikes onto conductances, sorted by (part, step).
    ev_ptr: Any  # int64 (n_part + 1,)
    ev_step: Any  # int64
    ev_addr: Any  # int64
    ev_w: Any  # float64: weight times e / tau
    ev_cursor: Any  # int64 (n_part,)
    # Spikes of relays, sorted by (population, step).
    relay_ptr: Any  # int64 (n_pop + 1,)
    relay_step: Any  # int64
    relay_cell: Any  # int32
    relay_cursor: Any  # int64 (n_pop,)
    # Currents (pA) and conductances (nS): value of each wave in each step, and the cells that it reaches.
    wave: Any  # float64 (n_wave, n_steps)
    wave_ptr: Any  # int64 (n_part + 1,)
    wave_id: Any  # int64 (n,)
    wave_addr: Any  # int64 (n,): address of the cell's voltage
    wave_e_rev: Any  # float64 (n,): reversal potential, NaN for a current
    # Recording.
    keep: Any  # uint8 (n_cells,)
    rec_step: Any  # int64 (n,)
    rec_cell: Any  # int32 (n,)
    count: Any  # int64 (n_pop, n_chunks)
    trace_ptr: Any  # int64 (n_part + 1,)
    trace_addr: Any  # int64 (n,)
    trace: Any  # float64 (n, n_steps)


STATE = (
    "s", "w", "pl_up", "ring", "head", "hist_cell", "step_ptr", "chain_prev", "chain_step", "chain_last", "tm_state",
    "pool_state", "tm_factor", "draw", "ref_n", "ref_lane", "ref_left",
)  # fmt: skip
"""Fields of `Network` that change during a run."""
