"""Experiments, as they are run in animals: protocol, recordings and measures of each in one file.

Examples
--------
>>> from dystolab import experiments
>>> experiments.eyeblink(trials=20).isi_ms
250
"""

from __future__ import annotations

from dystolab.errors import UnknownNameError
from dystolab.experiments.base import Experiment, Subject

# The classes take the names of their files, so that `experiments.eyeblink(trials=20)` reads as what it does.
from dystolab.experiments.eyeblink import Eyeblink as eyeblink
from dystolab.experiments.granular_time_code import GranularTimeCode as granular_time_code
from dystolab.experiments.posture import Posture as posture
from dystolab.experiments.reach import Reach as reach
from dystolab.experiments.rest import Rest as rest

_KINDS: dict[str, type[Experiment]] = {kind.name: kind for kind in (rest, eyeblink, granular_time_code, posture, reach)}

NAMES: dict[str, str] = {name: kind.mirrors for name, kind in _KINDS.items()}
"""Name of an experiment -> what it mirrors."""

__all__ = ["NAMES", "Experiment", "Subject", "eyeblink", "get", "granular_time_code", "posture", "reach", "rest"]


def get(name: str) -> type[Experiment]:
    """Return the experiment called `name`, whose arguments are its settings.

    Raises
    ------
    UnknownNameError
        If there is none.
    """
    if name not in _KINDS:
        raise UnknownNameError("experiment", name, _KINDS)
    return _KINDS[name]
