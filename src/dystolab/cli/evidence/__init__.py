"""``dystolab evidence``: what has been published, how sure it is, and what is missing. One file per verb."""

from __future__ import annotations

import sys

import typer

from dystolab.cli import _verbs

app = typer.Typer(
    cls=_verbs.group(sys.modules[__name__]),
    name="evidence",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.callback()
def _options() -> None:
    """Tell what has been published on the cerebellum in dystonia, how sure it is, and what is missing."""
