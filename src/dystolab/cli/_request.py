"""What a user asks for in ``run``, in words, and the experiment and subjects that it means."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from dystolab.circuit.spec import one_line
from dystolab.errors import ResultError, SpecError, UnknownNameError

if TYPE_CHECKING:
    from dystolab.experiments.base import Subject

T = TypeVar("T")


@dataclass(frozen=True)
class Request:
    """An experiment, its settings as text, and the subjects to run it on.

    Subject number i (from 0) has the seed ``seed + i``. Without a name the circuit is the experiment's usual one.
    """

    experiment: str
    settings: dict[str, str] = field(default_factory=dict)
    circuit: str = ""
    mechanisms: tuple[str, ...] = ()
    lesions: tuple[str, ...] = ()
    subjects: int = 1
    seed: int = 1
    scale: float = 1.0

    def __post_init__(self) -> None:
        if not self.circuit:
            object.__setattr__(self, "circuit", _usual_circuit(self.experiment))
        if self.subjects < 1:
            raise SpecError(f"--subjects must be at least 1, got {self.subjects}")
        if self.seed < 0:
            raise SpecError(f"--seed must not be negative, got {self.seed}")
        if not (math.isfinite(self.scale) and self.scale > 0):
            raise SpecError(f"--scale must be above 0, got {self.scale}")

    @classmethod
    def of(cls, stored: Mapping[str, Any], **given: Any) -> Request:
        """Return the request of a stopped run (empty for a new one) with the options that are `given` now."""
        kind = stored.get("experiment", given["experiment"])
        if kind != given["experiment"]:
            raise ResultError(f"the run to resume is of experiment {kind!r}, not {given['experiment']!r}")
        try:
            found = {name: value for name, value in given.items() if value is not None}
            settings = {**stored.get("settings", {}), **given.get("settings", {})}
            merged = {**stored, **found, "settings": settings}
            lists = {name: tuple(merged.get(name, ())) for name in ("mechanisms", "lesions")}
            return cls(**{**merged, **lists})
        except TypeError:
            raise ResultError("the plan of the run to resume is damaged") from None

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON values, for `of`."""
        return {**asdict(self), "mechanisms": list(self.mechanisms), "lesions": list(self.lesions)}

    def build(self) -> tuple[Any, list[Subject]]:
        """Return the experiment and its subjects.

        Raises
        ------
        UnknownNameError, SpecError
            If a name or a value is not allowed.
        """
        from dystolab.circuit import presets
        from dystolab.experiments.base import Subject

        experiment = self._experiment()
        mechanisms = tuple(mechanism(text) for text in self.mechanisms)
        # A scale or a mechanism that this circuit can't have is told before anything is written.
        circuit = presets.load(self.circuit, self.scale)
        for one in mechanisms:
            circuit = one.apply(circuit)
        for lesion in self.lesions:
            circuit = circuit.with_lesion(lesion)
        whom = {"circuit": self.circuit, "mechanisms": mechanisms, "lesions": self.lesions, "scale": self.scale}
        subjects = [
            _made("subject", Subject, {**whom, "seed": seed}) for seed in range(self.seed, self.seed + self.subjects)
        ]
        return experiment, subjects

    def _experiment(self) -> Any:
        from dystolab import experiments

        kind = experiments.get(self.experiment)
        for name in self.settings:
            if name not in kind.model_fields:
                raise UnknownNameError(f"setting of {self.experiment}", name, kind.model_fields)
        return _made(self.experiment, kind, {name: _value(text) for name, text in self.settings.items()})


def _usual_circuit(experiment: str) -> str:
    from dystolab import experiments

    return experiments.get(experiment).circuit


def mechanism(text: str) -> Any:
    """Return the mechanism that ``NAME:SEVERITY[,key=value...]`` asks for."""
    from dystolab import mechanisms

    head, *pairs = text.split(",")
    name, _, severity = head.partition(":")
    if name not in mechanisms.NAMES:
        raise UnknownNameError("mechanism", name, mechanisms.NAMES)
    try:
        level = float(severity)
    except ValueError:
        wanted = "NAME:SEVERITY with a severity from 0 to 1"
        raise SpecError(f"mechanism {text!r} must be {wanted}, such as {name}:0.6") from None
    if not 0 <= level <= 1:
        raise SpecError(f"severity of {name} must lie between 0 (healthy) and 1, got {severity}")
    more = {key: _value(value) for key, value in assignments(pairs, f"mechanism {name}").items()}
    if "severity" in more:
        raise SpecError(f"severity of {name} is given twice")
    return _made(f"mechanism {name}", mechanisms.get(name), {"severity": level, **more})


def assignments(pairs: Iterable[str], where: str) -> dict[str, str]:
    """Return the names and values of ``name=value`` pairs."""
    out: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not (name and equals and value):
            raise SpecError(f"{where}: {pair!r} must be name=value")
        if name in out:
            raise SpecError(f"{where}: {name} is given twice")
        out[name.strip()] = value.strip()
    return out


def _value(text: str) -> Any:
    """Return `text` as the JSON value that it is, or as text; its meaning is for the receiver to check."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _made(what: str, kind: Callable[..., T], fields: Mapping[str, Any]) -> T:
    try:
        return kind(**fields)
    except ValidationError as error:
        raise SpecError(one_line(error)) from None
    except TypeError as error:  # an argument that does not exist
        raise SpecError(f"{what}: {error}") from None
