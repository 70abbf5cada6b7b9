"""``dystolab plot``: the figures of a stored run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def main(
    result: Annotated[Path, typer.Argument(metavar="RESULT", help="Directory of a run, or one .zarr in it.")],
    figure: Annotated[str, typer.Option(help="page, or one of raster, rates, learning, sdf, weights.")] = "page",
    out: Annotated[Path | None, typer.Option(help="File to write: .png, .pdf or .svg.")] = None,
) -> None:
    """Draw a stored run, and print where the figure is."""
    from dystolab import plots
    from dystolab.cli._stored import ARRAYS, figure_path, load

    results = load(result, arrays=ARRAYS)
    path = out or figure_path(result, figure)
    plots.save(plots.draw(figure, results), path)
    print(path)
