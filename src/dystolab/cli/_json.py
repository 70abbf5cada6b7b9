"""What every verb prints with ``--json``: one object on stdout and nothing else."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def print_json(**told: Any) -> None:
    """Print `told` as one object, with the version of its form."""
    from dystolab.result import SCHEMA_VERSION

    print(json.dumps({"schema_version": SCHEMA_VERSION, **told}, allow_nan=False))
