"""The command line: what it prints, its exit codes, and one clear line for every mistake."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import dystolab
import dystolab.experiments.eyeblink  # its phases are asked for while a fake stands for its package
from dystolab import cli, measures
from dystolab.circuit import presets
from dystolab.cli import _progress
from fakes import FakeExperiment, FakeMechanism, FakeModule, FakeSubject

ROOT = Path(__file__).parents[1]
MECHANISM = "purkinje_burst"


@pytest.fixture(autouse=True)
def laboratory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Work in an empty directory, with experiments and mechanisms that take no time."""
    monkeypatch.chdir(tmp_path)
    fakes = {
        "experiments": FakeModule({"eyeblink": "delay conditioning"}, {"eyeblink": FakeExperiment}),
        "mechanisms": FakeModule({MECHANISM: "bursts of Purkinje cells"}, {MECHANISM: FakeMechanism}),
        "experiments.base": SimpleNamespace(Subject=FakeSubject),
    }
    for name, module in fakes.items():
        monkeypatch.setitem(sys.modules, f"dystolab.{name}", module)
        monkeypatch.setattr(dystolab, name, module, raising=False)
    told = {"cr_percent": ("%", "trials with a conditioned response")}
    monkeypatch.setattr(measures, "NAMES", told, raising=False)


def run(*words: str) -> list[Path]:
    """Run the fake experiment and return what is in the directories under ``results``."""
    assert cli.call(["run", "eyeblink", *words]) == 0
    return sorted(Path("results").iterdir())


def complaint(capsys: pytest.CaptureFixture[str], *words: str, code: int = cli.BAD_INPUT) -> str:
    """Return the one line on stderr with which the command line refuses `words`."""
    assert cli.call(words) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("dystolab: ")
    assert err.count("\n") == 1
    return err


def test_run_saves_draws_and_tells_where(capsys: pytest.CaptureFixture[str]) -> None:
    (where,) = run("--trials", "10", "--mechanism", f"{MECHANISM}:0.6", "--subjects", "2")
    assert where.name.startswith("eyeblink-2")
    assert sorted(os.listdir(where)) == [
        *("figure.png", "run.json", "subject-000.zarr", "subject-001.zarr", "summary.json")
    ]
    out, _ = capsys.readouterr()
    assert f"Results: {where}" in out
    assert f"{where}/figure.png" in out
    assert "Next:" in out
    assert "cr_percent" in out
    assert "purkinje_burst 0.6: 2 subjects, seed 1 to 2" in out
    assert "(0.5 s per second)" in out
    assert (where / "figure.png").read_bytes().startswith(b"\x89PNG")


