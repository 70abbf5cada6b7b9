"""Findings as tests: the statistics of their verdicts, by hand; nothing is simulated here."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dystolab.evidence.model_checks import form, predicates, published
from dystolab.evidence.schema import Finding, Group, Spread
from evidence_files import STUDY

FIVE = {"value": 5, "of": "measure", "why": "x"}
EQUAL = {"kind": "equivalence", "alpha": 0.05, "smallest": FIVE}


def finding(direction: str = "decrease", **more: Any) -> Finding:
    return Finding.model_validate(STUDY["findings"][0] | {"direction": direction} | more)


def groups(case: dict[str, Any], reference: dict[str, Any]) -> tuple[Group, Group]:
    return Group(name="a", role="case", **case), Group(name="b", role="reference", **reference)


def by_direction(test: str = "t", least: float = 0.5, of: str = "measure", expects: str = "decrease") -> Any:
    smallest = {"value": least, "of": of, "why": "x"}
    asked = {"kind": "direction", "expects": expects, "test": test, "alpha": 0.05, "smallest": smallest}
    return form.ByDirection.model_validate(asked)


def judged(asked: Any, case: list[float], reference: list[float], **of: Any) -> predicates.Judged:
    return predicates.judge(asked, finding(**of), "%", case, reference)


def test_p_values_by_hand() -> None:
    d = np.array([1.0, 2.0, 3.0])  # mean 2, sd 1: t = 2 / (1 / sqrt 3) = 3.4641 with 2 degrees of freedom
    t = 2 * math.sqrt(3)
    by_hand = 1 - t / math.sqrt(2 + t**2)  # the distribution of t with 2 degrees of freedom has a closed form
    assert predicates.p_value("t", d) == pytest.approx(by_hand)
    assert predicates.p_value("sign", np.array([1.0] * 7 + [-1.0])) == pytest.approx(2 * 9 / 256)
    assert predicates.p_value("wilcoxon", np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])) == pytest.approx(2 / 64)
    assert predicates.p_value("t", np.zeros(3)) == 1.0
    assert predicates.p_value("t", np.ones(3)) == 0.0


def test_directions() -> None:
    reference = [30.0, 31.0, 29.0, 30.0]
    assert judged(by_direction(), [20.0, 22.0, 18.0, 21.0], reference).verdict == "agrees"
    assert judged(by_direction(), [40.0, 42.0, 38.0, 41.0], reference).verdict == "disagrees"
    assert judged(by_direction(), [20.0, 42.0, 18.0, 41.0], reference).verdict == "undecided"
    assert judged(by_direction(least=8), [20.0, 22.0, 18.0, 21.0], reference).verdict == "agrees"
    small = judged(by_direction(least=20), [20.0, 22.0, 18.0, 21.0], reference)
    assert small.verdict == "disagrees" and small.why.startswith("smaller than 20")
    assert judged(by_direction(least=50, of="percent_of_reference"), [20, 22, 18, 21], reference).verdict == "disagrees"
    assert judged(by_direction(least=20, of="percent_of_reference"), [20, 22, 18, 21], reference).verdict == "agrees"
    few = judged(by_direction("sign"), [20.0, 22.0, 18.0], reference[:3])
    assert few.verdict == "undecided" and "sign needs 6 pairs" in few.why
    assert judged(by_direction("sign"), [1.0] * 6, [2.0] * 6).verdict == "agrees"
    assert judged(by_direction("wilcoxon"), [1.0, 1, 1, 1, 1, 1], [2.0, 3, 4, 5, 6, 7]).verdict == "agrees"
    tiny = judged(by_direction(least=0.5), [29.9, 30.9, 28.9, 29.9], reference)  # p is 0, and it is too small
    assert (tiny.verdict, tiny.numbers["p"]) == ("disagrees", pytest.approx(0, abs=1e-9))
    assert judged(by_direction(), [1.0], [2.0]).verdict == "undecided"
    assert judged(by_direction(), [1.0, math.nan, 1.1, 1.3], [2.0, 2.0, 2.2, math.nan]).numbers["n"] == 2


def test_infinite_measures_go_by_sign() -> None:
    never = [math.inf] * 7
    assert judged(by_direction("sign"), [2.0] * 7, never).verdict == "agrees"
    assert judged(by_direction("sign"), [2.0] * 3, never[:3]).verdict == "undecided"
    assert "sign test" in judged(by_direction("t"), [2.0] * 7, never).why
    assert judged(by_direction("sign"), never, never).verdict == "undecided"
    json.dumps(judged(by_direction("sign"), [2.0] * 7, never).as_json(), allow_nan=False)


def test_equivalence_by_two_one_sided_tests() -> None:
    asked = form.ByEquivalence.model_validate(EQUAL)
    reference = [30.0, 31.0, 29.0, 30.0]
    near = judged(asked, [30.5, 31.5, 28.5, 30.0], reference, direction="no_change")
    assert near.verdict == "agrees"
    # differences .5 .5 -.5 0: mean .125, sd .4787, error .2394; 90 % interval with t(3) = 2.3534
    assert near.numbers["low"] == pytest.approx(0.125 - 2.3534 * 0.23936, abs=1e-3)
    assert judged(asked, [40.5, 41.5, 38.5, 40.0], reference).verdict == "disagrees"
    assert judged(asked, [25.0, 38.0, 20.0, 37.0], reference).verdict == "undecided"
    assert judged(asked, reference, reference).verdict == "agrees"


@pytest.mark.parametrize(
    ("unit", "value", "said"),
    [("%", 0.0, "nothing can have fallen (floor)"), ("Hz", 0.0, "(floor)"), ("%", 100.0, "have risen (ceiling)")],
)
def test_equal_values_at_an_end_of_the_scale_tell_nothing(unit: str, value: float, said: str) -> None:
    asked, same = form.ByEquivalence.model_validate(EQUAL), [value] * 4
    found = predicates.judge(asked, finding(), unit, same, same)
    assert found.verdict == "undecided" and said in found.why
    assert predicates.judge(asked, finding(), unit, [*same[1:], 50.0], same).verdict != "agrees"
    assert predicates.judge(asked, finding(), unit, [*same[1:], value + 1e-3], same).verdict == "agrees"
    assert predicates.judge(asked, finding(), "Hz", [100.0] * 4, [100.0] * 4).verdict == "agrees"


def test_nothing_falls_from_a_floor_or_rises_from_a_ceiling() -> None:
    zeros, full = [0.0] * 4, [100.0] * 4
    for case in (zeros, [5.0, 6.0, 5.5, 5.2]):
        floor = judged(by_direction(), case, zeros)
        assert floor.verdict == "undecided" and "all references are 0" in floor.why
    assert judged(by_direction(), [-5.0, -6.0, -5.5, -5.2], zeros).verdict == "agrees"  # of a measure with a sign
    assert judged(by_direction(expects="increase"), [5.0, 6.0, 5.5, 5.2], zeros).verdict == "agrees"
    assert "(ceiling)" in judged(by_direction(expects="increase"), [95.0, 96.0, 94.0, 95.0], full).why
    assert judged(by_direction(expects="increase"), [105.0, 106.0, 104.0, 105.0], full).verdict == "agrees"
    assert judged(by_direction(), [95.0, 96.0, 94.0, 95.0], full).verdict == "agrees"


def test_printed_numbers_and_their_intervals() -> None:
    sem = Group(name="a", role="case", n=25, n_of="cells", mean=22.4, spread=Spread(kind="sem", value=3.4))
    assert published.of_group(sem, "Hz").half95 == pytest.approx(2.0639 * 3.4, rel=1e-4)  # t(24)
    assert "not independent" in published.of_group(sem, "Hz").note
    sd = Group(name="a", role="case", n=4, n_of="subjects", mean=10.0, spread=Spread(kind="sd", value=2.0))
    assert published.of_group(sd, "%").half95 == pytest.approx(3.1824 * 1.0, rel=1e-4)  # t(3)
    ci = Group(name="a", role="case", mean=10.0, spread=Spread(kind="ci95", low=8.0, high=12.0))
    assert published.of_group(ci, "%").half95 == 2.0
    share = Group(name="a", role="case", n=100, n_of="subjects", proportion=0.5)
    number = published.of_group(share, "%")
    assert (number.value, number.half95) == (50.0, pytest.approx(9.62, rel=1e-3))  # Wilson
    unstated = Group(name="a", role="case", n=4, n_of="subjects", mean=1.0, spread=Spread(kind="unstated", value=2.0))
    assert published.of_group(unstated, "%").half95 is None
    assert published.of_group(unstated, "%", "sd").half95 == pytest.approx(3.1824, rel=1e-4)
    quartiles = Group(
        name="a", role="case", n=100, n_of="subjects", median=5.0, spread=Spread(kind="iqr", low=4.0, high=6.0)
    )
    assert published.of_group(quartiles, "%").half95 == pytest.approx(1.98422 * 2 / 1.349 * 1.2533 / 10, rel=1e-4)


def test_sizes() -> None:
    asked = form.BySize.model_validate({"kind": "size", "group": "case"})
    # printed: 20, SD 10, n 12: half of the interval 2.201 * 10 / sqrt 12 = 6.354
    assert judged(asked, [24.0, 25.0, 26.0], []).verdict == "agrees"
    assert judged(asked, [34.0, 35.0, 36.0], []).verdict == "disagrees"
    wide = judged(asked, [10.0, 30.0, 20.0], [])
    assert wide.verdict == "undecided" and "own interval is the wider" in wide.why
    assert judged(asked, [20.0], []).verdict == "undecided"
    half = (judged(asked, [25.0, 25.0], []).numbers["high"] or 0) - 20
    assert half == pytest.approx(2.20099 * 10 / math.sqrt(12), rel=1e-4)


def test_ratios() -> None:
    asked = form.ByRatio.model_validate({"kind": "ratio"})
    number = published.log_ratio(finding())
    assert number is not None and number.value == pytest.approx(math.log(20 / 30))
    errors = (2.20099 * 10 / math.sqrt(12) / 20, 2.36462 * 12 / math.sqrt(8) / 30)
    assert number.half95 == pytest.approx(math.hypot(*errors), rel=1e-4)
    assert judged(asked, [20.0, 20.2, 19.9], [30.0, 30.1, 30.0]).verdict == "agrees"
    assert judged(asked, [60.0, 60.2, 59.9], [30.0, 30.1, 30.0]).verdict == "disagrees"
    assert judged(asked, [0.0, 1.0], [1.0, 1.0]).verdict == "undecided"
    bare: dict[str, Any] = {"groups": (), "effect": {"kind": "percent_change", "value": -40, "spread": None}}
    assert judged(asked, [6.0, 6.1], [10.0, 10.0], **bare).verdict == "undecided"
    within = form.ByRatio.model_validate({"kind": "ratio", "within": 1.5, "why": "x"})
    assert judged(within, [6.0, 6.1], [10.0, 10.0], **bare).verdict == "agrees"
    assert judged(within, [16.0, 16.1], [10.0, 10.0], **bare).verdict == "disagrees"


@settings(max_examples=60, deadline=None)
@given(
    case=st.lists(st.floats(), max_size=5), which=st.sampled_from(["direction", "sign", "size", "ratio", "equivalence"])
)
def test_no_numbers_crash_a_verdict(case: list[float], which: str) -> None:
    asked: dict[str, Any] = {
        "direction": by_direction(), "sign": by_direction("sign", 10, "percent_of_reference"),
        "size": form.BySize(kind="size", group="case"), "ratio": form.ByRatio(kind="ratio"),
        "equivalence": form.ByEquivalence.model_validate(EQUAL),
    }  # fmt: skip
    with np.errstate(all="ignore"):
        found = judged(asked[which], case, case[::-1])
    assert found.verdict in predicates.VERDICTS
    json.dumps(found.as_json(), allow_nan=False)
