"""Which code made a result: runs of different code must not be mixed."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

import dystolab


@functools.cache
def package_hash() -> str:
    """Return a hash of every source file and table that a run depends on."""
    root = Path(dystolab.__file__).parent
    floors = ("circuit", "engine", "mechanisms", "body", "measures", "experiments", "io")
    alone = [root / name for name in ("quantity.py", "result.py", "seeding.py")]
    files = [*alone, *(f for floor in floors for f in sorted((root / floor).rglob("*.*")))]
    read = [f"{f.relative_to(root)}".encode() + f.read_bytes() for f in files if f.suffix in (".py", ".toml")]
    return hashlib.sha256(b"\0".join(read)).hexdigest()
