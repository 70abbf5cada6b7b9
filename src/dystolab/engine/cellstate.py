"""Rows of constants per population, and the state of every cell at time 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from dystolab.circuit.neurons import EGLIF, AdEx, Relay
from dystolab.circuit.spec import Circuit, Population
from dystolab.engine import layout as L
from dystolab.engine.constants import (
    adex_row,
    eglif_bias,
    eglif_row,
    lean_row,
    pause_steps,
    refractory_steps,
    slow_constants,
)
from dystolab.engine.draws import exponentials, normals
from dystolab.seeding import stream

if TYPE_CHECKING:
    from dystolab.engine.compiler import Plan
    from dystolab.engine.synapses import Synapses

Array = np.ndarray


def population_rows(plan: Plan, synapses: Synapses) -> tuple[Array, Array]:
    """Return the integer and the real table of populations."""
    ints = np.zeros((len(plan.circuit.populations), L.N_POP_INT), np.int64)
    reals = np.zeros((len(plan.circuit.populations), L.N_POP_REAL))
    for i, pop in enumerate(plan.circuit.populations):
        ints[i, L.P_KIND], ints[i, L.P_SIZE], ints[i, L.P_GID] = plan.kinds[i], pop.size, plan.gid[pop.name]
        ints[i, L.P_SUB] = plan.substeps[i]
        ints[i, L.P_MS] = round(1.0 / plan.dt_ms)
        ints[i, [L.P_HIST, L.P_HIST_MASK, L.P_STEP, L.P_STEP_MASK, L.P_CHAIN]] = synapses.history[i]
        reals[i] = neuron_row(plan, i, pop)
        if isinstance(pop.neuron, Relay):
            continue
        ints[i, L.P_REF] = refractory_steps(pop.neuron.t_ref_ms, plan.dt_ms)
        ints[i, L.P_PAUSE] = pause_steps(pop.neuron, plan.dt_ms)
        ints[i, L.P_FREEZE] = isinstance(pop.neuron, EGLIF) and pop.neuron.update_order == "freeze"
        ints[i, [L.P_OU, L.P_PUMP]] = slow_constants(pop, reals[i])
        ints[i, L.P_DYNAMIC] = is_dynamic(plan.circuit, pop)
        ints[i, L.P_RECEPTORS] = len(pop.neuron.receptors)
    return ints, reals.astype(plan.real)


def is_dynamic(circuit: Circuit, population: Population) -> bool:
    """Return whether the population's currents change by themselves or from outside."""
    return (
        bool(population.slow)
        or any(g.population == population.name for g in circuit.gap_junctions)
        or any(d.population == population.name and d.kind in ("current", "conductance") for d in circuit.drives)
    )


def neuron_row(plan: Plan, i: int, pop: Population) -> Array:
    """Return the constants of population number `i`."""
    if isinstance(pop.neuron, EGLIF):
        if plan.kinds[i] == L.LEAN:
            return lean_row(pop.neuron, plan.dt_ms, plan.double)
        return eglif_row(pop.neuron, plan.dt_ms, plan.substeps[i])
    if isinstance(pop.neuron, AdEx):
        return adex_row(pop.neuron, plan.dt_ms, plan.substeps[i])
    return np.zeros(L.N_POP_REAL)


def fill_state(plan: Plan, s: Array, pop_real: Array, pop_key: Array) -> None:
    """Write the state of time 0 into `s`."""
    for i, pop in enumerate(plan.circuit.populations):
        if isinstance(pop.neuron, Relay):
            continue
        cells = np.arange(pop.size)
        put_idle_lanes(plan, s, i)
        s[plan.addresses(pop.name, cells, L.V)] = spread(plan, pop, "v_init_mv")
        put_bias(plan, s, i, pop, pop_real[i].astype(np.float64))
        if plan.kinds[i] != L.FULL_ADEX:
            s[plan.addresses(pop.name, cells, L.H)] = exponentials(pop_key[i, 0], pop.size, 0)
        else:
            put_gate(plan, s, pop)
        put_slow(plan, s, i, pop, pop_key)


