"""A virtual laboratory for the cerebellum in dystonia.

Take a **circuit**, give it a **mechanism**, run an **experiment** on it and read the **measures**.

Examples
--------
>>> import dystolab as dl
>>> mouse = dl.Subject(circuit="mouse-cerebellum", seed=1)      # doctest: +SKIP
>>> result = dl.experiments.eyeblink(trials=100).run(mouse)     # doctest: +SKIP
>>> result.measures["cr_percent"]                               # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dystolab import circuit, engine, evidence, experiments, io, lab, measures, mechanisms, plots
    from dystolab.circuit.spec import Circuit
    from dystolab.engine import Recording, Simulator, Trace
    from dystolab.errors import DystolabError
    from dystolab.experiments.base import Subject
    from dystolab.lab.aggregate import aggregate
    from dystolab.lab.runs import load_run, run_many
    from dystolab.quantity import Quantity
    from dystolab.result import Measure, Result

    __version__: str

_FOLDERS = ("circuit", "engine", "evidence", "experiments", "io", "lab", "measures", "mechanisms", "plots")
_HOMES = {
    "Circuit": "dystolab.circuit.spec",
    "DystolabError": "dystolab.errors",
    "Measure": "dystolab.result",
    "Quantity": "dystolab.quantity",
    "Recording": "dystolab.engine",
    "Result": "dystolab.result",
    "Simulator": "dystolab.engine",
    "Subject": "dystolab.experiments.base",
    "Trace": "dystolab.engine",
    "aggregate": "dystolab.lab.aggregate",
    "load_run": "dystolab.lab.runs",
    "run_many": "dystolab.lab.runs",
}

__all__ = [
    "Circuit",
    "DystolabError",
    "Measure",
    "Quantity",
    "Recording",
    "Result",
    "Simulator",
    "Subject",
    "Trace",
    "__version__",
    "aggregate",
    "circuit",
    "engine",
    "evidence",
    "experiments",
    "io",
    "lab",
    "load_run",
    "measures",
    "mechanisms",
    "plots",
    "run_many",
]


def __getattr__(name: str) -> Any:
    # Everything is loaded when it is first asked for, so that `import dystolab` costs nothing.
    if name in _FOLDERS:
        return importlib.import_module(f"dystolab.{name}")
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name == "__version__":
        return _version()
    raise AttributeError(f"module 'dystolab' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("dystolab")
    except PackageNotFoundError:  # a source tree on the path, not installed
        return "0+unknown"
