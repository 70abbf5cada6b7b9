"""What the lid does in trials of a CS, and which nuclear cells go with it."""

from __future__ import annotations

import numpy as np

from dystolab.body import eyelid as plant
from dystolab.circuit.spec import Circuit
from dystolab.engine import Simulator
from dystolab.experiments.base import Findings
from dystolab.experiments.learning import Trials
from dystolab.experiments.recordings import measure
from dystolab.experiments.unconditioned_stimulus import MOTONEURONS
from dystolab.measures import eyelid, nuclear_units
from dystolab.measures.cs_response import block_means
from dystolab.result import Array, Measure

UNIT_TRIALS = 50
"""Nuclear cells are classified over the last so many trials, if the last phase has them: of fewer, noise that the cells
of a zone share makes all of them facilitate (docs/decisions/0024)."""

RECOVERY_MS = 600
"""Three time constants of a lid that opens again: sooner after a puff, no window is free of it."""

BASELINE_MS, AFTER_US_MS = eyelid.BASELINE_MS, eyelid.AFTER_US_MS


def has_lid(circuit: Circuit) -> bool:
    """Return whether the circuit has the motoneurons that close a lid."""
    return any(p.name == MOTONEURONS for p in circuit.populations)


def findings(sim: Simulator, trials: Trials, room_ms: int) -> Findings:
    """Return conditioned responses of the lid and the classes of nuclear cells.

    Parameters
    ----------
    sim : Simulator
    trials : Trials
    room_ms : int
        From CS onset to the end of a trial.
    """
    times, cells = sim.spikes(MOTONEURONS)
    size = sim.circuit.population(MOTONEURONS).size
    closure = plant.closure_fec(times, size, round(sim.time_ms))
    onsets = trials.cs_onsets_ms[1:]
    rows = eyelid.cut(closure, onsets, room_ms)
    scored = eyelid.score(rows, trials.has_us, trials.isi_ms)
    trial_ms = float(trials.cs_onsets_ms[1] - trials.cs_onsets_ms[0])
    rested = trial_ms - trials.us_start_ms - trials.us_ms - trials.isi_ms - eyelid.BASELINE_MS >= RECOVERY_MS
    chance = [_chance(closure, trials)] if rested else []
    measures = [*_of_responses(scored, trials), *chance, *_of_units(sim, rows, trials)]
    emg = plant.emg_envelope(times, cells, size, round(sim.time_ms), sim.seed)
    return Findings(
        dict(measures),
        {
            "lid/time_ms": np.arange(-eyelid.BASELINE_MS, room_ms, dtype=np.float32),
            "lid/closure_fec": rows.astype(np.float32),
            "lid/naive_fec": eyelid.cut(closure, trials.cs_onsets_ms[:1], room_ms)[0].astype(np.float32),
            "lid/emg": eyelid.cut(emg, onsets, room_ms).astype(np.float32),
            "lid/cr": scored.ten_brinke.astype(np.int8),
        },
    )


def _of_responses(scored: eyelid.Closures, trials: Trials) -> list[tuple[str, Measure]]:
    stable = scored.stable
    n = int(stable.sum())
    percent = {
        "lid_cr_percent": np.where(stable, 100.0 * scored.ten_brinke, np.nan),
        "lid_cr_100ms_percent": np.where(stable, 100.0 * scored.albergaria, np.nan),
    }
    last = trials.last_block
    found = [measure("lid_stable_percent", 100.0 * float(stable.mean()), stable.size)]
    for name, values in percent.items():
        found += [measure(name, _mean(values), n), measure(f"{name}_by_block", _by_block(values, trials.block), n)]
    probes = trials.is_probe
    if probes.any():
        peaks = scored.peak_ms[probes]
        found.append(measure("lid_peak_probe_ms", _mean(peaks), int(np.isfinite(peaks).sum())))
    return [
        *found,
        measure("lid_onset_ms", _mean(scored.onset_ms[last]), int(np.isfinite(scored.onset_ms[last]).sum())),
        measure("lid_peak_ms", _mean(scored.peak_ms[last]), int(np.isfinite(scored.peak_ms[last]).sum())),
        measure("lid_peak_fec_by_block", block_means(scored.peak_fec, trials.block), len(stable)),
    ]


def _chance(closure: Array, trials: Trials) -> tuple[str, Measure]:
    """Return how often the rule finds a response where there is no stimulus: in the time before each CS."""
    before = trials.cs_onsets_ms[1:] - trials.isi_ms
    rows = eyelid.cut(closure, before, trials.isi_ms)
    scored = eyelid.score(rows, np.ones(len(before), bool), trials.isi_ms)
    values = np.where(scored.stable, 100.0 * scored.ten_brinke, np.nan)
    return measure("lid_chance_percent", _mean(values), int(scored.stable.sum()))


def _of_units(sim: Simulator, rows: Array, trials: Trials) -> list[tuple[str, Measure]]:
    last = slice(-min(UNIT_TRIALS, trials.in_phase), None)
    onsets, rows = trials.cs_onsets_ms[1:][last], rows[last]
    n = sim.circuit.population("dcn_glut").size
    found = nuclear_units.ten_brinke(*sim.spikes("dcn_glut"), n, onsets, trials.isi_ms, rows)
    return [
        measure("dcn_facilitating_percent", 100.0 * found.facilitating_fraction, n),
        measure("dcn_facilitation_hz", found.facilitation_hz, int(found.facilitating.sum())),
        measure("dcn_suppressed_percent", 100.0 * found.suppressed_fraction, n),
        measure("dcn_lead_ms", found.lead_ms, len(onsets)),
    ]


def _mean(values: Array) -> float:
    """Return the mean over finite values, NaN if there are none."""
    kept = values[np.isfinite(values)]
    return float(kept.mean()) if kept.size else float("nan")


def _by_block(values: Array, block: int) -> list[float]:
    return [_mean(values[k : k + block]) for k in range(0, values.size, block)]
