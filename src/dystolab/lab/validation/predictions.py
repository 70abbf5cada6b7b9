"""What was not tuned: extinction, savings and other intervals of the healthy circuit, as they come out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import stats

from dystolab.experiments.eyeblink import Eyeblink
from dystolab.lab.validation.cohort import of_subjects, runs
from dystolab.lab.validation.rows import Kind, Row, spread
from dystolab.measures.savings import blocks_to_half, unlearned

Say = Callable[[str], None]
KIM = "10.1038/s41593-020-00732-1"
PHASES = ("acquisition", "extinction", "reacquisition")
TRIALS, INTERVALS_MS = 60, (200, 400, 600)


def rows(say: Say, seeds: int = 5, workers: int = 2, **_: Any) -> list[Row]:
    """Return the curves of three phases, what is saved, and timing at other intervals."""
    say(f"  acquisition, extinction, reacquisition: {seeds} subjects")
    found = phase_rows(seeds, workers)
    for isi in INTERVALS_MS:
        say(f"  {isi} ms from CS to US: {seeds} subjects")
        found += interval_rows(isi, seeds, workers)
    return found


def phase_rows(seeds: int, workers: int) -> list[Row]:
    """Return responses of the lid by block of each phase, and the blocks until half of the trials have one."""
    results = runs(Eyeblink(trials=TRIALS, phases=PHASES), seeds, workers)
    curves = of_subjects(results, "lid_cr_percent_by_block").reshape(seeds, len(PHASES), -1)
    told: dict[str, tuple[Kind, str]] = {
        "acquisition": ("calibration", "as in Learning"),
        "extinction": ("calibration", f"looked at while settings were chosen, not tuned on (docs/decisions/0012); "
                                      f"mice by session: 41, 26, 12, 4, 5 % ({KIM})"),
        "reacquisition": ("prediction", f"mice by session: 14, 44, 57, 72 % ({KIM})"),
    }  # fmt: skip
    found = []
    for k, phase in enumerate(PHASES):
        text = ", ".join(f"{x:.0f}" for x in np.nanmean(curves[:, k], axis=0))
        found.append(Row(f"{phase}: CR of the lid, % by block", text, "", seeds, None, *told[phase]))
    return [*found, savings_row(curves)]


def savings_row(curves: np.ndarray) -> Row:
    """Return how much faster a second training is than the first, of subjects that the extinction took below half."""
    gone = np.array([unlearned(subject[1]) for subject in curves])
    what = "savings: blocks until half of the trials are CRs"
    note = f"mice: 6.4 days at first, 3.6 again ({KIM}); of those below half in the last block of extinction"
    first, again = (np.array([blocks_to_half(c) for c in curves[gone, k]]) for k in (0, 2))
    text = f"{spread(first, '', 1)} at first, {spread(again, '', 1)} again" if gone.any() else "nobody unlearned enough"
    if gone.sum() > 1 and np.any(first != again):
        text += f" (p = {stats.ttest_rel(first, again).pvalue:.2g})"
    return Row(what, text, "", int(gone.sum()), None, "prediction", note)


def interval_rows(isi: int, seeds: int, workers: int) -> list[Row]:
    """Return how often and when the lid answers after training at another interval."""
    results = runs(Eyeblink(trials=100, isi_ms=isi, probe_every=10), seeds, workers)
    last = of_subjects(results, "lid_cr_percent_by_block")[:, -3:]
    peak = of_subjects(results, "lid_peak_probe_ms")
    what = f"interval of {isi} ms:"
    note = "time of the highest closure follows the interval in mice (10.3389/fnint.2011.00072)"
    return [
        Row(f"{what} CR of the lid, last 3 blocks", spread(np.nanmean(last, axis=1), "%", 0), "", seeds, None,
            "prediction", ""),
        Row(f"{what} highest closure in probes", spread(peak, "ms", 0), "", seeds, None,
            "prediction", note),
    ]  # fmt: skip
