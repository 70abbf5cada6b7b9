"""Delay eyeblink conditioning: a conditioned stimulus to mossy fibres, an air puff to the olive."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self, get_args

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from dystolab.circuit.anatomy import Anatomy
from dystolab.circuit.drives import Drive
from dystolab.circuit.spec import Circuit
from dystolab.engine import Body, Simulator
from dystolab.errors import SpecError
from dystolab.experiments import conditioned_stimulus, learning, lid, unconditioned_stimulus
from dystolab.experiments.acceleration import accelerated
from dystolab.experiments.base import Experiment, Findings, Protocol
from dystolab.experiments.recordings import units

KERNEL_MS = 200
"""A climbing-fibre spike teaches about parallel-fibre spikes up to so long before it."""

BEFORE_MS, AFTER_MS = 100, 500
"""Spike densities are kept from before to after CS onset, if the trial is long enough."""

PUBLISHED: dict[str, Any] = {
    "stimulus": "published", "cs_start_ms": 100, "trial_ms": 1000, "acceleration": 1.0, "before_training": 1,
}  # fmt: skip
"""Settings with which the experiment is that of 10.3389/fnsys.2022.919761."""

HUMAN_ISI_MS, HUMAN_TRIAL_MS = 400, 2000
"""From tone to supraorbital stimulus in studies of people, dystonic ones among them (10.1007/s00221-014-3872-6), and a
trial that is long enough for the lid to open again."""

Phase = Literal["acquisition", "extinction", "reacquisition"]
PHASES: tuple[Phase, ...] = get_args(Phase)


class Eyeblink(Experiment):
    """Delay conditioning of the eyelid.

    In the first trials the CS is alone: the last of them shows the naive response, and is the baseline of the rule that
    scores nuclear rates. Synapses learn from the start. Each of the `phases` then has its `trials`. The US excites the
    olivary cells of the lid's microzone (all, if no zone owns the lid) and, by the trigeminal reflex, the lid itself.

    Parameters
    ----------
    trials : int
        Of each phase.
    before_training : int
        Trials of the CS alone that come first; in the first one the circuit finds its state.
    timing : {"mouse", "human"}
        Whether the interval is that of mice or of people, which is 400 ms. The circuit stays that of a mouse.
    isi_ms : int
        From CS onset to US onset.
    us_ms : int
        Length of the US.
    cs_ms : int
        Length of the CS; ends with the US unless given.
    us_weight_ns : float
        Peak conductance of one pulse of the US in the olive.
    trial_ms, cs_start_ms : int
        From trial to trial, and from a trial's start to the CS. Animals rest for 10 s and more between trials.
    stimulus : {"sensory", "published"}
        A burst at CS onset in some mossy fibres and a higher rate throughout in others, or the published fixed trains.
    acceleration : float
        By what the rates of all learning synapses are multiplied: 10 lets one trial stand for ten.
    phases : sequence of {"acquisition", "extinction", "reacquisition"}
        In extinction there is no US.
    pairing : {"paired", "unpaired", "cs_only"}
        Whether the US follows the CS after `isi_ms`, or after `unpaired_ms`, or not at all.
    unpaired_ms : int
        From CS onset to US onset where they are unpaired; 600, or more if the CS is too long for that.
    probe_every : int
        Each so many-th trial has no US; 0 for none.
    block : int
        Trials of a block, over which responses are counted.

    Examples
    --------
    >>> Eyeblink(isi_ms=400).cs_ms
    430
    """

    name: ClassVar[str] = "eyeblink"
    doi: ClassVar[str] = "10.7554/eLife.28132"
    mirrors: ClassVar[str] = "delay eyeblink conditioning of head-fixed mice, 250 ms from light or tone to air puff"
    leaves_out: ClassVar[str] = (
        "the learned input of the olive, rest between trials and sessions, plasticity other than of parallel fibres "
        "to Purkinje cells"
    )

    trials: int = Field(default=100, ge=1, le=10_000)
    before_training: int = Field(default=2, ge=1, le=1000)
    timing: Literal["mouse", "human"] = "mouse"
    isi_ms: int = Field(default=250, ge=120, le=2000)
    us_ms: int = Field(default=30, ge=2, le=200)
    cs_ms: int = Field(default=280, ge=150, le=3000)
    us_weight_ns: float = Field(default=10.0, ge=0, le=1000)
    trial_ms: int = Field(default=1500, ge=400, le=60_000)
    cs_start_ms: int = Field(default=500, ge=100, le=10_000)
    stimulus: Literal["sensory", "published"] = "sensory"
    acceleration: float = Field(default=10.0, ge=0, le=1000)
    phases: tuple[Phase, ...] = Field(default=("acquisition",), min_length=1)
    pairing: Literal["paired", "unpaired", "cs_only"] = "paired"
    unpaired_ms: int = Field(default=600, ge=1)
    probe_every: int = Field(default=0, ge=0)
    block: int = Field(default=10, ge=1)

    @model_validator(mode="before")
    @classmethod
    def _co_terminate(cls, given: Any) -> Any:
        """Take the interval from the timing, and end the CS with the US, unless they are given."""
        if not isinstance(given, dict):
            return given
        if given.get("timing") == "human":
            given = {"isi_ms": HUMAN_ISI_MS, "trial_ms": HUMAN_TRIAL_MS, **given}
        isi_ms, us_ms = (_whole(given.get(name, cls.model_fields[name].default)) for name in ("isi_ms", "us_ms"))
        if "cs_ms" not in given and isi_ms is not None and us_ms is not None:
            given = {**given, "cs_ms": isi_ms + us_ms}
        cs_ms = _whole(given.get("cs_ms"))
        if "unpaired_ms" not in given and cs_ms is not None:
            apart = cs_ms + _tail_ms(given.get("stimulus", cls.model_fields["stimulus"].default)) + KERNEL_MS
            given = {**given, "unpaired_ms": max(cls.model_fields["unpaired_ms"].default, apart)}
        return given

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.timing == "human" and self.isi_ms != HUMAN_ISI_MS:
            raise SpecError(f"Eyeblink.isi_ms = {self.isi_ms}: human timing is {HUMAN_ISI_MS}; leave timing='mouse'")
        if self.cs_ms < self.isi_ms:
            raise SpecError(
                f"Eyeblink.cs_ms = {self.cs_ms}: in delay conditioning the CS lasts until the US: "
                f"isi_ms = {self.isi_ms} or more"
            )
        end = self.cs_ms + _tail_ms(self.stimulus)
        if self.pairing == "unpaired" and self.unpaired_ms < end + KERNEL_MS:
            raise SpecError(
                f"Eyeblink.unpaired_ms = {self.unpaired_ms}: to be unpaired the US must come at least "
                f"{KERNEL_MS} ms after the fibres of the CS have ended: {end + KERNEL_MS} or more"
            )
        self._make_room(max(self.us_start_ms + self.us_ms, end), "CS and US of these lengths")
        if len(self.phases) > 1 and self.trials % self.block:
            raise SpecError(
                f"Eyeblink.block = {self.block}: must divide trials = {self.trials}, so that no block is of two phases"
            )
        if self.probe_every == 1:
            raise SpecError("Eyeblink.probe_every = 1: every trial would lack the US; use pairing='cs_only'")
        return self

    def _make_room(self, after_cs_ms: int, what: str) -> None:
        """Raise if a trial is too short for `what`, which takes so long from CS onset on."""
        needed = self.cs_start_ms + after_cs_ms + 1
        if needed > self.trial_ms:
            raise SpecError(f"Eyeblink.trial_ms = {self.trial_ms}: {what} need {needed} ms or more")

    @property
    def _n_trials(self) -> int:
        """Trials of the whole session, those before training among them."""
        return self.before_training + self.trials * len(self.phases)

    @property
    def us_start_ms(self) -> int:
        """Time from CS onset to US onset."""
        return self.unpaired_ms if self.pairing == "unpaired" else self.isi_ms

    @property
    def cs_onsets_ms(self) -> npt.NDArray[np.float64]:
        """CS onset of every trial that is scored, that of the naive one first."""
        trials = np.arange(self.before_training - 1, self._n_trials, dtype=float)
        return self.cs_start_ms + self.trial_ms * trials

    @property
    def has_us(self) -> npt.NDArray[np.bool_]:
        """Whether each trial of training has a US."""
        number = np.arange(1, self.trials + 1)
        probe = number % self.probe_every == 0 if self.probe_every else np.zeros(self.trials, dtype=bool)
        given = ~probe & (self.pairing != "cs_only")
        return np.concatenate([given & (phase != "extinction") for phase in self.phases])

    @property
    def is_probe(self) -> npt.NDArray[np.bool_]:
        """Whether each trial of training is one without US among trials that have it."""
        taught = np.repeat([phase != "extinction" for phase in self.phases], self.trials)
        return taught & ~self.has_us & (self.pairing != "cs_only")

    def prepare(self, circuit: Circuit) -> Circuit:
        """Multiply the rates of all learning synapses."""
        return accelerated(circuit, self.acceleration)

    def protocol(self, circuit: Circuit, anatomy: Anatomy, seed: int) -> Protocol:
        """Add CS and US to the circuit, and record every population."""
        for name in ("purkinje_cell", "dcn_glut"):  # without which there is nothing to score
            circuit.population(name)
        if lid.has_lid(circuit):
            self._make_room_for_the_lid()
        if self.stimulus == "published":
            cs: tuple[Drive, ...] = (
                conditioned_stimulus.published(circuit, anatomy, seed, self.cs_start_ms, self.cs_ms, self.trial_ms),
            )
        else:
            cs = conditioned_stimulus.sensory(circuit, seed, self.cs_start_ms, self.cs_ms, self.trial_ms)
        drives = (*cs, *self._puffs(circuit))
        duration_ms = self.trial_ms * self._n_trials
        return Protocol(drives, units(circuit, self.trial_ms), duration_ms, step_ms=self.trial_ms)

    def _make_room_for_the_lid(self) -> None:
        """Raise before anything is simulated if the lid could not be scored."""
        if self.cs_start_ms < lid.BASELINE_MS:
            raise SpecError(
                f"Eyeblink.cs_start_ms = {self.cs_start_ms}: the lid's baseline takes {lid.BASELINE_MS} ms or more"
            )
        self._make_room(self.isi_ms + (0 if self.has_us.all() else lid.AFTER_US_MS), "responses of the lid")
        if self.has_us.any():
            self._make_room(self.us_start_ms + unconditioned_stimulus.reflex_ms(), "reflexes of the lid")

    def measure(self, sim: Simulator, body: Body | None) -> Findings:
        """Return learning, trial by trial and block by block: of the lid, if there is one, and of the cells."""
        stop_ms = min(max(AFTER_MS, self.cs_ms), self.trial_ms - self.cs_start_ms)
        trials = learning.Trials(
            cs_onsets_ms=self.cs_onsets_ms,
            has_us=self.has_us,
            is_probe=self.is_probe,
            cs_ms=self.cs_ms,
            isi_ms=self.isi_ms,
            us_start_ms=self.us_start_ms,
            us_ms=self.us_ms,
            block=self.block,
            in_phase=self.trials,
            window_ms=(-BEFORE_MS, stop_ms),
        )
        found = learning.findings(sim, trials)
        if not lid.has_lid(sim.circuit):
            return found
        blinks = lid.findings(sim, trials, self.trial_ms - self.cs_start_ms)
        return Findings({**blinks.measures, **found.measures}, {**found.arrays, **blinks.arrays})

    def _puffs(self, circuit: Circuit) -> tuple[Drive, ...]:
        # One cycle is the trials up to and with a probe, in which there is none.
        cycle = max(self.probe_every, 1)
        with_us = range(cycle - 1 if self.probe_every else 1)
        onsets = tuple(float(self.trial_ms * k + self.cs_start_ms + self.us_start_ms) for k in with_us)
        drives: list[Drive] = []
        for k, phase in enumerate(self.phases):
            if phase != "extinction" and self.pairing != "cs_only":
                start = float(self.trial_ms * (self.before_training + k * self.trials))
                when = unconditioned_stimulus.Puffs(
                    onsets, cycle * self.trial_ms, start, start + self.trial_ms * self.trials
                )
                label = f"_{k + 1}" if k else ""
                drives += unconditioned_stimulus.puffs(circuit, when, self.us_ms, self.us_weight_ns, label)
        return tuple(drives)


def _whole(value: Any) -> int | None:
    """Return a whole number, however it is given (``200``, ``200.0``, ``"200"``, NumPy's), else None."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return int(number) if number.is_integer() else None


def _tail_ms(stimulus: str) -> int:
    """Return how long after the CS its last fibres end: the published ones by their shifts, others by their latency."""
    return conditioned_stimulus.shifts() if stimulus == "published" else conditioned_stimulus.latency_ms()
