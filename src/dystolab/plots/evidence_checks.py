"""Findings as tests: the model beside what is printed, one panel for each finding and measure."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dystolab import __version__
from dystolab.evidence import words
from dystolab.evidence.model_checks import published
from dystolab.evidence.model_checks.form import ByRatio, BySize
from dystolab.evidence.model_checks.outcome import Outcome
from dystolab.evidence.schema import Role
from dystolab.plots import style

_COLUMNS = 4
_MARKS = {"agrees": "✓", "disagrees": "✗", "undecided": "?"}
_SIGNS = {"increase": "↑", "decrease": "↓", "no_change": "=", "mixed": "↕", "described": "·"}

Printed = tuple[str, published.Number, str]
"""Label, number and colour of what a study prints."""


def figure(found: Sequence[Outcome]) -> Figure:
    """Return the panels: squares are printed numbers, dots the model's subjects; ✓ agrees, ✗ disagrees, ? undecided."""
    groups: dict[str, list[Outcome]] = {}
    for one in found:
        groups.setdefault(one.check.entry.id, []).append(one)
    columns = min(_COLUMNS, len(groups))
    rows = math.ceil(len(groups) / columns)
    drawn = style.new_figure(3.3 * columns + 0.4, 3.0 * rows + 0.9)
    panels = np.ravel(drawn.subplots(rows, columns, squeeze=False))
    for axes, (name, outcomes) in zip(panels, groups.items(), strict=False):
        _panel(axes, name, outcomes)
    for axes in panels[len(groups) :]:
        axes.axis("off")
    lines = textwrap.wrap(_caption(found), int(16 * drawn.get_figwidth()), break_on_hyphens=False)
    drawn.supxlabel("\n".join(lines), fontsize=7, color="#555555", x=0.01, ha="left")
    return drawn


def _panel(axes: Axes, name: str, found: Sequence[Outcome]) -> None:
    first = found[0]
    of_ratio = isinstance(first.check.entry.predicate, ByRatio)
    labels: list[str] = []
    for label, number, colour in _ratio(first) if of_ratio else _printed(first):
        low, high = _reach(number, of_ratio)
        middle = math.exp(number.value) if of_ratio else number.value
        around = None if number.half95 is None else [[middle - low], [high - middle]]
        axes.errorbar([len(labels)], [middle], around, fmt="s", ms=6, lw=1.2, capsize=3, color=colour)
        labels.append(label)
    if first.reference and not of_ratio:
        _dots(axes, len(labels), first.reference, style.BLACK)
        labels.append(f"model: {first.check.state_of_reference()}")
        _bounds(axes, first)
    for one in found:
        _dots(axes, len(labels), _ratios(one) if of_ratio else one.case, style.BLUE)
        labels.append(f"{_MARKS[one.judged.verdict]} {one.check.state_of_subject()}")
    if of_ratio:
        axes.axhline(1, color=style.GREY, lw=0.8, zorder=0)
    _dress(axes, name, first, labels, of_ratio)


def _dress(axes: Axes, name: str, one: Outcome, labels: Sequence[str], of_ratio: bool) -> None:
    axes.set_xticks(range(len(labels)), [textwrap.fill(label.replace("_", " "), 18) for label in labels])
    axes.set_xlim(-0.6, len(labels) - 0.4)
    if axes.get_ylim()[0] > 0:  # differences of a percent shall look like that
        axes.set_ylim(0, 1.05 * axes.get_ylim()[1])
    measure = textwrap.fill((one.check.entry.measure or "").replace("_", " "), 24)
    unit = ", subject / reference" if of_ratio else f", {one.check.unit}" if one.check.unit not in ("", "1") else ""
    style.tidy(axes, "", f"{measure}{unit}")
    sized = isinstance(one.check.entry.predicate, BySize)
    sign = "" if sized else f"{_SIGNS[one.check.finding.finding.direction]} "
    axes.set_title(f"{sign}{name.replace('_', ' ')}", loc="left", fontsize=8, fontweight="bold", pad=13)
    study = one.check.finding.study
    told = f"{study.first_author or study.id} {study.year or ''} · {one.check.entry.kind}"
    axes.text(0, 1.02, told, transform=axes.transAxes, va="bottom", fontsize=6, color="#555555")
    axes.yaxis.label.set_fontsize(7)
    axes.tick_params(axis="x", labelsize=6, rotation=60)
    for tick in axes.get_xticklabels():
        tick.set_horizontalalignment("right")
        tick.set_rotation_mode("anchor")


def _dots(axes: Axes, x: int, values: Sequence[float], colour: str) -> None:
    found = np.asarray(values, float)
    if np.isfinite(found).any():
        style.point(axes, x, np.where(np.isfinite(found), found, np.nan), colour=colour)
    else:
        across = axes.get_xaxis_transform()
        axes.text(x, 0.5, "no value", transform=across, rotation=90, ha="center", va="center", fontsize=6, color=colour)


def _ratios(one: Outcome) -> list[float]:
    return [a / b if b > 0 else math.nan for a, b in zip(one.case, one.reference, strict=True)]


def _bounds(axes: Axes, one: Outcome) -> None:
    """Draw what counts as no change."""
    bound, reference = one.judged.numbers.get("bound"), np.asarray(one.reference)
    if bound is not None and np.isfinite(reference).any():
        middle = float(reference[np.isfinite(reference)].mean())
        axes.axhspan(middle - bound, middle + bound, color=style.GREY, alpha=0.2, lw=0, zorder=0)


def _reach(number: published.Number, of_ratio: bool) -> tuple[float, float]:
    half = number.half95 or 0.0
    low, high = number.value - half, number.value + half
    return (math.exp(low), math.exp(high)) if of_ratio else (low, high)


def _ratio(one: Outcome) -> list[Printed]:
    number = published.log_ratio(one.check.finding.finding)
    return [] if number is None else [("printed: case / reference", number, style.VERMILLION)]


def _printed(one: Outcome) -> list[Printed]:
    """Return the printed numbers that can stand on the axis of the model's measure."""
    finding, predicate, unit = one.check.finding.finding, one.check.entry.predicate, one.check.unit
    if published.UNITS.get(finding.unit or "") != unit:
        return []
    spread_is = predicate.spread_is if isinstance(predicate, BySize) else None
    roles: tuple[Role, ...] = (predicate.group,) if isinstance(predicate, BySize) else ("reference", "case")
    out: list[Printed] = []
    for role in roles:
        group = published.group(finding, role)
        if group is not None:
            colour = style.VERMILLION if role == "case" else style.GREY
            out.append((f"printed: {role}", published.of_group(group, unit, spread_is), colour))
    return out


def _caption(found: Sequence[Outcome]) -> str:
    subjects = max((len(one.case) for one in found), default=0)
    studies = dict.fromkeys(one.check.finding.study.id for one in found)
    by_id = {one.check.finding.study.id: one.check.finding.study for one in found}
    sources = [words.source(by_id[name]) if words.source(by_id[name]) != "-" else name for name in studies]
    return (
        f"dystolab {__version__} · squares: printed number and its 95 % interval (over cells it is too narrow) · dots: "
        f"{subjects} subjects, mean and 95 % interval · arrow: what the finding says of cases against references · "
        f"grey band: counts as no change · ✓ agrees, ✗ disagrees, ? undecided · sources: {', '.join(sources)}"
    )
