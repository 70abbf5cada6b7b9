"""What checks found: each beside its finding, as values, as a table and as a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dystolab import __version__
from dystolab.evidence import words
from dystolab.evidence.model_checks import published
from dystolab.evidence.model_checks.check import Check
from dystolab.evidence.model_checks.form import BySize
from dystolab.evidence.model_checks.predicates import VERDICTS, Judged, judge
from dystolab.evidence.model_checks.running import Runs
from dystolab.lab.code import package_hash
from dystolab.measures.interval import mean_interval
from dystolab.result import plain, text


@dataclass(frozen=True)
class Outcome:
    """A check that was run.

    Attributes
    ----------
    check : Check
    judged : Judged
    case, reference : tuple of float
        The measure of each subject and of its reference; no references where a size was asked for.
    failures : tuple of str
        Runs that ran away, and why.
    """

    check: Check
    judged: Judged
    case: tuple[float, ...]
    reference: tuple[float, ...]
    failures: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        found = {"case": plain(list(self.case)), "reference": plain(list(self.reference))}
        return {
            **self.check.as_json(), **self.judged.as_json(), "unit": self.check.unit,
            "finding_told": told_finding(self.check), "values": found, "failures": list(self.failures),
        }  # fmt: skip


def outcomes(checks: Sequence[Check], runs: Runs, subjects: int) -> list[Outcome]:
    """Return what the finished runs say to each check."""
    return [_outcome(check, runs, subjects) for check in checks]


def _outcome(check: Check, runs: Runs, subjects: int) -> Outcome:
    measure, predicate = check.entry.measure, check.entry.predicate
    assert measure is not None and predicate is not None  # of a check that can be run
    cases = runs.of(check, subjects)
    references = runs.of(check, subjects, reference=True) if check.compares else []
    case, reference = runs.values(cases, measure), runs.values(references, measure)
    lacking = runs.lacking([*cases, *references], measure)
    judged = (
        Judged("undecided", f"no result of {cases[0].experiment.name} holds {measure}: not all of its settings do")
        if lacking
        else judge(predicate, check.finding.finding, check.unit, case, reference)
    )
    return Outcome(check, judged, tuple(case), tuple(reference), tuple(runs.failures([*cases, *references])))


def report(found: Sequence[Outcome], left: Iterable[Check], subjects: int) -> dict[str, Any]:
    """Return all that was found as JSON values, and which checks were not run and why."""
    return {
        "version": __version__,
        "code": package_hash()[:12],
        "subjects": subjects,
        "counts": counts(found),
        "checks": [one.as_json() for one in found],
        "not_run": [check.as_json() for check in left],
    }


def counts(found: Sequence[Outcome]) -> dict[str, dict[str, int]]:
    """Return how many checks of each kind agree, disagree and are undecided."""
    out: dict[str, dict[str, int]] = {}
    for kind in ("prediction", "calibration"):
        of_kind: Counter[str] = Counter(one.judged.verdict for one in found if one.check.entry.kind == kind)
        out[kind] = {verdict: of_kind[verdict] for verdict in VERDICTS}
    return out


def told_finding(check: Check) -> str:
    """Return the finding in an arrow and its numbers."""
    finding = check.finding.finding
    arrow, numbers = words.ARROWS[finding.direction], words.numbers(finding)
    predicate = check.entry.predicate
    if isinstance(predicate, BySize):
        one = published.group(finding, predicate.group)
        alone = {"groups": (one,), "effect": None, "p": None}
        return f"{one.name}: {words.numbers(finding.model_copy(update=alone))}" if one is not None else numbers
    return arrow if numbers == "-" else f"{arrow}, {numbers}"


def told_model(one: Outcome) -> str:
    """Return the model's mean ± SD over subjects, and that of the reference."""
    unit = "" if one.check.unit in ("", "1") else f" {one.check.unit}"
    return " / ".join(f"{_spread(values)}{unit}" for values in (one.case, one.reference) if values)


def _spread(values: Sequence[float]) -> str:
    found = np.asarray(values, float)
    found = found[np.isfinite(found)]
    if found.size == 0:
        return "-"
    return (
        f"{text(mean_interval(found)[0], 3)} ± {text(float(found.std(ddof=1)), 2)}"
        if found.size > 1
        else text(found[0], 3)
    )


def row(one: Outcome) -> tuple[str, ...]:
    """Return a line of the table."""
    told = one.judged.verdict
    return (
        one.check.name, one.check.finding.name, told_finding(one.check), one.check.entry.measure or "-",
        told_model(one), told, one.check.entry.kind,
    )  # fmt: skip


HEADINGS = ("check", "finding", "says", "measure", "model (subjects / references)", "verdict", "kind")


def left_row(check: Check) -> tuple[str, ...]:
    """Return a line of the list of checks."""
    entry = check.entry
    asked = "-" if entry.predicate is None else entry.predicate.kind
    run = "-" if entry.experiment is None else entry.experiment.name
    return (
        check.name, check.finding.name, told_finding(check), run, entry.measure or "-", asked, entry.kind,
        check.why_not or "ready",
    )  # fmt: skip


LEFT_HEADINGS = ("check", "finding", "says", "experiment", "measure", "asks for", "kind", "state")


def markdown(found: Sequence[Outcome], left: Sequence[Check], subjects: int) -> str:
    """Return the page of a round of checks."""
    told = counts(found)
    lines = [
        "# Findings as tests of the model",
        "",
        f"Written by `dystolab evidence test` (dystolab {__version__}, code {package_hash()[:12]}); {subjects} "
        "subjects, mean ± SD. A measurement: nothing was tuned on it. `calibration`: something was tuned on this "
        "measure, or it holds by construction.",
        "",
        *(
            f"- {kind}: " + ", ".join(f"{n} {verdict}" for verdict, n in of_kind.items())
            for kind, of_kind in told.items()
        ),
        "",
        _table(HEADINGS, map(row, found)),
        "",
        "## Each check",
        *(line for one in found for line in _details(one)),
        "",
        "## Not run",
        "",
        _table(LEFT_HEADINGS, map(left_row, left)),
    ]
    return "\n".join(lines) + "\n"


def _details(one: Outcome) -> list[str]:
    check, entry = one.check, one.check.entry
    study = check.finding.study
    return [
        "",
        f"### {check.name}: {one.judged.verdict}",
        "",
        f"- finding: {check.finding.finding.what} ({words.source(study)}; read: {study.read.replace('_', ' ')})",
        f"- model: {check.state_of_subject()}"
        + (f", beside {check.state_of_reference()}" if one.reference else "")
        + f": {told_model(one)}",
        f"- {one.judged.why}",
        *([f"- {note}"] if (note := _note(check)) else []),
        f"- stands for: {entry.stands_for}",
        f"- {entry.kind}: {entry.why}",
        *([f"- species: {entry.species_gap}"] if entry.species_gap else []),
        f"- leaves out: {entry.leaves_out}",
        *(f"- run failed: {why}" for why in one.failures),
    ]


def _note(check: Check) -> str:
    predicate, finding = check.entry.predicate, check.finding.finding
    if predicate is None or predicate.kind not in ("size", "ratio"):
        return getattr(predicate, "reading", None) or ""
    if isinstance(predicate, BySize):
        one = published.group(finding, predicate.group)
        return published.of_group(one, check.unit, predicate.spread_is).note if one is not None else ""
    number = published.log_ratio(finding)
    return number.note if number is not None else ""


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(headings) + " |", "|" + "---|" * len(headings)]
    lines += ["| " + " | ".join(cell.replace("|", "/").replace("\n", " ") for cell in one) + " |" for one in rows]
    return "\n".join(lines)
