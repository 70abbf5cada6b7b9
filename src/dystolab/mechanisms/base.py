"""What every mechanism is: a severity, options, and the sites of the circuit that it changes."""

from __future__ import annotations

import functools
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, field_validator, model_validator

from dystolab.circuit import tables
from dystolab.circuit.spec import Circuit, Value, one_line
from dystolab.errors import SpecError, UnknownNameError

NAMED = {"populations": "population", "projections": "projection", "gap_junctions": "gap_junctions", "drives": "drive"}


class Mechanism(BaseModel, ABC):
    """Something that is wrong with a circuit, graded from 0 (healthy) to 1.

    Parameters
    ----------
    severity : float
        0 leaves the circuit as it is; published numbers hold at 1; between them sites change in proportion.

    Attributes
    ----------
    name, doi, description : str
    sites : tuple of str
        What `apply` may change, as in `changed_sites`; a site stands for all that lies below it.

    Raises
    ------
    UnknownNameError
        If an option does not exist.
    SpecError
        If a value is not allowed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: ClassVar[str]
    doi: ClassVar[str]
    description: ClassVar[str]
    sites: ClassVar[tuple[str, ...]]
    optional: ClassVar[frozenset[str]] = frozenset()
    """Sites that a circuit may lack."""
    needs: ClassVar[tuple[str, ...]] = ()
    """What a circuit must have besides its sites."""

    severity: float

    @field_validator("severity")
    @classmethod
    def _graded(cls, severity: float) -> float:
        if not 0 <= severity <= 1:
            raise ValueError("must lie between 0 (healthy) and 1")
        return severity

    @model_validator(mode="wrap")
    @classmethod
    def _in_one_line(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if isinstance(data, dict):
            for option in data:
                if option not in cls.model_fields:
                    raise UnknownNameError(f"option of {cls.name}", str(option), cls.model_fields)
        try:
            return handler(data)
        except ValidationError as error:
            told = one_line(error).removeprefix(error.title).replace("Value error, ", "")
            raise SpecError(f"{cls.name}{told}") from None

    @classmethod
    def table(cls) -> tables.Table:
        """Return the table of the mechanism's numbers, the file beside its own."""
        return _read(Path(str(sys.modules[cls.__module__].__file__)).with_suffix(".toml"))

    @classmethod
    def number(cls, section: str, key: str, unit: str = "1") -> float:
        """Return a number of the mechanism's table."""
        return cls.table().root.section(section).number(key, unit)

    def apply(self, circuit: Circuit) -> Circuit:
        """Return `circuit` with the mechanism in it; the circuit itself at severity 0.

        Raises
        ------
        SpecError
            If the circuit lacks a site, or has the mechanism already.
        """
        for site in (*self.needs, *self.sites):
            if site not in self.optional:
                self._check(circuit, site)
        return self.changed(circuit) if self.severity > 0 else circuit

    @abstractmethod
    def changed(self, circuit: Circuit) -> Circuit:
        """Return the changed circuit; `severity` is above 0 and every site that is not optional exists."""

    def _check(self, circuit: Circuit, site: str) -> None:
        kind, name, *path = site.split(".")
        if kind == "drive":
            if any(d.name == name for d in circuit.drives):
                raise SpecError(f"mechanism {self.name!r}: circuit {circuit.name!r} has its drive {name!r} already")
            return
        try:
            item: Any = circuit.population(name) if kind == "population" else circuit.projection(name)
        except UnknownNameError as error:
            raise SpecError(f"mechanism {self.name!r} does not fit circuit {circuit.name!r}: {error}") from None
        for field in path:
            if not hasattr(item, field):
                found = getattr(item, "kind", type(item).__name__)
                raise SpecError(
                    f"mechanism {self.name!r} does not fit circuit {circuit.name!r}: {site} does not exist "
                    f"({found!r} has no {field!r})"
                )
            item = getattr(item, field)


@functools.cache
def _read(path: Path) -> tables.Table:
    return tables.read(path)


def scaled(value: Value, factor: float) -> Value:
    """Return `value` with every draw multiplied by `factor`."""
    return Value(mean=value.mean * factor, sd=value.sd * factor, low=value.low * factor)


def changed_sites(before: Circuit, after: Circuit) -> tuple[str, ...]:
    """Return where two circuits differ, as dotted paths in order.

    A path is ``population.<name>.neuron.i_e_pa``, ``projection.<name>.weight_ns.mean``, ``drive.<name>`` (added
    or removed as a whole) and so on down to single values.

    Examples
    --------
    >>> from dystolab.circuit import load
    >>> healthy = load("mouse-2022")
    >>> changed_sites(healthy, healthy.with_neuron("io_cell", i_e_pa=0.0))
    ('population.io_cell.neuron.i_e_pa',)
    """
    return tuple(_differences(_by_name(before), _by_name(after), ""))


def _by_name(circuit: Circuit) -> dict[str, Any]:
    """Return the circuit as nested dicts in which every named part stands under its name."""
    tree = circuit.model_dump()
    for field, kind in NAMED.items():
        parts = tree.pop(field)
        tree[kind] = {part["name"]: part for part in parts}
    return tree


def _differences(a: Any, b: Any, path: str) -> list[str]:
    if isinstance(a, Mapping) and isinstance(b, Mapping) and (path in ("", *NAMED.values()) or a.keys() == b.keys()):
        keys = [*a, *(k for k in b if k not in a)]
        return [
            site
            for key in keys
            for site in (
                _differences(a[key], b[key], f"{path}.{key}".removeprefix("."))
                if key in a and key in b
                else [f"{path}.{key}"]
            )
        ]
    if _is_list(a) and _is_list(b) and len(a) == len(b):
        return [site for k, (x, y) in enumerate(zip(a, b, strict=True)) for site in _differences(x, y, f"{path}.{k}")]
    return [] if a == b else [path]


def _is_list(x: Any) -> bool:
    return isinstance(x, Sequence) and not isinstance(x, str)
