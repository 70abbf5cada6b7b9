"""Effect sizes against hand-worked examples, and random effects against published results of a textbook data set."""

from __future__ import annotations

import contextlib
import json
import math
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import t as student
from scipy.stats import ttest_1samp

from dystolab import cli, evidence
from dystolab.errors import EvidenceError, MissingExtraError, UnknownNameError
from dystolab.evidence import meta, pooling
from dystolab.evidence.effect_sizes import EffectSize, UnusableError, effect_size, standard_deviation, wan
from dystolab.evidence.schema import Finding, Spread
from evidence_files import SECOND, STUDY, changed, study, write

# Vaccinated and controls, with and without tuberculosis, of 13 trials (Colditz et al. 1994).
BCG = np.array(
    [
        *((4, 119, 11, 128), (6, 300, 29, 274), (3, 228, 11, 209), (62, 13536, 248, 12619), (33, 5036, 47, 5761)),
        *((180, 1361, 372, 1079), (8, 2537, 10, 619), (505, 87886, 499, 87892), (29, 7470, 45, 7232)),
        *((17, 1699, 65, 1600), (186, 50448, 141, 27197), (5, 2493, 3, 2338), (27, 16886, 29, 17825)),
    ],
    dtype=float,
)


ODDS = {"kind": "odds_ratio", "value": 2, "spread": {"kind": "ci95", "low": 1.5, "high": 3.0}}


def bcg() -> tuple[Any, Any]:
    """Return log risk ratios and their variances."""
    a, b, c, d = BCG.T
    return np.log(a / (a + b) / (c / (c + d))), 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)


def test_bcg_agrees_with_published_results() -> None:
    """To the four digits that metafor prints for dat.bcg: REML as read in three public vignettes, DL from memory."""
    out = pooling.pool(*bcg())
    dl, reml = out["DL"], out["REML"]
    assert (round(dl.estimate, 4), round(dl.tau2, 4), round(dl.se, 4)) == (-0.7141, 0.3088, 0.1787)
    assert (round(reml.estimate, 4), round(reml.tau2, 4), round(reml.se, 4)) == (-0.7145, 0.3132, 0.1798)
    assert [round(bound, 4) for bound in reml.wald_ci95] == [-1.0669, -0.3622]
    assert reml.ci95 is not None
    assert [round(bound, 4) for bound in reml.ci95] == [-1.1084, -0.3206]
    assert (round(reml.q, 4), round(reml.i2_percent, 2)) == (152.2330, 92.12)


def test_bcg_agrees_with_an_independent_solution_to_a_millionth() -> None:
    y, v = bcg()
    k = len(y)

    def score(tau2: float) -> float:
        w = 1 / (v + tau2)
        p = np.diag(w) - np.outer(w, w) / w.sum()
        return float(y @ p @ p @ y - np.trace(p))

    def mean(tau2: float) -> tuple[float, float, float]:
        w = 1 / (v + tau2)
        centre = float((w * y).sum() / w.sum())
        knapp = math.sqrt((w * (y - centre) ** 2).sum() / ((k - 1) * w.sum()))
        return centre, float(w.sum() ** -0.5), float(student.isf(0.025, k - 1) * knapp)

    w = 1 / v
    q = float((w * (y - (w * y).sum() / w.sum()) ** 2).sum())
    tau2 = {"DL": (q - (k - 1)) / (w.sum() - (w**2).sum() / w.sum()), "REML": float(brentq(score, 0, 2, xtol=1e-14))}
    for name, found in pooling.pool(y, v).items():
        centre, se, reach = mean(tau2[name])
        assert found.ci95 is not None and found.prediction is not None
        further = float(student.isf(0.025, k - 2)) * math.sqrt(tau2[name] + se**2)
        assert found.tau2 == pytest.approx(tau2[name], abs=1e-6)
        assert found.q == pytest.approx(q, abs=1e-6)
        assert (found.estimate, found.se) == pytest.approx((centre, se), abs=1e-6)
        assert found.ci95 == pytest.approx((centre - reach, centre + reach), abs=1e-6)
        assert found.prediction == pytest.approx((centre - further, centre + further), abs=1e-6)


