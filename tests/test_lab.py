"""Runs of many subjects: saving, resuming, workers that fail or die, and what subjects have in common."""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from dystolab.errors import ResultError, SimulationError, SpecError, UnknownNameError
from dystolab.experiments import Subject, eyeblink
from dystolab.lab import lock, runs
from dystolab.lab.aggregate import SUBJECT_KEYS, aggregate, population_rates, summary
from dystolab.lab.plan import Plan
from dystolab.lab.runs import load_run, run_many
from dystolab.measures.interval import mean_interval
from dystolab.result import Measure, Result
from fakes import FakeExperiment, FakeSubject, eyeblink_result, rest_result

SUBJECTS = [FakeSubject(seed=seed) for seed in (1, 2, 3)]
NAMES = ["run.json", "subject-000.zarr", "subject-001.zarr", "subject-002.zarr"]


@pytest.mark.parametrize("workers", [1, 2])
def test_every_subject_is_saved_in_order(tmp_path: Path, workers: int) -> None:
    told: list[tuple[float, float]] = []
    paths = run_many(FakeExperiment(), SUBJECTS, tmp_path / "out", workers=workers, progress=lambda *t: told.append(t))
    assert sorted(os.listdir(tmp_path / "out")) == NAMES
    assert [Result.load(path).subject["seed"] for path in paths] == [1, 2, 3]
    assert [r.runtime["workers"] for r in load_run(tmp_path / "out")] == [workers] * 3
    assert told[-1] == (9000.0, 9000.0)
    assert [bool(r.arrays) for r in load_run(tmp_path / "out", arrays=1)] == [True, False, False]


def test_results_do_not_depend_on_workers(tmp_path: Path) -> None:
    for workers in (1, 2):
        run_many(FakeExperiment(), SUBJECTS[:2], tmp_path / str(workers), workers=workers)
    one, two = (load_run(tmp_path / str(workers)) for workers in (1, 2))
    for a, b in zip(one, two, strict=True):
        assert all(np.array_equal(a.arrays[name], b.arrays[name]) for name in a.arrays)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("trouble", "kind", "match"),
    [
        ("runaway", SimulationError, "subject 1: purkinje_cell fires at 812 Hz"),
        ("spec", SpecError, "the zone is empty"),
        ("unknown", UnknownNameError, "subject 1: unknown population 'granule_cel' - did you mean 'granule_cell'"),
    ],
)
def test_failed_subject_is_named_and_resumed(
    tmp_path: Path, workers: int, trouble: str, kind: type[Exception], match: str
) -> None:
    experiment = FakeExperiment(trouble=trouble)
    with pytest.raises(kind, match=match):
        run_many(experiment, SUBJECTS, tmp_path / "out", workers=workers)
    assert (tmp_path / "out" / "subject-000.zarr").exists()
    assert (tmp_path / "out" / "checkpoint-001").exists()
    before = (tmp_path / "out" / "subject-000.zarr").stat().st_mtime_ns
    run_many(experiment, SUBJECTS, tmp_path / "out", workers=workers, resume=True)
    assert sorted(os.listdir(tmp_path / "out")) == NAMES
    assert (tmp_path / "out" / "subject-000.zarr").stat().st_mtime_ns == before


def test_killed_worker_is_one_clear_error_and_nothing_is_lost(tmp_path: Path) -> None:
    experiment = FakeExperiment(trouble="killed", trouble_seed=3)
    with pytest.raises(SimulationError, match=r"a worker process was killed while subjects .*2 ran"):
        run_many(experiment, SUBJECTS, tmp_path / "out", workers=2)
    # Which of the others was finished by then is a matter of time; one was, for the third to start.
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("subject-*.zarr")}
    assert kept
    run_many(experiment, SUBJECTS, tmp_path / "out", workers=2, resume=True)
    assert all(path.stat().st_mtime_ns == written for path, written in kept.items())
    assert sorted(os.listdir(tmp_path / "out")) == NAMES


