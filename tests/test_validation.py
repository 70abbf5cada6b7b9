"""The validation page: rows, what passes, and what is kept when one group is run alone."""

from __future__ import annotations

import json
import types
from pathlib import Path

import numpy as np
import pytest

from dystolab.cli import call
from dystolab.errors import UnknownNameError
from dystolab.lab.validation import GROUPS, canonical, lasting, predictions, published, report, validate
from dystolab.lab.validation.rows import Row, against, below, spread, window


def test_a_window_passes_inside_and_fails_outside() -> None:
    assert window("x", [1.0, 2.0], 1.0, 2.0, "Hz", "calibration", "").passed is True
    assert window("x", [1.0, 2.0], 1.6, 2.0, "Hz", "calibration", "").passed is False
    assert below("x", 0.1, 0.1, "mV", 1, "exactness").passed is False


def test_subjects_without_a_value_are_told() -> None:
    assert (
        spread([1.0, np.nan, 3.0], "Hz", 1) == "2.0 ± 1.4 Hz (2 of 3)" and spread([1.0, 3.0], "Hz", 1) == "2.0 ± 1.4 Hz"
    )
    assert spread([np.nan, np.nan]) == "none of 2 has a value" and spread([np.nan, 2.0]) == "2.00 (1 of 2)"
    # A pair with one value is no pair: the difference of the others, always 1, is sure.
    ill, healthy = np.array([2.0, 3.1, np.nan, 5.0]), np.array([1.0, 2.0, 9.0, 4.0])
    assert against(ill, healthy, "mm", 1) == "3.4 ± 1.5 mm (3 of 4), healthy 4.0 ± 3.6 (p = 0.001)"
    assert against(ill[:1], healthy[:1]).endswith("(p = nan)")


def test_the_page_shows_every_row_and_keeps_other_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def group(passed: bool | None) -> types.SimpleNamespace:
        row = Row("a | b", "1", "2", 3, passed, "prediction", "why")
        return types.SimpleNamespace(rows=lambda say, **options: [row])

    monkeypatch.setattr(report.importlib, "import_module", lambda name: group(False))
    assert validate(["rest"], tmp_path, lambda text: None)[0].passed is False
    monkeypatch.setattr(report.importlib, "import_module", lambda name: group(None))
    validate(["learning"], tmp_path, lambda text: None)
    text = (tmp_path / "validation.md").read_text()
    assert "**FAIL**" in text and "reported" in text and GROUPS["rest"] in text and GROUPS["learning"] in text
    assert "a / b" in text, "a bar would break the table"
    assert set(json.loads((tmp_path / "validation.json").read_text())) == {"rest", "learning"}


def test_an_unknown_group_is_named_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'learning'"):
        validate(["learnin"], tmp_path, lambda text: None)
    assert not list(tmp_path.iterdir())


def test_without_the_edge_list_the_canonical_rows_say_that_they_were_not_run() -> None:
    (row,) = canonical.rows(lambda text: None)
    assert row.passed is None and row.value == "not run"


def test_peer_rates_hold_all_populations_of_the_import() -> None:
    row = canonical.compare("purkinje_cell", 0, [91.0])
    assert row.passed is True
    assert canonical.compare("purkinje_cell", 0, [150.0]).passed is False


def test_rates_of_the_first_and_last_minutes_are_compared() -> None:
    def rested(late: float) -> types.SimpleNamespace:
        early = np.arange(1000.0, 301_000.0, 100.0)
        times = np.concatenate([early, np.arange(301_000.0, 601_000.0, 100.0 / late)])
        arrays = {
            "spikes/io_cell/time_ms": times, "spikes/io_cell/recorded": np.arange(5),
            "spikes/dcn_gly/time_ms": np.zeros(0), "spikes/dcn_gly/recorded": np.arange(5),
            "weights/pf_pc/mean": np.array([1.0, 1.02]),
        }  # fmt: skip
        settings = {"settle_ms": 1000, "duration_ms": 600_000}
        measures = dict.fromkeys(("rate_hz.io_cell", "rate_hz.dcn_gly"))
        return types.SimpleNamespace(arrays=arrays, settings=settings, measures=measures)

    weight, olive = lasting.rest_rows([rested(1.2), rested(1.2)])  # silent cells have no row
    assert weight.passed and weight.value.startswith("2.00")
    assert olive.passed is False and float(olive.value.split()[0]) == pytest.approx(20.0, abs=0.1)
    assert "worst subject +19.9 %" in olive.note
    assert lasting.rest_rows([rested(1.0)])[1].passed


def test_the_slow_curve_is_held_against_the_fast_one() -> None:
    def trained(curve: list[float]) -> types.SimpleNamespace:
        return types.SimpleNamespace(measures={"lid_cr_percent_by_block": types.SimpleNamespace(value=curve)})

    fast = [trained([0.0, 40.0]), trained([20.0, 60.0])]
    assert lasting.curve_row([trained([20.0, 60.0])], fast).passed
    assert lasting.curve_row([trained([30.0, 70.0])], fast).passed is False


@pytest.mark.parametrize(("curves", "learns"), [([[0.0, 0.0]] * 3, False), ([[0.0, 50.0], [5.0, 60.0]], True)])
def test_the_published_circuit_must_learn_as_its_abstract_says(curves: list[list[float]], learns: bool) -> None:
    trained = [
        types.SimpleNamespace(measures={"cr_percent_by_block": types.SimpleNamespace(value=curve)}) for curve in curves
    ]
    assert published.learns_row(trained).passed is learns


def test_savings_are_counted_in_blocks() -> None:
    assert predictions.blocks_to_half(np.array([10.0, 49.0, 50.0, 20.0])) == 3
    assert predictions.blocks_to_half(np.array([10.0, np.nan, 20.0])) == 4


def test_savings_are_of_those_who_unlearned() -> None:
    kept, lost = ([10.0, 60.0], [80.0, 55.0], [90.0, 90.0]), ([10.0, 60.0], [80.0, 20.0], [60.0, 90.0])
    row = predictions.savings_row(np.array([kept, lost, lost]))
    assert row.seeds == 2 and row.value.startswith("2.0 ± 0.0 at first, 1.0 ± 0.0 again")
    none = predictions.savings_row(np.array([kept, kept]))
    assert none.seeds == 0 and none.value == "nobody unlearned enough"


def test_an_unknown_study_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["reproduce", "geminiani2020"]) == 2
    assert "did you mean 'geminiani2022'" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("study", "trials", "last"),
    [
        ("geminiani2022", 2, "synaptic_imbalance"),
        ("eyeblink_mouse", 2, "synaptic_imbalance:1"),
        ("granular_time_code", 10, "without both"),
    ],
)
def test_every_arm_of_the_study_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], study: str, trials: int, last: str
) -> None:
    words = f"reproduce {study} --trials {trials} --subjects 1 --workers 1 --scale 0.3 --out {tmp_path}"
    assert call(words.split()) == 0
    assert (tmp_path / "figure.png").stat().st_size > 10_000
    assert last in capsys.readouterr().out