def test_two_equal_studies() -> None:
    found = pooling.pool([0.5, 0.5], [0.1, 0.1])["REML"]
    assert found.estimate == pytest.approx(0.5)
    assert (found.tau2, found.q, found.i2_percent) == pytest.approx((0, 0, 0), abs=1e-9)
    assert found.ci95 is None and found.prediction is None
    assert found.wald_ci95 == pytest.approx((0.5 - 1.959964 * math.sqrt(0.05), 0.5 + 1.959964 * math.sqrt(0.05)))


def test_one_study_or_no_package_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EvidenceError, match="at least 2 studies, and there is 1"):
        pooling.pool([0.5], [0.1])
    monkeypatch.setitem(sys.modules, "pymare", None)
    with pytest.raises(MissingExtraError, match=r"dystolab\[meta\]"):
        pooling.pool([0.5, 0.1], [0.1, 0.1])


def finding_of(**changes: Any) -> Finding:
    tree = changed(STUDY, **{f"findings__0__{path}": value for path, value in changes.items()})
    return Finding.model_validate(tree["findings"][0])


def sized(**changes: Any) -> EffectSize:
    return effect_size(finding_of(**changes))


def groups(case: dict[str, Any], reference: dict[str, Any], n: int = 50) -> list[dict[str, Any]]:
    some = {"n": n, "n_of": "subjects"}
    return [{"name": "a", "role": "case", **some, **case}, {"name": "b", "role": "reference", **some, **reference}]


def sd(value: float) -> dict[str, Any]:
    return {"kind": "sd", "value": value}


def test_means_as_in_the_textbook() -> None:
    """Borenstein et al. 2009, chapter 4: d 0.5970, g 0.5924 with variance 0.0411."""
    more = {"direction": "increase", "p": None}
    found = sized(groups=groups({"mean": 103, "spread": sd(5.5)}, {"mean": 100, "spread": sd(4.5)}), **more)
    assert (round(found.value, 4), round(found.variance, 4), found.scale) == (0.5924, 0.0411, "g")
    sem = {"kind": "sem", "value": 5.5 / math.sqrt(50)}
    reach = student.isf(0.025, 49) * 4.5 / math.sqrt(50)
    ci = {"kind": "ci95", "low": 100 - reach, "high": 100 + reach}
    other = sized(groups=groups({"mean": 103, "spread": sem}, {"mean": 100, "spread": ci}), **more)
    assert (other.value, other.variance) == pytest.approx((found.value, found.variance))


def test_shares_as_in_the_textbook() -> None:
    """Borenstein et al. 2009, chapter 5: 5 of 100 against 10 of 100, log odds ratio -0.7472 with variance 0.3216."""
    found = sized(groups=groups({"count": 5}, {"proportion": 0.1}, 100), p=None)
    assert (round(found.value, 4), round(found.variance, 4), found.scale) == (-0.7472, 0.3216, "log_or")
    empty = sized(groups=groups({"count": 0}, {"count": 3}, 10), p=None)
    assert empty.value == pytest.approx(math.log(0.5 * 7.5 / (10.5 * 3.5)))
    assert empty.variance == pytest.approx(1 / 0.5 + 1 / 10.5 + 1 / 3.5 + 1 / 7.5)


def test_medians_by_wan() -> None:
    """Quartiles 10, 20, 36 of 40: mean 22, sd 26 / (2 z(29.875 / 40.25)); range 0 to 50 of 25: mean 22.5."""
    mean, spread = wan(20, Spread(kind="iqr", low=10, high=36), 40)
    assert (mean, spread) == pytest.approx((22.0, 26 / (2 * 0.650_8)), rel=2e-3)
    mean, spread = wan(20, Spread(kind="range", low=0, high=50), 25)
    # Table 1 of the paper: for n = 25 the range is 3.931 standard deviations.
    assert (mean, spread) == pytest.approx((22.5, 50 / 3.931), rel=2e-3)
    iqr = {"kind": "iqr", "low": 10, "high": 36}
    found = sized(groups=groups({"median": 20, "spread": iqr}, {"mean": 30, "spread": sd(9)}), p=None)
    assert "Wan 2014" in found.how
    with pytest.raises(UnusableError, match="the direction is decrease, and the numbers say the opposite"):
        sized(groups=groups({"median": 20, "spread": iqr}, {"mean": 10, "spread": sd(9)}), p=None)


