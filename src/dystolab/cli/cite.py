"""``dystolab cite``: what to cite for a result, or a study of the evidence base."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from dystolab.cli._json import AsJson, print_json
from dystolab.cli.evidence._base import OwnBase


def main(
    what: Annotated[
        str, typer.Argument(metavar="RESULT_OR_STUDY", help="Directory of a run, one .zarr in it, or a study's id.")
    ],
    form: Annotated[str, typer.Option("--format", help="plain or bibtex.")] = "plain",
    own: OwnBase = None,
    as_json: AsJson = False,
) -> None:
    """Tell what to cite: dystolab and the sources of the tables that a result rests on, or one study."""
    from dystolab.cli.evidence._base import load
    from dystolab.errors import UnknownNameError

    if form not in ("plain", "bibtex"):
        raise UnknownNameError("format of a citation", form, ("plain", "bibtex"))
    base = load(own)
    path = Path(what)
    cited = _study(base, what, form) if not path.exists() and "/" not in what else _result(base, path, form)
    if as_json:
        print_json(citations=cited)
        return
    print(("\n\n" if form == "bibtex" else "\n").join(one["text"] for one in cited))


def _result(base: Any, path: Path, form: str) -> list[dict[str, Any]]:
    from dystolab.cli._stored import load
    from dystolab.evidence import citing

    text = citing.as_bibtex if form == "bibtex" else citing.as_line
    return [
        {"source": one.source, "why": list(one.why), "changed": list(one.changed), "text": text(one, base)}
        for one in citing.result(load(path, arrays=0))
    ]


def _study(base: Any, name: str, form: str) -> list[dict[str, Any]]:
    from dystolab.evidence import bibtex, citing, words

    study = base.study(name)
    text = bibtex.entry(study) if form == "bibtex" else citing.study_line(study)
    return [{"source": words.source(study), "why": [f"study {name}"], "changed": [], "text": text}]
