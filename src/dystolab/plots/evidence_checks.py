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
from dystolab.evidence.model_checks.form import BySize
from dystolab.evidence.model_checks.outcome import Outcome
from dystolab.evidence.schema import Group
from dystolab.plots import style

_COLUMNS = 4
_MARKS = {"agrees": "✓", "disagrees": "✗", "undecided": "?"}
_SIGNS = {"increase": "↑", "decrease": "↓", "no_change": "=", "mixed": "↕", "described": "·"}


def figure(found: Sequence[Outcome]) -> Figure:
    """Return the panels: squares are printed numbers, dots the model's subjects; ✓ agrees, ✗ disagrees, ? undecided."""
    groups: dict[str, list[Outcome]] = {}
    for one in found:
        groups.setdefault(one.check.entry.id, []).append(one)
    columns = min(_COLUMNS, len(groups))
    rows = math.ceil(len(groups) / columns)
    drawn = style.new_figure(3.3 * columns + 0.4, 2.9 * rows + 0.9)
    panels = np.ravel(drawn.subplots(rows, columns, squeeze=False))
    for axes, (name, outcomes) in zip(panels, groups.items(), strict=False):
        _panel(axes, name, outcomes)
    for axes in panels[len(groups) :]:
        axes.axis("off")
    lines = textwrap.wrap(_caption(found), int(16 * drawn.get_figwidth()), break_on_hyphens=False)
    drawn.supxlabel("\n".join(lines), fontsize=7, color="#555555", x=0.01, ha="left")
    return drawn


def _panel(axes: Axes, name: str, found: Sequence[Outcome]) -> None:
    labels: list[str] = []
    first = found[0]
    for label, group, colour in _printed(first):
        _square(axes, len(labels), group, first, colour)
        labels.append(label)
    if first.reference:
        style.point(axes, len(labels), np.asarray(first.reference), colour=style.BLACK)
        labels.append(f"model: {first.check.state_of_reference()}")
    for one in found:
        if np.isfinite(one.case).any():
            values = np.asarray(one.case)
            style.point(axes, len(labels), np.where(np.isfinite(values), values, np.nan), colour=style.BLUE)
        labels.append(f"{_MARKS[one.judged.verdict]} {one.check.state_of_subject()}")
    axes.set_xticks(range(len(labels)), [textwrap.fill(label.replace("_", " "), 18) for label in labels])
    axes.set_xlim(-0.6, len(labels) - 0.4)
    title = f"{_SIGNS[first.check.finding.finding.direction]} {textwrap.fill(name.replace('_', ' '), 38)}"
    unit = first.check.unit
    measure = textwrap.fill((first.check.entry.measure or "").replace("_", " "), 24)
    style.tidy(axes, "", f"{measure}{f', {unit}' if unit != '1' else ''}", title)
    axes.title.set_fontsize(8)
    axes.yaxis.label.set_fontsize(7)
    axes.tick_params(axis="x", labelsize=6, rotation=60)
    for tick in axes.get_xticklabels():
        tick.set_horizontalalignment("right")
        tick.set_rotation_mode("anchor")
    study = first.check.finding.study
    axes.text(
        0.99, 0.99, f"{study.first_author or study.id} {study.year or ''}\n{first.check.entry.kind}",
        transform=axes.transAxes, ha="right", va="top", fontsize=6, color="#555555",
    )  # fmt: skip


def _printed(one: Outcome) -> list[tuple[str, Group, str]]:
    """Return the printed groups that can stand on the axis of the model's measure."""
    finding, predicate = one.check.finding.finding, one.check.entry.predicate
    if published.UNITS.get(finding.unit or "") != one.check.unit:
        return []
    wanted: list[tuple[str, Group | None, str]] = [
        ("printed: reference", published.group(finding, "reference"), style.GREY),
        ("printed: case", published.group(finding, "case"), style.VERMILLION),
    ]
    if isinstance(predicate, BySize):
        wanted = [entry for entry in wanted if entry[0].endswith(predicate.group)]
    return [(label, group, colour) for label, group, colour in wanted if group is not None]


def _square(axes: Axes, x: int, group: Group, one: Outcome, colour: str) -> None:
    predicate = one.check.entry.predicate
    number = published.of_group(group, one.check.unit, predicate.spread_is if isinstance(predicate, BySize) else None)
    axes.errorbar([x], [number.value], number.half95, fmt="s", ms=6, lw=1.2, capsize=3, color=colour)


def _caption(found: Sequence[Outcome]) -> str:
    subjects = max((len(one.case) for one in found), default=0)
    sources = dict.fromkeys(words.source(one.check.finding.study) for one in found)
    return (
        f"dystolab {__version__} · squares: printed number and its 95 % interval (over cells it is too narrow) · dots: "
        f"{subjects} subjects, mean and 95 % interval · arrow: what the finding says of cases against references · "
        f"✓ agrees, ✗ disagrees, ? undecided · sources: {', '.join(sources)}"
    )
