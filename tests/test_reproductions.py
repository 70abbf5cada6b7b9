"""Studies: what their arms ask for, the mice they are held against, and their pages from little or nothing."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from dystolab import mechanisms, plots
from dystolab.circuit import presets
from dystolab.cli import call
from dystolab.cli.reproduce import _requests
from dystolab.lab.reproductions import STUDIES, Arm, folder
from dystolab.lab.validation import time_code
from dystolab.measures import mice
from dystolab.plots import faults, head_faults, phases
from dystolab.result import Measure, Result
from fakes import eyeblink_result, posture_result

WHO = {"subjects": 1, "seed": 1, "scale": 0.3}


@pytest.mark.parametrize("name", STUDIES)
def test_every_arm_can_be_asked_for(name: str) -> None:
    study = STUDIES[name]
    requests = _requests(study, study.trials, {**WHO, "scale": 1.0, "circuit": study.circuit})
    assert list(requests) == list(study.arms)
    folders = [folder(arm) for arm in study.arms]
    assert len(set(folders)) == len(folders)
    assert not set("".join(folders)) & set(" :/\\'")


def test_arms_of_the_mouse_study_have_their_settings() -> None:
    study = STUDIES["eyeblink_mouse"]
    requests = _requests(study, 100, {**WHO, "circuit": study.circuit})
    phased, _ = requests["phases"].build()
    assert (phased.trials, phased.block, phased.phases[1:]) == (60, 10, ("extinction", "reacquisition"))
    assert requests["interval_200"].build()[0].isi_ms == 200
    assert requests["unpaired"].build()[0].pairing == "unpaired"
    asked = {arm.mechanism for arm in study.arms.values() if arm.mechanism}
    assert asked == {
        f"{name}:{level}" for name in mechanisms.fitting(presets.load("mouse-cerebellum")) for level in ("0.5", "1")
    }


def test_ingredients_are_cut_as_in_the_validation() -> None:
    arms = STUDIES["granular_time_code"].arms
    cuts = list(time_code.WITHOUT.values())
    assert [arm.lesions for arm in arms.values()] == [(), *cuts, cuts[0] + cuts[1]]
    assert STUDIES["granular_time_code"].trials == 300


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ("eyeblink_mice", "did you mean 'eyeblink_mouse'"),
        ("eyeblink_mouse --circuit mouse-2022", "unknown population 'facial_motoneuron'"),
        ("granular_time_code --circuit mouse-2022", "unknown population 'ubc_on_fast'"),
        ("granular_time_code --trials 5", "trials"),
        ("eyeblink_mouse --trials 0", "trials"),
        ("head_faults --trials 5", "--trials: a subject of head_faults has none"),
        ("head_faults --circuit head", "dcn_glut"),
        ("eyeblink_mouse --subjects 0", "--subjects must be at least 1"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: str, match: str
) -> None:
    assert call(["reproduce", *words.split(), "--out", str(tmp_path / "out")]) == 2
    out, err = capsys.readouterr()
    assert not out and err.count("\n") == 1 and match in err
    assert not (tmp_path / "out").exists()


def test_mice_are_those_of_the_sources() -> None:
    assert mice.sessions("extinction")[:5].tolist() == [41, 26, 12, 4, 5]
    assert mice.days_to_half() == (6.4, 3.6)
    units = mice.nuclear_units()
    assert (units.facilitating_percent, units.suppressed_percent, units.size_hz) == (22, 8.5, 22.5)


def lid_result(arm: Arm, seed: int, trials: int, dead: bool) -> Result:
    """Return a made-up result of `eyeblink` with a lid; a dead one never answers."""
    base = eyeblink_result(seed)
    n = arm.trials(trials) * len(arm.settings.get("phases", [1]))
    settings = {"isi_ms": 250, "block": 10, "pairing": "paired", "phases": ["acquisition"], **arm.settings}
    time_ms = np.arange(-200.0, 1000.0)
    probe = np.arange(1, n + 1) % 10 == 0
    blocks = [np.nan if dead else float(x) for x in np.linspace(0, 90, -(-n // 10))]
    nan = float("nan")
    measures = {
        **base.measures,
        "lid_cr_percent_by_block": Measure(blocks, "%"),
        "lid_peak_probe_ms": Measure(nan if dead else 240.0 + seed, "ms"),
        "dcn_facilitating_percent": Measure(0.0 if dead else 20.0 + seed, "%"),
        "dcn_suppressed_percent": Measure(0.0, "%"),
        "dcn_facilitation_hz": Measure(nan if dead else 9.0, "Hz"),
    }
    if not probe.any():
        del measures["lid_peak_probe_ms"]
    arrays = {
        **base.arrays,
        "lid/time_ms": time_ms,
        "lid/closure_fec": np.zeros((n, time_ms.size)),
        "lid/naive_fec": np.zeros(time_ms.size),
        "cr/has_us": (~probe).astype(np.int8),
        "sdf_naive/purkinje_cell": base.arrays["sdf/purkinje_cell"][0],
        "sdf_naive/dcn_glut": base.arrays["sdf/dcn_glut"][0],
    }
    name, _, severity = (arm.mechanism or "").partition(":")
    ill = [{"name": name, "severity": float(severity)}] if name else []
    return dataclasses.replace(
        base, settings=settings, measures=measures, arrays=arrays, subject={**base.subject, "mechanisms": ill}
    )


@pytest.mark.parametrize(("subjects", "trials", "dead"), [(3, 100, False), (2, 20, True), (1, 2, True)])
def test_the_page_of_the_mouse_study(subjects: int, trials: int, dead: bool) -> None:
    study = STUDIES["eyeblink_mouse"]
    groups = {
        name: [lid_result(arm, seed, trials, dead) for seed in range(1, subjects + 1)]
        for name, arm in study.arms.items()
    }
    page = plots.study_page(study.page, groups)
    page.draw_without_rendering()
    drawn = [axes for axes in page.axes if axes.axison]
    assert all(axes.get_xlabel() and axes.get_ylabel() for axes in drawn)
    assert "".join(sorted(axes.get_title("left")[0] for axes in drawn if "  " in axes.get_title("left"))) == "abcdefghi"
    assert ("mesoscale" in page.get_supxlabel()) == (trials == 100)
    assert set(faults.by_mechanism(groups)) == set(mechanisms.fitting(presets.load("mouse-cerebellum")))


def test_phases_are_counted_apart() -> None:
    arm = STUDIES["eyeblink_mouse"].arms["phases"]
    curves = phases.by_phase([lid_result(arm, seed, 100, False) for seed in (1, 2)])
    assert curves.shape == (2, 3, 6)


def head_result(arm: Arm, seed: int) -> Result:
    """Return a made-up result of `posture`: who is ill turns when let go, and drifts back when let go turned."""
    base = posture_result(seed, epoch_s=10)
    name, _, severity = (arm.mechanism or "").partition(":")
    ill = [{"name": name, "severity": float(severity)}] if name else []
    angles = np.zeros((32_000, 3), np.float32)
    angles[12_000:22_000, 0] = 20.0 * bool(ill)
    values = {
        "head_angle_abs_deg.upright": 1.0 + seed, "head_angle_abs_deg.free": 2.0 + seed, "head_yaw_deg.free": 1.0,
        "head_roll_deg.free": -1.0, "neck_emg_percent.free": 3.0, "cocontraction_rudolph.free": 0.1,
        "tremor_power_deg2.free": 0.1, "head_severity_score": 2.0,
        "drift_time_constant_s.released": 2.0 if ill else float("inf"),
    }  # fmt: skip
    return dataclasses.replace(
        base,
        settings={**base.settings, "epochs": ["upright", "free", "released"]},
        subject={**base.subject, "mechanisms": ill, "lesions": list(arm.lesions)},
        measures={key: Measure(value, "deg") for key, value in values.items()},
        arrays={**base.arrays, "head/angle_deg": angles},
    )


@pytest.mark.parametrize("subjects", [1, 3])
def test_the_page_of_the_head_study(subjects: int, monkeypatch: pytest.MonkeyPatch) -> None:
    pictured: list[np.ndarray] = []
    monkeypatch.setattr(head_faults.head, "images", lambda deg: pictured.append(deg) or np.zeros((len(deg), 4, 4, 3)))
    study = STUDIES["head_faults"]
    groups = {name: [head_result(arm, seed) for seed in range(1, subjects + 1)] for name, arm in study.arms.items()}
    page = plots.study_page(study.page, groups)
    page.draw_without_rendering()
    drawn = [axes for axes in page.axes if axes.axison]
    assert len(drawn) == 2 + len(head_faults.PANELS)
    assert all(axes.get_xlabel() and axes.get_ylabel() for axes in drawn)
    fitting = mechanisms.fitting(presets.load("cerebellum-head"))
    assert set(faults.by_mechanism(groups)) == set(fitting)
    # Healthy, three lesions, then every mechanism at 1: these are turned.
    assert pictured[0][:, 0].tolist() == [0.0, 0.0, 0.0, 0.0, *[20.0] * len(fitting)]
    assert head_faults.drift_per_s(groups["healthy"]).tolist() == [0.0] * subjects


def time_result(arm: Arm, seed: int) -> Result:
    """Return a made-up result of `granular_time_code`."""
    true = np.arange(0.0, 301.0, 5.0)
    told = true + np.random.default_rng(seed).normal(0, 20, (5, true.size))
    return Result(
        "granular_time_code",
        {},
        {"circuit": "mouse-cerebellum", "scale": 1.0, "seed": seed, "lesions": list(arm.lesions)},
        {
            "time_error_ms": Measure(20.0 + seed, "ms"),
            "time_error_ms_by_time": Measure([20.0 + seed] * 7, "ms"),
        },
        {},
        arrays={
            "time/true_ms": true,
            "time/estimate_ms": told,
            "time/error_at_ms": np.arange(0.0, 301.0, 50.0),
        },
    )


@pytest.mark.parametrize("subjects", [1, 3])
def test_the_page_of_the_time_code(subjects: int) -> None:
    study = STUDIES["granular_time_code"]
    groups = {name: [time_result(arm, seed) for seed in range(1, subjects + 1)] for name, arm in study.arms.items()}
    page = plots.study_page(study.page, groups)
    page.draw_without_rendering()
    assert all(axes.get_xlabel() and axes.has_data() for axes in page.axes)
    legend = page.axes[2].get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == [*study.arms, "true"]
    assert "goc_grc cut" in page.get_supxlabel().replace("\n", " ")


def test_a_study_from_run_to_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arms = {"healthy": Arm(), "without olive": Arm(lesions=("io_cell",))}
    monkeypatch.setitem(STUDIES, "geminiani2022", dataclasses.replace(STUDIES["geminiani2022"], arms=arms, trials=1))
    words = f"reproduce geminiani2022 --subjects 1 --workers 1 --scale 0.3 --out {tmp_path}"
    assert call([*words.split(), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told["arms"]) == list(arms)
    assert told["arms"]["without olive"]["subjects"][0]["lesions"] == ["io_cell"]
    assert Path(told["figure"]).stat().st_size > 10_000
    assert call(words.split()) == 0  # all is done: it only draws
    out = capsys.readouterr().out
    assert "cr_percent" in out and "without olive" in out
    assert f"Next:    dystolab show {tmp_path}/healthy" in out