def spread(plan: Plan, pop: Population, parameter: str) -> Array:
    """Return `parameter` of each cell, float64 (size,)."""
    value = np.full(pop.size, float(getattr(pop.neuron, parameter)))
    for item in pop.spread:
        if item.parameter == parameter:
            value += item.sd * _normals(plan, pop, parameter, item.each)
    if parameter == "i_e_pa" and (law := pop.recruitment) is not None:
        for cells in _groups(plan, pop):
            rank = np.linspace(0.0, 1.0, cells.size)
            value[cells] -= law.range_pa * (law.ratio**rank - 1.0) / (law.ratio - 1.0)
    return value


def _normals(plan: Plan, pop: Population, parameter: str, each: str) -> Array:
    """Return a draw of mean 0 and standard deviation 1 for each cell, float64 (size,)."""
    if each == "cell":
        return np.asarray(stream(plan.seed, pop.name, "spread", parameter).standard_normal(pop.size))
    groups = _groups(plan, pop)
    drawn = np.zeros(pop.size)
    rng = stream(plan.seed, pop.name, f"{each} spread", parameter)
    for cells in groups:
        n = cells.size
        drawn[cells] = ndtri((rng.permutation(n) + 0.5) / n) if each == "evenly" else rng.standard_normal()
    return drawn


def _groups(plan: Plan, pop: Population) -> list[Array]:
    """Return the cells of each group (or zone), in order."""
    return np.split(np.arange(pop.size), np.flatnonzero(np.diff(plan.anatomy.zone[pop.name])) + 1)


def put_bias(plan: Plan, s: Array, i: int, pop: Population, row: Array) -> None:
    """Write the terms that carry each cell's own current."""
    cells = np.arange(pop.size)
    current = spread(plan, pop, "i_e_pa")
    if isinstance(pop.neuron, AdEx):
        s[plan.addresses(pop.name, cells, L.CV)] = current
    elif isinstance(pop.neuron, EGLIF):
        exact = eglif_row(pop.neuron, plan.dt_ms, plan.substeps[i])
        v, a = eglif_bias(pop.neuron, exact, plan.dt_ms, plan.substeps[i], current)
        s[plan.addresses(pop.name, cells, L.CV)] = v
        s[plan.addresses(pop.name, cells, L.CI)] = a * plan.unit(pop.name, L.CI)


def put_idle_lanes(plan: Plan, s: Array, i: int) -> None:
    """Keep the lanes that hold no cell far below threshold with an account that is never used up."""
    lean = plan.kinds[i] == L.LEAN
    lanes, rows = (L.LEAN_LANES, L.LEAN_ROWS) if lean else (L.FULL_LANES, L.FULL_ROWS)
    for part in plan.parts[plan.parts[:, L.T_POP] == i]:
        base, n = part[L.T_BASE], part[L.T_BLOCKS] * lanes * rows
        view = s[base : base + n].reshape(-1, rows, lanes)
        view[:, L.H] = 1e30
        view[:, L.CV] = -1e3


def put_gate(plan: Plan, s: Array, pop: Population) -> None:
    """Start the T-current's inactivation at its steady state."""
    neuron = pop.neuron
    assert isinstance(neuron, AdEx)
    if (t := neuron.t_type) is not None:
        v = spread(plan, pop, "v_init_mv")
        gate = 1.0 / (1.0 + np.exp((t.v_half_h_mv - v) / t.k_h_mv))
        s[plan.addresses(pop.name, np.arange(pop.size), L.GATE)] = gate


def put_slow(plan: Plan, s: Array, i: int, pop: Population, pop_key: Array) -> None:
    """Start noise in its stationary distribution and ions at their initial concentration."""
    cells = np.arange(pop.size)
    for slow in pop.slow:
        if slow.kind == "ou_current":
            # A draw number that no run reaches.
            kick = normals(pop_key[i, 1], pop.size, 1 << 40)
            s[plan.addresses(pop.name, cells, L.OU)] = slow.mean_pa + slow.sd_pa * kick
        elif slow.kind == "ion_pump":
            s[plan.addresses(pop.name, cells, L.ION)] = slow.initial
