"""What a run of many subjects was asked to do, kept beside its results so that it can be resumed."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pydantic_core import to_jsonable_python

import dystolab
from dystolab.errors import ResultError
from dystolab.lab.code import package_hash
from dystolab.result import SCHEMA_VERSION, Result

FILE = "run.json"


class Experiment(Protocol):
    """What an experiment must offer to be run here."""

    @property
    def name(self) -> str:
        """Name under which the experiment is known."""

    def model_dump(self, *, mode: str) -> dict[str, Any]:
        """Return the settings."""

    def run(self, subject: Any, *, threads: int, progress: Any, checkpoint_dir: Path) -> Result:
        """Run the experiment on one subject."""


@dataclass(frozen=True)
class Plan:
    """An experiment with its settings and subjects, as JSON values.

    Parameters
    ----------
    experiment : str
        Name of the experiment.
    settings : dict
        Its settings.
    subjects : list of dict
        One description per subject.
    request : dict
        What the user asked for, in the user's words; not compared.
    version : str
        Version of dystolab and hash of its code and tables.
    """

    experiment: str
    settings: dict[str, Any]
    subjects: list[Any]
    request: dict[str, Any] = field(default_factory=dict)
    version: str = ""
    schema_version: int = SCHEMA_VERSION

    @classmethod
    def of(cls, experiment: Experiment, subjects: Sequence[Any], request: Mapping[str, Any] | None = None) -> Plan:
        """Return the plan of running `experiment` on `subjects`."""
        described = [to_jsonable_python(subject, fallback=repr) for subject in subjects]
        settings = experiment.model_dump(mode="json")
        return cls(
            experiment.name, settings, described, dict(request or {}), f"{dystolab.__version__} ({package_hash()[:12]})"
        )

    def write(self, out: Path) -> None:
        """Write the plan into the directory `out`, whole or not at all."""
        part = out / f".{FILE}.part-{uuid.uuid4().hex[:8]}"
        try:
            part.write_text(json.dumps(asdict(self), indent=1) + "\n")
            os.replace(part, out / FILE)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise ResultError(f"{out / FILE} can't be written: {error.strerror}") from error

    @classmethod
    def read(cls, out: Path) -> Plan:
        """Read the plan in the directory `out`.

        Raises
        ------
        ResultError
            If there is none, or it is damaged.
        """
        file = out / FILE
        try:
            plan = cls(**json.loads(file.read_bytes()))
        except FileNotFoundError:
            raise ResultError(f"{out} is no run: it has no {FILE}") from None
        except OSError as error:
            raise ResultError(f"{file} can't be read: {error.strerror}") from None
        except (ValueError, TypeError, RecursionError):
            raise ResultError(f"{file} is damaged: it does not hold the plan of a run") from None
        kinds = {"experiment": str, "settings": dict, "subjects": list, "request": dict}
        if any(not isinstance(getattr(plan, name), kind) for name, kind in kinds.items()):
            raise ResultError(f"{file} is damaged: it does not hold the plan of a run")
        return plan

    def check_same(self, found: Plan, out: Path) -> None:
        """Raise ResultError with the first difference between this plan and the one `found` in `out`."""
        for name in ("schema_version", "version", "experiment", "settings", "subjects"):
            where, old, new = _difference(name, getattr(found, name), getattr(self, name))
            if where:
                raise ResultError(
                    f"{out} can't be resumed: its {where} is {_short(old)}, and this asks for {_short(new)}"
                )


def _difference(where: str, old: Any, new: Any) -> tuple[str, Any, Any]:
    """Return the dotted place of the first difference, empty if there is none, and the two values."""
    if isinstance(old, dict) and isinstance(new, dict):
        pairs = [(f"{where}.{key}", old.get(key), new.get(key)) for key in {**old, **new}]
    elif isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            return f"number of {where}", len(old), len(new)
        pairs = [(f"{where}[{i}]", a, b) for i, (a, b) in enumerate(zip(old, new, strict=True))]
    else:
        return ("", None, None) if old == new else (where, old, new)
    return next((d for d in (_difference(*pair) for pair in pairs) if d[0]), ("", None, None))


def _short(value: Any) -> str:
    return f"{value!r:.60}"
