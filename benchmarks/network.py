"""The benchmark's network: the preset's graph with parallel-fibre plasticity, and its export for the peers."""

import json

import numpy as np

from dystolab.circuit import Circuit, grow, load
from dystolab.circuit.neurons import EGLIF, AdEx, Relay

GREEK = {
    "C_m": "c_m_pf",
    "tau_m": "tau_m_ms",
    "E_L": "e_l_mv",
    "V_th": "v_th_mv",
    "V_reset": "v_reset_mv",
    "lambda_0": "lambda_0_per_ms",
    "tau_V": "tau_v_mv",
    "I_e": "i_e_pa",
    "k_adap": "k_adap_ns_per_ms",
    "k1": "k1_per_ms",
    "k2": "k2_per_ms",
    "A1": "a1_pa",
    "A2": "a2_pa",
    "t_ref": "t_ref_ms",
    "leak": "leak_sign",
    "v_init": "v_init_mv",
}


def static_tissue(name: str = "mouse-cerebellum") -> Circuit:
    """Return the preset without what a peer lacks or would be slowed by: slow noise, gap junctions, spread."""
    circuit = load(name)
    for pop in circuit.populations:
        circuit = circuit.with_population(pop.name, slow=(), spread=())
    return circuit.model_copy(update={"gap_junctions": ()})


def export(path: str, seed: int = 1) -> None:
    """Write populations and synapses of the benchmark network to an ``.npz`` without pickles."""
    circuit = static_tissue()
    anatomy = grow(circuit, seed)
    rate = max(max(d.rate_hz.values) for d in circuit.drives if d.kind == "poisson")
    pops = []
    for pop in circuit.populations:
        constants = None
        if isinstance(pop.neuron, EGLIF):
            constants = {k: getattr(pop.neuron, v) for k, v in GREEK.items()}
            for k in range(4):
                r = pop.neuron.receptors[min(k, len(pop.neuron.receptors) - 1)]
                constants |= {f"t{k + 1}": r.tau_ms, f"e{k + 1}": r.e_rev_mv}
        pops.append({"name": pop.name, "size": pop.size, "constants": constants, "rate_hz": rate})
    rows, arrays = [], {}
    for p in circuit.projections:
        post = circuit.population(p.post).neuron
        if isinstance(post, Relay):
            continue
        edges = anatomy.edges[p.name]
        rule = p.plasticity
        rows.append(
            {
                "name": p.name,
                "pre": p.pre,
                "post": p.post,
                "receptor": p.receptor,
                "delay_ms": float(edges.delay_ms.mean()),
                "tau_ms": post.receptors[p.receptor - 1].tau_ms,
                "plastic": rule is not None,
                "a_plus": rule.a_plus_ns if rule else 0.0,
                "w_max": rule.w_max_ns if rule else 0.0,
            }
        )
        arrays |= {f"{p.name}/pre": edges.pre, f"{p.name}/post": edges.post, f"{p.name}/w": edges.weight_ns}
    spec = json.dumps({"populations": pops, "projections": rows})
    np.savez(path, spec=np.array(spec), **arrays)


def as_adex(circuit: Circuit) -> Circuit:
    """Return the circuit with NEST's closest built-in cell, of the same size and time constants, everywhere."""
    for pop in circuit.populations:
        n = pop.neuron
        if isinstance(n, EGLIF):
            cell = AdEx(
                c_m_pf=n.c_m_pf,
                g_l_ns=n.c_m_pf / n.tau_m_ms,
                e_l_mv=n.e_l_mv,
                v_th_mv=n.v_th_mv,
                delta_t_mv=1.0,
                a_ns=0.0,
                b_pa=n.a2_pa if n.a2_pa > 0 else 0.0,
                tau_w_ms=1.0 / n.k2_per_ms,
                t_ref_ms=n.t_ref_ms,
                v_reset_mv=n.v_reset_mv,
                v_peak_mv=n.v_th_mv + 20.0,
                v_init_mv=n.v_init_mv,
                i_e_pa=n.i_e_pa,
                receptors=n.receptors,
            )
            circuit = circuit.with_population(pop.name, neuron=cell, slow=(), spread=())
    for p in circuit.projections:
        circuit = circuit.with_projection(p.name, plasticity=None)
    return circuit
