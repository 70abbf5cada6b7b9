"""Small circuits of relays, and what the synapses of every projection must fulfil."""

from __future__ import annotations

import numpy as np

from dystolab.circuit.anatomy import Anatomy, Edges
from dystolab.circuit.neurons import AdEx, Receptor, Relay
from dystolab.circuit.spec import Circuit, Layer, Population, Projection, Value

SIZE_UM = (300.0, 200.0, 130.0)
ADEX = AdEx(
    c_m_pf=100,
    g_l_ns=5,
    e_l_mv=-60,
    v_th_mv=-50,
    delta_t_mv=2,
    a_ns=0,
    b_pa=0,
    tau_w_ms=100,
    t_ref_ms=1,
    v_reset_mv=-65,
    v_peak_mv=0,
    v_init_mv=-60,
    i_e_pa=0,
    receptors=(Receptor(tau_ms=1, e_rev_mv=0),),
)


def cells(name: str, size: int, zoned: bool = False, z_um: float = 0.0, neuron=None) -> Population:
    layer = Layer(origin_um=(10.0, -20.0, z_um), size_um=SIZE_UM)
    return Population(name=name, size=size, neuron=neuron or Relay(), layer=layer, zoned=zoned)


def joined(name: str, pre: str, post: str, rule, **fields) -> Projection:
    given = {"weight_ns": Value(mean=0.5), "delay_ms": Value(mean=2.0), **fields}
    return Projection(name=name, pre=pre, post=post, receptor=0, rule=rule, **given)


def two(rule, n_pre: int = 400, n_post: int = 300, zones: int = 1, zoned: bool = False, **fields) -> Circuit:
    """Return a circuit of two populations and one projection, "p"."""
    return Circuit(
        name="two",
        zones=zones,
        populations=(cells("pre", n_pre, zoned), cells("post", n_post, zoned, z_um=50.0)),
        projections=(joined("p", "pre", "post", rule, **fields),),
    )


def in_degrees(edges: Edges, n_post: int) -> np.ndarray:
    return np.bincount(edges.post, minlength=n_post)


def assert_well_formed(edges: Edges, n_pre: int, n_post: int) -> None:
    assert edges.pre.dtype == edges.post.dtype == np.int32
    assert edges.contacts.dtype == edges.weight_ns.dtype == edges.delay_ms.dtype == np.float32
    key = edges.pre.astype(np.int64) * n_post + edges.post
    assert np.all(np.diff(key) > 0), "pairs must be sorted by (pre, post) and stand once"
    if key.size:
        assert edges.pre.min() >= 0 and edges.pre.max() < n_pre
        assert edges.post.min() >= 0 and edges.post.max() < n_post
    assert edges.contacts.shape == edges.weight_ns.shape == edges.pre.shape
    assert edges.delay_ms.size in (1, edges.pre.size)


def gaps_um(anatomy: Anatomy, name: str = "p", pre: str = "pre", post: str = "post") -> np.ndarray:
    e = anatomy.edges[name]
    at, to = anatomy.positions_um[pre].astype(float), anatomy.positions_um[post].astype(float)
    return np.abs(at[e.pre] - to[e.post])


def same(a: Edges, b: Edges) -> bool:
    names = ("pre", "post", "contacts", "weight_ns", "delay_ms")
    return all(np.array_equal(getattr(a, n), getattr(b, n)) for n in names)
