"""Delay eyeblink conditioning: a conditioned stimulus to mossy fibres, an air puff to the olive."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from dystolab.circuit.anatomy import Anatomy, subset_indices
from dystolab.circuit.drives import Disc, Drive, SpikeDrive
from dystolab.circuit.spec import Circuit
from dystolab.engine import Simulator
from dystolab.errors import SpecError
from dystolab.experiments import learning
from dystolab.experiments.base import Experiment, Findings, Protocol
from dystolab.experiments.recordings import units

CS_START_MS = 100
"""CS onset in each trial."""

PUBLISHED_CS_MS = 280
EARLY_MS, LATE_MS = np.linspace(0.0, 128.0, 11), np.linspace(140.0, 268.0, 11)
"""Spikes of the two halves of the fibres during the published CS of 280 ms."""

SHIFTS = 30
"""Fibre i of each half is shifted by i ms, starting anew after so many."""

US_PULSE_MS = 2
KERNEL_MS = 200
"""A climbing-fibre spike teaches about parallel-fibre spikes up to so long before it."""

BEFORE_MS, AFTER_MS = 100, 500
"""Spike densities are kept from before to after CS onset, if the trial is long enough."""


class Eyeblink(Experiment):
    """Delay conditioning of the eyelid, as published for the mouse circuit.

    The first trial is the CS alone: the naive response, and the baseline of the rule that scores responses.
    The `trials` follow. In each the CS starts at 100 ms: fixed spike trains of the mossy fibres within a
    disc, half of them early and half of them late in the CS. The US excites every olivary cell each 2 ms for
    `us_ms`.

    Parameters
    ----------
    trials : int
        After the first one.
    isi_ms : int
        From CS onset to US onset.
    us_ms : int
        Length of the US.
    cs_ms : int
        Length of the CS; ends with the US unless given.
    us_weight_ns : float
        Peak conductance of one pulse of the US.
    trial_ms : int
    pairing : {"paired", "unpaired", "cs_only"}
        Whether the US follows the CS after `isi_ms`, or after `unpaired_ms`, or not at all.
    unpaired_ms : int
        From CS onset to US onset where they are unpaired.
    probe_every : int
        Each so many-th trial has no US; 0 for none.
    block : int
        Trials of a block, over which responses are counted.
    cs_radius_um : float
        Of the disc, in the published block of tissue; in larger or smaller tissue it covers the same share.

    Examples
    --------
    >>> Eyeblink(isi_ms=400).cs_ms
    430
    """

    name: ClassVar[str] = "eyeblink"
    doi: ClassVar[str] = "10.3389/fnsys.2022.919761"
    mirrors: ClassVar[str] = "delay eyeblink conditioning of head-fixed mice, 250 ms from light or tone to air puff"
    leaves_out: ClassVar[str] = (
        "the eyelid (responses are scored by nuclear rate), the learned input of the olive, changes of the "
        "CS between trials, rest between sessions, plasticity other than of parallel fibres to Purkinje cells"
    )

    trials: int = Field(default=100, ge=1, le=10_000)
    isi_ms: int = Field(default=250, ge=120, le=2000)
    us_ms: int = Field(default=30, ge=2, le=200)
    cs_ms: int = Field(default=PUBLISHED_CS_MS, ge=150, le=3000)
    us_weight_ns: float = Field(default=10.0, ge=0, le=1000)
    trial_ms: int = Field(default=1000, ge=400, le=60_000)
    pairing: Literal["paired", "unpaired", "cs_only"] = "paired"
    unpaired_ms: int = Field(default=600, ge=1)
    probe_every: int = Field(default=0, ge=0)
    block: int = Field(default=10, ge=1)
    cs_radius_um: float = Field(default=97.0, gt=0)

    @model_validator(mode="before")
    @classmethod
    def _co_terminate(cls, given: Any) -> Any:
        """End the CS with the US unless its length is given."""
        if not isinstance(given, dict) or "cs_ms" in given:
            return given
        ends = [given.get(name, cls.model_fields[name].default) for name in ("isi_ms", "us_ms")]
        return {**given, "cs_ms": sum(ends)} if all(isinstance(ms, int) for ms in ends) else given

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.cs_ms < self.isi_ms:
            raise SpecError(
                f"Eyeblink.cs_ms = {self.cs_ms}: in delay conditioning the CS lasts until the US: "
                f"isi_ms = {self.isi_ms} or more"
            )
        if self.pairing == "unpaired" and self.unpaired_ms < self.cs_ms + KERNEL_MS:
            raise SpecError(
                f"Eyeblink.unpaired_ms = {self.unpaired_ms}: to be unpaired the US must come at least "
                f"{KERNEL_MS} ms after the end of the CS: {self.cs_ms + KERNEL_MS} or more"
            )
        # The last fibres are shifted past the end of the CS.
        needed = CS_START_MS + max(self.us_start_ms + self.us_ms, self.cs_ms + SHIFTS) + 1
        if needed > self.trial_ms:
            raise SpecError(f"Eyeblink.trial_ms = {self.trial_ms}: CS and US of these lengths need {needed} ms or more")
        if self.probe_every == 1:
            raise SpecError("Eyeblink.probe_every = 1: every trial would lack the US; use pairing='cs_only'")
        return self

    @property
    def us_start_ms(self) -> int:
        """Time from CS onset to US onset."""
        return self.unpaired_ms if self.pairing == "unpaired" else self.isi_ms

    @property
    def cs_onsets_ms(self) -> npt.NDArray[np.float64]:
        """CS onset of every trial, that of the naive one first."""
        return CS_START_MS + self.trial_ms * np.arange(self.trials + 1, dtype=float)

    @property
    def has_us(self) -> npt.NDArray[np.bool_]:
        """Whether each trial after the first has a US."""
        number = np.arange(1, self.trials + 1)
        probe = number % self.probe_every == 0 if self.probe_every else np.zeros(self.trials, dtype=bool)
        return ~probe & (self.pairing != "cs_only")

    def protocol(self, circuit: Circuit, anatomy: Anatomy, seed: int) -> Protocol:
        """Add CS and US to the circuit, and record every population."""
        for name in ("purkinje_cell", "dcn_glut"):  # without which there is nothing to score
            circuit.population(name)
        drives: list[Drive] = [self._cs(circuit, anatomy, seed)]
        if self.has_us.any():
            drives.append(self._us(circuit))
        duration_ms = (self.trials + 1) * self.trial_ms
        return Protocol(tuple(drives), units(circuit, self.trial_ms), duration_ms, step_ms=self.trial_ms)

    def measure(self, sim: Simulator) -> Findings:
        """Return learning, trial by trial and block by block."""
        stop_ms = min(max(AFTER_MS, self.cs_ms), self.trial_ms - CS_START_MS)
        return learning.findings(
            sim,
            learning.Trials(
                cs_onsets_ms=self.cs_onsets_ms,
                has_us=self.has_us,
                cs_ms=self.cs_ms,
                isi_ms=self.isi_ms,
                us_start_ms=self.us_start_ms,
                us_ms=self.us_ms,
                block=self.block,
                window_ms=(-BEFORE_MS, stop_ms),
            ),
        )

    def _cs(self, circuit: Circuit, anatomy: Anatomy, seed: int) -> SpikeDrive:
        disc = Disc(radius_um=self.cs_radius_um * math.sqrt(circuit.scale))
        fibres = subset_indices(circuit, anatomy, "mossy_fiber", disc, seed).size
        if fibres == 0:
            raise SpecError(f"Eyeblink.cs_radius_um = {self.cs_radius_um:g}: no mossy fibre lies in the disc")
        # Fibres take turns: one is early in the CS, the next is late, both with the same shift.
        number = np.arange(fibres)
        trains = np.where((number % 2 == 0)[:, None], EARLY_MS, LATE_MS) * self.cs_ms / PUBLISHED_CS_MS
        times = CS_START_MS + np.round(trains) + (number // 2 % SHIFTS)[:, None]
        return SpikeDrive(
            name="conditioned_stimulus",
            population="mossy_fiber",
            times_ms=tuple(times.ravel().tolist()),
            cells=tuple(np.repeat(number, times.shape[1]).tolist()),
            subset=disc,
            period_ms=self.trial_ms,
        )

    def _us(self, circuit: Circuit) -> SpikeDrive:
        pulses = CS_START_MS + self.us_start_ms + np.arange(0, self.us_ms + 1, US_PULSE_MS)
        # One cycle is the trials up to and with a probe, in which there is none.
        cycle = max(self.probe_every, 1)
        with_us = np.arange(cycle - 1 if self.probe_every else 1)
        times = (self.trial_ms * with_us[:, None] + pulses[None, :]).ravel()
        return SpikeDrive(
            name="unconditioned_stimulus",
            population=circuit.population("io_cell").name,
            times_ms=tuple(times.astype(float).tolist()),
            weight_ns=self.us_weight_ns,
            receptor=1,
            start_ms=self.trial_ms,
            period_ms=cycle * self.trial_ms,
        )
