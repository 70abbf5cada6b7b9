"""Questions for a second reader: what to look for in each study, without what the first reader found."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from dystolab.evidence.base import Base
from dystolab.evidence.schema import Study
from dystolab.evidence.writing import write_whole

_HEADER = """\
# Read the study at its address and answer each finding in a file of the same name, without looking at the base:
# id, read_on, address (that you read), read, bibliography,
# findings: {finding: {direction, factor (terms factors, if the contrast leaves open what was changed), groups, effect,
# p, where}}, or {finding: {not_found: reason}}.
# Groups keep the names and roles given here; numbers as printed.
"""


def questions(study: Study) -> dict[str, Any]:
    """Return what a second reader of `study` is asked; no direction and no number of the first reading is in it."""
    asked = {
        finding.id: {
            **finding.model_dump(include={"measure", "what", "condition", "contrast", "design", "unit"}),
            "groups": [{"name": group.name, "role": group.role} for group in finding.groups],
        }
        for finding in study.findings
    }
    return {"id": study.id, "title": study.title, "doi": study.doi, "address": study.address, "findings": asked}


def write(base: Base, names: Iterable[str], out: Path) -> list[Path]:
    """Write the questions on the studies `names`, or without names on all that nobody read twice, to ``out/<id>.yaml``.

    Raises
    ------
    UnknownNameError
        If there is no such study.
    EvidenceError
        If the disk refuses.
    """
    asked = [base.study(name) for name in names] or [
        study for study in base.studies.values() if study.findings and study.id not in base.seconds
    ]
    return [_written(study, out / f"{study.id}.yaml") for study in asked]


def _written(study: Study, path: Path) -> Path:
    text = yaml.safe_dump(questions(study), sort_keys=False, allow_unicode=True, width=120)
    write_whole(path, _HEADER + text)
    return path
