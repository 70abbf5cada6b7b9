"""The options by which every verb of ``evidence`` finds its studies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from dystolab.evidence import Base

OWN = "DYSTOLAB_EVIDENCE"
"""Environment variable with the directory of a user's own studies."""

OwnBase = Annotated[
    Path | None,
    typer.Option(
        "--base", metavar="DIR", help="Directory of your own studies, joined to the shipped ones.", envvar=OWN
    ),
]
Vocabularies = Annotated[
    list[Path] | None, typer.Option("--vocabulary", metavar="FILE", help="Further terms; repeatable.")
]
Paradigm = Annotated[str | None, typer.Option("--paradigm", metavar="TERM", help="Such as ebcc, tdt, dbs.")]
Condition = Annotated[
    str | None, typer.Option("--condition", metavar="TERM", help="Such as cervical_dystonia, with what lies within.")
]
Population = Annotated[
    str | None, typer.Option("--population", metavar="WHO", help="human, animal, model, or a species.")
]
MeasureTerm = Annotated[str | None, typer.Option("--measure", metavar="TERM", help="Such as conditioned_responses.")]
Verified = Annotated[bool, typer.Option("--verified", help="Only what a second reader confirmed.")]


def load(own: Path | None, more: Sequence[Path] | None = None) -> Base:
    """Return the shipped base, joined by the user's own."""
    from dystolab import evidence

    return evidence.load(*([own] if own else []), vocabularies=more or ())


def own_folder(own: Path | None) -> Path:
    """Return the directory of the user's own studies, or say how to name it."""
    from dystolab.errors import EvidenceError

    if own is None:
        raise EvidenceError(f"where to? Name a directory of your own with --base DIR, or set {OWN}")
    return own
