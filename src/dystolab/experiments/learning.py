"""What a circuit has learned in trials of a CS: responses, rates, weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dystolab.engine import Simulator
from dystolab.experiments import microzone, purkinje
from dystolab.experiments.base import Findings
from dystolab.experiments.recordings import measure, over_cells, weight_history
from dystolab.measures import conditioned_response as rule
from dystolab.measures.cs_response import block_means, window_rates_hz
from dystolab.measures.interval import mean_interval
from dystolab.measures.pause import pause_onset_ms
from dystolab.measures.sdf import spike_density
from dystolab.result import Array, Measure

Named = tuple[str, Measure]

LAST_MS = 100
"""Rates are taken over so long before the US, and before the CS."""

LEARNING_MS = (150, 200)
"""Published window of the change of spike density, from CS onset."""

REST_MS = 400
"""A pause is held against so much before the CS."""

US_RESPONSE_MS = 10
"""Olivary spikes up to so long after the US belong to it."""


@dataclass(frozen=True, slots=True)
class Trials:
    """When what happened; the first trial here is the naive one, without US, and training begins with the next.

    Attributes
    ----------
    cs_onsets_ms : ndarray, shape (n + 1,)
    has_us, is_probe : ndarray of bool, shape (n,)
        Of the trials after the first; a probe is one without US among trials that have it.
    cs_ms, isi_ms : int
        Length of the CS, and time from its onset to when the US is due.
    us_start_ms, us_ms : int
        From CS onset to the US that is given, and its length.
    block : int
    in_phase : int
        Trials of a phase.
    window_ms : (int, int)
        Of the spike densities, around CS onset.
    """

    cs_onsets_ms: npt.NDArray[np.float64]
    has_us: npt.NDArray[np.bool_]
    is_probe: npt.NDArray[np.bool_]
    cs_ms: int
    isi_ms: int
    us_start_ms: int
    us_ms: int
    block: int
    in_phase: int
    window_ms: tuple[int, int]

    @property
    def last_block(self) -> slice:
        """The trials of the last block, which may be a shorter one, among those after the first."""
        n = self.has_us.size
        return slice((n - 1) // self.block * self.block, n)


def findings(sim: Simulator, trials: Trials) -> Findings:
    """Return every measure of learning, and spike densities and responses by trial, of the lid's microzone."""
    n = {name: microzone.cells(sim, name).size for name in ("dcn_glut", "purkinje_cell")}
    dcn, n_dcn = microzone.spikes(sim, "dcn_glut"), n["dcn_glut"]
    simple = microzone.only(purkinje.simple_spikes(sim), microzone.cells(sim, "purkinje_cell"))
    density = {
        name: spike_density(microzone.spikes(sim, name)[0], n[name], sigma, trials.cs_onsets_ms, *trials.window_ms)
        for name, sigma in (("dcn_glut", rule.SIGMA_DCN_MS), ("purkinje_cell", rule.SIGMA_MS))
    }
    rest = (trials.cs_onsets_ms[0] + trials.cs_ms, trials.cs_onsets_ms[1])
    baseline = rule.baseline_hz(dcn[0], n_dcn, rule.SIGMA_DCN_MS, *rest)
    output = rule.motor_output_hz(_from_cs(density["dcn_glut"], trials, 0, trials.cs_ms), baseline)[1:]
    responses = rule.score(output, trials.cs_ms, trials.isi_ms)
    measures = [
        *_of_responses(responses, trials),
        measure("dcn_baseline_hz", baseline, n_dcn),
        *_of_rates("purkinje", simple, n["purkinje_cell"], trials),
        *_of_rates("dcn", dcn, n_dcn, trials),
        *_of_density(density, baseline, trials),
        _pause(simple[0], n["purkinje_cell"], trials),
        *_of_olive(sim, trials),
        *(_of_weights(sim, name) for name in sim.recording.weights),
    ]
    return Findings(dict(measures), _arrays(density, responses, output, trials))


def _from_cs(density: Array, trials: Trials, start_ms: int, stop_ms: int) -> Array:
    """Return the columns of a spike density between two moments after CS onset."""
    zero = -trials.window_ms[0]
    return density[:, zero + start_ms : zero + stop_ms]