def test_a_run_that_could_not_begin_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError):
        run_many(eyeblink(trials=1), [Subject(circuit="head")], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_run_in_use_is_left_alone(tmp_path: Path) -> None:
    run_many(FakeExperiment(), SUBJECTS[:1], tmp_path)
    with lock.held(tmp_path), pytest.raises(ResultError, match=f"is in use by process {os.getpid()}"):
        run_many(FakeExperiment(), SUBJECTS[:1], tmp_path, resume=True)
    run_many(FakeExperiment(), SUBJECTS[:1], tmp_path, resume=True)


def test_a_worker_with_other_code_does_not_run(tmp_path: Path) -> None:
    job = runs.Job(FakeExperiment(), SUBJECTS[0], 0, tmp_path, 1, 1, code="of before")
    with pytest.raises(ResultError, match="have changed since the run began"):
        job.run(lambda *_: None)
    assert not list(tmp_path.iterdir())


def test_results_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    run_many(FakeExperiment(), SUBJECTS[:1], tmp_path)
    for number in (101, 1000):
        shutil.copytree(tmp_path / "subject-000.zarr", tmp_path / f"subject-{number}.zarr")
    assert [path.stem for path in runs.finished(tmp_path)] == ["subject-000", "subject-101", "subject-1000"]


def test_interrupt_keeps_what_is_finished(tmp_path: Path) -> None:
    experiment = FakeExperiment(trouble="interrupt")
    with pytest.raises(KeyboardInterrupt):
        run_many(experiment, SUBJECTS, tmp_path / "out")
    assert sorted(os.listdir(tmp_path / "out")) == ["checkpoint-001", "run.json", "subject-000.zarr"]


# Who runs the tests in the background of a shell hands Ctrl-C down as ignored.
SCRIPT = """
import sys, pathlib, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path.insert(0, {tests!r})
from fakes import FakeExperiment, FakeSubject
from dystolab.lab.runs import run_many
if __name__ == "__main__":
    try:
        run_many(FakeExperiment(trouble="slow"), [FakeSubject(seed=s) for s in (1, 2)], {out!r}, workers=2)
    except KeyboardInterrupt:
        sys.exit(130)
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_stopped_run_leaves_no_process_behind(tmp_path: Path, how: signal.Signals) -> None:
    script, out = tmp_path / "script.py", tmp_path / "out"
    script.write_text(SCRIPT.format(tests=str(Path(__file__).parent), out=str(out)))
    run = subprocess.Popen([sys.executable, str(script)], stderr=subprocess.PIPE, start_new_session=True)
    _until(lambda: (out / "checkpoint-001" / "tried").exists() and (out / "subject-000.zarr").exists())
    if how is signal.SIGINT:
        os.killpg(run.pid, how)  # as Ctrl-C does: the workers get it too
    else:
        run.kill()
    _, errors = run.communicate(timeout=20)
    assert run.returncode == (130 if how is signal.SIGINT else -signal.SIGKILL)
    assert b"Traceback" not in errors
    _until(lambda: not _alive_in_group(run.pid))
    assert Result.load(out / "subject-000.zarr").subject["seed"] == 1


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="Windows cannot hold a signal back")
def test_interrupt_does_not_reach_a_worker_that_starts(tmp_path: Path) -> None:
    # A worker imports the script before anything of ours runs in it.
    interrupted = 'if __name__ == "__mp_main__":\n    import os, signal\n    os.kill(os.getpid(), signal.SIGINT)\n'
    script = SCRIPT.format(tests=str(Path(__file__).parent), out=str(tmp_path / "out")).replace('"slow"', '""')
    (tmp_path / "script.py").write_text(interrupted + script)
    run = subprocess.run([sys.executable, str(tmp_path / "script.py")], stderr=subprocess.PIPE, timeout=60, check=False)
    assert (run.returncode, run.stderr) == (0, b"")
    assert sorted(os.listdir(tmp_path / "out")) == ["run.json", "subject-000.zarr", "subject-001.zarr"]


def _until(true: object, seconds: float = 30.0) -> None:
    stop = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < stop, "waited too long"
        time.sleep(0.05)


def _alive_in_group(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_resume_refuses_other_settings(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run_many(FakeExperiment(trials=10), SUBJECTS[:1], out)
    cases = [
        (FakeExperiment(trials=20), SUBJECTS[:1], "its settings.trials is 10, and this asks for 20"),
        (FakeExperiment(trials=10), SUBJECTS, "its number of subjects is 1, and this asks for 3"),
        (
            FakeExperiment(trials=10),
            [FakeSubject(seed=9)],
            r"its subjects\[0\].seed is 1, and this asks for 9",
        ),
    ]
    for experiment, subjects, match in cases:
        with pytest.raises(ResultError, match=match):
            run_many(experiment, subjects, out, resume=True)


def test_resume_names_a_damaged_subject(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run_many(FakeExperiment(), SUBJECTS[:1], out)
    (out / "subject-000.zarr" / "zarr.json").write_text("{")
    with pytest.raises(ResultError, match=r"zarr\.json is damaged.*remove .*subject-000\.zarr to run"):
        run_many(FakeExperiment(), SUBJECTS[:1], out, resume=True)


def test_resume_clears_what_a_killed_process_left(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run_many(FakeExperiment(), SUBJECTS[:1], out)
    (out / ".subject-000.zarr.part-12345678").mkdir()
    (out / ".run.json.part-12345678").write_text("{")
    run_many(FakeExperiment(), SUBJECTS[:1], out, resume=True)
    assert sorted(os.listdir(out)) == NAMES[:2]


def test_bad_requests(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="at least 1 subject"):
        run_many(FakeExperiment(), [], tmp_path / "out")
    for name in ("workers", "threads"):
        with pytest.raises(SpecError, match=f"{name} must be at least 1, got 0"):
            run_many(FakeExperiment(), SUBJECTS, tmp_path / "out", **{name: 0})
    with pytest.raises(ResultError, match=r"it has no run\.json"):
        run_many(FakeExperiment(), SUBJECTS, tmp_path, resume=True)
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultError, match="file can't be written"):
        run_many(FakeExperiment(), SUBJECTS, tmp_path / "file")
    with pytest.raises(ResultError, match="is not empty"):
        run_many(FakeExperiment(), SUBJECTS, tmp_path)
    with pytest.raises(ResultError, match="is no run"):
        load_run(tmp_path)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"experiment": 1, "settings": {}, "subjects": []}', "[" * 10**5]
)
def test_damaged_plan_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(ResultError, match=r"run\.json is damaged"):
        Plan.read(tmp_path)


def test_t_interval_of_known_numbers() -> None:
    # Five values with mean 3 and SD sqrt(2.5); t(4, 0.975) = 2.776445.
    mean, interval, n = mean_interval([1, 2, 3, 4, 5])
    assert (mean, n) == (3.0, 5)
    assert interval == pytest.approx((3 - 2.776445 * math.sqrt(0.5), 3 + 2.776445 * math.sqrt(0.5)), rel=1e-6)
    assert mean_interval([4.0, math.nan]) == (4.0, None, 1)
    assert math.isnan(mean_interval([])[0])


def test_aggregate_scalars_blocks_and_missing_values() -> None:
    def result(value: float, blocks: list[float]) -> Result:
        return Result("e", {}, {}, {"a": Measure(value, "Hz"), "b": Measure(blocks, "%")}, {"io_cell": value})

    joined = aggregate([result(1.0, [0.0, math.nan]), result(3.0, [10.0, 5.0]), result(math.nan, [20.0, math.nan])])
    assert (joined["a"].value, joined["a"].n) == (2.0, 2)
    assert joined["a"].ci95 == pytest.approx((2 - 12.7062, 2 + 12.7062), rel=1e-5)
    assert joined["b"].value == [10.0, 5.0]
    assert joined["b"].n == 3
    assert isinstance(joined["b"].ci95, list)
    assert math.isnan(joined["b"].ci95[1][0])
    assert aggregate([result(1.0, [1.0])])["b"].ci95 is None
    assert population_rates([result(1.0, []), result(3.0, [])]) == {"io_cell": 2.0}


def test_aggregate_refuses_what_does_not_belong_together() -> None:
    with pytest.raises(ResultError, match="no result"):
        aggregate([])
    with pytest.raises(ResultError, match="different experiments"):
        aggregate([rest_result(), eyeblink_result()])
    short, long = (Result("e", {}, {}, {"b": Measure(v, "%")}, {}) for v in ([1.0], [1.0, 2.0]))
    with pytest.raises(ResultError, match="'b' differs in length"):
        aggregate([short, long])


def test_summary_has_the_documented_form() -> None:
    results = [eyeblink_result(seed) for seed in (1, 2)]
    told = json.loads(json.dumps(summary(results), allow_nan=False))
    assert list(told) == [
        "schema_version",
        "experiment",
        "subjects",
        "measures",
        "population_rate_hz",
        "runtime",
        "provenance",
    ]
    assert [set(subject) for subject in told["subjects"]] == [set(SUBJECT_KEYS)] * 2
    assert {key for m in told["measures"].values() for key in m} == {"value", "unit", "ci95", "n"}
    assert told["measures"]["cr_onset_ms"] == {"value": None, "unit": "ms", "ci95": None, "n": 0}
    assert len(told["measures"]["cr_percent_by_block"]["ci95"]) == 10
    assert told["runtime"]["wall_s"] == 4.0
    assert told["runtime"]["neurons"] == 33000
    assert set(told["runtime"]) == {
        *("wall_s", "build_s", "compile_s", "biological_s", "threads", "workers", "neurons", "synapses"),
        *("plastic_synapses", "peak_rss_mb", "engine"),
    }
