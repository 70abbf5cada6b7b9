"""The page of each experiment: its figures together."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from dystolab.plots import learning, raster, rates, sdf, style, weights
from dystolab.result import Result


def rest(results: Sequence[Result]) -> Figure:
    """Return the page of ``rest``: spikes of the first subject, and rates and regularity over subjects."""
    page = style.new_figure(11, 8.5)
    grid = page.add_gridspec(2, 2, height_ratios=(1.2, 1))
    raster.raster(page.add_subplot(grid[0, :]), results[0])
    rates.rates(page.add_subplot(grid[1, 0]), results)
    rates.irregularity(page.add_subplot(grid[1, 1]), results)
    style.caption(page, results, rates.sources())
    return page


def eyeblink(results: Sequence[Result]) -> Figure:
    """Return the page of ``eyeblink``: learning curves, spike density by block, and weights if any learn."""
    page = style.new_figure(12, 7.5)
    grid = page.add_gridspec(2, 6)
    for column, (measure, y, title) in enumerate(learning.PANELS):
        axes = page.add_subplot(grid[0, 2 * column : 2 * column + 2])
        learning.curve(axes, {"": results}, measure)
        style.tidy(axes, "block of trials", y, title)
    for column, population in enumerate(sdf.CELLS):
        sdf.density(page.add_subplot(grid[1, 2 * column : 2 * column + 2]), results, population)
    if any(name.startswith("weights/pf_pc/") for name in results[0].arrays):
        weights.weights(page.add_subplot(grid[1, 4:]), results[0])
    style.caption(page, results)
    return page
