"""A head joined to a circuit: afferents that keep their rates, canals, a head that stays, is pushed, and goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dystolab.body import held_head
from dystolab.body.afferents import Afferents
from dystolab.body.held_head import HeldHead, canals_hz
from dystolab.circuit import load, neck, tables
from dystolab.circuit.groups import DIRECTIONS
from dystolab.errors import SpecError, UnknownNameError

YAW, PITCH, ROLL = range(3)
SILENT = {"neck_motoneuron": (np.zeros(0), np.zeros(0, np.int32))}
FED = {"spindle_ia": 560, "spindle_ii": 560, "vestibular_afferent": 180, "head_command": 180}


# Afferents


def trains(fibres: Afferents, rates: Any, n_ms: int, start_ms: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return times and cells of `n_ms`; `rates` is one rate per group, or a row of them for each millisecond."""
    rows = np.broadcast_to(rates, (n_ms, np.shape(rates)[-1]))
    found = [fibres.step(start_ms + k, row) for k, row in enumerate(rows)]
    return np.concatenate([t for t, _ in found]), np.concatenate([c for _, c in found])


def test_rates_are_kept_by_every_fibre() -> None:
    rates = np.array([0.0, 7.0, 82.0, 333.0, 1000.0])
    times, cells = trains(Afferents("ia", 5, 20, seed=1), rates, 1000)
    counts = np.bincount(cells, minlength=100).reshape(5, 20)
    assert np.abs(counts - rates[:, None]).max() <= 1 and not counts[0].any()
    assert (np.diff(np.ceil(times - 1e-9)) >= 0).all() and times.min() > 0 and times.max() <= 1000


def test_trains_are_regular_and_fibres_out_of_phase() -> None:
    times, cells = trains(Afferents("ia", 1, 40, seed=1), [83.0], 1000)
    for fibre in range(40):
        np.testing.assert_allclose(np.diff(times[cells == fibre]), 1000 / 83.0, atol=0.002)
    first = np.sort([times[cells == fibre][0] for fibre in range(40)])
    assert first.min() < 2 and first.max() > 10 and np.diff(first).max() < 3


def test_a_changing_rate_is_followed() -> None:
    rates = 100 + 80 * np.sin(np.arange(1000) / 1000 * 4 * np.pi)[:, None]
    times, _ = trains(Afferents("ia", 1, 50, seed=3), rates, 1000)
    found = np.histogram(times, np.arange(0, 1001, 50))[0] / 50 / 0.05
    np.testing.assert_allclose(found, rates.reshape(-1, 50).mean(axis=1), atol=5)


def test_the_name_and_the_seed_decide_the_phases() -> None:
    one, same, other, later = (
        trains(Afferents(n, 2, 5, s), [50.0, 60.0], 100) for n, s in (("a", 1), ("a", 1), ("b", 1), ("a", 2))
    )
    assert np.array_equal(one[0], same[0]) and np.array_equal(one[1], same[1])
    assert not np.array_equal(one[0], other[0]) and not np.array_equal(one[0], later[0])


RATES = st.lists(st.tuples(st.floats(0.0, 1000.0), st.floats(0.0, 1000.0)), min_size=1, max_size=30)


@settings(deadline=None)
@given(RATES, st.integers(0, 1000))
def test_any_rates_are_added_up_to_spikes(rates: list[tuple[float, float]], start_ms: int) -> None:
    fibres, each = Afferents("a", 2, 5, seed=1), 5
    phase = fibres.state()
    for ms, rate in enumerate(np.array(rates), start_ms):
        advance = np.repeat(rate, each) / 1000
        (fired,) = np.nonzero(phase + advance >= 1)
        wanted = ms + np.clip((1 - phase[fired]) / advance[fired], 1e-3, 1)
        phase = (phase + advance) - (phase + advance >= 1)
        times, cells = fibres.step(float(ms), rate)
        np.testing.assert_allclose(times, wanted, rtol=1e-12)
        np.testing.assert_allclose(fibres.state(), phase, rtol=1e-12)
        assert np.array_equal(cells, fired) and cells.dtype == np.int32


def test_afferents_go_on_bit_for_bit() -> None:
    fibres, fresh = Afferents("a", 2, 5, 1), Afferents("a", 2, 5, 9)
    trains(fibres, [77.0, 130.0], 333)
    state = fibres.state()
    kept = state.copy()
    first = trains(fibres, [77.0, 130.0], 100, 333)
    fresh.restore(state)
    again = trains(fresh, [77.0, 130.0], 100, 333)
    assert np.array_equal(first[0], again[0]) and np.array_equal(first[1], again[1]) and np.array_equal(state, kept)


