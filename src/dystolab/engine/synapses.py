"""Synapses, spike histories and plasticity tables as the kernels want them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from dystolab.circuit.neurons import Relay
from dystolab.circuit.spec import Projection, SinExpPlasticity, Static, TsodyksMarkram, VesiclePools
from dystolab.engine import layout as L
from dystolab.engine.vesicle_pools import PoolTables
from dystolab.seeding import stream

if TYPE_CHECKING:
    from dystolab.engine.compiler import Plan

Array = np.ndarray
HALF_WINDOW_MS = 100.0
"""Spikes by so much earlier or later than the best time are still depressed."""


@dataclass
class Synapses:
    """Arrays of ``Network`` that hold synapses, and where each projection's synapses went."""

    arrays: dict[str, Array]
    place: dict[str, Array]
    """For each projection, the synapse of each anatomical edge, int64 (n_edges,)."""
    history: Array
    """For each population: offset and mask of its spike ring, offset and mask of its steps, chain or -1."""


def wire(plan: Plan) -> Synapses:
    """Group all synapses by (source population, source cell, projection, part)."""
    store = _Store(plan)
    for j, p in enumerate(plan.circuit.projections):
        store.add(j, p)
    history, sizes = histories(plan, store.window)
    arrays = store.finish(history)
    arrays |= {
        "head": np.zeros(len(history), np.int64),
        "hist_cell": np.zeros(sizes[0], np.int32),
        "step_ptr": np.zeros(sizes[1], np.int64),
        "chain_prev": np.full(sizes[2], -1, np.int64),
        "chain_step": np.zeros(sizes[2], np.int64),
        "chain_last": np.full(sum(p.size for p in plan.circuit.populations), -1, np.int64),
    }
    return Synapses(arrays, store.place, history)


@dataclass
class _Source:
    """Synapses of one source population, projection by projection; a column is one projection onto one part."""

    columns: int = 0
    name: list[str] = field(default_factory=list)
    pre: list[Array] = field(default_factory=list)
    column: list[Array] = field(default_factory=list)
    address: list[Array] = field(default_factory=list)
    weight: list[Array] = field(default_factory=list)
    delay: list[Array] = field(default_factory=list)


