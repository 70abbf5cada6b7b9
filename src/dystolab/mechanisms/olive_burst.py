"""An inferior olive that fires in bursts."""

from __future__ import annotations

from typing import ClassVar

from dystolab.circuit.drives import BurstDrive
from dystolab.circuit.spec import Circuit
from dystolab.mechanisms.base import Mechanism, scaled


class OliveBurst(Mechanism):
    """Olivary cells lose the inhibition from the nuclei and are driven in bursts, in trains with pauses.

    Examples
    --------
    >>> from dystolab.circuit import load
    >>> ill = OliveBurst(severity=0.5).apply(load("mouse-2022"))
    >>> ill.projection("dcn_gaba_io").weight_ns.mean
    0.125

    Source: 10.3389/fnsys.2022.919761.
    """

    name: ClassVar[str] = "olive_burst"
    doi: ClassVar[str] = "10.3389/fnsys.2022.919761"
    description: ClassVar[str] = "the inferior olive fires in bursts, free of nuclear inhibition"
    sites: ClassVar[tuple[str, ...]] = ("projection.dcn_gaba_io.weight_ns", "drive.olive_burst")
    needs: ClassVar[tuple[str, ...]] = ("population.io_cell.neuron.receptors",)

    def changed(self, circuit: Circuit) -> Circuit:
        """Return the circuit with a bursting olive."""
        left = 1.0 - self.severity * self.number("inhibition", "lost")
        on_ms = self.number("drive", "on", "ms")
        drive = BurstDrive(
            name="olive_burst",
            population="io_cell",
            receptor=int(self.number("drive", "receptor")),
            weight_ns=self.severity * self.number("drive", "weight", "nS"),
            on_ms=on_ms,
            off_ms=self.number("drive", "off", "ms"),
            spikes_per_burst=round(on_ms * self.number("drive", "rate", "1/ms")),
            train_ms=self.number("drive", "train", "ms"),
            gap_ms=self.number("drive", "gap", "ms"),
        )
        weight = scaled(circuit.projection("dcn_gaba_io").weight_ns, left)
        return circuit.with_projection("dcn_gaba_io", weight_ns=weight).with_drives(drive)
