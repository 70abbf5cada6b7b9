"""The controlled terms: paradigms, conditions, factors and measures, each with its definition."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dystolab.evidence import tree
from dystolab.evidence.problems import Problem, refuse, unknown

FILE = Path(__file__).with_name("vocabulary.yaml")
NESTED = Path(__file__).with_name("nested_conditions.yaml")
KINDS = ("paradigms", "conditions", "factors", "measures")
_PARTS = ("paradigm", "definition", "increase")
_BROAD = "broad"


@dataclass(frozen=True)
class MeasureTerm:
    """What a measure is, the paradigm it belongs to, and what it means when it rises.

    A broad one holds many regions, tests or scales, so that two directions of it need not contradict one another.
    """

    paradigm: str
    definition: str
    increase: str
    broad: bool = False


@dataclass(frozen=True)
class Vocabulary:
    """The terms that a study may use.

    Examples
    --------
    >>> load().paradigms["ebcc"]
    'eyeblink classical conditioning (delay or trace)'
    >>> "cervical_dystonia" in load().within("isolated_dystonia")
    True
    """

    paradigms: Mapping[str, str] = field(default_factory=dict)
    conditions: Mapping[str, str] = field(default_factory=dict)
    factors: Mapping[str, str] = field(default_factory=dict)
    measures: Mapping[str, MeasureTerm] = field(default_factory=dict)
    nested: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def terms(self, kind: str) -> Mapping[str, Any]:
        """Return the terms of a kind: paradigms, conditions, factors or measures."""
        found: Mapping[str, Any] = getattr(self, kind)
        return found

    def within(self, condition: str) -> frozenset[str]:
        """Return `condition` and all conditions that it holds, at any depth."""
        out = {condition}
        for part in self.nested.get(condition, ()):
            out |= self.within(part)
        return frozenset(out)

    def related(self, one: str, other: str) -> bool:
        """Tell whether two conditions are the same, or one holds the other."""
        return one in self.within(other) or other in self.within(one)


def read(files: Iterable[Path], nested: Path = NESTED) -> tuple[Vocabulary, list[Problem]]:
    """Return the terms of all `files` together, and what is wrong with them.

    A later file may repeat a term with the same words, not give it another meaning.
    """
    found: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
    documents = [tree.read(file) for file in files]
    for document in documents:
        _gather(document, found)
    for document in documents:
        _check_paradigms(document, found)
    vocabulary = Vocabulary(**found)
    document = tree.read(nested)
    vocabulary = Vocabulary(**found, nested=_nested(document, vocabulary))
    return vocabulary, [problem for one in (*documents, document) for problem in one.problems]


@functools.cache
def load() -> Vocabulary:
    """Return the vocabulary that comes with the package.

    Raises
    ------
    EvidenceError
        If its file is damaged.
    """
    vocabulary, problems = read([FILE])
    refuse(problems)
    return vocabulary


def _gather(document: tree.Document, found: dict[str, dict[str, Any]]) -> None:
    if not isinstance(document.value, dict):
        if not document.problems:
            document.problem((), f"is no vocabulary; allowed: a mapping with {', '.join(KINDS)}; see the shipped one")
        return
    for kind, terms in document.value.items():
        if kind not in KINDS:
            document.problem((kind,), unknown("part of a vocabulary", kind, KINDS))
        elif isinstance(terms, dict):
            for name, told in terms.items():
                _take(document, kind, name, told, found[kind])
        elif terms is not None:
            document.problem(
                (kind,), f"{kind} is a {type(terms).__name__}; allowed: `term: definition` lines; indent them"
            )


def _take(document: tree.Document, kind: str, name: str, told: Any, found: dict[str, Any]) -> None:
    term = _measure(document, name, told) if kind == "measures" else _definition(document, kind, name, told)
    if term is None:
        return
    if name in found and found[name] != term:
        said = f"{name} of {kind} has another meaning in an earlier vocabulary; allowed: one each; name it otherwise"
        document.problem((kind, name), said, remark=kind == "measures")
        return
    found.setdefault(name, term)


def _definition(document: tree.Document, kind: str, name: str, told: Any) -> str | None:
    if isinstance(told, str) and told.strip():
        return told
    document.problem((kind, name), f"{name} has no definition; allowed: one line of text; write it")
    return None


def _measure(document: tree.Document, name: str, told: Any) -> MeasureTerm | None:
    at = ("measures", name)
    if not isinstance(told, dict):
        document.problem(at, f"{name} is no measure; allowed: {{{', '.join(_PARTS)}}}; write them")
        return None
    wrong = [key for key in told if key not in (*_PARTS, _BROAD)]
    for key in wrong:
        document.problem((*at, key), unknown("key of a measure", key, (*_PARTS, _BROAD)))
    if told.get(_BROAD, True) is not True:
        document.problem((*at, _BROAD), f"broad of measure {name} is no `true`; allowed: true, or no key; correct it")
        wrong.append(_BROAD)
    lacking = [key for key in _PARTS if not isinstance(told.get(key), str)]
    for key in lacking:
        document.problem((*at, key), f"{key} of measure {name} is missing or no text; allowed: one line; write it")
    return None if wrong or lacking else MeasureTerm(**told)


def _check_paradigms(document: tree.Document, found: dict[str, dict[str, Any]]) -> None:
    measures = (document.value.get("measures") if isinstance(document.value, dict) else None) or {}
    for name, told in measures.items() if isinstance(measures, dict) else ():
        paradigm = told.get("paradigm") if isinstance(told, dict) else None
        if isinstance(paradigm, str) and paradigm not in found["paradigms"]:
            said = unknown("paradigm", paradigm, found["paradigms"], "the vocabulary")
            document.problem(("measures", name, "paradigm"), said)


def _nested(document: tree.Document, vocabulary: Vocabulary) -> dict[str, tuple[str, ...]]:
    out: dict[str, tuple[str, ...]] = {}
    for whole, parts in document.value.items() if isinstance(document.value, dict) else ():
        names = [whole, *(parts if isinstance(parts, list) else [parts])]
        for name in names:
            if name not in vocabulary.conditions:
                document.problem((whole,), unknown("condition", name, vocabulary.conditions, "the vocabulary"))
        # A condition that held itself would never end; only those that come later in the file can lie within.
        if any(name in out or name == whole for name in names[1:]):
            document.problem(
                (whole,), f"{whole} holds one that stands before it; allowed: wide before narrow; move it down"
            )
            continue
        out[whole] = tuple(str(name) for name in names[1:])
    return out
