"""Two blind readings: what counts as agreement, and which numbers may enter a statistic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from dystolab import evidence
from dystolab.errors import UnknownNameError
from dystolab.evidence import bibliography, blind, report, schema, telltale, words, writing
from evidence_files import SECOND, STUDY, changed, dumped, study, write


def checked(folder: Path, first: dict[str, Any], second: dict[str, Any] | None) -> evidence.Checked:
    base = evidence.load(write(folder, first, second=second), shipped=False)
    (one,) = base.checked
    return one


def test_equal_readings_are_confirmed(tmp_path: Path) -> None:
    one = checked(tmp_path, STUDY, SECOND)
    assert (one.status, one.verified, one.differences, one.additions) == ("confirmed", True, (), ())


def test_without_a_second_reader_nothing_is_verified(tmp_path: Path) -> None:
    one = checked(tmp_path, STUDY, None)
    assert (one.status, one.verified) == ("unread", False)
    settled = changed(STUDY, findings__0__settled={"kept": "first", "by": "JD", "why": "sure"})
    assert not checked(tmp_path / "b", settled, None).verified


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("direction", "no_change", "direction: decrease / no_change"),
        ("groups__0__mean", 21, "case.mean: 20 / 21"),
        ("groups__1__n", 9, "reference.n: 8 / 9"),
        ("groups__0__spread", {"kind": "sem", "value": 10}, "case.spread.kind: sd / sem"),
        ("groups__0__spread", None, "case.spread.kind: sd / nothing"),
        ("p", {"relation": "<", "value": 0.04}, "p.relation: = / <"),
        ("p", None, "p.relation: = / nothing"),
    ],
)
def test_each_number_must_agree(tmp_path: Path, path: str, value: Any, field: str) -> None:
    one = checked(tmp_path, STUDY, changed(SECOND, **{f"findings__cr__{path}": value}))
    assert (one.status, one.verified) == ("disagreed", False)
    assert str(one.differences[0]) == field


def test_what_only_the_second_found_is_an_addition(tmp_path: Path) -> None:
    one = checked(tmp_path, changed(STUDY, findings__0__p=None), SECOND)
    assert (one.status, one.verified) == ("confirmed", True)
    assert [str(addition) for addition in one.additions] == ["p.relation: nothing / =", "p.value: nothing / 0.04"]


def test_a_factor_that_was_read_twice_must_agree(tmp_path: Path) -> None:
    first = changed(STUDY, findings__0__contrast="with_vs_without", findings__0__factor="botulinum")
    assert checked(tmp_path, first, SECOND).status == "confirmed", "the second reader was not asked"
    same, other = (changed(SECOND, findings__cr__factor=term) for term in ("botulinum", "ethanol"))
    assert checked(tmp_path / "b", first, same).status == "confirmed"
    differs = checked(tmp_path / "c", first, other)
    assert [str(d) for d in differs.differences] == ["factor: botulinum / ethanol"] and not differs.verified
    settled = changed(first, findings__0__settled={"kept": "second", "by": "JD", "why": "looked again"})
    kept = checked(tmp_path / "d", settled, other)
    assert kept.verified and kept.finding.factor == "ethanol"


def test_a_p_that_is_adjusted_stays_so_with_the_second_reader_s_number(tmp_path: Path) -> None:
    first = changed(STUDY, findings__0__p={"relation": "=", "value": 0.04, "adjusted": True})
    settled = changed(first, findings__0__settled={"kept": "second", "by": "JD", "why": "table 1"})
    kept = checked(tmp_path, settled, changed(SECOND, findings__cr__p={"relation": "=", "value": 0.03}))
    assert (
        kept.verified and kept.finding.p is not None and (kept.finding.p.value, kept.finding.p.adjusted) == (0.03, True)
    )
    assert words.numbers(kept.finding).endswith("p = 0.03 (adjusted)")


def test_two_ways_to_write_the_same_are_no_disagreement(tmp_path: Path) -> None:
    change = {"kind": "percent_change", "value": -40}
    first = changed(STUDY, findings__0__effect=change)
    second = changed(SECOND, findings__cr__effect=change | {"value": 40}, findings__cr__note="improvement of 40 %")
    one = checked(tmp_path, first, second)
    assert (one.status, [str(turned) for turned in one.turned]) == ("confirmed", ["effect.value: -40 / 40"])
    opposite = changed(second, findings__cr__direction="increase")
    assert [d.field for d in checked(tmp_path / "b", first, opposite).differences] == ["direction", "effect.value"]
    mixed = changed(STUDY, findings__0__direction="mixed")
    second = changed(SECOND, findings__cr__direction="described", findings__cr__where="highlights beside the text")
    assert checked(tmp_path / "c", mixed, second).status == "confirmed"


def test_a_sign_counts_where_nothing_else_tells_the_sense(tmp_path: Path) -> None:
    still = changed(
        STUDY, findings__0__direction="no_change", findings__0__effect={"kind": "percent_change", "value": -4}
    )
    other = changed(
        SECOND, findings__cr__direction="no_change", findings__cr__effect={"kind": "percent_change", "value": 4}
    )
    assert [d.field for d in checked(tmp_path, still, other).differences] == ["effect.value"]
    size = {"kind": "hedges_g", "value": -0.5}
    first, second = (
        changed(STUDY, findings__0__effect=size),
        changed(SECOND, findings__cr__effect=size | {"value": 0.5}),
    )
    assert [d.field for d in checked(tmp_path / "b", first, second).differences] == ["effect.value"]


@pytest.mark.parametrize(
    ("first", "second", "status"), [("described", "no_change", "confirmed"), ("no_change", "described", "disagreed")]
)
def test_a_single_group_is_compared_with_nobody(tmp_path: Path, first: str, second: str, status: str) -> None:
    groups = STUDY["findings"][0]["groups"][:1]
    alone = changed(
        STUDY, findings__0__contrast="single_group", findings__0__direction=first, findings__0__groups=groups
    )
    reading = changed(SECOND, findings__cr__direction=second, findings__cr__groups=groups)
    assert checked(tmp_path, alone, reading).status == status


def test_a_second_reader_need_not_name_groups_and_may_find_more(tmp_path: Path) -> None:
    groups = [
        {key: value for key, value in group.items() if key != "name"} for group in SECOND["findings"]["cr"]["groups"]
    ]
    groups[0] |= {"count": 9, "proportion": 0.75}
    one = checked(tmp_path, STUDY, changed(SECOND, findings__cr__groups=groups))
    assert (one.status, [a.field for a in one.additions]) == ("confirmed", ["case.proportion", "case.count"])
    first = changed(STUDY, findings__0__settled={"kept": "second", "by": "JD", "why": "table 1"})
    one = checked(tmp_path / "b", first, changed(SECOND, findings__cr__groups=[groups[0] | {"mean": 21}, groups[1]]))
    assert (one.verified, one.finding.groups[0].name, one.finding.groups[0].value) == (True, "patients", 21)


@pytest.mark.parametrize(
    ("field", "value", "same"),
    [
        ("first_author", "Doe, Jane", True),
        ("first_author", "Roe J", False),
        ("journal", "Brain 12: S1-S2", True),
        ("journal", "Brain (N Y)", True),
        ("journal", "Brain Stimulation", False),
        ("title", "Blinks of people", True),
        ("title", "Blinks", False),
        ("doi", "10.1234/DOE.2001", True),
        ("year", 2002, False),
    ],
)
def test_bibliography_is_compared_as_people_write_it(tmp_path: Path, field: str, value: Any, same: bool) -> None:
    base = evidence.load(write(tmp_path, STUDY, second=changed(SECOND, bibliography={field: value})), shipped=False)
    found = bibliography.differences(base.study("doe_2001_blink"), base.seconds["doe_2001_blink"])
    assert [difference.field for difference in found] == ([] if same else [field])


def test_groups_are_matched_by_role_and_name_not_by_order(tmp_path: Path) -> None:
    groups = STUDY["findings"][0]["groups"]
    third = {"name": "relatives", "role": "reference", "n": 5, "n_of": "subjects"}
    first = changed(STUDY, findings__0__groups=[*groups, third])
    one = checked(tmp_path, first, changed(SECOND, findings__cr__groups=[third, *groups[::-1]]))
    assert one.status == "confirmed"
    renamed = [groups[0] | {"name": "ill people"}, groups[1] | {"name": "controls"}]
    assert checked(tmp_path / "b", STUDY, changed(SECOND, findings__cr__groups=renamed)).status == "confirmed"


@pytest.mark.parametrize(
    ("kept", "verified", "mean"), [("first", True, 20), ("second", True, 21), ("neither", False, 20)]
)
def test_a_disagreement_is_settled(tmp_path: Path, kept: str, verified: bool, mean: float) -> None:
    first = changed(STUDY, findings__0__settled={"kept": kept, "by": "third reader", "why": "table 2"})
    one = checked(tmp_path, first, changed(SECOND, findings__cr__groups__0__mean=21))
    assert (one.status, one.verified, one.finding.groups[0].value) == ("disagreed", verified, mean)


def test_a_settlement_of_nothing_is_remarked(tmp_path: Path) -> None:
    first = changed(STUDY, findings__0__settled={"kept": "second", "by": "JD", "why": "table 2"})
    absent = changed(SECOND, findings__cr={"not_found": "abstract only"})
    for i, (second, status) in enumerate(((SECOND, "confirmed"), (None, "unread"), (absent, "not found"))):
        _, (remark,) = evidence.read(write(tmp_path / str(i), first, second=second), shipped=False)
        assert remark.remark and f"cr: settled for second, and the finding is {status}" in str(remark)


def test_what_was_not_found_is_not_verified(tmp_path: Path) -> None:
    one = checked(tmp_path, STUDY, changed(SECOND, findings__cr={"not_found": "abstract only"}))
    assert (one.status, one.verified) == ("not_found", False)


def test_a_second_reading_must_fit_its_study(tmp_path: Path) -> None:
    wrong = changed(SECOND, findings__cs=SECOND["findings"]["cr"], bibliography__colour="red")
    wrong["findings"]["cr"] = wrong["findings"]["cr"] | {"direction": "lower"}
    found = [str(problem) for problem in evidence.read(write(tmp_path, STUDY, second=wrong), shipped=False)[1]]
    assert any("unknown key 'bibliography.colour'" in line for line in found)
    assert any("second/doe_2001_blink.yaml" in line and "unknown direction 'lower'" in line for line in found)
    found = [str(p) for p in evidence.read(write(tmp_path / "b", second=SECOND), shipped=False)[1]]
    assert any("unknown study 'doe_2001_blink'" in line for line in found)
    del wrong["bibliography"]
    found = [str(p) for p in evidence.read(write(tmp_path / "c", STUDY, second=wrong), shipped=False)[1]]
    assert any("unknown finding of doe_2001_blink 'cs'; allowed: cr; did you mean 'cr'?" in line for line in found)


def test_a_study_is_read_a_second_time_once(tmp_path: Path) -> None:
    """Another second reading does not take the place of the first one, and is told."""
    write(tmp_path / "a", STUDY, second=SECOND)
    write(tmp_path / "b", second=changed(SECOND, findings__cr__direction="increase"))
    base, (said,) = evidence.read(tmp_path / "a", tmp_path / "b", shipped=False)
    assert base.seconds["doe_2001_blink"].findings["cr"] == schema.SecondFinding(**SECOND["findings"]["cr"])
    assert str(said).startswith(f"{tmp_path}/b/second/doe_2001_blink.yaml:1: second reading of 'doe_2001_blink' stands")
    assert f"stands in {tmp_path}/a/second/doe_2001_blink.yaml already; allowed: once" in str(said)


def test_the_report_counts(tmp_path: Path) -> None:
    second = changed(SECOND, bibliography__year=2002)
    write(tmp_path, STUDY, study("roe_2002"), study("poe_2003", findings=[], read="title"), second=second)
    told = report.report(evidence.load(tmp_path, shipped=False))
    assert told["by_read"] == {"title": 1, "secondary": 0, "abstract": 2, "table": 0, "results": 0, "full_text": 0}
    assert told["by_status"] == {"confirmed": 1, "disagreed": 0, "not_found": 0, "unread": 1}
    assert (told["findings"], told["verified"], told["verified_with_numbers"], told["confirmed_share"]) == (
        2,
        1,
        1,
        1.0,
    )
    assert (told["bibliography_differences"], told["without_findings"]) == (1, 1)
    assert report.report(evidence.load(shipped=False, vocabularies=[tmp_path / "vocabulary.yaml"]))["studies"] == 0


def test_questions_are_blind(tmp_path: Path) -> None:
    base = evidence.load(write(tmp_path, STUDY, study("roe_2002"), second=SECOND), shipped=False)
    (path,) = blind.write(base, (), tmp_path / "questions")
    assert path.stem == "roe_2002"  # the other has been read twice
    (path,) = blind.write(base, ["doe_2001_blink"], tmp_path / "questions")
    asked = yaml.safe_load(path.read_text())
    assert set(asked) == {"id", "title", "doi", "address", "findings"}
    finding = asked["findings"]["cr"]
    assert set(finding) == {"measure", "what", "condition", "contrast", "design", "unit", "groups"}
    assert finding["groups"] == [{"name": "patients", "role": "case"}, {"name": "healthy", "role": "reference"}]
    assert "decrease" not in path.read_text() and "0.04" not in path.read_text()
    with pytest.raises(UnknownNameError, match="did you mean 'roe_2002'"):
        blind.write(base, ["roe_202"], tmp_path)


def test_a_study_joins_a_base_of_ones_own(tmp_path: Path) -> None:
    own, draft = write(tmp_path / "own"), tmp_path / "doe_2001_blink.yaml"
    draft.write_text(dumped(STUDY))
    where, found = writing.add(draft, own)
    assert (where, found) == (own / "studies" / "doe_2001_blink.yaml", [])
    assert where.read_text() == draft.read_text()
    base = evidence.load(own)
    assert {"doe_2001_blink", "teo_2009_ebcc_focal"} <= set(base.studies)
    again, found = writing.add(draft, own)
    assert again == own and "stands in" in str(found[0]) and "already" in str(found[0])
    twin = tmp_path / "roe_2002.yaml"
    twin.write_text(dumped(changed(study("roe_2002"), title=base.study("teo_2009_ebcc_focal").title)))
    again, found = writing.add(twin, own)
    assert again == own and "title is also that of teo_2009_ebcc_focal" in str(found[0])
    assert sorted(path.name for path in (own / "studies").iterdir()) == ["doe_2001_blink.yaml"]


def test_a_study_joins_others_that_lie_beside_studies(tmp_path: Path) -> None:
    """Studies may lie in a base or in its ``studies``: one that is added hides none."""
    own = write(tmp_path / "own")
    (own / "studies").rmdir()
    (own / "doe_2001_blink.yaml").write_text(dumped(STUDY))
    assert set(evidence.load(own, shipped=False).studies) == {"doe_2001_blink"}
    draft = tmp_path / "smith_2020_vocabulary.yaml"
    draft.write_text(dumped(study("smith_2020_vocabulary")))
    where, _ = writing.add(draft, own)
    assert where == own / "studies" / draft.name
    assert set(evidence.load(own, shipped=False).studies) == {"doe_2001_blink", "smith_2020_vocabulary"}
    (own / "studies" / "doe_2001_blink.yaml").write_text(dumped(STUDY))
    (said,) = evidence.read(own, shipped=False)[1]
    assert str(said).startswith(f"{own}/studies/doe_2001_blink.yaml:1: id 'doe_2001_blink' stands in {own}/doe_2001")


@pytest.mark.parametrize("place", [".", "studies", "second", "checks"])
def test_a_file_that_is_not_read_for_its_name_is_told(tmp_path: Path, place: str) -> None:
    write(tmp_path)
    (tmp_path / place).mkdir(exist_ok=True)
    (tmp_path / place / "roe_2002.yml").write_text("id: roe_2002")
    (said,) = evidence.read(tmp_path, shipped=False)[1]
    assert "roe_2002.yml:1: ends in .yml and is not read; allowed: .yaml; rename it to roe_2002.yaml" in str(said)


@pytest.mark.parametrize(
    ("what", "changes", "told"),
    [
        ("conditioned blinks over all blocks", {}, ()),
        ("conditioned blinks, 20 of all", {}, ("20",)),
        ("blinks (absent in patients)", {}, ("absent",)),
        ("blinks: normal performance", {}, ("normal",)),
        ("blinks after surgery: no improvement", {}, ("no improvement", "improvement")),
        ("improvement at 1 year", {"contrast": "after_vs_before"}, ("improvement",)),
        ("stimulation of a site and improvement", {"contrast": "correlation"}, ()),
        ("people with improvement", {"contrast": "single_group", "direction": "described"}, ()),
        ("inhibition by a pulse 5 ms earlier, normal people, lower limb", {}, ()),
        ("unaffected relatives (higher is better)", {}, ()),
    ],
)
def test_questions_that_give_their_answer_away(what: str, changes: dict[str, Any], told: tuple[str, ...]) -> None:
    assert telltale.gives_away(schema.Finding(**(STUDY["findings"][0] | {"what": what} | changes))) == told


def test_a_question_that_was_answered_blindly_is_counted_not_remarked(tmp_path: Path) -> None:
    telling = changed(STUDY, findings__0__what="blinks (absent in patients)")
    base, problems = evidence.read(write(tmp_path, telling, second=SECOND), shipped=False)
    assert problems == [] and report.report(base)["confirmed_told"] == 1
    (remark,) = evidence.read(write(tmp_path / "b", telling), shipped=False)[1]
    assert remark.remark and "what tells the result (absent)" in str(remark)
