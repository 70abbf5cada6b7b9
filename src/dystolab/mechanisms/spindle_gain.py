"""Muscle spindles of the neck that are heard less."""

from __future__ import annotations

from typing import ClassVar

from dystolab.circuit.spec import Circuit
from dystolab.mechanisms.base import Mechanism, scaled


class SpindleGain(Mechanism):
    """Synapses of the spindles' afferents are weaker, in the cord and on the way to the head integrator.

    A head integrator and neck proprioception together hold the head of healthy people; impaired feedback from the neck
    is one of the accounts of cervical dystonia, beside the integrator itself. At severity 1 no spindle is heard.

    Examples
    --------
    >>> from dystolab.circuit import load
    >>> SpindleGain(severity=1.0).apply(load("head")).projection("ii_integrator").weight_ns.mean
    0.0

    Source: PMC3718362 (Shaikh et al. 2013), 10.1093/brain/aww141 (2016).
    """

    name: ClassVar[str] = "spindle_gain"
    doi: ClassVar[str] = "10.1093/brain/aww141"
    description: ClassVar[str] = "neck spindles are heard less, by the cord and by the head integrator"
    sites: ClassVar[tuple[str, ...]] = tuple(
        f"projection.{p}.weight_ns" for p in ("ia_neck", "ia_in", "ii_integrator", "ii_lrn")
    )
    optional: ClassVar[frozenset[str]] = frozenset(sites[-1:])

    def changed(self, circuit: Circuit) -> Circuit:
        """Return the circuit with weaker synapses of spindle afferents."""
        kept = 1.0 - self.severity * self.number("synapses", "lost")
        for p in circuit.projections:
            if p.pre in ("spindle_ia", "spindle_ii"):
                circuit = circuit.with_projection(p.name, weight_ns=scaled(p.weight_ns, kept))
        return circuit
