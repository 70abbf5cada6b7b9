"""Tables of two-pool synapses: the class of each source, the parameters of the classes, the state at time 0."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from dystolab.circuit.spec import PoolClass, Projection, Synapse, VesiclePools
from dystolab.errors import SpecError
from dystolab.seeding import stream

if TYPE_CHECKING:
    from dystolab.engine.compiler import Plan

Array = np.ndarray


@dataclass
class PoolTables:
    """Collects the arrays of ``Network`` that hold vesicle pools, projection after projection."""

    plan: Plan
    sources: int = 0
    classes: int = 0
    state: list[Array] = field(default_factory=lambda: [np.zeros((0, 5))])
    of_source: list[Array] = field(default_factory=lambda: [np.zeros(0, np.int64)])
    parameters: list[list[float]] = field(default_factory=list)

    def add(self, projection: Projection, synapse: VesiclePools) -> tuple[int, list[float]]:
        """Add a projection; return the offset of its state, and p_slow and both recovery times in steps."""
        dt, mean = self.plan.dt_ms, mean_release(synapse)
        which = source_classes(self.plan, projection, synapse)
        at = self.sources
        self.of_source.append(self.classes + which)
        self.state.append(np.array([first_state(synapse, c) for c in synapse.classes])[which])
        self.parameters += [
            [c.n_slow / mean, c.u_slow, c.n_fast / mean, c.u_fast, c.tau_fac_ms / dt] for c in synapse.classes
        ]
        self.sources += len(which)
        self.classes += len(synapse.classes)
        return at, [synapse.p_slow, synapse.tau_slow_ms / dt, synapse.tau_fast_ms / dt]

    def arrays(self) -> dict[str, Array]:
        """Return the joined tables."""
        return {
            "pool_state": np.concatenate(self.state),
            "pool_class": np.concatenate(self.of_source),
            "pool_real": np.array(self.parameters, np.float64).reshape(-1, 5),
        }


def mean_release(synapse: VesiclePools) -> float:
    """Return the vesicles that rested synapses release at their first spike, mean over the classes by share."""
    return math.fsum(c.share * (c.n_slow * c.u_slow + c.n_fast * c.u_fast) for c in synapse.classes)


def largest_factor(synapse: Synapse) -> float:
    """Return what no spike can exceed, as a multiple of the weight: all vesicles of the largest class at once."""
    if not isinstance(synapse, VesiclePools):
        return 1.0
    return max(c.n_slow + c.n_fast for c in synapse.classes) / mean_release(synapse)


def first_state(synapse: VesiclePools, of: PoolClass) -> list[float]:
    """Return u and x of the slow pool, of the fast pool, and the step -1, whose end is time 0.

    The fixed point of the mean equations at ``initial_rate_hz``: ``du/dt = (U - u)/tau_fac + U (1 - u) rate`` and
    ``dx/dt = (1 - x)/tau - (1 - p) u x rate`` (10.1038/s41467-022-35395-y).
    """
    rate = synapse.initial_rate_hz / 1000.0
    pools = ((of.u_slow, synapse.tau_slow_ms, synapse.p_slow), (of.u_fast, synapse.tau_fast_ms, 0.0))
    state = []
    for use, tau_ms, kept in pools:
        u = use * (1.0 + of.tau_fac_ms * rate) / (1.0 + use * of.tau_fac_ms * rate)
        state += [u, 1.0 / (1.0 + (1.0 - kept) * u * rate * tau_ms)]
    return [*state, -1.0]


def source_classes(plan: Plan, projection: Projection, synapse: VesiclePools) -> Array:
    """Return the class of each source cell of a projection, int64 (n_sources,).

    A cell that follows none (its synapse there is silent) has a class of its own.

    Raises
    ------
    SpecError
        If a cell has several sources to follow.
    """
    classes = dealt(plan, projection.pre, synapse)
    if synapse.follows is None:
        return classes
    edges = plan.anatomy.edges[synapse.follows]
    several = int((np.bincount(edges.post, minlength=len(classes)) > 1).sum())
    if several:
        raise SpecError(
            f"projection {projection.name!r} can't follow {synapse.follows!r}: "
            f"{several} of {len(classes)} cells of {projection.pre!r} have several sources there"
        )
    parents = dealt(plan, plan.circuit.projection(synapse.follows).pre, synapse)
    classes[edges.post] = parents[edges.pre]
    return classes


def dealt(plan: Plan, population: str, synapse: VesiclePools) -> Array:
    """Deal the classes to a population by their shares, to the nearest cell; int64 (size,).

    The order of the cells is the population's own, so that all projections that deal the same classes to it agree.
    """
    size = plan.circuit.population(population).size
    bounds = np.cumsum([c.share for c in synapse.classes])[:-1]
    classes = np.empty(size, np.int64)
    order = stream(plan.seed, population, "vesicle pools").permutation(size)
    classes[order] = np.searchsorted(bounds, (np.arange(size) + 0.5) / size, side="right")
    return classes
