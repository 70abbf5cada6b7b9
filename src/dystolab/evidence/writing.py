"""Files of the evidence base are written whole or not at all; a user's study joins only if nothing is wrong with it."""

from __future__ import annotations

import contextlib
import os
import uuid
from pathlib import Path

from dystolab.errors import EvidenceError
from dystolab.evidence import base as bases
from dystolab.evidence.problems import Problem, shown


def write_whole(path: Path, text: str) -> None:
    """Write `text` to `path` by way of a file beside it.

    Raises
    ------
    EvidenceError
        If the disk refuses.
    """
    part = path.with_name(f".{path.name}.part-{uuid.uuid4().hex[:8]}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise EvidenceError(f"{path} can't be written: {error.strerror or error}") from error


def add(file: Path, folder: Path) -> tuple[Path, list[Problem]]:
    """Add the study in `file` to a user's own base in `folder`; return where it is now, and remarks on it.

    It is checked together with the shipped studies and those in `folder`, whose ``vocabulary.yaml`` may hold
    further terms. Nothing is written if anything is wrong, or if the study is there already.

    Returns
    -------
    path : Path
        Of the new file; ``folder`` itself if nothing was written.
    problems : list of Problem
        What is wrong with `file`.
    """
    if file.is_dir():
        return folder, [Problem(shown(file), 1, "is a directory; allowed: <id>.yaml; add its files one by one")]
    own = [folder] if folder.is_dir() else []
    found, problems = bases.read(*own, file)
    here = [problem for problem in problems if problem.file == shown(file)]
    if any(not problem.remark for problem in here):
        return folder, here
    name = next(name for name, where in found.files.items() if where == file)
    target = folder / "studies" / f"{name}.yaml"
    write_whole(target, file.read_text(encoding="utf-8-sig"))
    return target, here
