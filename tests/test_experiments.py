"""Experiments on a small circuit: what is done, what comes out, and that a killed run loses nothing."""

from __future__ import annotations

import math
import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dystolab
from dystolab import cli, experiments, measures, plots
from dystolab.circuit import grow, load
from dystolab.circuit.drives import PoissonDrive, SpikeDrive
from dystolab.circuit.spec import Circuit, revised
from dystolab.engine.inputs import spike_events
from dystolab.errors import DystolabError, ResultError, SpecError, UnknownNameError
from dystolab.experiments import Subject, base, eyeblink, granular_time_code, microzone, rest
from dystolab.experiments.eyeblink import PUBLISHED
from dystolab.lab.plan import Plan
from dystolab.result import Result

SCALE = 0.3
CIRCUIT = "mouse-cerebellum"
MOUSE = Subject(circuit=CIRCUIT, seed=1, scale=SCALE)
REST = rest(duration_ms=1500, settle_ms=500)
SHORT = eyeblink(trials=3, block=2, trial_ms=900, cs_start_ms=300)
RUNTIME = "wall_s build_s compile_s biological_s threads workers neurons synapses plastic_synapses peak_rss_mb engine"


class Cut:
    """Stands for a mechanism: the climbing fibres are absent."""

    name = "cut"
    severity = 1.0

    def apply(self, circuit: Circuit) -> Circuit:
        return circuit.without_projection("io_pc").without_projection("io_bc").without_projection("io_sc")


@pytest.fixture(scope="module")
def rested() -> Result:
    return REST.run(MOUSE, threads=1)


@pytest.fixture(scope="module")
def conditioned() -> Result:
    return SHORT.run(MOUSE, threads=1)


def same(a: Result, b: Result) -> None:
    assert a.arrays.keys() == b.arrays.keys()
    for name, array in a.arrays.items():
        np.testing.assert_array_equal(array, b.arrays[name], err_msg=name)
    assert a.measures.keys() == b.measures.keys()
    for name, measure in a.measures.items():
        assert measure.to_json() == b.measures[name].to_json(), name
    assert a.population_rate_hz == b.population_rate_hz


# Results


def test_a_result_says_what_was_run_and_what_it_cost(rested: Result, conditioned: Result) -> None:
    for result, experiment, lived in ((rested, REST, 2.0), (conditioned, SHORT, 4.5)):
        assert result.experiment == experiment.name
        assert result.settings == experiment.model_dump(mode="json")
        assert result.subject == MOUSE.describe()
        assert list(result.runtime) == RUNTIME.split()
        assert result.runtime["biological_s"] == lived
        assert result.runtime["wall_s"] > 0
        assert result.runtime["neurons"] == sum(p.size for p in load(CIRCUIT, SCALE).populations)
        assert 0 < result.runtime["plastic_synapses"] < result.runtime["synapses"]
        assert {"version", "table_hashes", "seed", "platform", "numba", "notes"} <= result.provenance.keys()
        assert set(result.population_rate_hz) == {p.name for p in load(CIRCUIT, SCALE).populations}


def test_measures_bear_their_public_names_and_units(rested: Result, conditioned: Result) -> None:
    for result in (rested, conditioned):
        for name, measure in result.measures.items():
            assert (measure.unit, measure.description) == measures.NAMES[name]


def test_results_are_stored_and_drawn(rested: Result, conditioned: Result, tmp_path: Path) -> None:
    for result, parts in ((rested, 3), (conditioned, 8)):
        back = Result.load(result.save(tmp_path / f"{result.experiment}.zarr"))
        same(result, back)
        page = plots.page([back])
        page.draw_without_rendering()
        assert len(page.axes) == parts


def test_same_seed_same_result_and_another_seed_another(conditioned: Result) -> None:
    same(conditioned, SHORT.run(MOUSE, threads=1))
    other = SHORT.run(Subject(circuit=CIRCUIT, seed=2, scale=SCALE), threads=1)
    assert not np.array_equal(other.arrays["sdf/dcn_glut"], conditioned.arrays["sdf/dcn_glut"])


# Rest