def test_p_gives_t_gives_g() -> None:
    """t = 2.0211 is p = 0.05 at 40 degrees of freedom; d = t sqrt(2 / 21), J = 1 - 3 / 159."""
    bare = groups({}, {}, 21)
    found = sized(groups=bare, p={"relation": "=", "value": 0.05})
    assert found.value == pytest.approx(-2.02108 * math.sqrt(2 / 21) * (1 - 3 / 159), abs=1e-4)
    assert "two-sided t test" in found.how
    assert sized(groups=bare, p={"relation": "=", "value": 0.05}, direction="increase").value == -found.value
    unstated = {"kind": "unstated", "value": 3}
    with_means = groups({"mean": 1, "spread": unstated}, {"mean": 2, "spread": unstated}, 21)
    assert sized(groups=with_means, p={"relation": "=", "value": 0.05}) == found


def test_printed_effects() -> None:
    ci = {"kind": "ci95", "low": 0.1, "high": 0.9}
    found = sized(effect={"kind": "hedges_g", "value": 0.5, "spread": ci})
    assert (found.value, found.variance) == pytest.approx((-0.5, (0.8 / 3.919928) ** 2))
    d = sized(effect={"kind": "cohens_d", "value": -0.597}, groups=groups({}, {}))
    assert (d.value, d.variance) == pytest.approx((-0.5924, 0.0411), abs=1e-4)
    g = sized(effect={"kind": "hedges_g", "value": -0.5924}, groups=groups({}, {}))
    assert (g.value, g.variance) == pytest.approx((-0.5924, 0.0411), abs=1e-4)
    odds = {"kind": "odds_ratio", "value": 0.5, "spread": {"kind": "ci95", "low": 0.25, "high": 1.0}}
    ratio = sized(effect=odds)
    assert (ratio.value, ratio.variance) == pytest.approx((math.log(0.5), (math.log(4) / 3.919928) ** 2))


def test_a_difference_with_its_own_interval() -> None:
    reach = student.isf(0.025, 98) * 5.0 * math.sqrt(2 / 50)
    effect = {"kind": "mean_difference", "value": -3, "spread": {"kind": "ci95", "low": -3 - reach, "high": -3 + reach}}
    found = sized(effect=effect, groups=groups({}, {}))
    assert found.value == pytest.approx(-0.6 * (1 - 3 / 391))


def test_a_difference_has_the_sign_of_its_direction() -> None:
    """A fall may be printed as a positive improvement, between groups and within people."""
    for design, spread in (("between", "ci95"), ("within", "ci95"), ("within", "sd")):
        bounds = {"value": 9} if spread == "sd" else {"low": 2, "high": 8}
        plus = {"kind": "mean_difference", "value": 5, "spread": {"kind": spread, **bounds}}
        minus = {"value": -5, "spread": plus["spread"] if spread == "sd" else {"kind": spread, "low": -8, "high": -2}}
        usual = {"design": design, "contrast": "after_vs_before", "groups": groups({}, {}, 12), "p": None}
        fall = sized(effect=plus, **usual)
        assert fall.value < 0 and fall == sized(effect=plus | minus, **usual)
        assert sized(effect=plus | minus, direction="increase", **usual).value == -fall.value
        assert sized(effect=plus | minus, direction="no_change", **usual) == fall


def test_a_printed_d_with_its_interval_is_corrected() -> None:
    """Hedges' correction: 1 - 3 / (4 df - 1), of its square for the variance."""
    effect = {"kind": "cohens_d", "value": -0.8, "spread": {"kind": "ci95", "low": -1.4, "high": -0.2}}
    for design, df in (("between", 22), ("within", 11)):
        usual = {"design": design, "contrast": "after_vs_before", "effect": effect, "p": None}
        found, correction = sized(groups=groups({}, {}, 12), **usual), 1 - 3 / (4 * df - 1)
        assert found.value == pytest.approx(-0.8 * correction)
        assert found.variance == pytest.approx((1.2 / 3.919928 * correction) ** 2)
    with pytest.raises(UnusableError, match="one case and one reference group with their sizes"):
        sized(groups=[], effect=effect)


def within(**changes: Any) -> EffectSize:
    """Return the effect size of a change in twelve people."""
    usual = {"design": "within", "contrast": "after_vs_before", "groups": groups({}, {}, 12), "p": None}
    return sized(**(usual | changes))


