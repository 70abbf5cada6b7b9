"""Findings as tests: the form, shared runs, the verb; nothing is simulated here."""

from __future__ import annotations

import json
import math
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, get_args

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import Field

from dystolab import cli, evidence, experiments
from dystolab.errors import EvidenceError, SimulationError, UnknownNameError
from dystolab.evidence import base as bases
from dystolab.evidence.model_checks import form, outcome, predicates, reading, running
from dystolab.evidence.model_checks.check import Check, State
from dystolab.experiments.settings import Settings
from dystolab.result import Measure, Result
from evidence_files import STUDY, dumped, study
from test_evidence_meta import base_of

PREDICATES = (form.ByDirection, form.BySize, form.ByRatio, form.ByEquivalence)
FIVE = {"value": 5, "of": "measure", "why": "x"}
ENTRY: dict[str, Any] = {
    "id": "blinks",
    "finding": "doe_2001_blink/cr",
    "stands_for": "bursting Purkinje cells for patients",
    "subject": {"mechanisms": [{"name": "purkinje_burst", "severity": 1}]},
    "experiment": {"name": "rest", "settings": {"duration_ms": 1000}},
    "measure": "lid_cr_percent",
    "predicate": {"kind": "direction", "expects": "decrease", "test": "t", "alpha": 0.05, "smallest": FIVE},
    "kind": "prediction",
    "why": "nothing was tuned on it",
    "species_gap": None,
    "leaves_out": "people",
}


class TinyRest(Settings):
    """Runs at once: a bursting subject has less of everything, and seed 13 runs away."""

    name: ClassVar[str] = "rest"
    circuit: ClassVar[str] = "mouse-cerebellum"
    runs: ClassVar[list[tuple[str, int]]] = []
    duration_ms: int = Field(default=1000, ge=1000)
    interrupt: bool = False

    def run(self, subject: Any, *, threads: int, progress: Any, checkpoint_dir: Path) -> Result:
        told = subject.describe()
        ill = bool(told["mechanisms"])
        TinyRest.runs.append((told["mechanisms"][0]["name"] if ill else "healthy", subject.seed))
        if self.interrupt and subject.seed == 2:
            raise KeyboardInterrupt
        progress(500.0, 1000.0)
        progress(1000.0, 1000.0)
        if ill and subject.seed == 3 and self.duration_ms == 2000:
            raise SimulationError("purkinje_cell fires at 812 Hz at 120 ms")
        value = (20.0 if ill else 30.0) + 0.1 * subject.seed
        found = {"lid_cr_percent": Measure(value, "%"), "rate_hz.dcn_glut": Measure(value, "Hz")}
        return Result("rest", self.model_dump(mode="json"), told, found, {}, arrays={"spikes": np.ones(5)})


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(experiments._KINDS, "rest", TinyRest)
    TinyRest.runs.clear()
    yield


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> evidence.Base:
    finding = STUDY["findings"][0]
    null = finding | {"id": "null", "direction": "no_change", "p": {"relation": "=", "value": 0.6}}
    bare = finding | {"id": "bare", "groups": [], "effect": {"kind": "percent_change", "value": -40, "spread": None}}
    unsure = finding | {"id": "unsure", "groups": [finding["groups"][0] | {"spread": {"kind": "unstated", "value": 9}}]}
    unsure |= {"design": "within"}
    folder = tmp_path_factory.mktemp("base")
    return base_of(folder, study("doe_2001_blink", findings=[finding, null, bare, unsure]))


def read(base: evidence.Base, folder: Path, *entries: dict[str, Any] | str) -> tuple[tuple[Check, ...], list[str]]:
    (folder / "checks").mkdir(parents=True, exist_ok=True)
    text = entries[0] if entries and isinstance(entries[0], str) else dumped({"about": "x", "checks": list(entries)})
    (folder / "checks" / "own.yaml").write_text(str(text))
    found, problems = reading.read(base, folder, shipped=False)
    return found, [str(problem).replace(str(folder), "") for problem in problems]


# --- what comes with the package


@pytest.fixture(scope="module")
def shipped() -> tuple[Check, ...]:
    return reading.load(evidence.load())


def test_shipped_checks_can_be_read_and_cover_the_field(shipped: tuple[Check, ...]) -> None:
    assert len({check.entry.id for check in shipped}) >= 25
    assert {check.state for check in shipped} == {"ready", "needs", "waiting"}
    assert {check.entry.kind for check in shipped} == {"calibration", "prediction"}
    kinds = {check.entry.predicate.kind for check in shipped if check.entry.predicate}
    assert kinds == {"direction", "size", "ratio", "equivalence"}
    run = {check.entry.experiment.name for check in shipped if check.state == "ready" and check.entry.experiment}
    assert {"rest", "eyeblink", "posture"} <= run
    for check in shipped:
        assert check.finding.verified or check.state != "ready"


