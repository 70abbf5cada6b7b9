"""Purkinje cells of a simulation: their simple and complex spikes."""

from __future__ import annotations

import numpy as np

from dystolab.engine import Simulator
from dystolab.measures import complex_spikes
from dystolab.measures.complex_spikes import Cells, Times

CLIMBING_FIBRE = "io_pc"


def arrivals(sim: Simulator) -> tuple[Times, Cells]:
    """Return when climbing-fibre spikes reach which Purkinje cell, by cell, then time.

    There are none if the circuit has no climbing fibres, or only some of weight 0.
    """
    if CLIMBING_FIBRE not in sim.anatomy.edges:
        return np.zeros(0), np.zeros(0, np.int32)
    edges = sim.anatomy.edges[CLIMBING_FIBRE]
    joined = edges.weight_ns > 0
    delay = np.broadcast_to(edges.delay_ms, joined.shape)[joined]
    return complex_spikes.arrivals(*sim.spikes("io_cell"), edges.pre[joined], edges.post[joined], delay)


def simple_spikes(sim: Simulator) -> tuple[Times, Cells]:
    """Return the spikes of Purkinje cells, in order of time, without those of complex spikes."""
    return complex_spikes.simple_spikes(*sim.spikes("purkinje_cell"), *arrivals(sim))
