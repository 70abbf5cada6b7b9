"""Subjects that several checks share: run once, kept, and gone on with after a kill."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from dystolab.experiments.base import Experiment
from dystolab.experiments.subject import Subject
from dystolab.lab.code import package_hash
from dystolab.lab.plan import FILE
from dystolab.lab.runs import load_run, run_many
from dystolab.result import Result

WORK = Path("results") / "validation"


def runs(
    experiment: Experiment,
    seeds: int,
    workers: int,
    mechanisms: tuple[Any, ...] = (),
    circuit: str = "mouse-cerebellum",
    lesions: tuple[str, ...] = (),
) -> list[Result]:
    """Run `experiment` on subjects 1 to `seeds`, or read what an earlier call of the same code and tables left."""
    subjects = [Subject(circuit=circuit, mechanisms=mechanisms, lesions=lesions, seed=k + 1) for k in range(seeds)]
    parts = [
        experiment.name, experiment.model_dump_json(), str([s.describe() for s in subjects]), package_hash(),
    ]  # fmt: skip
    folder = WORK / hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]
    run_many(experiment, subjects, folder, workers=workers, threads=1, resume=(folder / FILE).exists())
    return load_run(folder)


def of_subjects(results: list[Result], name: str) -> np.ndarray:
    """Return a measure of every subject, (n_subjects,) or (n_subjects, n_blocks)."""
    return np.array([r.measures[name].value for r in results], float)
