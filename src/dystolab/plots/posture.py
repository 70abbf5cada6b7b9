"""Page of the experiment ``posture``: the head, its angles, its muscles, and the integrator behind them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dystolab.circuit import neck
from dystolab.circuit.groups import DIRECTIONS
from dystolab.plots import head, style
from dystolab.result import Result

ANGLES = {"yaw (left +)": style.VERMILLION, "pitch (down +)": style.GREEN, "roll (right +)": style.BLUE}
ASKED = {"free": "let go, eyes closed", "dark": "turned, eyes closed", "released": "let go"}
BIN_MS = 200
SETTLE_S = 2.0
TURN_S = 3.0


def figure(results: Sequence[Result]) -> Figure:
    """Return the page, of the first subject; angles of the others are drawn thin."""
    first = results[0]
    page = style.new_figure(11, 10)
    parts = [str(p) for p in first.settings["epochs"]]
    grid = page.add_gridspec(4, len(parts), height_ratios=(1.3, 1.2, 1.5, 0.9))
    for column, part in enumerate(parts):
        portrait(page.add_subplot(grid[0, column]), first, column, part)
    upper = page.add_subplot(grid[1, :])
    angles(upper, results)
    muscles(page.add_subplot(grid[2, :], sharex=upper), first)
    integrator(page.add_subplot(grid[3, :], sharex=upper), first)
    style.caption(page, results, "grades: TWSTRS, 10.1002/mds.870120414")
    return page


def spans_s(result: Result) -> list[tuple[str, float, float]]:
    """Return name, start and end of each epoch."""
    length = float(result.settings["epoch_s"])
    return [
        (str(part), SETTLE_S + k * length, SETTLE_S + (k + 1) * length)
        for k, part in enumerate(result.settings["epochs"])
    ]


def portrait(axes: Axes, result: Result, epoch: int, part: str) -> None:
    """Draw the head as it is on average in the second half of an epoch."""
    _, start, stop = spans_s(result)[epoch]
    held = style.recording(result, "head/angle_deg")[round(500 * (start + stop)) : round(1000 * stop)].mean(axis=0)
    axes.imshow(head.images(held[None, :])[0])
    axes.set_axis_off()
    turn, nod, tilt = held
    axes.set_title(f"{part}: {turn:+.0f}, {nod:+.0f}, {tilt:+.0f}°", fontsize=9)


def angles(axes: Axes, results: Sequence[Result]) -> None:
    """Draw yaw, pitch and roll over time, and what was asked for."""
    for k, (name, colour) in enumerate(ANGLES.items()):
        for number, result in enumerate(results):
            angle = style.recording(result, "head/angle_deg")[::20, k]
            thin = number > 0
            axes.plot(
                np.arange(angle.size) / 50, angle, color=colour, lw=0.5 if thin else 1.1, alpha=0.35 if thin else 1.0,
                label=None if thin else name,
            )  # fmt: skip
    for part, start, stop in spans_s(results[0]):
        axes.axvline(start, color=style.GREY, lw=0.6)
        axes.text(start + 0.2, 1.01, ASKED.get(part, part), fontsize=7,
                  transform=axes.get_xaxis_transform())  # fmt: skip
        if part in ("eccentric", "dark", "released"):
            until = start + TURN_S if part == "released" else stop
            for target, colour in zip(results[0].settings["eccentric_deg"], ANGLES.values(), strict=True):
                axes.hlines(float(target), start, until, color=colour, lw=0.9, ls=":")
    axes.axhspan(-10, 10, color=style.GREY, alpha=0.15, lw=0)
    axes.legend(frameon=False, fontsize=7, ncols=3, loc="upper left")
    style.tidy(axes, "", "angle (deg)")


def muscles(axes: Axes, result: Result) -> None:
    """Draw the EMG of every muscle over time, those of the right side above those of the left."""
    emg = 100 * style.recording(result, "emg/envelope_mvc").T
    step = max(1, emg.shape[1] // 1500)
    shown = emg[:, : emg.shape[1] // step * step].reshape(len(emg), -1, step).mean(axis=2)
    image = axes.imshow(
        shown, aspect="auto", cmap="magma", vmin=0, vmax=max(5.0, float(np.percentile(shown, 99.5))),
        extent=(0, emg.shape[1] / 100, len(emg) - 0.5, -0.5), interpolation="nearest",
    )  # fmt: skip
    names = [m.name.replace("_", " ") for m in neck.muscles()]
    axes.set_yticks(range(len(names)), names, fontsize=5)
    axes.figure.colorbar(image, ax=axes, label="EMG (% of strongest)", pad=0.01)
    axes.set_ylabel("muscle")


def integrator(axes: Axes, result: Result) -> None:
    """Draw the rate of the head integrator of each direction."""
    times = style.recording(result, "spikes/head_integrator/time_ms")
    cells = style.recording(result, "spikes/head_integrator/cell")
    recorded = style.recording(result, "spikes/head_integrator/recorded")
    size = round(len(result.arrays["counts/head_integrator"]) / BIN_MS)
    edges = np.arange(size + 1) * BIN_MS
    direction_of = style.recording(result, "head/integrator_direction")
    group, of_group = (
        direction_of[np.searchsorted(recorded, cells)],
        np.bincount(direction_of, minlength=len(DIRECTIONS)),
    )
    for k, direction in enumerate(DIRECTIONS):
        rate = np.histogram(times[group == k], edges)[0] * 1000 / BIN_MS / max(of_group[k], 1)
        axes.plot(edges[:-1] / 1000, rate, lw=1, color=list(ANGLES.values())[k // 2], ls="-" if k % 2 == 0 else "--",
                  label=direction.replace("_", " "))  # fmt: skip
    axes.legend(frameon=False, fontsize=6, ncols=6, loc="lower left", bbox_to_anchor=(0, 0.98))
    style.tidy(axes, "time (s)", "integrator (Hz)")
