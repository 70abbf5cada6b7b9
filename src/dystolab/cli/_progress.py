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
    start = last = time.monotonic()

    def told(done_ms: float, total_ms: float) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < _LINE_EVERY_S or done_ms <= 0:
            return
        last = now
        left_s = (now - start) * (total_ms - done_ms) / done_ms
        done = f"{done_ms / 1000:.0f} of {total_ms / 1000:.0f} s simulated"
        print(f"{title}: {done}, about {left_s:.0f} s left", file=sys.stderr, flush=True)

    return told
