"""The conditioned stimulus, as drives of the mossy fibres: as an animal's may carry it, or as published."""

from __future__ import annotations

import functools
import math
from pathlib import Path

import numpy as np

from dystolab import seeding
from dystolab.circuit.anatomy import Anatomy, subset_indices
from dystolab.circuit.drives import Cells, Disc, Pattern, PoissonDrive, SpikeDrive
from dystolab.circuit.spec import Circuit
from dystolab.circuit.tables import Section, read
from dystolab.errors import SpecError

FIBRES = "mossy_fiber"
STEP_MS = 2.0
"""A falling rate is held for so long."""
RATES = 3
"""Groups of tonic fibres, which differ in rate."""


@functools.cache
def numbers() -> Section:
    """Return the table of both forms of the stimulus."""
    return read(Path(__file__).with_suffix(".toml")).root


def sensory(circuit: Circuit, seed: int, start_ms: float, cs_ms: float, trial_ms: float) -> tuple[PoissonDrive, ...]:
    """Return the stimulus of a tone or a light: a burst at onset in some fibres, a higher rate throughout in others.

    The fibres are those without collaterals to the nuclei, as far as they go.

    Parameters
    ----------
    circuit : Circuit
    seed : int
        Decides which fibres answer; their spikes are drawn anew in each trial.
    start_ms, cs_ms, trial_ms : float
        Onset in each trial, length, and time from trial to trial.
    """
    table = numbers().section("sensory")
    size = circuit.population(FIBRES).size
    order = seeding.order(seed, FIBRES, size)[::-1]
    n_phasic, n_tonic = (round(size * table.number(name, "1")) for name in ("phasic_share", "tonic_share"))
    onset = start_ms + table.number("latency", "ms")
    groups = [("phasic", order[:n_phasic], _burst(table, onset, cs_ms, trial_ms))]
    rates = table.numbers("tonic_rates", "Hz", RATES)
    for k, rate in enumerate(rates):
        mine = order[n_phasic : n_phasic + n_tonic][k::RATES]
        steady = Pattern(times_ms=(onset, onset + cs_ms), values=(rate, 0.0), period_ms=trial_ms)
        groups.append((f"tonic_{k + 1}", mine, steady))
    return tuple(
        PoissonDrive(
            name=f"conditioned_stimulus_{name}",
            population=FIBRES,
            rate_hz=pattern,
            order=round(table.number("order", "1")),
            subset=Cells(indices=tuple(sorted(cells.tolist()))),
        )
        for name, cells, pattern in groups
        if len(cells)
    )


def _burst(table: Section, onset: float, cs_ms: float, trial_ms: float) -> Pattern:
    """Return a rate that rises and falls exponentially after the onset, up to the peak of the table."""
    rise, decay = (table.number(name, "ms") for name in ("phasic_rise", "phasic_decay"))
    since = np.arange(0.0, min(cs_ms, 6.0 * decay), STEP_MS)
    peak = math.log(decay / rise) * decay * rise / (decay - rise)
    course, highest = (np.exp(-t / decay) - np.exp(-t / rise) for t in (since, np.array(peak)))
    rate = table.number("phasic_rate", "Hz") * course / highest
    return Pattern(
        times_ms=(*(onset + since).tolist(), float(onset + since[-1] + STEP_MS)),
        values=(*rate.tolist(), 0.0),
        period_ms=trial_ms,
    )


def published(
    circuit: Circuit, anatomy: Anatomy, seed: int, start_ms: float, cs_ms: float, trial_ms: float
) -> SpikeDrive:
    """Return the fixed trains of the published model, in the fibres within a disc.

    Raises
    ------
    SpecError
        If no fibre lies in the disc.
    """
    table = numbers().section("published")
    radius = table.number("radius", "um") * math.sqrt(circuit.scale)
    disc = Disc(radius_um=radius)
    fibres = subset_indices(circuit, anatomy, FIBRES, disc, seed).size
    if fibres == 0:
        raise SpecError(f"conditioned stimulus: no mossy fibre lies within {radius:.0f} um of the centre of the tissue")
    # Fibres take turns: one is early in the CS, the next is late, both with the same shift.
    number = np.arange(fibres)
    spikes = round(table.number("spikes", "1"))
    ends = (table.numbers(name, "ms", 2) for name in ("early", "late"))
    early, late = (np.linspace(first, last, spikes) for first, last in ends)
    trains = np.where((number % 2 == 0)[:, None], early, late) * cs_ms / table.number("cs", "ms")
    times = start_ms + np.round(trains) + (number // 2 % shifts())[:, None]
    return SpikeDrive(
        name="conditioned_stimulus",
        population=FIBRES,
        times_ms=tuple(times.ravel().tolist()),
        cells=tuple(np.repeat(number, times.shape[1]).tolist()),
        subset=disc,
        period_ms=trial_ms,
    )


def latency_ms() -> int:
    """Return how long after a stimulus the mossy fibres answer, rounded up."""
    return math.ceil(numbers().section("sensory").number("latency", "ms"))


def shifts() -> int:
    """Return by how many ms the published trains of neighbouring fibres are shifted at most."""
    return round(numbers().section("published").number("shifts", "1"))
