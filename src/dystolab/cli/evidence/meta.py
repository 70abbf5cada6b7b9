"""``dystolab evidence meta``: what the verified findings on a measure say together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dystolab.cli._json import AsJson, print_json
from dystolab.cli.evidence._base import Condition, OwnBase, load

if TYPE_CHECKING:
    from dystolab.evidence import Base
    from dystolab.evidence.meta import Analysis


def main(
    measure: Annotated[
        str | None,
        typer.Option("--measure", metavar="TERM", help="Such as bfmdrs_motor; without it: what can be pooled."),
    ] = None,
    condition: Condition = None,
    contrast: Annotated[
        str | None, typer.Option(metavar="WORD", help="Such as ill_vs_healthy; without it that of most studies.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write forest.png and meta.json there.")
    ] = None,
    own: OwnBase = None,
    as_json: AsJson = False,
) -> None:
    """Pool the verified findings on a measure: random effects, heterogeneity, prediction; tell what was left out."""
    from dystolab.evidence import meta

    if measure is None:
        _list(load(own), condition, as_json)
        return
    analysis = meta.analyse(load(own), measure, condition, contrast)
    written = _written(out, analysis) if out else []
    if as_json:
        print_json(meta=analysis.as_json(), written=[str(path) for path in written])
        return
    print("\n".join(_lines(analysis)))
    for path in written:
        print(path)


def _list(base: Base, condition: str | None, as_json: bool) -> None:
    """Tell which measures can be pooled, on which question and from how many studies."""
    from dystolab.cli._tables import print_items
    from dystolab.errors import UnknownNameError
    from dystolab.evidence import meta

    if condition is not None and condition not in base.vocabulary.conditions:
        raise UnknownNameError("condition", condition, base.vocabulary.conditions, "dystolab evidence terms conditions")
    names = ("measure", "contrast", "factor", "design", "population", "scale", "studies")
    found = meta.poolable(base, condition)
    if as_json:
        rows = [(measure, *question, list(studies)) for (measure, question), studies in found.items()]
        print_json(poolable=[dict(zip(names, row, strict=True)) for row in rows])
        return
    told = [(measure, *(part or "-" for part in q), str(len(studies))) for (measure, q), studies in found.items()]
    print_items(names, told)


def _lines(analysis: Analysis) -> list[str]:
    asked = (
        analysis.contrast.replace("_", " "),
        analysis.factor,
        f"{analysis.design} subjects",
        analysis.population,
        analysis.scale,
    )
    about = ", ".join(part for part in (analysis.measure, *asked) if part)
    lines = [about]
    for (one, size), weight in zip(analysis.used, analysis.weights, strict=True):
        told = f"{size.value:.3f} (variance {size.variance:.3f}, weight {100 * weight:.0f} %)"
        lines.append(f"  {one.name}: {told}; {size.how}")
    for name, found in analysis.outcomes.items():
        low, high = found.ci95 or found.wald_ci95
        lines.append(
            f"{name}: {found.estimate:.3f} [{low:.3f}, {high:.3f}], tau2 {found.tau2:.3f}, "
            f"Q {found.q:.2f} (p {found.q_p:.2g}), I2 {found.i2_percent:.0f} %"
        )
        if found.prediction:
            lines.append(f"  further studies: {found.prediction[0]:.3f} to {found.prediction[1]:.3f}")
    for r, tried in analysis.sensitivity.items():
        low, high = tried.ci95 or tried.wald_ci95
        lines.append(f"REML with r {r:g} of before and after: {tried.estimate:.3f} [{low:.3f}, {high:.3f}]")
    for cohort, names in analysis.shared_cohorts.items():
        lines.append(f"may share people (cohort {cohort}): {', '.join(names)}")
    return [*lines, *(f"left out: {name}: {why}" for name, why in analysis.left_out.items())]


def _written(out: Path, analysis: Analysis) -> list[Path]:
    from dystolab.evidence.writing import write_whole
    from dystolab.plots import forest, save

    write_whole(out / "meta.json", json.dumps(analysis.as_json(), indent=1, allow_nan=False) + "\n")
    save(forest.figure(analysis), out / "forest.png")
    return [out / "forest.png", out / "meta.json"]