def test_what_are_no_rates_is_refused() -> None:
    for n_groups, n_each in ((0, 1), (1, 0)):
        with pytest.raises(SpecError, match="afferents 'a': need at least 1 group of 1 fibre"):
            Afferents("a", n_groups, n_each, 1)
    fibres = Afferents("a", 2, 5, 1)
    for wrong in ([1.0], [1.0, np.nan], [[1.0, 2.0]], 1.0):
        with pytest.raises(SpecError, match="afferents 'a': need one finite rate per group"):
            fibres.step(0.0, wrong)
    for wrong in ([-0.1, 1.0], [0.0, 1000.1]):
        with pytest.raises(SpecError, match="rates must lie in 0 to 1000 Hz"):
            fibres.step(0.0, wrong)
    assert np.array_equal(fibres.state(), Afferents("a", 2, 5, 1).state())
    for state in (np.zeros(9), np.full(10, np.nan)):
        with pytest.raises(SpecError, match="not the state of 10 fibres"):
            fibres.restore(state)


# Canals


def test_numbers_have_their_provenance() -> None:
    entries = [entry.quantity for entry in tables.read(held_head._FILE).root.entries()]
    assert len(entries) == 3 and all(q.note for q in entries)


@pytest.mark.parametrize("axis", [YAW, PITCH, ROLL])
def test_canals_answer_to_their_axis_in_push_and_pull(axis: int) -> None:
    velocity = np.zeros(3)
    velocity[axis] = 40.0
    found = canals_hz(velocity)
    assert found[2 * axis] == 90 + 0.45 * 40 and found[2 * axis + 1] == 90 - 0.45 * 40
    assert (np.delete(found, [2 * axis, 2 * axis + 1]) == 90).all()
    found = canals_hz(100 * velocity)
    assert found[2 * axis] == 400 and found[2 * axis + 1] == 0
    assert (canals_hz(np.zeros(3)) == 90).all()


# The head


class Pushed:
    """A task that pushes for 100 ms and wants the same all the time; what it was asked is kept."""

    def __init__(self, push_nm: Any = (0.0, 0.0, 0.0), command_hz: float = 0.0) -> None:
        self._push, self._command = np.array(push_nm, float), command_hz
        self.seen: list[np.ndarray] = []

    def command_hz(self, time_ms: float, angle_deg: np.ndarray) -> np.ndarray:
        self.seen.append(angle_deg)
        return np.full(6, self._command)

    def push_nm(self, time_ms: float) -> np.ndarray:
        return self._push if time_ms <= 100 else np.zeros(3)

    def state(self) -> np.ndarray:
        return np.array([len(self.seen)], float)

    def restore(self, state: np.ndarray) -> None:
        self.seen = [np.zeros(3)] * int(state[0])


def held(**more: Any) -> HeldHead:
    pytest.importorskip("mujoco")
    return HeldHead(load("head"), 1, Pushed(**more))


def spikes(rate_hz: float, muscles: tuple[str, ...], start_ms: int, n_ms: int) -> list[Mapping[str, Any]]:
    """Return the spikes of each millisecond if all units of some muscles fire regularly, and all others are silent."""
    names = [m.name for m in neck.muscles()]
    cells = np.concatenate([names.index(m) * 60 + np.arange(60) for m in muscles]) if muscles else np.zeros(0, int)
    period = round(1000 / rate_hz)
    rows = [cells[(ms + np.arange(cells.size)) % period == 0] for ms in range(start_ms, start_ms + n_ms)]
    return [
        {"neck_motoneuron": (np.full(row.size, start_ms + k + 0.5), row.astype(np.int32))} for k, row in enumerate(rows)
    ]


def moved(body: HeldHead, rows: list[Mapping[str, Any]], start_ms: int = 0) -> list[dict[str, Any]]:
    return [body.step(float(start_ms + k + 1), row) for k, row in enumerate(rows)]


def test_without_muscles_the_head_stays_upright_and_afferents_tell_so() -> None:
    body = held()
    heard = moved(body, [SILENT] * 2000)
    assert body.angle_deg.shape == (2000, 3) and np.abs(body.angle_deg).max() < 0.1
    assert body.activation.shape == (2000, 28) and not body.activation.any()
    for name, rate in (("spindle_ia", 82), ("spindle_ii", 80), ("vestibular_afferent", 90), ("head_command", 0)):
        times, cells = (np.concatenate([row[name][part] for row in heard]) for part in (0, 1))
        counts = np.bincount(cells, minlength=FED[name])
        assert counts.size == FED[name] and counts.mean() == pytest.approx(2 * rate, abs=1)
        # The spikes of a step are those of the millisecond after it.
        assert (np.concatenate([row[name][0] - k - 1 for k, row in enumerate(heard)]) > 0).all()
        assert times.size == 0 or times.max() <= 2001


