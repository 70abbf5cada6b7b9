"""Rows on bodies: they pass on what is right, and fail on what is not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from dystolab.circuit.presets import load
from dystolab.experiments.posture import Posture
from dystolab.lab.validation import cortex, posture, reach, strength, voluntary
from dystolab.result import Measure, Result
from fakes import posture_result, reach_result


def turned(reached_ms: int, epoch_s: int = 8) -> Result:
    """A head that is turned by 30 degrees at an even speed, from the call on."""
    whole = posture_result(1, epoch_s)
    start = 2000 + 1000 * epoch_s
    yaw = np.interp(np.arange(start + 1000 * epoch_s), [start, start + reached_ms], [0.0, 30.0])
    angles = np.zeros((yaw.size, 3), np.float32)
    angles[:, 0] = yaw
    return dataclasses.replace(whole, arrays={**whole.arrays, "head/angle_deg": angles})


@pytest.mark.parametrize(("reached_ms", "passes"), [(600, True), (3000, False)])
def test_a_turn_is_timed_from_the_call(reached_ms: int, passes: bool) -> None:
    took, speed = voluntary.turn_rows([turned(reached_ms)] * 2)
    assert took.passed is passes and took.value.startswith(f"{reached_ms * 25 / 30000:.2f}"[:3])
    assert speed.value.startswith(f"{30000 / reached_ms:.0f}")


@pytest.mark.parametrize(
    ("tau_s", "left_deg", "passes"),
    [
        ([30.0, np.inf, 5.0], (25.0, 25.0, 5.0), True),
        ([4.0, np.inf, 5.0], (25.0, 25.0, 25.0), False),
        ([30.0, np.inf, np.inf], (25.0, 5.0, 5.0), False),  # no exponential, and yet it falls
    ],
)
def test_a_drift_is_judged_by_half_of_the_subjects(
    tau_s: list[float], left_deg: tuple[float, ...], passes: bool
) -> None:
    name, alone = "drift_time_constant_s.released", Posture(epochs=("released",), epoch_s=15)
    yaw = [
        np.concatenate([np.full(6000, 30.0), np.linspace(30.0, left, 10_000), np.full(1000, left)]) for left in left_deg
    ]
    results = [
        dataclasses.replace(
            posture_result(1),
            settings=alone.model_dump(mode="json"),
            measures={name: Measure.from_json(Measure(t, "s").to_json())},
            arrays={"head/angle_deg": np.stack([angle, 0 * angle, 0 * angle], axis=1)},
        )
        for t, angle in zip(tau_s, yaw, strict=True)
    ]
    row = posture.drift_row("x", results, "calibration", above_s=20.0)
    assert row.passed is passes and f"no exponential fits {np.isinf(tau_s).sum()} of 3" in row.value
    over_s, left = posture.left_percent(results)
    assert over_s == pytest.approx(11.05, abs=0.1) and left == pytest.approx(np.array(left_deg) / 0.3)
    assert posture.drift_row("x", results, "calibration").passed is None


@pytest.mark.parametrize(("granule_hz", "passes"), [(0.2, True), (3.4, False)])
def test_the_cortex_of_a_joined_circuit_is_held_against_a_mouse_while_nothing_moves(
    granule_hz: float, passes: bool
) -> None:
    rates = {
        "mossy_fiber": 4.0, "granule_cell": granule_hz, "basket_cell": 59.0, "purkinje_cell": 70.0, "dcn_glut": 75.0,
        "io_cell": 1.0,
    }  # fmt: skip
    counts = {}
    for name, rate in rates.items():
        each = rate * load("cerebellum-head").population(name).size / 1000.0
        counts[f"counts/{name}"] = np.concatenate([np.full(1000, 50 * each), np.full(500, each)])
    result = dataclasses.replace(posture_result(1), arrays=counts)
    found = {row.what.split(": ")[1]: row for row in cortex.rows("cerebellum-head", [result] * 2, 1000, 1500)}
    assert set(found) == set(rates)
    assert found["granule_cell"].passed is passes and not found["basket_cell"].passed
    assert all(found[name].passed for name in ("mossy_fiber", "purkinje_cell", "dcn_glut", "io_cell"))


def test_a_head_that_is_never_turned_fails() -> None:
    assert voluntary.turn_rows([turned(10**6)])[0].passed is False


@pytest.mark.parametrize(("left_deg", "passes"), [(0.3, True), (4.0, False)])
def test_what_is_left_of_taps_does_not_cancel(left_deg: float, passes: bool) -> None:
    whole = posture_result(1, 60)
    settings = {**whole.settings, "epochs": ["upright"], "epoch_s": 60, "pushes": True}
    ms, angles = np.arange(2000 + 60_000), np.zeros((62_000, 3))
    angles += 3.0 * np.sin(2 * np.pi * ms / 30_000.0)[:, None]  # sway, which taps about opposite ways tell nothing of
    taps = Posture(**settings).taps()
    for at, push in taps:
        since = ms - at
        moved = np.where(since > 0, 5.0 * np.exp(-since / 300.0), 0.0) + left_deg * (since > 0)
        angles += moved[:, None] * push / np.linalg.norm(push)
    result = dataclasses.replace(whole, settings=settings, arrays={**whole.arrays, "head/angle_deg": angles})
    far, left = voluntary.tap_rows("upright", [result] * 2)
    assert len(taps) == 6 and np.allclose(sum(push for _, push in taps), 0.0)
    assert left.passed is passes and float(left.value.split()[0]) == pytest.approx(left_deg, abs=0.15)
    assert float(far.value.split()[0]) == pytest.approx(5 + left_deg, abs=0.5)


@pytest.mark.parametrize(("power", "passes"), [(1.0, True), (0.5, False)])
def test_emg_that_runs_ahead_of_light_force_fails(power: float, passes: bool) -> None:
    whole = posture_result(1)
    force = np.linspace(0.02, 0.5, 28)[None].repeat(1800, axis=0)
    arrays = {**whole.arrays, "head/activation": force, "emg/envelope_mvc": force**power}
    row = voluntary.force_row([dataclasses.replace(whole, arrays=arrays)])
    assert row.passed is passes


def test_the_strength_of_the_neck_is_that_of_men(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mujoco")
    assert [row.passed for row in strength.rows()] == [True] * 4
    monkeypatch.setitem(strength.MEN_NM, "turning", (0, 1.0, 30.0, 5.0))
    assert [row.passed for row in strength.rows()] == [True] * 3 + [False]


def with_measures(**values: float) -> Result:
    return dataclasses.replace(reach_result(), measures={n: Measure(v, "mm", None, 1) for n, v in values.items()})


@pytest.mark.parametrize(("late", "passes"), [(10.0, True), (29.0, False)])
def test_learning_is_what_is_lost_of_the_first_deviation(late: float, passes: bool) -> None:
    learned = {"reach_deviation_early_mm": 30.0, "reach_deviation_late_mm": late, "reach_aftereffect_mm": -9.0}
    results = [with_measures(**learned)] * 2
    _, kept, after = reach.learning_rows(reach.BOTH, "x", results)
    assert kept.passed is passes and after.value.startswith("-9.0") and kept.kind == "calibration"
    # Who can't learn must keep it.
    assert reach.learning_rows(reach.ALONE, "x", results)[1].passed is not passes
