"""``dystolab evidence``: what its verbs print, their JSON, and one clear line for every mistake."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from dystolab import cli, evidence
from dystolab.cli import _verbs
from dystolab.cli import evidence as verb
from dystolab.evidence import base as bases
from dystolab.evidence import export, open_questions, schema, selection, verification, vocabulary
from dystolab.evidence.model_checks import reading
from evidence_files import STUDY, changed, dumped, study, write
from test_evidence_map import opposite
from test_evidence_meta import base_of

FEW = ("teo_2009_ebcc_focal", "antelmi_2016_ebcc_tremor", "geminiani_2022_ebcc_model")


@pytest.fixture(autouse=True)
def few_studies(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> Iterator[None]:
    """Work in an empty directory, with a base of a few shipped studies that load in no time."""
    shipped = tmp_path_factory.mktemp("shipped")
    (shipped / "studies").mkdir()
    for name in FEW:
        text = (bases.SHIPPED / "studies" / f"{name}.yaml").read_text()
        (shipped / "studies" / f"{name}.yaml").write_text(
            re.sub(r"conflicts_with:\n(- .*\n| +- .*\n)+", "conflicts_with: []\n", text)
        )
    question = {"id": "q", "asks": "Why?", "decides": "A trial.", "studies": list(FEW)}
    side = {"says": "yes", "studies": ["teo_2009_ebcc_focal"]}
    dispute = {"id": "d", "about": "So or not.", "decides": "Look.", "sides": [side]}
    (shipped / "questions.yaml").write_text(dumped({"questions": [question], "disputes": [dispute]}))
    (shipped / "vocabulary.yaml").write_bytes(vocabulary.FILE.read_bytes())
    monkeypatch.setattr(bases, "SHIPPED", shipped)
    monkeypatch.setattr(open_questions, "FILE", shipped / "questions.yaml")
    monkeypatch.setattr(reading, "SHIPPED", shipped / "checks")
    bases._shipped.cache_clear()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DYSTOLAB_EVIDENCE", raising=False)
    yield
    bases._shipped.cache_clear()


def told(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    assert cli.call(["evidence", *words]) == code
    out, err = capsys.readouterr()
    return out if code in (0, 1) else err


def test_every_verb_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "--help")
    for name in _verbs.names(verb):
        assert name in text
        assert "Usage: dystolab evidence" in told(capsys, name, "--help")
        assert "--json" in told(capsys, name, "--help")
    assert told(capsys, code=cli.BAD_INPUT).count("\n") > len(_verbs.names(verb))
    assert "did you mean 'gaps'" in told(capsys, "gap", code=cli.BAD_INPUT)


def test_list_tells_what_was_found(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    base_of(tmp_path / "own", STUDY, study("roe_2002", findings=[], read="title", paradigms=["tdt"]))
    own = ["--base", str(tmp_path / "own")]
    lines = told(capsys, "list", *own, "--measure", "blinks").splitlines()
    assert [line.split("\t") for line in lines] == [
        [
            *(
                "doe_2001_blink",
                "cr",
                "blinks",
                "cervical_dystonia",
                "ill vs healthy",
                "-",
                "12 / 8",
                "20 % (SD 10) / 30 % (SD 12), p = 0.04",
                "↓ decrease",
            ),
            *("10.1234/doe.2001", "abstract", "yes"),
        ]
    ]
    assert "roe_2002\t-\t-\tcervical_dystonia\t-\t-\t-\t-\tnothing read" in told(
        capsys, "list", *own, "--paradigm", "tdt"
    )
    assert told(capsys, "list", *own, "--verified").count("\n") == 1
    assert "doe_2001" in told(capsys, "list", *own, "--condition", "isolated_dystonia")
    assert "doe_2001" not in told(capsys, "list", *own, "--condition", "blepharospasm")
    assert "doe_2001" in told(capsys, "list", *own, "--population", "human", "--implication", "network")
    assert "doe_2001" not in told(capsys, "list", *own, "--population", "animal")
    for option, value, near in (
        ("--paradigm", "ebc", "ebcc"), ("--condition", "cervical", "cervical_dystonia"),
        ("--measure", "blink", "blinks"), ("--population", "humans", "human"), ("--implication", "drive", "driver"),
    ):  # fmt: skip
        assert f"did you mean '{near}'" in told(capsys, "list", *own, option, value, code=cli.BAD_INPUT)


def test_show_tells_both_readings(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    base_of(tmp_path / "own", STUDY)
    second = (tmp_path / "own" / "second" / "doe_2001_blink.yaml").read_text()
    (tmp_path / "own" / "second" / "doe_2001_blink.yaml").write_text(second.replace("mean: 20", "mean: 21"))
    first = tmp_path / "own" / "studies" / "doe_2001_blink.yaml"
    first.write_text(first.read_text().replace("  address: null", "  address: https://example.org/table"))
    text = told(capsys, "show", "doe_2001_blink", "--base", "own")
    assert "(abstract, https://example.org/table)" in text
    assert "cr: ↓ decrease of blinks, cervical_dystonia, ill vs healthy" in text
    assert "first / second reader, case.mean: 20 / 21" in text and "disagreed" in text
    (finding,) = json.loads(told(capsys, "show", "doe_2001_blink", "--base", "own", "--json"))["study"]["findings"]
    assert finding["differences"] == [{"field": "case.mean", "first": 20.0, "second": 21.0}]
    for wrong in ("doe_2001_blnk", "doe"):
        assert "did you mean 'doe_2001_blink'" in told(capsys, "show", wrong, "--base", "own", code=cli.BAD_INPUT)


def test_add_and_check(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "doe_2001_blink.yaml").write_text(dumped(STUDY))
    assert "--base DIR, or set DYSTOLAB_EVIDENCE" in told(capsys, "add", "doe_2001_blink.yaml", code=cli.BAD_INPUT)
    assert "not added: 1 problems" in told(capsys, "add", "doe_2001_blink.yaml", "--base", "own", code=1)
    told(capsys, "add", "nowhere.yaml", "--base", "own", code=1)
    told(capsys, "add", str(tmp_path), "--base", "own", code=1)
    assert not Path("own").exists()
    write(tmp_path / "own")
    monkeypatch.setenv("DYSTOLAB_EVIDENCE", "own")
    assert told(capsys, "add", "doe_2001_blink.yaml") == "own/studies/doe_2001_blink.yaml\n"
    assert json.loads(told(capsys, "add", "doe_2001_blink.yaml", "--json", code=1))["added"] is None
    assert "0 problems" in told(capsys, "check")
    (tmp_path / "own" / "studies" / "roe_2002.yaml").write_text(dumped(changed(study("roe_2002"), kind="nonsense")))
    text = told(capsys, "check", code=1)
    assert "own/studies/roe_2002.yaml:9: kind: unknown kind 'nonsense'; allowed: original" in text
    assert "second reading: confirmed" in text and text.rstrip().endswith("remarks")
    assert told(capsys, "list", code=cli.BAD_INPUT).startswith("dystolab: own/studies/roe_2002.yaml:9: kind")
    report = json.loads(told(capsys, "check", "--json", code=1))
    assert [problem["line"] for problem in report["problems"] if not problem["remark"]] == [9]
    assert report["report"]["studies"] == 1 + len(FEW)
    told(capsys, "check", "--report", "coverage.md", code=1)
    assert "\n| Studies | 4 |\n" in Path("coverage.md").read_text()
    alone = json.loads(told(capsys, "check", "--alone", "--json", code=1))
    assert alone["report"]["studies"] == 1


def test_files_that_are_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for form in ("csv", "bibtex", "html", "json"):
        assert told(capsys, "export", "--format", form, "--out", f"out/base.{form}") == f"out/base.{form}\n"
        assert (tmp_path / "out" / f"base.{form}").stat().st_size > 1000
    assert "did you mean 'html'" in told(capsys, "export", "--format", "htm", "--out", "x", code=cli.BAD_INPUT)
    text = told(capsys, "gaps", "--out", "map")
    assert text.splitlines()[-3:] == ["map/gaps.png", "map/gaps.html", "map/gaps.csv"]
    assert (tmp_path / "map" / "gaps.png").read_bytes().startswith(b"\x89PNG")
    cells = json.loads(told(capsys, "gaps", "--json"))
    assert {"cells", "empty_cells", "unread", "written"} <= set(cells)
    assert told(capsys, "questions", "teo_2009_ebcc_focal", "--out", "ask") == "1 files of questions in ask\n"
    assert (tmp_path / "ask" / "teo_2009_ebcc_focal.yaml").exists()
    (tmp_path / "file").touch()
    assert "can't be written" in told(capsys, "export", "--format", "csv", "--out", "file/x", code=cli.BAD_INPUT)


def test_conflicts_terms_and_meta(capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "conflicts")
    assert "conflicts" in text and "Why?\n  what would decide it: A trial.\n  see teo_2009_ebcc_focal" in text
    assert "dispute d: So or not.\n  yes: teo_2009_ebcc_focal\n  none of the conflicts above shows it\n" in text
    assert "what would decide it (this project's proposal): Look." in text
    found = json.loads(told(capsys, "conflicts", "--json"))
    assert found["questions"] and found["disputes"][0]["computed"] is False
    for kind in ("paradigms", "conditions", "factors", "measures"):
        assert len(json.loads(told(capsys, "terms", kind, "--json"))[kind]) == len(
            evidence.load().vocabulary.terms(kind)
        )
    assert "ebcc\teyeblink classical conditioning" in told(capsys, "terms", "paradigms")
    assert "did you mean 'measures'" in told(capsys, "terms", "measure", code=cli.BAD_INPUT)
    refused = told(capsys, "meta", "--measure", "conditioned_respons", code=cli.BAD_INPUT)
    assert "did you mean 'conditioned_responses'" in refused


def test_a_conflict_without_a_proposal_says_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write(tmp_path / "own", study("a_less", conflicts_with=["b_same"]), study("b_same"))
    text = told(capsys, "conflicts", "--base", "own")
    assert "  nobody has said what would decide it\n" in text
    assert "1 conflicts; of 1 nobody has said what would decide them" in text
    assert json.loads(told(capsys, "conflicts", "--base", "own", "--json"))["undecided"] == 1


def test_a_conflict_tells_its_conditions(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write(tmp_path / "own", study("a_less"), opposite("b_same"))
    found = json.loads(told(capsys, "conflicts", "--base", "own", "--json"))["conflicts"][0]
    assert found["conditions"] == ["cervical_dystonia"]
    assert f"{found['measure']}, ill vs healthy [cervical_dystonia]\n" in told(capsys, "conflicts", "--base", "own")


def test_every_name_is_in_the_documented_list() -> None:
    text = (Path(__file__).parents[1] / "docs" / "names.md").read_text()
    for label, names in (
        ("Kinds of study", get_args(schema.Kind)), ("Species", get_args(schema.Species)),
        ("Populations to choose", selection.POPULATIONS), ("Reading levels", get_args(schema.Read)),
        ("Implications", get_args(schema.Implication)), ("Contrasts", get_args(schema.Contrast)),
        ("Directions", get_args(schema.Direction)), ("Statuses", verification.STATUSES),
        ("Formats of export", export.FORMATS), ("Verbs of evidence", _verbs.names(verb)),
        ("In Python, `dystolab.evidence`", evidence.__all__),
    ):  # fmt: skip
        (told,) = re.findall(rf"^{re.escape(label)}: ([^.]*)\.$", text, re.MULTILINE)
        assert re.findall(r"`([^`]+)`", told) == list(names), label
