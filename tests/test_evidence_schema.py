"""A study that is not as it must be is told by file and line, with what is allowed; no bytes crash the reader."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dystolab import evidence
from dystolab.errors import EvidenceError, UnknownNameError
from dystolab.evidence import tree
from dystolab.evidence.base import SHIPPED, study_files
from evidence_files import BLINKS, SECOND, STUDY, WORDS, changed, dumped, study, write

TODAY = date(2026, 6, 1)
MEDIAN = {"name": "patients", "role": "case", "median": 30}
CI95 = {"kind": "ci95", "low": 31, "high": 90}
OUTSIDE = {"kind": "mean_difference", "value": -50, "spread": {"kind": "ci95", "low": -8, "high": -2}}


def problems(folder: Path, *studies: dict[str, Any], remarks: bool = False) -> list[str]:
    found = evidence.read(write(folder, *studies), shipped=False, today=TODAY)[1]
    return [str(problem) for problem in found if remarks or not problem.remark]


def line_of(folder: Path, word: str) -> int:
    lines = (folder / "studies" / "doe_2001_blink.yaml").read_text().splitlines()
    return next(i for i, line in enumerate(lines, 1) if word in line)


def test_the_shipped_base_is_whole() -> None:
    base, found = evidence.read()
    assert [str(problem) for problem in found if not problem.remark] == []
    assert list(base.studies) == sorted(path.stem for path in study_files(SHIPPED))


def test_a_good_study_has_no_problem(tmp_path: Path) -> None:
    assert problems(tmp_path, STUDY, remarks=True) == []
    base = evidence.load(tmp_path, shipped=False)
    assert base.study("doe_2001_blink").findings[0].groups[1].value == 30.0
    with pytest.raises(UnknownNameError, match="did you mean 'doe_2001_blink'"):
        base.study("doe_2001_blnk")


@pytest.mark.parametrize(
    ("changes", "word", "said"),
    [
        ({"paradigms__0": "ebc"}, "- ebc", "unknown paradigm 'ebc'; allowed: the .*did you mean 'ebcc'"),
        ({"findings__0__measure": "blonks"}, "measure:", "unknown measure 'blonks'.*did you mean 'blinks'"),
        ({"findings__0__condition": "cervical"}, "condition:", "did you mean 'cervical_dystonia'"),
        ({"findings__0__unit": None}, "unit:", "unit is missing; allowed: percent, ms"),
        ({"doi": "https://doi.org/10.1234/doe"}, "doi:", "is no DOI; allowed: 10.1234"),
        ({"doi": "10.1002/mds.28967."}, "doi:", "signs that are not the DOI's; .*; write '10.1002/mds.28967'$"),
        ({"doi": "10.1002/mds.28967},"}, "doi:", "write '10.1002/mds.28967'$"),
        ({"doi": "10.1016/S0030-6657(05)70305-8)."}, "doi:", r"write '10.1016/S0030-6657\(05\)70305-8'$"),
        ({"doi": "10.1234/doe\x1b[2J"}, "doi:", r"holds the control character '\\x1b'"),
        ({"title": "   "}, "title:", "title: '   ' is empty; allowed: text, or null where nothing is known; write it"),
        ({"title": "Blinks \x1b[31mof people"}, "title:", r"holds the control character '\\x1b'; allowed: what can be"),
        ({"paraphrase": ""}, "paraphrase:", "paraphrase: '' is empty"),
        ({"findings__0__unit": " \t"}, "unit:", r"unit: ' \\t' is empty"),
        ({"findings__0__where": "table 2\x9b2J"}, "where:", r"holds the control character '\\x9b'"),
        ({"address": "example.org/doe"}, "address:", "is no address; allowed: http"),
        ({"findings__0__direction": "increase"}, "direction:", "increase is at odds with case - reference = -10"),
        ({"findings__0__direction": "lower"}, "direction:", "unknown direction 'lower'; allowed: increase, decrease"),
        ({"findings__0__groups__0__role": "reference"}, "groups:", "no group has the role case"),
        ({"findings__0__groups__1__role": "case"}, "groups:", "no group has the role reference"),
        ({"findings__0__groups__0__count": 3}, "- name", "group has mean and count; allowed: one of"),
        ({"findings__0__groups__0__n_of": None}, "- name", "n and n_of come together"),
        ({"findings__0__groups__0__spread__kind": "ci95"}, "spread:", "ci95 has other numbers; allowed: low and high"),
        ({"findings__0__groups__0__spread__value": -1}, "spread:", "is negative"),
        ({"findings__0__groups__0__spread": CI95}, "- name", "mean 20 lies outside its ci95; allowed: 31 to 90; check"),
        ({"findings__0__groups__0": MEDIAN | {"spread": CI95 | {"kind": "iqr"}}}, "- name", "median 30 .* its iqr"),
        ({"findings__0__groups__0": MEDIAN | {"spread": CI95 | {"kind": "range"}}}, "- name", "median 30 .* its range"),
        ({"findings__0__effect": OUTSIDE}, "effect:", "mean_difference -50 lies outside its ci95; allowed: -8 to -2"),
        ({"findings__0__p__adjusted": 1}, "adjusted:", "is neither true nor false; allowed: true or false"),
        ({"findings__0__groups__0__n": "12"}, "n: '12'", "is no whole number"),
        ({"findings__0__groups__0__mean": float("inf")}, "mean:", "is no number; allowed: a number"),
        ({"findings__0__p__value": 1.5}, "value: 1.5", "less than or equal to 1"),
        ({"findings__0__where": "somewhere"}, "where:", "'somewhere' is no place; allowed: abstract"),
        ({"findings__0__effect": {"kind": "correlation", "value": 2}}, "effect:", "correlation 2; allowed: -1 to 1"),
        ({"findings__0__effect": {"kind": "correlation", "value": 0.5}}, "direction:", "at odds with the correlation"),
        ({"findings__0__contrast": "single_group"}, "direction:", "decrease of a single group"),
        ({"read_on": "2026-06-03"}, "read_on:", "lies in the future; allowed: up to 2026-06-01"),
        ({"read_on": "yesterday"}, "read_on:", "'yesterday' is no day; allowed: YYYY-MM-DD"),
        ({"year": 2030}, "year:", "lies in the future"),
        ({"title": 1984}, "title:", "is no text; allowed: text; write it, in quotes"),
        ({"kind": "orignal"}, "kind: orig", "did you mean 'original'"),
        ({"contains": ["a_b"]}, "contains:", "contains is for pooled studies, and kind is original"),
        ({"conflicts_with": ["teo_2009"]}, "teo_2009", "conflicts_with: unknown study 'teo_2009'"),
        ({"conflicts_with": ["doe_2001_blink"]}, "id: doe", "names itself"),
        ({"read": "title"}, "read:", "findings were read, and read is title"),
        ({"findings__0__where": "secondary: roe_2000"}, "where:", "unknown study 'roe_2000'"),
        ({"risk_of_bias__blinded": "maybe"}, "blinded:", "allowed: yes, no, unclear"),
        ({"colour": "blue"}, "colour:", "unknown key 'colour'"),
        ({"findings__0__grups": []}, "grups:", "unknown key 'grups'.*did you mean 'groups'"),
        ({"paradigms": []}, "paradigms:", "is empty; allowed: at least one"),
        ({"findings": "none"}, "findings:", "is no list"),
    ],
)
def test_each_mistake_is_told_at_its_line(tmp_path: Path, changes: dict[str, Any], word: str, said: str) -> None:
    found = problems(tmp_path, changed(STUDY, **changes))
    here = [line for line in found if f"doe_2001_blink.yaml:{line_of(tmp_path, word)}: " in line]
    assert here, found
    import re

    assert any(re.search(said, line) for line in here), here
    assert all(line.count("\n") == 0 and line.count(";") >= 2 for line in found), found


def test_all_problems_of_all_files_are_collected(tmp_path: Path) -> None:
    one = changed(STUDY, doi="nonsense", kind="nonsense", findings__0__unit=None)
    two = study("roe_2002", read_on="2099-01-01", findings__0__measure="nonsense")
    found = problems(tmp_path, one, two)
    assert len(found) == 5 and sum("roe_2002.yaml" in line for line in found) == 2
    with pytest.raises(EvidenceError, match=r"doe_2001_blink.yaml:\d+: .* \(and 4 more; `dystolab evidence check`"):
        evidence.load(tmp_path, shipped=False)


def test_remarks_do_not_stop_a_base(tmp_path: Path) -> None:
    told = {
        "no_change beside p = 0.04": {"findings__0__direction": "no_change"},
        "what tells the result (20)": {"findings__0__what": "blinks, 20 of 100"},
        "decrease beside a hedges_g of 0.5": {"findings__0__effect": {"kind": "hedges_g", "value": 0.5}},
        "condition blepharospasm is not among": {"findings__0__condition": "blepharospasm"},
    }
    for i, (said, changes) in enumerate(told.items()):
        (remark,) = problems(tmp_path / str(i), changed(STUDY, **changes), remarks=True)
        assert f"(remark) cr: {said}" in remark
        assert evidence.load(tmp_path / str(i), shipped=False).checked


def test_numbers_against_the_direction_are_a_remark_where_p_does_not_decide(tmp_path: Path) -> None:
    more = [STUDY["findings"][0]["groups"][0] | {"mean": 40}, STUDY["findings"][0]["groups"][1]]
    shares = [{"name": "a", "role": "case", "proportion": 0.5}, {"name": "b", "role": "reference", "count": 1, "n": 9}]
    shares[1]["n_of"] = "subjects"
    for i, (groups, p) in enumerate(((more, None), (more, {"relation": "=", "value": 0.2}), (shares, None))):
        tree = changed(STUDY, findings__0__groups=groups, findings__0__p=p)
        (remark,) = problems(tmp_path / str(i), tree, remarks=True)
        assert "(remark) cr: decrease is at odds with case - reference = " in remark
        assert remark.endswith("; allowed, but no effect size follows; check both")
        either = changed(tree, findings__0__direction="no_change")
        assert problems(tmp_path / f"{i}n", either, remarks=True) == []


def test_what_is_unusual_and_right_is_no_problem(tmp_path: Path) -> None:
    skewed = STUDY["findings"][0]["groups"][0] | {"spread": {"kind": "iqr", "low": 0, "high": 15}}
    for i, changes in enumerate(
        [
            {"doi": "10.1016/S0030-6657(05)70305-8"},
            {"doi": "10.1016/s0306-4522(97)00672(6)"},
            {"doi": "10.1002/(sici)1097-4598(199806)21:6<796::aid-mus13>3.0.co;2-r"},
            {"paraphrase": "Fewer blinks.\n\nLater, too.\n"},
            {"findings__0__groups__0": skewed},
            {"findings__0__p__adjusted": True},
        ]
    ):
        assert problems(tmp_path / str(i), changed(STUDY, **changes), remarks=True) == []


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    lacking = {key: value for key, value in STUDY.items() if key != "year"}
    (said,) = problems(tmp_path, lacking)
    assert "year is missing; allowed: every study has it; add `year:`" in said


def test_twins_are_found(tmp_path: Path) -> None:
    twin = changed(STUDY, id="roe_2002", title="BLINKS of people.")
    found = problems(tmp_path, STUDY, twin)
    assert [line.split(": ")[1].split(" is also")[0] for line in found] == ["title", "doi"]
    assert all("doe_2001_blink" in line and "roe_2002.yaml" in line for line in found)
    (tmp_path / "studies" / "copy.yaml").write_text((tmp_path / "studies" / "doe_2001_blink.yaml").read_text())
    (tmp_path / "studies" / "roe_2002.yaml").unlink()
    found = [str(problem) for problem in evidence.read(tmp_path, shipped=False)[1]]
    assert any("in copy.yaml; allowed: the file's name" in line for line in found)
    assert any("stands in" in line and "already" in line for line in found)
    assert evidence.read(tmp_path, tmp_path / ".", shipped=False)[1] == evidence.read(tmp_path, shipped=False)[1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x 1\nb: *x\n", ":1: anchor &x; allowed: plain values"),
        ("a: 1\nb: *x\n", ":2: alias *x"),
        ("a: !!python/object:os.system 1\n", ":1: tag"),
        ("a: 1\nb: 2\na: 3\n", ":3: key 'a' stands twice (first in line 1)"),
        ("a: 1\n---\nb: 2\n", ":2: a second document"),
        ("a: [1\n", "is not YAML"),
        ("a: b: c\n", "is not YAML"),
        ("? [a]\n: 1\n", "a key that is no plain word"),
        ("- 1\n", "is no study"),
        ("", ":1: is empty"),
        ("a: " + "[" * 50 + "]" * 50, "levels deep"),
        ("a: \x07\n", "is not YAML"),
        ("a: " + "x" * tree.MAX_BYTES, "is too large; allowed: 256 KiB"),
    ],
)
def test_only_plain_yaml_is_read(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    found = [str(problem) for problem in evidence.read(tmp_path, shipped=False)[1]]
    assert any(said in line for line in found), found


def test_words_stay_words(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "[yes, no, 2026-01-02, null, ~, 12, -1.5, .5, 1e-3, '12', 0x1F, 1_0, true, 1e999]\n"
    )
    value = tree.read(tmp_path / "a.yaml").value
    assert value[:13] == ["yes", "no", "2026-01-02", None, None, 12, -1.5, 0.5, 1e-3, "12", "0x1F", "1_0", True]
    assert value[13] == float("inf")


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"a: 1\nb: \xff\n")
    ((said),) = [str(problem) for problem in evidence.read(tmp_path, shipped=False)[1]]
    assert "a.yaml:2: byte 8 is not UTF-8" in said
    (said,) = [str(problem) for problem in evidence.read(tmp_path / "nowhere", shipped=False)[1]]
    assert "does not exist; allowed: <id>.yaml" in said


def test_a_vocabulary_must_make_sense(tmp_path: Path) -> None:
    write(tmp_path, STUDY)
    words = {
        "measures": {"blinks": BLINKS, "bad": {"paradigm": "ebc", "definition": "x", "increase": 3}, "worse": 3},
        "conditions": {"healthy": "something else", "new": None},
        "colours": {},
    }
    (tmp_path / "vocabulary.yaml").write_text(dumped(words))
    found = " ".join(str(problem) for problem in evidence.read(tmp_path, shipped=False)[1])
    for said in (
        "increase of measure bad is missing or no text", "unknown paradigm 'ebc'", "worse is no measure",
        "healthy of conditions has another meaning", "new has no definition", "unknown part of a vocabulary 'colours'",
    ):  # fmt: skip
        assert said in found


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(leaf for key, item in items for leaf in _leaves(item, (*path, key)))]


_JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


_FORMS = {"studies/doe_2001_blink.yaml": STUDY, "second/doe_2001_blink.yaml": SECOND, "vocabulary.yaml": WORDS}
_PLACES = [(file, leaf) for file, form in _FORMS.items() for leaf in _leaves(form)[1:]]


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from(_PLACES), junk=_JUNK)
def test_a_damaged_tree_never_crashes(tmp_path: Path, place: tuple[str, tuple[Any, ...]], junk: Any) -> None:
    """Anything may stand anywhere in a study, a second reading or a vocabulary."""
    file, at = place
    write(tmp_path, STUDY, second=SECOND)
    damaged = changed(_FORMS[file], **{"__".join(map(str, at)): junk})
    (tmp_path / file).write_text(dumped(damaged))
    base, found = evidence.read(tmp_path, shipped=False, today=TODAY)
    assert all("\n" not in str(problem) for problem in found)
    assert found or base.checked


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_bytes_never_crash(tmp_path: Path, data: st.DataObject) -> None:
    whole = dumped(STUDY).encode()
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 40)))
    write(tmp_path)
    damaged = whole[:start] + data.draw(st.binary(max_size=20)) + whole[end:]
    (tmp_path / "studies" / "doe_2001_blink.yaml").write_bytes(damaged)
    base, found = evidence.read(tmp_path, shipped=False, today=TODAY)
    assert found or base.studies


def test_250_studies_load_in_two_seconds(tmp_path: Path) -> None:
    write(tmp_path, *(study(f"s_{i}", findings=STUDY["findings"] * 1) for i in range(250)))
    start = time.perf_counter()
    base, found = evidence.read(tmp_path, shipped=False)
    assert time.perf_counter() - start < 2.0
    assert len(base.studies) == 250 and not found


def test_a_text_displayed_without_an_address_is_a_remark_if_a_note_says_so(tmp_path: Path) -> None:
    bare = changed(STUDY, address=None)
    assert "without the address" in problems(tmp_path / "a", bare)[0]
    told = bare | {"notes": "Displayed without its address."}
    assert problems(tmp_path / "b", told) == []
    assert "without the address" in problems(tmp_path / "b", told, remarks=True)[0]
