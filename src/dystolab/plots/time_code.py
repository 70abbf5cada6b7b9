"""What granule cells tell of elapsed time: the read-out, its error, and the cells in the order of their peaks."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dystolab.lab.aggregate import aggregate
from dystolab.lab.ingredients import BRUSH, GOAL_MS
from dystolab.plots import style
from dystolab.plots.learning import Groups
from dystolab.result import Result

FIRST_MS, BIN_MS = -100, 10
"""Profiles begin so long before the onset, in bins of so much."""


def figure(results: Sequence[Result]) -> Figure:
    """Return the page of ``granular_time_code``."""
    page = style.new_figure(12, 7)
    panels = page.subplots(2, 2)
    readout(panels[0, 0], results[0])
    errors(panels[0, 1], results)
    cells(panels[1, 0], results[0])
    brush_cells(panels[1, 1], results)
    style.caption(page, results, "unipolar brush cells: 10.1038/s41467-021-22893-8")
    return page


def arms(groups: Groups) -> Figure:
    """Return the page of ``reproduce granular_time_code``: the time that is read with and without each ingredient.

    Parameters
    ----------
    groups : mapping of str to sequence of Result
        The subjects of each arm; the first arm is the intact one.
    """
    page = style.new_figure(15, 5.2)
    whole, by_time, told = page.subplots(1, 3)
    for k, ((name, results), colour) in enumerate(zip(groups.items(), style.CYCLE * len(groups), strict=False)):
        style.point(whole, k, np.array([r.measures["time_error_ms"].value for r in results], float), colour=colour)
        errors_ms = [np.asarray(r.measures["time_error_ms_by_time"].value, float) for r in results]
        style.band(by_time, style.recording(results[0], "time/error_at_ms"), errors_ms, colour=colour)
        read_ms = [r.arrays["time/estimate_ms"].mean(axis=0) for r in results if "time/estimate_ms" in r.arrays]
        style.band(told, style.recording(results[0], "time/true_ms"), read_ms, colour=colour, label=name)
    intact = next(iter(groups.values()))
    true = style.recording(intact[0], "time/true_ms")
    told.plot(true, true, "--", lw=1, color=style.BLACK, label="true")
    told.set_ylim(true[0] - 0.2 * true[-1], 1.4 * true[-1])  # the line matters, and intervals of few subjects are wide
    told.legend(fontsize=style.SMALL, frameon=False)
    for axes in (whole, by_time):
        axes.axhline(GOAL_MS, ls="--", lw=1, color=style.GREY, label=f"goal of this project, {GOAL_MS:g} ms")
        axes.set_ylim(bottom=0)
        axes.legend(fontsize=style.SMALL, frameon=False)
    whole.set_xlim(-0.5, len(groups) - 0.5)
    style.tidy(whole, "arm", "error (ms, root mean square)", f"a  Error of elapsed time, 0 to {true[-1]:.0f} ms")
    whole.set_xticks(range(len(groups)), [textwrap.fill(name, 16) for name in groups])
    style.tidy(by_time, "time since onset (ms)", "error (ms, root mean square)", "b  Error by time")
    style.tidy(told, "time since onset (ms)", "time that is read (ms)", "c  Mean of test trials")
    lesions = {name: results[0].subject["lesions"] for name, results in groups.items()}
    cuts = [f"{name}: {', '.join(cut)} cut" for name, cut in lesions.items() if cut]
    style.caption(
        page,
        intact,
        "the other arms are of the same seeds; " + "; ".join(cuts),
        "mean and 95 % interval over subjects, dots are subjects",
    )
    return page


def readout(axes: Axes, result: Result) -> None:
    """Draw the time that is read in each trial against the true one."""
    true = style.recording(result, "time/true_ms")
    told = style.recording(result, "time/estimate_ms")
    axes.plot(true, told.T, "-", lw=0.4, color=style.GREY, alpha=0.5)
    axes.plot(true, told.mean(axis=0), "-", lw=2, color=style.BLUE, label="mean of test trials")
    axes.plot(true, true, "--", lw=1, color=style.BLACK, label="true")
    axes.legend(fontsize=style.SMALL, frameon=False)
    style.tidy(axes, "time since onset (ms)", "time that is read (ms)", "Read-out, trials not used to fit")


def errors(axes: Axes, results: Sequence[Result]) -> None:
    """Draw the error by time, mean over subjects and each of them."""
    at = style.recording(results[0], "time/error_at_ms")
    mean = aggregate(results)["time_error_ms_by_time"]
    if len(results) > 1:
        for result in results:
            axes.plot(at, np.asarray(result.measures["time_error_ms_by_time"].value), lw=0.6, color=style.GREY)
    axes.plot(at, np.asarray(mean.value), "o-", ms=4, color=style.BLUE, label="root mean square")
    axes.axhline(GOAL_MS, ls="--", lw=1, color=style.VERMILLION, label=f"goal of this project, {GOAL_MS:g} ms")
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=style.SMALL, frameon=False)
    style.tidy(axes, "time since onset (ms)", "error (ms)", "Error of the time that is read")


def cells(axes: Axes, result: Result) -> None:
    """Draw the mean course of each granule cell, as a share of its peak, in the order of the peaks."""
    profile = style.recording(result, "profile/granule_cell").astype(float)
    smooth = np.apply_along_axis(np.convolve, 1, profile, np.ones(3) / 3, "same")
    after = -FIRST_MS // BIN_MS
    active = smooth[:, after:].max(axis=1) > smooth[:, :after].max(axis=1)
    ordered = smooth[active][np.argsort(smooth[active][:, after:].argmax(axis=1), kind="stable")]
    shown = axes.imshow(
        ordered / np.maximum(ordered.max(axis=1, keepdims=True), 1e-9), aspect="auto", cmap="cividis",
        interpolation="nearest", extent=(FIRST_MS, FIRST_MS + BIN_MS * profile.shape[1], len(ordered), 0),
    )  # fmt: skip
    axes.axvline(0, color="white", lw=1)
    axes.figure.colorbar(shown, ax=axes, label="share of the peak")
    style.tidy(axes, "time since onset (ms)", "granule cells", f"{len(ordered)} cells that answer, by their peaks")


def brush_cells(axes: Axes, results: Sequence[Result]) -> None:
    """Draw the mean rates of unipolar brush cells and granule cells."""
    for name in (*BRUSH, "granule_cell"):
        found = [r.arrays[f"profile/{name}"].mean(axis=0) for r in results if f"profile/{name}" in r.arrays]
        if found:
            at = FIRST_MS + BIN_MS * (np.arange(found[0].size) + 0.5)
            axes.plot(at, np.mean(found, axis=0), lw=1.6, color=style.colour(name), label=style.label(name))
    axes.axvline(0, color=style.GREY, lw=0.8)
    axes.set_ylim(top=1.4 * axes.get_ylim()[1])  # room for the names
    axes.legend(fontsize=style.SMALL, frameon=False, ncols=2, loc="upper right")
    style.tidy(axes, "time since onset (ms)", "mean rate (Hz)", "Cells that keep time")
