"""Drives turned into spikes and waves, one second at a time, from streams that only the drive's name decides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dystolab.circuit.anatomy import Anatomy, subset_indices
from dystolab.circuit.drives import (
    BurstDrive,
    ConductanceDrive,
    CurrentDrive,
    Drive,
    Pattern,
    PoissonDrive,
    SpikeDrive,
)
from dystolab.circuit.spec import Circuit
from dystolab.errors import SpecError
from dystolab.seeding import stream

Array = np.ndarray
SEGMENT_MS = 1000.0
"""Random drives are drawn per segment, so that it does not matter how a run is cut into calls."""


@dataclass(frozen=True)
class SpikeEvents:
    """Spikes that a drive gives to cells of one population.

    ``steps`` (n,) counts grid steps from time 0: a relay spikes at ``steps * dt``; another cell's conductance
    rises from that time on. ``cells`` (n,) are indices in the population.
    """

    population: str
    receptor: int
    weight_ns: float
    steps: Array
    cells: Array


def spike_events(
    circuit: Circuit,
    anatomy: Anatomy,
    seed: int,
    t0_ms: float,
    t1_ms: float,
    dt_ms: float = 0.1,
    drawn: dict[tuple[str, int], tuple[Array, Array]] | None = None,
) -> list[SpikeEvents]:
    """Return the spikes of every drive in [t0_ms, t1_ms), each list in order of time.

    `drawn` keeps the segments of successive calls, which a caller that goes on by a millisecond would draw again.
    """
    drawn = {} if drawn is None else drawn
    first = max(int((t0_ms - dt_ms) // SEGMENT_MS), 0)
    for key in [key for key in drawn if key[1] < first]:
        del drawn[key]
    found = []
    for drive in circuit.drives:
        if isinstance(drive, CurrentDrive | ConductanceDrive):
            continue
        cells = subset_indices(circuit, anatomy, drive.population, drive.subset, seed)
        times, which = [np.zeros(0)], [np.zeros(0, np.int64)]
        # From one step before on: a spike at the very end of a segment may round to the first step of the next.
        for segment in range(first, int(-(-t1_ms // SEGMENT_MS))):
            if (drive.name, segment) not in drawn:
                drawn[drive.name, segment] = segment_spikes(drive, cells, seed, segment)
            t, c = drawn[drive.name, segment]
            times.append(t)
            which.append(c)
        steps = np.rint(np.concatenate(times) / dt_ms).astype(np.int64)
        cell = np.concatenate(which)
        keep = (steps >= round(t0_ms / dt_ms)) & (steps < round(t1_ms / dt_ms))
        steps, cell = steps[keep], cell[keep]
        order = np.lexsort((cell, steps))
        found.append(
            SpikeEvents(drive.population, drive.receptor, drive.weight_ns, steps[order], cell[order].astype(np.int32))
        )
    return found


def segment_spikes(drive: Drive, cells: Array, seed: int, segment: int) -> tuple[Array, Array]:
    """Return times (ms) and cells of a drive's spikes in one segment."""
    lo = segment * SEGMENT_MS
    if isinstance(drive, PoissonDrive):
        return poisson_spikes(drive, cells, stream(seed, drive.name, "poisson", segment), lo)
    if isinstance(drive, SpikeDrive):
        return given_spikes(drive, cells, seed, lo)
    assert isinstance(drive, BurstDrive)
    return burst_spikes(drive, cells, seed, lo)


def pattern_value(pattern: Pattern, times_ms: Array) -> Array:
    """Return the pattern's value at each time."""
    # A hair later, so that a step which begins a period does not end the one before by rounding.
    t = times_ms + 1e-6 if pattern.period_ms is None else np.mod(times_ms + 1e-6, pattern.period_ms)
    index = np.searchsorted(pattern.times_ms, t, side="right") - 1
    values = np.concatenate([pattern.values, [0.0]])
    return values[index]