def _of_responses(found: rule.Responses, trials: Trials) -> list[Named]:
    n = found.conditioned.size
    percent = 100.0 * found.conditioned
    early = 100.0 * found.early
    by_block = block_means(percent, trials.block)
    before, interval, k = mean_interval(found.onset_before_us_ms)
    mirrored = None if interval is None else (trials.isi_ms - interval[1], trials.isi_ms - interval[0])
    out = [
        measure("cr_percent", float(percent.mean()), n),
        measure("cr_percent_by_block", by_block, n),
        measure("cr_onset_ms", trials.isi_ms - before, k, mirrored),
        measure("cr_onset_before_us_ms", before, k, interval),
        measure("early_response_percent", float(early.mean()), n),
        measure("early_response_percent_by_block", block_means(early, trials.block), n),
        measure("motor_output_peak_hz_by_block", block_means(found.peak_hz, trials.block), n),
    ]
    probe = trials.is_probe
    if probe.any():
        out.append(measure("cr_percent_probe", float(percent[probe].mean()), int(probe.sum())))
    return out


def _of_rates(short: str, spikes: tuple[Array, Array], n: int, trials: Trials) -> list[Named]:
    """Return how the rate of `n` cells before the US differs from that before the CS, and from the naive trial's."""
    late, before = (
        window_rates_hz(*spikes, n, trials.cs_onsets_ms, *span)
        for span in ((trials.isi_ms - LAST_MS, trials.isi_ms), (-LAST_MS, 0))
    )
    change = (late - before)[1:]
    return [
        over_cells(f"{short}_change_hz", change[trials.last_block].mean(axis=0)),
        measure(f"{short}_change_hz_by_block", block_means(change.mean(axis=1), trials.block), len(change)),
        over_cells(f"{short}_learned_hz", late[1:][trials.last_block].mean(axis=0) - late[0]),
    ]


def _of_density(density: dict[str, Array], baseline_hz: float, trials: Trials) -> list[Named]:
    """Return the published changes of spike density in the last block, means over its trials."""
    found = []
    for short, name in (("purkinje", "purkinje_cell"), ("dcn", "dcn_glut")):
        last = density[name][1:][trials.last_block]
        late = _from_cs(last, trials, *LEARNING_MS).mean(axis=1)
        first = _from_cs(last, trials, 0, 100).mean(axis=1) if short == "purkinje" else baseline_hz
        mean, interval, n = mean_interval(late - first)
        found.append(measure(f"{short}_sdf_change_hz", mean, n, interval))
    return found


def _pause(simple_ms: Array, n: int, trials: Trials) -> Named:
    last = trials.cs_onsets_ms[1:][trials.last_block]
    before = min(REST_MS, int(trials.cs_onsets_ms[0]))
    return measure("purkinje_pause_ms", pause_onset_ms(simple_ms, n, last, trials.isi_ms, before), last.size)


def _of_olive(sim: Simulator, trials: Trials) -> list[Named]:
    given = trials.cs_onsets_ms[1:][trials.has_us]
    if not given.size:
        return []
    span = (trials.us_start_ms, trials.us_start_ms + trials.us_ms + US_RESPONSE_MS)
    rates = window_rates_hz(*microzone.spikes(sim, "io_cell"), microzone.cells(sim, "io_cell").size, given, *span)
    return [over_cells("olive_spikes_per_us", rates.mean(axis=0) * (span[1] - span[0]) / 1000.0)]


def _of_weights(sim: Simulator, projection: str) -> Named:
    _, spread = weight_history(sim, projection)
    mean = spread[:, 1]
    n = sim.anatomy.edges[projection].pre.size
    return measure(f"weight_change_percent.{projection}", float(100.0 * (mean[-1] / mean[0] - 1.0)), n)


def _arrays(density: dict[str, Array], found: rule.Responses, output: Array, trials: Trials) -> dict[str, Array]:
    out: dict[str, Array] = {"sdf/time_ms": np.arange(*trials.window_ms, dtype=np.float32)}
    for name, rows in density.items():
        out[f"sdf/{name}"] = rows[1:].astype(np.float32)
        out[f"sdf_naive/{name}"] = rows[0].astype(np.float32)
    out["motor_output/dcn_glut"] = output.astype(np.float32)
    out["cr/trial"] = found.conditioned.astype(np.int8)
    out["cr/early"] = found.early.astype(np.int8)
    out["cr/onset_ms"] = (trials.isi_ms - found.onset_before_us_ms).astype(np.float32)
    out["cr/has_us"] = trials.has_us.astype(np.int8)
    return out
