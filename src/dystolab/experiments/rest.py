"""Unit recordings at rest."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from dystolab.circuit.anatomy import Anatomy
from dystolab.circuit.spec import Circuit
from dystolab.engine import Body, Simulator
from dystolab.experiments import purkinje
from dystolab.experiments.base import Experiment, Findings, Protocol
from dystolab.experiments.recordings import measure, over_cells, units
from dystolab.measures import complex_spikes, spike_trains, synchrony
from dystolab.result import Array, Measure
from dystolab.seeding import stream

Named = tuple[str, Measure]
BURSTING = ("purkinje_cell", "dcn_glut", "dcn_gaba")
"""Populations whose bursts and pauses are measured as in dystonic mice."""


class Rest(Experiment):
    """Spikes of every population without stimuli: rates, regularity, complex spikes, olivary synchrony.

    Parameters
    ----------
    duration_ms : int
        Time that is measured.
    settle_ms : int
        Time before that, in which the circuit finds its state.

    Examples
    --------
    >>> Rest(duration_ms=2000).settle_ms
    1000
    """

    name: ClassVar[str] = "rest"
    doi: ClassVar[str] = "10.7554/eLife.02536"
    mirrors: ClassVar[str] = "unit recordings in awake, quiet mice"
    leaves_out: ClassVar[str] = (
        "sampling bias of electrodes towards large and active cells, errors of sorting, changes of arousal"
    )

    duration_ms: int = Field(default=10_000, ge=1000, le=10_000_000)
    settle_ms: int = Field(default=1000, ge=0, le=1_000_000)

    def protocol(self, circuit: Circuit, anatomy: Anatomy, seed: int) -> Protocol:
        """Record every population and do nothing."""
        return Protocol((), units(circuit), self.settle_ms + self.duration_ms, settle_ms=self.settle_ms)

    def measure(self, sim: Simulator, body: Body | None) -> Findings:
        """Return rates and regularity of each population, and what is asked of Purkinje cells and olive."""
        found: list[Named] = []
        for population in sim.circuit.populations:
            trains = self._trains(sim, population.name, *sim.spikes(population.name))
            found += _of_population(population.name, trains, self.duration_ms)
        names = {p.name for p in sim.circuit.populations}
        if {"purkinje_cell", "io_cell"} <= names:
            found += self._of_purkinje_cells(sim)
        if "io_cell" in names:
            found += self._of_olive(sim)
        return Findings(dict(found))

    def _trains(self, sim: Simulator, population: str, times_ms: Array, cells: Array) -> list[spike_trains.Array]:
        """Return the trains of the recorded cells after settling; a spike bears the time at which its step ends."""
        late = times_ms > self.settle_ms
        return spike_trains.by_cell(times_ms[late], cells[late], sim.recorded_cells(population))

    def _of_purkinje_cells(self, sim: Simulator) -> list[Named]:
        simple = self._trains(sim, "purkinje_cell", *purkinje.simple_spikes(sim))
        complex_ = self._trains(sim, "purkinje_cell", *complex_spikes.events(*purkinje.arrivals(sim)))
        found = []
        for kind, trains in (("simple", simple), ("complex", complex_)):
            found += [
                over_cells(f"{kind}_spike_rate_hz", spike_trains.rates_hz(trains, self.duration_ms)),
                over_cells(f"{kind}_spike_cv", spike_trains.isi_cv(trains)),
                over_cells(f"{kind}_spike_cv2", spike_trains.isi_cv2(trains)),
            ]
        return found

    def _of_olive(self, sim: Simulator) -> list[Named]:
        trains = self._trains(sim, "io_cell", *sim.spikes("io_cell"))
        span = (float(self.settle_ms), float(self.settle_ms + self.duration_ms))
        together = synchrony.pair_correlation(trains, *span)
        excess = synchrony.excess_correlation(trains, *span, stream(sim.seed, "io_cell", "shuffle"))
        n = sum(train.size > 0 for train in trains)
        return [measure("olive_synchrony", together, n), measure("olive_synchrony_excess", excess, n)]


def _of_population(name: str, trains: list[spike_trains.Array], duration_ms: float) -> list[Named]:
    silent = np.array([train.size == 0 for train in trains], dtype=float)
    found = [
        over_cells(f"rate_hz.{name}", spike_trains.rates_hz(trains, duration_ms)),
        over_cells(f"isi_cv.{name}", spike_trains.isi_cv(trains)),
        over_cells(f"isi_cv2.{name}", spike_trains.isi_cv2(trains)),
        measure(f"silent_fraction.{name}", float(silent.mean()), silent.size),
    ]
    if name in BURSTING:
        found += [
            over_cells(f"isi_skewness.{name}", spike_trains.isi_skewness(trains)),
            over_cells(f"isi_above_25ms.{name}", spike_trains.isi_fraction_above(trains)),
        ]
    return found
