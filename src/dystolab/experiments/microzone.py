"""The microzone of the lid: the one whose nuclei reach the red nucleus."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dystolab.circuit.rules import InDegree
from dystolab.circuit.spec import Circuit
from dystolab.engine import Simulator

RED_NUCLEUS = "red_nucleus"


def of_lid(circuit: Circuit) -> int | None:
    """Return the index of the lid's microzone; None if no zone owns the lid, as in a circuit without one.

    A lesion silences a path, but leaves it, and with it the zone, in the circuit.
    """
    for p in circuit.projections:
        if p.post == RED_NUCLEUS and isinstance(p.rule, InDegree) and p.rule.zone is not None:
            return p.rule.zone
    return None


def cells(sim: Simulator, population: str) -> npt.NDArray[np.int32]:
    """Return the recorded cells of `population` in the lid's microzone, sorted; all if no zone owns the lid."""
    zone, recorded = of_lid(sim.circuit), sim.recorded_cells(population).astype(np.int32)
    return recorded if zone is None else recorded[sim.anatomy.zone[population][recorded] == zone]


def spikes(sim: Simulator, population: str) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int32]]:
    """Return the recorded spikes of these cells, numbered from 0 among them, in order of time."""
    return only(sim.spikes(population), cells(sim, population))


def only(
    spikes: tuple[npt.NDArray[np.float64], npt.NDArray[np.int32]], chosen: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int32]]:
    """Return the spikes of the `chosen` cells (sorted), numbered from 0 among them."""
    times, who = spikes
    kept = np.isin(who, chosen)
    return times[kept], np.searchsorted(chosen, who[kept]).astype(np.int32)
