"""Holding the head: upright, let go, turned to the side, and turned with the eyes closed."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, field_validator

from dystolab.body.held_head import HeldHead
from dystolab.circuit import neck
from dystolab.circuit.anatomy import Anatomy
from dystolab.circuit.groups import DIRECTIONS, per_direction, synergies
from dystolab.circuit.spec import Circuit
from dystolab.engine import Body, Simulator
from dystolab.errors import SpecError
from dystolab.experiments import looking, muscles
from dystolab.experiments.base import Experiment, Findings, Protocol
from dystolab.experiments.looking import Epoch, Looking
from dystolab.experiments.recordings import measure, units
from dystolab.measures import cocontraction, overflow, posture, tremor, twstrs
from dystolab.measures.drift import drift
from dystolab.result import Array, Measure

INTEGRATOR = "head_integrator"
Part = Literal["upright", "free", "eccentric", "dark", "released"]
Named = tuple[str, Measure]

SETTLE_MS = 2000
"""Before the first epoch the circuit finds its state, with the eyes open."""

TURN_MS = 3000
"""Time at the start of an epoch in which the head is brought to a new target, with the eyes open; it does not count."""

ANSWER_MS = 2000
"""So long after a tap the head may still answer it: that is no tremor and no sway of its own."""

CLOSED = ("free", "dark", "released")
"""Epochs in which the eyes then close..."""

LET_GO = ("free", "released")
"""... and those in which the head is let go, upright or turned."""


class Posture(Experiment):
    """A head is held upright with the eyes open, let go with the eyes closed, held turned, and turned with closed eyes.

    Parameters
    ----------
    epochs : tuple of {"upright", "free", "eccentric", "dark", "released"}
        What is asked for, one after the other, each once: held upright; let go, eyes closed; held at the eccentric
        target; held there with the eyes closed; let go there.
    epoch_s : int
        Length of each.
    eccentric_deg : tuple of float
        Yaw, pitch and roll of the eccentric target.
    pushes : bool
        Whether the head is tapped while it is held.

    Examples
    --------
    >>> Posture(epochs=("upright",), epoch_s=60).duration_ms
    62000
    """

    name: ClassVar[str] = "posture"
    doi: ClassVar[str] = "10.1002/mds.870120414"
    circuit: ClassVar[str] = "head"
    moves_head: ClassVar[bool] = True
    mirrors: ClassVar[str] = (
        "the examination of head posture in cervical dystonia (TWSTRS), with motion tracking and EMG"
    )
    leaves_out: ClassVar[str] = (
        "trunk, shoulders and limbs, touch and other sensory tricks, speech and provocation, fatigue, the rater"
    )

    epochs: tuple[Part, ...] = Field(default=("upright", "free", "eccentric", "dark"), min_length=1)
    epoch_s: int = Field(default=15, ge=8, le=3600)
    eccentric_deg: tuple[float, float, float] = (30.0, 0.0, 0.0)
    pushes: bool = True

    @field_validator("epochs")
    @classmethod
    def _each_once(cls, epochs: tuple[Part, ...]) -> tuple[Part, ...]:
        for part in epochs:
            if epochs.count(part) > 1:  # its measures could not be told from one another
                raise ValueError(f"{part!r} is asked for twice")
        return epochs

    @property
    def duration_ms(self) -> int:
        """Length of the whole record."""
        return SETTLE_MS + 1000 * self.epoch_s * len(self.epochs)

    def protocol(self, circuit: Circuit, anatomy: Anatomy, seed: int) -> Protocol:
        """Join the circuit to a head, and tell the person what to do."""
        for name, angle, (low, high) in zip(neck.AXES, self.eccentric_deg, neck.limits_deg(), strict=True):
            if not low <= angle <= high:
                raise SpecError(f"Posture.eccentric_deg: {name} must lie in {low:g} to {high:g}, got {angle:g}")
        body = HeldHead(circuit, seed, Looking(self._wanted(), self.taps() if self.pushes else ()))
        return Protocol((), units(circuit), self.duration_ms, settle_ms=SETTLE_MS, body=body)

    def _start_ms(self, epoch: int) -> int:
        return SETTLE_MS + 1000 * self.epoch_s * epoch

    def _target(self, part: Part) -> tuple[float, float, float]:
        return self.eccentric_deg if part in ("eccentric", "dark", "released") else posture.NEUTRAL_DEG

    def _wanted(self) -> list[Epoch]:
        found = [Epoch(0, posture.NEUTRAL_DEG, True)]
        for k, part in enumerate(self.epochs):
            found.append(Epoch(self._start_ms(k), self._target(part), True))
            if part in CLOSED:
                target = None if part in LET_GO else self._target(part)
                found.append(Epoch(self._start_ms(k) + TURN_MS, target, False))
        return found

    def taps(self) -> list[tuple[int, Array]]:
        """Return when the head is tapped, ms, and how, N m: about each axis in turn, now one way and now the other."""
        push = looking.numbers().section("push")
        every_ms = round(1000 * push.number("every", "s"))
        starts = [
            at
            for k, part in enumerate(self.epochs)
            if part not in CLOSED
            for at in range(self._start_ms(k) + every_ms // 2, self._start_ms(k + 1), every_ms)
        ]
        return [(at, push.number("torque", "N*m") * (-1.0) ** n * np.eye(3)[n % 3]) for n, at in enumerate(starts)]

    def measure(self, sim: Simulator, body: Body | None) -> Findings:
        """Return posture, tremor and EMG of each epoch, and the grades of the TWSTRS that follow from them."""
        assert isinstance(body, HeldHead)
        angles, emg = body.angle_deg, muscles.envelopes_mvc(sim)
        found: list[Named] = []
        for k, part in enumerate(self.epochs):
            counted = slice(self._start_ms(k) + TURN_MS, self._start_ms(k + 1))
            found += self._of_epoch(part, angles[counted], emg[:, _sampled(counted)], angles[self._untouched(counted)])
        found += self._ratings(angles)
        return Findings(
            dict(found),
            {
                "head/angle_deg": angles.astype(np.float32),
                "head/activation": body.activation[:: muscles.SAMPLE_MS].astype(np.float32),
                "emg/envelope_mvc": emg.T.astype(np.float32),
                "head/integrator_direction": sim.anatomy.zone[INTEGRATOR][sim.recorded_cells(INTEGRATOR)],
            },
        )

    def _untouched(self, ms: slice) -> slice:
        """Return the longest stretch of `ms` in which no tap is answered."""
        taps = [at for at, _ in self.taps() if ms.start <= at < ms.stop] if self.pushes else []
        starts, stops = [ms.start, *(at + ANSWER_MS for at in taps)], [*taps, ms.stop]
        return slice(*max(zip(starts, stops, strict=True), key=lambda stretch: stretch[1] - stretch[0]))

    def _of_epoch(self, part: Part, angles: Array, emg: Array, untouched: Array) -> list[Named]:
        target = self._target(part)
        opposed = _strongest_pair(emg)
        values = {
            "head_angle_abs_deg": posture.mean_distance_deg(angles, target),
            "head_largest_deg": posture.largest_distance_deg(angles, target),
            **dict(zip(("head_yaw_deg", "head_pitch_deg", "head_roll_deg"), posture.mean_deg(angles), strict=True)),
            "head_sd_deg": float(np.linalg.norm(posture.spread_deg(untouched))),
            "within_10deg_percent": posture.within_percent(angles),
            **_shaking(untouched),
            "neck_emg_percent": 100.0 * float(emg.mean()),
            "cocontraction_index_percent": cocontraction.falconer_winter_percent(*opposed),
            "cocontraction_rudolph": cocontraction.rudolph(*opposed),
        }
        if part in ("dark", "released"):
            values["drift_time_constant_s"] = drift(angles[:, int(np.abs(target).argmax())]).tau_s
        if part == "eccentric":
            task = _turners(self.eccentric_deg)
            both = task.any() and not task.all()
            values["overflow_percent"] = overflow.overflow_percent(emg[~task], emg[task]) if both else float("nan")
        return [measure(f"{name}.{part}", value, 1) for name, value in values.items()]

    def _ratings(self, angles: Array) -> list[Named]:
        """Return the TWSTRS from the free epoch and the one upright, if there are both."""
        if not {"upright", "free"} <= set(self.epochs):
            return []
        free, upright = (self.epochs.index(part) for part in ("free", "upright"))
        let_go = angles[self._start_ms(free) + TURN_MS : self._start_ms(free + 1)]
        holding = angles[self._start_ms(upright) + TURN_MS : self._start_ms(upright + 1)]
        # Held to the end of a shorter record counts as held for the whole minute.
        held = np.concatenate([holding, np.tile(holding[-1], (max(60_000 - len(holding), 0), 1))])
        flexion, extension = neck.limits_deg()[1][1], -neck.limits_deg()[1][0]
        rated = twstrs.rate(let_go, held, flexion, extension)
        return [
            measure("twstrs_rotation", rated.rotation, 1),
            measure("twstrs_severity", rated.severity, 1),
            measure("head_severity_score", twstrs.head_severity(let_go), 1),
        ]


def _shaking(untouched: Array) -> dict[str, float]:
    """Return tremor about the axis of most power; NaN if taps leave too little time to tell."""
    if len(untouched) < tremor.SEGMENT_MS:
        return {"tremor_peak_hz": float("nan"), "tremor_power_deg2": float("nan")}
    found = tremor.tremor(untouched)
    axis = int(found.power_deg2.argmax())
    return {"tremor_peak_hz": float(found.peak_hz[axis]), "tremor_power_deg2": float(found.power_deg2[axis])}


def _sampled(ms: slice) -> slice:
    return slice(ms.start // muscles.SAMPLE_MS, ms.stop // muscles.SAMPLE_MS)


def _strongest_pair(emg: Array) -> tuple[Array, Array]:
    """Return the envelopes of the two opposed pools, of the three pairs, whose mean efforts differ most."""
    directions = zip(DIRECTIONS[::2], DIRECTIONS[1::2], strict=True)
    pairs = [(_pool(emg, one, other), _pool(emg, other, one)) for one, other in directions]
    return max(pairs, key=lambda pair: abs(float(pair[0].mean() - pair[1].mean())))


def _pool(emg: Array, direction: str, opposite: str) -> Array:
    """Return the envelope of the muscles that turn the head in a direction, each by its share beyond the opposite's."""
    to, fro = (synergies()[:, DIRECTIONS.index(d)] for d in (direction, opposite))
    share = np.maximum(to - fro, 0.0)
    return np.asarray(share @ emg / share.sum())


def _turners(target_deg: tuple[float, float, float]) -> Array:
    """Return which muscles take part in a turn to the target: those that the least effort asks for."""
    wanted = np.maximum(per_direction(target_deg), 0.0)
    return np.asarray(synergies() @ wanted > 0)
