"""A head integrator that leaks."""

from __future__ import annotations

from typing import ClassVar

from dystolab.circuit.spec import Circuit
from dystolab.mechanisms.base import Mechanism, scaled


class IntegratorLeak(Mechanism):
    """Cells of the head integrator excite one another less, so that what they hold fades.

    Patients with cervical dystonia drift from an eccentric head position back to a null, as if the integrator of head
    velocity leaked; neck-sensitive cells of their midbrain fall silent while the head is held. How much of the
    recurrent excitation is lost in them is not known.

    Examples
    --------
    >>> from dystolab.circuit import load
    >>> healthy = load("head")
    >>> ill = IntegratorLeak(severity=1.0).apply(healthy)
    >>> mean = [c.projection("integrator_recurrent").weight_ns.mean for c in (healthy, ill)]
    >>> mean[1] < mean[0]
    True

    Source: 10.1093/brain/aww141 (Shaikh et al. 2016), PMC3718362 (2013), PMC5466497 (midbrain cells).
    """

    name: ClassVar[str] = "integrator_leak"
    doi: ClassVar[str] = "10.1093/brain/aww141"
    description: ClassVar[str] = "cells of the head integrator excite one another less: a held head drifts back"
    sites: ClassVar[tuple[str, ...]] = ("projection.integrator_recurrent.weight_ns",)

    def changed(self, circuit: Circuit) -> Circuit:
        """Return the circuit with weaker recurrent excitation."""
        kept = 1.0 - self.severity * self.number("recurrent", "lost")
        weight = circuit.projection("integrator_recurrent").weight_ns
        return circuit.with_projection("integrator_recurrent", weight_ns=scaled(weight, kept))
