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

SIZE = (L.MAX_LEAN_PARTS + 1) * L.LEAN_LANES * L.TILE_BLOCKS + 100
"""Two parts have a second tile, one of them of a single block that is not full."""
ABSENT = OUCurrent(mean_pa=0.0, sd_pa=0.0, tau_ms=5.0)
"""A current that is never there, but that only full blocks could have."""
BUSY = {"i_e_pa": 20.0, "t_ref_ms": 4.0}
"""Cells that fire often and stay refractory for long: many do in each vector."""
CASES = {
    "evolve": BUSY | {"update_order": "evolve"},
    "freeze": BUSY | {"update_order": "freeze"},
    # V runs away from threshold within each step, so that only the hazard of the frozen voltage makes spikes.
    "spikes of frozen cells": {
        "update_order": "freeze", "i_e_pa": -500.0, "t_ref_ms": 4.0, "v_reset_mv": -41.0, "v_init_mv": 0.0,
    },
}  # fmt: skip


def simulator(size: int = SIZE, *slow: OUCurrent, **neuron) -> Simulator:
    population = cells("granule_cell", size, eglif("granule_cell", **neuron), slow=slow)
    return Simulator(Circuit(name="lean", populations=(population,)), recording=Recording(spikes=("granule_cell",)))


@pytest.mark.parametrize("case", CASES)
def test_lean_cells_spike_as_full_ones(case: str) -> None:
    """But for the few whose account is used up within rounding."""
    found = []
    for slow, kind in (((), L.LEAN), ((ABSENT,), L.FULL_EGLIF)):
        sim = simulator(SIZE, *slow, **CASES[case])
        assert sim._plan.kinds == [kind]
        sim.run(100.0)
        at, who = sim.spikes("granule_cell")
        found.append(set(zip(np.rint(at * 10).astype(int).tolist(), who.tolist(), strict=True)))
    lean, full = found
    assert {cell for _, cell in lean} == set(range(SIZE))
    assert len(lean & full) > 0.995 * max(len(lean), len(full)) > 2 * SIZE


def test_a_part_of_this_size_has_a_second_tile_that_is_not_full() -> None:
    blocks = simulator(**BUSY)._net.part[:, L.T_BLOCKS]
    assert blocks.max() > L.TILE_BLOCKS and (blocks % L.TILE_BLOCKS).any()


def test_arrays_side_by_side_are_the_same_arrays_apart() -> None:
    net = simulator(600, **BUSY)._net
    moved = side_by_side(net)
    for name, a, b in zip(net._fields, net, moved, strict=True):
        assert a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes(), name
        assert b.ctypes.data % 64 == 0 or not b.size, name
        assert not any(np.shares_memory(b, other) for other in moved if other is not b), name
        assert not np.shares_memory(a, b), name


def test_large_arrays_stay_where_they_are() -> None:
    net = simulator(600, **BUSY)._net
    large = net._replace(w=np.zeros(1 << 20, np.float32))
    assert side_by_side(large).w is large.w
