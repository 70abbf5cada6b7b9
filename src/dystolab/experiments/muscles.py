"""What the muscles of a neck do in a simulation, as electrodes over them tell it."""

from __future__ import annotations

import numpy as np

from dystolab.body import surface_emg
from dystolab.body.held_head import MOTONEURONS
from dystolab.engine import Simulator
from dystolab.result import Array

SAMPLE_MS = 10
"""Time between two values of an envelope: ten times per period at its cutoff."""


def envelopes_mvc(sim: Simulator) -> Array:
    """Return the EMG of each muscle as a share of its strongest voluntary contraction, shape (28, n), every 10 ms."""
    times, cells = sim.spikes(MOTONEURONS)
    pool = sim.circuit.population(MOTONEURONS)
    units, n_ms = pool.size // pool.groups, round(sim.time_ms)
    found = np.empty((pool.groups, -(-n_ms // SAMPLE_MS)))
    for muscle in range(pool.groups):
        mine = cells // units == muscle
        emg = surface_emg.potential_uv(times[mine], cells[mine] % units, units, n_ms)
        found[muscle] = surface_emg.envelope_uv(emg)[::SAMPLE_MS]
    return found / surface_emg.strongest_uv(units)
