"""Figures of results: one figure per file, each a function from results to a Matplotlib figure.

Every function takes the results of one run's subjects and returns a figure of its own; no state is shared.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dystolab.errors import ResultError, UnknownNameError
from dystolab.result import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURES: dict[str, str] = {
    "learning": "dystolab.plots.learning:figure",
    "raster": "dystolab.plots.raster:figure",
    "rates": "dystolab.plots.rates:figure",
    "sdf": "dystolab.plots.sdf:figure",
    "weights": "dystolab.plots.weights:figure",
}
"""Name of a figure -> where its function is."""

PAGES: dict[str, str] = {
    "rest": "dystolab.plots.summary:rest",
    "eyeblink": "dystolab.plots.summary:eyeblink",
    "granular_time_code": "dystolab.plots.time_code:figure",
    "posture": "dystolab.plots.posture:figure",
    "reach": "dystolab.plots.reach:figure",
}
"""Experiment -> where the function of its page is."""

OTHER_PAGE = "dystolab.plots.rates:figure"
"""The page of an experiment that has none of its own."""


def page(results: Sequence[Result]) -> Figure:
    """Return the page of figures of the results' experiment.

    Raises
    ------
    ResultError
        If there is no result, or a recording that the page needs is missing.
    """
    if not results:
        raise ResultError("there is no result to draw")
    return _function(PAGES.get(results[0].experiment, OTHER_PAGE))(results)


def study_page(where: str, groups: Mapping[str, Sequence[Result]]) -> Figure:
    """Return the page of a study, drawn by the function ``module:function`` from the results of each arm."""
    return _function(where)(groups)


def draw(name: str, results: Sequence[Result]) -> Figure:
    """Return the figure called `name` (``"page"`` for the experiment's page) of `results`.

    Raises
    ------
    UnknownNameError
        If there is no such figure.
    ResultError
        If there is no result, or a recording that the figure needs is missing.
    """
    if name == "page":
        return page(results)
    if name not in FIGURES:
        raise UnknownNameError("figure", name, [*FIGURES, "page"])
    if not results:
        raise ResultError("there is no result to draw")
    return _function(FIGURES[name])(results)


def save(figure: Figure, path: Path) -> None:
    """Write `figure` to `path` in the format of its suffix, whole or not at all.

    Raises
    ------
    UnknownNameError
        If there is no such format.
    ResultError
        If the disk refuses.
    """
    formats = figure.canvas.get_supported_filetypes()
    if path.suffix[1:].lower() not in formats:
        raise UnknownNameError("format of a figure", path.suffix[1:] or path.name, formats)
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(part)
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise ResultError(f"{path} can't be written: {error.strerror or error}") from error


def _function(where: str) -> Callable[[Any], Figure]:
    module, name = where.split(":")
    function: Callable[[Any], Figure] = getattr(importlib.import_module(module), name)
    return function
