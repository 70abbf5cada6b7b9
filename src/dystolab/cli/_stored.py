"""Stored runs as the verbs name them: a run's directory, or the result of one subject."""

from __future__ import annotations

from pathlib import Path

from dystolab.io import FORMATS
from dystolab.lab.runs import load_run
from dystolab.result import Result

ARRAYS = 10
"""Figures use the recordings of at most so many subjects: those of hundreds would not fit into memory."""


def load(path: Path, *, arrays: int) -> list[Result]:
    """Return the results at `path`, those of the first `arrays` subjects with their recordings."""
    if is_subject(path):
        return [Result.load(path, arrays=arrays > 0)]
    return load_run(path, arrays=arrays)


def figure_path(path: Path, figure: str = "page") -> Path:
    """Return where a figure of the results at `path` goes when the user names no file."""
    name = "figure" if figure == "page" else figure
    return path.with_name(f"{path.stem}-{name}.png") if is_subject(path) else path / f"{name}.png"


def run_directory(path: Path) -> Path:
    """Return the directory of the run at `path`, which may name one of its subjects."""
    return path.parent if is_subject(path) else path


def is_subject(path: Path) -> bool:
    """Tell whether `path` names the result of one subject, not a run."""
    return path.suffix in FORMATS
