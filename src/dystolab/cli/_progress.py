"""Progress on stderr: a bar with the time left, or a line now and then where there is no terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

_LINE_EVERY_S = 30.0


@contextmanager
def shown(title: str) -> Iterator[Callable[[float, float], None]]:
    """Show progress while the body runs; yield what is to be told the milliseconds done and wanted."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines(title)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[share]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        # Nothing is told while the circuit is built and compiled: the bar pulses until then.
        task = bar.add_task(f"{title}: building (the first run compiles for a minute)", total=None, share="")

        def told(done_ms: float, total_ms: float) -> None:
            share = f"{done_ms / 1000:.0f} of {total_ms / 1000:.0f} s simulated"
            bar.update(task, description=title, completed=done_ms, total=total_ms, share=share)

        yield told


def _lines(title: str) -> Callable[[float, float], None]:
    last = time.monotonic()
    first: tuple[float, float] | None = None

    def told(done_ms: float, total_ms: float) -> None:
        nonlocal last, first
        now = time.monotonic()
        if first is None and done_ms > 0:
            first = now, done_ms  # building and compiling, which come before, tell nothing of what is left
        if now - last < _LINE_EVERY_S or first is None or done_ms <= first[1]:
            return
        last = now
        left_s = (now - first[0]) * (total_ms - done_ms) / (done_ms - first[1])
        done = f"{done_ms / 1000:.0f} of {total_ms / 1000:.0f} s simulated"
        print(f"{title}: {done}, about {left_s:.0f} s left", file=sys.stderr, flush=True)

    return told