def test_what_is_missing_is_listed_by_its_name(shipped: tuple[Check, ...]) -> None:
    needed = {str(one) for check in shipped for one in check.entry.needs}
    assert {"experiment saccade_adaptation", "stimulation pallidal_dbs"} <= needed
    assert {check.why_not for check in shipped if check.entry.id == "saccade_adaptation_dyt_sgce"} == {
        "needs experiment saccade_adaptation"
    }
    assert all(not check.why_not for check in shipped if check.state == "ready")


def test_runs_do_not_depend_on_findings(shipped: tuple[Check, ...], tmp_path: Path) -> None:
    runs = running.Runs(tmp_path)
    ready = [check for check in shipped if check.state == "ready"]
    words = {word for check in ready for word in (check.entry.id, check.finding.study.id, check.finding.name)}
    for check in ready:
        for reference in (False, True) if check.compares else (False,):
            (run,) = runs.of(check, 1, reference=reference)
            told = json.dumps(running.asked(run.experiment, run.subject))
            assert not [word for word in words if f'"{word}"' in told]
    assert len(runs.all(ready, 1)) < len(ready) / 3  # shared


# --- form


def test_an_entry_becomes_a_check_for_each_mechanism(base: evidence.Base, tmp_path: Path) -> None:
    each = [{"name": name, "severity": 1} for name in ("purkinje_burst", "olive_burst")]
    found, problems = read(base, tmp_path, ENTRY | {"subject": {}, "each_of": each})
    assert problems == []
    assert [check.name for check in found] == ["blinks/purkinje_burst", "blinks/olive_burst"]
    assert found[1].subject(4).describe()["mechanisms"][0]["name"] == "olive_burst"
    assert found[1].reference(4).describe()["mechanisms"] == []
    assert (found[1].state_of_subject(), found[1].state_of_reference()) == ("olive_burst 1", "healthy")
    assert reading.select(found, ["blinks"]) == found
    assert reading.select(found, ["blinks/olive_burst"], "rest") == found[1:]
    assert reading.select(found, [], "eyeblink") == ()
    with pytest.raises(UnknownNameError, match="did you mean 'blinks'"):
        reading.select(found, ["blink"])


