"""What a run gives back: measures with units and uncertainty, recordings and where they come from."""

from __future__ import annotations

import importlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dystolab.errors import ResultError, UnknownNameError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCHEMA_VERSION = 1
"""Version of the stored result and of the JSON of the command line; names in them change only with it."""

Interval = tuple[float, float]
Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Measure:
    """A number, or one number per block, with its unit and uncertainty.

    Parameters
    ----------
    value : float or list of float
        A list holds one value per block; NaN where there is nothing to measure, infinite where it never comes (a
        head that does not drift).
    unit : str
        Such as ``"Hz"``; ``"1"`` for a pure number.
    ci95 : (float, float), list of (float, float), or None
        95 % confidence interval, one per block for a list; None where there is none.
    n : int
        How many cells, trials or subjects the value rests on.
    description : str
        One line in plain words.

    Raises
    ------
    ResultError
        If `ci95` does not have the form of `value`, or `n` is negative.
    """

    value: float | list[float]
    unit: str
    ci95: Interval | list[Interval] | None = None
    n: int = 1
    description: str = ""

    def __post_init__(self) -> None:
        value, ci95 = np.asarray(self.value, dtype=float), self.ci95
        if value.ndim > 1:
            raise ResultError(f"a measure is a number or a list of numbers, not {value.ndim}-dimensional")
        if self.n < 0:
            raise ResultError(f"n of a measure must not be negative, got {self.n}")
        object.__setattr__(self, "value", value.tolist())
        object.__setattr__(self, "n", int(self.n))
        if ci95 is None:
            return
        bounds = np.asarray(ci95, dtype=float)
        if bounds.shape != (*value.shape, 2):
            raise ResultError(f"ci95 must hold (low, high) for each value, got {ci95!r} for {self.value!r}")
        pairs = [(float(low), float(high)) for low, high in bounds.reshape(-1, 2)]
        object.__setattr__(self, "ci95", pairs if value.ndim else pairs[0])

    def to_json(self) -> dict[str, Any]:
        """Return the measure as plain JSON values, with None for NaN and "inf" or "-inf" for what has no end."""
        return {
            "value": plain(self.value),
            "unit": self.unit,
            "ci95": plain(self.ci95),
            "n": self.n,
            "description": self.description,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Measure:
        """Return the measure that `to_json` wrote."""
        ci95 = data["ci95"]
        return cls(
            value=_numbers(data["value"]),
            unit=data["unit"],
            ci95=None if ci95 is None else _numbers(ci95),
            n=data["n"],
            description=data["description"],
        )


@dataclass(frozen=True)
class Result:
    """The outcome of one experiment on one subject.

    Parameters
    ----------
    experiment : str
        Name of the experiment.
    settings : dict
        The experiment's settings, as JSON values.
    subject : dict
        ``circuit``, ``scale``, ``seed``, ``mechanisms``, ``lesions``, ``stimulations``, ``body``, ``extent``.
    measures : dict of str to Measure
        By name; `dystolab.measures.NAMES` is the public list.
    population_rate_hz : dict of str to float
        Mean rate of each population over the whole run.
    runtime : dict
        ``wall_s`` (simulation only), ``build_s``, ``compile_s``, ``biological_s``, ``threads``, ...
    provenance : dict
        Version, hashes of the parameter tables, seed, platform.
    arrays : dict of str to ndarray
        Recordings by flat name, such as ``"spikes/purkinje_cell/time_ms"``.

    Examples
    --------
    >>> result = Result("rest", {}, {"seed": 1}, {"rate_hz.io_cell": Measure(1.1, "Hz")}, {"io_cell": 1.1})
    >>> result.measures["rate_hz.io_cell"].value
    1.1
    """

    experiment: str
    settings: dict[str, Any]
    subject: dict[str, Any]
    measures: dict[str, Measure]
    population_rate_hz: dict[str, float]
    runtime: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, Array] = field(default_factory=dict, repr=False)

    @property
    def state(self) -> str:
        """What is wrong with the subject: its mechanisms with their severities, and what is cut; or ``"healthy"``."""
        faults = [f"{m.get('name')} {m.get('severity')}" for m in self.subject.get("mechanisms") or ()]
        faults += [f"{name} cut" for name in self.subject.get("lesions") or ()]
        return " + ".join(faults) or "healthy"

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the result, whole or not at all; the suffix of `path` picks the format (``.zarr``).

        Raises
        ------
        ResultError
            If the target exists and `overwrite` is false, or the disk refuses.
        UnknownNameError
            If no format has this suffix.
        """
        path = Path(path)
        _store(path).write(self, path, overwrite=overwrite)
        return path

    @classmethod
    def load(cls, path: str | Path, *, arrays: bool = True) -> Result:
        """Read a saved result, with its recordings if `arrays`; every byte must be as it was written.

        Raises
        ------
        ResultError
            If it is missing, incomplete or damaged; the text names the file.
        """
        path = Path(path)
        found: Result = _store(path).read(path, arrays=arrays)
        return found

    def plot(self) -> Figure:
        """Return the page of figures of this experiment."""
        figure: Figure = importlib.import_module("dystolab.plots").page([self])
        return figure


def plain(value: Any) -> Any:
    """Return `value` as JSON values: NumPy and tuples converted, None for NaN, "inf" or "-inf" for what has no end.

    Raises
    ------
    ResultError
        If it holds something that JSON can't.
    """
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None if math.isnan(value) else str(value)
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    raise ResultError(f"{type(value).__name__} {value!r:.80} can't be stored in a result")


def _numbers(value: Any) -> Any:
    """Return the numbers that `plain` wrote, at any depth."""
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    return math.nan if value is None else float(value)


def text(value: float | Sequence[float], digits: int = 4) -> str:
    """Return a number, or a list of them to three digits, for people to read; ``-`` where there is none."""
    if isinstance(value, Sequence):
        return " ".join(text(v, 3) for v in value)
    return "-" if math.isnan(value) else f"{value:.{digits}g}"


def _store(path: Path) -> Any:
    """Return the module that reads and writes results with the suffix of `path`.

    It is found by name: results lie below the formats and do not import them.
    """
    formats: Mapping[str, str] = importlib.import_module("dystolab.io").FORMATS
    if path.suffix not in formats:
        raise UnknownNameError("format of a result", path.suffix or path.name, formats)
    return importlib.import_module(formats[path.suffix])
