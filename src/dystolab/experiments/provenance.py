"""Where a result comes from and what it cost."""

from __future__ import annotations

import importlib
import importlib.metadata
import platform
import sys
import time
from pathlib import Path
from typing import Any

from dystolab import mechanisms
from dystolab.circuit import tables
from dystolab.engine import Simulator
from dystolab.engine.compiled import one_cell

ENGINE = "dystolab-numba"


_compiled: set[int] = set()
"""Numbers of threads whose kernels this process has."""


def compile_seconds(threads: int) -> float:
    """Make sure that the kernels are there, and return how long it took to compile them or to load them now.

    A single cell is run for a millisecond, so that the time of the real run is that of the simulation alone.
    """
    if threads in _compiled:
        return 0.0
    start = time.perf_counter()
    Simulator(one_cell(), threads=threads).run(1)
    _compiled.add(threads)
    return time.perf_counter() - start


def runtime(sim: Simulator, begun_ms: float, build_s: float, compile_s: float, wall_s: float) -> dict[str, Any]:
    """Return the cost of a run; of a resumed one, since it was resumed."""
    return {
        "wall_s": wall_s,
        "build_s": build_s,
        "compile_s": compile_s,
        "biological_s": (sim.time_ms - begun_ms) / 1000.0,
        "threads": sim.threads,
        "workers": 1,
        "neurons": sim.neurons,
        "synapses": sim.synapses,
        "plastic_synapses": sim.plastic_synapses,
        "peak_rss_mb": peak_rss_mb(),
        "engine": ENGINE,
    }


def origin(sim: Simulator, begun_ms: float) -> dict[str, Any]:
    """Return versions, table hashes, seed, machine, and notes on what was changed to fit grid and tissue."""
    resumed = [f"resumed at {begun_ms:g} ms; the runtime is that since then"] if begun_ms else []
    return {
        "version": _version("dystolab"),
        "table_hashes": _hashes(),
        "seed": sim.seed,
        "platform": platform.platform(),
        "cpu": _cpu(),
        "python": platform.python_version(),
        "numpy": _version("numpy"),
        "numba": _version("numba"),
        "dt_ms": sim.dt_ms,
        "notes": list(dict.fromkeys([*sim.notes, *sim.anatomy.notes, *resumed])),
    }


def _hashes() -> dict[str, str]:
    """Return the SHA-256 of every table that a result rests on: circuit, mechanisms, stimuli, body."""
    here = Path(__file__).parent
    return {
        **tables.table_hashes(),
        **mechanisms.table_hashes(),
        **tables.hashes_in(here),
        **tables.hashes_in(here.parent / "body"),
    }


def peak_rss_mb() -> float | None:
    """Return the largest resident size that this process has had, MB; None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    # The unit differs: kilobytes on Linux, bytes on macOS.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024.0**2 if sys.platform == "darwin" else 1024.0)


def _cpu() -> str:
    # Untyped, and not needed before numba is.
    return str(importlib.import_module("llvmlite.binding").get_host_cpu_name())


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:  # a source tree on the path, not installed
        return "0+unknown"
