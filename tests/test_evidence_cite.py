"""What to cite for a result: every source of every table that it rests on."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from dystolab import cli, evidence, experiments
from dystolab.circuit import tables
from dystolab.evidence import citing, vocabulary
from dystolab.evidence.schema import Study
from dystolab.experiments.provenance import _hashes
from dystolab.result import Result
from evidence_files import STUDY

VOCABULARY, _ = vocabulary.read([vocabulary.FILE])
RESULT = Result(
    experiment="eyeblink",
    settings={},
    subject={
        "circuit": "mouse-2022",
        "scale": 1.0,
        "seed": 1,
        "mechanisms": [{"name": "purkinje_burst", "severity": 0.6}],
    },
    measures={},
    population_rate_hz={},
    provenance={"version": "0.1.0", "table_hashes": _hashes()},
)


def test_every_experiment_tells_its_tables() -> None:
    assert set(citing.MORE_TABLES) == set(experiments.NAMES)
    package = Path(tables.__file__).parents[1]
    for names in citing.MORE_TABLES.values():
        assert all((package / f"{name}.toml").exists() for name in names)


def test_every_table_that_a_result_rests_on_is_cited() -> None:
    found = {one.source: one for one in citing.result([RESULT])}
    assert found[""].why == ("version 0.1.0",)
    for name in ("tissue", "neurons_2022", "wiring_2022"):
        assert set(tables.load(name).sources.values()) <= set(found)
    whys = found["10.3389/fnsys.2022.919761"].why
    assert {"circuit mouse-2022", "mechanism purkinje_burst"} <= set(whys)
    assert "experiment eyeblink" in found["10.7554/eLife.28132"].why
    assert not any(one.changed for one in found.values())


def test_a_table_that_changed_since_is_told() -> None:
    old = dataclasses.replace(RESULT, provenance={"table_hashes": {**_hashes(), "purkinje_burst": "0" * 64}})
    found = {one.source: one for one in citing.result([old])}
    assert found["10.3389/fnsys.2022.919761"].changed == ("purkinje_burst",)
    line = citing.as_line(found["10.3389/fnsys.2022.919761"], evidence.load())
    assert "this table has changed since: purkinje_burst" in line


def test_what_is_not_known_of_a_study_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    whole = Study.model_validate(STUDY)
    bare = dict.fromkeys(("first_author", "year", "journal", "doi", "address"))
    for changes, line in (
        ({}, "Doe J et al. 2001. Blinks of people. Brain. 10.1234/doe.2001"),
        ({"year": None, "doi": None}, "Doe J et al. Blinks of people. Brain. https://example.org/doe"),
        ({"title": "Do people blink?", "journal": None}, "Doe J et al. 2001. Do people blink? 10.1234/doe.2001"),
        (bare, "Blinks of people."),
    ):
        one = whole.model_copy(update=changes)
        assert citing.study_line(one) == line
        cited = citing.as_line(citing.Citation("10.1234/DOE.2001", ("x",)), evidence.Base({one.id: one}, VOCABULARY))
        assert cited == (f"{line} (x)" if one.doi else "10.1234/DOE.2001 (x)")
    assert cli.call(["cite", "pd_tremor_ebcc"]) == 0
    assert capsys.readouterr().out.startswith("Eyeblink conditioning is preserved in Parkinson's disease with tremor. ")


def test_the_verb_cites_results_and_studies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    RESULT.save(tmp_path / "a.zarr")
    assert cli.call(["cite", "a.zarr", "--format", "bibtex"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("@software{dystolab,") and "doi = {10.3389/fnsys.2022.919761}" in told
    assert cli.call(["cite", "a.zarr", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["citations"][0]["why"] == ["version 0.1.0"]
    assert cli.call(["cite", "teo_2009_ebcc_focal"]) == 0
    assert capsys.readouterr().out.startswith("Teo JTH et al. 2009. Neurophysiological evidence")
    assert cli.call(["cite", "teo_2009_ebcc_focl"]) == cli.BAD_INPUT
    assert "did you mean 'teo_2009_ebcc_focal'" in capsys.readouterr().err
    assert cli.call(["cite", "results/nowhere"]) != 0
