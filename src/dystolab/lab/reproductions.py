"""Studies as sets of runs: who is compared with whom."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from dystolab.errors import UnknownNameError
from dystolab.experiments.eyeblink import PHASES, PUBLISHED
from dystolab.lab.ingredients import BRUSH, WITHOUT

FAULTS = (
    "climbing_fibre_silencing", "olive_burst", "olive_purkinje_disconnection", "purkinje_burst", "synaptic_imbalance",
)  # fmt: skip
"""Mechanisms of the olivocerebellar circuit."""

HEAD_CUTS = {
    "nuclei cut": ("dcn_glut",),
    "nuclei of yaw left cut": ("dcn_glut@yaw_left",),
    "Purkinje cells of yaw left cut": ("purkinje_cell@yaw_left",),
}
HEAD_FAULTS = ("head_integrator_imbalance", "integrator_leak", "spindle_gain")
"""Mechanisms of the head's own circuit."""

BLOCK = 10
"""An arm with a share of the trials has whole blocks of so many."""


@dataclass(frozen=True)
class Arm:
    """One group of subjects, and what sets it apart.

    Parameters
    ----------
    mechanism : str, optional
        ``NAME:SEVERITY`` as on the command line; healthy if not given.
    settings : dict of str to value
        Of the experiment, beside those of the study.
    lesions : tuple of str
        What is cut.
    share : float
        Which share of the study's trials the arm has.
    """

    mechanism: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    lesions: tuple[str, ...] = ()
    share: float = 1.0

    def trials(self, trials: int) -> int:
        """Return the arm's own number of trials: all, or the nearest number of whole blocks to its share.

        Examples
        --------
        >>> Arm(share=0.6).trials(100), Arm(share=0.6).trials(5), Arm().trials(5)
        (60, 10, 5)
        """
        return trials if self.share == 1.0 else BLOCK * max(1, round(self.share * trials / BLOCK))


@dataclass(frozen=True)
class Study:
    """A study whose arms can be run.

    Parameters
    ----------
    title : str
        Its DOI, or what it asks if it is one of our own.
    experiment : str
        The experiment that each arm does.
    circuit : str
        The preset that is run if no other is asked for.
    arms : dict of str to Arm
        By name; the first is the healthy one.
    page : str
        Where the function is that draws the arms, ``module:function``; plots lie above and are found by name.
    columns : tuple of str
        Measures in the table.
    read : str
        What could be read to compare with.
    next : str
        The command to try next; ``{where}`` stands for the directory of the arms.
    trials : int or None
        Trials of each subject if no other number is asked for; None if the experiment has none.
    settings : dict of str to value
        Settings of all arms.
    needs : tuple of str
        Populations that the circuit must have.
    """

    title: str
    experiment: str
    circuit: str
    arms: dict[str, Arm]
    page: str
    columns: tuple[str, ...]
    read: str
    next: str
    trials: int | None = 100
    settings: dict[str, Any] = field(default_factory=dict)
    needs: tuple[str, ...] = ()


PROBES = {"probe_every": 10}
SEVERITIES = (0.5, 1)

STUDIES: dict[str, Study] = {
    "geminiani2022": Study(
        title="10.3389/fnsys.2022.919761",
        experiment="eyeblink",
        settings=PUBLISHED,
        circuit="mouse-2022",
        arms={
            "healthy": Arm(),
            "purkinje_burst": Arm("purkinje_burst:1"),
            "olive_burst": Arm("olive_burst:1"),
            "olive_purkinje_disconnection": Arm("olive_purkinje_disconnection:1"),
            "synaptic_imbalance": Arm("synaptic_imbalance:1"),
        },
        page="dystolab.plots.learning:compare",
        columns=("cr_percent", "dcn_change_hz", "purkinje_change_hz"),
        read="Read in the study: abstract: healthy animals learn; less olivary input or bursting Purkinje cells make "
        "amount and timing of CRs abnormal; imbalanced synaptic densities do not. Its numbers could not be read.",
        next="dystolab show {where}/healthy",
    ),
    "eyeblink_mouse": Study(
        title="eyeblink conditioning as in mice",
        experiment="eyeblink",
        circuit="mouse-cerebellum",
        arms={
            "paired": Arm(settings=PROBES),
            "unpaired": Arm(settings={"pairing": "unpaired", **PROBES}),
            "phases": Arm(settings={"phases": list(PHASES), "block": BLOCK}, share=0.6),
            "interval_200": Arm(settings={"isi_ms": 200, **PROBES}),
            "interval_400": Arm(settings={"isi_ms": 400, **PROBES}),
            **{
                f"{name}:{level:g}": Arm(f"{name}:{level:g}", settings=PROBES)
                for name in FAULTS
                for level in SEVERITIES
            },
        },
        page="dystolab.plots.eyeblink_mouse:page",
        columns=("lid_cr_percent", "lid_peak_probe_ms", "dcn_change_hz", "purkinje_change_hz"),
        read="Read: curves of mice, their nuclear cells, extinction and what is saved: docs/sources/eyelid.md. "
        "No curve of mice with these mechanisms was read.",
        next="dystolab plot {where}/paired   (every cell type of the healthy arm)",
        needs=("purkinje_cell", "dcn_glut", "facial_motoneuron"),
    ),
    "head_faults": Study(
        title="a head that is held, with each fault of its circuit and of the cerebellum",
        experiment="posture",
        settings={"epochs": ["upright", "free", "released"], "epoch_s": 10},
        circuit="cerebellum-head",
        arms={
            "healthy": Arm(),
            **{name: Arm(lesions=cut) for name, cut in HEAD_CUTS.items()},
            **{
                f"{name}:{level:g}": Arm(f"{name}:{level:g}")
                for name in (*HEAD_FAULTS, *FAULTS)
                for level in SEVERITIES
            },
        },
        page="dystolab.plots.head_faults:page",
        columns=("head_angle_abs_deg.upright", "head_angle_abs_deg.free", "neck_emg_percent.free"),
        read="Read: postures, drift and co-contraction of patients: docs/sources/head.md. No recording of a person or "
        "an animal with one known fault of these was read.",
        next="dystolab plot {where}/head_integrator_imbalance-1   (angles, muscles, integrator)",
        trials=None,
    ),
    "granular_time_code": Study(
        title="what granule cells know of elapsed time",
        experiment="granular_time_code",
        circuit="mouse-cerebellum",
        arms={
            "intact": Arm(),
            **{f"without {ingredient}": Arm(lesions=cut) for ingredient, cut in WITHOUT.items()},
            "without both": Arm(lesions=tuple(name for cut in WITHOUT.values() for name in cut)),
        },
        page="dystolab.plots.time_code:arms",
        columns=("time_error_ms", "time_error_abs_ms"),
        read="Read: no recording in animals of what is asked here; what it rests on: docs/sources/time_code.md.",
        next="dystolab plot {where}/intact   (which cells keep the time?)",
        trials=300,
        needs=BRUSH,
    ),
}


def study(name: str) -> Study:
    """Return the study called `name`, or raise UnknownNameError with the nearest name."""
    if name not in STUDIES:
        raise UnknownNameError("study", name, STUDIES)
    return STUDIES[name]


def folder(arm: str) -> str:
    """Return the name of an arm's directory: letters, digits, dots and signs that every system allows.

    Examples
    --------
    >>> folder("purkinje_burst:0.5"), folder("without Golgi cells' inhibition")
    ('purkinje_burst-0.5', 'without-Golgi-cells-inhibition')
    """
    return re.sub(r"[^\w.]+", "-", arm.replace("'", ""))