EQUAL = {"kind": "equivalence", "alpha": 0.05, "smallest": FIVE}
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "key": ({"mesure": "x"}, "unknown key 'mesure'; allowed: id, finding"),
    "key below": ({"experiment": {"name": "rest", "setings": {}}}, "did you mean 'settings'?"),
    "key of a predicate": (
        {"predicate": {"kind": "size", "group": "case", "spread": "sd"}}, "did you mean 'spread_is'?"
    ),
    "kind of a predicate": ({"predicate": {"kind": "sise", "group": "case"}}, "did you mean 'size'?"),
    "no kind": ({"predicate": {"group": "case"}}, "allowed: direction, size, ratio, equivalence"),
    "alpha": ({"predicate": ENTRY["predicate"] | {"alpha": 0.7}}, "predicate.direction.alpha '0.7' is not allowed"),
    "severity": ({"subject": {"mechanisms": [{"name": "purkinje_burst", "severity": 0}]}}, "greater than 0"),
    "study": ({"finding": "doe_2001_blnk/cr"}, "did you mean 'doe_2001_blink'?"),
    "finding": ({"finding": "doe_2001_blink/crr"}, "did you mean 'cr'?"),
    "experiment": ({"experiment": {"name": "rests"}}, "did you mean 'rest'? Or say `needs:"),
    "setting": ({"experiment": {"name": "rest", "settings": {"duration": 1000}}}, "did you mean 'duration_ms'"),
    "value of a setting": ({"experiment": {"name": "rest", "settings": {"duration_ms": 1}}}, "greater than or equal"),
    "measure": ({"measure": "lid_cr_percents"}, "did you mean 'lid_cr_percent'?"),
    "list": ({"measure": "lid_cr_percent_by_block"}, "is a list; allowed: a measure of one number"),
    "mechanism": ({"subject": {"mechanisms": [{"name": "purkinje_bursts", "severity": 1}]}}, "'purkinje_burst'?"),
    "option": (
        {"subject": {"mechanisms": [{"name": "purkinje_burst", "severity": 1, "options": {"x": 1}}]}}, "option"
    ),
    "circuit": ({"subject": {"circuit": "mouse-cerebelum"}}, "did you mean 'mouse-cerebellum'?"),
    "does not fit": ({"subject": ENTRY["subject"] | {"circuit": "head"}}, "does not fit circuit 'head'"),
    "lesion": ({"subject": {"lesions": ["nothing_there"]}, "reference": {}}, "nothing_there"),
    "same": ({"subject": {}}, "subject and reference are the same"),
    "missing": ({"measure": None}, "measure is missing"),
    "direction": ({"predicate": ENTRY["predicate"] | {"expects": "increase"}}, "the finding says decrease"),
    "no null": ({"predicate": EQUAL}, "equivalence, and the finding says decrease"),
    "two tolerances": ({"predicate": {"kind": "ratio", "within": 2, "why": "x"}}, "tells how sure it is"),
    "no tolerance": ({"predicate": {"kind": "ratio"}, "finding": "doe_2001_blink/bare"}, "add `within:`"),
    "no number": ({"predicate": {"kind": "size", "group": "case"}, "finding": "doe_2001_blink/bare"}, "no number"),
    "unstated": ({"predicate": {"kind": "size", "group": "case"}, "finding": "doe_2001_blink/unsure"}, "how sure"),
    "stated": ({"predicate": {"kind": "size", "group": "case", "spread_is": "sd", "why": "x"}}, "for a spread that is"),
    "unit": ({"predicate": {"kind": "size", "group": "case"}, "measure": "rate_hz.dcn_glut"}, "the measure in Hz"),
    "epoch": (
        {"experiment": {"name": "posture", "settings": {"epochs": ["free"]}}, "measure": "head_sd_deg.upright",
         "subject": {"mechanisms": [{"name": "integrator_leak", "severity": 1}]}},
        "of an epoch that is not asked for",
    ),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_told_in_one_line(base: evidence.Base, tmp_path: Path, wrong: str) -> None:
    change, said = WRONG[wrong]
    found, problems = read(base, tmp_path, ENTRY | change)
    assert found == ()
    assert any(said in problem for problem in problems), problems
    assert all("\n" not in problem and "/checks/own.yaml:" in problem for problem in problems)


def test_problems_stand_at_their_line(base: evidence.Base, tmp_path: Path) -> None:
    text = dumped({"about": "x", "checks": [ENTRY | {"measure": "x", "kind": "guess"}, ENTRY | {"measure": "nope"}]})
    _, problems = read(base, tmp_path, text)
    lines = text.splitlines()
    for problem in problems:
        line = int(problem.split(":")[1])
        assert lines[line - 1].strip().startswith(("kind: guess", "measure: nope"))
    with pytest.raises(EvidenceError, match=r"and 1 more"):
        reading.load(base, tmp_path, shipped=False)


def test_ids_stand_once(base: evidence.Base, tmp_path: Path) -> None:
    found, problems = read(base, tmp_path, ENTRY, ENTRY)
    assert len(found) == 1 and "already; allowed: once" in problems[0]


def test_a_check_that_needs_something_is_listed(base: evidence.Base, tmp_path: Path) -> None:
    needs = [{"what": "experiment", "name": "walk"}, {"what": "measure", "name": "step_error_mm"}]
    entry = {key: ENTRY[key] for key in ("id", "finding", "stands_for", "kind", "why", "species_gap", "leaves_out")}
    (check,), problems = read(base, tmp_path, entry | {"needs": needs, "experiment": {"name": "walk"}})
    assert problems == [] and check.state == "needs"
    assert check.why_not == "needs experiment walk, measure step_error_mm"
    assert outcome.left_row(check)[-1] == check.why_not
    (check,), (remark,) = read(base, tmp_path, ENTRY | {"needs": [{"what": "experiment", "name": "rest"}]})
    assert "(remark)" in remark and "there is one" in remark and check.state == "needs"


def test_only_verified_findings_are_run(tmp_path: Path) -> None:
    base_of(tmp_path, study("doe_2001_blink"))
    (tmp_path / "second" / "doe_2001_blink.yaml").unlink()
    (check,), problems = read(evidence.load(tmp_path, shipped=False), tmp_path, ENTRY)
    assert problems == [] and check.state == "waiting"
    assert check.why_not == "waits for verification (unread)"


