"""What bodies with muscles have in common: motor units, spindles, afferents, what they record, and their state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt

from dystolab.body.afferents import Afferents
from dystolab.body.motor_units import Muscles
from dystolab.body.spindle import Spindles
from dystolab.circuit.groups import size_of_each
from dystolab.circuit.spec import Circuit
from dystolab.errors import SpecError

Array = npt.NDArray[np.float64]
Spikes = tuple[Array, npt.NDArray[np.int32]]


class Stateful(Protocol):
    """What can be put back to where it was."""

    def state(self) -> Array:
        """Return all that the next step depends on."""

    def restore(self, state: Array) -> None:
        """Go on where `state` was taken."""


class Muscled:
    """Pools of muscles, spindles and afferents about a plant that somebody moves; the movement is for each body to say.

    Parameters
    ----------
    name : str
        Of the body, for errors.
    motoneurons : str
        Population whose groups are the muscles.
    parts : mapping of str to Stateful
        Plant and task, by the names of their states.
    groups : mapping of str to int
        Populations of afferents, and how many groups each has.
    record : str
        Name of what is recorded of the plant.
    circuit, seed, spindles
        As of the body.
    further_ms : float
        By how much longer than in a neck a spike takes to the muscle.

    Raises
    ------
    UnknownNameError
        If the circuit lacks a population.
    SpecError
        If a population has other groups than asked for.
    """

    def __init__(
        self,
        name: str,
        motoneurons: str,
        n_muscles: int,
        spindles: Spindles,
        groups: Mapping[str, int],
        record: str,
        parts: Mapping[str, Stateful],
        circuit: Circuit,
        seed: int,
        further_ms: float = 0.0,
    ) -> None:
        self._name, self._record, self._n_muscles = name, record, n_muscles
        self._muscles = Muscles(n_muscles, size_of_each(circuit, motoneurons, n_muscles), further_ms)
        self._spindles = spindles
        self._fibres = {pop: Afferents(pop, n, size_of_each(circuit, pop, n), seed) for pop, n in groups.items()}
        self._parts: dict[str, Stateful] = {**self._fibres, **parts, "muscles": self._muscles, "spindles": spindles}
        self._places: list[Array] = []
        self._activations: list[Array] = []

    def _fire(self, time_ms: float, rates: Mapping[str, Array]) -> dict[str, Spikes]:
        """Return the spikes of all afferents in the millisecond after `time_ms`."""
        return {name: fibres.step(time_ms, rates[name]) for name, fibres in self._fibres.items()}

    @property
    def activation(self) -> Array:
        """Activation of each muscle at the end of each millisecond so far, 0 to 1, shape (n_ms, n_muscles)."""
        return np.array(self._activations).reshape(-1, self._n_muscles)

    def state(self) -> dict[str, Array]:
        """Return everything that the next step depends on and all that was recorded, for `restore`."""
        parts = {name: part.state() for name, part in self._parts.items()}
        return parts | {self._record: np.array(self._places), "activation": self.activation}

    def restore(self, state: Mapping[str, Array]) -> None:
        """Go on where `state` was taken, bit for bit.

        Raises
        ------
        SpecError
            If it is not the state of such a body.
        """
        wanted = self.state().keys()
        if state.keys() != wanted:
            raise SpecError(f"{self._name}: a state has the parts {', '.join(wanted)}, got {', '.join(state)}")
        for name, part in self._parts.items():
            part.restore(state[name])
        self._places, self._activations = list(state[self._record]), list(state["activation"])
