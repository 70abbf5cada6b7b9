"""One process at a time works in the directory of a run."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from dystolab.errors import ResultError

FILE = ".in-use"


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold `folder` for this process; the system lets go when the process ends, however it ends.

    Raises
    ------
    ResultError
        If another process holds it.
    """
    file = folder / FILE
    with file.open("a") as handle:
        try:
            _lock(handle.fileno())
        except OSError:
            raise ResultError(f"{folder} is in use by process {file.read_text().strip() or '?'}") from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        try:
            yield
        finally:
            with contextlib.suppress(OSError):  # Windows removes no file that is open
                file.unlink()


def _lock(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