@pytest.mark.parametrize("axis", [YAW, PITCH, ROLL])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_push_moves_the_head_its_way_and_is_felt(axis: int, sign: int) -> None:
    push = np.zeros(3)
    push[axis] = 0.5 * sign
    body = held(push_nm=push)
    heard = moved(body, [SILENT] * 150)
    angle = body.angle_deg[-1]
    assert 1 < sign * angle[axis] < 20 and np.abs(np.delete(angle, axis)).max() < 0.2 * abs(angle[axis])
    assert np.array_equal(body._task.seen, body.angle_deg)  # what is seen is where the head is
    cells = np.concatenate([row["vestibular_afferent"][1] for row in heard[:100]])
    felt = np.bincount(cells // 30, minlength=6) / 30
    towards, away = (2 * axis, 2 * axis + 1) if sign > 0 else (2 * axis + 1, 2 * axis)
    # 0.45 Hz per degree per second more on one side, and less on the other, is 0.9 spikes per degree.
    assert felt[towards] - felt[away] == pytest.approx(0.9 * sign * body.angle_deg[99, axis], abs=0.15)


def test_muscles_of_the_left_pull_to_the_left_and_those_of_the_right_are_stretched() -> None:
    body = held(command_hz=20.0)
    left = tuple(m.name for m in neck.muscles() if m.name.startswith("splenius") and m.name.endswith("left"))
    heard = moved(body, spikes(15.0, left, 0, 400))
    assert body.angle_deg[-1, YAW] > 3
    active = body.activation[-1] > 0.01
    assert [m.name for m, on in zip(neck.muscles(), active, strict=True) if on] == list(left)
    cells = np.concatenate([row["spindle_ii"][1] for row in heard[200:]])
    felt = np.bincount(cells // 20, minlength=28)
    names = [m.name for m in neck.muscles()]
    for name in left:
        assert felt[names.index(name)] < felt[names.index(name.replace("left", "right"))]
    commands = np.concatenate([row["head_command"][1] for row in heard])
    assert commands.size == pytest.approx(180 * 20 * 0.4, rel=0.05)


def test_a_restored_head_goes_on_bit_for_bit() -> None:
    names = ("splenius_capitis_left", "scalenus_medius_right")
    rows = spikes(20.0, names, 0, 300)
    body, fresh = held(push_nm=(0.5, 0.2, 0.1)), held(push_nm=(0.5, 0.2, 0.1))
    moved(body, rows[:90])
    state = body.state()
    first = moved(body, rows[90:], 90)
    assert np.abs(body.angle_deg[-1]).max() > 1
    for _ in range(2):
        fresh.restore(state)
        again = moved(fresh, rows[90:], 90)
        assert np.array_equal(body.angle_deg, fresh.angle_deg) and np.array_equal(body.activation, fresh.activation)
        assert len(fresh._task.seen) == 300
    for a, b in zip(first, again, strict=True):
        for name in FED:
            assert np.array_equal(a[name][0], b[name][0]) and np.array_equal(a[name][1], b[name][1])


def test_a_state_of_something_else_is_refused() -> None:
    body = held()
    state = body.state()
    with pytest.raises(SpecError, match=r"held head: a state has the parts spindle_ia, .* got neck$"):
        body.restore({"neck": state["neck"]})
    with pytest.raises(SpecError, match="not the state of 180 fibres"):
        body.restore({**state, "head_command": np.zeros(3)})


def test_another_circuit_is_refused() -> None:
    pytest.importorskip("mujoco")
    with pytest.raises(UnknownNameError, match="unknown population 'neck_motoneuron'"):
        HeldHead(load("mouse-2022"), 1, Pushed())
    for name, change, told in (
        ("neck_motoneuron", {"groups": 27}, "'neck_motoneuron' of circuit 'head' must have 28 groups of equal size"),
        ("spindle_ii", {"groups": 1}, "'spindle_ii' of circuit 'head' must have 28 groups .* got 560 cells in 1$"),
        ("head_command", {"size": 181}, "'head_command' of circuit 'head' must have 6 groups .* got 181 cells in 6$"),
    ):
        with pytest.raises(SpecError, match=told):
            HeldHead(load("head").with_population(name, **change, spread=(), recruitment=None), 1, Pushed())


def test_excursions_are_those_of_the_widest_axis() -> None:
    found = neck.excursions_mm()
    limits = np.radians(np.abs(neck.limits_deg()).max(axis=1))
    for value, muscle in zip(found, neck.muscles(), strict=True):
        each = [abs(arm) * most for arm, most in zip(muscle.arms_mm, limits, strict=True)]
        assert value == pytest.approx(max(each)) and 1 < value < 150
    assert len(DIRECTIONS) == 6 and np.allclose(found[:14], found[14:])
