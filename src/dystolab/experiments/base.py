"""The main flow: a subject goes into an experiment, a result comes out. Nothing else runs a circuit."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from dystolab.circuit.anatomy import Anatomy, grow
from dystolab.circuit.drives import Drive
from dystolab.circuit.spec import Circuit
from dystolab.engine import Body, Recording, Simulator
from dystolab.errors import SpecError
from dystolab.experiments import provenance, recordings
from dystolab.experiments.settings import Settings
from dystolab.experiments.subject import Subject
from dystolab.result import Array, Measure, Result

__all__ = ["Experiment", "Findings", "Protocol", "Subject", "run"]

Progress = Callable[[float, float], None]

CHECKPOINT_EVERY_S = 10.0
"""At least so much computing lies between two checkpoints..."""

CHECKPOINT_SHARE = 0.05
"""... and so much that writing them takes no larger share of the time: those of large tissue are large."""

CHECKPOINT = "state.npz"


@dataclass(frozen=True, slots=True)
class Protocol:
    """What is done to the circuit, for how long, and what is recorded.

    Parameters
    ----------
    drives : tuple of Drive
        Added to the circuit's own.
    recording : Recording
    duration_ms : int
    step_ms : int
        The run is told of, and may be stopped and resumed, after each of these.
    settle_ms : int
        Time from the start that does not count towards population rates.
    body : Body, optional
        What the circuit moves and feels.
    """

    drives: tuple[Drive, ...]
    recording: Recording
    duration_ms: int
    step_ms: int = 1000
    settle_ms: int = 0
    body: Body | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """What an experiment has measured, and the arrays that only it makes."""

    measures: dict[str, Measure]
    arrays: dict[str, Array] = field(default_factory=dict)


class Experiment(Settings):
    """Base of experiments: settings as fields; what it mirrors and what it leaves out as class attributes."""

    name: ClassVar[str]
    doi: ClassVar[str]
    mirrors: ClassVar[str]
    leaves_out: ClassVar[str]
    circuit: ClassVar[str] = "mouse-cerebellum"
    """The circuit that it is run on unless another is named."""
    moves_head: ClassVar[bool] = False
    """Whether its result holds the angles of a head, which a movie can show."""

    def prepare(self, circuit: Circuit) -> Circuit:
        """Return the circuit as the experiment takes it; most take it as it is."""
        return circuit

    @abstractmethod
    def protocol(self, circuit: Circuit, anatomy: Anatomy, seed: int) -> Protocol:
        """Return what is done to `circuit`."""

    @abstractmethod
    def measure(self, sim: Simulator, body: Body | None) -> Findings:
        """Return what the finished simulation shows, and the body that it moved."""

    def run(
        self,
        subject: Subject,
        *,
        threads: int = 2,
        progress: Progress | None = None,
        checkpoint_dir: str | Path | None = None,
    ) -> Result:
        """Run the experiment on one subject; see `run`."""
        return run(self, subject, threads=threads, progress=progress, checkpoint_dir=checkpoint_dir)


def run(
    experiment: Experiment,
    subject: Subject,
    *,
    threads: int = 2,
    progress: Progress | None = None,
    checkpoint_dir: str | Path | None = None,
) -> Result:
    """Run `experiment` on `subject`.

    Parameters
    ----------
    experiment : Experiment
    subject : Subject
    threads : int
        Results do not depend on it.
    progress : callable, optional
        Called with the milliseconds done and wanted.
    checkpoint_dir : path, optional
        Where the state is kept from time to time; a run of the same experiment and subject that finds one
        there goes on from it, to the same result.

    Returns
    -------
    Result

    Raises
    ------
    SpecError, UnknownNameError
        If circuit and experiment do not fit.
    SimulationError
        If a voltage is not finite or a rate runs away.
    ResultError
        If a checkpoint is damaged, belongs to another run, or can't be written.
    """
    if not isinstance(subject, Subject):
        raise SpecError(f"an experiment runs on a dystolab.Subject, not on {type(subject).__name__}")
    started = time.perf_counter()
    circuit = experiment.prepare(subject.build())
    anatomy = grow(circuit, subject.seed)
    protocol = experiment.protocol(circuit, anatomy, subject.seed)
    driven = circuit.with_drives(*protocol.drives)
    sim = Simulator(driven, subject.seed, threads=threads, recording=protocol.recording, anatomy=anatomy)
    build_s = time.perf_counter() - started
    compile_s = provenance.compile_seconds(threads)
    file = None if checkpoint_dir is None else Path(checkpoint_dir) / CHECKPOINT
    asked = f"{experiment.name} {experiment.model_dump_json()}"
    if file is not None and file.exists():
        sim.restore(file, protocol.body, asked)
    begun_ms = sim.time_ms
    wall_s = _advance(sim, protocol, progress, file, asked)
    findings = experiment.measure(sim, protocol.body)
    return Result(
        experiment=experiment.name,
        settings=experiment.model_dump(mode="json"),
        subject=subject.describe(),
        measures=findings.measures,
        population_rate_hz={p.name: sim.rate_hz(p.name, protocol.settle_ms) for p in circuit.populations},
        runtime=provenance.runtime(sim, begun_ms, build_s, compile_s, wall_s),
        provenance=provenance.origin(sim, begun_ms),
        arrays={**recordings.arrays(sim), **findings.arrays},
    )


def _advance(sim: Simulator, protocol: Protocol, progress: Progress | None, file: Path | None, asked: str) -> float:
    """Run to the end of the protocol, and return the seconds that the simulation took."""
    wall_s, due = 0.0, time.perf_counter() + CHECKPOINT_EVERY_S
    while sim.time_ms < protocol.duration_ms:
        if progress is not None:
            progress(sim.time_ms, protocol.duration_ms)
        start = time.perf_counter()
        sim.run(min(protocol.step_ms, protocol.duration_ms - sim.time_ms), protocol.body)
        stop = time.perf_counter()
        wall_s += stop - start
        if file is not None and stop >= due and sim.time_ms < protocol.duration_ms:
            sim.checkpoint(file, protocol.body, asked)
            saved = time.perf_counter()
            due = saved + max(CHECKPOINT_EVERY_S, (saved - stop) / CHECKPOINT_SHARE)
    if progress is not None:
        progress(protocol.duration_ms, protocol.duration_ms)
    return wall_s
