"""From a circuit and its anatomy to the arrays that the kernels step (``network.Network``)."""

from __future__ import annotations

import graphlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dystolab.circuit.anatomy import Anatomy
from dystolab.circuit.drives import ConductanceDrive, CurrentDrive, Drive
from dystolab.circuit.neurons import EGLIF, AdEx, Relay
from dystolab.circuit.spec import Circuit, Population, Projection, Static
from dystolab.engine import layout as L
from dystolab.engine.cellstate import fill_state, is_dynamic, population_rows
from dystolab.engine.constants import lean_units, sub_steps
from dystolab.engine.memory import side_by_side
from dystolab.engine.network import Network
from dystolab.engine.synapses import Synapses, plastic_tables, wire
from dystolab.engine.vesicle_pools import largest_factor
from dystolab.errors import SpecError, UnsupportedError
from dystolab.seeding import key64

Array = np.ndarray

LEAN_SHARE = 0.2
"""A lean cell takes at most so much of its capacitance in a step, all its synapses together: beyond it, the kernel's
series for 1/(1 + z) goes wrong."""


@dataclass
class Plan:
    """What was decided while compiling: indices of populations, kinds, parts, steps and notes for the user."""

    circuit: Circuit
    anatomy: Anatomy
    seed: int
    dt_ms: float
    double: bool
    pop: dict[str, int] = field(default_factory=dict)
    gid: dict[str, int] = field(default_factory=dict)
    kinds: list[int] = field(default_factory=list)
    substeps: list[int] = field(default_factory=list)
    parts: Array = field(default_factory=lambda: np.zeros((0, L.N_PART_INT), np.int64))
    chunk_steps: int = 1
    notes: list[str] = field(default_factory=list)

    @property
    def real(self) -> Any:
        """Type of the state."""
        return np.float64 if self.double else np.float32

    def delay_steps(self, delay_ms: Array, name: str) -> Array:
        """Return delays on the grid, at least one step; a note says so where they were off it."""
        steps = np.maximum(np.rint(delay_ms / self.dt_ms), 1).astype(np.int64)
        off = np.abs(steps * self.dt_ms - delay_ms) > 1e-4 * self.dt_ms
        if off.any() and len(delay_ms) == 1:
            self.notes.append(f"delay of {name}: {delay_ms[0]:g} ms rounded to {steps[0] * self.dt_ms:g} ms")
        elif off.any():
            self.notes.append(f"delays of {name}: {off.sum()} of {len(off)} rounded to the {self.dt_ms:g} ms grid")
        return steps

    def varies(self, projection: str) -> bool:
        """Return whether the delays of a projection differ from synapse to synapse."""
        return len(self.anatomy.edges[projection].delay_ms) > 1

    def addresses(self, name: str, cells: Array, row: int) -> Array:
        """Return where row `row` of `cells` of population `name` lies in the state array, int64 (n,)."""
        pop = self.pop[name]
        mine = self.parts[self.parts[:, L.T_POP] == pop]
        part = mine[np.searchsorted(mine[:, L.T_CELL0], cells, side="right") - 1]
        lean = self.kinds[pop] == L.LEAN
        lanes, rows = (L.LEAN_LANES, L.LEAN_ROWS) if lean else (L.FULL_LANES, L.FULL_ROWS)
        local = np.asarray(cells, np.int64) - part[:, L.T_CELL0]
        return np.asarray(part[:, L.T_BASE] + local // lanes * (rows * lanes) + row * lanes + local % lanes)

    def unit(self, name: str, row: int) -> float:
        """Return by what values of `row` are multiplied in the state of population `name`."""
        neuron = self.circuit.population(name).neuron
        if self.kinds[self.pop[name]] != L.LEAN:
            return 1.0
        assert isinstance(neuron, EGLIF)
        return float(lean_units(neuron, self.dt_ms)[row])

    def part_of(self, name: str, cells: Array) -> Array:
        """Return the index of the part that holds each of `cells`, int64 (n,)."""
        index = np.flatnonzero(self.parts[:, L.T_POP] == self.pop[name])
        return np.asarray(index[np.searchsorted(self.parts[index, L.T_CELL0], cells, side="right") - 1])


def compile_network(plan: Plan) -> tuple[Network, dict[str, Array]]:
    """Fill in `plan`; return the arrays of the run at time 0, and of each projection which synapse is which edge.

    Raises
    ------
    UnsupportedError
        If the circuit asks for a combination that this engine does not have.
    """
    circuit = plan.circuit
    plan.pop = {p.name: i for i, p in enumerate(circuit.populations)}
    sizes = [p.size for p in circuit.populations]
    plan.gid = {p.name: int(sum(sizes[:i])) for i, p in enumerate(circuit.populations)}
    refuse(plan)
    plan.kinds = [choose_kind(circuit, p, plan) for p in circuit.populations]
    plan.chunk_steps = chunk_steps(plan)
    plan.parts = cut_parts(plan)
    synapses = wire(plan)
    pop_int, pop_real = population_rows(plan, synapses)
    keys = [[key64(plan.seed, p.name, use) for use in ("escape noise", "slow noise")] for p in circuit.populations]
    pop_key = np.array(keys, np.uint64)
    size_of_state = int(plan.parts[-1, L.T_BASE] + block_size(plan, -1))
    s = np.zeros(size_of_state, plan.real)
    fill_state(plan, s, pop_real, pop_key)
    net = assemble(plan, synapses, s, pop_int, pop_real, pop_key)
    return side_by_side(net), synapses.place


def refuse(plan: Plan) -> None:
    """Raise UnsupportedError, naming it, for what the kernels do not have, and SpecError for what can't be meant."""
    circuit = plan.circuit
    for p in circuit.projections:
        relay = isinstance(circuit.population(p.post).neuron, Relay)
        if relay and plan.varies(p.name):
            raise UnsupportedError(f"projection {p.name!r}: delays that vary from synapse to synapse onto relays")
        if relay and (p.plasticity or not isinstance(p.synapse, Static)):
            raise UnsupportedError(f"projection {p.name!r}: plasticity onto relays, which pass every spike on")
        if p.plasticity is None:
            continue
        if not isinstance(p.synapse, Static):
            raise UnsupportedError(f"projection {p.name!r}: plasticity together with short-term plasticity")
        if plan.varies(p.name):
            raise UnsupportedError(f"projection {p.name!r}: plasticity with delays that vary from synapse to synapse")
    refuse_loops(circuit)
    for pop in circuit.populations:
        if isinstance(pop.neuron, Relay) and (pop.slow or pop.spread or pop.recruitment):
            raise UnsupportedError(
                f"population {pop.name!r}: a relay has no membrane for slow variables, spread or recruitment"
            )
    for d in circuit.drives:
        refuse_drive(d, circuit.population(d.population))


def refuse_loops(circuit: Circuit) -> None:
    """Raise if relays pass spikes round in a circle, where they would grow without end."""
    relays = {p.name for p in circuit.populations if isinstance(p.neuron, Relay)}
    behind: dict[str, set[str]] = {name: set() for name in relays}
    for p in circuit.projections:
        if p.pre in relays and p.post in relays:
            behind[p.post].add(p.pre)
    try:
        graphlib.TopologicalSorter(behind).prepare()
    except graphlib.CycleError as error:
        raise UnsupportedError(f"relays in a circle: {' <- '.join(error.args[1])}") from None


def refuse_drive(drive: Drive, target: Population) -> None:
    """Raise if a drive gives a population what it can't take."""
    if isinstance(drive, CurrentDrive | ConductanceDrive):
        if isinstance(target.neuron, Relay):
            raise UnsupportedError(f"drive {drive.name!r}: {target.name!r} are relays, which have no membrane")
    elif not isinstance(target.neuron, Relay):
        n = len(target.neuron.receptors)
        if not 1 <= drive.receptor <= n:
            raise SpecError(f"drive {drive.name!r}: receptor {drive.receptor} of {target.name!r} must be 1 to {n}")


def choose_kind(circuit: Circuit, population: Population, plan: Plan) -> int:
    """Return the kernel of a population and append its number of sub-steps to the plan."""
    neuron = population.neuron
    if isinstance(neuron, Relay):
        plan.substeps.append(1)
        return L.RELAY
    into = [p for p in circuit.projections if p.post == population.name]
    steps = sub_steps(neuron, plan.dt_ms, strongest_synapses(plan, population), plan.double)
    plan.substeps.append(steps)
    if isinstance(neuron, AdEx):
        return L.FULL_ADEX
    assert isinstance(neuron, EGLIF)
    lean = (
        population.size >= L.FULL_PART_CELLS
        and len(neuron.receptors) <= L.LEAN_RECEPTORS
        and steps == (2 if plan.double else 1)
        and not is_dynamic(circuit, population)
        and all(p.plasticity is None and not plan.varies(p.name) for p in into)
        and plan.dt_ms * together_ns(plan, into) <= LEAN_SHARE * neuron.c_m_pf
    )
    if lean:
        plan.substeps[-1] = 1
    return L.LEAN if lean else L.FULL_EGLIF


def strongest_synapses(plan: Plan, population: Population) -> list[float]:
    """Return the largest conductance, nS, that one spike can open on each receptor of a population."""
    largest = [0.0] * L.FULL_RECEPTORS
    for p in plan.circuit.projections:
        if p.post == population.name:
            weight = float(plan.anatomy.edges[p.name].weight_ns.max(initial=0.0)) * largest_factor(p.synapse)
            reachable = p.plasticity.w_max_ns if p.plasticity and weight > 0 else 0.0
            largest[p.receptor - 1] = max(largest[p.receptor - 1], weight, reachable)
    for d in plan.circuit.drives:
        if d.population == population.name and not isinstance(d, CurrentDrive | ConductanceDrive):
            largest[d.receptor - 1] = max(largest[d.receptor - 1], d.weight_ns)
    return largest


def together_ns(plan: Plan, into: Sequence[Projection]) -> float:
    """Return the largest conductance, nS, that one spike of every synapse of a cell can open together, at most."""
    edges = [plan.anatomy.edges[p.name] for p in into]
    return sum(float(np.bincount(e.post, weights=e.weight_ns).max()) for e in edges if e.post.size)


def chunk_steps(plan: Plan) -> int:
    """Return the steps of a chunk: a whole part of a millisecond (counts and bodies go by it), no delay shorter."""
    millisecond = round(1.0 / plan.dt_ms)
    shortest = millisecond
    for p in plan.circuit.projections:
        delays = plan.anatomy.edges[p.name].delay_ms
        if len(delays):
            shortest = min(shortest, int(max(np.rint(delays.min() / plan.dt_ms), 1)))
    return max(n for n in range(1, shortest + 1) if millisecond % n == 0)


def block_size(plan: Plan, part: int) -> int:
    """Return how many values the blocks of a part hold."""
    rows = {L.LEAN: L.LEAN_ROWS * L.LEAN_LANES, L.RELAY: 0}.get(
        int(plan.parts[part, L.T_KIND]), L.FULL_ROWS * L.FULL_LANES
    )
    return int(plan.parts[part, L.T_BLOCKS]) * rows


def cut_parts(plan: Plan) -> Array:
    """Cut every population into parts, by its size alone, and lay their blocks and lists out."""
    table: list[list[int]] = []
    base = block0 = spikes = heads = hold = 0
    gapped = {g.population for g in plan.circuit.gap_junctions}
    for i, pop in enumerate(plan.circuit.populations):
        kind = plan.kinds[i]
        for lo, hi in part_bounds(pop, kind, pop.name in gapped):
            lanes, rows = (L.LEAN_LANES, L.LEAN_ROWS) if kind == L.LEAN else (L.FULL_LANES, L.FULL_ROWS)
            blocks = 0 if kind == L.RELAY else -(-(hi - lo) // lanes)
            tiles = -(-blocks // L.TILE_BLOCKS) if kind == L.LEAN else 0
            table.append([i, base, blocks, block0, lo, hi - lo, kind, spikes, 0, 0, heads, hold])
            base += blocks * lanes * rows
            block0 += blocks
            hold += min(blocks, L.TILE_BLOCKS) * lanes if kind == L.LEAN else blocks * lanes
            spikes += (hi - lo) * plan.chunk_steps * relay_room(plan, pop)
            heads += tiles * plan.chunk_steps
    return np.array(table, np.int64)


def part_bounds(pop: Population, kind: int, gapped: bool) -> list[tuple[int, int]]:
    """Return the cell ranges of a population's parts."""
    if kind == L.RELAY or gapped:
        return [(0, pop.size)]
    unit = L.LEAN_LANES * L.TILE_BLOCKS if kind == L.LEAN else L.FULL_PART_CELLS
    units = -(-pop.size // unit)
    n = min(units, L.MAX_LEAN_PARTS if kind == L.LEAN else L.MAX_FULL_PARTS)
    if kind != L.LEAN:
        unit = L.FULL_LANES
        units = -(-pop.size // unit)
    edges = [min(pop.size, units * k // n * unit) for k in range(n + 1)]
    edges[-1] = pop.size
    return [(lo, hi) for lo, hi in itertools.pairwise(edges) if hi > lo]


def relay_room(plan: Plan, pop: Population) -> int:
    """Return how many spikes a cell of a population may fire in a step: a relay passes on all that it gets."""
    if not isinstance(pop.neuron, Relay):
        return 1
    drives = sum(d.population == pop.name for d in plan.circuit.drives)
    into = 0
    for p in plan.circuit.projections:
        if p.post == pop.name and len(post := plan.anatomy.edges[p.name].post):
            source = plan.circuit.population(p.pre)
            into += int(np.bincount(post).max()) * relay_room(plan, source)
    return drives + into + 1  # and what a body gives


def gap_tables(plan: Plan, pop_int: Array, pop_real: Array) -> dict[str, Array]:
    """Return addresses and conductances of all gap junctions, population by population."""
    a, b, g = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0)]
    for spec in plan.circuit.gap_junctions:
        edges = plan.anatomy.gaps[spec.name]
        i = plan.pop[spec.population]
        if pop_int[i, L.P_GAP_HI]:
            raise SpecError(f"population {spec.population!r} has two sets of gap junctions; allowed is one")
        start = sum(len(x) for x in a)
        pop_int[i, L.P_GAP_LO], pop_int[i, L.P_GAP_HI] = start, start + len(edges.a)
        pop_real[i, L.SPIKELET] = edges.spikelet_mv
        pop_real[i, L.SPIKELET_FADE] = np.exp(-plan.dt_ms)
        a.append(plan.addresses(spec.population, edges.a, L.V))
        b.append(plan.addresses(spec.population, edges.b, L.V))
        g.append(edges.g_ns.astype(np.float64))
    return {"gap_a": np.concatenate(a), "gap_b": np.concatenate(b), "gap_g": np.concatenate(g)}


def assemble(plan: Plan, syn: Synapses, s: Array, pop_int: Array, pop_real: Array, pop_key: Array) -> Network:
    """Join all tables into the named tuple that the kernels take."""
    last = plan.parts[-1]
    rooms = [relay_room(plan, p) for p in plan.circuit.populations]
    pop_int[:, L.P_ROOM] = rooms
    total = sum(p.size for p in plan.circuit.populations)
    hold = int(last[L.T_HOLD] + max(last[L.T_BLOCKS] * L.FULL_LANES, L.TILE_BLOCKS * L.LEAN_LANES))
    out = int(last[L.T_SPIKES] + last[L.T_CELLS] * plan.chunk_steps * rooms[int(last[L.T_POP])])
    blocks = int(plan.parts[:, L.T_BLOCKS].sum())
    heads = int((-(-plan.parts[:, L.T_BLOCKS] // L.TILE_BLOCKS) * plan.chunk_steps).sum())
    parts = plan.parts.copy()
    events = event_room(plan, parts, 1 << 12)
    return Network(
        s=s, pop_int=pop_int, pop_real=pop_real, pop_key=pop_key, part=parts, **syn.arrays,
        **plastic_tables(plan, syn), **gap_tables(plan, pop_int, pop_real),
        draw=np.zeros(total, np.int64), ref_n=np.zeros(blocks, np.int32),
        ref_lane=np.zeros((blocks, L.LEAN_LANES), np.int16), ref_left=np.zeros((blocks, L.LEAN_LANES), np.int16),
        hold=np.zeros((hold, L.HOLD_ROWS), plan.real), spiked=np.zeros(blocks, np.int32),
        out_cell=np.zeros(out, np.int32), out_step=np.zeros(out, np.int16), out_n=np.zeros((len(parts), 8), np.int64),
        bad=np.full(len(parts), -1, np.int64), ev_addr=np.zeros(events, np.int32), ev_w=np.zeros(events, plan.real),
        ev_next=np.zeros(events, np.int32), ev_head=np.zeros(max(heads, 1), np.int32),
        ev_tail=np.zeros(max(heads, 1), np.int32),
    )  # fmt: skip


def event_room(plan: Plan, parts: Array, each: int) -> int:
    """Give each lean part room for `each` arriving events per chunk; return the room of all."""
    at = 0
    for part in parts:
        if part[L.T_KIND] == L.LEAN:
            part[L.T_EVENTS], part[L.T_EVENT_CAP] = at, each
            at += each
    return max(at, 1)
