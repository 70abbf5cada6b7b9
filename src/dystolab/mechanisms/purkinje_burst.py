"""Purkinje cells that fire irregularly and in bursts."""

from __future__ import annotations

from typing import ClassVar

from dystolab.circuit.drives import BurstDrive
from dystolab.circuit.spec import Circuit
from dystolab.mechanisms.base import Mechanism


class PurkinjeBurst(Mechanism):
    """Purkinje cells lose pacemaker current, fire less regularly and are driven in bursts.

    The published change takes the pacemaker current from 742.543 to 50 pA. It is applied as a share of the
    current that the circuit at hand has, since other circuits have other currents; the same holds for the
    escape noise.

    Examples
    --------
    >>> from dystolab.circuit import load
    >>> ill = PurkinjeBurst(severity=1.0).apply(load("mouse-2022"))
    >>> round(ill.population("purkinje_cell").neuron.i_e_pa, 9)
    50.0

    Source: 10.3389/fnsys.2022.919761.
    """

    name: ClassVar[str] = "purkinje_burst"
    doi: ClassVar[str] = "10.3389/fnsys.2022.919761"
    description: ClassVar[str] = "Purkinje cells fire irregularly and in bursts"
    sites: ClassVar[tuple[str, ...]] = (
        "population.purkinje_cell.neuron.i_e_pa",
        "population.purkinje_cell.neuron.lambda_0_per_ms",
        "population.purkinje_cell.neuron.tau_v_mv",
        "drive.purkinje_burst",
    )

    def changed(self, circuit: Circuit) -> Circuit:
        """Return the circuit with bursting Purkinje cells."""
        neuron = circuit.population("purkinje_cell").neuron
        parameters = {"i_e_pa": ("i_e", "pA"), "lambda_0_per_ms": ("lambda_0", "1/ms"), "tau_v_mv": ("tau_v", "mV")}
        changes = {field: getattr(neuron, field) * self._factor(key, unit) for field, (key, unit) in parameters.items()}
        drive = BurstDrive(
            name="purkinje_burst",
            population="purkinje_cell",
            receptor=int(self.number("drive", "receptor")),
            weight_ns=self.severity * self.number("drive", "weight", "nS"),
            on_ms=self.number("drive", "on", "ms"),
            off_ms=self.number("drive", "off", "ms"),
            spikes_per_burst=int(self.number("drive", "spikes_per_burst")),
            start_jitter_ms=self.number("drive", "start_jitter", "ms"),
        )
        return circuit.with_neuron("purkinje_cell", **changes).with_drives(drive)

    def _factor(self, key: str, unit: str) -> float:
        ratio = self.number("ill", key, unit) / self.number("healthy", key, unit)
        return 1.0 + self.severity * (ratio - 1.0)
