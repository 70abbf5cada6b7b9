"""The validation page: rows, what passes, and what is kept when one group is run alone."""

from __future__ import annotations

import json
import types
from pathlib import Path

import numpy as np
import pytest

from dystolab.cli import call
from dystolab.errors import UnknownNameError
from dystolab.lab.validation import GROUPS, canonical, predictions, report, validate
from dystolab.lab.validation.rows import Row, below, window


def test_a_window_passes_inside_and_fails_outside() -> None:
    assert window("x", [1.0, 2.0], 1.0, 2.0, "Hz", "calibration", "").passed is True
    assert window("x", [1.0, 2.0], 1.6, 2.0, "Hz", "calibration", "").passed is False
    assert below("x", 0.1, 0.1, "mV", 1, "exactness").passed is False


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


def test_savings_are_counted_in_blocks() -> None:
    assert predictions.blocks_to_half(np.array([10.0, 49.0, 50.0, 20.0])) == 3
    assert predictions.blocks_to_half(np.array([10.0, np.nan, 20.0])) == 4


def test_an_unknown_study_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["reproduce", "geminiani2020"]) == 2
    assert "did you mean 'geminiani2022'" in capsys.readouterr().err


@pytest.mark.slow
def test_every_arm_of_the_study_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = f"reproduce geminiani2022 --trials 2 --subjects 1 --workers 1 --scale 0.3 --out {tmp_path}"
    assert call(words.split()) == 0
    assert (tmp_path / "figure.png").stat().st_size > 10_000
    assert "synaptic_imbalance" in capsys.readouterr().out
