"""The exchange with a body: every millisecond spikes go out, and spikes for the next millisecond come in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

import numpy as np

from dystolab.circuit.neurons import Relay
from dystolab.engine.network import Inputs
from dystolab.errors import SpecError

if TYPE_CHECKING:
    from dystolab.engine.compiler import Plan

Array = np.ndarray
Spikes = tuple[Array, Array]


class Body(Protocol):
    """What moves by the spikes of some populations, and feeds relays by what its senses tell."""

    @property
    def hears(self) -> tuple[str, ...]:
        """Populations whose spikes it wants; all their cells must be recorded."""

    def step(self, time_ms: float, spikes: Mapping[str, Spikes]) -> Mapping[str, Spikes]:
        """Move on to `time_ms` with the spikes of the millisecond before; return those of the one after.

        Both are times (ms, since the start) and cells by population; what comes back is for relays.
        """

    def state(self) -> Mapping[str, Array]:
        """Return all that the next step depends on, for `restore`."""

    def restore(self, state: Mapping[str, Array]) -> None:
        """Go on where `state` was taken, bit for bit."""


class LiveSpikes:
    """Spikes that relays got for the millisecond to come, as the kernels want them."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._most = max(p.size for p in plan.circuit.populations)
        self.step, self.cell = np.zeros(0, np.int64), np.zeros(0, np.int32)
        self._ptr = np.zeros(len(plan.pop) + 1, np.int64)

    def take(self, spikes: Mapping[str, Spikes], first_step: int) -> None:
        """Lay out `spikes` of the millisecond that begins with `first_step`; a cell has one per step at most.

        Raises
        ------
        SpecError
            If a population is no relay, a cell does not exist, there is not one cell per time, or a time lies outside
            the millisecond.
        """
        plan = self._plan
        number, steps, cells = [], [], []
        for name, (times, who) in spikes.items():
            self._check(name, times, who)
            number.append(np.full(len(who), plan.pop[name]))
            # A relay spikes at the end of a step.
            steps.append(np.ceil(np.asarray(times) / plan.dt_ms - 1e-6) - 1 - first_step)
            cells.append(who)
        per_ms = round(1.0 / plan.dt_ms)
        pop, step, cell = (np.concatenate([np.zeros(0, np.int64), *x]) for x in (number, steps, cells))
        other = ~((step >= 0) & (step < per_ms))
        if other.any():
            name = plan.circuit.populations[int(pop[other.argmax()])].name
            raise SpecError(f"a body gave {name!r} a spike that is not of the next millisecond")
        key = np.unique((pop * per_ms + step.astype(np.int64)) * self._most + cell)
        pop_step, self.cell = key // self._most, (key % self._most).astype(np.int32)
        self.step = pop_step % per_ms + first_step
        self._ptr = np.searchsorted(pop_step, per_ms * np.arange(len(plan.pop) + 1))

    def _check(self, name: str, times: Array, cells: Array) -> None:
        population = self._plan.circuit.population(name)
        if not isinstance(population.neuron, Relay):
            raise SpecError(f"a body can feed relays only, and {name!r} is none")
        if len(times) != len(cells):
            raise SpecError(f"a body gave {name!r} {len(times)} times and {len(cells)} cells")
        if len(cells) and (np.min(cells) < 0 or np.max(cells) >= population.size):
            raise SpecError(f"a body gave {name!r} a spike of a cell outside 0 to {population.size - 1}")

    def into(self, inputs: Inputs, step: int) -> Inputs:
        """Return `inputs`, which go on from `step`, with these spikes in them."""
        # What the kernels did in an earlier call is over.
        over = np.concatenate([[0], np.cumsum(self.step < step)])
        first = self._ptr[:-1] + np.diff(over[self._ptr])
        return inputs._replace(live_ptr=self._ptr, live_step=self.step, live_cell=self.cell, live_cursor=first)

    def dump(self) -> dict[str, Array]:
        """Return everything, as arrays."""
        return {"live/step": self.step, "live/cell": self.cell, "live/ptr": self._ptr}

    def load(self, state: dict[str, Array]) -> None:
        """Take back what `dump` gave."""
        self.step, self.cell, self._ptr = (state[f"live/{part}"] for part in ("step", "cell", "ptr"))
