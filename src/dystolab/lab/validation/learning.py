"""Eyeblink conditioning: what the healthy circuit must learn, and what each published mechanism does to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

import numpy as np
from scipy import stats

from dystolab import mechanisms
from dystolab.experiments.eyeblink import PUBLISHED, Eyeblink
from dystolab.lab.validation import lid
from dystolab.lab.validation.cohort import of_subjects, runs
from dystolab.lab.validation.rows import Row, spread
from dystolab.result import Result

Say = Callable[[str], None]
OURS = "mouse-cerebellum"
SETTINGS: dict[str, dict[str, Any]] = {OURS: {"probe_every": 10}, "mouse-2022": PUBLISHED}
SEEDS = 10
"""At least so many subjects show what the healthy circuit learns."""
PAPER = "10.3389/fnsys.2022.919761"
# What the abstract says of each arm; the paper's numbers could not be read.
ABSTRACT = {
    "purkinje_burst": "abstract: amount and timing of CRs abnormal",
    "olive_burst": "not mentioned in the abstract",
    "olive_purkinje_disconnection": "abstract: amount and timing of CRs abnormal",
    "synaptic_imbalance": "abstract: no significant deficit; densities of the arm are assumed here",
}
ARM_MEASURES = (
    ("lid_cr_percent", "%"), ("lid_peak_probe_ms", "ms"), ("cr_percent", "%"), ("dcn_change_hz", "Hz"),
    ("purkinje_change_hz", "Hz"),
)  # fmt: skip


def rows(say: Say, seeds: int = 5, workers: int = 2, **_: Any) -> list[Row]:
    """Return what our healthy circuit learns from paired and from unpaired trials."""
    seeds = max(seeds, SEEDS)
    say(f"  {OURS}: paired and unpaired, {seeds} subjects, 100 trials each")
    paired = conditioned(OURS, "paired", seeds, workers)
    unpaired = conditioned(OURS, "unpaired", seeds, workers)
    frozen = Eyeblink(trials=lid.NAIVE_TRIALS, pairing="cs_only", acceleration=0)
    say(f"  {OURS}: naive, {seeds} subjects, {frozen.trials} trials each")
    naive = runs(frozen, seeds, workers, circuit=OURS)
    return [*lid.rows(paired, unpaired, naive), *healthy_rows(OURS, "calibration", paired, unpaired)]


def arms(circuit: str, names: Iterable[str], say: Say, seeds: int, workers: int) -> list[Row]:
    """Return the mechanisms `names` at full severity beside the healthy circuit."""
    healthy = conditioned(circuit, "paired", seeds, workers)
    found = curve_rows(circuit, "paired", healthy, "prediction")
    for name in names:
        say(f"  {circuit}: {name}")
        found += arm_rows(
            circuit, name, healthy, conditioned(circuit, "paired", seeds, workers, mechanisms.get(name)(severity=1.0))
        )
    return found


def conditioned(
    circuit: str, pairing: Literal["paired", "unpaired"], seeds: int, workers: int, *mechanism: Any
) -> list[Result]:
    """Run 100 trials in every subject: ours accelerated with one probe in ten, the published ones as published."""
    return runs(Eyeblink(trials=100, pairing=pairing, **SETTINGS[circuit]), seeds, workers, mechanism, circuit)


def healthy_rows(circuit: str, kind: Any, paired: list[Result], unpaired: list[Result]) -> list[Row]:
    """Return: Purkinje cells fall and nuclei rise in the CS when paired, and not when unpaired."""
    found = []
    for name, sign in (("purkinje_change_hz_by_block", -1), ("dcn_change_hz_by_block", 1)):
        change = {
            k: of_subjects(r, name)[:, -1] - of_subjects(r, name)[:, 0]
            for k, r in (("paired", paired), ("unpaired", unpaired))
        }
        p = float(stats.ttest_rel(change["paired"], change["unpaired"]).pvalue)
        mean = float(change["paired"].mean() - change["unpaired"].mean())
        p_paired = float(stats.ttest_1samp(change["paired"], 0.0).pvalue)
        # An opposite change is none of learning: fibres that are never taught together with the puff are potentiated.
        small = sign * float(change["unpaired"].mean()) <= 0.25 * abs(float(change["paired"].mean()))
        ok = sign * float(change["paired"].mean()) > 0 and sign * mean > 0 and max(p, p_paired) < 0.05 and small
        text = f"{spread(change['paired'], 'Hz')} paired, {spread(change['unpaired'], 'Hz')} unpaired (p = {p:.2g})"
        way = "falls" if sign < 0 else "rises"
        target = f"paired {way} (p < 0.05), unpaired {way} by at most a quarter of it, or does not"
        found.append(Row(f"{circuit}: {name}, last block - first", text, target, len(paired), bool(ok), kind, PAPER))
        share = abs(float(change["unpaired"].mean()) / float(change["paired"].mean()))
        what = f"{circuit}: {name}, unpaired change in either direction"
        note = "stricter than not learning: unpaired trials should hardly change the response"
        found.append(Row(what, f"{share:.2f} of the paired", "at most 0.25", len(paired), share <= 0.25, kind, note))
    for label, results in (("paired", paired), ("unpaired", unpaired)):
        found += curve_rows(circuit, label, results, kind)
    return found


def curve_rows(circuit: str, label: str, results: list[Result], kind: Any) -> list[Row]:
    """Return the learning curve by the published rule: CRs, and trials that it throws out as too early."""
    found = []
    for name, what in (("cr_percent_by_block", "CR"), ("early_response_percent_by_block", "too early for a CR")):
        mean = of_subjects(results, name).mean(axis=0)
        text = ", ".join(f"{v:.0f}" for v in mean)
        note = "published nuclear-rate rule"
        found.append(Row(f"{circuit}: {what}, % by block, {label}", text, "", len(results), None, kind, note))
    return found


def arm_rows(circuit: str, name: str, healthy: list[Result], arm: list[Result], dose: str = "") -> list[Row]:
    """Return CR % and nuclear change of a mechanism beside the healthy ones: reported as they come out."""
    found = []
    for measure, unit in ARM_MEASURES:
        if measure not in healthy[0].measures:
            continue
        a, b = of_subjects(healthy, measure), of_subjects(arm, measure)
        both = np.isfinite(a) & np.isfinite(b)  # a subject without responses has no time of its peak
        p = float(stats.ttest_rel(a[both], b[both]).pvalue) if both.sum() > 1 else float("nan")
        ill = spread(b[np.isfinite(b)], unit) if np.isfinite(b).sum() > 1 else "in fewer than two subjects"
        text = f"{ill} against {spread(a[np.isfinite(a)], unit)} healthy (p = {p:.2g})"
        note = "" if dose else ABSTRACT.get(name, "no arm of that study")
        if not np.isfinite(b).all():
            note = f"{np.isfinite(b).sum()} of {len(b)} subjects have it; {note}".removesuffix("; ")
        found.append(Row(f"{circuit}, {name}{dose}: {measure}", text, "", len(arm), None, "prediction", note))
    return found
