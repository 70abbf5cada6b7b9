"""Learning sped up, so that fewer trials are enough."""

from __future__ import annotations

from typing import Any

from dystolab.circuit.spec import Circuit, revised


def accelerated(circuit: Circuit, factor: float) -> Circuit:
    """Return the circuit with the rates of all learning synapses multiplied."""
    if factor == 1.0:
        return circuit
    for p in circuit.projections:
        if p.plasticity:
            rule = p.plasticity
            rates: dict[str, Any] = {name: factor * getattr(rule, name) for name in ("a_plus_ns", "a_minus_ns")}
            if rule.balance_ms is not None and factor > 0:
                rates["balance_ms"] = rule.balance_ms / factor
            circuit = circuit.with_projection(p.name, plasticity=revised(rule, rates))
    return circuit
