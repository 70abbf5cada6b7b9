"""Runs that checks share: each subject is run once in an experiment, kept, and gone on with after a stop.

What a run is called follows from experiment, settings, subject and code alone: no finding and no check is in it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dystolab.errors import DystolabError, SimulationError
from dystolab.evidence.model_checks.check import Check
from dystolab.evidence.writing import write_whole
from dystolab.lab import pool
from dystolab.lab.code import package_hash
from dystolab.lab.runs import failure, result_path
from dystolab.result import Measure, Result

Progress = Callable[[float, float], None]
RUNS = "runs"
_ASKED = "asked.json"


@dataclass(frozen=True)
class Run:
    """One subject in one experiment, and where its measures are kept."""

    experiment: Any
    subject: Any
    folder: Path

    @property
    def index(self) -> int:
        """Number of the subject: its seed."""
        return int(self.subject.seed)

    @property
    def path(self) -> Path:
        """Where the result goes."""
        return result_path(self.folder, self.index)

    @property
    def failed(self) -> Path:
        """Where it is told why there is none."""
        return self.folder / f"failed-{self.index:03d}.txt"

    @property
    def done(self) -> bool:
        """Whether it need not be run."""
        return self.path.exists() or self.failed.exists()

    def run(self, progress: Progress) -> None:
        """Run the subject and save its measures, or why there are none.

        Recordings are not kept: those of all checks would be gigabytes, and a run with the same seed makes them again.
        """
        checkpoint = self.folder / f"checkpoint-{self.index:03d}"
        try:
            result = self.experiment.run(self.subject, threads=1, progress=progress, checkpoint_dir=checkpoint)
        except SimulationError as error:  # the model's own, and for good: the same seed runs away again
            write_whole(self.failed, f"{error}\n")
        else:
            dataclasses.replace(result, arrays={}).save(self.path)
        shutil.rmtree(checkpoint, ignore_errors=True)


@dataclass
class Runs:
    """All runs that some checks ask for.

    Parameters
    ----------
    out : Path
        Directory of the results.
    """

    out: Path
    _measures: dict[Path, Mapping[str, Measure]] = field(default_factory=dict)

    def of(self, check: Check, subjects: int, *, reference: bool = False) -> list[Run]:
        """Return the runs of a check's subjects (seeds from 1 on), or of its references."""
        experiment = check.experiment()
        make = check.reference if reference else check.subject
        return [self._run(experiment, make(seed)) for seed in range(1, subjects + 1)]

    def _run(self, experiment: Any, subject: Any) -> Run:
        told = asked(experiment, subject)
        digest = hashlib.sha256(json.dumps([told, package_hash()], sort_keys=True).encode()).hexdigest()[:16]
        return Run(experiment, subject, self.out / RUNS / f"{experiment.name}-{digest}")

    def all(self, checks: Sequence[Check], subjects: int) -> list[Run]:
        """Return every run that `checks` ask for, each once."""
        found: dict[Path, Run] = {}
        for check in checks:
            runs = self.of(check, subjects)
            runs += self.of(check, subjects, reference=True) if check.compares else []
            for run in runs:
                found.setdefault(run.path, run)
        return list(found.values())

    def execute(self, runs: Sequence[Run], workers: int, progress: Progress | None = None) -> int:
        """Run those that are not done, and return how many they were.

        Raises
        ------
        SpecError, ResultError, SimulationError
            If a run can't be made or written, or a worker is killed. What is finished stays.
        """
        todo = [run for run in runs if not run.done]
        for run in todo:
            _prepare(run)
        if workers == 1 or len(todo) < 2:
            _one_by_one(todo, progress)
        else:
            pool.run(todo, min(workers, len(todo)), progress)
        return len(todo)

    def values(self, runs: Sequence[Run], measure: str) -> list[float]:
        """Return a measure of each run; NaN where the run failed or has no such number."""
        return [_number(self._of(run).get(measure)) for run in runs]

    def lacking(self, runs: Sequence[Run], measure: str) -> bool:
        """Tell whether there are results, and none of them has the measure."""
        found = [self._of(run) for run in runs if run.path.exists()]
        return bool(found) and not any(measure in measures for measures in found)

    def failures(self, runs: Sequence[Run]) -> list[str]:
        """Return why runs failed."""
        return [
            f"seed {run.index}: {run.failed.read_text(encoding='utf-8').strip()}" for run in runs if run.failed.exists()
        ]

    def _of(self, run: Run) -> Mapping[str, Measure]:
        if run.path not in self._measures:
            self._measures[run.path] = Result.load(run.path, arrays=False).measures if run.path.exists() else {}
        return self._measures[run.path]


def asked(experiment: Any, subject: Any) -> dict[str, Any]:
    """Return what decides a run but for its seed, as JSON values."""
    described = {key: value for key, value in subject.describe().items() if key != "seed"}
    return {"experiment": experiment.name, "settings": experiment.model_dump(mode="json"), "subject": described}


def _prepare(run: Run) -> None:
    """Make the folder of a run and tell in it what is run there."""
    for rest in run.folder.glob(f".subject-{run.index:03d}*.part-*"):  # of a process that was killed while it wrote
        shutil.rmtree(rest) if rest.is_dir() else rest.unlink()
    told = run.folder / _ASKED
    if not told.exists():
        write_whole(told, json.dumps(asked(run.experiment, run.subject), indent=1) + "\n")


def _one_by_one(runs: Sequence[Run], progress: Progress | None) -> None:
    done, wanted = [0.0] * len(runs), [0.0] * len(runs)
    for k, run in enumerate(runs):

        def told(done_ms: float, total_ms: float, k: int = k) -> None:
            done[k], wanted[k] = done_ms, total_ms
            if progress is not None and total_ms > 0:
                known = [w for w in wanted if w]
                # Runs that have not started are taken to be as long as those before them.
                progress(sum(done), sum(known) + (len(wanted) - len(known)) * sum(known) / len(known))

        try:
            run.run(told)
        except DystolabError as error:
            raise failure(run.index, error, len(runs)) from error


def _number(measure: Measure | None) -> float:
    if measure is None or isinstance(measure.value, list):
        return float("nan")
    return float(measure.value)
