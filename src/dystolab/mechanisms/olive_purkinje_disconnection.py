"""Climbing fibres that lose their grip on Purkinje cells."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from dystolab.circuit.spec import Circuit, revised
from dystolab.mechanisms.base import Mechanism, scaled


class OlivePurkinjeDisconnection(Mechanism):
    """Climbing-fibre synapses weaken, and a share of the Purkinje cells is no longer taught.

    Parameters
    ----------
    severity : float
        At 1 the synapses have half of their weight.
    teaching_lost : float, optional
        Share of the Purkinje cells without teaching at severity 1. The published configuration means 0.5; the
        code as released does not read it, which is 0.

    Examples
    --------
    >>> from dystolab.circuit import load
    >>> ill = OlivePurkinjeDisconnection(severity=1.0).apply(load("mouse-2022"))
    >>> ill.projection("io_pc").weight_ns.mean, ill.projection("pf_pc").plasticity.taught_fraction
    (150.0, 0.5)

    Source: 10.3389/fnsys.2022.919761.
    """

    name: ClassVar[str] = "olive_purkinje_disconnection"
    doi: ClassVar[str] = "10.3389/fnsys.2022.919761"
    description: ClassVar[str] = "climbing fibres excite Purkinje cells less and teach fewer of them"
    sites: ClassVar[tuple[str, ...]] = ("projection.io_pc.weight_ns", "projection.pf_pc.plasticity.taught_fraction")
    optional: ClassVar[frozenset[str]] = frozenset({"projection.pf_pc.plasticity.taught_fraction"})

    teaching_lost: Annotated[float, Field(ge=0, le=1)] = Field(
        default_factory=lambda: OlivePurkinjeDisconnection.number("lost", "teaching")
    )

    def changed(self, circuit: Circuit) -> Circuit:
        """Return the circuit with weaker climbing fibres."""
        left = 1.0 - self.severity * self.number("lost", "weight")
        circuit = circuit.with_projection("io_pc", weight_ns=scaled(circuit.projection("io_pc").weight_ns, left))
        learning = {p.name: p.plasticity for p in circuit.projections}.get("pf_pc")
        if learning is None or learning.teacher != "io_pc":
            return circuit
        share = learning.taught_fraction * (1.0 - self.severity * self.teaching_lost)
        return circuit.with_projection("pf_pc", plasticity=revised(learning, {"taught_fraction": share}))
