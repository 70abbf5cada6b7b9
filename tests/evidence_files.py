"""Studies and second readings to write into a test's own directory, whole or with something changed."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml

STUDY: dict[str, Any] = {
    "id": "doe_2001_blink",
    "title": "Blinks of people",
    "first_author": "Doe J",
    "year": 2001,
    "journal": "Brain",
    "doi": "10.1234/doe.2001",
    "address": "https://example.org/doe",
    "bibliography_unconfirmed": [],
    "kind": "original",
    "species": "human",
    "population": "12 patients and 8 healthy people",
    "cohort": None,
    "contains": [],
    "paradigms": ["ebcc"],
    "conditions": ["cervical_dystonia"],
    "read": "abstract",
    "read_on": "2026-01-02",
    "implication": "network",
    "conflicts_with": [],
    "risk_of_bias": dict.fromkeys(("blinded", "controls_matched", "randomised", "sham", "unmedicated"), "unclear"),
    "paraphrase": "Fewer blinks.",
    "notes": None,
    "findings": [
        {
            "id": "cr",
            "measure": "blinks",
            "what": "conditioned blinks over all blocks",
            "condition": "cervical_dystonia",
            "contrast": "ill_vs_healthy",
            "design": "between",
            "unit": "percent",
            "groups": [
                {
                    "name": "patients",
                    "role": "case",
                    "n": 12,
                    "n_of": "subjects",
                    "mean": 20,
                    "spread": {"kind": "sd", "value": 10},
                },
                {
                    "name": "healthy",
                    "role": "reference",
                    "n": 8,
                    "n_of": "subjects",
                    "mean": 30.0,
                    "spread": {"kind": "sd", "value": 12},
                },
            ],
            "effect": None,
            "p": {"relation": "=", "value": 0.04},
            "direction": "decrease",
            "where": "abstract",
            "address": None,
        }
    ],
}
BLINKS = {"paradigm": "ebcc", "definition": "share of trials with a conditioned blink", "increase": "more learning"}
WORDS: dict[str, Any] = {"measures": {"blinks": BLINKS}}
SECOND: dict[str, Any] = {
    "id": "doe_2001_blink",
    "read_on": "2026-01-03",
    "address": "https://example.org/doe",
    "read": "abstract",
    "findings": {"cr": {key: STUDY["findings"][0][key] for key in ("direction", "groups", "effect", "p", "where")}},
    "bibliography": {"year": 2001},
}


class _Plain(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    def ignore_aliases(self, data: Any) -> bool:
        return True


def dumped(tree: Any) -> str:
    """Return `tree` as YAML, by the compiled emitter where there is one."""
    return str(yaml.dump(tree, Dumper=_Plain, sort_keys=False))


def changed(tree: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return `tree` with values changed at dotted paths (``__`` for the dots), numbers naming items of lists."""
    out = copy.deepcopy(tree)
    for path, value in changes.items():
        *way, last = [int(key) if key.isdigit() else key for key in path.split("__")]
        at: Any = out
        for key in way:
            at = at[key]
        at[last] = value
    return out


def write(folder: Path, *studies: dict[str, Any], second: dict[str, Any] | None = None) -> Path:
    """Write `studies`, the measure that they use and a second reading below `folder`, and return it."""
    (folder / "studies").mkdir(parents=True, exist_ok=True)
    (folder / "vocabulary.yaml").write_text(dumped(WORDS))
    for study in studies:
        (folder / "studies" / f"{study['id']}.yaml").write_text(dumped(study))
    if second is not None:
        (folder / "second").mkdir(exist_ok=True)
        (folder / "second" / f"{second['id']}.yaml").write_text(dumped(second))
    return folder


def study(name: str, doi: str | None = None, **changes: Any) -> dict[str, Any]:
    """Return a study of another name, title and DOI, with `changes`."""
    return changed(STUDY, id=name, title=f"Title of {name}", doi=doi, **changes)
