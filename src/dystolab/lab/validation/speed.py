"""Wall time, memory and the distance to what the machine can do; peers are timed by ``benchmarks/compare.py``."""

from __future__ import annotations

import concurrent.futures
import gc
import json
import multiprocessing
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

from dystolab.circuit.presets import load
from dystolab.engine import Simulator
from dystolab.engine.arithmetic import FASTMATH
from dystolab.experiments.eyeblink import Eyeblink
from dystolab.experiments.provenance import peak_rss_mb
from dystolab.experiments.subject import Subject
from dystolab.lab.validation import body_cost
from dystolab.lab.validation.rows import Row, below

Say = Callable[[str], None]
REPEATS, RUNS = 5, 3
TRIALS, LIMIT_TRIALS_S = 100, 40.0
LIMIT_S_PER_S, AIM_S_PER_S, LIMIT_MB, LIMIT_START_S = 0.37, 0.15, 250.0, 5.0
# Additions and multiplications of one lean E-GLIF step, counted in ``engine/cells.py`` (a fused pair counts two).
OPERATIONS_PER_STEP = 41
BYTES_PER_CELL = 40
PEERS = Path("benchmarks") / "results.json"
PEER_TARGETS = (
    ("brian2", 20, "same cells, C++ with OpenMP, synapses only potentiate"),
    ("nest", 150, "AdEx in place of E-GLIF cells, which its package lacks; most of them silent; synapses static"),
)


def rows(say: Say, **_: Any) -> list[Row]:
    """Return wall time, memory, distance to the machine's limits, ratios to peers, and cost against size."""
    say("  the plastic circuit at scale 1")
    walls = {t: median_wall(Simulator(load("mouse-cerebellum"), seed=1, threads=t)) for t in (1, 2)}
    sim = Simulator(load("mouse-cerebellum"), seed=1)
    text = f"{walls[2]:.3f} s/s (1 thread: {walls[1]:.3f})"
    size = f"{sim.neurons} cells, {sim.plastic_synapses} plastic synapses; median of runs of 1 s"
    target = f"<= {LIMIT_S_PER_S} (aim {AIM_S_PER_S})"
    fast = walls[2] <= LIMIT_S_PER_S
    found = [Row("wall per biological second, 2 threads, dt 0.1 ms", text, target, REPEATS, fast, "speed", size)]
    with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        used = pool.submit(memory_above_imports).result()
    note = "largest resident size of a fresh process, above that with everything imported and compiled"
    found.append(Row("memory", f"{used:.0f} MB", f"<= {LIMIT_MB:g} MB", 1, used <= LIMIT_MB, "speed", note))
    started = start_seconds()
    note = "a fresh process, compiled code cached: imports, building the circuit, the first millisecond"
    quick = started < LIMIT_START_S
    found.append(Row("start of a later run", f"{started:.1f} s", "< 5 s", REPEATS, quick, "speed", note))
    say(f"  {TRIALS} trials of eyeblink conditioning")
    found.append(trials_row())
    say("  limits of this machine")
    return [*found, limit_row(walls[1], sim.neurons), *peer_rows(), *body_cost.rows(), *scaling(say)]


def trials_row() -> Row:
    """Return how long eyeblink conditioning of one subject takes, from the spec to the measures."""
    subject, experiment = Subject(circuit="mouse-cerebellum", seed=1), Eyeblink(trials=TRIALS)
    wall = float(np.median([_timed(experiment.run, subject, threads=2) for _ in range(RUNS)]))
    note = f"one subject, its circuit built and measures taken; median of {RUNS} runs"
    return below(f"{TRIALS} trials of eyeblink, 2 threads", wall, LIMIT_TRIALS_S, "s", RUNS, "speed", note)


def memory_above_imports() -> float:
    """Return how much the largest resident size grows by building and running the circuit, MB (in a fresh process)."""
    Simulator(load("mouse-cerebellum", scale=0.3), seed=1).run(10)
    before = peak_mb()
    Simulator(load("mouse-cerebellum"), seed=1, threads=2).run(2000)
    return peak_mb() - before


def start_seconds() -> float:
    """Return the median time of a fresh process until the circuit has run for its first millisecond, s."""
    code = "from dystolab.circuit import load; from dystolab.engine import Simulator; "
    code += "Simulator(load('mouse-cerebellum'), seed=1, threads=2).run(1)"
    return float(np.median([_timed(subprocess.run, [sys.executable, "-c", code], check=True) for _ in range(REPEATS)]))


def peak_mb() -> float:
    """Return the largest resident size of this process, MB; on Linux not the parent's, which getrusage passes on."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(float(x.split()[1]) for x in status.read_text().splitlines() if x.startswith("VmHWM")) / 1024.0
    return peak_rss_mb() or float("nan")


def limit_row(wall: float, cells: int) -> Row:
    """Return the time of one cell's step beside what arithmetic and memory of this machine allow."""
    flops, bandwidth = arithmetic_limit(), bandwidth_limit()
    value = f"{wall / (cells * 1e4) * 1e9:.2f} ns; arithmetic alone {OPERATIONS_PER_STEP / flops:.2f} ns"
    moved = 2 * BYTES_PER_CELL
    note = (
        f"{flops:.0f} GFLOP/s float32 in cache, {bandwidth:.1f} GB/s from memory; a step from memory would move "
        f"{moved} bytes: {moved / bandwidth:.1f} ns"
    )
    return Row("one thread: time per cell and step", value, "", REPEATS, None, "speed", note)


