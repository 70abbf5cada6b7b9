"""The exchange with a body: every millisecond spikes go out, and spikes for the next millisecond come in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numba import njit

from dystolab.circuit.neurons import Relay
from dystolab.engine.arithmetic import KERNEL
from dystolab.engine.network import Live
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

        Both are times (ms, since the start) and cells by population; what comes back is for relays. Meanwhile helpers
        step on: what is read of the simulation itself, such as weights, may be of a later time.
        """

    def state(self) -> Mapping[str, Array]:
        """Return all that the next step depends on, for `restore`."""

    def restore(self, state: Mapping[str, Array]) -> None:
        """Go on where `state` was taken, bit for bit."""


class LiveSpikes:
    """Spikes that relays got for the millisecond to come, as the kernels want them (`spikes`).

    They lie in the same arrays all the time, at which the kernels look in every call; `cursor` is how far they are.
    """

    spikes: Live

    def __init__(self, plan: Plan) -> None:
        self._plan, self._per_ms = plan, round(1.0 / plan.dt_ms)
        self._relays = {p.name: plan.pop[p.name] for p in plan.circuit.populations if isinstance(p.neuron, Relay)}
        self._size = [p.size for p in plan.circuit.populations]
        self._ptr, self._cursor = np.zeros(len(plan.pop) + 1, np.int64), np.zeros(len(plan.pop), np.int64)
        self._place = np.zeros(self._per_ms + 1, np.int64)
        self._make_room(_ROOM)

    def _make_room(self, room: int) -> None:
        self._step, self._cell = np.zeros(room, np.int64), np.zeros(room, np.int32)
        self.spikes = Live(self._ptr, self._step, self._cell, self._cursor)

    def take(self, spikes: Mapping[str, Spikes], first_step: int) -> None:
        """Lay out `spikes` of the millisecond that begins with `first_step`; a cell has one per step at most.

        Raises
        ------
        SpecError
            If a population is no relay, a cell does not exist, there is not one cell per time, or a time lies outside
            the millisecond.
        """
        room = sum(len(cells) for _, cells in spikes.values())
        if room > self._step.size:
            self._make_room(2 * room)
        self._ptr[:] = 0
        for name in sorted(spikes, key=self._number):
            times, cells = spikes[name]
            if len(times) != len(cells):
                raise SpecError(f"a body gave {name!r} {len(times)} times and {len(cells)} cells")
            if len(times):
                self._put(name, np.asarray(times, np.float64), np.asarray(cells, np.int64), first_step)
        self._cursor[:] = self._ptr[:-1]

    def _number(self, name: str) -> int:
        if name not in self._relays:
            self._plan.circuit.population(name)
            raise SpecError(f"a body can feed relays only, and {name!r} is none")
        return self._relays[name]

    def _put(self, name: str, times: Array, cells: Array, first_step: int) -> None:
        number = self._relays[name]
        room = (self._place, self._ptr, self._step, self._cell)
        wrong = _lay_out(times, cells, number, self._size[number], self._plan.dt_ms, first_step, *room)
        if wrong == _CELL:
            raise SpecError(f"a body gave {name!r} a spike of a cell outside 0 to {self._size[number] - 1}")
        if wrong == _TIME:
            raise SpecError(f"a body gave {name!r} a spike that is not of the next millisecond")

    def dump(self) -> dict[str, Array]:
        """Return everything, as arrays."""
        n = self._ptr[-1]
        return {"live/step": self._step[:n], "live/cell": self._cell[:n], "live/ptr": self._ptr}

    def load(self, state: dict[str, Array], step: int) -> None:
        """Take back what `dump` gave at `step`."""
        steps = state["live/step"]
        self._make_room(max(_ROOM, len(steps)))
        self._ptr[:] = state["live/ptr"]
        self._step[: len(steps)], self._cell[: len(steps)] = steps, state["live/cell"]
        # What the kernels did before is over.
        over = np.concatenate([[0], np.cumsum(steps < step)])
        self._cursor[:] = self._ptr[:-1] + np.diff(over[self._ptr])


_ROOM = 1024
_CELL, _TIME = 1, 2


@njit(cache=True, **KERNEL)
def _lay_out(
    times: Any, cells: Any, pop: Any, size: Any, dt_ms: Any, first_step: Any, place: Any, ptr: Any, step: Any, cell: Any
) -> Any:
    """Add the spikes of population number `pop` to the lists, by step and cell; return what is wrong with one, or 0."""
    n, per_ms = ptr[pop], place.size - 1
    place[:] = 0
    for k in range(times.size):
        if not 0 <= cells[k] < size:
            return _CELL
        # A relay spikes at the end of a step.
        at = np.ceil(times[k] / dt_ms - 1e-6) - 1 - first_step
        if not 0 <= at < per_ms:
            return _TIME
        place[int(at) + 1] += 1
    for k in range(per_ms):
        place[k + 1] += place[k]
    for k in range(times.size):
        at = int(np.ceil(times[k] / dt_ms - 1e-6)) - 1 - first_step
        step[n + place[at]], cell[n + place[at]] = first_step + at, cells[k]
        place[at] += 1
    # Now by step. Cells of a step are usually in order, and then are looked at once.
    end = n
    for k in range(n, n + times.size):
        at, who, y = step[k], cell[k], end
        while y > n and step[y - 1] == at and cell[y - 1] > who:
            y -= 1
        if y > n and step[y - 1] == at and cell[y - 1] == who:
            continue
        for x in range(end, y, -1):
            step[x], cell[x] = step[x - 1], cell[x - 1]
        step[y], cell[y] = at, who
        end += 1
    ptr[pop + 1 :] = end
    return 0
