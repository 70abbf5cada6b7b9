"""The base in other forms: one line per finding (CSV), BibTeX, JSON, and a page to look at (HTML)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from typing import Any

from dystolab.evidence import bibtex, conflicts, gaps, open_questions, page, report, words
from dystolab.evidence.base import Base
from dystolab.evidence.schema import Finding, Group, Spread, Study
from dystolab.evidence.verification import Checked

_STUDY = (
    *("id", "first_author", "year", "title", "journal", "doi", "address", "kind", "species", "population", "paradigms"),
    *("contains", "read", "read_on", "implication"),
)
_LISTS = ("paradigms", "contains")
_FINDING = ("measure", "what", "condition", "contrast", "factor", "design", "direction", "unit", "where")
_GROUP = ("name", "n", "n_of", "mean", "median", "proportion", "count")
_SPREAD = ("kind", "value", "low", "high")


def as_csv(base: Base) -> str:
    """Return one line per finding, numbers of the first case and the first reference; studies without any have one."""
    out = io.StringIO()
    rows = [
        {**_study(study), **found}
        for study in base.studies.values()
        for found in [_row(one) for one in base.by_study[study.id]] or [{}]
    ]
    writer = csv.DictWriter(out, fieldnames=[*_STUDY, *_headings()], restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def as_bibtex(base: Base) -> str:
    """Return every study as a BibTeX entry."""
    return bibtex.entries(base.studies.values())


def as_json(base: Base) -> str:
    """Return studies, findings with their status, map, conflicts, disputes and open questions as one JSON object."""
    questions = open_questions.read(base)[0]
    found = conflicts.conflicts(base, questions)
    told = {
        "studies": [words.as_json(base, study) for study in base.studies.values()],
        "cells": [cell.as_json() for cell in gaps.cells(base).values()],
        "conflicts": [conflict.as_json() for conflict in found],
        **questions.as_json(found),
        "report": report.report(base),
    }
    return json.dumps(told, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


FORMATS: Mapping[str, Callable[[Base], str]] = {
    "csv": as_csv,
    "bibtex": as_bibtex,
    "html": page.page,
    "json": as_json,
}
"""Name of a format -> the text of a base in it."""


def _headings() -> list[str]:
    group = [f"{role}_{key}" for role in ("case", "reference") for key in (*_GROUP, *(f"spread_{k}" for k in _SPREAD))]
    effect = [f"effect_{key}" for key in ("kind", "value", *(f"spread_{k}" for k in _SPREAD))]
    return ["finding", *_FINDING, "finding_address", *group, *effect, "p_relation", "p_value", "status", "verified"]


def _study(study: Study) -> dict[str, Any]:
    told = {key: getattr(study, key) for key in _STUDY}
    return {**told, **{key: "; ".join(told[key]) for key in _LISTS}}


def _row(one: Checked) -> dict[str, Any]:
    finding: Finding = one.finding
    row: dict[str, Any] = {"finding": finding.id, **{key: getattr(finding, key) for key in _FINDING}}
    row["finding_address"] = finding.address
    for role in ("case", "reference"):
        for group in finding.of(role)[:1]:
            row |= _group(role, group)
    if finding.effect is not None:
        row |= {"effect_kind": finding.effect.kind, "effect_value": finding.effect.value}
        row |= _spread("effect", finding.effect.spread)
    if finding.p is not None:
        row |= {"p_relation": finding.p.relation, "p_value": finding.p.value}
    return {**row, "status": one.status, "verified": "yes" if one.verified else "no"}


def _group(role: str, group: Group) -> dict[str, Any]:
    return {**{f"{role}_{key}": getattr(group, key) for key in _GROUP}, **_spread(role, group.spread)}


def _spread(name: str, spread: Spread | None) -> dict[str, Any]:
    return {f"{name}_spread_{key}": getattr(spread, key) for key in _SPREAD} if spread else {}
