"""A head integrator whose sides do not balance."""

from __future__ import annotations

from typing import ClassVar

from dystolab.circuit.spec import Circuit, revised
from dystolab.mechanisms.base import Mechanism


class HeadIntegratorImbalance(Mechanism):
    """The sides of the head integrator get unequal tonic drive, so that the head has another null.

    Every subject's sides differ a little, at random; this makes the same differences larger. So which way a head
    turns, nods or tilts is the subject's own, and more of the mechanism turns it further the same way. An imbalance of
    the two interstitial nuclei of Cajal was offered as a cause of torticollis by those who found that they hold the
    head; its size in people is not known.

    Examples
    --------
    >>> from dystolab.circuit import load
    >>> ill = HeadIntegratorImbalance(severity=0.5).apply(load("head"))
    >>> [s.sd > 1 for s in ill.population("head_integrator").spread if s.each == "group"]
    [True]

    Source: 10.1126/science.1067300 (Klier, Wang & Crawford 2002), 10.1093/brain/aww141 (Shaikh et al. 2016).
    """

    name: ClassVar[str] = "head_integrator_imbalance"
    doi: ClassVar[str] = "10.1126/science.1067300"
    description: ClassVar[str] = "sides of the head integrator are driven unequally: the head's null is off centre"
    sites: ClassVar[tuple[str, ...]] = ("population.head_integrator.spread",)

    def changed(self, circuit: Circuit) -> Circuit:
        """Return the circuit whose sides differ more."""
        added = self.severity * self.number("sides", "sd", "pA")
        spread = circuit.population("head_integrator").spread
        wider = tuple(revised(s, {"sd": s.sd + added}) if s.each == "group" else s for s in spread)
        return circuit.with_population("head_integrator", spread=wider)
