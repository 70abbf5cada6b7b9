"""Rates on the imported scaffold network against the runs of NEST and Brian2 that came with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from dystolab.circuit import tables
from dystolab.circuit.drives import Pattern, PoissonDrive
from dystolab.circuit.presets import canonical
from dystolab.circuit.spec import Circuit
from dystolab.engine import Simulator
from dystolab.lab.validation.rows import Row

PHASES = ("baseline", "CS before US", "50 ms from US")
BASELINE_S, TRIALS = 20, 20
PERIOD_MS, CS_MS, US_MS = 1000, 280, 30
ONSETS_MS = BASELINE_S * 1000 + PERIOD_MS * np.arange(TRIALS)
# The run beside NEST, which takes it minutes.
SAME_REST_MS, SAME_TRIALS, SAME_PERIOD_MS = 1000, 4, 500


def rows(
    say: Callable[[str], None],
    seeds: int = 5,
    canonical: str | None = None,
    nest_module: str | None = None,
    **_: Any,
) -> list[Row]:
    """Return one row per population and phase; one that was not run if no edge list is given.

    With a NEST module that has the E-GLIF cell the same input trains are also run in NEST itself.
    """
    if canonical is None:
        note = "give the edge list: dystolab validate --only canonical --canonical connectivity.npz"
        return [Row("rates on the scaffold network", "not run", "within peers", 0, None, "prediction", note)]
    found = [measured(canonical, seed, say) for seed in range(1, seeds + 1)]
    same, theirs = same_trains(canonical, nest_module, say) if nest_module else ([], {})
    return same + [
        compare(p, phase, [f[p][phase] for f in found], theirs.get((p, phase)))
        for p in found[0]
        for phase in range(len(PHASES))
    ]


def stimulated(path: str, onsets: np.ndarray) -> Circuit:
    """Return the network with the peers' input: 4 Hz background, +40 Hz CS on all fibres, 500 Hz x 100 nS US."""
    cs, us = edges(onsets, CS_MS), edges(onsets + CS_MS - US_MS, US_MS)
    return canonical(path).with_drives(
        PoissonDrive(name="background", population="mossy_fiber", rate_hz=Pattern(times_ms=(0.0,), values=(4.0,))),
        PoissonDrive(name="cs", population="mossy_fiber", rate_hz=pulses(cs, 40.0)),
        PoissonDrive(name="us", population="io_cell", rate_hz=pulses(us, 500.0), weight_ns=100.0, receptor=1),
    )


def edges(onsets: np.ndarray, length: float) -> np.ndarray:
    """Return on and off times in turn."""
    return np.stack([onsets, onsets + length], axis=1).ravel()


def pulses(times: np.ndarray, value: float) -> Pattern:
    """Return a pattern that is `value` from each on time to its off time."""
    return Pattern(times_ms=tuple(times.tolist()), values=(value, 0.0) * (len(times) // 2))


def measured(path: str, seed: int, say: Callable[[str], None]) -> dict[str, list[float]]:
    """Return each population's rate in the three phases, Hz."""
    sim = Simulator(stimulated(path, ONSETS_MS), seed=seed)
    total = BASELINE_S * 1000 + TRIALS * PERIOD_MS
    for second in range(total // 1000):
        sim.run(1000)
        if second % 10 == 9:
            say(f"  scaffold network, seed {seed}: {second + 1} of {total // 1000} s")
    out = {}
    for pop in sim.circuit.populations:
        counts = sim.counts(pop.name) * 1000.0 / pop.size
        before_us = np.mean([counts[t : t + CS_MS - US_MS].mean() for t in ONSETS_MS])
        in_us = np.mean([counts[t + CS_MS - US_MS : t + CS_MS + 20].mean() for t in ONSETS_MS])
        out[pop.name] = [float(counts[1000 : BASELINE_S * 1000].mean()), float(before_us), float(in_us)]
    return out


def compare(population: str, phase: int, values: list[float], beside: float | None = None) -> Row:
    """Hold a rate against NEST's +-10 % and against the spread of all peers' runs.

    The given peers saw one to three stimuli. `beside`, if NEST was run here on the same trains, is its rate over more.
    """
    section = tables.read(Path(__file__).with_name("peer_rates.toml")).root.section(population)
    nest = section.numbers("nest", "Hz", 3)[phase]
    low = section.numbers("lowest", "Hz", 3)[phase]
    high = section.numbers("highest", "Hz", 3)[phase]
    mean = float(np.mean(values))
    passed = abs(mean - nest) <= 0.1 * nest + 1e-9 or low <= mean <= high
    target, note = f"{nest:g} Hz ± 10 % or {low:g} to {high:g}", "NEST 3.10 with E-GLIF; Brian2 2.9"
    if beside is not None:
        note += f"; NEST on our trains, over more stimuli: {beside:.2f}"
    return Row(f"{population}, {PHASES[phase]}", f"{mean:.2f} Hz", target, len(values), passed, "prediction", note)


def same_trains(path: str, module: str, say: Callable[[str], None]) -> tuple[list[Row], dict[tuple[str, int], float]]:
    """Return rates in NEST and here on the same graph with the same input trains: rest, CS, US; and NEST's, Hz."""
    from dystolab.circuit.anatomy import grow
    from dystolab.engine.inputs import spike_events
    from dystolab.engine.nest import NestEngine

    onsets = SAME_REST_MS + SAME_PERIOD_MS * np.arange(SAME_TRIALS)
    circuit, total = stimulated(path, onsets), float(onsets[-1] + CS_MS + 20)
    anatomy = grow(circuit, 1)
    say("  the same trains in NEST (some minutes)")
    sim = Simulator(circuit, seed=1, anatomy=anatomy)
    sim.run(total)
    other = NestEngine(circuit, anatomy, 1, events=spike_events(circuit, anatomy, 1, 0.0, total), module=module)
    other.run(total)
    spans = [np.arange(100, SAME_REST_MS)] + [
        np.concatenate([np.arange(t + lo, t + hi) for t in onsets])
        for lo, hi in ((0, CS_MS - US_MS), (CS_MS - US_MS, CS_MS + 20))
    ]
    found, nest_hz = [], {}
    for pop in circuit.populations:
        for number, (phase, span) in enumerate(zip(PHASES, spans, strict=True)):
            ours, theirs = (int(engine.counts(pop.name)[span].sum()) for engine in (sim, other))
            hz = 1000.0 / (pop.size * len(span))
            nest_hz[pop.name, number] = theirs * hz
            # Two runs of the same process still differ by chance: three standard errors of a Poisson count.
            allowed = max(0.1 * theirs, 3.0 * theirs**0.5)
            found.append(
                Row(
                    f"{pop.name}, {phase}, same graph and trains",
                    f"{ours * hz:.2f} Hz against {theirs * hz:.2f} Hz in NEST ({theirs} spikes)",
                    "within 10 % or chance",
                    1,
                    abs(ours - theirs) <= allowed,
                    "exactness",
                    "NEST 3.10 with the E-GLIF cell of a module that the user built",
                )
            )
    return found, nest_hz
