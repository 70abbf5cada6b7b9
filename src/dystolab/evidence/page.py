"""The map of the evidence as one HTML file that needs nothing else: no network, no server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dystolab.evidence import conflicts, gaps, open_questions, words
from dystolab.evidence.base import Base
from dystolab.evidence.schema import Study

TEMPLATE = Path(__file__).with_name("page.html")
_HOLE = "/*DATA*/"


def page(base: Base) -> str:
    """Return the page: the map of condition by paradigm, studies, conflicts, disputes and the open questions."""
    text = json.dumps(data(base), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # No `</script>` of a title may end the data.
    return TEMPLATE.read_text(encoding="utf-8").replace(_HOLE, text.replace("<", "\\u003c"), 1)


def data(base: Base) -> dict[str, Any]:
    """Return what the page shows, as JSON values."""
    from dystolab import __version__

    questions = open_questions.read(base)[0]
    found = gaps.cells(base)
    contradicted = conflicts.conflicts(base, questions)
    used = {key for pair in found for key in pair}
    return {
        "version": __version__,
        "conditions": {k: v for k, v in base.vocabulary.conditions.items() if k in used},
        "paradigms": {k: v for k, v in base.vocabulary.paradigms.items() if k in used},
        "studies": {study.id: _study(base, study) for study in base.studies.values()},
        "cells": [[*key, list(cell.studies), [one.name for one in cell.findings]] for key, cell in found.items()],
        "conflicts": [conflict.as_json() for conflict in contradicted],
        **questions.as_json(contradicted),
    }


def _study(base: Base, study: Study) -> dict[str, Any]:
    return {
        "title": study.title,
        "by": f"{study.first_author or '?'} {study.year or '?'}",
        "link": words.link(study),
        "source": words.source(study),
        "species": study.species,
        "implication": study.implication,
        "read": study.read,
        "pools": sorted(base.contained_in(study.id)),
        "findings": {
            one.name: [
                one.finding.measure, one.finding.contrast, one.finding.direction,
                words.sizes(one.finding), words.numbers(one.finding), one.verified, one.status, one.finding.what,
                one.finding.factor, one.finding.address, one.finding.condition,
            ]
            for one in base.by_study[study.id]
        },
    }  # fmt: skip
