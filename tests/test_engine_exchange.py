"""A body in the loop: it hears every spike, feeds relays in time, and a run with it is one, however it is cut."""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dystolab.circuit.neurons import ParameterSchedule
from dystolab.circuit.spec import Circuit
from dystolab.engine import Recording, Simulator
from dystolab.engine.record import Record
from dystolab.errors import SpecError, UnknownNameError
from engine_circuits import anatomy, cells, edges, eglif, link, spikes

N = 6
HEARD = ("cell", "motoneuron")
RECORDING = Recording(spikes=(*HEARD, "fibre"))
RUN_MS = 60
Spikes = tuple[np.ndarray, np.ndarray]
NOTHING = (np.zeros(0), np.zeros(0, np.int32))


class Echo:
    """A body whose answer depends on all that it ever heard, and on the time."""

    hears = HEARD

    def __init__(self) -> None:
        self.heard: dict[str, list[Spikes]] = {name: [] for name in HEARD}
        self.given: list[Spikes] = []
        self.times: list[float] = []
        self.sum = 0

    def step(self, time_ms: float, spikes: Mapping[str, Spikes]) -> dict[str, Spikes]:
        self.times.append(time_ms)
        for name, (times, of) in spikes.items():
            assert ((times > time_ms - 1 + 1e-9) & (times <= time_ms + 1e-9)).all()
            self.heard[name].append((times, of))
            self.sum += round(10 * times.sum()) + 7 * int(of.sum())
        fires = (self.sum + np.arange(N) * 5 + round(time_ms)) % 7 < 2
        out = np.flatnonzero(fires).astype(np.int32)
        times = time_ms + 0.1 * (1 + (self.sum + out) % 10)
        self.given.append((times, out))
        return {"fibre": (times, out)}

    def state(self) -> dict[str, np.ndarray]:
        return {"sum": np.array(self.sum)}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        self.sum = int(state["sum"])


class Giving(Echo):
    """A body that gives what it is told to, once, and then nothing."""

    def __init__(self, **given: Any) -> None:
        super().__init__()
        self._left = [given]

    def step(self, time_ms: float, spikes: Mapping[str, Spikes]) -> dict[str, Spikes]:
        super().step(time_ms, spikes)
        return self._left.pop() if self._left else {}


@functools.cache
def circuit(delay_ms: float = 0.5) -> Circuit:
    """Return fibres that drive cells that drive motoneurons, some of which fire by themselves."""
    far = {"weight_ns": {"mean": 1.0}, "delay_ms": {"mean": delay_ms}}
    noisy = eglif("dcn_gaba")
    return Circuit(
        name="reflex",
        populations=(cells("fibre", N), cells("cell", N, noisy), cells("motoneuron", N, noisy)),
        projections=(link("in", "fibre", "cell", **far), link("out", "cell", "motoneuron", **far)),
    )


def simulator(wanted: Circuit | None = None, recording: Recording = RECORDING, **more: Any) -> Simulator:
    wanted = wanted or circuit()
    delay_ms = wanted.projection("in").delay_ms.mean
    each = edges(range(N), range(N), 20.0, delay_ms)
    return Simulator(wanted, recording=recording, anatomy=anatomy(wanted, **{"in": each, "out": each}), **more)


def ran(cuts: tuple[int, ...] = (RUN_MS,), delay_ms: float = 0.5, **more: Any) -> tuple[Simulator, Echo]:
    sim, body = simulator(circuit(delay_ms), **more), Echo()
    for duration_ms in cuts:
        sim.run(duration_ms, body)
    return sim, body


def joined(parts: list[Spikes]) -> Spikes:
    return np.concatenate([t for t, _ in parts]), np.concatenate([c for _, c in parts])


def in_order(found: Spikes) -> list[tuple[int, int]]:
    return sorted((round(10 * t), int(c)) for t, c in zip(*found, strict=True))


def assert_same(a: Simulator, b: Simulator) -> None:
    for name in (*HEARD, "fibre"):
        for one, other in zip(a.spikes(name), b.spikes(name), strict=True):
            assert np.array_equal(one, other), name
        assert np.array_equal(a.counts(name), b.counts(name)), name
    assert a.time_ms == b.time_ms


@pytest.mark.parametrize("delay_ms", [0.2, 0.5, 2.0])
def test_a_body_hears_every_spike_once_and_its_own_act_when_it_said(delay_ms: float) -> None:
    sim, body = ran(delay_ms=delay_ms)
    assert body.times == list(range(1, RUN_MS + 1))
    for name in HEARD:
        heard = joined(body.heard[name])
        assert len(heard[0]) > 50 and in_order(heard) == in_order(sim.spikes(name))
    given = joined(body.given)
    past = given[0] > RUN_MS + 1e-9  # those of the millisecond that nobody ran
    assert in_order((given[0][~past], given[1][~past])) == in_order(sim.spikes("fibre"))
    assert past.sum() < len(past) / 20 and len(past) > 50