def test_changes_within_people_by_their_own_spread() -> None:
    found = within(effect={"kind": "mean_difference", "value": -5, "spread": sd(10)})
    correction = 1 - 3 / (4 * 11 - 1)
    assert (found.value, found.variance) == pytest.approx((-0.5 * correction, correction**2 * (1 / 12 + 0.25 / 24)))
    assert not found.assumes


def test_changes_within_people_by_an_assumed_correlation() -> None:
    """Of x and y with r, var(x - y) = var(x) + var(y) - 2 r sd(x) sd(y): here exact, from paired numbers."""
    before, after = np.array([30.0, 42, 55, 38, 61, 47]), np.array([22.0, 30, 31, 33, 40, 25])
    r = float(np.corrcoef(before, after)[0, 1])
    case = {"mean": float(after.mean()), "spread": sd(float(after.std(ddof=1)))}
    reference = {"mean": float(before.mean()), "spread": sd(float(before.std(ddof=1)))}
    one = finding_of(design="within", contrast="after_vs_before", groups=groups(case, reference, 6), p=None)
    found, change = effect_size(one, r), after - before
    assert found.value == pytest.approx((1 - 3 / 19) * change.mean() / change.std(ddof=1))
    assert found.assumes and effect_size(one) == effect_size(one, 0.5) != found
    assert abs(effect_size(one, 0.3).value) < abs(effect_size(one, 0.7).value)


