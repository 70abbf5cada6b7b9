"""What is measured by severity of each mechanism: how often and when the lid answers, and any other measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from dystolab.plots import style
from dystolab.plots.learning import Groups
from dystolab.result import Array, Result

LAST_BLOCKS = 3
COLOURS = (*style.CYCLE[:-1], style.GREY, style.WINE)
"""Black is for the healthy."""

MARKERS = ("o", "s", "D", "^", "v", "P", "*", "X")
APART = 0.035
"""Mechanisms stand side by side, so far from one another."""

Severities = Mapping[str, Mapping[float, Sequence[Result]]]


def by_mechanism(groups: Groups) -> dict[str, dict[float, Sequence[Result]]]:
    """Return the arms that have one mechanism: mechanism -> severity -> subjects."""
    found: dict[str, dict[float, Sequence[Result]]] = {}
    for results in groups.values():
        faults: list[dict[str, Any]] = list(results[0].subject.get("mechanisms") or ())
        if len(faults) == 1:
            found.setdefault(faults[0]["name"], {})[float(faults[0]["severity"])] = results
    return found


def responses(axes: Axes, healthy: Sequence[Result], mechanisms: Severities) -> None:
    """Draw how often the lid answers in the last three blocks."""
    found = {m: {s: _last_percent(r) for s, r in of.items()} for m, of in mechanisms.items()}
    by_severity(axes, _last_percent(healthy), found)
    axes.set_ylim(-3, 103)
    style.tidy(axes, "severity (0: healthy)", "responses, last 3 blocks (%)", "Lid, by severity")


def peaks(axes: Axes, healthy: Sequence[Result], mechanisms: Severities) -> None:
    """Draw when the lid is closed most in trials without US."""
    found = {m: {s: _peak_ms(r) for s, r in of.items()} for m, of in mechanisms.items()}
    by_severity(axes, _peak_ms(healthy), found)
    if not any(np.isfinite(v).any() for v in (_peak_ms(healthy), *(v for of in found.values() for v in of.values()))):
        style.nothing(axes, "no response in trials without US")
    due = float(healthy[0].settings["isi_ms"])
    axes.axhline(due, ls="--", lw=1, color=style.BLACK)
    axes.annotate(
        "US due", (1, due), xycoords=("axes fraction", "data"), xytext=(0, 2), textcoords="offset points",
        ha="right", fontsize=style.SMALL,
    )  # fmt: skip
    style.tidy(axes, "severity (0: healthy)", "highest closure after CS (ms)", "Timing, by severity")


def key(axes: Axes, of: Axes) -> None:
    """Draw the legend of the panel `of` in a panel of its own."""
    axes.legend(*of.get_legend_handles_labels(), fontsize=style.SMALL + 1, frameon=False, loc="center left")
    axes.set_axis_off()


def looks(mechanisms: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Return the colour and the marker of each mechanism."""
    found = zip(mechanisms, COLOURS * len(mechanisms), MARKERS * len(mechanisms), strict=False)
    return {name: (colour, marker) for name, colour, marker in found}


def by_severity(axes: Axes, healthy: Array, mechanisms: Mapping[str, Mapping[float, Array]]) -> None:
    """Draw the subjects' values of the healthy arm, and of each mechanism at each severity beside them."""
    middle = (len(mechanisms) - 1) / 2
    start = style.point(axes, 0, healthy, colour=style.BLACK, label="healthy")
    for k, (name, (colour, marker)) in enumerate(looks(mechanisms).items()):
        arms = mechanisms[name]
        xs, ys = [0.0], [start]
        for n, severity in enumerate(sorted(arms)):
            xs.append(severity + APART * (k - middle))
            label = "" if n else name.replace("_", " ")
            ys.append(style.point(axes, xs[-1], arms[severity], colour=colour, marker=marker, label=label))
        axes.plot(xs, ys, "-", lw=0.8, color=colour, zorder=0)
    axes.set_xticks([0, 0.5, 1])
    axes.set_xlim(-0.1, 1.15)


def _last_percent(results: Sequence[Result]) -> Array:
    """Return responses in the last blocks of every subject, %; NaN if no trial of theirs counts."""
    found = []
    for result in results:
        last = np.atleast_1d(np.asarray(result.measures["lid_cr_percent_by_block"].value, float))[-LAST_BLOCKS:]
        found.append(float(np.nanmean(last)) if np.isfinite(last).any() else np.nan)
    return np.array(found)


def _peak_ms(results: Sequence[Result]) -> Array:
    """Return the time of the highest closure of every subject, ms; NaN without response or trials without US."""
    name = "lid_peak_probe_ms"
    return np.array([r.measures[name].value if name in r.measures else np.nan for r in results], float)