def peer_rows() -> list[Row]:
    """Return the ratios of the last ``benchmarks/compare.py``, which times all in one run."""
    found = []
    told = json.loads(PEERS.read_text()) if PEERS.exists() else {"wall_per_s": {}}
    for peer, least, cells in PEER_TARGETS:
        times = told["wall_per_s"]
        if peer not in times:
            found.append(
                Row(f"{peer}: its time over ours", "not run", f">= {least}", 0, None, "speed", str(PEERS.parent))
            )
            continue
        mine, theirs = float(np.median(times["dystolab"])), float(np.median(times[peer]))
        note = f"{theirs:.1f} against {mine:.3f} s/s, {told['threads']} threads, same graph, same run; {cells}"
        ratio = theirs / mine
        found.append(
            Row(
                f"{peer}: its time over ours",
                f"{ratio:.0f}",
                f">= {least}",
                len(times[peer]),
                ratio >= least,
                "speed",
                note,
            )
        )
    return found


def median_wall(sim: Simulator, ms: float = 1000.0) -> float:
    """Return the median wall time of `REPEATS` runs per biological second, after one that is not counted."""
    sim.run(ms)
    walls = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        sim.run(ms)
        walls.append((time.perf_counter() - start) / (ms / 1000.0))
    return float(np.median(walls))


def scaling(say: Say, scales: tuple[float, ...] = (0.3, 1.0, 3.0, 10.0, 30.0)) -> list[Row]:
    """Return cost and memory against size; linear if the cost per cell stays."""
    sizes, costs, builds, memory = [], [], [], []
    for scale in scales:
        say(f"  scale {scale:g}")
        start = time.perf_counter()
        sim = Simulator(load("mouse-cerebellum", scale=scale), seed=1, threads=2)
        builds.append(time.perf_counter() - start)
        costs.append(median_wall(sim, 200.0))
        sizes.append(sim.neurons)
        memory.append((peak_rss_mb() or float("nan")) / 1024)
        del sim
        gc.collect()
    slope = float(np.polyfit(np.log(sizes[1:]), np.log(costs[1:]), 1)[0])
    text = "; ".join(f"{n} cells {c:.2f} s/s" for n, c in zip(sizes, costs, strict=True))
    one = scales.index(1.0)
    return [
        Row(
            "cost against size, 2 threads",
            text,
            "exponent 1 ± 0.15",
            REPEATS,
            abs(slope - 1.0) <= 0.15,
            "speed",
            f"exponent {slope:.2f} from scale 1 up; median of runs of 0.2 s",
        ),
        Row(
            "memory at a million cells",
            f"{memory[-1]:.1f} GB",
            "<= 24 GB",
            1,
            memory[-1] <= 24.0,
            "speed",
            f"{sizes[-1]} cells",
        ),
        Row(
            "build at scale 1",
            f"{builds[one]:.1f} s",
            "< 10 s",
            1,
            builds[one] < 10.0,
            "speed",
            f"scale {scales[-1]:g}: {builds[-1]:.0f} s",
        ),
    ]


@njit(fastmath=FASTMATH)
def _multiply_add(x: Any, n: Any) -> Any:
    for _ in range(n):
        for i in range(x.shape[0]):
            x[i] = x[i] * np.float32(0.999) + np.float32(0.001)
            x[i] = x[i] * np.float32(0.998) + np.float32(0.002)
            x[i] = x[i] * np.float32(0.997) + np.float32(0.003)
            x[i] = x[i] * np.float32(0.996) + np.float32(0.004)
            x[i] = x[i] * np.float32(0.995) + np.float32(0.005)
            x[i] = x[i] * np.float32(0.994) + np.float32(0.006)
            x[i] = x[i] * np.float32(0.993) + np.float32(0.007)
            x[i] = x[i] * np.float32(0.992) + np.float32(0.008)


def arithmetic_limit() -> float:
    """Return float32 GFLOP/s of one thread on data in the first cache, by multiply-adds."""
    x = np.zeros(2048, np.float32)
    _multiply_add(x, 1)
    best = min(_timed(_multiply_add, x, 20000) for _ in range(REPEATS))
    return 20000 * 2048 * 16 / best / 1e9


def bandwidth_limit() -> float:
    """Return GB/s of one thread copying more than any cache holds."""
    a = np.zeros(1 << 27, np.float32)
    b = np.ones(1 << 27, np.float32)
    best = min(_timed(np.copyto, a, b) for _ in range(REPEATS))
    return 2 * a.nbytes / best / 1e9


def _timed(call: Callable[..., Any], *args: Any, **options: Any) -> float:
    start = time.perf_counter()
    call(*args, **options)
    return time.perf_counter() - start
