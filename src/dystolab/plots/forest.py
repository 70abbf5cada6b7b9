"""The forest plot of a meta-analysis: each study with its interval and weight, and what they say together."""

from __future__ import annotations

import textwrap

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dystolab import __version__
from dystolab.evidence.meta import Analysis
from dystolab.plots import style

_NAMES = {"g": "Hedges' g (case - reference)", "log_or": "log odds ratio (case / reference)"}
_Z = 1.959964


def figure(analysis: Analysis) -> Figure:
    """Return the forest plot: squares are studies, sized by weight; the diamond is all of them, by REML."""
    k = len(analysis.used)
    drawn = style.new_figure(10.5, 2.3 + 0.27 * (k + 2))
    axes = drawn.subplots()
    for row, ((_, size), weight) in enumerate(zip(analysis.used, analysis.weights, strict=True)):
        reach = _Z * size.variance**0.5
        axes.plot([size.value - reach, size.value + reach], [row, row], color=style.BLACK, lw=1)
        axes.plot([size.value], [row], "s", ms=3 + 9 * weight**0.5, color=style.BLUE)
        told = (
            f"{size.value:.2f} [{size.value - reach:.2f}, {size.value + reach:.2f}]  {100 * weight:.0f} %  {size.how}"
        )
        _beside(axes, row, told)
    _together(axes, analysis, k)
    axes.axvline(0, color=style.GREY, lw=0.8, zorder=0)
    labels = [f"{one.study.id} ({one.finding.condition.replace('_', ' ')})" for one, _ in analysis.used]
    axes.set_yticks(range(k + 2), [*labels, "all, REML", "further studies (95 %)"])
    axes.set_ylim(k + 1.6, -0.6)
    parts = (analysis.measure, analysis.contrast, analysis.factor, analysis.condition)
    within = analysis.design == "within"
    scale = "change in SD of the change (Hedges' g)" if within and analysis.scale == "g" else _NAMES[analysis.scale]
    style.tidy(axes, scale, "", ", ".join(part.replace("_", " ") for part in parts if part))
    lines = textwrap.wrap(_caption(analysis), 150, break_on_hyphens=False)
    drawn.supxlabel("\n".join(lines), fontsize=7, color="#555555", x=0.01, ha="left")
    return drawn


def _together(axes: Axes, analysis: Analysis, row: int) -> None:
    found = analysis.outcomes["REML"]
    low, high = found.ci95 or found.wald_ci95
    x, y = [low, found.estimate, high, found.estimate], [row, row - 0.28, row, row + 0.28]
    axes.fill(x, y, color=style.VERMILLION)
    _beside(axes, row, f"{found.estimate:.2f} [{low:.2f}, {high:.2f}]")
    if found.prediction:
        axes.plot(found.prediction, [row + 1, row + 1], color=style.VERMILLION, lw=2)
        _beside(axes, row + 1, f"[{found.prediction[0]:.2f}, {found.prediction[1]:.2f}]")
    else:
        _beside(axes, row + 1, "not known from two studies")


def _beside(axes: Axes, row: int, told: str) -> None:
    axes.text(1.02, row, told, transform=axes.get_yaxis_transform(), va="center", fontsize=style.SMALL)


def _tried(analysis: Analysis) -> str:
    found = [f"{outcome.estimate:.2f} with r {r:g}" for r, outcome in analysis.sensitivity.items()]
    return f"REML {', '.join(found)} of before and after · " if found else ""


def _caption(analysis: Analysis) -> str:
    shared = ", ".join(name for names in analysis.shared_cohorts.values() for name in names)
    reml, dl = analysis.outcomes["REML"], analysis.outcomes["DL"]
    return (
        f"dystolab {__version__} · {len(analysis.used)} studies, {analysis.population}, {analysis.design} subjects · "
        f"Q {reml.q:.2f} (p {reml.q_p:.2g}), I² {reml.i2_percent:.0f} %, tau² {reml.tau2:.3f} (REML), {dl.tau2:.3f} "
        f"(DL) · DL {dl.estimate:.2f} · {_tried(analysis)}"
        f"interval by Hartung and Knapp · {len(analysis.left_out)} findings left out · "
        f"{f'may share people: {shared} · ' if shared else ''}"
        f"sources: {', '.join(analysis.sources)}"
    )
