"""The air puff to the eye, as drives of the olive and of the facial motoneurons."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dystolab.circuit.drives import SpikeDrive, Zone
from dystolab.circuit.spec import Circuit
from dystolab.circuit.tables import Section, read
from dystolab.experiments import microzone

OLIVE, MOTONEURONS = "io_cell", "facial_motoneuron"


@functools.cache
def numbers() -> Section:
    """Return the table of the stimulus."""
    return read(Path(__file__).with_suffix(".toml")).root


@dataclass(frozen=True, slots=True)
class Puffs:
    """When air puffs come: at ``onsets_ms`` of each cycle of ``cycle_ms``, from ``start_ms`` to ``stop_ms``."""

    onsets_ms: tuple[float, ...]
    cycle_ms: float
    start_ms: float
    stop_ms: float


def puffs(circuit: Circuit, when: Puffs, us_ms: float, weight_ns: float, label: str = "") -> tuple[SpikeDrive, ...]:
    """Return the drives of air puffs of `us_ms` each.

    Every olivary cell of the lid's microzone, or of the whole olive if no zone owns the lid, gets pulses of `weight_ns`
    while the puff lasts. Where the circuit has facial motoneurons, the trigeminal reflex closes the lid: two volleys
    and a discharge that outlasts them.
    """
    pulses = np.arange(0.0, us_ms + 1.0, numbers().section("olive").number("pulse", "ms"))
    owner = microzone.of_lid(circuit)
    zone = None if owner is None else Zone(index=owner)
    olive = circuit.population(OLIVE).name
    drives = [_spikes(f"unconditioned_stimulus{label}", olive, when, pulses, weight_ns, zone)]
    if any(p.name == MOTONEURONS for p in circuit.populations):
        table = numbers().section("reflex")
        volleys = np.array(table.numbers("volleys", "ms", 2))
        every = table.number("tail_every", "ms")
        tail = np.arange(volleys[-1] + every, volleys[-1] + table.number("tail", "ms"), every)
        drives += [
            _spikes(f"blink_reflex{label}", MOTONEURONS, when, volleys, table.number("volley_weight", "nS")),
            _spikes(f"blink_reflex_tail{label}", MOTONEURONS, when, tail, table.number("tail_weight", "nS")),
        ]
    return tuple(drives)


def reflex_ms() -> int:
    """Return how long after the air puff the last volley comes, rounded up."""
    table = numbers().section("reflex")
    return math.ceil(table.numbers("volleys", "ms", 2)[-1] + table.number("tail", "ms"))


def _spikes(
    name: str, population: str, when: Puffs, after: np.ndarray, weight_ns: float, subset: Zone | None = None
) -> SpikeDrive:
    times = np.sort((np.array(when.onsets_ms)[:, None] + after).ravel())
    return SpikeDrive(
        name=name, population=population, times_ms=tuple(times.tolist()), weight_ns=weight_ns, receptor=1,
        subset=subset, period_ms=when.cycle_ms, start_ms=when.start_ms, stop_ms=when.stop_ms,
    )  # fmt: skip