def test_json_is_all_of_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    (where,) = run("--json", "--subjects", "2", "--seed", "5", "--mechanism", f"{MECHANISM}:0.25")
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert told == json.loads((where / "summary.json").read_text())
    assert told["schema_version"] == 1
    assert [s["seed"] for s in told["subjects"]] == [5, 6]
    assert told["subjects"][0]["mechanisms"] == [{"name": MECHANISM, "severity": 0.25}]
    assert str(where) in err
    assert cli.call(["show", str(where), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == told


def test_a_movie_needs_a_head(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.call(["run", "eyeblink", "--movie", "head.mp4", "--json"]) == cli.BAD_INPUT
    assert "moves no head; `posture` does" in capsys.readouterr().err
    assert not Path("head.mp4").exists()


def test_phases_are_named_or_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert "did you mean 'acquisition'" in complaint(capsys, "run", "eyeblink", "--protocol", "aquisition")
    assert "exclude each other" in complaint(capsys, "run", "eyeblink", "--isi", "300", "--set", "isi_ms=200")


def test_lists_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.call(["list", "circuits", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["schema_version"] == 1
    assert [c["name"] for c in told["circuits"]] == list(presets.NAMES)
    assert all(c["doi"] and c["what_it_is"] for c in told["circuits"])


def test_settings_reach_the_experiment(capsys: pytest.CaptureFixture[str]) -> None:
    run(*"--set isi_ms=300 --set us=false --trials 7 --scale 0.5 --out results/here".split())
    plan = json.loads(Path("results/here/run.json").read_text())
    wanted = {"isi_ms": 300.0, "us": False, "trials": 7}
    assert {name: plan["settings"][name] for name in wanted} == wanted
    assert plan["subjects"][0]["scale"] == 0.5


def test_mechanism_takes_further_values() -> None:
    run("--mechanism", f"{MECHANISM}:1,period_ms=250", "--out", "results/here")
    (mechanism,) = json.loads(Path("results/here/run.json").read_text())["subjects"][0]["mechanisms"]
    assert mechanism == {"severity": 1.0, "period_ms": 250.0}


def test_workers_are_other_processes(capsys: pytest.CaptureFixture[str]) -> None:
    run("--subjects", "2", "--workers", "2", "--json")
    assert json.loads(capsys.readouterr().out)["runtime"]["workers"] == 2


def test_resume_goes_on_with_what_was_asked(capsys: pytest.CaptureFixture[str]) -> None:
    words = "run eyeblink --set trouble=runaway --subjects 3 --trials 9 --out results/a".split()
    told = complaint(capsys, *words, code=cli.FAILED)
    assert "subject 1: purkinje_cell fires at 812 Hz at 120 ms" in told
    how = told.split("go on with: dystolab ")[1].split()
    assert how == ["run", "eyeblink", "--resume", "results/a"]
    assert cli.call(how) == 0
    assert len(list(Path("results/a").glob("subject-*.zarr"))) == 3
    assert cli.call([*how[:3], "results/a/subject-000.zarr"]) == 0
    Path("results/a").rename("results/a.b")
    assert cli.call([*how[:3], "results/a.b"]) == 0
    Path("results/a.b").rename("results/a")
    capsys.readouterr()
    assert "its settings.trials is 9, and this asks for 8" in complaint(capsys, *how, "--trials", "8", code=1)
    assert "number of subjects is 3" in complaint(capsys, *how, "--subjects", "2", code=1)
    assert "exclude each other" in complaint(capsys, *how, "--out", "b")
    assert "is of experiment 'eyeblink', not 'rest'" in complaint(
        capsys, "run", "rest", "--resume", "results/a", code=1
    )


def test_interrupt_tells_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["run", "eyeblink", "--set", "trouble=interrupt", "--subjects", "3", "--out", "results/a"]
    told = complaint(capsys, *words, code=cli.INTERRUPTED)
    assert told == (
        "dystolab: stopped, 1 of 3 subjects finished; go on with: dystolab run eyeblink --resume results/a\n"
    )


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ("run eyeblnk", "unknown experiment 'eyeblnk' - did you mean 'eyeblink'?"),
        ("rnu eyeblink", "unknown verb 'rnu' - did you mean 'run'?"),
        (
            "run eyeblink --circuit mouse-cerebelum",
            "unknown circuit 'mouse-cerebelum' - did you mean 'mouse-cerebellum'?",
        ),
        ("run eyeblink --mechanism purkinje_brst:0.5", "did you mean 'purkinje_burst'?"),
        ("run eyeblink --mechanism purkinje_burst", "must be NAME:SEVERITY"),
        ("run eyeblink --mechanism purkinje_burst:much", "must be NAME:SEVERITY"),
        ("run eyeblink --mechanism purkinje_burst:1.1", "must lie between 0 (healthy) and 1, got 1.1"),
        ("run eyeblink --mechanism purkinje_burst:-0.1", "must lie between 0 (healthy) and 1"),
        ("run eyeblink --mechanism purkinje_burst:nan", "must lie between 0 (healthy) and 1"),
        ("run eyeblink --mechanism purkinje_burst:0.5,period_ms=-1", "period_ms"),
        ("run eyeblink --mechanism purkinje_burst:0.5,periods=1", "periods"),
        ("run eyeblink --mechanism purkinje_burst:0.5,period_ms", "must be name=value"),
        ("run eyeblink --mechanism purkinje_burst:0.5,severity=1", "given twice"),
        ("run eyeblink --trials 0", "trials"),
        ("run eyeblink --trials ten", "valid integer"),
        ("run eyeblink --trials 5 --set trials=5", "exclude each other"),
        ("run eyeblink --set trial=5", "unknown setting of eyeblink 'trial' - did you mean 'trials'?"),
        ("run eyeblink --set trials", "must be name=value"),
        ("run eyeblink --set isi_ms=nan", "isi_ms"),
        ("run eyeblink --set isi_ms=1 --set isi_ms=2", "given twice"),
        ("run eyeblink --subjects 0", "--subjects must be at least 1, got 0"),
        ("run eyeblink --subjects -3", "--subjects must be at least 1, got -3"),
        ("run eyeblink --seed -1", "--seed must not be negative"),
        ("run eyeblink --scale 0", "--scale must be above 0"),
        ("run eyeblink --scale inf", "--scale must be above 0"),
        ("run eyeblink --movie head.gif", "--movie head.gif: a movie is an .mp4 file"),
        ("run eyeblink --workers 0", "workers must be at least 1, got 0"),
        ("run eyeblink --threads -2", "threads must be at least 1, got -2"),
        ("run eyeblink --trails 5", "--trials"),
        ("run", "EXPERIMENT"),
        ("list mechanism", "did you mean 'mechanisms'?"),
        ("plot", "RESULT"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(capsys: pytest.CaptureFixture[str], words: str, match: str) -> None:
    assert match in complaint(capsys, *words.split())
    assert not Path("results").exists()


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ("show nothing", "nothing is no run: it has no run.json"),
        ("show nothing.zarr", "nothing.zarr is no result: no such directory"),
        ("plot nothing.zarr", "no such directory"),
        ("run eyeblink --resume nothing", "it has no run.json"),
        ("run eyeblink --out full", "full is not empty"),
        ("run eyeblink --set trouble=bug --set trouble_seed=1", "internal error (ValueError: a bug)"),
    ],
)
def test_failed_runs_are_one_line(capsys: pytest.CaptureFixture[str], words: str, match: str) -> None:
    Path("full").mkdir()
    Path("full", "file").touch()
    assert match in complaint(capsys, *words.split(), code=cli.FAILED)


def test_debug_shows_where() -> None:
    with pytest.raises(ValueError, match="a bug"):
        cli.call(["--debug", "run", "eyeblink", "--set", "trouble=bug", "--set", "trouble_seed=1"])


def test_damaged_result_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    (where,) = run()
    capsys.readouterr()
    chunk = where / "subject-000.zarr" / "cr" / "trial" / "c" / "0"
    chunk.write_bytes(chunk.read_bytes()[:-3])
    for verb in ("show", "plot"):
        assert f"{chunk} is damaged" in complaint(capsys, verb, str(where), code=cli.FAILED)


def test_show_and_plot_take_a_run_or_one_subject(capsys: pytest.CaptureFixture[str]) -> None:
    (where,) = run("--subjects", "2")
    capsys.readouterr()
    assert cli.call(["show", str(where)]) == 0
    assert "2 subjects, seed 1 to 2" in capsys.readouterr().out
    assert cli.call(["show", str(where / "subject-001.zarr")]) == 0
    assert "1 subject, seed 2" in capsys.readouterr().out
    assert cli.call(["plot", str(where), "--figure", "learning"]) == 0
    assert capsys.readouterr().out == f"{where}/learning.png\n"
    assert cli.call(["plot", str(where / "subject-001.zarr"), "--out", "deep/a.svg"]) == 0
    assert Path("deep/a.svg").read_text().startswith("<?xml")
    capsys.readouterr()
    assert "did you mean 'learning'?" in complaint(capsys, "plot", str(where), "--figure", "lerning")
    assert "unknown format of a figure 'jpgg'" in complaint(capsys, "plot", str(where), "--out", "a.jpgg")
    told = complaint(capsys, "plot", str(where), "--figure", "raster", code=cli.FAILED)
    assert "holds no spikes" in told


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("experiments", "eyeblink\tdelay conditioning\t10.3389/fnsys.2022.919761"),
        ("mechanisms", "purkinje_burst\tbursts of Purkinje cells\t10.3389/fnsys.2022.919761"),
        ("measures", "cr_percent\t%\ttrials with a conditioned response"),
    ],
)
def test_list_is_one_line_per_item(capsys: pytest.CaptureFixture[str], kind: str, line: str) -> None:
    assert cli.call(["list", kind]) == 0
    assert capsys.readouterr().out == line + "\n"


def test_list_of_circuits_names_their_sources(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.call(["list", "circuits"]) == 0
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [len(line) for line in lines] == [3, 3, 3, 3, 3, 3]
    for name, _, sources in lines:
        assert ("10.3389/fnsys.2022.919761" in sources) == (name not in ("head", "arm"))
        assert ("10.1152/jn.1993.70.6.2470" in sources) == name.endswith(("head", "arm"))


def test_help_of_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.call(["--help"]) == 0
    told = capsys.readouterr().out
    for verb in cli.verbs():
        assert verb in told
        assert cli.call([verb, "--help"]) == 0
        assert "Usage: dystolab" in capsys.readouterr().out
    assert cli.call(["--version"]) == 0
    assert capsys.readouterr().out.strip() == dystolab.__version__


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom dystolab import cli\nassert cli.call(['--help']) == 0\n"
        "heavy = {'numba', 'numpy', 'zarr', 'matplotlib', 'scipy', 'pydantic'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=ROOT)


def test_import_has_no_side_effects() -> None:
    code = (
        "import sys\nbefore = set(sys.modules)\nimport dystolab\n"
        "new = {name for name in set(sys.modules) - before if name.startswith('dystolab.')}\n"
        "assert not new, new"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=ROOT)


def test_every_public_name_has_a_home() -> None:
    for name, home in dystolab._HOMES.items():
        assert name in dystolab.__all__
        assert importlib.util.find_spec(home.partition(".experiments")[0]) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        dystolab.nonsense  # noqa: B018


def value_of(text: str) -> Any:
    from dystolab.cli._request import assignments

    return assignments([text], "--set")


def test_values_may_hold_equal_signs() -> None:
    assert value_of("a=b=c") == {"a": "b=c"}


def test_the_next_command_asks_for_the_same_with_more_mice(capsys: pytest.CaptureFixture[str]) -> None:
    run("--trials", "3", "--set", "isi_ms=300", "--circuit", "mouse-2022", "--mechanism", f"{MECHANISM}:0.5")
    (told,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("Next:"))
    for asked in ("--circuit mouse-2022", "--set trials=3", "--set isi_ms=300", f"--mechanism {MECHANISM}:0.5"):
        assert asked in told


def test_time_left_does_not_count_what_comes_before_the_simulation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = iter([0.0, 70.0, 101.0])  # asked, compiled, a fifth of the rest done
    monkeypatch.setattr(_progress.time, "monotonic", lambda: next(now))
    told = _progress._lines("eyeblink")
    told(1000.0, 151_000.0)
    told(31_000.0, 151_000.0)
    assert capsys.readouterr().err.splitlines() == ["eyeblink: 31 of 151 s simulated, about 124 s left"]
