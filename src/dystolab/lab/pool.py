"""Jobs in processes of their own, which end with the process that started them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import wait as wait_for
from typing import Any, Protocol

from dystolab import errors
from dystolab.errors import DystolabError, SimulationError, retold

_POLL_S = 0.2
_meter: Any = None
"""In a worker: shared numbers, the milliseconds done and wanted of each job."""


class Job(Protocol):
    """Something to run, with the number of its subject."""

    @property
    def index(self) -> int:
        """Number of the subject."""

    def run(self, progress: Callable[[float, float], None]) -> None:
        """Run and save."""


def run(jobs: Sequence[Job], workers: int, progress: Callable[[float, float], None] | None) -> None:
    """Run `jobs`, at most `workers` at a time.

    After a failure those that run are finished and no other is started.

    Raises
    ------
    DystolabError
        The first failure; SimulationError if a process was killed.
    """
    context = multiprocessing.get_context("spawn")
    meter = context.Array("d", 2 * len(jobs), lock=False)
    before = set(multiprocessing.active_children())
    waiting = list(enumerate(jobs))
    running: dict[Future[tuple[str, str] | None], Job] = {}
    failed: DystolabError | None = None
    with ProcessPoolExecutor(workers, context, initializer=_start, initargs=(meter,)) as executor:
        try:
            while running or (waiting and failed is None):
                while waiting and failed is None and len(running) < workers:
                    k, job = waiting.pop(0)
                    with _held_back_interrupt():  # a worker may be started here
                        running[executor.submit(_work, job, k)] = job
                done, _ = wait(running, _POLL_S, FIRST_COMPLETED)
                for future in done:
                    error = _error(future.result(), running[future])
                    failed = failed or error
                    del running[future]
                if progress is not None:
                    _tell(progress, list(meter))
        except BrokenProcessPool:
            those = ", ".join(str(i) for i in sorted(job.index for job in running.values()))
            raise SimulationError(
                f"a worker process was killed while subjects {those} ran (out of memory, or by hand); "
                "finished subjects and checkpoints are kept"
            ) from None
        except BaseException:
            # Interrupted: what workers have not saved lies in their checkpoints, so nobody waits for them.
            for child in set(multiprocessing.active_children()) - before:
                child.terminate()
            raise
    if failed is not None:
        raise failed


def _tell(progress: Callable[[float, float], None], meter: Sequence[float]) -> None:
    done, wanted = meter[0::2], meter[1::2]
    # Jobs that have not started are taken to be as long as the longest known.
    longest = max(wanted)
    if longest > 0:
        progress(sum(done), sum(w or longest for w in wanted))


def _error(told: tuple[str, str] | None, job: Job) -> DystolabError | None:
    if told is None:
        return None
    return retold(getattr(errors, told[0], SimulationError), f"subject {job.index}: {told[1]}")


@contextmanager
def _held_back_interrupt() -> Iterator[None]:
    """Let Ctrl-C wait; a process started meanwhile never gets it, not even before it can say that it ignores it."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start(meter: Any) -> None:
    """Set up a worker: Ctrl-C is its parent's business, and it ends when the parent does."""
    global _meter
    _meter = meter
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for([parent.sentinel])
        os._exit(1)


def _work(job: Job, k: int) -> tuple[str, str] | None:
    """Run a job; an error of ours goes back as its type and text, for not every exception can be pickled."""

    def told(done_ms: float, total_ms: float) -> None:
        _meter[2 * k], _meter[2 * k + 1] = done_ms, total_ms

    try:
        job.run(told)
    except DystolabError as error:
        return type(error).__name__, str(error)
    return None
