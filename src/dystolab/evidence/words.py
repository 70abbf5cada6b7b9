"""Findings in words and numbers for people, and as plain values for machines."""

from __future__ import annotations

from typing import Any

from dystolab.evidence import bibliography
from dystolab.evidence.base import Base
from dystolab.evidence.schema import Effect, Finding, Group, Spread, Study
from dystolab.evidence.verification import Checked

ARROWS = {
    "increase": "↑ increase",
    "decrease": "↓ decrease",
    "no_change": "= no change",
    "mixed": "↕ mixed",
    "described": "· described",
}
_SPREADS = {"sd": "SD", "sem": "SEM", "ci95": "95 % CI", "iqr": "IQR", "range": "range", "unstated": "?"}


def direction(finding: Finding) -> str:
    """Return the direction with its arrow; described of two groups says that none is printed.

    Examples
    --------
    >>> from dystolab.evidence import load
    >>> direction(load().study("teo_2009_ebcc_focal").findings[0])
    '↓ decrease'
    """
    if finding.direction == "described" and finding.contrast != "single_group":
        return "· no direction printed"
    return ARROWS[finding.direction]


def source(study: Study) -> str:
    """Return where a study is to be found: its DOI, or the address that was read."""
    return study.doi or study.address or "-"


def link(study: Study) -> str:
    """Return an address for the study that a browser opens, or nothing."""
    return f"https://doi.org/{study.doi}" if study.doi else study.address or ""


def where(finding: Finding) -> str:
    """Return where a finding stands, with the page if it was read on another than its study's.

    Examples
    --------
    >>> from dystolab.evidence import load
    >>> where(load().study("teo_2009_ebcc_focal").findings[0])
    'abstract'
    """
    return f"{finding.where}, {finding.address}" if finding.address else finding.where


def sizes(finding: Finding) -> str:
    """Return how many there were in each group, cases first.

    Examples
    --------
    >>> from dystolab.evidence import load
    >>> sizes(load().study("teo_2009_ebcc_focal").findings[0])
    '12 / 8'
    """
    return " / ".join("?" if group.n is None else str(group.n) for group in finding.groups) or "-"


def numbers(finding: Finding) -> str:
    """Return what was measured in each group, the effect and p, as printed."""
    told = [_statistic(group, finding.unit) for group in finding.groups if group.value is not None]
    parts = [" / ".join(told)] if told else []
    if finding.effect is not None:
        parts.append(_effect(finding.effect, finding.unit))
    if finding.p is not None:
        adjusted = " (adjusted)" if finding.p.adjusted else ""
        parts.append(f"p {finding.p.relation} {finding.p.value:g}{adjusted}")
    return ", ".join(parts) or "-"


def as_json(base: Base, study: Study) -> dict[str, Any]:
    """Return `study` as JSON values, each finding with its status."""
    told = study.model_dump(mode="json")
    told["findings"] = [finding_json(one) for one in base.by_study[study.id]]
    differences = bibliography.differences(study, base.seconds.get(study.id))
    told["bibliography_differences"] = [vars(one) for one in differences]
    return told


def finding_json(one: Checked) -> dict[str, Any]:
    """Return a finding as JSON values, with its status and where the readers differ."""
    return {
        **one.finding.model_dump(mode="json"),
        "status": one.status,
        "verified": one.verified,
        "differences": [vars(difference) for difference in one.differences],
        "additions": [vars(addition) for addition in one.additions],
        "turned": [vars(turned) for turned in one.turned],
    }


def _statistic(group: Group, unit: str | None) -> str:
    if group.statistic == "count":
        return f"{group.count} of {group.n or '?'}"
    shown = f"{group.value:g}{_unit(unit) if group.statistic != 'proportion' else ''}"
    spread = f" ({_spread(group.spread)})" if group.spread else ""
    return f"{'median ' if group.statistic == 'median' else ''}{shown}{spread}"


def _effect(effect: Effect, unit: str | None) -> str:
    shown = f"{effect.kind.replace('_', ' ')} {effect.value:g}"
    shown += " %" if effect.kind == "percent_change" else _unit(unit) if effect.kind == "mean_difference" else ""
    return f"{shown} ({_spread(effect.spread)})" if effect.spread else shown


def _spread(spread: Spread) -> str:
    bounds = f"{spread.value:g}" if spread.value is not None else f"{spread.low:g} to {spread.high:g}"
    return f"{_SPREADS[spread.kind]} {bounds}"


def _unit(unit: str | None) -> str:
    return "" if unit in (None, "1") else " %" if unit == "percent" else f" {unit}"
