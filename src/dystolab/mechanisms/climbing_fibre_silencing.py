"""Climbing fibres whose synapses are silent."""

from __future__ import annotations

from typing import ClassVar

from dystolab.circuit.spec import Circuit
from dystolab.mechanisms.base import Mechanism


class ClimbingFibreSilencing(Mechanism):
    """A share of the synapses of olivary axons releases nothing, on whatever cells they end; the olive fires on.

    Mice whose olivary cells lack the glutamate transporter Vglut2 (Ptf1a-Cre;Vglut2) have no complex spikes, erratic
    nuclei and dystonic postures: that is severity 1. Between, every synapse either works as in health or is silent,
    and a larger severity silences those of a smaller one and more. A Purkinje cell is no longer taught if
    and only if its climbing fibre is silent.

    Every projection that starts at the olive loses synapses, also where a circuit has more of them than `sites` names.

    Examples
    --------
    >>> from dystolab.circuit import load
    >>> ill = ClimbingFibreSilencing(severity=0.5).apply(load("mouse-2022"))
    >>> ill.projection("io_pc").silent_share, ill.projection("io_dcn_glut").silent_share
    (0.5, 0.5)

    Source: 10.1038/ncomms14912 (White & Sillitoe 2017), 10.7554/eLife.91483 (its nuclei, among other models).
    """

    name: ClassVar[str] = "climbing_fibre_silencing"
    doi: ClassVar[str] = "10.1038/ncomms14912"
    description: ClassVar[str] = "synapses of the olive are silent: no complex spikes, no teaching"
    sites: ClassVar[tuple[str, ...]] = tuple(
        f"projection.{p}.silent_share" for p in ("io_pc", "io_bc", "io_sc", "io_dcn_glut", "io_dcn_gaba")
    )
    optional: ClassVar[frozenset[str]] = frozenset(sites[1:])

    def changed(self, circuit: Circuit) -> Circuit:
        """Return the circuit with silent synapses of the olive."""
        lost = self.severity * self.number("silent", "share")
        olive = circuit.projection("io_pc").pre
        for p in circuit.projections:
            if p.pre == olive:
                share = p.silent_share + lost * (1.0 - p.silent_share)
                circuit = circuit.with_projection(p.name, silent_share=share)
        return circuit