PATHS = [
    ("about",), ("checks",), ("checks", 0), *(("checks", 0, key) for key in ENTRY),
    ("checks", 0, "subject", "mechanisms"), ("checks", 0, "subject", "mechanisms", 0),
    ("checks", 0, "experiment", "settings"), ("checks", 0, "experiment", "name"), ("checks", 0, "predicate", "kind"),
    ("checks", 0, "predicate", "alpha"), ("checks", 0, "needs"),
]  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
    | st.sampled_from(["rest", "case", "size", "ratio", "doe_2001_blink/null", "lid_cr_percent", "a/b/c", "/", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3), max_leaves=5,
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(PATHS), value=VALUES)
def test_no_file_crashes_the_reader(
    base: evidence.Base, tmp_path_factory: pytest.TempPathFactory, path: tuple[Any, ...], value: Any
) -> None:
    tree = json.loads(json.dumps({"about": "x", "checks": [ENTRY]}))
    at: Any = tree
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    folder = tmp_path_factory.getbasetemp() / "fuzz"
    _, problems = read(base, folder, yaml.safe_dump(tree))
    assert all("\n" not in problem for problem in problems)


# --- runs


def checks_of(base: evidence.Base, folder: Path, *entries: dict[str, Any]) -> tuple[Check, ...]:
    found, problems = read(base, folder, *entries)
    assert problems == []
    return found


def test_runs_are_shared_kept_and_gone_on_with(base: evidence.Base, tmp_path: Path, tiny: None) -> None:
    null = ENTRY | {"id": "null", "finding": "doe_2001_blink/null", "predicate": EQUAL, "measure": "rate_hz.dcn_glut"}
    size = ENTRY | {"id": "healthy", "subject": {}, "predicate": {"kind": "size", "group": "reference"}}
    checks = checks_of(base, tmp_path, ENTRY, null, size)
    runs = running.Runs(tmp_path / "out")
    told: list[tuple[float, float]] = []
    assert runs.execute(runs.all(checks, 2), 1, lambda *ms: told.append(ms)) == 4
    assert sorted(TinyRest.runs) == [("healthy", 1), ("healthy", 2), ("purkinje_burst", 1), ("purkinje_burst", 2)]
    assert told[-1] == (4000.0, 4000.0)
    assert running.Runs(tmp_path / "out").execute(runs.all(checks, 3), 1) == 2  # the third of each
    first, second, third = outcome.outcomes(checks, running.Runs(tmp_path / "out"), 3)
    assert first.case == pytest.approx((20.1, 20.2, 20.3)) and first.reference == pytest.approx((30.1, 30.2, 30.3))
    assert (first.judged.verdict, second.judged.verdict, third.judged.verdict) == ("agrees", "disagrees", "agrees")
    assert third.reference == ()
    run = runs.of(first.check, 1)[0]
    assert Result.load(run.path).arrays == {}  # measures only
    assert json.loads((run.folder / "asked.json").read_text())["experiment"] == "rest"
    pickle.loads(pickle.dumps(run))  # as workers get it


def test_a_stopped_round_goes_on(base: evidence.Base, tmp_path: Path, tiny: None) -> None:
    stops = {"name": "rest", "settings": {"interrupt": True}}
    checks = checks_of(base, tmp_path, ENTRY | {"experiment": stops})
    runs = running.Runs(tmp_path / "out")
    with pytest.raises(KeyboardInterrupt):
        runs.execute(runs.all(checks, 3), 1)
    assert sum(run.done for run in runs.all(checks, 3)) == 1


def test_a_run_that_runs_away_is_told_and_kept(base: evidence.Base, tmp_path: Path, tiny: None) -> None:
    checks = checks_of(base, tmp_path, ENTRY | {"experiment": {"name": "rest", "settings": {"duration_ms": 2000}}})
    runs = running.Runs(tmp_path / "out")
    runs.execute(runs.all(checks, 3), 1)
    assert runs.execute(runs.all(checks, 3), 1) == 0
    (found,) = outcome.outcomes(checks, runs, 3)
    assert found.failures == ("seed 3: purkinje_cell fires at 812 Hz at 120 ms",)
    assert math.isnan(found.case[2]) and found.judged.numbers["n"] == 2
    page = outcome.markdown([found], [], 3)
    assert "run failed: seed 3" in page
    json.dumps(outcome.report([found], [], 3), allow_nan=False)


def test_a_measure_that_no_result_holds_is_told(base: evidence.Base, tmp_path: Path, tiny: None) -> None:
    checks = checks_of(base, tmp_path, ENTRY | {"measure": "cr_percent"})
    runs = running.Runs(tmp_path / "out")
    runs.execute(runs.all(checks, 2), 1)
    (found,) = outcome.outcomes(checks, runs, 2)
    assert found.judged.verdict == "undecided" and "no result of rest holds cr_percent" in found.judged.why


