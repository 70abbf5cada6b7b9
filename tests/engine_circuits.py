"""Circuits of a few cells with explicit synapses, and what the oracle says of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from dystolab.circuit import presets
from dystolab.circuit.anatomy import Anatomy, Edges, GapEdges
from dystolab.circuit.drives import Cells, SpikeDrive
from dystolab.circuit.neurons import EGLIF, AdEx, Receptor, Relay, TTypeCurrent
from dystolab.circuit.rules import Bernoulli
from dystolab.circuit.spec import Circuit, Layer, Population, Projection, Value
from dystolab.engine import Recording, Simulator, Trace

Array = np.ndarray
LAYER = Layer(origin_um=(0.0, 0.0, 0.0), size_um=(100.0, 100.0, 100.0))
EGLIF_CELLS = (
    "granule_cell", "golgi_cell", "purkinje_cell", "basket_cell", "stellate_cell", "dcn_glut", "dcn_gaba",
    "dcn_gly", "io_cell",
)  # fmt: skip
T_TYPE = TTypeCurrent(
    g_ns=60.0,
    e_ca_mv=120.0,
    v_half_m_mv=-60.0,
    k_m_mv=7.4,
    v_half_h_mv=-75.0,
    k_h_mv=-5.0,
    tau_h_hyperpolarised_ms=100.0,
    tau_h_depolarised_ms=20.0,
)


def eglif(name: str, **changes: Any) -> EGLIF:
    """Return a published cell of 2022 with some values changed."""
    found = presets.load("mouse-2022").population(name).neuron
    assert isinstance(found, EGLIF)
    return EGLIF(**{**dict(found), **changes})


def quiet(name: str, **changes: Any) -> EGLIF:
    """Return a published cell that never spikes."""
    return eglif(name, lambda_0_per_ms=0.0, **changes)


def adex(**changes: Any) -> AdEx:
    """Return the cell of Brette & Gerstner 2005 with two receptors."""
    values = {
        "c_m_pf": 281.0, "g_l_ns": 30.0, "e_l_mv": -70.6, "v_th_mv": -50.4, "delta_t_mv": 2.0, "a_ns": 4.0,
        "b_pa": 80.5, "tau_w_ms": 144.0, "t_ref_ms": 1.95, "v_reset_mv": -60.0, "v_peak_mv": 0.0,
        "v_init_mv": -70.6, "i_e_pa": 0.0,
        "receptors": (Receptor(tau_ms=1.0, e_rev_mv=0.0), Receptor(tau_ms=5.0, e_rev_mv=-80.0)),
    }  # fmt: skip
    return AdEx(**{**values, **changes})


def cells(name: str, size: int, neuron: Any = None, **more: Any) -> Population:
    """Return a population; of relays if no neuron is given."""
    return Population(name=name, size=size, neuron=neuron or Relay(), layer=LAYER, **more)


def link(name: str, pre: str, post: str, **more: Any) -> Projection:
    """Return a projection whose synapses the anatomy gives (the rule is not used)."""
    values = {
        "receptor": 1, "weight_ns": Value(mean=1.0), "delay_ms": Value(mean=2.0),
        "rule": Bernoulli(probability=1.0),
    }  # fmt: skip
    return Projection(name=name, pre=pre, post=post, **{**values, **more})


def spikes(name: str, population: str, times_ms: Iterable[float], cell: int | None = None, **more: Any) -> SpikeDrive:
    """Return a drive that gives spikes to one cell, or to every cell."""
    subset = None if cell is None else Cells(indices=(cell,))
    return SpikeDrive(name=name, population=population, times_ms=tuple(times_ms), subset=subset, **more)


def edges(pre: Any, post: Any, weight_ns: Any, delay_ms: Any) -> Edges:
    """Return synapses in the order of (pre, post); a single delay is that of all."""
    pre, post = np.asarray(pre, np.int32), np.asarray(post, np.int32)
    order = np.lexsort((post, pre))
    weight = np.broadcast_to(np.asarray(weight_ns, np.float32), pre.shape)[order]
    delay = np.atleast_1d(np.asarray(delay_ms, np.float32))
    delay = delay[order] if len(delay) == len(pre) > 1 else delay
    return Edges(pre[order], post[order], np.ones(len(pre), np.float32), weight, delay)


def anatomy(circuit: Circuit, gaps: dict[str, GapEdges] | None = None, **given: Edges) -> Anatomy:
    """Return an anatomy with the synapses `given` by name of their projection."""
    assert set(given) == {p.name for p in circuit.projections}
    return Anatomy(
        positions_um={p.name: np.zeros((p.size, 3), np.float32) for p in circuit.populations},
        zone={p.name: np.full(p.size, -1, np.int16) for p in circuit.populations},
        edges=given,
        gaps=gaps or {},
    )


def traced(circuit: Circuit, run_ms: float, wanted: dict[str, tuple[int, ...]], **more: Any) -> dict[str, Array]:
    """Run and return V of the wanted cells by population, (steps, cells), at 0.1, 0.2 ... ms."""
    recording = Recording(traces=tuple(Trace(population=n, cells=c) for n, c in wanted.items()))
    sim = Simulator(circuit, recording=recording, **more)
    sim.run(run_ms)
    return {name: sim.trace(k)[1]["v_mv"] for k, name in enumerate(wanted)}


def above_floor(neuron: EGLIF, v_mv: Array) -> int:
    """Return how many steps of a reference trace lie before V first touches its floor.

    The oracle looks after every step, the published update order at the start of a chunk only.
    """
    below = np.flatnonzero(v_mv <= neuron.v_min_mv)
    return int(below[0]) if below.size else len(v_mv)
