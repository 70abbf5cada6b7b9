"""``dystolab evidence gaps``: where there is evidence and where there is none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dystolab.cli._json import AsJson, print_json
from dystolab.cli.evidence._base import OwnBase, load

if TYPE_CHECKING:
    from dystolab.evidence import Base

_HEADINGS = ("condition", "paradigm", "studies", "findings", "verified", "one direction")


def main(
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write gaps.png, gaps.html and gaps.csv there.")
    ] = None,
    own: OwnBase = None,
    as_json: AsJson = False,
) -> None:
    """Tell what there is on each condition by each paradigm: studies, share verified, share that agrees in sign."""
    from dystolab.cli._tables import print_items
    from dystolab.evidence import gaps

    base = load(own)
    found = list(gaps.cells(base).values())
    rows: list[tuple[str, ...]] = [
        (
            *(cell.condition, cell.paradigm, str(len(cell.studies)), str(len(cell.findings))),
            *(_percent(cell.verified_share), _percent(cell.agreement)),
        )
        for cell in found
    ]
    written = _written(out, base, rows) if out else []
    empty = len({c.condition for c in found}) * len({c.paradigm for c in found}) - len(found)
    unread = [study.id for study in gaps.unread(base)]
    if as_json:
        told = [cell.as_json() for cell in found]
        print_json(cells=told, empty_cells=empty, unread=unread, written=[str(path) for path in written])
        return
    print_items(_HEADINGS, rows)
    for path in written:
        print(path)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"


def _written(out: Path, base: Base, rows: list[tuple[str, ...]]) -> list[Path]:
    import csv
    import io

    from dystolab.evidence import page
    from dystolab.evidence.writing import write_whole
    from dystolab.plots import evidence_gaps, save

    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows([_HEADINGS, *rows])
    write_whole(out / "gaps.csv", table.getvalue())
    write_whole(out / "gaps.html", page.page(base))
    save(evidence_gaps.figure(base), out / "gaps.png")
    return [out / "gaps.png", out / "gaps.html", out / "gaps.csv"]
