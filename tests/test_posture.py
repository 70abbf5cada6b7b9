"""Holding the head: what is asked and refused, what is measured on a known movement, and a head that is really held."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import voluntary_drive
from dystolab import cli, experiments, measures, mechanisms, plots
from dystolab.body.held_head import HeldHead
from dystolab.circuit import load, neck
from dystolab.circuit.anatomy import grow
from dystolab.circuit.groups import DIRECTIONS, synergies
from dystolab.cli._request import Request
from dystolab.engine import Simulator
from dystolab.errors import ResultError, SpecError, UnknownNameError
from dystolab.experiments import Subject, muscles, posture
from dystolab.experiments.base import Protocol
from dystolab.experiments.looking import Epoch
from dystolab.measures import BY_EPOCH, EPOCHS
from dystolab.plots import head
from dystolab.result import Result
from fakes import posture_result

UNITS = 60
SLOW = pytest.mark.slow
SHORT = posture(epochs=("upright",), epoch_s=8, pushes=False)


def protocol(experiment: posture) -> Protocol:
    pytest.importorskip("mujoco")
    circuit = load("head")
    return experiment.protocol(circuit, grow(circuit.model_copy(update={"projections": ()}), 1), 1)


# What is asked


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"epochs": ()}, "Posture.epochs: .*at least 1"),
        ({"epochs": ("upright", "asleep")}, r"Posture\.epochs\.1: .*got 'asleep'"),
        ({"epochs": ("free", "dark", "free")}, r"Posture\.epochs: .*'free' is asked for twice"),
        ({"epoch_s": 7}, "Posture.epoch_s: .*greater than or equal to 8.*got 7"),
        ({"epoch_s": 3601}, "Posture.epoch_s: .*less than or equal to 3600"),
        ({"epoch_s": 8.5}, "Posture.epoch_s: .*got 8.5"),
        ({"eccentric_deg": (30.0, 0.0)}, "Posture.eccentric_deg"),
        ({"eccentric_deg": (float("nan"), 0.0, 0.0)}, "Posture.eccentric_deg.0: .*finite"),
        ({"push": False}, "unknown setting of Posture 'push' - did you mean 'pushes'"),
    ],
)
def test_settings_that_are_none_are_refused(settings: dict[str, Any], complaint: str) -> None:
    with pytest.raises((SpecError, UnknownNameError), match=complaint) as caught:
        posture(**settings)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("axis", range(3))
def test_a_target_beyond_the_range_of_the_neck_is_refused(axis: int) -> None:
    low, high = neck.limits_deg()[axis]
    for beyond in (low - 1, high + 1):
        target = tuple(beyond if k == axis else 0.0 for k in range(3))
        with pytest.raises(
            SpecError, match=rf"Posture\.eccentric_deg: {neck.AXES[axis]} must lie in .* got {beyond:g}"
        ):
            protocol(posture(eccentric_deg=target))


def test_a_circuit_without_a_neck_is_refused() -> None:
    pytest.importorskip("mujoco")
    with pytest.raises(UnknownNameError, match="unknown population 'neck_motoneuron'"):
        SHORT.run(Subject(circuit="mouse-2022", scale=0.15))


def test_its_circuit_is_that_of_a_head() -> None:
    assert Request("posture").circuit == posture.circuit == "head"
    others = {name: Request(name).circuit for name in experiments.NAMES if name != "posture"}
    assert others.pop("reach") == "cerebellum-arm" and set(others.values()) == {"mouse-cerebellum"}
    assert Request("posture", circuit="mouse-2022").circuit == "mouse-2022"
    with pytest.raises(SpecError, match="mechanism 'purkinje_burst' does not fit circuit 'head'"):
        Request("posture", mechanisms=("purkinje_burst:0.5",)).build()


def test_epochs_follow_one_another_and_eyes_close_after_the_turn() -> None:
    asked = protocol(posture(epochs=EPOCHS, epoch_s=10, eccentric_deg=(20.0, 5.0, 0.0)))
    assert (
        EPOCHS == ("upright", "free", "eccentric", "dark", "released")
        and asked.duration_ms == 52_000
        and asked.settle_ms == 2000
        and isinstance(asked.body, HeldHead)
    )
    ahead, aside = (0.0, 0.0, 0.0), (20.0, 5.0, 0.0)
    assert asked.body._task._epochs == (
        Epoch(0, ahead, True),
        Epoch(2000, ahead, True),
        Epoch(12_000, ahead, True),
        Epoch(15_000, None, False),
        Epoch(22_000, aside, True),
        Epoch(32_000, aside, True),
        Epoch(35_000, aside, False),
        Epoch(42_000, aside, True),
        Epoch(45_000, None, False),
    )


def test_taps_come_in_held_epochs_about_each_axis_in_turn() -> None:
    body = protocol(posture(epochs=("upright", "free", "eccentric"), epoch_s=30)).body
    assert isinstance(body, HeldHead)
    pushes = body._task._pushes
    assert [at for at, _ in pushes] == [7000, 17_000, 27_000, 67_000, 77_000, 87_000]
    torque = np.array([t for _, t in pushes])
    assert (np.abs(torque).argmax(axis=1) == [0, 1, 2, 0, 1, 2]).all() and (np.abs(torque).sum(axis=1) == 0.5).all()
    assert set(np.sign(torque.sum(axis=1))) == {-1.0, 1.0} and not torque.sum(axis=0).any()
    # Tremor and sway are told from where no tap is answered: 2 s after one to the next, or to the end.
    held = posture(epochs=("upright",), epoch_s=30)
    assert held._untouched(slice(5000, 32_000)) == slice(9000, 17_000)
    assert posture(epochs=("free",), epoch_s=30)._untouched(slice(5000, 32_000)) == slice(5000, 32_000)
    quiet = protocol(posture(epochs=("upright",), epoch_s=30, pushes=False)).body
    assert isinstance(quiet, HeldHead) and quiet._task._pushes == ()


# What is measured


def electrodes(n_ms: int, **effort: float) -> SimpleNamespace:
    """Stand for a simulation in which some muscles make an effort, and all others are silent."""
    names = [m.name for m in neck.muscles()]
    times, cells = [np.zeros(0)], [np.zeros(0, int)]
    for muscle, level in effort.items():
        found, of = voluntary_drive.spikes(level, UNITS, n_ms)
        times.append(found)
        cells.append(of + UNITS * names.index(muscle))
    zone = {"head_integrator": np.repeat(np.arange(6, dtype=np.int16), 240)}
    return SimpleNamespace(
        circuit=load("head"),
        time_ms=float(n_ms),
        spikes=lambda name: (np.concatenate(times), np.concatenate(cells)),
        anatomy=SimpleNamespace(zone=zone),
        recorded_cells=lambda name: np.array([0, 300, 1439]),
    )


def test_envelopes_are_shares_of_the_strongest_contraction() -> None:
    found = muscles.envelopes_mvc(electrodes(2005, splenius_capitis_left=1.0, scalenus_medius_right=0.2))
    names = [m.name for m in neck.muscles()]
    full, weak = (found[names.index(name)] for name in ("splenius_capitis_left", "scalenus_medius_right"))
    assert found.shape == (28, 201)
    assert full[50:150].mean() == pytest.approx(1.0, abs=0.1) and 0.05 < weak[50:150].mean() < 0.5
    assert np.count_nonzero(found.any(axis=1)) == 2


def measured(epochs: tuple[str, ...], angles: Any, sim: Any, **asked: Any) -> dict[str, float]:
    """Return the measures of a movement, (n_ms, 3) per epoch of 8 s, as plain numbers."""
    experiment = posture(epochs=epochs, epoch_s=8, **asked)
    body = protocol(experiment).body
    assert isinstance(body, HeldHead)
    rows = np.concatenate([np.zeros((2000, 3)), *angles])
    state = {**body.state(), "angle": rows, "activation": np.zeros((len(rows), 28))}
    body.restore(state)
    found = experiment.measure(sim, body)
    assert found.arrays["head/angle_deg"].shape == rows.shape
    assert found.arrays["emg/envelope_mvc"].shape == (len(rows) / 10, 28) == found.arrays["head/activation"].shape
    assert found.arrays["head/integrator_direction"].tolist() == [0, 1, 5]
    for name, one in found.measures.items():
        assert one.unit == measures.NAMES[name][0] and one.description == measures.NAMES[name][1]
    return {name: float(np.asarray(one.value)) for name, one in found.measures.items()}


def test_a_known_movement_has_the_measures_that_it_should() -> None:
    t = np.arange(8000)[:, None] / 1000
    still, flat = np.zeros((8000, 3)), np.ones((8000, 1))
    shaking = flat * (0, 20.0, 0) + np.sin(2 * np.pi * 5 * t) * (0, 0, 2.0)
    turned = flat * (28.0, 0, 0)
    # Turned with the eyes open, it drifts back once they are closed.
    drifting = np.where(t < 3, 30.0, 30 * np.exp(-(t - 3) / 1.5)) * (1.0, 0, 0)
    sim = electrodes(42_000, splenius_capitis_left=0.5, scalenus_medius_right=0.5)
    found = measured(EPOCHS, (still, shaking, turned, drifting, turned), sim)

    ratings = {"twstrs_rotation", "twstrs_severity", "head_severity_score"}
    alone = {"drift_time_constant_s": ("dark", "released"), "overflow_percent": ("eccentric",)}
    everywhere = [name for name in BY_EPOCH if name not in alone]
    assert set(found) == {
        *(f"{name}.{epoch}" for name in everywhere for epoch in EPOCHS),
        *(f"{name}.{epoch}" for name, epochs in alone.items() for epoch in epochs),
        *ratings,
    }
    assert found["head_angle_abs_deg.upright"] == found["head_sd_deg.upright"] == 0
    assert found["within_10deg_percent.upright"] == 100 and found["within_10deg_percent.free"] == 0
    assert found["head_pitch_deg.free"] == pytest.approx(20, abs=1e-6) and found["head_angle_abs_deg.free"] > 20
    assert found["head_sd_deg.free"] == pytest.approx(np.sqrt(2), rel=1e-3)
    assert found["tremor_peak_hz.free"] == pytest.approx(5, abs=0.5)
    assert found["tremor_power_deg2.free"] == pytest.approx(2, rel=0.1)
    # Of a turned head, what is asked for counts, and what is neutral.
    assert found["head_angle_abs_deg.eccentric"] == pytest.approx(2, abs=1e-6)
    assert found["head_yaw_deg.eccentric"] == 28 and found["within_10deg_percent.eccentric"] == 0
    assert found["head_largest_deg.dark"] > 28 and found["drift_time_constant_s.dark"] == pytest.approx(1.5, rel=0.02)
    assert found["drift_time_constant_s.released"] == np.inf
    # Of two muscles of 28 that work alike, one turns to the left.
    assert found["neck_emg_percent.upright"] == pytest.approx(found["neck_emg_percent.dark"], rel=0.1)
    assert 1 < found["neck_emg_percent.upright"] < 100 * 2 / 28
    assert found["twstrs_rotation"] == 0 and found["head_severity_score"] >= 1


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_who_moves_with_the_least_effort_pulls_against_nothing(direction: str) -> None:
    effort = dict(zip([m.name for m in neck.muscles()], synergies()[:, DIRECTIONS.index(direction)], strict=True))
    strongest = max(effort.values())
    both = effort | {name: strongest for name in effort}
    still = np.zeros((8000, 3))
    alone, braced = (
        measured(
            ("eccentric",),
            (still,),
            electrodes(10_000, **{n: 0.5 * e / strongest for n, e in of.items() if e > 0.1 * strongest}),
        )
        for of in (effort, both)
    )
    assert alone["cocontraction_index_percent.eccentric"] < 5 and alone["cocontraction_rudolph.eccentric"] < 0.02
    assert braced["cocontraction_index_percent.eccentric"] > 80 and braced["cocontraction_rudolph.eccentric"] > 0.4


@pytest.mark.parametrize("target", [(0.0, 0.0, 0.0), (20.0, -20.0, 20.0)])
def test_a_target_for_which_all_muscles_or_none_work_has_no_overflow(target: tuple[float, float, float]) -> None:
    sim = electrodes(10_000, splenius_capitis_left=0.5)
    held = np.ones((8000, 1)) * target
    found = measured(("eccentric",), (held,), sim, eccentric_deg=target)
    assert np.isnan(found["overflow_percent.eccentric"])


def test_an_overflow_is_what_the_others_do() -> None:
    turned = np.ones((8000, 1)) * (30.0, 0, 0)
    task = electrodes(10_000, splenius_capitis_left=0.5)
    other = electrodes(10_000, splenius_capitis_left=0.5, splenius_capitis_right=0.5)
    found = [measured(("eccentric",), (turned,), sim)["overflow_percent.eccentric"] for sim in (task, other)]
    assert found[0] == 0 < found[1]


def test_ratings_need_a_head_that_is_let_go_and_one_that_is_held() -> None:
    aside = np.ones((8000, 1)) * (30.0, 0, 0)
    sim = electrodes(18_000)
    found = measured(("free", "upright"), (aside, np.zeros((8000, 3))), sim)
    assert found["twstrs_rotation"] == 2 and found["head_severity_score"] > 1
    straight = measured(("upright", "free"), (np.zeros((8000, 3)), np.zeros((8000, 3))), sim)
    assert straight["twstrs_rotation"] == straight["twstrs_severity"] == straight["head_severity_score"] == 0
    # The way from a target before does not count.
    arriving = np.where(np.arange(8000)[:, None] < 2000, 30.0, 0.0) * (1.0, 0, 0)
    assert measured(("free", "upright"), (np.zeros((8000, 3)), arriving), sim)["twstrs_severity"] == 0
    alone = measured(("free",), (aside,), electrodes(10_000))
    assert not any(name.startswith(("twstrs", "head_severity")) for name in alone)


# The page and the movie


@pytest.fixture
def drawn_as_sticks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head, "images", functools.partial(head.images, ways=("stick",)))


@pytest.mark.parametrize("subjects", [1, 2])
def test_the_page_shows_head_angles_muscles_and_integrator(subjects: int, drawn_as_sticks: None) -> None:
    page = plots.page([posture_result(seed) for seed in range(1, subjects + 1)])
    page.draw_without_rendering()
    portraits, rest = page.axes[:2], page.axes[2:]
    assert [axes.get_title() for axes in portraits] == ["upright: +2, +0, +0°", "eccentric: +29, +0, +0°"]
    angles, emg, integrator = rest[0], rest[1], rest[-1]  # before the last one stands the scale of colours
    assert len(angles.get_lines()) == 3 * subjects + 2 and angles.get_ylabel() == "angle (deg)"
    assert len(emg.get_yticklabels()) == 28 and emg.get_yticklabels()[0].get_text() == neck.muscles()[0].name.replace(
        "_", " "
    )
    rates = {line.get_label(): line.get_ydata() for line in integrator.get_lines()}
    assert len(rates) == 6 and np.mean(rates["yaw left"]) == pytest.approx(40, abs=3)
    assert np.mean(rates["roll left"]) == pytest.approx(20, abs=2)
    assert "10.1002/mds.870120414" in page.get_supxlabel()


def test_a_page_without_angles_says_what_is_missing(drawn_as_sticks: None) -> None:
    whole = posture_result(1)
    arrays = {k: v for k, v in whole.arrays.items() if k != "head/angle_deg"}
    with pytest.raises(ResultError, match="head/angle_deg"):
        plots.page([dataclasses.replace(whole, arrays=arrays)])


def test_a_movie_is_made_of_a_stored_head(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from dystolab.cli import run

    filmed: list[Any] = []
    monkeypatch.setattr(head, "movie", lambda angles, path, fps: filmed.append((angles, path, fps)))
    posture_result(1).save(tmp_path / "a.zarr")
    run._film(tmp_path / "a.zarr", tmp_path / "head.mp4")
    ((angles, path, fps),) = filmed
    assert fps == 25 and path.name == "head.mp4" and angles.shape == (18 * 25, 3)
    assert angles[-1, 0] == pytest.approx(29)


@pytest.mark.parametrize("path", ["head.gif", "head", "head.mp4.png"])
def test_a_movie_of_another_kind_is_refused_before_anything_runs(
    path: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.call(["run", "posture", "--movie", path]) == cli.BAD_INPUT
    out, err = capsys.readouterr()
    assert out == "" and err == f"dystolab: --movie {path}: a movie is an .mp4 file\n" and not list(tmp_path.iterdir())


# A head that is held


def begun(mechanism: Any = None, seed: int = 1) -> tuple[Simulator, HeldHead]:
    pytest.importorskip("mujoco")
    circuit = Subject(circuit="head", mechanisms=() if mechanism is None else (mechanism,)).build()
    anatomy = grow(circuit, seed)
    asked = SHORT.protocol(circuit, anatomy, seed)
    assert isinstance(asked.body, HeldHead)
    return Simulator(circuit, seed, recording=asked.recording, anatomy=anatomy), asked.body


def test_a_head_goes_on_from_its_checkpoint_bit_for_bit(tmp_path: Path) -> None:
    sim, body = begun()
    sim.run(150, body)
    sim.checkpoint(tmp_path / "state.npz", body)
    sim.run(150, body)
    other, fresh = begun()
    other.restore(tmp_path / "state.npz", fresh)
    other.run(150, fresh)
    assert np.array_equal(body.angle_deg, fresh.angle_deg) and body.angle_deg.any()
    assert np.array_equal(body.activation, fresh.activation) and body.activation.any()
    for population in ("neck_motoneuron", "head_integrator"):
        assert np.array_equal(sim.spikes(population)[0], other.spikes(population)[0])
    with pytest.raises(ResultError, match=r"of another body .held head: a state has the parts"):
        bare, another = begun()
        bare.run(1)
        bare.checkpoint(tmp_path / "bare.npz")
        bare.restore(tmp_path / "bare.npz", another)


def ran(*epochs: Any, seed: int = 1, **mechanism: float) -> Result:
    ill = tuple(mechanisms.get(name)(severity=severity) for name, severity in mechanism.items())
    experiment = posture(epochs=epochs, epoch_s=8, pushes=False)
    return experiment.run(Subject(circuit="head", mechanisms=ill, seed=seed))


@functools.cache
def healthy() -> Result:
    pytest.importorskip("mujoco")
    return ran("upright", "free")


@SLOW
def test_a_healthy_head_is_held_and_stays_when_let_go() -> None:
    result = healthy()
    found = {name: float(np.asarray(one.value)) for name, one in result.measures.items()}
    assert set(found) <= set(measures.NAMES)
    for epoch in ("upright", "free"):
        assert found[f"head_angle_abs_deg.{epoch}"] < 5 and found[f"within_10deg_percent.{epoch}"] > 95
        for name in BY_EPOCH:
            if name not in ("drift_time_constant_s", "overflow_percent"):
                assert np.isfinite(found[f"{name}.{epoch}"]), name
        assert 0.1 < found[f"neck_emg_percent.{epoch}"] < 20
    assert result.arrays["head/angle_deg"].shape == (18_000, 3)
    assert result.subject["circuit"] == "head" and result.population_rate_hz["head_integrator"] > 5


@SLOW
def test_an_unbalanced_integrator_turns_a_head_that_is_let_go() -> None:
    ill = ran("free", head_integrator_imbalance=1.0)
    angle = [float(np.asarray(r.measures["head_angle_abs_deg.free"].value)) for r in (healthy(), ill)]
    assert angle[1] > 10 + angle[0]


@SLOW
def test_a_leaky_integrator_forgets_where_the_head_was() -> None:
    pytest.importorskip("mujoco")
    yaw = [
        float(np.asarray(r.measures["head_yaw_deg.dark"].value))
        for r in (ran("dark"), ran("dark", integrator_leak=1.0))
    ]
    assert yaw[0] > 10 > abs(yaw[1])


@SLOW
@pytest.mark.parametrize("name", ["integrator_leak", "head_integrator_imbalance", "spindle_gain"])
def test_severity_zero_moves_the_head_bit_for_bit_as_in_health(name: str) -> None:
    bodies = []
    for severity in (None, 0.0, 1.0):
        sim, body = begun(None if severity is None else mechanisms.get(name)(severity=severity))
        sim.run(1000, body)
        bodies.append(body)
    none, zero, full = (body.angle_deg for body in bodies)
    assert np.array_equal(none, zero) and np.array_equal(bodies[0].activation, bodies[1].activation)
    assert not np.array_equal(none, full)
