"""Published studies as sets of runs: who is compared with whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dystolab.errors import UnknownNameError
from dystolab.experiments.eyeblink import PUBLISHED


@dataclass(frozen=True)
class Study:
    """A study whose arms can be run.

    Parameters
    ----------
    doi : str
        The study.
    experiment : str
        The experiment that each arm does.
    settings : dict of str to value
        Its settings.
    circuit : str
        The preset that is the study's own model.
    arms : dict of str to str or None
        Arm -> mechanism with its severity as on the command line; None is healthy.
    read : str
        What of the study could be read to compare with.
    """

    doi: str
    experiment: str
    settings: dict[str, Any]
    circuit: str
    arms: dict[str, str | None]
    read: str


STUDIES: dict[str, Study] = {
    "geminiani2022": Study(
        doi="10.3389/fnsys.2022.919761",
        experiment="eyeblink",
        settings=PUBLISHED,
        circuit="mouse-2022",
        arms={
            "healthy": None,
            "purkinje_burst": "purkinje_burst:1",
            "olive_burst": "olive_burst:1",
            "olive_purkinje_disconnection": "olive_purkinje_disconnection:1",
            "synaptic_imbalance": "synaptic_imbalance:1",
        },
        read="abstract: healthy animals learn; less olivary input or bursting Purkinje cells make amount and timing of "
        "CRs abnormal; imbalanced synaptic densities do not. Its numbers could not be read.",
    )
}


def study(name: str) -> Study:
    """Return the study called `name`, or raise UnknownNameError with the nearest name."""
    if name not in STUDIES:
        raise UnknownNameError("study", name, STUDIES)
    return STUDIES[name]
