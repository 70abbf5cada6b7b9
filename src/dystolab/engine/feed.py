"""Outside input and recording of one call, laid out for the kernels (``network.Inputs``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dystolab.circuit.anatomy import subset_indices
from dystolab.circuit.drives import CurrentDrive
from dystolab.circuit.neurons import Relay
from dystolab.engine import layout as L
from dystolab.engine.inputs import SpikeEvents, pattern_value, spike_events
from dystolab.engine.network import Inputs

if TYPE_CHECKING:
    from dystolab.engine.compiler import Plan

Array = np.ndarray


class Feed:
    """Makes the ``Inputs`` of successive calls; keeps what does not change between them."""

    def __init__(self, plan: Plan, keep: Array, traced: list[tuple[int, int]]) -> None:
        """`traced` lists (part, address) of every recorded variable, in order of part."""
        self.plan, self.keep = plan, keep
        self.record_room = 1 << 18
        self.drawn: dict[tuple[str, int], tuple[Array, Array]] = {}
        parts = np.array([t[0] for t in traced], np.int64)
        self.trace_addr = np.array([t[1] for t in traced], np.int64)
        self.trace_ptr = np.searchsorted(parts, np.arange(len(plan.parts) + 1))
        self.waves = [d for d in plan.circuit.drives if d.kind in ("current", "conductance")]
        self.wave_table = self._wave_table()

    def _wave_table(self) -> tuple[Array, Array, Array, Array]:
        """Return pointers by part, wave number, address and reversal potential of every driven cell."""
        plan = self.plan
        part, number, address, reversal = [], [], [], []
        for k, d in enumerate(self.waves):
            cells = subset_indices(plan.circuit, plan.anatomy, d.population, d.subset, plan.seed)
            part.append(plan.part_of(d.population, cells))
            number.append(np.full(len(cells), k))
            address.append(plan.addresses(d.population, cells, L.V))
            reversal.append(np.full(len(cells), np.nan if isinstance(d, CurrentDrive) else d.e_rev_mv))
        if not part:
            part, number, address, reversal = ([np.zeros(0, np.int64)] for _ in range(4))
        order = np.argsort(np.concatenate(part), kind="stable")
        ptr = np.searchsorted(np.concatenate(part)[order], np.arange(len(plan.parts) + 1))
        join = [np.concatenate(x)[order] for x in (number, address, reversal)]
        return ptr, join[0].astype(np.int64), join[1].astype(np.int64), join[2].astype(float)

    def make(self, step0: int, n_steps: int) -> Inputs:
        """Return the input of the `n_steps` steps from `step0` on."""
        plan, dt = self.plan, self.plan.dt_ms
        # One step more: a relay spikes at the end of a step, so the spike at t belongs to the step before.
        end_ms = (step0 + n_steps + 1) * dt
        events = spike_events(plan.circuit, plan.anatomy, plan.seed, step0 * dt, end_ms, dt, self.drawn)
        relay = [e for e in events if isinstance(plan.circuit.population(e.population).neuron, Relay)]
        other = [e for e in events if not isinstance(plan.circuit.population(e.population).neuron, Relay)]
        ev_ptr, ev_step, ev_addr, ev_w = self._onto_cells(other, step0 + n_steps)
        relay_ptr, relay_step, relay_cell = self._onto_relays(relay, step0, step0 + n_steps)
        chunks = -(-n_steps // plan.chunk_steps)
        times = (step0 + np.arange(n_steps)) * dt
        values = [
            pattern_value(d.current_pa if isinstance(d, CurrentDrive) else d.conductance_ns, times) for d in self.waves
        ]
        wave = np.array(values).reshape(len(self.waves), n_steps)
        ptr, number, address, reversal = self.wave_table
        return Inputs(
            ev_ptr=ev_ptr, ev_step=ev_step, ev_addr=ev_addr, ev_w=ev_w, ev_cursor=ev_ptr[:-1].copy(),
            relay_ptr=relay_ptr, relay_step=relay_step, relay_cell=relay_cell, relay_cursor=relay_ptr[:-1].copy(),
            wave=wave, wave_ptr=ptr, wave_id=number, wave_addr=address, wave_e_rev=reversal,
            keep=self.keep, rec_step=np.zeros(self.record_room, np.int64),
            rec_cell=np.zeros(self.record_room, np.int32),
            count=np.zeros((len(plan.circuit.populations), chunks), np.int64),
            trace_ptr=self.trace_ptr, trace_addr=self.trace_addr, trace=np.zeros((len(self.trace_addr), n_steps)),
        )  # fmt: skip

    def _onto_cells(self, events: list[SpikeEvents], end: int) -> tuple[Array, Array, Array, Array]:
        plan = self.plan
        part, step, addr, weight = (
            [np.zeros(0, np.int64)],
            [np.zeros(0, np.int64)],
            [np.zeros(0, np.int64)],
            [np.zeros(0)],
        )
        for e in events:
            now = e.steps < end
            part.append(plan.part_of(e.population, e.cells[now]))
            step.append(e.steps[now])
            row = L.Q0 + 2 * (e.receptor - 1) + 1
            addr.append(plan.addresses(e.population, e.cells[now], row))
            neuron = plan.circuit.population(e.population).neuron
            assert not isinstance(neuron, Relay)
            tau = neuron.receptors[e.receptor - 1].tau_ms
            weight.append(np.full(int(now.sum()), e.weight_ns * np.e / tau * plan.unit(e.population, row)))
        p, s = np.concatenate(part), np.concatenate(step)
        order = np.lexsort((s, p))
        ptr = np.searchsorted(p[order], np.arange(len(plan.parts) + 1))
        return ptr, s[order], np.concatenate(addr)[order], np.concatenate(weight)[order]

    def _onto_relays(self, events: list[SpikeEvents], start: int, end: int) -> tuple[Array, Array, Array]:
        plan = self.plan
        pop, step, cell = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0, np.int32)]
        for e in events:
            # The first step ends after time 0. A relay takes one spike per step from each drive: the lists of
            # the kernel are laid out for that.
            spike = np.maximum(e.steps - 1, 0)
            now = (spike >= start) & (spike < end)
            size = plan.circuit.population(e.population).size
            single = np.unique(spike[now] * size + e.cells[now])
            pop.append(np.full(len(single), plan.pop[e.population]))
            step.append(single // size)
            cell.append(single % size)
        p, s, c = np.concatenate(pop), np.concatenate(step), np.concatenate(cell)
        order = np.lexsort((c, s, p))
        ptr = np.searchsorted(p[order], np.arange(len(plan.circuit.populations) + 1))
        return ptr, s[order], c[order].astype(np.int32)
