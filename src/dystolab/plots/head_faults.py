"""The page of ``reproduce head_faults``: heads that are held and let go, with each mechanism by severity."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from dystolab.measures.posture import NEUTRAL_DEG, distance_deg
from dystolab.plots import faults, head, style
from dystolab.plots.learning import Groups
from dystolab.plots.posture import spans_s
from dystolab.result import Array, Result

SHOWN = 1.0
"""Heads, paths and sides are drawn at this severity."""

IN_A_ROW = 6
STEP_MS = 50


CUTS = (" cut", ((":", "x"), ("--", "+"), ("-.", "1")))
"""How names of arms with a lesion end, and the line and the marker of each, in black."""


def measured(name: str) -> Callable[[Sequence[Result]], Array]:
    """Return what gives a measure of every subject."""
    return lambda results: np.array([r.measures[name].value for r in results], float)


def drift_per_s(results: Sequence[Result]) -> Array:
    """Return how fast every subject's head drifts back from where it was turned, 1/s; 0 if it does not."""
    return 1.0 / measured("drift_time_constant_s.released")(results)


PANELS: tuple[tuple[str, str, Callable[[Sequence[Result]], Array]], ...] = (
    ("Held upright", "distance from upright (deg)", measured("head_angle_abs_deg.upright")),
    ("Let go, eyes closed", "distance from upright (deg)", measured("head_angle_abs_deg.free")),
    ("Grade of the posture", "grade of turn, nod or tilt, let go", measured("head_severity_score")),
    ("Turned and let go", "speed of drift (1/s)", drift_per_s),
    ("Effort", "EMG of all neck muscles, let go (%)", measured("neck_emg_percent.free")),
    ("Co-contraction", "Rudolph's index, let go", measured("cocontraction_rudolph.free")),
    ("Shaking", "1 to 12 Hz, let go (deg\u00b2)", measured("tremor_power_deg2.free")),
)
"""Title, axis and values of each panel by severity."""


def page(groups: Groups) -> Figure:
    """Return the page of the study.

    Parameters
    ----------
    groups : mapping of str to sequence of Result
        The subjects of each arm of ``head_faults``.
    """
    healthy, mechanisms = groups["healthy"], faults.by_mechanism(groups)
    worst = {name: of[SHOWN] for name, of in mechanisms.items()}
    cuts = {name: results for name, results in groups.items() if name.endswith(CUTS[0])}
    drawn = style.new_figure(15, 16)
    grid = drawn.add_gridspec(3, 1, height_ratios=(6, 4, 7))
    top, middle, bottom = (drawn.add_subfigure(grid[k]) for k in range(3))
    portraits(top, {"healthy": healthy, **cuts, **worst})
    over_time, sides = middle.subplots(1, 2, width_ratios=(16, 8))
    paths(over_time, {"healthy": healthy, **cuts, **worst}, faults.looks(worst))
    directions(sides, healthy, worst, cuts)
    panels = bottom.subplots(2, 4).ravel()
    for axes, (title, label, values) in zip(panels, PANELS, strict=False):
        found = {m: {s: values(r) for s, r in of.items()} for m, of in mechanisms.items()}
        faults.by_severity(axes, values(healthy), found)
        for (name, results), (line, _) in zip(cuts.items(), CUTS[1], strict=True):
            axes.axhline(float(np.mean(values(results))), ls=line, lw=1, color=style.BLACK, label=name)
        axes.set_ylim(bottom=0)
        style.tidy(axes, "severity (0: healthy)", label, title)
    faults.key(panels[-1], panels[0])
    style.caption(
        drawn, healthy, "the other arms are of the same seeds",
        "heads: the first subject, mean of the last half of what counts; mean and, of three or more subjects, 95 % "
        "interval; dots are single subjects", "grades: from angles alone, after TWSTRS, 10.1002/mds.870120414",
    )  # fmt: skip
    return drawn


def portraits(figure: SubFigure, arms: Groups) -> None:
    """Draw the head of the first subject of each arm, let go."""
    held = np.array([_free_deg(results[0])[-_half(results[0]) :].mean(axis=0) for results in arms.values()])
    rows = -(-len(arms) // IN_A_ROW)
    grid = figure.subplots(rows, IN_A_ROW).ravel()
    for axes in grid:
        axes.set_axis_off()
    for axes, name, image, (turn, nod, tilt) in zip(grid, arms, head.images(held), held, strict=False):
        axes.imshow(image)
        axes.set_title(f"{name.replace('_', ' ')}\n{turn:+.0f}, {nod:+.0f}, {tilt:+.0f}\u00b0", fontsize=9)
    figure.suptitle(
        f"Heads that are let go with closed eyes, severity {SHOWN:g}: turn (left +), nod (down +), tilt (right +)",
        x=0.01, ha="left", fontsize=10, fontweight="bold",
    )  # fmt: skip


def paths(axes: Axes, arms: Groups, looks: Mapping[str, tuple[str, str]]) -> None:
    """Draw the distance from upright over time, the mean over subjects of each arm."""
    lines = iter(CUTS[1])
    for name, results in arms.items():
        far = [
            distance_deg(style.recording(r, "head/angle_deg")[::STEP_MS].astype(float), NEUTRAL_DEG) for r in results
        ]
        colour = looks[name][0] if name in looks else style.BLACK
        style.band(axes, np.arange(len(far[0])) * STEP_MS / 1000, far, colour=colour)
        if name.endswith(CUTS[0]):
            axes.lines[-1].set(linestyle=next(lines)[0])
    asked = {"upright": "held upright", "free": "let go, eyes closed after 3 s", "released": "turned, then let go"}
    for part, start, _ in spans_s(arms["healthy"][0]):
        axes.axvline(start, color=style.GREY, lw=0.6)
        axes.text(start + 0.2, 0.97, asked[part], fontsize=style.SMALL, transform=axes.get_xaxis_transform())
    axes.set_ylim(bottom=0)
    style.tidy(axes, "time (s)", "distance from upright (deg)", f"On average, severity {SHOWN:g}")


def directions(axes: Axes, healthy: Sequence[Result], worst: Groups, cuts: Groups) -> None:
    """Draw to which side every subject's head turns and tilts when it is let go."""
    looks = {"healthy": (style.BLACK, "o"), **faults.looks(worst)}
    looks |= {name: (style.BLACK, marker) for name, (_, marker) in zip(cuts, CUTS[1], strict=True)}
    axes.axhline(0, color=style.GREY, lw=0.6)
    axes.axvline(0, color=style.GREY, lw=0.6)
    for name, results in {"healthy": healthy, **worst, **cuts}.items():
        colour, marker = looks[name]
        turn, tilt = (measured(f"head_{axis}_deg.free")(results) for axis in ("yaw", "roll"))
        axes.plot(turn, tilt, marker, ms=5, color=colour, alpha=0.7, ls="")
    style.tidy(
        axes, "turn, let go (deg, left +)", "tilt, let go (deg, right +)", f"Each subject's side, severity {SHOWN:g}"
    )


def _free_deg(result: Result) -> Array:
    """Return the angles of the head in the epoch in which it is let go upright, of shape (n_ms, 3)."""
    _, start, stop = next(span for span in spans_s(result) if span[0] == "free")
    return style.recording(result, "head/angle_deg")[round(1000 * start) : round(1000 * stop)].astype(float)


def _half(result: Result) -> int:
    return round(500 * float(result.settings["epoch_s"]))