def test_rest_measures_what_comes_after_settling(rested: Result) -> None:
    for name, rate in rested.population_rate_hz.items():
        counts = rested.arrays[f"counts/{name}"]
        assert counts.size == 2000
        size = load(CIRCUIT, SCALE).population(name).size
        assert rate == pytest.approx(counts[500:].sum() / 1.5 / size)
        recorded = rested.arrays[f"spikes/{name}/recorded"]
        assert recorded.size == min(size, 200 if name in ("granule_cell", "glomerulus") else size)
        if recorded.size == size:
            assert rested.measures[f"rate_hz.{name}"].value == pytest.approx(rate)
        else:
            assert rested.measures[f"rate_hz.{name}"].value == pytest.approx(rate, rel=0.5)


def test_purkinje_spikes_are_simple_or_complex(rested: Result) -> None:
    found = {name: rested.measures[name].value for name in ("simple_spike_rate_hz", "complex_spike_rate_hz")}
    assert found["complex_spike_rate_hz"] > 0
    assert 0 < found["simple_spike_rate_hz"] < rested.measures["rate_hz.purkinje_cell"].value
    assert rested.measures["simple_spike_cv"].n == load(CIRCUIT, SCALE).population("purkinje_cell").size


# Eyeblink


def test_cs_and_us_as_published() -> None:
    circuit = load("mouse-2022")
    cs, us = eyeblink(**PUBLISHED).protocol(circuit, grow(circuit, 1), 1).drives
    assert cs.subset.radius_um == 97.0
    fibres = max(cs.cells) + 1
    times = np.array(cs.times_ms).reshape(fibres, 11)
    halves = np.array([np.linspace(0, 128, 11), np.linspace(140, 268, 11)]).round()
    for fibre, train in enumerate(times):
        np.testing.assert_array_equal(train, 100 + halves[fibre % 2] + fibre // 2 % 30)
    assert (cs.period_ms, us.period_ms, us.start_ms) == (1000.0, 1000.0, 1000.0)
    assert us.times_ms == tuple(np.arange(350.0, 381.0, 2.0))
    assert (us.population, us.weight_ns, us.receptor, us.subset) == ("io_cell", 10.0, 1, None)


def test_cs_covers_the_same_share_of_any_tissue_and_stretches() -> None:
    circuit = load("mouse-2022", 2.0)
    cs, *_ = eyeblink(isi_ms=530, **PUBLISHED).protocol(circuit, grow(circuit, 1), 1).drives
    assert cs.subset.radius_um == pytest.approx(97 * math.sqrt(2))
    assert (max(cs.cells) + 1) / circuit.population("mossy_fiber").size == pytest.approx(0.49, abs=0.08)
    assert cs.times_ms[10] == 100 + 256
    assert max(cs.times_ms) <= 100 + 560 + 30


def test_the_sensory_cs_carries_no_time() -> None:
    circuit = load(CIRCUIT)
    anatomy = grow(circuit, 1)
    cs = [d for d in eyeblink().protocol(circuit, anatomy, 1).drives if isinstance(d, PoissonDrive)]
    cells = [c for d in cs for c in d.subset.indices]
    assert len(cells) == len(set(cells)) == round(0.4 * 117) + round(0.15 * 117)
    burst, *tonic = cs
    since, rate = np.array(burst.rate_hz.times_ms) - 555.0, np.array(burst.rate_hz.values)
    course = np.exp(-since[:-1] / 45) - np.exp(-since[:-1] / 20)
    np.testing.assert_allclose(rate[:-1], course * 80.0 / course.max(), rtol=2e-3)
    for drive, wanted in zip(tonic, (20.0, 40.0, 80.0), strict=True):
        assert drive.rate_hz.times_ms == (555.0, 835.0)
        assert drive.rate_hz.values == (wanted, 0.0)
    # Spikes are drawn anew in each trial.
    events = spike_events(circuit.with_drives(*cs), anatomy, 1, 0.0, 4500.0)
    answers = np.concatenate([e.steps for e in events if e.cells.size]) * 0.1
    trials = [np.sort(answers[(answers >= 500 + t) & (answers < 800 + t)] - t) for t in (0, 1500, 3000)]
    assert not np.array_equal(trials[0][:20].round(1), trials[1][:20].round(1))
    # Few fibres of the stimulus have collaterals to the nuclei.
    with_collaterals = set(anatomy.edges["mf_dcn_glut"].pre.tolist())
    phasic, firing = set(burst.subset.indices), {c for d in tonic for c in d.subset.indices}
    assert not with_collaterals & phasic
    assert 0 < len(with_collaterals & firing) <= 0.15 * len(cells)


def test_the_puff_reaches_olive_and_lid_in_the_same_trials() -> None:
    circuit = load(CIRCUIT)
    kind = eyeblink(trials=4, block=2, phases=("acquisition", "extinction", "reacquisition"))
    assert not kind.is_probe.any()
    assert kind.has_us.tolist() == [True] * 4 + [False] * 4 + [True] * 4
    drives = [d for d in kind.protocol(circuit, grow(circuit, 1), 1).drives if isinstance(d, SpikeDrive)]
    assert {d.population for d in drives} == {"io_cell", "facial_motoneuron"}
    spans = {(d.start_ms, d.stop_ms) for d in drives}
    assert spans == {(3000.0, 9000.0), (15000.0, 21000.0)}
    assert {min(d.times_ms) for d in drives} == {750.0, 755.0, 767.0}


def test_the_puff_reaches_only_the_olive_whose_zone_moves_the_lid() -> None:
    circuit = load(CIRCUIT)
    anatomy = grow(circuit, 1)
    (puff,) = (d for d in eyeblink().protocol(circuit, anatomy, 1).drives if d.name == "unconditioned_stimulus")
    (path,) = (p for p in circuit.projections if p.post == "red_nucleus")
    nuclei = set(anatomy.zone["dcn_glut"][anatomy.edges[path.name].pre].tolist())
    assert nuclei == {puff.subset.index} == {microzone.of_lid(circuit)}
    published = load("mouse-2022", SCALE)
    drives = eyeblink(**PUBLISHED).protocol(published, grow(published, 1), 1).drives
    assert next(d for d in drives if d.name == "unconditioned_stimulus").subset is None


def test_spikes_of_chosen_cells_are_numbered_among_them() -> None:
    times, cells = microzone.only((np.arange(5.0), np.array([3, 0, 7, 3, 5])), np.array([3, 7]))
    assert times.tolist() == [0.0, 2.0, 3.0] and cells.tolist() == [0, 1, 0]


def test_human_timing_is_an_interval_of_400_ms() -> None:
    assert (eyeblink(timing="human").isi_ms, eyeblink(timing="human").cs_ms) == (400, 430)
    assert eyeblink().isi_ms == 250
    assert eyeblink(timing="human", pairing="unpaired").unpaired_ms == 685  # the CS is too long for 600
    with pytest.raises(SpecError, match="human timing is 400"):
        eyeblink(timing="human", isi_ms=300)


def test_acceleration_multiplies_learning_rates_alone() -> None:
    circuit = load(CIRCUIT)
    fast = eyeblink(acceleration=10).prepare(circuit)
    rule, slow = fast.projection("pf_pc").plasticity, circuit.projection("pf_pc").plasticity
    assert (rule.a_plus_ns, rule.a_minus_ns) == pytest.approx((10 * slow.a_plus_ns, 10 * slow.a_minus_ns))
    assert fast.with_projection("pf_pc", plasticity=slow) == circuit
    assert eyeblink(acceleration=1).prepare(circuit) is circuit


def test_us_is_unpaired_probed_or_absent() -> None:
    circuit = load("mouse-2022", SCALE)
    anatomy = grow(circuit, 1)

    def us(**settings: Any) -> Any:
        drives = eyeblink(**settings, **PUBLISHED).protocol(circuit, anatomy, 1).drives
        return next((d for d in drives if d.name == "unconditioned_stimulus"), None)

    assert us(pairing="unpaired").times_ms[0] == 700.0
    assert us(pairing="cs_only") is None
    probed = us(probe_every=3)
    assert sorted({int(t // 1000) for t in probed.times_ms}) == [0, 1]
    assert probed.period_ms == 3000.0
    assert eyeblink(trials=7, probe_every=3).has_us.tolist() == [True, True, False] * 2 + [True]


def test_trials_and_blocks(conditioned: Result) -> None:
    arrays, found = conditioned.arrays, conditioned.measures
    assert arrays["sdf/time_ms"].tolist() == list(range(-100, 500))
    assert arrays["lid/closure_fec"].shape == (3, 200 + 600)
    assert arrays["lid/closure_fec"].min() >= 0 and arrays["lid/closure_fec"].max() <= 1
    for name in ("dcn_glut", "purkinje_cell"):
        assert arrays[f"sdf/{name}"].shape == (3, 600)
        assert arrays[f"sdf_naive/{name}"].shape == (600,)
    assert arrays["motor_output/dcn_glut"].shape == (3, 181)
    for name in ("cr_percent_by_block", "purkinje_change_hz_by_block", "dcn_change_hz_by_block"):
        assert len(found[name].value) == 2
    percent = 100 * arrays["cr/trial"].astype(float)
    assert found["cr_percent"].value == pytest.approx(percent.mean())
    assert found["cr_percent_by_block"].value == pytest.approx([percent[:2].mean(), percent[2]])


def test_us_teaches(conditioned: Result) -> None:
    weights, times = (conditioned.arrays[f"weights/pf_pc/{part}"] for part in ("mean", "time_ms"))
    assert times[0] == 0.0
    assert times[-1] == 4500.0
    assert conditioned.measures["olive_spikes_per_us"].value > 0.5
    assert conditioned.measures["weight_change_percent.pf_pc"].value == pytest.approx(
        100 * (weights[-1] / weights[0] - 1), rel=1e-4
    )
    alone = eyeblink(trials=3, trial_ms=900, cs_start_ms=300, pairing="cs_only").run(MOUSE, threads=1)
    assert "olive_spikes_per_us" not in alone.measures
    # With the US left out the olive is quieter, so that fewer weights fall.
    assert alone.population_rate_hz["io_cell"] < conditioned.population_rate_hz["io_cell"]
    assert alone.arrays["weights/pf_pc/mean"][-1] > weights[-1]
    # Until the first US both are the same animal.
    before = [r.arrays["counts/dcn_glut"][: 2 * 900 + 550] for r in (alone, conditioned)]
    np.testing.assert_array_equal(*before)


def test_without_climbing_fibres_nothing_is_complex_or_learned() -> None:
    subject = Subject(circuit=load(CIRCUIT, SCALE), mechanisms=(Cut(),))
    result = eyeblink(trials=1, trial_ms=900, cs_start_ms=300).run(subject, threads=1)
    assert result.subject["mechanisms"] == [{"name": "cut", "severity": 1.0}]
    assert result.subject["scale"] == SCALE
    assert not any(name.startswith("weight") for name in {**result.arrays, **result.measures})
    plots.page([result]).draw_without_rendering()
    quiet = rest(duration_ms=1000, settle_ms=0).run(subject, threads=1)
    assert quiet.measures["complex_spike_rate_hz"].value == 0.0
    assert quiet.measures["simple_spike_rate_hz"].value == quiet.measures["rate_hz.purkinje_cell"].value


# The time code


def test_the_time_code_is_read_and_drawn() -> None:
    result = granular_time_code(trials=10, cells=100, window_ms=100).run(MOUSE, threads=1)
    assert 0 < result.measures["time_error_abs_ms"].value <= result.measures["time_error_ms"].value < 100
    assert len(result.measures["time_error_ms_by_time"].value) == 3
    assert result.arrays["time/estimate_ms"].shape == (3, 21)
    assert result.arrays["profile/granule_cell"].shape == (100, 80)
    assert result.arrays["profile/granule_cell"].mean() == pytest.approx(
        result.arrays["counts/granule_cell"][1200:].mean() * 1000 / 6084, rel=0.5
    )
    plots.page([result]).draw_without_rendering()


# Resuming


KILLED = """
import os, signal
from dystolab.experiments import Subject, base, eyeblink
base.CHECKPOINT_EVERY_S, base.CHECKPOINT_SHARE = 0.0, 1e9
def progress(done, total):
    if done >= 1800:
        os.kill(os.getpid(), signal.SIGKILL)
eyeblink(trials=3, block=2, trial_ms=900, cs_start_ms=300).run(
    Subject(circuit={circuit!r}, seed=1, scale={scale}), threads=1, progress=progress, checkpoint_dir={where!r}
)
"""


def test_a_killed_run_goes_on_to_the_same_result(conditioned: Result, tmp_path: Path) -> None:
    script = KILLED.format(circuit=CIRCUIT, scale=SCALE, where=str(tmp_path))
    path = os.pathsep.join([str(Path(dystolab.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": path}, check=False)
    assert done.returncode == -signal.SIGKILL
    told: list[tuple[float, float]] = []
    resumed = SHORT.run(MOUSE, threads=1, progress=lambda *at: told.append(at), checkpoint_dir=str(tmp_path))
    assert told == [(1800.0, 4500), (2700.0, 4500), (3600.0, 4500), (4500, 4500)]
    same(conditioned, resumed)
    assert resumed.runtime["biological_s"] == 2.7
    assert any("resumed at 1800 ms" in note for note in resumed.provenance["notes"])


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "CHECKPOINT_EVERY_S", 0.0)  # the only one of this run is due at once
    eyeblink(trials=1, trial_ms=900, cs_start_ms=300).run(MOUSE, threads=1, checkpoint_dir=tmp_path)
    with pytest.raises(ResultError, match="another circuit, seed, recording or experiment"):
        other = eyeblink(trials=1, trial_ms=900, cs_start_ms=300, us_weight_ns=20)
        other.run(MOUSE, threads=1, checkpoint_dir=tmp_path)
    with pytest.raises(ResultError, match="another circuit, seed, recording or experiment"):
        eyeblink(trials=1, trial_ms=900, cs_start_ms=300, block=5).run(MOUSE, threads=1, checkpoint_dir=tmp_path)
    (tmp_path / base.CHECKPOINT).write_bytes(b"damaged")
    with pytest.raises(ResultError, match="is damaged"):
        eyeblink(trials=1, trial_ms=900, cs_start_ms=300).run(MOUSE, threads=1, checkpoint_dir=tmp_path)


@pytest.mark.parametrize("isi_ms", [200, 200.0, "200", np.int64(200)])
def test_the_cs_ends_with_the_us_however_the_interval_is_given(isi_ms: object) -> None:
    assert eyeblink(isi_ms=isi_ms).cs_ms == 230


class Weaker:
    """A mechanism of one's own, which tells its name and severity only."""

    name, severity = "weaker", 1.0

    def __init__(self, by_pa: float) -> None:
        self.by_pa = by_pa

    def apply(self, circuit: Circuit) -> Circuit:
        return circuit.with_neuron("granule_cell", i_e_pa=-self.by_pa)


def test_subjects_with_different_circuits_are_told_apart() -> None:
    told = [Subject(mechanisms=[Weaker(by_pa)]).describe() for by_pa in (1.0, 2.0, 1.0)]
    assert told[0] == told[2] != told[1]


# Refusals


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: eyeblink(trials=0), "Eyeblink.trials: .* greater than or equal to 1, got 0"),
        (lambda: eyeblink(trails=5), "did you mean 'trials'"),
        (lambda: eyeblink(isi_ms=250.5), "Eyeblink.isi_ms"),
        (lambda: eyeblink(isi_ms=80), "Eyeblink.isi_ms"),
        (lambda: eyeblink(us_weight_ns=-1), "Eyeblink.us_weight_ns"),
        (lambda: eyeblink(us_weight_ns=math.nan), "Eyeblink.us_weight_ns"),
        (lambda: eyeblink(pairing="payred"), "'paired', 'unpaired' or 'cs_only'"),
        (lambda: eyeblink(isi_ms=400, cs_ms=300), "isi_ms = 400 or more"),
        (lambda: eyeblink(isi_ms=970), "need 1556 ms or more"),
        (lambda: eyeblink(isi_ms=928, stimulus="published").run(MOUSE), "reflexes of the lid need 1502 ms or more"),
        (
            lambda: eyeblink(isi_ms=900, pairing="cs_only", stimulus="published").run(MOUSE),
            "responses of the lid need 1551 ms or more",
        ),
        (lambda: eyeblink(cs_start_ms=100).run(MOUSE), "baseline takes 200 ms or more"),
        (lambda: eyeblink(trials=5, phases=("acquisition", "extinction")), "must divide trials = 5"),
        (lambda: eyeblink(isi_ms=900, **PUBLISHED), "need 1061 ms or more"),
        (lambda: eyeblink(phases=()), "Eyeblink.phases"),
        (lambda: eyeblink(phases=("extincton",)), "'acquisition', 'extinction' or 'reacquisition'"),
        (lambda: eyeblink(pairing="unpaired", unpaired_ms=400), "535 or more"),
        (lambda: eyeblink(pairing="unpaired", unpaired_ms=1000), "need 1531 ms or more"),
        (lambda: eyeblink(probe_every=1), "use pairing='cs_only'"),
        (lambda: rest(duration_ms=10), "Rest.duration_ms"),
        (lambda: rest(settle_ms=-1), "Rest.settle_ms"),
        (lambda: Subject(seed=-1), "Subject.seed"),
        (lambda: Subject(scale=0), "Subject.scale"),
        (lambda: Subject(sede=1), "did you mean 'seed'"),
        (lambda: Subject(circuit="mouse-cerebelum"), "did you mean 'mouse-cerebellum'"),
        (lambda: Subject(circuit=load(CIRCUIT, SCALE), scale=0.5), "given whole"),
        (lambda: Subject(mechanisms=["purkinje_burst"]), "'purkinje_burst' is no mechanism"),
        (lambda: Subject(mechanisms=[Cut]), "is no mechanism"),
        (lambda: experiments.get("eyeblnk"), "did you mean 'eyeblink'"),
        (lambda: rest().run(CIRCUIT), "runs on a dystolab.Subject, not on str"),
        (lambda: Subject(lesions=("glom_grcc",)).build(), "did you mean 'glom_grc'"),
        (
            lambda: Subject(lesions=("glom_grc@0",)).build(),
            "'glomerulus' has neither zones nor groups; these have: .*dcn_glut",
        ),
        (lambda: Subject(lesions=("dcn_glut@4",)).build(), "'dcn_glut' has no zone 4: 0 to 3"),
        (
            lambda: Subject(circuit="cerebellum-head", lesions=("dcn_glut@yaw_lft",)).build(),
            "did you mean 'yaw_left'",
        ),
        (lambda: eyeblink().run(_without_nuclei()), "unknown population 'dcn_glut'"),
    ],
)
def test_refusals_are_one_clear_line(make: Any, match: str) -> None:
    with pytest.raises((SpecError, UnknownNameError), match=match) as caught:
        make()
    assert isinstance(caught.value, DystolabError)
    assert "\n" not in str(caught.value)


def _without_nuclei() -> Subject:
    circuit = load(CIRCUIT, SCALE)
    kept = {"populations": tuple(p for p in circuit.populations if p.name != "dcn_glut")}
    joined = tuple(p for p in circuit.projections if "dcn_glut" not in (p.pre, p.post))
    return Subject(circuit=revised(circuit, {**kept, "projections": joined}))


# Being plain values


def test_experiments_are_found_by_name() -> None:
    assert experiments.get("eyeblink") is eyeblink is dystolab.experiments.eyeblink
    assert list(experiments.NAMES) == ["rest", "eyeblink", "granular_time_code", "posture", "reach"]
    for name in experiments.NAMES:
        kind = experiments.get(name)
        assert kind.name == name
        assert kind.doi.startswith("10.")
        assert kind.mirrors and kind.leaves_out


@pytest.mark.parametrize("name", experiments.NAMES)
def test_every_setting_is_explained(name: str) -> None:
    kind = experiments.get(name)
    told = kind.explained()
    assert [setting for setting, *_ in told] == list(kind.model_fields)
    assert all(of_type and meaning for _, _, of_type, meaning in told)
    made = kind()
    assert all(getattr(made, setting) == default for setting, default, *_ in told)


def test_settings_are_listed_as_they_are_set(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.call(["list", "settings"]) == 0
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert ["eyeblink timing=mouse", '{"mouse", "human"}'] in [line[:2] for line in lines]
    assert "posture eccentric_deg=[30.0, 0.0, 0.0]" in [line[0] for line in lines]


def test_settings_and_subjects_are_frozen_and_travel() -> None:
    subject = Subject(circuit=CIRCUIT, mechanisms=[Cut()], seed=3)
    for thing in (SHORT, MOUSE):
        assert pickle.loads(pickle.dumps(thing)) == thing
        with pytest.raises(Exception, match="frozen"):
            thing.scale = 2
    assert pickle.loads(pickle.dumps(subject)).describe() == subject.describe()
    assert eyeblink(isi_ms=400).cs_ms == 430
    assert eyeblink(**eyeblink(isi_ms=400).model_dump()) == eyeblink(isi_ms=400)


def test_plans_tell_subjects_apart() -> None:
    severe, whole = Subject(mechanisms=[Cut()]), Subject(circuit=load(CIRCUIT, SCALE))
    (told, also) = Plan.of(SHORT, [severe, whole]).subjects
    assert told["mechanisms"] == [{"name": "cut", "severity": 1.0}]
    assert len(also["circuit_sha256"]) == 64
