"""How well granule cells tell the time since a conditioned stimulus began."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from dystolab.circuit.anatomy import Anatomy
from dystolab.circuit.spec import Circuit
from dystolab.engine import Body, Recording, Simulator
from dystolab.experiments import conditioned_stimulus
from dystolab.experiments.base import Experiment, Findings, Protocol
from dystolab.experiments.recordings import measure
from dystolab.measures import time_decoding
from dystolab.result import Array

CS_START_MS = 300
TRIAL_MS = 1000
BY_MS = 50
"""Errors are given for times within half so much of each multiple of it."""

PROFILE_MS = 10


class GranularTimeCode(Experiment):
    """A conditioned stimulus again and again, without learning: what granule cells tell of the time since its onset.

    Mossy fibres answer the stimulus with a burst after its onset or with a higher rate throughout, all alike, and their
    spikes are drawn anew in each trial. A read-out with weights that are not negative is fitted on 70 % of the trials
    and tested on the others.

    Parameters
    ----------
    trials : int
        How often the stimulus comes.
    cells : int
        Granule cells that the read-out sees.
    window_ms : int
        Elapsed time is to be told from 0 to here.
    cs_ms : int
        Length of the stimulus.

    Examples
    --------
    >>> GranularTimeCode(trials=40).cells
    1500
    """

    name: ClassVar[str] = "granular_time_code"
    doi: ClassVar[str] = "10.1038/s41467-022-35395-y"
    mirrors: ClassVar[str] = "what theories of cerebellar timing ask of granule cells; not yet recorded in animals"
    leaves_out: ClassVar[str] = "learning, changes of attention from trial to trial, input from the rest of the brain"

    trials: int = Field(default=300, ge=10, le=10_000)
    cells: int = Field(default=1500, ge=10)
    window_ms: int = Field(default=300, ge=50, le=550)
    cs_ms: int = Field(default=500, ge=50, le=600)

    def protocol(self, circuit: Circuit, anatomy: Anatomy, seed: int) -> Protocol:
        """Give the stimulus once a second and record granule cells and what times them."""
        drives = conditioned_stimulus.sensory(circuit, seed, CS_START_MS, self.cs_ms, TRIAL_MS)
        recording = Recording(
            spikes=tuple(p.name for p in circuit.populations if p.name != "glomerulus"),
            spike_cells={"granule_cell": self.cells},
        )
        return Protocol(drives, recording, (self.trials + 1) * TRIAL_MS, settle_ms=TRIAL_MS)

    def measure(self, sim: Simulator, body: Body | None) -> Findings:
        """Return the error of the time that is read, as a whole and by time, and each cell's mean course."""
        onsets = CS_START_MS + TRIAL_MS * np.arange(1.0, self.trials + 1.0)
        told, stimulus = (
            time_decoding.read_time(*sim.spikes(name), sim.recorded_cells(name), onsets, self.window_ms)
            for name in ("granule_cell", conditioned_stimulus.FIBRES)
        )
        n = len(told.estimate_ms)
        off, stimulus_off = (read.estimate_ms - read.true_ms for read in (told, stimulus))
        centres = np.arange(0, self.window_ms + 1, BY_MS)
        by_time = [float(np.sqrt(np.mean(off[:, np.abs(told.true_ms - t) <= BY_MS / 2] ** 2))) for t in centres]
        measures = [
            measure("time_error_ms", float(np.sqrt(np.mean(off**2))), n),
            measure("time_error_abs_ms", float(np.mean(np.abs(off))), n),
            measure("time_error_ms_by_time", by_time, n),
            measure("time_error_stimulus_ms", float(np.sqrt(np.mean(stimulus_off**2))), n),
        ]
        return Findings(
            dict(measures),
            {
                "time/true_ms": told.true_ms.astype(np.float32),
                "time/estimate_ms": told.estimate_ms.astype(np.float32),
                "time/error_at_ms": centres.astype(np.float32),
                **{f"profile/{p.name}": self._profile(sim, p.name, onsets) for p in sim.circuit.populations
                   if p.name in sim.recording.spikes},
            },
        )  # fmt: skip

    def _profile(self, sim: Simulator, population: str, onsets: Array) -> Array:
        """Return each recorded cell's mean rate from 100 ms before the onset on, Hz, (n_cells, n_bins)."""
        times, cells = sim.spikes(population)
        recorded = sim.recorded_cells(population)
        bins = (TRIAL_MS - CS_START_MS + 100) // PROFILE_MS
        since = times - onsets[0] + 100
        trial, within = np.divmod(since, TRIAL_MS)
        kept = (since >= 0) & (within < bins * PROFILE_MS) & (trial < len(onsets))
        flat = np.searchsorted(recorded, cells[kept]) * bins + (within[kept] // PROFILE_MS).astype(np.int64)
        counts = np.bincount(flat, minlength=len(recorded) * bins).reshape(len(recorded), bins)
        return (counts * 1000.0 / PROFILE_MS / len(onsets)).astype(np.float32)
