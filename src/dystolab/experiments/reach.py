"""Reaching with the hand: to eight targets, and again and again to one while the world of the hand changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from dystolab.body.reaching_arm import ReachingArm
from dystolab.circuit.anatomy import Anatomy
from dystolab.circuit.spec import Circuit
from dystolab.engine import Body, Simulator
from dystolab.experiments import reaching
from dystolab.experiments.acceleration import accelerated
from dystolab.experiments.base import Experiment, Findings, Protocol
from dystolab.experiments.reaching import Reaching
from dystolab.experiments.recordings import measure, units
from dystolab.measures import exponential, movement
from dystolab.result import Array, Measure

SETTLE_MS = 3000
"""Before the first trial the circuit finds its state, with the hand at the start."""

NUCLEI = "dcn_glut"

TARGETS = 8
BLOCK = 4
"""Trials over which errors are averaged."""

BLOCKS_BEFORE = 4
"""What comes after the change is told against as many blocks before it, or all if there are fewer."""

Named = tuple[str, Measure]


class Reach(Experiment):
    """A hand reaches for eight targets around its start; then for one of them, while what is seen or felt is changed.

    Who is healthy has reached before: a cerebellum that has learned nothing disturbs a reach, so it practises first.

    Parameters
    ----------
    world : {"rotation", "curl", "none"}
        What changes: the seen hand is turned about the start, or a force pushes across the movement in proportion to
        its speed.
    rotation_deg : float
        Counter-clockwise.
    curl_n_s_per_m : float
        To the left of the way if positive. People get 13; this arm is softer than theirs.
    distance_m : float
        From the start to the targets.
    practice, around, baseline, adaptation, washout : int
        Trials: to the eight targets, each as often, first for practice and then measured; to the first of them before,
        while and after the world is changed.
    acceleration : float
        How much faster than at the mouse's learning rate the cerebellum learns; 0 keeps all weights.

    Examples
    --------
    >>> Reach(world="curl", adaptation=20).duration_ms
    203000
    """

    name: ClassVar[str] = "reach"
    doi: ClassVar[str] = "10.1523/JNEUROSCI.14-05-03208.1994"
    circuit: ClassVar[str] = "cerebellum-arm"
    mirrors: ClassVar[str] = "planar reaching of people who hold a robot's handle: curl force fields, visual rotations"
    leaves_out: ClassVar[str] = (
        "gravity, trunk and wrist, choice of a strategy, reaction time, fatigue, other directions"
    )

    world: Literal["rotation", "curl", "none"] = "rotation"
    rotation_deg: float = Field(default=30.0, ge=-90, le=90)
    curl_n_s_per_m: float = Field(default=6.0, ge=-30, le=30)
    distance_m: float = Field(default=0.1, ge=0.02, le=0.15)
    practice: int = Field(default=24, ge=0, le=800, multiple_of=TARGETS)
    around: int = Field(default=16, ge=TARGETS, le=800, multiple_of=TARGETS)
    baseline: int = Field(default=24, ge=BLOCK, le=1000, multiple_of=BLOCK)
    adaptation: int = Field(default=40, ge=exponential.FEWEST, le=2000, multiple_of=BLOCK)
    washout: int = Field(default=16, ge=BLOCK, le=1000, multiple_of=BLOCK)
    acceleration: float = Field(default=15.0, ge=0, le=1000)

    @property
    def duration_ms(self) -> int:
        """Length of the whole record."""
        return SETTLE_MS + reaching.trial_ms() * sum(self._counts())

    def _counts(self) -> tuple[int, ...]:
        return self.practice, self.around, self.baseline, self.adaptation, self.washout

    def prepare(self, circuit: Circuit) -> Circuit:
        """Multiply the rates of all learning synapses."""
        return accelerated(circuit, self.acceleration)

    def targets_m(self) -> list[reaching.Place]:
        """Return the target of every trial, from the shoulder."""
        start = np.array(reaching.start_m())
        # The first is ahead to the right, where neither joint moves alone.
        angle = np.pi / 4 + 2.0 * np.pi * np.arange(TARGETS) / TARGETS
        places = start + self.distance_m * np.array([np.cos(angle), np.sin(angle)]).T
        everywhere = self.practice + self.around
        order = [k % TARGETS for k in range(everywhere)] + [0] * (sum(self._counts()) - everywhere)
        return [(round(float(places[k, 0]), 6), round(float(places[k, 1]), 6)) for k in order]

    def changed(self) -> Array:
        """Return in which trials the world is changed, shape (n_trials,)."""
        trial, first = np.arange(sum(self._counts())), self.practice + self.around + self.baseline
        return (trial >= first) & (trial < first + self.adaptation)

    def protocol(self, circuit: Circuit, anatomy: Anatomy, seed: int) -> Protocol:
        """Join the circuit to an arm, and tell the person where to reach."""
        turned = self.rotation_deg if self.world == "rotation" else 0.0
        pushed = self.curl_n_s_per_m if self.world == "curl" else 0.0
        trials = [
            reaching.Reach(target, turned, pushed) if changed else reaching.Reach(target)
            for target, changed in zip(self.targets_m(), self.changed(), strict=True)
        ]
        body = ReachingArm(circuit, seed, Reaching(trials, SETTLE_MS))
        return Protocol((), units(circuit), self.duration_ms, settle_ms=SETTLE_MS, body=body)

    def measure(self, sim: Simulator, body: Body | None) -> Findings:
        """Return how straight, fast and exact reaches are, and how errors come, shrink and turn round."""
        assert isinstance(body, ReachingArm)
        hand = body.hand_m
        seen = np.array([self.seen_m(hand, k) for k in range(len(self.changed()))])
        found = [*self._healthy(seen), *self._learning(seen[self.practice + self.around :])]
        arrays = {
            "arm/hand_m": hand.astype(np.float32),
            "arm/seen_m": seen.astype(np.float32),
            "arm/activation": body.activation[::10].astype(np.float32),
        }
        if NUCLEI in sim.anatomy.zone:
            arrays["arm/nuclear_direction"] = sim.anatomy.zone[NUCLEI][sim.recorded_cells(NUCLEI)]
        return Findings(dict(found), arrays)

    def seen_m(self, hand_m: Array, trial: int) -> Array:
        """Return the hand as it is seen in a trial, from the call to the end of the hold, shape (n_ms, 2)."""
        begun = SETTLE_MS + trial * reaching.trial_ms()
        path = hand_m[begun + reaching.movement_ms()[0] : begun + reaching.held_ms()]
        turned = self.world == "rotation" and bool(self.changed()[trial])
        start = np.array(reaching.start_m())
        return start + reaching.turned(path - start, self.rotation_deg) if turned else path

    def _healthy(self, seen: Array) -> list[Named]:
        """Return measures of reaches to all targets."""
        measured, moving = slice(self.practice, self.practice + self.around), _moving()
        aims, seen = self.targets_m()[measured], seen[measured]
        ways = [path[:moving] for path in seen]
        peaks = [movement.peak_speed(way) for way in ways]
        values = {
            "reach_path_ratio": np.mean([movement.path_length_ratio(way) for way in ways]),
            "reach_peak_speed_m_per_s": np.mean([speed for speed, _ in peaks]),
            "reach_peak_time_ms": np.mean([at for _, at in peaks]),
            "reach_end_error_mm": _misses_mm(ways, aims),
            "reach_held_error_mm": _misses_mm(seen, aims),
        }
        return [measure(name, float(value), len(ways)) for name, value in values.items()]

    def _learning(self, seen: Array) -> list[Named]:
        """Return errors over trials to the one target, and what they say of learning."""
        aim, moving = self.targets_m()[-1], _moving()
        errors = 1000.0 * np.array([movement.lateral_deviation(p[:moving], aim) for p in seen])
        blocks = errors.reshape(-1, BLOCK).mean(axis=1)
        first, last = self.baseline // BLOCK, (self.baseline + self.adaptation) // BLOCK
        before = blocks[max(first - BLOCKS_BEFORE, 0) : first].mean()
        early, late, after = blocks[first], blocks[last - 2 : last].mean(), blocks[last]
        deviations = [
            measure("reach_deviation_mm_by_block", blocks.tolist(), errors.size),
            measure("reach_deviation_early_mm", float(early - before), BLOCK),
            measure("reach_deviation_late_mm", float(late - before), 2 * BLOCK),
            measure("reach_aftereffect_mm", float(after - before), BLOCK),
        ]
        if not self._strength():  # nothing to adapt to: shares of noise
            return deviations
        inside = errors[self.baseline : self.baseline + self.adaptation]
        return [
            *deviations,
            measure("reach_adaptation_percent", 100.0 * float(1.0 - (late - before) / (early - before)), 2 * BLOCK),
            measure("adaptation_rate", movement.adaptation_rate(inside), inside.size),
        ]

    def _strength(self) -> float:
        """Return by how much the world is changed, in its own unit."""
        return {"rotation": self.rotation_deg, "curl": self.curl_n_s_per_m, "none": 0.0}[self.world]


def _misses_mm(paths: Sequence[Array] | Array, aims: Sequence[reaching.Place]) -> np.floating:
    return 1000.0 * np.mean([movement.endpoint_error(p, a) for p, a in zip(paths, aims, strict=True)])


def _moving() -> int:
    start, stop = reaching.movement_ms()
    return stop - start + reaching.SETTLE_MS
