"""YAML with line numbers, as plain as it comes: no anchors, aliases or tags, no key twice, nothing large or deep.

Words stay words: ``yes`` and ``no`` are text (as in YAML 1.2), and so is a date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from dystolab.evidence.problems import Problem, shown

MAX_BYTES = 256 * 1024
MAX_DEPTH = 12

# The compiled parser is ten times as fast; a build of PyYAML may lack it.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}

Keys = tuple[str | int, ...]


@dataclass
class Document:
    """A file's content as plain values, and where everything stands.

    Parameters
    ----------
    file : str
        As told in problems.
    value : object
        Mappings, lists, text, numbers, True, False, None; None if it could not be read.
    lines : dict of path to int
        Line of each key and item, from 1.
    problems : list of Problem
        What is wrong with the YAML itself.
    """

    file: str
    value: Any = None
    lines: dict[Keys, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def line(self, path: Keys) -> int:
        """Return the line of what stands at `path`, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def problem(self, path: Keys, text: str, *, remark: bool = False) -> None:
        """Note that something at `path` is wrong."""
        self.problems.append(Problem(self.file, self.line(path), text, remark))


class _Stopped(Exception):
    """The rest of the file makes no sense."""


def read(path: Path) -> Document:
    """Return the YAML file `path`; whatever is wrong with it is in the document's problems."""
    document = Document(shown(path))
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        document.problem((), f"can't be read: {error.strerror or error}; allowed: a readable file; check the path")
        return document
    if len(data) > MAX_BYTES:
        document.problem((), f"is too large; allowed: {MAX_BYTES // 1024} KiB; split it, or shorten its texts")
        return document
    try:
        return parse(data.decode("utf-8-sig"), document)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        document.lines[()] = line
        document.problem((), f"byte {error.start} is not UTF-8; allowed: UTF-8 text; save the file in that encoding")
        return document


def parse(text: str, document: Document) -> Document:
    """Fill `document` from YAML `text`, and return it."""
    try:
        document.value = _Builder(document, yaml.parse(text, Loader=_LOADER)).whole()
    except _Stopped:
        document.value = None
    except yaml.YAMLError as error:
        document.value = None
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or getattr(error, "reason", None) or "can't be parsed"
        line = mark.line + 1 if mark is not None else 1
        said = f"is not YAML ({what}); allowed: plain YAML; quote text that holds ': ', '#' or starts with a sign"
        document.problems.append(Problem(document.file, line, said))
    return document


class _Builder:
    def __init__(self, document: Document, events: Iterator[Any]) -> None:
        self.document, self.events = document, events

    def whole(self) -> Any:
        """Return the one document of the stream."""
        value, seen = None, False
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if seen:
                    self.stop(event, "a second document starts; allowed: one a file; take the `---` away")
                seen, value = True, self.node(next(self.events), ())
        if not seen:
            self.document.problem((), "is empty; allowed: one mapping of keys and values; fill it")
        return value

    def node(self, event: Any, path: Keys) -> Any:
        self.document.lines.setdefault(path, event.start_mark.line + 1)
        if isinstance(event, yaml.AliasEvent):
            self.stop(event, f"alias *{event.anchor}; allowed: plain values; write the value out")
        if event.anchor is not None:
            self.stop(event, f"anchor &{event.anchor}; allowed: plain values; take it away")
        if event.tag is not None:
            self.stop(event, f"tag {event.tag}; allowed: plain values; take it away")
        if len(path) > MAX_DEPTH:
            self.stop(event, f"lies more than {MAX_DEPTH} levels deep; allowed: the form of a study; flatten it")
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event.value) if event.implicit[0] else event.value
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(path)
        return self.mapping(path)

    def sequence(self, path: Keys) -> list[Any]:
        out: list[Any] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            out.append(self.node(event, (*path, len(out))))
        return out

    def mapping(self, path: Keys) -> dict[str, Any]:
        out: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent) or event.anchor is not None or event.tag is not None:
                self.stop(
                    event, "a key that is no plain word; allowed: `key: value`; quote it, or take the braces away"
                )
            key, line = event.value, event.start_mark.line + 1
            if key in out:
                first = self.document.lines[(*path, key)]
                said = f"key {key!r} stands twice (first in line {first}); allowed: once; take one away"
                self.document.problems.append(Problem(self.document.file, line, said))
                self.node(next(self.events), (*path, key, line))
                continue
            self.document.lines[(*path, key)] = line
            out[key] = self.node(next(self.events), (*path, key))
        return out

    def stop(self, event: Any, said: str) -> None:
        self.document.problems.append(Problem(self.document.file, event.start_mark.line + 1, said))
        raise _Stopped


def _scalar(text: str) -> Any:
    """Return the value of a word without quotes."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
