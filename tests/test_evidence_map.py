"""The map of the evidence, its conflicts and open questions, and the forms in which the base is handed on."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from dystolab import evidence
from dystolab.errors import EvidenceError
from dystolab.evidence import conflicts, export, gaps, open_questions, page, selection
from dystolab.evidence.base import SHIPPED
from dystolab.plots import evidence_gaps
from evidence_files import STUDY, changed, dumped, study, write
from test_evidence_meta import base_of

NONE = open_questions.OpenQuestions()


def opposite(name: str, **changes: Any) -> dict[str, Any]:
    """Return a study that found no difference."""
    groups = [group | {"mean": 30, "spread": None} for group in STUDY["findings"][0]["groups"]]
    null = {"findings__0__direction": "no_change", "findings__0__p": None, "findings__0__groups": groups}
    return study(name, **(null | changes))


def test_findings_lie_in_the_paradigm_of_their_measure(tmp_path: Path) -> None:
    dbs = study("b_dbs", paradigms=["ebcc", "dbs"])
    unread = study("c_title", findings=[], read="title", conditions=["blepharospasm"], paradigms=["tdt"])
    found = gaps.cells(evidence.load(write(tmp_path, STUDY, dbs, unread), shipped=False))
    assert set(found) == {("cervical_dystonia", "ebcc"), ("cervical_dystonia", "dbs"), ("blepharospasm", "tdt")}
    assert found["cervical_dystonia", "ebcc"].studies == ("b_dbs", "doe_2001_blink")
    assert found["cervical_dystonia", "dbs"].studies == ("b_dbs",)
    assert found["cervical_dystonia", "ebcc"].verified_share == 0.0
    empty = found["blepharospasm", "tdt"]
    assert (empty.findings, empty.verified_share, empty.agreement) == ((), None, None)


def test_a_measure_of_another_paradigm_counts_where_it_was_measured(tmp_path: Path) -> None:
    pet = study("b_pet", paradigms=["pet", "sensory_trick"], findings__0__measure="activation_cerebellum")
    found = gaps.cells(evidence.load(write(tmp_path, pet), shipped=False))
    assert set(found) == {("cervical_dystonia", "pet"), ("cervical_dystonia", "sensory_trick")}
    blinks = dict(STUDY["findings"][0], id="other", measure="vibration_illusion")
    both = study("b_pet", paradigms=["ebcc"], findings=[STUDY["findings"][0], blinks])
    (cell,) = gaps.cells(evidence.load(write(tmp_path, both), shipped=False)).values()
    assert (cell.paradigm, len(cell.findings)) == ("ebcc", 2)


def test_agreement_counts_verified_studies_once(tmp_path: Path) -> None:
    base = base_of(tmp_path, study("a_one"), study("b_two"), opposite("c_null"))
    (cell,) = gaps.cells(base).values()
    assert (cell.verified_share, cell.agreement) == (1.0, pytest.approx(2 / 3))
    pooled = base_of(
        tmp_path / "b", study("a_one"), study("b_two"), opposite("c_null", kind="pooled", contains=["a_one"])
    )
    (cell,) = gaps.cells(pooled).values()
    assert cell.agreement == 0.5
    unread = evidence.load(write(tmp_path / "c", study("a_one"), study("b_two")), shipped=False)
    (cell,) = gaps.cells(unread).values()
    assert cell.agreement is None


def test_agreement_is_of_what_can_be_compared(tmp_path: Path) -> None:
    def agreement(name: str, *studies: dict[str, Any]) -> float | None:
        (cell,) = gaps.cells(base_of(tmp_path / name, *studies)).values()
        return cell.agreement

    def stimulated(name: str, factor: str | None, **more: Any) -> dict[str, Any]:
        within = {"findings__0__design": "within", "findings__0__contrast": "after_vs_before"}
        return opposite(name, findings__0__factor=factor, **within, **more)

    one, other = stimulated("a_one", "dbs_gpi"), stimulated("b_two", "dbs_gpi")
    assert agreement("factor", one, other) == 1.0
    assert agreement("factors", one, stimulated("b_two", "cb_ctbs")) is None
    assert agreement("none", stimulated("a_one", None), stimulated("b_two", None)) is None
    assert agreement("review", study("a_one"), opposite("b_two", kind="review")) is None


def test_each_set_of_people_has_one_vote(tmp_path: Path) -> None:
    def agreement(name: str, *studies: dict[str, Any]) -> float | None:
        (cell,) = gaps.cells(base_of(tmp_path / name, *studies)).values()
        return cell.agreement

    null = opposite("x")["findings"][0]
    twice = study("a_one", findings=[STUDY["findings"][0], dict(STUDY["findings"][0], id="again")])
    assert agreement("twice", twice, opposite("b_null")) == 0.5
    torn = study("a_one", findings=[STUDY["findings"][0], dict(null, id="null")])
    assert agreement("torn", torn, opposite("b_null")) == 0.5  # mixed, and no change
    assert agreement("alone", torn) is None
    same = study("b_two", overlaps_with=["a_one"])
    assert agreement("overlap", study("a_one"), same, opposite("c_null")) == 0.5
    assert agreement("one", study("a_one"), same) is None
    part = study("d_part", findings=[], read="title")
    held = opposite("c_pool", kind="pooled", contains=["d_part"])
    assert agreement("held", part, study("b_two", overlaps_with=["d_part"]), held) is None  # both may hold its people


def test_a_paradigm_selects_the_findings_that_lie_in_it(tmp_path: Path) -> None:
    noise = dict(STUDY["findings"][0], id="recovery", measure="blink_reflex_recovery")
    both = study("a_both", paradigms=["ebcc", "blink_reflex"], findings=[STUDY["findings"][0], noise])
    title = study("b_title", findings=[], read="title")
    base = evidence.load(write(tmp_path, both, title), shipped=False)
    found = selection.select(base, selection.Wanted(paradigm="ebcc"))
    assert [(one.id, [f.finding.id for f in findings]) for one, findings in found] == [
        ("a_both", ["cr"]),
        ("b_title", []),
    ]
    other = evidence.load(
        write(tmp_path / "b", study("c_healthy", conditions=["cervical_dystonia", "healthy"])), shipped=False
    )
    assert selection.select(other, selection.Wanted(condition="healthy")) == []  # its findings are on others


def test_conflicts_are_of_one_question(tmp_path: Path) -> None:
    base = evidence.load(
        write(
            tmp_path,
            study("a_less"),
            opposite("b_null", findings__0__condition="isolated_dystonia"),
            opposite("c_elsewhere", findings__0__condition="blepharospasm"),
            opposite("d_other_contrast", findings__0__contrast="carrier_vs_noncarrier"),
        ),
        shipped=False,
    )
    (found,) = conflicts.conflicts(base, NONE)
    assert found.sides == {"decrease": ("a_less/cr",), "no_change": ("b_null/cr",)}
    assert (found.measure, found.contrast, found.studies) == ("blinks", "ill_vs_healthy", {"a_less", "b_null"})
    assert conflicts.conflicts(base, NONE, verified=True) == []


def test_a_pooled_study_that_contradicts_what_it_holds_is_marked(tmp_path: Path) -> None:
    pooled = opposite("b_pool", kind="pooled", contains=["a_less"])
    (found,) = conflicts.conflicts(base_of(tmp_path, study("a_less"), pooled), NONE, verified=True)
    assert (found.contained, found.as_json()["contained"]) == ((("b_pool", "a_less"),), [["b_pool", "a_less"]])
    (found,) = conflicts.conflicts(base_of(tmp_path / "b", study("a_less"), opposite("b_pool")), NONE, verified=True)
    assert all(found.verified.values()) and found.contained == ()


def test_the_dispute_on_conditioning_is_told() -> None:
    base = evidence.load()
    (found,) = [
        one
        for one in conflicts.conflicts(base, open_questions.load(base), verified=True)
        if {"sadnicka_2022_ebcc_pooled", "teo_2009_ebcc_focal", "antelmi_2016_ebcc_tremor"} <= one.studies
    ]
    assert "sadnicka_2022_ebcc_pooled/cr_all" in found.sides["no_change"]
    assert ("sadnicka_2022_ebcc_pooled", "teo_2009_ebcc_focal") in found.contained


def test_a_conflict_is_of_one_intervention(tmp_path: Path) -> None:
    def told(name: str, ours: str | None, theirs: str | None, **both: Any) -> list[conflicts.Conflict]:
        both = {"findings__0__design": "within", "findings__0__contrast": "after_vs_before"} | both
        less = study("a_less", findings__0__factor=ours, **both)
        null = opposite("b_null", findings__0__factor=theirs, **both)
        return conflicts.conflicts(evidence.load(write(tmp_path / name, less, null), shipped=False), NONE)

    assert told("another", "dbs_gpi", "cb_ctbs") == told("unknown", None, None) == told("half", "dbs_gpi", None) == []
    (found,) = told("same", "dbs_gpi", "dbs_gpi")
    assert (found.factor, found.contrast) == ("dbs_gpi", "after_vs_before")
    assert told("review", "dbs_gpi", "dbs_gpi", kind="review") == []
    ill = {"findings__0__design": "between", "findings__0__contrast": "ill_vs_healthy"}
    assert len(told("plain", None, None, **ill)) == 1 and told("condition", None, "head_tilt", **ill) == []
    assert told("broad", None, None, findings__0__measure="dystonia_score", **ill) == []


def disputed(name: str, decides: str, *sides: list[str], **more: Any) -> open_questions.Dispute:
    """Return a dispute with these studies on its sides."""
    told = [{"says": f"side {i}", "studies": studies} for i, studies in enumerate(sides)]
    return open_questions.Dispute.model_validate({"id": name, "about": name, "decides": decides, "sides": told, **more})


def test_noted_conflicts_and_what_would_decide_them(tmp_path: Path) -> None:
    write(tmp_path, study("a_less", conflicts_with=["b_same"]), study("b_same"), opposite("c_null"))
    base = evidence.load(tmp_path, shipped=False)
    dispute = disputed("x", "A trial.", ["a_less"], measures=("blinks",))
    pair = disputed("y", "Another.", ["a_less"], ["b_same"])
    (found,) = conflicts.conflicts(base, open_questions.OpenQuestions(disputes=(dispute, pair)))
    assert (found.decides, set(found.sides)) == ("A trial.", {"decrease", "no_change"})
    assert found.noted == (("a_less", "b_same"),)
    lone = evidence.load(
        write(tmp_path / "b", study("a_less", conflicts_with=["b_same"]), study("b_same")), shipped=False
    )
    (only,) = conflicts.conflicts(lone, open_questions.OpenQuestions(disputes=(pair,)))
    assert (only.measure, only.noted, only.decides) == ("", (("a_less", "b_same"),), "Another.")
    strange = disputed("z", "Not this.", ["somebody", "else"], measures=("blinks",))
    (found,) = conflicts.conflicts(base, open_questions.OpenQuestions(disputes=(strange, pair)))
    assert found.decides is None  # of the measure, but of no study of it; and of studies, but not of the measure


def test_a_proposal_is_of_one_conflict(tmp_path: Path) -> None:
    lid = {"conditions": ["blepharospasm"], "findings__0__condition": "blepharospasm"}
    studies = [study("a_less"), opposite("b_null"), study("c_lid", **lid), opposite("d_lid", **lid)]
    base = evidence.load(write(tmp_path, *studies), shipped=False)
    asked = {"measure": "blinks", "contrast": "ill_vs_healthy", "condition": "blepharospasm", "decides": "Watch lids."}
    found = open_questions.OpenQuestions.model_validate({"proposals": [asked]})
    told = {one.conditions: one.decides for one in conflicts.conflicts(base, found)}
    assert told == {("cervical_dystonia",): None, ("blepharospasm",): "Watch lids."}
    file = tmp_path / "questions.yaml"
    wrong = [asked, asked, asked | {"condition": "dyt_tor1a"}, asked | {"factor": "dbs_gpi"}]
    file.write_text(dumped({"proposals": wrong}))
    problems = open_questions.read(base, file)[1]
    assert [problem.line for problem in problems] == [6, 10, 14]
    assert "blinks, ill_vs_healthy, blepharospasm stands twice" in str(problems[0])
    assert "proposal for blinks, ill_vs_healthy, dyt_tor1a fits no conflict" in str(problems[1])
    assert "proposal for blinks, ill_vs_healthy, dbs_gpi, blepharospasm fits no conflict" in str(problems[2])
    file.write_text(dumped({"proposals": [asked | {"facter": "dbs_gpi"}]}))
    assert "unknown key 'proposals.0.facter'" in str(open_questions.read(base, file)[1][0])


@pytest.mark.parametrize("verified", [False, True])
def test_every_computed_conflict_has_something_that_would_decide_it(verified: bool) -> None:
    base = evidence.load()
    questions = open_questions.load(base)
    found = [one for one in conflicts.conflicts(base, questions, verified=verified) if one.measure]
    owners = [sum(proposal.is_of(one) for one in found) for proposal in questions.proposals]
    assert set(owners) <= ({0, 1} if verified else {1})  # some are of findings that nobody read twice
    assert all(sum(proposal.is_of(one) for proposal in questions.proposals) == 1 for one in found)
    (tremor,) = [one for one in found if one.conditions == ("essential_tremor",)]
    assert "essential tremor" in str(tremor.decides)


def test_disputes_are_told_even_if_no_conflict_shows_them() -> None:
    base = evidence.load()
    questions = open_questions.load(base)
    told = questions.as_json(conflicts.conflicts(base, questions))["disputes"]
    shown = {one["id"]: one["computed"] for one in told}
    assert shown["ebcc"] and not shown["model_against_people"] and not shown["basal_ganglia_needed"]
    assert json.loads(export.as_json(base))["disputes"] == page.data(base)["disputes"] == told
    assert all(one["decides"] and len(one["sides"]) > 1 for one in told)


def test_every_question_names_studies_that_exist(tmp_path: Path) -> None:
    base = evidence.load()
    found, problems = open_questions.read(base)
    assert problems == [] and found.questions and found.disputes
    file = tmp_path / "questions.yaml"
    one = {"id": "q", "asks": "Why?", "decides": "A trial.", "studies": ["teo_2009_ebcc_focl"]}
    side = {"says": "so", "studies": ["teo_2009_ebcc_focal", "teo_2009"]}
    torn = {"id": "d", "about": "It.", "decides": "A trial.", "sides": [side]}
    file.write_text(dumped({"questions": [one, one], "disputes": [torn]}))
    told = " ".join(str(problem) for problem in open_questions.read(base, file)[1])
    assert "q: unknown study 'teo_2009_ebcc_focl'" in told and "did you mean 'teo_2009_ebcc_focal'" in told
    assert "id 'q' stands twice" in told and "d: unknown study 'teo_2009'" in told
    with pytest.raises(EvidenceError, match="unknown study"):
        open_questions.load(evidence.Base({}, base.vocabulary))


def test_the_table_holds_every_number(tmp_path: Path) -> None:
    base = evidence.load(write(tmp_path, STUDY, study("b_title", findings=[], read="title")), shipped=False)
    title, row = csv.DictReader(io.StringIO(export.as_csv(base)))
    assert (row["id"], row["finding"], row["direction"]) == ("doe_2001_blink", "cr", "decrease")
    assert (row["case_mean"], row["case_spread_value"], row["reference_n"]) == ("20.0", "10.0", "8")
    assert (row["p_relation"], row["p_value"], row["status"], row["verified"]) == ("=", "0.04", "unread", "no")
    assert (title["id"], title["finding"]) == ("b_title", "")


def test_the_table_tells_where_it_was_read(tmp_path: Path) -> None:
    parts = {"kind": "pooled", "contains": ["b_part", "c_part"], "paradigms": ["ebcc", "emg"]}
    whole = study("a_whole", **parts, findings__0__address="https://example.org/table")
    base = evidence.load(write(tmp_path, whole, study("b_part"), study("c_part")), shipped=False)
    row, other, _ = csv.DictReader(io.StringIO(export.as_csv(base)))
    assert (row["finding_address"], other["finding_address"]) == ("https://example.org/table", "")
    assert (row["address"], row["read_on"]) == ("https://example.org/doe", "2026-01-02")
    assert (row["paradigms"], row["contains"]) == ("ebcc; emg", "b_part; c_part")
    assert row["population"] == "12 patients and 8 healthy people"
    assert page.data(base)["studies"]["a_whole"]["findings"]["a_whole/cr"][-2:] == [
        "https://example.org/table", STUDY["findings"][0]["condition"],
    ]  # fmt: skip


def test_bibtex_is_well_formed(tmp_path: Path) -> None:
    odd = changed(STUDY, title="Blinks & {braces} of 100 % #1", first_author="van der Heijden ME")
    odd["bibliography_unconfirmed"] = ["first_author"]
    text = export.as_bibtex(evidence.load(write(tmp_path, odd), shipped=False))
    assert text.count("{") == text.count("}") and text.startswith("@article{doe_2001_blink,")
    assert r"title = {{Blinks \& \{braces\} of 100 \% \#1}}" in text
    assert "author = {van der Heijden, M. E. and others}" in text
    assert "note = {not confirmed: first author}" in text


def test_everything_as_json() -> None:
    told = json.loads(export.as_json(evidence.load()))
    assert set(told) == {"studies", "cells", "conflicts", "questions", "disputes", "report"}
    assert told["report"]["studies"] == len(told["studies"])


def test_the_figure_is_drawn(tmp_path: Path) -> None:
    drawn = evidence_gaps.figure(base_of(tmp_path, study("a_one"), opposite("b_two")))
    (axes,) = drawn.axes
    assert [text.get_text() for text in axes.texts] == ["2"]
    assert "2 studies, 2 findings, 2 of them verified" in re.sub(r"\s+", " ", drawn._supxlabel.get_text())
    assert evidence_gaps.figure(evidence.Base({}, evidence.load().vocabulary))


def test_the_page_needs_nothing_else(tmp_path: Path) -> None:
    evil = changed(STUDY, title="</script><script>alert(1)</script> of people")
    text = page.page(evidence.load(write(tmp_path, evil), shipped=False))
    assert text.count("</script>") == 2 and "alert(1)</script>" not in text
    data = json.loads(re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)[0])
    assert data["studies"]["doe_2001_blink"]["title"] == evil["title"]
    own = page.TEMPLATE.read_text()
    assert "default-src 'none'" in own  # the browser itself refuses any request
    assert not re.search(r"(src|href)=[\"']|@import|url\(|fetch\(|XMLHttpRequest|innerHTML|eval\(", own)


def _browser() -> str | None:
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")
    return os.environ.get("DYSTOLAB_CHROMIUM") or next((found for name in names if (found := shutil.which(name))), None)


_PROBE = Path(__file__).with_name("evidence_probe.js")


@pytest.mark.skipif(_browser() is None, reason="no Chromium on the path (or in DYSTOLAB_CHROMIUM)")
def test_the_page_works_in_a_browser(tmp_path: Path) -> None:
    """Hover, keyboard, click, Escape and both filters, in the page opened from the file system."""
    lid = study("c_lid", doi="10.1234/lid", conditions=["blepharospasm"], findings__0__condition="blepharospasm")
    base_of(tmp_path, study("a_one", doi="10.1234/one"), opposite("b_two", doi="10.1234/two"))
    base = evidence.load(write(tmp_path, lid), shipped=False)  # which nobody read twice
    file = tmp_path / "page.html"
    file.write_text(page.page(base).replace("</body>", f"<script>{_PROBE.read_text()}</script></body>"))
    command = [_browser(), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", f"file://{file}"]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60, check=True)
    assert "data-error" not in done.stdout
    (told,) = re.findall(r'<pre id="probe">(.*?)</pre>', done.stdout)
    assert json.loads(told) == [
        "2,1", True, "blepharospasm|ebcc", "true", True, False, True, "https://doi.org/10.1234/one,https://doi.org/10.1234/two",
        1, "cervical_dystonia|ebcc", 1, 8, 1,
    ]  # fmt: skip


def test_the_shipped_page_is_light() -> None:
    assert len(page.page(evidence.load())) < 3_000_000
    assert (SHIPPED / "page.html").stat().st_size < 30_000
