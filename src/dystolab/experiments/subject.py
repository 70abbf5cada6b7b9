"""Who an experiment is run on: a circuit, what is wrong with it, and a seed."""

from __future__ import annotations

import hashlib
from typing import Any, Protocol, runtime_checkable

from pydantic import Field, field_validator, model_serializer, model_validator
from pydantic_core import to_jsonable_python

from dystolab.circuit import presets
from dystolab.circuit.spec import Circuit
from dystolab.errors import SpecError
from dystolab.experiments.settings import Settings


@runtime_checkable
class Mechanism(Protocol):
    """What can be wrong with a circuit."""

    @property
    def name(self) -> str:
        """Name under which the mechanism is known."""

    @property
    def severity(self) -> float:
        """From 0, healthy, to 1."""

    def apply(self, circuit: Circuit) -> Circuit:
        """Return the circuit with the mechanism in it."""


class Subject(Settings):
    """An animal of the laboratory.

    Parameters
    ----------
    circuit : str or Circuit
        Name of a circuit (`dystolab list circuits`), or a circuit of one's own.
    mechanisms : sequence of Mechanism
        What is wrong with it, applied in this order.
    lesions : sequence of str
        Projections that are cut, and populations of which every outgoing projection is; with ``@ZONE`` after the name,
        what leaves one microzone, or group, alone.
    seed : int
        Which animal: it decides anatomy, input and noise.
    scale : float
        Size of the tissue; only for a circuit that is given by name.

    Raises
    ------
    UnknownNameError, SpecError
        If a name or a value is not allowed.

    Examples
    --------
    >>> Subject(seed=3, scale=0.5).describe()["circuit"]
    'mouse-cerebellum'
    """

    circuit: str | Circuit = "mouse-cerebellum"
    mechanisms: tuple[Any, ...] = ()
    lesions: tuple[str, ...] = ()
    seed: int = Field(default=1, ge=0)
    scale: float = Field(default=1.0, gt=0, allow_inf_nan=False)

    @field_validator("mechanisms")
    @classmethod
    def _are_mechanisms(cls, mechanisms: tuple[Any, ...]) -> tuple[Any, ...]:
        for one in mechanisms:
            if not isinstance(one, Mechanism) or isinstance(one, type):
                raise SpecError(
                    f"Subject.mechanisms: {one!r:.60} is no mechanism; one is made by, for example, "
                    "dystolab.mechanisms.purkinje_burst(severity=0.6)"
                )
        return mechanisms

    @model_validator(mode="after")
    def _exists(self) -> Subject:
        if isinstance(self.circuit, str):
            presets.load(self.circuit, self.scale)
        elif self.scale != 1.0:
            raise SpecError(
                f"Subject.scale = {self.scale:g}: circuit {self.circuit.name!r} is given whole, with a "
                f"scale of its own ({self.circuit.scale:g})"
            )
        return self

    def build(self) -> Circuit:
        """Return the circuit spec with the mechanisms and lesions in it."""
        circuit = presets.load(self.circuit, self.scale) if isinstance(self.circuit, str) else self.circuit
        for mechanism in self.mechanisms:
            circuit = mechanism.apply(circuit)
        for lesion in self.lesions:
            circuit = circuit.with_lesion(lesion)
        return circuit

    @model_serializer
    def describe(self) -> dict[str, Any]:
        """Return what the subject is, as JSON values."""
        told: dict[str, Any] = {
            "circuit": self.circuit,
            "scale": self.scale,
            "seed": self.seed,
            "mechanisms": [_described(one) for one in self.mechanisms],
            "lesions": list(self.lesions),
            "stimulations": [],
            "body": None,
            "extent": None,
            # With all that is wrong with it: a mechanism of one's own may not tell its settings.
            "circuit_sha256": hashlib.sha256(self.build().model_dump_json().encode()).hexdigest(),
        }
        if isinstance(self.circuit, Circuit):
            told |= {"circuit": self.circuit.name, "scale": self.circuit.scale}
        return told


def _described(mechanism: Mechanism) -> dict[str, Any]:
    settings = to_jsonable_python(mechanism, fallback=lambda _: {})
    return {"name": mechanism.name, "severity": mechanism.severity, **settings}
