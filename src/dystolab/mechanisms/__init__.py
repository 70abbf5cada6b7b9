"""What can be wrong with a circuit: each mechanism a graded change of its spec, one file and one table each.

A new mechanism is a file with a subclass of `Mechanism` and a table of the same name beside it; it is found here
by itself.

Examples
--------
>>> from dystolab import circuit, mechanisms
>>> ill = mechanisms.purkinje_burst(severity=0.6).apply(circuit.load("mouse-2022"))
>>> round(ill.population("purkinje_cell").neuron.i_e_pa, 1)
327.0
"""

from __future__ import annotations

import importlib
import pkgutil

from dystolab.circuit.spec import Circuit
from dystolab.errors import SpecError, UnknownNameError
from dystolab.mechanisms.base import Mechanism, changed_sites


def _found() -> dict[str, type[Mechanism]]:
    kinds: dict[str, type[Mechanism]] = {}
    for module in sorted(m.name for m in pkgutil.iter_modules(__path__)):
        held = vars(importlib.import_module(f"{__name__}.{module}")).values()
        own = [x for x in held if isinstance(x, type) and x.__module__ == f"{__name__}.{module}"]
        kinds |= {x.name: x for x in own if issubclass(x, Mechanism) and x is not Mechanism}
    return kinds


_KINDS = _found()
# A mechanism takes the name of its file, so that `mechanisms.purkinje_burst(severity=0.6)` reads as what it does.
globals().update(_KINDS)

NAMES: dict[str, str] = {name: kind.description for name, kind in _KINDS.items()}
"""Name of a mechanism -> what is wrong."""

__all__ = ["NAMES", "Mechanism", "changed_sites", "fitting", "get", "table_hashes"]


def get(name: str) -> type[Mechanism]:
    """Return the mechanism called `name`, whose arguments are its severity and its options.

    Raises
    ------
    UnknownNameError
        If there is none.
    """
    if name not in _KINDS:
        raise UnknownNameError("mechanism", name, _KINDS)
    return _KINDS[name]


def fitting(circuit: Circuit) -> tuple[str, ...]:
    """Return the names of the mechanisms whose sites `circuit` has.

    Examples
    --------
    >>> from dystolab.circuit import load
    >>> fitting(load("head"))
    ('head_integrator_imbalance', 'integrator_leak', 'spindle_gain')
    """
    return tuple(name for name, kind in _KINDS.items() if _fits(kind, circuit))


def _fits(kind: type[Mechanism], circuit: Circuit) -> bool:
    try:
        kind(severity=0.0).apply(circuit)
    except SpecError:
        return False
    return True


def table_hashes() -> dict[str, str]:
    """Return the SHA-256 of each mechanism's table by name, for the provenance of a result."""
    return {name: kind.table().sha256 for name, kind in _KINDS.items()}


def __getattr__(name: str) -> type[Mechanism]:
    raise AttributeError(f"module {__name__!r}: {UnknownNameError('mechanism', name, _KINDS)}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_KINDS])
