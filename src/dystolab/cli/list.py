"""``dystolab list``: what there is to choose from."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated

import typer

from dystolab.cli._json import AsJson, print_json
from dystolab.errors import UnknownNameError

Rows = list[tuple[str, str, str]]


def main(
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help="circuits, experiments, settings, mechanisms or measures.")
    ],
    as_json: AsJson = False,
) -> None:
    """List the circuits, experiments and their settings, mechanisms or measures, with their sources."""
    from dystolab.cli._tables import print_items

    if kind not in _KINDS:
        raise UnknownNameError("list", kind, _KINDS)
    headings, rows = _KINDS[kind]
    if as_json:
        names = ("name", *(heading.replace(" ", "_").lower() for heading in headings[1:]))
        print_json(**{kind: [dict(zip(names, row, strict=True)) for row in rows()]})
    else:
        print_items(headings, rows())


def _circuits() -> Rows:
    from dystolab.circuit import presets

    return [(name, told, " ".join(presets.load(name).sources)) for name, told in presets.NAMES.items()]


def _experiments() -> Rows:
    from dystolab import experiments

    return [(name, told, experiments.get(name)().doi) for name, told in experiments.NAMES.items()]


def _settings() -> Rows:
    from dystolab import experiments

    return [
        (f"{name} {setting}={default if isinstance(default, str) else json.dumps(default)}", kind, told)
        for name in experiments.NAMES
        for setting, default, kind, told in experiments.get(name).explained()
    ]


def _mechanisms() -> Rows:
    from dystolab import mechanisms

    return [(name, told, mechanisms.get(name)(severity=0.0).doi) for name, told in mechanisms.NAMES.items()]


def _measures() -> Rows:
    from dystolab import measures

    return [(name, unit, told) for name, (unit, told) in measures.NAMES.items()]


_KINDS: dict[str, tuple[tuple[str, str, str], Callable[[], Rows]]] = {
    "circuits": (("circuit", "what it is", "DOI"), _circuits),
    "experiments": (("experiment", "what it mirrors", "DOI"), _experiments),
    "settings": (("experiment and setting, as it is unless set", "type", "what it is"), _settings),
    "mechanisms": (("mechanism", "what is wrong", "DOI"), _mechanisms),
    "measures": (("measure", "unit", "what it is"), _measures),
}
