"""The simulator: a compiled circuit that is advanced, read, checkpointed and resumed."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Any, Literal

import numpy as np

from dystolab.circuit.anatomy import Anatomy, grow
from dystolab.circuit.neurons import ParameterSchedule, Relay
from dystolab.circuit.spec import Circuit, revised
from dystolab.engine import layout as L
from dystolab.engine.cellstate import neuron_row, put_bias
from dystolab.engine.checkpoint import read_checkpoint, write_checkpoint
from dystolab.engine.compiled import machine_code, main_loop
from dystolab.engine.compiler import Plan, compile_network, event_room
from dystolab.engine.constants import pause_steps, refractory_steps, slow_constants
from dystolab.engine.exchange import Body, LiveSpikes
from dystolab.engine.feed import Feed
from dystolab.engine.histories import double_history
from dystolab.engine.inputs import SEGMENT_MS
from dystolab.engine.memory import side_by_side
from dystolab.engine.network import STATE, Inputs
from dystolab.engine.record import Record
from dystolab.engine.recording import Recording
from dystolab.engine.team import Team, share_out
from dystolab.errors import ResultError, SimulationError, SpecError

Array = np.ndarray
RUNAWAY_WINDOW_MS = 200


class Simulator:
    """A circuit in time.

    Parameters
    ----------
    circuit : Circuit
        What is simulated.
    seed : int
        Decides anatomy, input and noise.
    dt_ms : float
        Time step.
    threads : int
        Threads of the kernels; results do not depend on it.
    recording : Recording
        What is kept besides the spike counts.
    precision : {"single", "double"}
        ``"double"`` also halves the sub-steps; for validation.
    anatomy : Anatomy, optional
        Given synapses; grown from the circuit and the seed if absent.

    Raises
    ------
    SpecError, UnknownNameError
        If circuit and recording do not fit.

    Examples
    --------
    >>> from dystolab.circuit import load
    >>> sim = Simulator(load("mouse-cerebellum", scale=0.3), seed=1)
    >>> sim.run(10)
    >>> sim.time_ms
    10.0
    """

    def __init__(
        self,
        circuit: Circuit,
        seed: int = 1,
        dt_ms: float = 0.1,
        threads: int = 1,
        recording: Recording | None = None,
        precision: Literal["single", "double"] = "single",
        anatomy: Anatomy | None = None,
    ) -> None:
        if not 0.001 <= dt_ms <= 1.0 or abs(round(1.0 / dt_ms) * dt_ms - 1.0) > 1e-9:
            raise SpecError(f"dt_ms = {dt_ms}: must divide 1 ms, between 0.001 and 1")
        if threads < 1:
            raise SpecError(f"threads = {threads}: must be at least 1")
        self.circuit, self.seed, self.dt_ms, self.threads = circuit, int(seed), float(dt_ms), int(threads)
        self.recording = recording or Recording()
        self.anatomy = anatomy if anatomy is not None else grow(circuit, self.seed)
        self._plan = Plan(circuit, self.anatomy, self.seed, self.dt_ms, precision == "double")
        self._plan.notes.extend(self.anatomy.notes)
        self._net, self._place = compile_network(self._plan)
        self._record = Record(self._plan, self.recording, self.weights)
        self._feed = Feed(self._plan, self._record.keep, self._record.traced)
        self._live = LiveSpikes(self._plan)
        self._main: Any = None
        self._net.pop_int[:, L.P_RECORD] = [p.name in self.recording.spikes for p in circuit.populations]
        self._lists = self._share_out_parts()
        self._step, self._checked_ms = 0, 0.0
        chunk_ms = self._plan.chunk_steps * self.dt_ms
        self._sample = self._plan.chunk_steps * math.ceil(self.recording.weights_every_ms / chunk_ms - 1e-9)
        self._halfway = False
        self._schedule = self._read_schedule()

    @property
    def time_ms(self) -> float:
        """Time reached, ms."""
        return round(self._step * self.dt_ms, 9)

    @property
    def notes(self) -> list[str]:
        """What was changed to fit the grid."""
        return list(self._plan.notes)

    @property
    def neurons(self) -> int:
        """Cells, relays included."""
        return sum(p.size for p in self.circuit.populations)

    @property
    def synapses(self) -> int:
        """Connected pairs."""
        return len(self._net.w)

    @property
    def plastic_synapses(self) -> int:
        """Connected pairs whose weight learns."""
        return sum(len(self.anatomy.edges[p.name].pre) for p in self.circuit.projections if p.plasticity)

    def run(self, duration_ms: float, body: Body | None = None) -> None:
        """Advance by `duration_ms`, a whole number of chunks (the shortest delay, at most 1 ms).

        With a `body`, which takes whole milliseconds, spikes go out and come in after each of them.

        Raises
        ------
        SpecError
            If the duration is not positive or not a whole number of chunks.
        SimulationError
            If a voltage is not finite or a population's rate runs away; it names population and time.
        """
        chunk = self._plan.chunk_steps
        steps = round(duration_ms / self.dt_ms)
        if steps <= 0 or steps % chunk or abs(steps * self.dt_ms - duration_ms) > 1e-6:
            raise SpecError(f"run({duration_ms} ms): must be a positive multiple of {chunk * self.dt_ms:g} ms")
        if body is not None:
            self._check_body(body, duration_ms)
        if self._halfway:
            raise SimulationError("this simulation was interrupted within a step; restore a checkpoint or start again")
        end = self._step + steps
        segment = round(SEGMENT_MS / self.dt_ms)
        while self._step < end:
            self._apply_schedule()
            stop = min(end, (self._step // segment + 1) * segment, self._next_change(), self._next_sample())
            self._advance(max(stop, self._step + chunk), body)

    def _check_body(self, body: Body, duration_ms: float) -> None:
        if abs(round(duration_ms) - duration_ms) > 1e-9 or self._step % round(1.0 / self.dt_ms):
            raise SpecError(f"run({duration_ms} ms): with a body, time goes by whole milliseconds")
        for name in body.hears:
            if len(self.recorded_cells(name)) < self.circuit.population(name).size:
                raise SpecError(f"a body hears all cells of {name!r}, so all of them must be recorded")

    def _advance(self, stop: int, body: Body | None) -> None:
        """Run to step `stop`, giving the kernels more room whenever they ask."""
        start = self._step
        inputs = self._feed.make(start, stop - start)
        # An interrupt leaves arrays ahead of the clock: then neither go on nor write it down.
        self._halfway = True
        at, ms = start, round(1.0 / self.dt_ms)
        with Team(self._main_loop(inputs, body is not None), self._lists) as team:
            while at < stop:
                # A call may begin or end within a millisecond, where a parameter changes; a body waits for its end.
                until = stop if body is None else min(stop, (at // ms + 1) * ms)
                # Helpers need not wait for the body: what it says is heard in the millisecond after, at the earliest.
                inputs = self._run_leg(team, inputs, start, at, until, ahead=until < stop)
                at = until
                if body is not None and at % ms == 0:
                    self._exchange(body, at)
        self._record.take_counts(inputs)
        self._record.take_traces(inputs, start)
        self._step = stop
        self._halfway = False
        if stop % self._sample == 0:
            self._record.take_weights(self.time_ms)
        if self.time_ms >= self._checked_ms + RUNAWAY_WINDOW_MS:
            self._check_rates()
            self._checked_ms = self.time_ms

    def _run_leg(self, team: Team, inputs: Inputs, start: int, at: int, until: int, ahead: bool) -> Inputs:
        """Run from step `at` to step `until` of the call that began at `start`, and keep the spikes."""
        chunk = self._plan.chunk_steps
        recorded = 0
        while at < until:
            done = (at - start) // chunk
            n, recorded, status, detail = team.run(
                self._net, inputs, start, chunk, self._live.spikes, (until - at) // chunk, recorded, done, ahead
            )
            at += n * chunk
            if status == L.RECORD_FULL:
                if recorded == 0:
                    self._feed.record_room *= 2
                    inputs = inputs._replace(
                        rec_step=np.zeros(self._feed.record_room, np.int64),
                        rec_cell=np.zeros(self._feed.record_room, np.int32),
                    )
                self._record.take_spikes(inputs, recorded)
                recorded = 0
            elif status == L.GROW_EVENTS:
                self._grow_events(int(detail))
            elif status == L.GROW_HISTORY:
                self._grow_history(int(detail))
            elif status == L.NOT_FINITE:
                self._stop_not_finite(int(detail), at)
        self._record.take_spikes(inputs, recorded)
        return inputs

    def _exchange(self, body: Body, step: int) -> None:
        """Let the body move by the spikes of the millisecond that ends at `step`."""
        first = step - round(1.0 / self.dt_ms)
        heard = {name: self._record.spikes_since(name, first) for name in body.hears}
        self._live.take(body.step(step * self.dt_ms, heard), step)

    def _main_loop(self, inputs: Inputs, often: bool) -> Any:
        """Return the compiled main loop; if it is called often, for the types of these arguments alone."""
        arguments = (self._net, inputs, 0, 0, self._live.spikes, 0, self._lists, 0, 0, np.zeros(1, np.int64), 0, 0)
        if often:
            return machine_code(*arguments)
        if self._main is None:  # looking it up takes as long as a millisecond of a small circuit
            self._main = main_loop(*arguments)
        return self._main

    def _share_out_parts(self) -> Array:
        """Return which thread steps which part; the costs are rough, since threads help each other out."""
        parts = self._net.part
        synapses = np.zeros(len(parts))
        for p in self.circuit.projections:
            index = np.flatnonzero(parts[:, L.T_POP] == self._plan.pop[p.post])
            synapses[index] += len(self.anatomy.edges[p.name].pre) / max(len(index), 1)
        sub = self._net.pop_int[parts[:, L.T_POP], L.P_SUB]
        each = np.where(parts[:, L.T_KIND] == L.LEAN, 10.0, 12.0 * sub)
        each = np.where(parts[:, L.T_KIND] == L.FULL_ADEX, 500.0 * sub, each)
        stepped = np.flatnonzero(parts[:, L.T_KIND] != L.RELAY)
        cost = 4000.0 + parts[:, L.T_CELLS] * each + 0.05 * synapses
        return np.asarray(share_out(cost[stepped], stepped, self.threads))

    def _grow_events(self, need: int) -> None:
        room = event_room(self._plan, self._net.part, 1 << math.ceil(math.log2(need + 1)))
        grown = self._net._replace(
            ev_addr=np.zeros(room, np.int32), ev_w=np.zeros(room, self._plan.real), ev_next=np.zeros(room, np.int32)
        )
        self._net = side_by_side(grown)

    def _grow_history(self, pop: int) -> None:
        self._net = side_by_side(double_history(self._net, pop))

    def _stop_not_finite(self, part: int, step: int) -> None:
        pop = self.circuit.populations[int(self._net.part[part, L.T_POP])].name
        cell = int(self._net.bad[part])
        raise SimulationError(
            f"population {pop!r}, cell {cell}: voltage is not finite at {step * self.dt_ms:.1f} ms; the run was stopped"
        )

    def _check_rates(self) -> None:
        """Stop a population that fires at nine tenths of what its refractory period allows."""
        for p in self.circuit.populations:
            if isinstance(p.neuron, Relay):
                continue
            rate = self._record.recent_rate_hz(p.name, RUNAWAY_WINDOW_MS)
            limit = 900.0 / (p.neuron.t_ref_ms + self.dt_ms)
            if rate > limit:
                raise SimulationError(
                    f"population {p.name!r}: rate ran away to {rate:.0f} Hz (more than {limit:.0f}) at "
                    f"{self.time_ms:.0f} ms; the run was stopped"
                )

    def _read_schedule(self) -> list[tuple[int, str, str, float]]:
        """Return (step, population, parameter, value) of every scheduled change, in order."""
        chunk = self._plan.chunk_steps
        found = []
        for p in self.circuit.populations:
            for slow in p.slow:
                if isinstance(slow, ParameterSchedule):
                    for t, value in zip(slow.times_ms, slow.values, strict=True):
                        step = round(t / self.dt_ms / chunk) * chunk
                        revised(p.neuron, {slow.parameter: value})
                        found.append((step, p.name, slow.parameter, value))
        return sorted(found)

    def _next_sample(self) -> int:
        """Return the step at which recorded weights are due; how a run is cut into calls does not matter."""
        return (self._step // self._sample + 1) * self._sample if self.recording.weights else 1 << 62

    def _next_change(self) -> int:
        later = [step for step, *_ in self._schedule if step > self._step]
        return min(later, default=1 << 62)

    def _apply_schedule(self) -> None:
        """Give every scheduled population the values that hold at this step."""
        now: dict[str, dict[str, float]] = {}
        for step, name, parameter, value in self._schedule:
            if step <= self._step:
                now.setdefault(name, {})[parameter] = value
        for name, changes in now.items():
            pop = self.circuit.population(name)
            changed = pop.model_copy(update={"neuron": revised(pop.neuron, changes)})
            i = self._plan.pop[name]
            row = neuron_row(self._plan, i, changed)
            old = self._net.pop_real[i].astype(float)
            row[[L.SPIKELET, L.SPIKELET_FADE]] = old[[L.SPIKELET, L.SPIKELET_FADE]]
            slow_constants(changed, row)
            self._net.pop_real[i] = row
            assert not isinstance(changed.neuron, Relay)  # refused while compiling
            self._net.pop_int[i, L.P_REF] = refractory_steps(changed.neuron.t_ref_ms, self.dt_ms)
            self._net.pop_int[i, L.P_PAUSE] = pause_steps(changed.neuron, self.dt_ms)
            put_bias(self._plan, self._net.s, i, changed, row)

    def counts(self, population: str) -> Array:
        """Return the spikes of the whole population in each millisecond so far, int64 (n_ms,)."""
        return self._record.counts(self.circuit.population(population).name)

    def rate_hz(self, population: str, start_ms: float = 0.0, stop_ms: float | None = None) -> float:
        """Return the mean rate per cell between two times."""
        stop = self.time_ms if stop_ms is None else stop_ms
        counts = self.counts(population)[round(start_ms) : round(stop)]
        return float(counts.mean() * 1000.0 / self.circuit.population(population).size) if len(counts) else 0.0

    def spikes(self, population: str) -> tuple[Array, Array]:
        """Return times (ms, float64) and cells (int32) of the kept spikes of a population, in order of time."""
        return self._record.spikes(self.circuit.population(population).name)

    def recorded_cells(self, population: str) -> Array:
        """Return the cells of a population whose spikes are kept, int32 sorted."""
        return self._record.recorded_cells(self.circuit.population(population).name)

    def trace(self, number: int = 0) -> tuple[Array, dict[str, Array]]:
        """Return times (n_t,) and, by variable, values (n_t, n_cells) of a recorded ``Trace``."""
        return self._record.trace(number)

    def weights(self, projection: str) -> Array:
        """Return the weights of a projection now, in the order of its anatomical edges, nS."""
        self.circuit.projection(projection)
        return np.asarray(self._net.w[self._place[projection]])

    def weight_history(self, projection: str) -> tuple[Array, Array]:
        """Return times (n_t,) and the 5th percentile, mean and 95th percentile of the weights (n_t, 3)."""
        return self._record.weight_history(projection)

    def fingerprint(self, of: str = "") -> str:
        """Return a hash of everything that a checkpoint `of` a run must agree with."""
        text = "|".join(
            [self.circuit.model_dump_json(), self.recording.model_dump_json(), of]
            + [str(x) for x in (self.seed, self.dt_ms, self._plan.real, self._net.s.shape)]
        )
        digest = hashlib.sha256(text.encode())
        for name, edges in sorted(self.anatomy.edges.items()):
            digest.update(name.encode())
            for array in (edges.pre, edges.post, edges.weight_ns, edges.delay_ms):
                digest.update(array.tobytes())
        for name, gaps in sorted(self.anatomy.gaps.items()):
            digest.update(f"{name} {gaps.spikelet_mv}".encode())
            for array in (gaps.a, gaps.b, gaps.g_ns):
                digest.update(array.tobytes())
        return digest.hexdigest()

    def checkpoint(self, path: str | Path, body: Body | None = None, of: str = "") -> None:
        """Write everything that a resumed run needs to `path`, atomically, and the state of its body if it has one.

        `of` tells what else the run is of, such as the experiment and its settings.
        """
        if self._halfway:
            raise SimulationError("this simulation was interrupted within a step; there is nothing whole to write")
        state = {f"state/{k}": getattr(self._net, k) for k in STATE}
        state |= {
            "table/pop_int": self._net.pop_int,
            "table/pop_real": self._net.pop_real,
            "table/tm_int": self._net.tm_int,
            "step": np.array(self._step),
        }
        moved = {} if body is None else {f"body/{name}": array for name, array in body.state().items()}
        write_checkpoint(Path(path), self.fingerprint(of), state | moved | self._live.dump() | self._record.dump())

    def restore(self, path: str | Path, body: Body | None = None, of: str = "") -> None:
        """Continue from a checkpoint of the same circuit, seed, recording, body and run, bit for bit as if not stopped.

        Raises
        ------
        ResultError
            If the file is missing, damaged or of another run.
        """
        state = read_checkpoint(Path(path), self.fingerprint(of))
        if body is not None:
            moved = {k.removeprefix("body/"): v for k, v in state.items() if k.startswith("body/")}
            try:
                body.restore(moved)
            except SpecError as error:
                raise ResultError(f"{path}: the checkpoint is of another body ({error})") from None
        self._net = side_by_side(self._net._replace(**{k: state[f"state/{k}"] for k in STATE}))
        self._net.pop_int[:] = state["table/pop_int"]
        self._net.pop_real[:] = state["table/pop_real"]
        self._net.tm_int[:] = state["table/tm_int"]
        self._step = int(state["step"])
        self._halfway = False
        self._checked_ms = self.time_ms
        self._live.load(state, self._step)
        self._record.load(state)