class _Store:
    """Collects projection after projection."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.rows: list[list[int]] = []
        self.scale: list[float] = []
        self.links: list[list[tuple[int, int, int]]] = [[] for _ in plan.parts]
        self.sources: dict[int, _Source] = {}
        self.ring_columns: dict[int, tuple[int, int]] = {}
        self.place: dict[str, Array] = {}
        self.window = np.ones(len(plan.circuit.populations), np.int64)
        self.tm: list[Projection] = []
        self.n_ring = 0
        self.varying = any(plan.varies(p.name) for p in plan.circuit.projections)

    def add(self, j: int, p: Projection) -> None:
        plan, edges = self.plan, self.plan.anatomy.edges[p.name]
        pre, post = plan.pop[p.pre], plan.pop[p.post]
        steps = plan.delay_steps(edges.delay_ms, p.name)
        relay = isinstance(plan.circuit.population(p.post).neuron, Relay)
        # A conductance is integrated from the step after the one that the spike ends; a relay spikes in its step.
        steps = steps if relay else steps + 1
        ring = plan.varies(p.name)
        tm = -1
        if not isinstance(p.synapse, Static):
            tm = len(self.tm)
            self.tm.append(p)
        plastic = [q.name for q in plan.circuit.projections if q.plasticity]
        uniform = int(steps[0]) if len(steps) and not ring else int(steps.max(initial=1))
        row = 0 if relay else L.Q0 + 2 * (p.receptor - 1) + 1
        at = plastic.index(p.name) if p.plasticity else -1
        ring_len = uniform + 2 * plan.chunk_steps if ring else 0
        size = plan.circuit.population(p.post).size
        self.rows.append([pre, post, row, uniform, tm, at, self.n_ring if ring else -1, ring_len, 0, 0])
        self.n_ring += ring_len * size
        tau = 1.0 if relay else plan.circuit.population(p.post).neuron.receptors[p.receptor - 1].tau_ms  # type: ignore[union-attr]
        self.scale.append(np.e / tau * (1.0 if relay else plan.unit(p.post, row)))
        lags = last_lag(p.plasticity, plan.dt_ms) if p.plasticity else 0
        self.window[pre] = max(self.window[pre], uniform + 1, lags + 1)
        self.place_synapses(j, p, steps, ring, relay, row)

    def place_synapses(self, j: int, p: Projection, steps: Array, ring: bool, relay: bool, row: int) -> None:
        """Give the projection a column of its source population for each part that it reaches (one for a ring)."""
        plan, edges = self.plan, self.plan.anatomy.edges[p.name]
        post_parts = np.flatnonzero(plan.parts[:, L.T_POP] == plan.pop[p.post])
        column = np.zeros(len(edges.pre), np.int64)
        if not ring:
            column = plan.part_of(p.post, edges.post) - post_parts[0]
        source = self.sources.setdefault(plan.pop[p.pre], _Source())
        first = source.columns
        source.columns += 1 if ring else len(post_parts)
        for k, part in enumerate(post_parts):
            self.links[part].append((j, plan.pop[p.pre], first + (0 if ring else k)))
        if ring:
            self.ring_columns[j] = (plan.pop[p.pre], first)
        address = edges.post if relay or ring else plan.addresses(p.post, edges.post, row)
        source.name.append(p.name)
        source.pre.append(edges.pre)
        source.column.append(first + column)
        source.address.append(np.asarray(address, np.int32))
        source.weight.append(edges.weight_ns.astype(plan.real))
        source.delay.append(np.asarray(steps if ring else np.zeros(len(edges.pre)), np.int32))

    def finish(self, history: Array) -> dict[str, Array]:
        """Lay out all synapses, those of one cell side by side: its spike then touches few lines of memory."""
        found: dict[str, list[Array]] = {k: [np.zeros(0, np.int32)] for k in ("src_ptr", "syn_addr", "syn_delay")}
        weights: list[Array] = [np.zeros(0, self.plan.real)]
        base: dict[int, int] = {}
        most: dict[int, Array] = {}
        n_src = n_syn = 0
        for pre, source in self.sources.items():
            size = self.plan.circuit.populations[pre].size
            key = np.concatenate(source.pre).astype(np.int64) * source.columns + np.concatenate(source.column)
            order = np.argsort(key, kind="stable")
            counts = np.bincount(key, minlength=size * source.columns)
            found["src_ptr"].append((n_syn + np.concatenate([[0], np.cumsum(counts)])).astype(np.int32))
            found["syn_addr"].append(np.concatenate(source.address)[order])
            if self.varying:
                found["syn_delay"].append(np.concatenate(source.delay)[order])
            weights.append(np.concatenate(source.weight)[order])
            self._remember(source, order, n_syn)
            base[pre], most[pre] = n_src, counts.reshape(size, source.columns).max(axis=0)
            n_src += len(counts) + 1
            n_syn += len(order)
        for j, (pre, column) in self.ring_columns.items():
            self.rows[j][L.J_PTR], self.rows[j][L.J_STRIDE] = base[pre] + column, self.sources[pre].columns
        links = [x for part in self.links for x in part]
        return {
            **{k: np.concatenate(v) for k, v in found.items()},
            "w": np.concatenate(weights),
            "proj": np.array(self.rows, np.int64).reshape(-1, L.N_PROJ_INT),
            "proj_scale": np.array(self.scale, np.float64),
            "link_ptr": np.concatenate([[0], np.cumsum([len(x) for x in self.links])]).astype(np.int64),
            "link_proj": np.array([j for j, _, _ in links], np.int64),
            "link_src": np.array([base[pre] + column for _, pre, column in links], np.int64),
            "link_stride": np.array([self.sources[pre].columns for _, pre, _ in links], np.int64),
            "link_most": np.array([most[pre][column] for _, pre, column in links], np.int64),
            "ring": np.zeros(max(self.n_ring, 1), np.float32),
            **self.short_term(history),
        }

    def _remember(self, source: _Source, order: Array, first: int) -> None:
        """Note where each edge of each projection of this source went."""
        place = np.empty(len(order), np.int64)
        place[order] = first + np.arange(len(order))
        bounds = np.cumsum([0, *(len(x) for x in source.pre)])
        for k, name in enumerate(source.name):
            self.place[name] = place[bounds[k] : bounds[k + 1]]

    def short_term(self, history: Array) -> dict[str, Array]:
        """Lay out state and factors of the short-term plastic projections."""
        plan, dt, ring = self.plan, self.plan.dt_ms, 0
        ints, reals, state = [], [], [np.zeros((0, 3))]
        pools = PoolTables(plan)
        for p in self.tm:
            tm = p.synapse
            if isinstance(tm, VesiclePools):
                at, real = pools.add(p, tm)
                kind = L.VESICLE_POOLS
            else:
                assert isinstance(tm, TsodyksMarkram)
                at, real = sum(len(x) for x in state), [tm.u, tm.tau_rec_ms / dt, tm.tau_fac_ms / dt]
                kind = L.TSODYKS_MARKRAM
                state.append(np.tile([tm.u, 1.0, -1.0], (plan.circuit.population(p.pre).size, 1)))
            ints.append([at, ring, kind])
            reals.append(real)
            ring += int(history[plan.pop[p.pre], 1]) + 1
        return {
            "tm_int": np.array(ints, np.int64).reshape(-1, 3),
            "tm_real": np.array(reals, np.float64).reshape(-1, 3),
            "tm_state": np.concatenate(state),
            "tm_factor": np.ones(max(ring, 1), np.float32),
            **pools.arrays(),
        }


def histories(plan: Plan, window: Array) -> tuple[Array, tuple[int, int, int]]:
    """Lay out the spike rings: room for the window at 20 Hz to begin with (rings grow when they must)."""
    taught = {p.pre for p in plan.circuit.projections if p.plasticity}
    table, cells, steps, chain = [], 0, 0, 0
    for i, pop in enumerate(plan.circuit.populations):
        length = 1 << (int(window[i]) + 2 * plan.chunk_steps + 2).bit_length()
        most = pop.size * plan.chunk_steps
        want = 2 * most + int(pop.size * length * plan.dt_ms * 0.02)
        room = 1 << max(int(np.ceil(np.log2(want))), 8)
        has_chain = pop.name in taught
        table.append([cells, room - 1, steps, length - 1, chain if has_chain else -1])
        cells, steps = cells + room, steps + length
        chain += room if has_chain else 0
    return np.array(table, np.int64), (cells, steps, max(chain, 1))


def last_lag(rule: SinExpPlasticity, dt_ms: float) -> int:
    """Return by how many steps at most a spike comes before the teaching spike that depresses it."""
    return round((rule.best_ms + HALF_WINDOW_MS) / dt_ms)


def sinexp_table(rule: SinExpPlasticity, dt_ms: float) -> Array:
    """Return the kernel of a rule at lags 0, dt, ... to the last, float64 (n_lag,)."""
    lag = np.arange(last_lag(rule, dt_ms) + 1)
    s = -lag * dt_ms - 150.0 + (rule.best_ms - 100.0)
    kernel = np.exp(-s / 1000.0) * np.sin(2 * 3.1415 * s / 1000.0) ** 20 / 1.2848
    first = max(round((rule.best_ms - HALF_WINDOW_MS) / dt_ms), 0)
    return np.asarray(np.where(lag > first, kernel, 0.0))


def teaching_pairs(plan: Plan, teacher: Projection, fraction: float) -> tuple[Array, Array]:
    """Return the pairs (teaching cell, taught cell) of a projection, sorted, on the taught share of its targets."""
    edges = plan.anatomy.edges[teacher.name]
    size = plan.circuit.population(teacher.post).size
    order = stream(plan.seed, teacher.name, "taught").permutation(size)
    taught = np.zeros(size, bool)
    taught[order[: round(fraction * size)]] = True
    return edges.pre[taught[edges.post]], edges.post[taught[edges.post]]


def balance(plan: Plan, rule: SinExpPlasticity) -> tuple[float, float]:
    """Return by what potentiation fades in a chunk, and how much a teaching spike adds to it, nS."""
    if rule.balance_ms is None:
        return 1.0, 0.0
    integral_ms = float(sinexp_table(rule, plan.dt_ms)[1:].sum()) * plan.dt_ms
    fading = float(np.exp(-plan.chunk_steps * plan.dt_ms / rule.balance_ms))
    return fading, -rule.a_minus_ns * integral_ms / rule.balance_ms


def plastic_tables(plan: Plan, syn: Synapses) -> dict[str, Array]:
    """Return which cells each teacher teaches and which plastic synapses each of them owns."""
    ints, reals, up, kernels = [], [], [np.zeros(0)], []
    parts: dict[str, list[Array]] = {k: [] for k in ("teach_ptr", "teach_post", "post_ptr", "post_syn", "post_src")}
    at = dict.fromkeys(parts, 0)
    for j, p in enumerate(plan.circuit.projections):
        if p.plasticity is None:
            continue
        teacher = plan.circuit.projection(p.plasticity.teacher)
        teach_pre, teach_post = teaching_pairs(plan, teacher, p.plasticity.taught_fraction)
        edges = plan.anatomy.edges[p.name]
        size = plan.circuit.population(p.post).size
        order = np.argsort(edges.post, kind="stable")
        teachers = plan.circuit.population(teacher.pre).size
        new = {
            "teach_ptr": np.concatenate([[0], np.cumsum(np.bincount(teach_pre, minlength=teachers))]),
            "teach_post": teach_post,
            "post_ptr": np.concatenate([[0], np.cumsum(np.bincount(edges.post, minlength=size))]),
            "post_syn": syn.place[p.name][order],
            "post_src": edges.pre[order],
        }
        ints.append([j, plan.pop[teacher.pre], at["teach_ptr"], at["teach_post"], at["post_ptr"], at["post_syn"]])
        rule = p.plasticity
        reals.append([*balance(plan, rule), rule.a_minus_ns, rule.w_min_ns, rule.w_max_ns])
        ints[-1].append(sum(len(x) for x in up))
        up.append(np.full(size, rule.a_plus_ns))
        kernels.append(sinexp_table(rule, plan.dt_ms))
        for key, array in new.items():
            parts[key].append(array.astype(np.int32))
            at[key] += len(array)
    tables = {k: np.concatenate([np.zeros(0, np.int32), *v]) for k, v in parts.items()}
    return {
        "pl_int": np.array(ints, np.int64).reshape(-1, 7),
        "pl_real": np.array(reals, np.float64).reshape(-1, 5),
        "pl_up": np.concatenate(up),
        "pl_kernel": _table(kernels),
        **tables,
    }


def _table(rows: list[Array]) -> Array:
    """Return rows of different lengths as one table, float64 (n_rows, longest); 0 where they are over."""
    table = np.zeros((len(rows), max(map(len, rows), default=1)))
    for line, row in zip(table, rows, strict=True):
        line[: len(row)] = row
    return table
