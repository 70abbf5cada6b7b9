"""What a run has kept so far, and its form in a checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from dystolab.circuit.neurons import AdEx, Relay
from dystolab.engine import layout as L
from dystolab.engine.arithmetic import KERNEL
from dystolab.engine.network import Inputs
from dystolab.engine.recording import FULL_VARIABLES, VARIABLES, Recording, Trace
from dystolab.errors import SpecError, UnknownNameError
from dystolab.seeding import stream

if TYPE_CHECKING:
    from dystolab.engine.compiler import Plan

Array = np.ndarray


class Record:
    """Collects spikes, counts, traces and weights call by call."""

    def __init__(self, plan: Plan, recording: Recording, weights: Callable[[str], Array]) -> None:
        self.plan, self.recording, self._weights = plan, recording, weights
        self._size = {p.name: p.size for p in plan.circuit.populations}
        self._spikes: list[tuple[Array, Array]] = []
        self._counts: list[Array] = []
        self._traces: list[list[Array]] = [[] for _ in recording.traces]
        self._trace_times: list[list[Array]] = [[] for _ in recording.traces]
        self._history: dict[str, list[Array]] = {name: [] for name in recording.weights}
        self._history_ms: list[float] = []
        for name in recording.weights:
            plan.circuit.projection(name)
        for name in recording.spike_cells:
            if name not in recording.spikes:
                raise UnknownNameError("population in spike_cells", name, recording.spikes)
        self.cells = {name: self._choose(name) for name in recording.spikes}
        self.keep = np.zeros(sum(p.size for p in plan.circuit.populations), np.uint8)
        for name, cells in self.cells.items():
            self.keep[plan.gid[name] + cells] = 1
        self._slots, self.traced = self._lay_out_traces()

    def _choose(self, name: str) -> Array:
        """Return the recorded cells of a population: all, or a draw made once per subject."""
        size = self.plan.circuit.population(name).size
        n = self.recording.spike_cells.get(name, size)
        if n >= size:
            return np.arange(size, dtype=np.int32)
        order = stream(self.plan.seed, name, "electrode").permutation(size)
        return np.sort(order[:n]).astype(np.int32)

    def _lay_out_traces(self) -> tuple[list[Array], list[tuple[int, int]]]:
        """Return, per trace, the rows of the kernel's trace array (variable, cell), and (part, address) of each."""
        wanted = []
        for number, trace in enumerate(self.recording.traces):
            self._check_trace(trace)
            cells = np.array(trace.cells, np.int64)
            for v in trace.variables:
                row = VARIABLES.get(v, FULL_VARIABLES.get(v, 0))
                for part, address in zip(
                    self.plan.part_of(trace.population, cells),
                    self.plan.addresses(trace.population, cells, row),
                    strict=True,
                ):
                    wanted.append((int(part), int(address), number))
        order = sorted(range(len(wanted)), key=lambda k: (wanted[k][0], k))
        slots = [
            np.array([order.index(k) for k in range(len(wanted)) if wanted[k][2] == number], np.int64)
            for number in range(len(self.recording.traces))
        ]
        return slots, [(wanted[k][0], wanted[k][1]) for k in order]

    def _check_trace(self, trace: Trace) -> None:
        pop = self.plan.circuit.population(trace.population)
        if isinstance(pop.neuron, Relay):
            raise SpecError(f"trace of {pop.name!r}: a relay has no state")
        if max(trace.cells, default=0) >= pop.size:
            raise SpecError(f"trace of {pop.name!r}: cell {max(trace.cells)}, but it has cells 0 to {pop.size - 1}")
        lacks = set(FULL_VARIABLES) if self.plan.kinds[self.plan.pop[pop.name]] == L.LEAN else set()
        lacks |= {"i_dep_pa", "i_adap_pa"} if isinstance(pop.neuron, AdEx) else {"w_pa", "t_gate"}
        lacks |= {f"g{k + 1}_ns" for k in range(len(pop.neuron.receptors), L.FULL_RECEPTORS)}
        for v in trace.variables:
            if v in lacks:
                raise SpecError(f"trace of {pop.name!r}: it has no {v!r}")

    def take_spikes(self, inputs: Inputs, n: int) -> None:
        """Keep the first `n` recorded spikes of a call."""
        if n:
            self._spikes.append((inputs.rec_step[:n].copy(), inputs.rec_cell[:n].copy()))

    def take_counts(self, inputs: Inputs) -> None:
        """Keep the counts of a call, (n_pop, n_chunks)."""
        self._counts.append(inputs.count)

    def take_traces(self, inputs: Inputs, start: int) -> None:
        """Keep the traced values of a call that began at step `start`."""
        n = inputs.trace.shape[1]
        dt = self.plan.dt_ms
        ends = start + 1 + np.arange(n)
        for k, trace in enumerate(self.recording.traces):
            every = max(round(trace.every_ms / dt), 1)
            stop = np.inf if trace.stop_ms is None else trace.stop_ms
            now = (ends % every == 0) & (ends * dt > trace.start_ms - 1e-9) & (ends * dt <= stop + 1e-9)
            self._trace_times[k].append(ends[now] * dt)
            self._traces[k].append(inputs.trace[self._slots[k]][:, now].T.astype(np.float32))

    def take_weights(self, time_ms: float) -> None:
        """Keep the distribution of recorded weights."""
        if not self.recording.weights:
            return
        self._history_ms.append(time_ms)
        for name in self.recording.weights:
            w = self._weights(name)
            if not w.size:
                self._history[name].append(np.full(3, np.nan))
                continue
            low, high = np.percentile(w, [5, 95])
            self._history[name].append(np.array([low, w.mean(dtype=np.float64), high]))

    def counts(self, name: str) -> Array:
        """Return a population's spikes per millisecond, int64 (n_ms,)."""
        i = self.plan.pop[name]
        per_ms = round(1.0 / self.plan.dt_ms / self.plan.chunk_steps)
        if len(self._counts) > 1:
            self._counts = [np.concatenate(self._counts, axis=1)]
        row = self._counts[0][i] if self._counts else np.zeros(0, np.int64)
        whole = len(row) // per_ms * per_ms
        return np.asarray(row[:whole].reshape(-1, per_ms).sum(axis=1))

    def recent_rate_hz(self, name: str, window_ms: int) -> float:
        """Return a population's mean rate per cell over the last `window_ms`, 0 before so much time has passed."""
        chunks = window_ms * round(1.0 / self.plan.dt_ms / self.plan.chunk_steps)
        missing, total = chunks, 0
        for counts in reversed(self._counts):
            row = counts[self.plan.pop[name], -missing:]
            missing, total = missing - len(row), total + int(row.sum())
            if not missing:
                return total * 1000.0 / window_ms / self._size[name]
        return 0.0

    def spikes(self, name: str) -> tuple[Array, Array]:
        """Return times (ms) and cells of a population's kept spikes, in order of time."""
        self._check_recorded(name)
        if len(self._spikes) > 1:
            self._spikes = [
                (np.concatenate([s for s, _ in self._spikes]), np.concatenate([c for _, c in self._spikes]))
            ]
        step, cell = self._spikes[0] if self._spikes else (np.zeros(0, np.int64), np.zeros(0, np.int32))
        gid, size = self.plan.gid[name], self.plan.circuit.population(name).size
        mine = (cell >= gid) & (cell < gid + size)
        order = np.argsort(step[mine], kind="stable")
        return (step[mine][order] + 1) * self.plan.dt_ms, cell[mine][order] - gid

    def spikes_since(self, name: str, first_step: int) -> tuple[Array, Array]:
        """Return times (ms) and cells of a population's spikes of the latest calls, from step `first_step` on."""
        gid = self.plan.gid[name]
        stop = gid + self._size[name]
        found = []
        for step, cell in reversed(self._spikes):
            if not step.size or step[-1] < first_step:
                break
            times, cells = np.empty(step.size), np.empty(step.size, np.int32)
            n = _pick(step, cell, first_step, gid, stop, self.plan.dt_ms, times, cells)
            found.append((times[:n], cells[:n]))
        if len(found) == 1:
            return found[0]
        found.append((np.zeros(0), np.zeros(0, np.int32)))
        return np.concatenate([t for t, _ in found[::-1]]), np.concatenate([c for _, c in found[::-1]])

    def recorded_cells(self, name: str) -> Array:
        """Return the cells whose spikes are kept."""
        self._check_recorded(name)
        return self.cells[name]

    def _check_recorded(self, name: str) -> None:
        if name not in self.recording.spikes:
            raise SpecError(f"spikes of {name!r} were not recorded; recorded: {', '.join(self.recording.spikes)}")

    def trace(self, number: int) -> tuple[Array, dict[str, Array]]:
        """Return times and values of one trace."""
        if not 0 <= number < len(self.recording.traces):
            raise SpecError(f"trace {number} was not recorded; there are {len(self.recording.traces)}")
        spec = self.recording.traces[number]
        n = len(spec.cells)
        if not self._traces[number]:
            return np.zeros(0), {v: np.zeros((0, n), np.float32) for v in spec.variables}
        values = np.concatenate(self._traces[number])
        units = [self.plan.unit(spec.population, VARIABLES.get(v, L.V)) for v in spec.variables]
        values = values / np.repeat(units, n).astype(np.float32)
        return np.concatenate(self._trace_times[number]), {
            v: values[:, k * n : (k + 1) * n] for k, v in enumerate(spec.variables)
        }

    def weight_history(self, name: str) -> tuple[Array, Array]:
        """Return times and percentiles (n_t, 3) of a projection's weights."""
        if name not in self._history:
            raise SpecError(f"weights of {name!r} were not recorded; recorded: {', '.join(self._history) or 'none'}")
        return np.array(self._history_ms), np.array(self._history[name]).reshape(-1, 3)

    def dump(self) -> dict[str, Array]:
        """Return everything kept, as arrays."""
        for name in self.recording.spikes[:1]:
            self.spikes(name)
        step, cell = self._spikes[0] if self._spikes else (np.zeros(0, np.int64), np.zeros(0, np.int32))
        for p in self.plan.circuit.populations[:1]:
            self.counts(p.name)
        out = {"rec/step": step, "rec/cell": cell, "rec/history_ms": np.array(self._history_ms)}
        out["rec/count"] = self._counts[0] if self._counts else np.zeros((len(self.plan.pop), 0), np.int64)
        for k in range(len(self._traces)):
            out[f"rec/trace/{k}/t"] = np.concatenate([np.zeros(0), *self._trace_times[k]])
            width = len(self._slots[k])
            out[f"rec/trace/{k}/v"] = np.concatenate([np.zeros((0, width), np.float32), *self._traces[k]])
        for name, rows in self._history.items():
            out[f"rec/weights/{name}"] = np.array(rows).reshape(-1, 3)
        return out

    def load(self, state: dict[str, Array]) -> None:
        """Take back what `dump` gave."""
        self._spikes = [(state["rec/step"], state["rec/cell"])]
        self._counts = [state["rec/count"]]
        self._history_ms = [float(t) for t in state["rec/history_ms"]]
        for k in range(len(self._traces)):
            self._trace_times[k] = [state[f"rec/trace/{k}/t"]]
            self._traces[k] = [state[f"rec/trace/{k}/v"]]
        for name in self._history:
            self._history[name] = list(state[f"rec/weights/{name}"])


@njit(cache=True, **KERNEL)
def _pick(step: Any, cell: Any, first_step: Any, gid: Any, stop: Any, dt_ms: Any, times: Any, cells: Any) -> Any:
    """Write times and cells of the spikes of cells `gid` to `stop` from `first_step` on; return how many."""
    n = 0
    for k in range(step.size):
        if step[k] >= first_step and gid <= cell[k] < stop:
            times[n], cells[n] = (step[k] + 1) * dt_ms, cell[k] - gid
            n += 1
    return n