def poisson_spikes(drive: PoissonDrive, cells: Array, rng: np.random.Generator, lo: float) -> tuple[Array, Array]:
    """Thin a homogeneous process of the pattern's highest rate: exact for every pattern.

    Of an order above 1 each cell counts its events anew in each segment, from a random one on.
    """
    top = max(drive.rate_hz.values) * drive.order
    n = rng.poisson(top * len(cells) * SEGMENT_MS / 1000.0)
    times = lo + SEGMENT_MS * rng.random(n)
    which = rng.integers(0, max(len(cells), 1), n)
    keep = rng.random(n) * top < drive.order * pattern_value(drive.rate_hz, times)
    times, which = times[keep], which[keep]
    if drive.order > 1:
        by_cell = np.lexsort((times, which))
        times, which = times[by_cell], which[by_cell]
        first = rng.integers(0, drive.order, max(len(cells), 1))
        number = np.arange(len(which)) - np.searchsorted(which, which)
        counted = (number + first[which]) % drive.order == 0
        times, which = times[counted], which[counted]
    return times, cells[which]


def given_spikes(drive: SpikeDrive, cells: Array, seed: int, lo: float) -> tuple[Array, Array]:
    """Repeat the given list through the segment and shift each cell's train by its jitter."""
    times = np.asarray(drive.times_ms, float)
    if drive.cells is None:
        which = np.repeat(cells, len(times)).astype(np.int64)
        times = np.tile(times, len(cells))
    else:
        wrong = [c for c in drive.cells if not 0 <= c < len(cells)]
        if wrong:
            raise SpecError(
                f"drive {drive.name!r}: cell {wrong[0]}, but the cells that it reaches are 0 to {len(cells) - 1}"
            )
        which = cells[np.asarray(drive.cells, np.int64)]
    if drive.jitter_ms:
        shift = drive.jitter_ms * stream(seed, drive.name, "jitter").random(int(cells.max(initial=0)) + 1)
        times = times + shift[which]
    hi = lo + SEGMENT_MS
    repeats: Array = np.zeros(1)
    if drive.period_ms is not None:
        first = max(int((lo - drive.start_ms - drive.jitter_ms) // drive.period_ms) - 1, 0)
        repeats = drive.period_ms * np.arange(first, max(int((hi - drive.start_ms) // drive.period_ms) + 1, first))
    times = (drive.start_ms + repeats[:, None] + times[None, :]).ravel()
    which = np.tile(which, len(repeats))
    keep = (times >= lo) & (times < hi)
    if drive.stop_ms is not None:
        keep &= times < drive.stop_ms
    return times[keep], which[keep]


def burst_spikes(drive: BurstDrive, cells: Array, seed: int, lo: float) -> tuple[Array, Array]:
    """Draw each burst of each cell from the stream of its number."""
    delay = drive.start_jitter_ms * stream(seed, drive.name, "start").random(len(cells))
    hi = lo + SEGMENT_MS
    times, which = [np.zeros(0)], [np.zeros(0, np.int64)]
    for burst, start, left in bursts_between(drive, lo - drive.start_jitter_ms, hi):
        order = stream(seed, drive.name, "burst", burst).random((len(cells), int(drive.on_ms))).argsort(axis=1)
        offset = order[:, : drive.spikes_per_burst]
        t = start + delay[:, None] + offset
        now = (t >= lo) & (t < hi) & (offset < left)
        times.append(t[now])
        which.append(np.repeat(cells, drive.spikes_per_burst)[now.ravel()])
    return np.concatenate(times), np.concatenate(which)


def bursts_between(drive: BurstDrive, lo: float, hi: float) -> Iterator[tuple[int, float, float]]:
    """Yield number, start (ms) and time left in the train (ms) of each burst that may have spikes in [lo, hi)."""
    period = drive.on_ms + drive.off_ms
    train = np.inf if drive.train_ms is None else drive.train_ms
    per_train = 1 << 62 if drive.train_ms is None else int(np.ceil(train / period))
    cycle = per_train * period if drive.train_ms is None else train + drive.gap_ms
    for k in range(max(int(lo // cycle), 0), int(hi // cycle) + 1):
        at = lo - k * cycle
        for n in range(max(int((at - drive.on_ms) // period), 0), per_train):
            start = k * cycle + n * period
            if start >= hi:
                break
            yield k * per_train + n, start, train - n * period
