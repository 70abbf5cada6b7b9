"""Lean cells, which are looked at many together, spike as those that are looked at one by one."""

from __future__ import annotations

import numpy as np
import pytest

from dystolab.circuit.neurons import OUCurrent
from dystolab.circuit.spec import Circuit
from dystolab.engine import Recording, Simulator
from dystolab.engine import layout as L
from dystolab.engine.memory import side_by_side
from engine_circuits import cells, eglif

SIZE = 3 * L.LEAN_LANES * L.TILE_BLOCKS - 30
ABSENT = OUCurrent(mean_pa=0.0, sd_pa=0.0, tau_ms=5.0)
"""A current that is never there, but that only full blocks could have."""


def simulator(update_order: str, *slow: OUCurrent) -> Simulator:
    """Return granule cells that fire often and stay refractory for long: many do in each vector."""
    neuron = eglif("granule_cell", i_e_pa=20.0, t_ref_ms=4.0, update_order=update_order)
    circuit = Circuit(name="lean", populations=(cells("granule_cell", SIZE, neuron, slow=slow),))
    return Simulator(circuit, recording=Recording(spikes=("granule_cell",)))


@pytest.mark.parametrize("update_order", ["freeze", "evolve"])
def test_lean_cells_spike_as_full_ones(update_order: str) -> None:
    """But for the few whose account is used up within rounding."""
    found = []
    for slow, kind in (((), L.LEAN), ((ABSENT,), L.FULL_EGLIF)):
        sim = simulator(update_order, *slow)
        assert sim._plan.kinds == [kind]
        sim.run(100.0)
        at, who = sim.spikes("granule_cell")
        found.append(set(zip(np.rint(at * 10).astype(int).tolist(), who.tolist(), strict=True)))
    lean, full = found
    assert {cell for _, cell in lean} == set(range(SIZE))
    assert len(lean & full) > 0.995 * max(len(lean), len(full)) > 2 * SIZE


def test_arrays_side_by_side_are_the_same_arrays_apart() -> None:
    net = simulator("evolve")._net
    moved = side_by_side(net)
    for name, a, b in zip(net._fields, net, moved, strict=True):
        assert a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes(), name
        assert b.ctypes.data % 64 == 0 or not b.size, name
        assert not any(np.shares_memory(b, other) for other in moved if other is not b), name
        assert not np.shares_memory(a, b), name
