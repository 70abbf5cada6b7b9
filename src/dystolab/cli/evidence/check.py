"""``dystolab evidence check``: every problem of every file, of findings as tests too, and how well the base is read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from dystolab.cli._json import AsJson, print_json
from dystolab.cli.evidence._base import OwnBase, Vocabularies


def main(
    folders: Annotated[
        list[Path] | None, typer.Argument(metavar="[DIR]...", help="Studies to check with the shipped ones.")
    ] = None,
    alone: Annotated[bool, typer.Option("--alone", help="Leave the shipped studies out.")] = False,
    vocabularies: Vocabularies = None,
    page: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Write the numbers of coverage as Markdown.")
    ] = None,
    own: OwnBase = None,
    as_json: AsJson = False,
) -> None:
    """Check all studies and second readings, tell every problem, and count what is read and confirmed."""
    from dystolab import evidence
    from dystolab.evidence import open_questions, report, writing
    from dystolab.evidence.model_checks import reading

    places = [*(folders or []), *([own] if own else [])]
    base, problems = evidence.read(*places, shipped=not alone, vocabularies=vocabularies or ())
    if not alone:
        problems = sorted([*problems, *open_questions.read(base)[1]])
    problems = sorted([*problems, *reading.read(base, *places, shipped=not alone)[1]])
    told = report.report(base)
    if page:
        writing.write_whole(page, report.markdown(told))
    bad = sum(not problem.remark for problem in problems)
    if as_json:
        rows = [vars(problem) for problem in problems]
        print_json(problems=rows, report=told)
    else:
        for problem in problems:
            print(problem)
        print("\n".join(_lines(told)))
        print(f"{bad} problems, {len(problems) - bad} remarks")
    raise typer.Exit(1 if bad else 0)


def _lines(told: dict[str, Any]) -> list[str]:
    share = told["confirmed_share"]
    return [
        f"{told['studies']} studies ({told['without_findings']} without a finding), {told['findings']} findings",
        "read: " + _counts(told["by_read"]),
        "species: " + _counts(told["by_species"]),
        "authors on the cerebellum: " + _counts(told["by_implication"]),
        "second reading: " + _counts(told["by_status"]),
        "confirmed of those read twice: " + ("none read twice" if share is None else f"{100 * share:.0f} %"),
        f"not blind, since the question gave the answer away: {_share(told)}, "
        f"{told['confirmed_told_without_numbers']} of them without any number",
        f"verified findings: {told['verified']} ({told['settled']} of them settled), "
        f"{told['verified_with_numbers']} with more numbers than sizes of groups",
        f"studies with unconfirmed bibliography: {told['unconfirmed_bibliography']}; "
        f"fields that the second reader saw otherwise: {told['bibliography_differences']}",
    ]


def _share(told: dict[str, Any]) -> str:
    confirmed = told["by_status"]["confirmed"]
    share = f" ({100 * told['confirmed_told'] / confirmed:.0f} %)" if confirmed else ""
    return f"{told['confirmed_told']} of {confirmed} confirmed{share}"


def _counts(found: dict[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in found.items())
