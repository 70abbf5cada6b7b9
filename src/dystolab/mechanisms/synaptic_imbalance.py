"""Purkinje cells with fewer synapses than they should have."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar

from pydantic import Field

from dystolab.circuit.rules import InDegree
from dystolab.circuit.spec import Circuit, revised
from dystolab.mechanisms.base import Mechanism

Share = Annotated[float, Field(ge=0, lt=1)]


class SynapticImbalance(Mechanism):
    """Purkinje cells have fewer inhibitory inputs and fewer granule cells.

    The sizes are assumed: those of the published arm could not be read.

    Parameters
    ----------
    severity : float
    inhibition_lost, parallel_fibres_lost : float, optional
        Share of the stellate and basket cells, and of the granule cells, of a Purkinje cell that is gone at
        severity 1.

    Examples
    --------
    >>> from dystolab.circuit import load
    >>> ill = SynapticImbalance(severity=1.0).apply(load("mouse-2022"))
    >>> round(ill.projection("bc_pc").rule.mean, 3)
    8.155

    Source: 10.3389/fnsys.2022.919761 (the arm), Vanni et al. 2015 (the directions).
    """

    name: ClassVar[str] = "synaptic_imbalance"
    doi: ClassVar[str] = "10.3389/fnsys.2022.919761"
    description: ClassVar[str] = "Purkinje cells have fewer inhibitory and parallel-fibre synapses (sizes assumed)"
    sites: ClassVar[tuple[str, ...]] = tuple(
        f"projection.{p}.rule.{field}"
        for p in ("sc_pc", "bc_pc", "aa_pc", "pf_pc")
        for field in ("mean", "sd", "range")
    )

    inhibition_lost: Share = Field(default_factory=lambda: SynapticImbalance.number("lost", "inhibition"))
    parallel_fibres_lost: Share = Field(default_factory=lambda: SynapticImbalance.number("lost", "parallel_fibres"))

    def changed(self, circuit: Circuit) -> Circuit:
        """Return the circuit with fewer synapses on Purkinje cells."""
        lost = dict.fromkeys(("sc_pc", "bc_pc"), self.inhibition_lost)
        lost |= dict.fromkeys(("aa_pc", "pf_pc"), self.parallel_fibres_lost)
        for name, share in lost.items():
            rule = circuit.projection(name).rule
            assert isinstance(rule, InDegree)  # the only rule with all three sites
            left = 1.0 - self.severity * share
            low, high = rule.range
            fewer = {
                "mean": rule.mean * left,
                "sd": rule.sd * left,
                "range": (math.floor(low * left), math.ceil(high * left)),
            }
            circuit = circuit.with_projection(name, rule=revised(rule, fewer))
        return circuit
