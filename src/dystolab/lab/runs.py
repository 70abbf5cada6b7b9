"""Run one experiment on many subjects: each is saved when it is finished, and a stopped run goes on."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dystolab.errors import DystolabError, ResultError, SimulationError, SpecError, retold
from dystolab.lab import lock, pool
from dystolab.lab.code import package_hash
from dystolab.lab.plan import FILE, Experiment, Plan
from dystolab.result import Result

Progress = Callable[[float, float], None]


@dataclass(frozen=True)
class Job:
    """One subject to run, and where its result goes."""

    experiment: Experiment
    subject: Any
    index: int
    out: Path
    threads: int
    workers: int
    code: str = field(default_factory=package_hash)

    def run(self, progress: Progress) -> None:
        """Run the subject, save its result and drop its checkpoint.

        Raises
        ------
        ResultError
            If a worker that started later found other source files than the process that started the run.
        """
        if package_hash() != self.code:
            raise ResultError("the source files of dystolab have changed since the run began: start it again")
        checkpoint = self.out / f"checkpoint-{self.index:03d}"
        result = self.experiment.run(self.subject, threads=self.threads, progress=progress, checkpoint_dir=checkpoint)
        runtime = {**result.runtime, "workers": self.workers}
        dataclasses.replace(result, runtime=runtime).save(result_path(self.out, self.index))
        shutil.rmtree(checkpoint, ignore_errors=True)


def run_many(
    experiment: Experiment,
    subjects: Sequence[Any],
    out_dir: str | Path,
    *,
    workers: int = 1,
    threads: int = 2,
    progress: Progress | None = None,
    resume: bool = False,
    request: Mapping[str, Any] | None = None,
) -> list[Path]:
    """Run `experiment` on every subject and save each as ``<out_dir>/subject-000.zarr`` when it is finished.

    With more than one worker subjects run in processes of their own, started afresh: a script that calls this
    must do so below ``if __name__ == "__main__":``.

    Parameters
    ----------
    experiment : Experiment
        With its settings.
    subjects : sequence of Subject
        At least one.
    out_dir : path
        A new or empty directory, or with `resume` that of a run that was stopped.
    workers : int
        How many subjects run at the same time.
    threads : int
        Threads of each.
    progress : callable, optional
        Called with the milliseconds done and wanted, over all subjects that are still to run.
    resume : bool
        Go on with the run in `out_dir`: skip finished subjects, and start others from their checkpoints.
    request : mapping, optional
        Kept in the run's plan for whoever resumes it.

    Returns
    -------
    list of Path
        The results, in the order of `subjects`.

    Raises
    ------
    SpecError
        If there is no subject, or `workers` or `threads` is not positive.
    ResultError
        If `out_dir` is not empty and `resume` is false, holds another run, is in use, or can't be written.
    SimulationError
        If a subject's run fails or its process is killed. Finished subjects and checkpoints stay.
    """
    if not subjects:
        raise SpecError("a run needs at least 1 subject")
    for name, value in (("workers", workers), ("threads", threads)):
        if value < 1:
            raise SpecError(f"{name} must be at least 1, got {value}")
    out = Path(out_dir)
    plan = Plan.of(experiment, subjects, request)
    _open(out, plan, resume)
    with lock.held(out):
        _run(experiment, subjects, out, plan, workers, threads, progress)
    return [result_path(out, i) for i in range(len(subjects))]


def _run(
    experiment: Experiment,
    subjects: Sequence[Any],
    out: Path,
    plan: Plan,
    workers: int,
    threads: int,
    progress: Progress | None,
) -> None:
    """Run the subjects that are not finished."""
    for rest in out.glob(".*.part-*"):  # of a process that was killed while it wrote
        shutil.rmtree(rest) if rest.is_dir() else rest.unlink()
    todo = [i for i in range(len(subjects)) if not _finished(out, i, plan)]
    workers = min(workers, max(1, len(todo)))
    jobs = [Job(experiment, subjects[i], i, out, threads, workers) for i in todo]
    try:
        if workers == 1:
            _one_by_one(jobs, progress)
        else:
            pool.run(jobs, workers, progress)
    except DystolabError as error:
        if not isinstance(error, SimulationError | ResultError):
            _forget(out)
        raise


def load_run(out_dir: str | Path, *, arrays: int | None = None) -> list[Result]:
    """Return the finished results of a run, by subject.

    Parameters
    ----------
    out_dir : path
        Directory of the run.
    arrays : int, optional
        How many subjects come with their recordings; all, if not given.

    Raises
    ------
    ResultError
        If it is no run, no subject is finished, or a result is damaged.
    """
    out = Path(out_dir)
    Plan.read(out)
    paths = finished(out)
    if not paths:
        raise ResultError(f"{out} holds no finished subject yet")
    return [Result.load(path, arrays=arrays is None or i < arrays) for i, path in enumerate(paths)]


def finished(out: Path) -> list[Path]:
    """Return the finished results of the run in `out`, by subject."""
    return sorted(out.glob("subject-*.zarr"), key=lambda path: int(path.stem.removeprefix("subject-")))


def result_path(out: Path, index: int) -> Path:
    """Return where the result of subject `index` of the run in `out` lies."""
    return out / f"subject-{index:03d}.zarr"


def _open(out: Path, plan: Plan, resume: bool) -> None:
    if resume:
        plan.check_same(Plan.read(out), out)
        return
    try:
        out.mkdir(parents=True, exist_ok=True)
        if any(out.iterdir()):
            raise ResultError(f"{out} is not empty: choose another directory, or resume the run in it")
    except (FileExistsError, NotADirectoryError):
        raise ResultError(f"{out} can't be written: it is, or lies in, a file") from None
    except OSError as error:
        raise ResultError(f"{out} can't be written: {error.strerror}") from None
    plan.write(out)


def _forget(out: Path) -> None:
    """Remove a run that could not begin, as experiment and circuit do not fit or something is not installed."""
    if {file.name for file in out.iterdir()} == {FILE, lock.FILE}:
        shutil.rmtree(out)


def _finished(out: Path, index: int, plan: Plan) -> bool:
    path = result_path(out, index)
    if not path.exists():
        return False
    try:
        result = Result.load(path, arrays=False)
    except ResultError as error:
        raise ResultError(f"{error}; remove {path} to run this subject again") from None
    if result.experiment != plan.experiment:
        raise ResultError(f"{path} is of experiment {result.experiment!r}, not {plan.experiment!r}")
    return True


def _one_by_one(jobs: Sequence[Job], progress: Progress | None) -> None:
    for k, job in enumerate(jobs):

        def told(done_ms: float, total_ms: float, k: int = k) -> None:
            if progress is not None:
                progress(k * total_ms + done_ms, len(jobs) * total_ms)

        try:
            job.run(told)
        except DystolabError as error:
            raise failure(job.index, error, len(jobs)) from error


def failure(index: int, error: DystolabError, jobs: int) -> DystolabError:
    """Return `error` of subject `index` as it is told to the caller, who may have asked for many subjects."""
    return retold(type(error), f"subject {index}: {error}") if jobs > 1 else error
