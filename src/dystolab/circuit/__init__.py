"""What is simulated: populations, projections, drives and tissue as frozen, serialisable specs."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from dystolab.circuit.drives import (
    BurstDrive,
    Cells,
    ConductanceDrive,
    CurrentDrive,
    Disc,
    Fraction,
    Pattern,
    PoissonDrive,
    SpikeDrive,
    Zone,
)
from dystolab.circuit.neurons import (
    EGLIF,
    AdEx,
    IonPump,
    OUCurrent,
    ParameterSchedule,
    Receptor,
    Relay,
    Spread,
    TTypeCurrent,
)
from dystolab.circuit.presets import NAMES, canonical, load
from dystolab.circuit.rules import (
    Bernoulli,
    Claws,
    EdgeList,
    InDegree,
    NearbyFibre,
    OneSource,
    Partners,
    ThroughGlomeruli,
    Within,
)
from dystolab.circuit.spec import (
    Circuit,
    GapJunctions,
    Layer,
    PoolClass,
    Population,
    Projection,
    SinExpPlasticity,
    Static,
    TsodyksMarkram,
    Value,
    VesiclePools,
    revised,
)
from dystolab.circuit.tables import table_hashes

if TYPE_CHECKING:
    from dystolab.circuit.anatomy import Anatomy, Edges, GapEdges, grow, subset_indices

_LAZY = dict.fromkeys(("Anatomy", "Edges", "GapEdges", "grow", "subset_indices"), "dystolab.circuit.anatomy")

__all__ = [
    "EGLIF",
    "NAMES",
    "AdEx",
    "Anatomy",
    "Bernoulli",
    "BurstDrive",
    "Cells",
    "Circuit",
    "Claws",
    "ConductanceDrive",
    "CurrentDrive",
    "Disc",
    "EdgeList",
    "Edges",
    "Fraction",
    "GapEdges",
    "GapJunctions",
    "InDegree",
    "IonPump",
    "Layer",
    "NearbyFibre",
    "OUCurrent",
    "OneSource",
    "ParameterSchedule",
    "Partners",
    "Pattern",
    "PoissonDrive",
    "PoolClass",
    "Population",
    "Projection",
    "Receptor",
    "Relay",
    "SinExpPlasticity",
    "SpikeDrive",
    "Spread",
    "Static",
    "TTypeCurrent",
    "ThroughGlomeruli",
    "TsodyksMarkram",
    "Value",
    "VesiclePools",
    "Within",
    "Zone",
    "canonical",
    "grow",
    "load",
    "revised",
    "subset_indices",
    "table_hashes",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:  # the compiled kernels of the anatomy are not needed to describe a circuit
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