# --- the verb


@pytest.fixture
def own(base: evidence.Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny: None) -> Path:
    """Return a folder with a study and checks of one's own, and no other in the world."""
    base_of(tmp_path, study("doe_2001_blink"))
    (tmp_path / "empty").mkdir()
    monkeypatch.setattr(bases, "SHIPPED", tmp_path / "empty")
    monkeypatch.setattr(reading, "SHIPPED", tmp_path / "empty")
    monkeypatch.chdir(tmp_path)
    bases._shipped.cache_clear()
    later = ENTRY | {"id": "later", "needs": [{"what": "experiment", "name": "saccade_adaptation"}]}
    wrong_way = ENTRY | {"id": "other_way", "predicate": ENTRY["predicate"] | {"expects": "increase", "reading": "x"}}
    read(base, tmp_path, ENTRY, wrong_way, later)
    return tmp_path


def call(capsys: pytest.CaptureFixture[str], own: Path, *words: str, code: int = 0) -> str:
    assert cli.call(["evidence", "test", *words, "--base", str(own)]) == code
    out, err = capsys.readouterr()
    return err if code else out


def test_the_verb_runs_checks_and_draws_them(capsys: pytest.CaptureFixture[str], own: Path) -> None:
    told = call(capsys, own, "--subjects", "3", "--out", "round")  # exit 0, though one disagrees
    assert "blinks\tdoe_2001_blink/cr\t↓ decrease, 20 % (SD 10) / 30 % (SD 12), p = 0.04\tlid_cr_percent" in told
    assert "20.2 ± 0.1 % / 30.2 ± 0.1 %\tagrees\tprediction" in told
    assert "prediction: 1 agrees, 1 disagrees, 0 undecided" in told
    assert "not run: 1 need something, 0 wait for verification" in told
    page = (own / "round" / "checks.md").read_text()
    assert "### other_way: disagrees" in page and "needs experiment saccade_adaptation" in page
    assert (own / "round" / "checks.png").stat().st_size > 10_000
    stored = json.loads((own / "round" / "checks.json").read_text())
    assert stored["counts"]["prediction"] == {"agrees": 1, "disagrees": 1, "undecided": 0}
    ran = len(TinyRest.runs)
    asked = json.loads(call(capsys, own, "blinks", "--subjects", "3", "--out", "round", "--json"))
    assert len(TinyRest.runs) == ran  # all were there
    assert [check["verdict"] for check in asked["checks"]] == ["agrees"] and asked["not_run"] == []


def test_the_list_runs_nothing(capsys: pytest.CaptureFixture[str], own: Path) -> None:
    told = call(capsys, own, "--list")
    assert "later\tdoe_2001_blink/cr" in told and "needs experiment saccade_adaptation" in told and "\tready" in told
    assert [one["state"] for one in json.loads(call(capsys, own, "--list", "--json"))["checks"]] == [
        "ready", "ready", "needs",
    ]  # fmt: skip
    assert TinyRest.runs == [] and not (own / "results").exists()


def test_mistakes_are_one_line(capsys: pytest.CaptureFixture[str], own: Path) -> None:
    assert "did you mean 'blinks'" in call(capsys, own, "blink", code=cli.BAD_INPUT)
    assert "unknown experiment 'rst'" in call(capsys, own, "--experiment", "rst", code=cli.BAD_INPUT)
    assert "--subjects" in call(capsys, own, "--subjects", "1", code=cli.BAD_INPUT)
    (own / "checks" / "own.yaml").write_text("about: x\nchecks: nothing\n")
    assert "own.yaml:2: checks" in call(capsys, own, code=cli.BAD_INPUT)


def test_nothing_to_run_is_no_mistake(capsys: pytest.CaptureFixture[str], own: Path) -> None:
    told = call(capsys, own, "later", "--out", "round")
    assert "prediction: 0 agrees" in told and not (own / "round" / "checks.png").exists()


def test_names_are_documented() -> None:
    text = (Path(__file__).parents[1] / "docs" / "names.md").read_text()
    for label, names in (
        ("Predicates of a check", [get_args(one.model_fields["kind"].annotation)[0] for one in PREDICATES]),
        ("Kinds of check", get_args(form.Kind)), ("Verdicts of a check", predicates.VERDICTS),
        ("States of a check", get_args(State)), ("What a check may need", get_args(form.What)),
    ):  # fmt: skip
        (line,) = (line for line in text.splitlines() if line.startswith(f"{label}: "))
        assert line.split("`")[1::2] == list(names)
