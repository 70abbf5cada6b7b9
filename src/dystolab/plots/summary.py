"""The page of each experiment: its figures together."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from dystolab.plots import learning, lid, raster, rates, sdf, style, weights
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
    """Return the page of ``eyeblink``: the lid if there is one, learning, spike density by block, and weights."""
    has_lid = "lid/closure_fec" in results[0].arrays
    page = style.new_figure(12, 7.5)
    grid = page.add_gridspec(3 if has_lid else 2, 6)
    if has_lid:
        page.set_figheight(10.5)
        lid.responses(page.add_subplot(grid[0, :2]), {"model": results})
        lid.closure(page.add_subplot(grid[0, 2:]), results)
    for column, (measure, y, title) in enumerate(learning.PANELS):
        axes = page.add_subplot(grid[-2, 2 * column : 2 * column + 2])
        learning.curve(axes, {"": results}, measure)
        style.tidy(axes, "block of trials", y, title)
    for column, population in enumerate(sdf.CELLS):
        sdf.density(page.add_subplot(grid[-1, 2 * column : 2 * column + 2]), results, population)
    if any(name.startswith("weights/pf_pc/") for name in results[0].arrays):
        weights.weights(page.add_subplot(grid[-1, 4:]), results[0])
    notes = []
    if results[0].settings.get("timing") == "human":
        notes.append("cross-species: interval of human studies, circuit and lid of a mouse")
    if has_lid and lid.as_in_mice(results[0]):
        notes.append("mice: github.com/AliceGem/mesoscale_simulations_cebc")
    style.caption(page, results, *notes)
    return page
