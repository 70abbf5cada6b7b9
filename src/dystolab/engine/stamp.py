"""What compiled code is cached under."""

from __future__ import annotations

import hashlib
from pathlib import Path


def source_stamp(*names: str) -> int:
    """Return a number that changes with the source of every named module of the engine.

    Numba looks at the file of the cached function alone; a change in a function that it calls would go unseen.
    """
    here = Path(__file__).parent
    digest = hashlib.sha256(b"".join((here / f"{name}.py").read_bytes() for name in names)).digest()
    return int.from_bytes(digest[:6], "little")
