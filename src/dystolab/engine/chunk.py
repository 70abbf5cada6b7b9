"""The main loop: chunk after chunk of the minimum delay in one compiled call."""

from __future__ import annotations

from typing import Any

from numba import njit

from dystolab.engine import layout as L
from dystolab.engine.arithmetic import INLINED, KERNEL, fetch_add, load, store
from dystolab.engine.delivery import spikes_at, tm_factor
from dystolab.engine.parts import run_part
from dystolab.engine.release import depress_and_facilitate, release_vesicles
from dystolab.engine.stamp import source_stamp


@njit(**KERNEL)
def ready(net: Any, inp: Any, t: Any, k_steps: Any, n_rec: Any) -> Any:
    """Return whether this chunk's spikes and events are sure to fit, before anything is changed."""
    total = 0
    for pop in range(net.pop_int.shape[0]):
        size = net.pop_int[pop, L.P_SIZE]
        most = size * ((k_steps - 1) // (net.pop_int[pop, L.P_PAUSE] + 1) + 1)
        if net.pop_int[pop, L.P_KIND] == L.RELAY:
            most = size * k_steps * net.pop_int[pop, L.P_ROOM]
        if net.pop_int[pop, L.P_RECORD]:
            total += most
        lo, _ = spikes_at(net, pop, max(t - net.pop_int[pop, L.P_STEP_MASK] + k_steps, 0))
        if t > 0 and net.head[pop] - lo + most > net.pop_int[pop, L.P_HIST_MASK] + 1:
            return L.GROW_HISTORY, pop
    if n_rec + total > inp.rec_step.shape[0]:
        return L.RECORD_FULL, 0
    for part in range(net.part.shape[0]):
        if net.part[part, L.T_KIND] == L.LEAN:
            need = most_events(net, inp, part, t, k_steps)
            if need > net.part[part, L.T_EVENT_CAP]:
                return L.GROW_EVENTS, need
    return L.OK, 0


@njit(**INLINED)
def most_events(net: Any, inp: Any, part: Any, t: Any, k_steps: Any) -> Any:
    """Return how many events can reach lean part `part` in the chunk, from each source the most it has."""
    need = 0
    for link in range(net.link_ptr[part], net.link_ptr[part + 1]):
        j = net.link_proj[link]
        pre = net.proj[j, L.J_PRE]
        at, wrap = net.pop_int[pre, L.P_STEP], net.pop_int[pre, L.P_STEP_MASK]
        first = t - net.proj[j, L.J_DELAY]
        last = max(first + k_steps, 0)
        spikes = net.step_ptr[at + (last & wrap)] - net.step_ptr[at + (max(first, 0) & wrap)]
        need += spikes * net.link_most[link]
    x = inp.ev_cursor[part]
    while x < inp.ev_ptr[part + 1] and inp.ev_step[x] < t + k_steps:
        need += 1
        x += 1
    return need


@njit(**INLINED)
def pass_on(
    net: Any, out: Any, n: Any, k: Any, step: Any, pop: Any, ptr: Any, steps: Any, cells: Any, cursor: Any
) -> Any:
    """Append the listed spikes of relay population `pop` at `step` to its part's list; return the list's new length."""
    x = cursor[pop]
    while x < ptr[pop + 1] and steps[x] == step:
        net.out_cell[out + n] = cells[x]
        net.out_step[out + n] = k
        n += 1
        x += 1
    cursor[pop] = x
    return n


@njit(**KERNEL)
def relays(net: Any, inp: Any, live: Any, t: Any, k_steps: Any) -> None:
    """Put this chunk's relay spikes into the parts' lists: outside spikes first, then a body's, then projections'.

    Nobody hears them within the chunk, so this may wait until all else is stepped.
    """
    for part in range(net.part.shape[0]):
        if net.part[part, L.T_KIND] != L.RELAY:
            continue
        pop = net.part[part, L.T_POP]
        out = net.part[part, L.T_SPIKES]
        n = 0
        for k in range(k_steps):
            n = pass_on(net, out, n, k, t + k, pop, inp.relay_ptr, inp.relay_step, inp.relay_cell, inp.relay_cursor)
            n = pass_on(net, out, n, k, t + k, pop, live.ptr, live.step, live.cell, live.cursor)
            for link in range(net.link_ptr[part], net.link_ptr[part + 1]):
                j = net.link_proj[link]
                pre = net.proj[j, L.J_PRE]
                lo, hi = spikes_at(net, pre, t + k - net.proj[j, L.J_DELAY])
                for h in range(lo, hi):
                    cell = net.hist_cell[net.pop_int[pre, L.P_HIST] + (h & net.pop_int[pre, L.P_HIST_MASK])]
                    at = net.link_src[link] + cell * net.link_stride[link]
                    for y in range(net.src_ptr[at], net.src_ptr[at + 1]):
                        net.out_cell[out + n] = net.syn_addr[y]
                        net.out_step[out + n] = k
                        n += 1
        net.out_n[part, 0] = n


@njit(**KERNEL)
def gather(net: Any, inp: Any, t: Any, k_steps: Any, chunk: Any, n_rec: Any) -> Any:
    """Move the chunk's spikes into the histories in order of (step, cell); record, count and pass on."""
    first = 0
    while first < net.part.shape[0]:
        pop = net.part[first, L.T_POP]
        last = first
        while last < net.part.shape[0] and net.part[last, L.T_POP] == pop:
            last += 1
        n_rec = gather_population(net, inp, pop, first, last, t, k_steps, chunk, n_rec)
        first = last
    for j in range(net.proj.shape[0]):
        if net.proj[j, L.J_TM] >= 0:
            if net.tm_int[net.proj[j, L.J_TM], 2] == L.VESICLE_POOLS:
                release_vesicles(net, j, t, k_steps)
            else:
                depress_and_facilitate(net, j, t, k_steps)
        if net.proj[j, L.J_RING] >= 0:
            throw(net, j, t, k_steps)
    return n_rec


@njit(**KERNEL)
def gather_population(
    net: Any, inp: Any, pop: Any, first: Any, last: Any, t: Any, k_steps: Any, chunk: Any, n_rec: Any
) -> Any:
    """Do the work of `gather` for the parts [first, last) of one population: a counting sort by step."""
    at = net.pop_int[pop, L.P_STEP]
    wrap = net.pop_int[pop, L.P_STEP_MASK]
    for k in range(k_steps):
        net.step_ptr[at + ((t + k + 1) & wrap)] = 0
    n = 0
    for part in range(first, last):
        for x in range(net.part[part, L.T_SPIKES], net.part[part, L.T_SPIKES] + net.out_n[part, 0]):
            net.step_ptr[at + ((t + net.out_step[x] + 1) & wrap)] += 1
        n += net.out_n[part, 0]
    inp.count[pop, chunk] += n
    # step_ptr[step + 1] now counts the spikes of step; make it the place of the next spike of that step.
    place = net.head[pop]
    net.step_ptr[at + (t & wrap)] = place
    for k in range(k_steps):
        count = net.step_ptr[at + ((t + k + 1) & wrap)]
        net.step_ptr[at + ((t + k + 1) & wrap)] = place
        place += count
    for part in range(first, last):
        for x in range(net.part[part, L.T_SPIKES], net.part[part, L.T_SPIKES] + net.out_n[part, 0]):
            slot = at + ((t + net.out_step[x] + 1) & wrap)
            put_spike(net, pop, net.step_ptr[slot], net.out_cell[x], t + net.out_step[x])
            net.step_ptr[slot] += 1
    if net.pop_int[pop, L.P_RECORD]:
        n_rec = record(net, inp, pop, net.head[pop], t, k_steps, n_rec)
    net.head[pop] += n
    return n_rec


@njit(**INLINED)
def put_spike(net: Any, pop: Any, h: Any, cell: Any, step: Any) -> None:
    """Write spike number `h`; a plastic source also links it to the same cell's spike before."""
    mask = net.pop_int[pop, L.P_HIST_MASK]
    net.hist_cell[net.pop_int[pop, L.P_HIST] + (h & mask)] = cell
    chain = net.pop_int[pop, L.P_CHAIN]
    if chain >= 0:
        gid = net.pop_int[pop, L.P_GID] + cell
        net.chain_step[chain + (h & mask)] = step
        net.chain_prev[chain + (h & mask)] = net.chain_last[gid]
        net.chain_last[gid] = h


@njit(**KERNEL)
def record(net: Any, inp: Any, pop: Any, head: Any, t: Any, k_steps: Any, n_rec: Any) -> Any:
    """Append the chunk's spikes of recorded cells to the record."""
    gid = net.pop_int[pop, L.P_GID]
    hist = net.pop_int[pop, L.P_HIST]
    mask = net.pop_int[pop, L.P_HIST_MASK]
    at = net.pop_int[pop, L.P_STEP]
    wrap = net.pop_int[pop, L.P_STEP_MASK]
    h = head
    for k in range(k_steps):
        while h < net.step_ptr[at + ((t + k + 1) & wrap)]:
            cell = net.hist_cell[hist + (h & mask)]
            if inp.keep[gid + cell]:
                inp.rec_step[n_rec] = t + k
                inp.rec_cell[n_rec] = gid + cell
                n_rec += 1
            h += 1
    return n_rec


@njit(**KERNEL)
def throw(net: Any, j: Any, t: Any, k_steps: Any) -> None:
    """Put the chunk's spikes of a projection with varying delays into its ring."""
    pre = net.proj[j, L.J_PRE]
    ring, length = net.proj[j, L.J_RING], net.proj[j, L.J_RING_LEN]
    size = net.pop_int[net.proj[j, L.J_POST], L.P_SIZE]
    for k in range(k_steps):
        lo, hi = spikes_at(net, pre, t + k)
        for h in range(lo, hi):
            cell = net.hist_cell[net.pop_int[pre, L.P_HIST] + (h & net.pop_int[pre, L.P_HIST_MASK])]
            at = net.proj[j, L.J_PTR] + cell * net.proj[j, L.J_STRIDE]
            gain = tm_factor(net, j, pre, h)
            for y in range(net.src_ptr[at], net.src_ptr[at + 1]):
                row = (t + k + net.syn_delay[y]) % length
                net.ring[ring + row * size + net.syn_addr[y]] += gain * net.w[y]


KERNELS = ("arithmetic", "cells", "chunk", "currents", "delivery", "layout", "network", "parts", "release", "spiking")


@njit(**KERNEL)
def share(net: Any, inp: Any, lists: Any, t0: Any, k_steps: Any, sync: Any, me: Any) -> Any:
    """Step parts until none is left, one's own first: their state is in this processor's cache. Return how many."""
    taken = 0
    for other in range(lists.shape[0]):
        row = (me + other) % lists.shape[0]
        while True:
            ticket = fetch_add(sync, L.TICKET + row * L.LINE, 1)
            x = ticket & (L.CHUNK - 1)
            if ticket < 0 or x >= lists[row, 0]:
                break
            c = ticket // L.CHUNK
            run_part(net, inp, lists[row, x + 1], t0 + c * k_steps, k_steps, c * k_steps)
            fetch_add(sync, L.DONE, 1)
            taken += 1
    return taken


@njit(**KERNEL)
def begin(net: Any, inp: Any, t0: Any, k_steps: Any, lists: Any, n_rec: Any, chunk: Any, sync: Any) -> Any:
    """Announce the chunk, if that was not done ahead and all of it is sure to fit; return status and detail."""
    if sync[L.BEGUN] == chunk + 1:
        return L.OK, 0
    status, detail = ready(net, inp, t0 + chunk * k_steps, k_steps, n_rec)
    if status == L.OK:
        sync[L.BEGUN] = chunk + 1
        announce(lists, sync, chunk * L.CHUNK)
    return status, detail


@njit(**KERNEL)
def end(net: Any, inp: Any, live: Any, t: Any, k_steps: Any, chunk: Any, n_rec: Any) -> Any:
    """Let relays speak, and pass all spikes on if all values are finite; return status, detail and spikes recorded."""
    for part in range(net.part.shape[0]):
        if net.bad[part] >= 0:
            return L.NOT_FINITE, part, n_rec
    relays(net, inp, live, t, k_steps)
    return L.OK, 0, gather(net, inp, t, k_steps, chunk, n_rec)


@njit(**KERNEL)
def help_out(net: Any, inp: Any, lists: Any, t0: Any, k_steps: Any, sync: Any, me: Any) -> Any:
    """Step parts for the leading thread while there are any; return 1 when idle for long, 0 when dismissed."""
    idle = 0
    while idle < L.PATIENCE:
        idle += 1
        for row in range(lists.shape[0]):
            ticket = load(sync, L.TICKET + row * L.LINE)
            if ticket < 0:
                return 0
            if ticket & (L.CHUNK - 1) < lists[row, 0]:
                if share(net, inp, lists, t0, k_steps, sync, me) > 0:
                    idle = 0
                break
    return 1


@njit(**KERNEL)
def announce(lists: Any, sync: Any, value: Any) -> None:
    """Let every list begin again with the ticket `value`."""
    store(sync, L.DONE, 0)
    for row in range(lists.shape[0] - 1, -1, -1):
        store(sync, L.TICKET + row * L.LINE, value)


def entry_point(stamp: int) -> Any:
    """Return the main loop; `stamp` is part of the key under which its code is cached.

    The leading thread runs up to ``n_chunks`` chunks from chunk ``c0`` of the call that began at step ``t0``, and
    returns chunks done, spikes recorded, status (see ``layout``) and detail (a part, a population or a size). It
    never waits for a helper to begin: it takes parts itself, and waits only for parts that helpers have taken. So a
    helper that gets no processor costs nothing.

    With ``ahead`` one more chunk is announced and left to the helpers; the next call, with the same inputs, ends it.
    What it gets as ``live`` is in time, since no spike arrives in the chunk that it is fired in.
    """

    @njit(cache=True, **KERNEL)
    def advance(
        net: Any, inp: Any, t0: Any, k_steps: Any, live: Any, n_chunks: Any, lists: Any, n_rec: Any, c0: Any,
        sync: Any, me: Any, ahead: Any,
    ) -> Any:  # fmt: skip
        if stamp < 0 or me > 0:
            return help_out(net, inp, lists, t0, k_steps, sync, me), 0, L.OK, 0
        parts = lists[:, 0].sum()
        for c in range(n_chunks):
            status, detail = begin(net, inp, t0, k_steps, lists, n_rec, c0 + c, sync)
            if status == L.OK:
                share(net, inp, lists, t0, k_steps, sync, me)
                while load(sync, L.DONE) < parts:
                    pass
                status, detail, n_rec = end(net, inp, live, t0 + (c0 + c) * k_steps, k_steps, c0 + c, n_rec)
            if status != L.OK:
                return c, n_rec, status, detail
        if ahead:  # what does not fit is left to the next call
            begin(net, inp, t0, k_steps, lists, n_rec, c0 + n_chunks, sync)
        return n_chunks, n_rec, L.OK, 0

    return advance


advance = entry_point(source_stamp(*KERNELS))
