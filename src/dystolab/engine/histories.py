"""Rings of past spikes that grow when a population fires more than they were laid out for."""

from __future__ import annotations

import numpy as np

from dystolab.engine import layout as L
from dystolab.engine.network import Network

Array = np.ndarray


def double_history(net: Network, pop: int) -> Network:
    """Return `net` with twice the room for the past spikes of population number `pop`."""
    changes = {"hist_cell": _widened(net, net.hist_cell, pop, L.P_HIST, 0)}
    if net.pop_int[pop, L.P_CHAIN] >= 0:
        changes["chain_prev"] = _widened(net, net.chain_prev, pop, L.P_CHAIN, -1)
        changes["chain_step"] = _widened(net, net.chain_step, pop, L.P_CHAIN, 0)
    changes["tm_factor"] = _widened_factors(net, pop)
    room = int(net.pop_int[pop, L.P_HIST_MASK]) + 1
    for column in (L.P_HIST, L.P_CHAIN):
        later = net.pop_int[:, column] > net.pop_int[pop, column]
        if net.pop_int[pop, column] >= 0:
            net.pop_int[later, column] += room
    net.pop_int[pop, L.P_HIST_MASK] = 2 * room - 1
    return net._replace(**changes)


def _widened(net: Network, ring: Array, pop: int, column: int, empty: int) -> Array:
    """Return the joined rings with that of `pop` doubled, every spike at its number's place."""
    at = int(net.pop_int[pop, column])
    return _doubled(ring, at, int(net.pop_int[pop, L.P_HIST_MASK]) + 1, int(net.head[pop]), empty)


def _doubled(ring: Array, at: int, room: int, head: int, empty: float) -> Array:
    wide = np.full(2 * room, empty, ring.dtype)
    numbers = np.arange(max(head - room, 0), head)
    wide[numbers % (2 * room)] = ring[at + numbers % room]
    return np.asarray(np.concatenate([ring[:at], wide, ring[at + room :]]))


def _widened_factors(net: Network, pop: int) -> Array:
    """Double the short-term factors beside the ring of `pop`, in every projection that starts there."""
    factors: Array = net.tm_factor
    room = int(net.pop_int[pop, L.P_HIST_MASK]) + 1
    for j in np.flatnonzero((net.proj[:, L.J_PRE] == pop) & (net.proj[:, L.J_TM] >= 0)):
        tm = net.proj[j, L.J_TM]
        at = int(net.tm_int[tm, 1])
        factors = _doubled(factors, at, room, int(net.head[pop]), 1.0)
        net.tm_int[net.tm_int[:, 1] > at, 1] += room
    return factors