def test_changes_within_people_by_p() -> None:
    x = np.array([-1.0, 2, 3, 4, 2.5, 1])
    p = float(ttest_1samp(x, 0).pvalue)
    found = within(groups=groups({}, {}, 6), p={"relation": "=", "value": p}, direction="increase")
    assert found.value == pytest.approx((1 - 3 / 19) * x.mean() / x.std(ddof=1))
    assert "paired t" in found.how


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, "neither spreads nor an exact p"),
        ({"p": {"relation": "<", "value": 0.01}}, "only known to be < 0.01"),
        ({"groups": groups({}, {}, 2)}, "a change needs 3"),
        ({"groups__1__n": 11}, "12 in one state and 11 in the other"),
        ({"groups": []}, "not one group of people"),
    ],
)
def test_changes_that_give_no_effect_size_say_why(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(UnusableError, match=why):
        within(**changes)


def test_the_sign_of_a_null_is_that_of_its_numbers() -> None:
    null = {"direction": "no_change", "p": {"relation": "=", "value": 0.5}}
    unstated = {"kind": "unstated", "value": 3}
    found = sized(groups=groups({"mean": 2, "spread": unstated}, {"mean": 1, "spread": unstated}), **null)
    assert found.value > 0
    opposite = groups({"mean": 1, "spread": unstated}, {"mean": 2, "spread": unstated})
    assert sized(groups=opposite, **null).value == -found.value


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"contrast": "correlation"}, "a correlation compares no two groups"),
        ({"groups__0__n_of": "cells"}, "n counts cells, which are not independent"),
        ({"groups": []}, "not one case and one reference"),
        ({"groups": groups({}, {}), "p": None}, "neither numbers with a spread nor an exact p"),
        ({"groups": groups({}, {}), "p": {"relation": "<", "value": 0.01}}, "only known to be < 0.01"),
        ({"groups": groups({}, {}), "p": {"relation": "=", "value": 0.0}}, "printed as 0"),
        ({"groups": groups({}, {}), "p": {"relation": "=", "value": 0.02, "adjusted": True}}, "p is adjusted for"),
        ({"groups": groups({"mean": 30, "spread": sd(5)}, {"mean": 20, "spread": sd(5)})}, "is decrease, and the num"),
        ({"groups": groups({"mean": 30}, {"mean": 20}), "p": {"relation": "=", "value": 0.2}}, "numbers say the oppos"),
        ({"groups": groups({"count": 9}, {"proportion": 0.1})}, "direction is decrease, and the numbers say the oppos"),
        ({"effect": ODDS}, "the direction is decrease, and the numbers say the opposite"),
        ({"groups": groups({}, {}), "direction": "no_change"}, "p alone tells no sign"),
        ({"groups": groups({"count": 0}, {"count": 0})}, "all or none in both groups"),
        ({"groups": groups({"count": 1}, {})}, "the share of one group was not read"),
        ({"groups": groups({"mean": 1, "spread": sd(0)}, {"mean": 1, "spread": sd(0)}), "p": None}, "deviation is 0"),
    ],
)
def test_what_gives_no_effect_size_says_why(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(UnusableError, match=why):
        sized(**changes)


def test_spreads_that_give_no_standard_deviation() -> None:
    with pytest.raises(UnusableError, match="from a mean with quartiles"):
        standard_deviation(Spread(kind="iqr", low=1, high=2), 10)
    with pytest.raises(UnusableError, match="from a median with SD"):
        wan(1, Spread(kind="sd", value=2), 10)


def base_of(folder: Path, *studies: dict[str, Any]) -> evidence.Base:
    """Return a base in which every finding of `studies` is confirmed."""
    write(folder, *studies)
    for one in studies:
        keys = ("direction", "groups", "effect", "p", "where")
        read = {finding["id"]: {key: finding[key] for key in keys} for finding in one["findings"]}
        write(folder, second=changed(SECOND, id=one["id"], findings=read))
    return evidence.load(folder, shipped=False)


def test_an_analysis_says_what_it_left_out(tmp_path: Path) -> None:
    finding = STUDY["findings"][0]
    twice = [finding, finding | {"id": "cr_late"}]
    null = [finding | {"direction": "no_change", "groups": groups({}, {}), "p": {"relation": "=", "value": 0.5}}]
    base = base_of(
        tmp_path,
        study("a_small", findings=twice, cohort="Dublin"),
        study("b_other", cohort="dublin", findings__0__groups__0__mean=25),
        study("c_null", findings=null),
        study("d_held"),
        study("e_pool", kind="pooled", contains=["d_held"], findings__0__groups__0__mean=28),
        study("f_nameless", kind="meta_analysis"),
        study("g_model", species="in_silico"),
        study("h_shares", findings__0__groups=groups({"count": 5}, {"count": 9}, 20)),
        study("i_mouse", species="mouse"),
    )
    found = meta.analyse(base, "blinks")
    assert [one.name for one, _ in found.used] == ["a_small/cr", "b_other/cr", "e_pool/cr"]
    asked = (found.contrast, found.design, found.population, found.scale)
    assert asked == ("ill_vs_healthy", "between", "human", "g")
    assert found.left_out == {
        "a_small/cr_late": "not independent of a_small/cr",
        "c_null/cr": "p alone tells no sign where the direction is no change or mixed",
        "d_held/cr": "its data are in e_pool",
        "f_nameless/cr": "pools studies that it does not name, perhaps those that are here",
        "g_model/cr": "a model, not a study of subjects",
        "h_shares/cr": "another question (ill vs healthy, between, human, log or)",
        "i_mouse/cr": "another question (ill vs healthy, between, animal, g)",
    }
    assert found.shared_cohorts == {"dublin": ("a_small", "b_other")}
    assert sum(found.weights) == pytest.approx(1)
    assert json.loads(json.dumps(found.as_json(), allow_nan=False))["outcomes"]["REML"]["method"] == "REML"


def test_what_can_be_pooled_is_of_one_intervention_and_other_people(tmp_path: Path) -> None:
    before_after = {"design": "within", "contrast": "after_vs_before", "factor": "dbs_gpi", "p": None}

    def change(name: str, n: int, **more: Any) -> dict[str, Any]:
        case, reference = ({"mean": mean, "spread": sd(9)} for mean in (20, 30))
        finding = STUDY["findings"][0] | before_after | {"groups": groups(case, reference, n)} | more
        return study(name, findings=[finding])

    told = [
        *(change("a_one", 20), change("b_two", 12), change("c_stn", 12, factor="dbs_stn")),
        *(change("d_untold", 12, factor=None), change("e_early", 6) | {"overlaps_with": ["b_two"]}),
    ]
    base = base_of(tmp_path, *told)
    question = ("after_vs_before", "dbs_gpi", "within", "human", "g")
    assert meta.poolable(base) == {("blinks", question): ("a_one", "b_two")}
    found = meta.analyse(base, "blinks")
    assert found.left_out == {
        "c_stn/cr": "another question (after vs before, dbs stn, within, human, g)",
        "d_untold/cr": "after vs before of what is not typed (factor)",
        "e_early/cr": "probably the same people, in part, as b_two, which is larger",
    }
    low, high = (found.sensitivity[r].estimate for r in (0.3, 0.7))
    assert high < found.outcomes["REML"].estimate < low < 0
    assert set(found.as_json()["outcomes"]) == {"DL", "REML", "REML, r 0.3", "REML, r 0.7"}
    assert base.overlapping("b_two") == {"e_early"} and base.overlapping("a_one") == frozenset()


def test_pooled_studies_that_share_people_count_once(tmp_path: Path) -> None:
    """Two pooled studies that hold one study, what overlaps a study that is held, and what overlaps that pool."""
    cases = [group | {"n": 90} for group in STUDY["findings"][0]["groups"]]
    big, small = {"findings__0__groups": cases}, {"findings__0__groups__0__n": 7}
    base = base_of(
        tmp_path,
        *(study(name) for name in ("x", "y", "z", "apart")),
        study("a_pool", kind="pooled", contains=["x", "y"], **big),
        study("b_pool", kind="pooled", contains=["y", "z"]),
        study("c_near_x") | {"overlaps_with": ["x"]},
        study("d_near_pool") | {"overlaps_with": ["b_pool"]},
        study("e_held", findings__0__condition="blepharospasm", conditions=["blepharospasm"], **big),
        study("f_pool", kind="pooled", contains=["e_held"], **small),
    )
    assert base.people_of("c_near_x") == {"c_near_x", "x"} and base.people_of("apart") == {"apart"}
    assert base.people_of("a_pool") == {"a_pool", "x", "y", "c_near_x"}
    found = meta.analyse(base, "blinks")
    assert [one.study.id for one, _ in found.used] == ["a_pool", "apart", "f_pool"]
    again = "probably the same people, in part, as a_pool, which is larger"
    assert {found.left_out[f"{name}/cr"] for name in ("b_pool", "c_near_x", "d_near_pool")} == {again}
    assert found.left_out["e_held/cr"] == "its data are in f_pool"


def test_no_size_follows_from_a_p_that_the_question_calls_corrected_for_something() -> None:
    for one in evidence.load().checked:
        if re.search(r"\bcorrected|adjusted", one.finding.what) and one.finding.design == "between":
            with contextlib.suppress(UnusableError):
                assert not effect_size(one.finding).how.startswith("p,"), one.name


def test_unverified_numbers_enter_no_statistic(tmp_path: Path) -> None:
    base = evidence.load(write(tmp_path, study("a_one"), study("b_two")), shipped=False)
    with pytest.raises(
        EvidenceError, match=r"needs 2 usable studies, and there is 0; left out: 2 not verified \(unread"
    ):
        meta.analyse(base, "blinks")
    with pytest.raises(UnknownNameError, match="did you mean 'blinks'"):
        meta.analyse(base, "blink")
    with pytest.raises(EvidenceError, match=r"in cervical_dystonia_with_tremor .*there is no finding on it"):
        meta.analyse(base, "blinks", "cervical_dystonia_with_tremor")


def test_the_verb_writes_figure_and_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base_of(tmp_path, study("a_one"), study("b_two", findings__0__groups__0__mean=25), study("c_three"))
    words = ["evidence", "meta", "--measure", "blinks", "--base", str(tmp_path), "--out", str(tmp_path / "out")]
    assert cli.call([*words, "--condition", "cervical_dystonia"]) == 0
    told = capsys.readouterr().out
    assert "REML: -0." in told and "a_one/cr: -0." in told and "further studies" in told
    assert (tmp_path / "out" / "forest.png").read_bytes().startswith(b"\x89PNG")
    assert cli.call([*words, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["meta"]["used"]) == 3


def test_the_verb_lists_what_can_be_pooled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base_of(tmp_path, study("a_one"), study("b_two"))
    assert cli.call(["evidence", "meta", "--base", str(tmp_path)]) == 0
    assert "blinks\till_vs_healthy\t-\tbetween\thuman\tg\t2" in capsys.readouterr().out
    assert cli.call(["evidence", "meta", "--condition", "blepharospasm", "--base", str(tmp_path), "--json"]) == 0
    assert "blinks" not in {row["measure"] for row in json.loads(capsys.readouterr().out)["poolable"]}
    assert cli.call(["evidence", "meta", "--condition", "nowhere", "--base", str(tmp_path)]) == cli.BAD_INPUT