@pytest.mark.parametrize("step", [0, 4, 9])
def test_a_given_spike_arrives_after_its_delay(step: int) -> None:
    quiet = eglif("dcn_gaba", lambda_0_per_ms=0.0)
    wanted = circuit(2.0).with_population("cell", neuron=quiet).with_population("motoneuron", neuron=quiet)
    at_ms = 3.0 + 0.1 * (step + 1)
    driven, fed = simulator(wanted.with_drives(spikes("s", "fibre", (at_ms,), cell=2))), simulator(wanted)
    driven.run(3)
    fed.run(2)
    driven.run(20)
    fed.run(21, Giving(fibre=(np.array([at_ms]), np.array([2]))))
    assert in_order(fed.spikes("fibre")) == [(round(10 * at_ms), 2)]
    assert_same(driven, fed)
    state = [sim._net.s for sim in (driven, fed)]
    assert np.array_equal(*state)


def test_a_given_spike_is_one_per_step_and_comes_beside_those_of_drives() -> None:
    wanted = circuit().with_drives(spikes("s", "fibre", (1.5, 2.5), cell=1))
    sim = simulator(wanted)
    sim.run(5, Giving(fibre=(np.array([1.4, 1.4, 1.33, 2.0]), np.array([0, 0, 0, 3]))))
    assert in_order(sim.spikes("fibre")) == [(14, 0), (15, 1), (20, 3), (25, 1)]


@pytest.mark.parametrize("n", [0, 3, 40, 2000])  # 2000: more than there is room for at first
def test_spikes_are_laid_out_by_step_and_cell(n: int) -> None:
    wanted = circuit().with_population("fibre", size=300)
    sim, draw = simulator(wanted), np.random.default_rng(n)
    at, who = draw.integers(1, 11, n), draw.integers(0, 300, n)
    sim._live.take({"fibre": (7.0 + at / 10, who)}, 70)
    state = sim._live.dump()
    found = list(zip(state["live/step"].tolist(), state["live/cell"].tolist(), strict=True))
    assert found == sorted({(70 + int(k) - 1, int(c)) for k, c in zip(at, who, strict=True)})
    fed = sim._live.spikes
    assert fed.ptr[-1] == len(found) and fed.step[: len(found)].tolist() == [step for step, _ in found]


def test_threads_and_cuts_change_nothing() -> None:
    one, _ = ran()
    for cuts, threads in (((RUN_MS,), 2), ((1,) * RUN_MS, 1), ((7, 1, 32, 20), 2)):
        other, body = ran(cuts, threads=threads)
        assert_same(one, other)
        assert np.array_equal(one._net.s, other._net.s) and len(body.times) == RUN_MS


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("room", [1, 90])  # too little for a chunk, and for the chunks of a millisecond
def test_more_spikes_than_there_is_room_for_are_heard_too(room: int, threads: int) -> None:
    sim, body = simulator(threads=threads), Echo()
    sim._feed.record_room = room
    sim.run(RUN_MS, body)
    assert room == 1 or len(sim._record._spikes) > RUN_MS + 20
    assert_same(ran()[0], sim)
    for name in HEARD:
        times, of = joined(body.heard[name])
        assert in_order((times, of)) == in_order(sim.spikes(name)) and (np.diff(times) >= 0).all()


@pytest.mark.parametrize("at_ms", [1, 23])
def test_a_restored_run_goes_on_bit_for_bit(at_ms: int, tmp_path: Path) -> None:
    whole, _ = ran()
    sim, body = ran((at_ms,))
    sim.checkpoint(tmp_path / "state.npz", body)
    sim.run(5, body)  # what happens after it is not in it
    other, fresh = simulator(threads=2), Echo()
    for _ in range(2):
        other.restore(tmp_path / "state.npz", fresh)
        other.run(RUN_MS - at_ms, fresh)
        assert_same(whole, other)
        assert np.array_equal(whole._net.s, other._net.s)


def test_a_run_restored_before_any_spike_goes_on(tmp_path: Path) -> None:
    silent = eglif("dcn_gaba", lambda_0_per_ms=0.0)
    wanted = circuit().with_population("cell", neuron=silent).with_population("motoneuron", neuron=silent)
    sim = simulator(wanted)
    sim.run(2)
    assert not sim.spikes("fibre")[0].size
    sim.checkpoint(tmp_path / "state.npz", Echo())
    other, body = simulator(wanted), Echo()
    other.restore(tmp_path / "state.npz", body)
    other.run(5, body)
    assert other.spikes("fibre")[0].size and len(body.times) == 5


def test_without_its_body_a_circuit_runs_on_and_old_spikes_are_given_once() -> None:
    sim, body = ran((20,))
    given = in_order(joined(body.given))
    sim.run(0.5)  # the last ones are of the whole millisecond
    sim.run(19.5)
    assert max(given)[0] > 205 and in_order(sim.spikes("fibre")) == given
    sim.run(20, body)
    assert in_order(sim.spikes("fibre")) == [s for s in in_order(joined(body.given)) if s[0] <= 600]


