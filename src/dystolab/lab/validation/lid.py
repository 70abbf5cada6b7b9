"""The lid of the healthy circuit beside what mice do."""

from __future__ import annotations

import numpy as np

from dystolab.lab.validation.cohort import of_subjects
from dystolab.lab.validation.rows import Kind, Row, spread, window
from dystolab.measures.mice import curve as mouse_curve
from dystolab.result import Result

MICE_SOURCE = "mice of github.com/AliceGem/mesoscale_simulations_cebc, blocks of 100; here of 10 at 10 times the rate"
CURVE_PERCENT = 15.0
NAIVE_TRIALS = 20
UNITS = "10.7554/eLife.28132, data set 1"


def rows(paired: list[Result], unpaired: list[Result], naive: list[Result]) -> list[Row]:
    """Return the learning curve of the lid, its timing, and the nuclear and Purkinje cells that go with it.

    The `naive` are the same subjects in trials of the CS alone, their synapses frozen.
    """
    n = len(paired)
    curve = np.nanmean(of_subjects(paired, "lid_cr_percent_by_block"), axis=0)
    mice = mouse_curve()[0]
    off = float(np.sqrt(np.mean((curve - mice) ** 2)))
    control = np.nanmean(of_subjects(unpaired, "lid_cr_percent_by_block"), axis=0)
    wish = f"mice: {_list(mice)}; root mean square < {CURVE_PERCENT:g}"
    text = f"{_list(curve)} (off by {off:.0f})"
    return [
        Row("lid: CR, % by block", text, wish, n, off < CURVE_PERCENT, "calibration", MICE_SOURCE),
        Row("lid: CR, % by block, unpaired", _list(control), "", n, None, "calibration", "same criterion"),
        _of("lid: responses to the CS before learning", naive, "lid_cr_percent", 0, 15, "%", "calibration",
            f"{NAIVE_TRIALS} trials of each, synapses frozen; two were tried first (docs/decisions/0024)"),
        _of("lid: CRs found where there is no stimulus", paired, "lid_chance_percent", 0, 15, "%", "calibration", ""),
        _of("lid: highest closure in probes", paired, "lid_peak_probe_ms", 190, 310, "ms", "calibration",
            "within 60 ms of the US at 250 ms"),
        _of("Purkinje cells below their rate at rest from", paired, "purkinje_pause_ms", 80, 250, "ms", "calibration",
            "the stimulus's latency was tuned on it and the rule changed with it (docs/decisions/0012); "
            "after CS onset; later than 80 ms, before the US"),
        _of("nuclear cells that facilitate", paired, "dcn_facilitating_percent", 15, 30, "%", "calibration",
            f"22 %; {UNITS}; over fifty trials (docs/decisions/0024)"),
        _of("nuclear cells that are suppressed", paired, "dcn_suppressed_percent", 0, 15, "%", "calibration",
            f"8.5 %; {UNITS}; here: of all four zones, three of which the puff does not teach"),
        _of("size of the facilitation", paired, "dcn_facilitation_hz", 15, 30, "Hz", "calibration",
            f"22.5 Hz; {UNITS}"),
        _of("lead of facilitating cells before the lid", paired, "dcn_lead_ms", 0, 50, "ms", "calibration",
            f"25 +- 25.6 ms; {UNITS}; trial by trial (docs/decisions/0024)"),
    ]  # fmt: skip


def _of(what: str, results: list[Result], name: str, low: float, high: float, unit: str, kind: Kind, note: str) -> Row:
    """Return the window row of a measure; subjects without a response have none of its timing."""
    values = of_subjects(results, name)
    kept = values[np.isfinite(values)]
    if len(kept) < len(values):
        note = f"{len(values) - len(kept)} of {len(values)} subjects without; {note}".removesuffix("; ")
    if not len(kept):
        return Row(what, "in no subject", f"{low:g} to {high:g} {unit}", len(values), False, kind, note)
    return _window(what, kept, low, high, unit, kind, note)


def _window(
    what: str, values: list[float] | np.ndarray, low: float, high: float, unit: str, kind: Kind, note: str
) -> Row:
    row = window(what, values, low, high, unit, kind, note)
    return Row(row.what, spread(values, unit, 1), row.target, row.seeds, row.passed, row.kind, row.note)


def _list(values: np.ndarray) -> str:
    return ", ".join(f"{v:.0f}" for v in values)
