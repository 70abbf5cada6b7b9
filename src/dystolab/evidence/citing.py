"""What to cite for a result: dystolab itself, and the sources of the tables and mechanisms that it rests on."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dystolab.errors import DystolabError
from dystolab.evidence import bibtex
from dystolab.evidence.base import Base
from dystolab.evidence.schema import Study
from dystolab.result import Result

_KINDS = {"experiments": "stimulus", "circuit": "body"}
TITLE = "dystolab: a virtual laboratory for the cerebellum in dystonia"
MORE_TABLES: Mapping[str, tuple[str, ...]] = {
    "rest": (),
    "granular_time_code": ("experiments/conditioned_stimulus",),
    "eyeblink": ("experiments/conditioned_stimulus", "experiments/unconditioned_stimulus", "body/eyelid"),
    "posture": (
        "experiments/posture", "body/held_head", "body/motor_units", "body/spindle", "body/surface_emg",
        "circuit/tables/neck",
    ),
    "reach": ("experiments/reach", "body/arm", "body/motor_units", "body/spindle", "circuit/tables/arm"),
}  # fmt: skip
"""Experiment -> the tables of its stimuli and of the plants that it moves, beside those of circuit and mechanisms."""


@dataclass(frozen=True)
class Citation:
    """One thing to cite, and what of the result rests on it.

    Parameters
    ----------
    source : str
        DOI or address; empty for dystolab itself.
    why : tuple of str
        Such as ``"mechanism purkinje_burst"``.
    changed : tuple of str
        Tables that are no longer as the result used them, so that their sources may have changed too.
    """

    source: str
    why: tuple[str, ...]
    changed: tuple[str, ...] = ()


def result(results: list[Result]) -> list[Citation]:
    """Return what to cite for the `results` of a run, sources in the order of what rests on them.

    Sources are those of the tables that are installed; a table that the result used in another form is named.
    """
    found: dict[str, dict[str, None]] = {}
    changed: dict[str, dict[str, None]] = {}
    for one in results:
        used = _tables(one)
        hashes = one.provenance.get("table_hashes") or {}
        for name, (table, why) in used.items():
            for source in table.sources.values():
                found.setdefault(source, {})[why] = None
                if name in hashes and hashes[name] != table.sha256:
                    changed.setdefault(source, {})[name] = None
        for source, why in _declared(one):
            found.setdefault(source, {})[why] = None
    first = Citation("", (_version(results),))
    return [first] + [Citation(source, tuple(why), tuple(changed.get(source, ()))) for source, why in found.items()]


def as_bibtex(citation: Citation, base: Base) -> str:
    """Return a citation as BibTeX: in full where the study stands in the base, else by its DOI or address."""
    why = ", ".join(citation.why)
    if not citation.source:
        fields = {"author": "{The dystolab developers}", "title": f"{{{TITLE}}}", "note": why}
        return bibtex.written("software", "dystolab", fields)
    for study in base.studies.values():
        if study.doi and study.doi.lower() == citation.source.lower():
            return bibtex.entry(study)
    kind = "doi" if citation.source.startswith("10.") else "url"
    key = "".join(letter if letter.isalnum() else "_" for letter in citation.source)
    return bibtex.written("misc", key, {kind: citation.source, "note": why.replace("_", r"\_")})


def as_line(citation: Citation, base: Base) -> str:
    """Return a citation as a line for people."""
    why = f" ({', '.join(citation.why)})"
    old = f"; this table has changed since: {', '.join(citation.changed)}" if citation.changed else ""
    if not citation.source:
        return f"The dystolab developers. {TITLE}.{why}"
    for study in base.studies.values():
        if study.doi and study.doi.lower() == citation.source.lower():
            return f"{study_line(study)}{why}{old}"
    return f"{citation.source}{why}{old}"


def study_line(study: Study) -> str:
    """Return a study as a line for people, without what is not known of it.

    Examples
    --------
    >>> from dystolab.evidence import load
    >>> study_line(load().study("pd_tremor_ebcc"))[:72]
    "Eyeblink conditioning is preserved in Parkinson's disease with tremor. h"
    """
    author = f"{study.first_author} et al." if study.first_author else None
    known = [str(part) for part in (author, study.year, study.title, study.journal) if part]
    sentences = [part if part.endswith((".", "?", "!")) else f"{part}." for part in known]
    return " ".join([*sentences, study.doi or study.address or ""]).rstrip()


def _version(results: list[Result]) -> str:
    versions = dict.fromkeys(str(one.provenance.get("version", "of unknown version")) for one in results)
    return f"version {', '.join(versions)}"


def _tables(one: Result) -> dict[str, tuple[Any, str]]:
    """Return the tables that a result rests on, by name, with what they are."""
    from dystolab import mechanisms
    from dystolab.circuit import presets, tables

    circuit = str(one.subject.get("circuit"))
    out = {name: (tables.load(name), f"circuit {circuit}") for name in presets.table_names(circuit)}
    for fault in one.subject.get("mechanisms") or ():
        name = str(fault.get("name"))
        if name in mechanisms.NAMES:
            out[name] = (mechanisms.get(name).table(), f"mechanism {name}")
    package = Path(tables.__file__).parents[1]
    for path in MORE_TABLES.get(one.experiment, ()):
        place, name = path.split("/")[0], path.split("/")[-1]
        out[name] = (_read(package / f"{path}.toml"), f"{_KINDS.get(place, place)} {name}")
    return out


def _declared(one: Result) -> list[tuple[str, str]]:
    """Return the source that the experiment itself names."""
    from dystolab import experiments

    try:
        doi = str(experiments.get(one.experiment)().doi)
    except DystolabError:
        return []
    return [(source, f"experiment {one.experiment}") for source in doi.split() if source]


@functools.cache
def _read(path: Path) -> Any:
    from dystolab.circuit import tables

    return tables.read(path)