@pytest.mark.parametrize("at_ms", [10.5, 11.0])
def test_a_change_within_a_millisecond_leaves_the_exchange_whole(at_ms: float) -> None:
    law = ParameterSchedule(parameter="i_e_pa", times_ms=(at_ms,), values=(800.0,))
    changed = circuit().with_population("cell", slow=(law,))
    sim, body = simulator(changed), Echo()
    sim.run(RUN_MS, body)
    assert body.times == list(range(1, RUN_MS + 1)) and len(sim.counts("cell")) == RUN_MS
    for name in HEARD:
        assert in_order(joined(body.heard[name])) == in_order(sim.spikes(name))
    assert in_order(sim.spikes("fibre")) == [s for s in in_order(joined(body.given)) if s[0] <= 10 * RUN_MS]
    before, after = (np.array(in_order(s.spikes("cell")))[:, 0] for s in (ran()[0], sim))
    first = round(10 * at_ms)
    assert np.array_equal(before[before <= first], after[after <= first]) and after.size > before.size


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"cell": ([1.5], [0])}, "a body can feed relays only, and 'cell' is none"),
        ({"fibre": ([1.5], [N])}, "gave 'fibre' a spike of a cell outside 0 to 5"),
        ({"fibre": ([1.5], [-1])}, "gave 'fibre' a spike of a cell outside 0 to 5"),
        ({"fibre": ([1.0], [0])}, "gave 'fibre' a spike that is not of the next millisecond"),
        ({"fibre": ([2.1], [0])}, "gave 'fibre' a spike that is not of the next millisecond"),
        ({"fibre": ([np.nan], [0])}, "gave 'fibre' a spike that is not of the next millisecond"),
        ({"fibre": ([1.5, 1.6], [0])}, "gave 'fibre' 2 times and 1 cells"),
    ],
)
def test_what_a_body_may_not_give_is_refused(given: dict[str, Any], complaint: str) -> None:
    with pytest.raises(SpecError, match=complaint) as caught:
        simulator().run(3, Giving(**{name: tuple(map(np.array, parts)) for name, parts in given.items()}))
    assert "\n" not in str(caught.value)


def test_a_population_that_does_not_exist_is_named() -> None:
    with pytest.raises(UnknownNameError, match="unknown population 'fibres' - did you mean 'fibre'"):
        simulator().run(3, Giving(fibres=NOTHING))


def test_time_with_a_body_goes_by_whole_milliseconds() -> None:
    sim = simulator()
    with pytest.raises(SpecError, match=r"run\(2.5 ms\): with a body, time goes by whole milliseconds"):
        sim.run(2.5, Echo())
    sim.run(0.5)
    with pytest.raises(SpecError, match="whole milliseconds"):
        sim.run(2.0, Echo())
    sim.run(2.5)
    sim.run(2.0, Echo())
    assert sim.time_ms == 5.0


@pytest.mark.parametrize(
    ("recording", "complaint"),
    [
        (Recording(spikes=("cell",)), "spikes of 'motoneuron' were not recorded"),
        (
            Recording(spikes=HEARD, spike_cells={"motoneuron": 2}),
            "hears all cells of 'motoneuron', so all of them must",
        ),
    ],
)
def test_what_is_heard_must_be_recorded(recording: Recording, complaint: str) -> None:
    with pytest.raises(SpecError, match=complaint):
        simulator(recording=recording).run(3, Echo())


def test_no_call_sorts_all_that_was_kept_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would make long runs of many short calls cost the square of their length."""
    sim, body = simulator(), Echo()
    monkeypatch.setattr(Record, "spikes", lambda *_: pytest.fail("all spikes were sorted"))
    for _ in range(3):
        sim.run(10, body)
    assert body.times[-1] == 30.0


class Watching(Echo):
    """A body that looks at the state of the circuit, and may wait until it is what it is meant to be."""

    def __init__(self, sim: Simulator, expected: list[np.ndarray] | None = None) -> None:
        super().__init__()
        self.sim, self.expected, self.states = sim, expected, [sim._net.s.copy()]

    def step(self, time_ms: float, spikes: Mapping[str, Spikes]) -> dict[str, Spikes]:
        if self.expected:
            deadline = time.monotonic() + 30.0
            wanted = self.expected[min(round(time_ms) + 1, RUN_MS)]
            while not np.array_equal(self.sim._net.s, wanted):
                assert time.monotonic() < deadline, "nobody steps on"
        self.states.append(self.sim._net.s.copy())
        return super().step(time_ms, spikes)


def test_helpers_step_the_next_millisecond_while_the_body_moves() -> None:
    alone, helped = simulator(circuit(2.0)), simulator(circuit(2.0), threads=2)
    slow = Watching(alone)
    alone.run(RUN_MS, slow)
    helped.run(RUN_MS, Watching(helped, slow.states))
    assert_same(alone, helped)
