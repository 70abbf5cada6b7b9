"""Numbers that pages tell of the shipped evidence base, against the base itself."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from dystolab import evidence
from dystolab.evidence import Base, meta, report
from dystolab.evidence.model_checks import reading
from dystolab.evidence.model_checks.running import Runs

ROOT = Path(__file__).parents[1]
WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@pytest.fixture(scope="module")
def base() -> Base:
    return evidence.load()


def stands_in(name: str, said: str) -> None:
    """Hold that the page `name` says so, wherever its lines break."""
    text = " ".join((ROOT / name).read_text(encoding="utf-8").split())
    assert said in text, f"{name} does not say: {said}"


def test_counts_of_the_base(base: Base) -> None:
    told = report.report(base)
    findings, verified, status = told["findings"], told["verified"], told["by_status"]
    studies, twice, numbers = told["studies"], told["second_readings"], told["verified_with_numbers"]
    unread = [one.study.id for one in base.checked if one.status == "unread"]
    stands_in("README.md", f"nearly all ({findings - status['unread']} of {findings}) read a second time")
    stands_in("docs/roadmap.md", f"{studies} studies, {twice} of them read twice")
    stands_in("docs/roadmap.md", f"{numbers} of {verified} verified findings")
    page = "docs/evidence.md"
    stands_in(page, f"{studies} studies, {told['without_findings']} of them without a result")
    stands_in(page, f"**{told['by_read']['abstract']} were read as abstracts**")
    stands_in(page, f"{findings} findings, {verified} verified; {twice} studies have a second reading, ")
    stands_in(page, f"and {len(unread)} findings of {len(set(unread))} studies have none")
    told_away, without = told["confirmed_told"], told["confirmed_told_without_numbers"]
    stands_in(page, f"in {told_away} of {status['confirmed']} confirmed findings")
    stands_in(page, f"and {without} of these have no number")
    of = len({one.study.id for one in base.checked if one.verified and one.finding.has_numbers})
    stands_in(page, f"**{numbers} verified findings, of {of} studies, have a number**")


def test_pages_that_both_readers_saw(base: Base) -> None:
    pairs = [(second.address, base.studies[name].address) for name, second in base.seconds.items() if second.address]
    same = sum(ours == theirs for theirs, ours in pairs)
    stands_in("docs/evidence.md", f"({same} of {len(pairs)} readings with an address are of the same page)")


def test_counts_of_disagreements(base: Base) -> None:
    told, page = report.report(base), "docs/evidence_disagreements.md"
    status = told["by_status"]
    kept = Counter(
        one.finding.settled.kept for one in base.checked if one.status == "disagreed" and one.finding.settled
    )
    confirmed = [one.finding for one in base.checked if one.status == "confirmed"]
    rest = [finding for finding in confirmed if not finding.has_numbers]
    sized = sum(any(group.n is not None for group in finding.groups) for finding in rest)
    counts = f"{len(confirmed) - len(rest)} with a statistic, effect or p; {sized} with group sizes and a direction; "
    stands_in(page, f"| confirmed | {status['confirmed']} | {counts}{len(rest) - sized} with a direction alone |")
    settled = f"by a third reading: {kept['first']} for the first reader, {kept['second']} for the second"
    stands_in(page, f"| disagreed, settled | {kept.total()} | {settled} |")
    stands_in(page, f"| disagreed, open | {status['disagreed'] - kept.total()} |")
    stands_in(page, f"| not found by the second reader | {status['not_found']} |")
    stands_in(page, f"| unread by a second reader | {status['unread']} |")
    stands_in(page, f"| **all** | **{told['findings']}** | **{told['verified']} verified** |")
    stands_in(page, f"{WORDS[told['bibliography_differences']].capitalize()} differences are left")
    turned = sum(bool(one.turned) for one in base.checked if one.status == "confirmed")
    stands_in(page, f"{turned} confirmed changes stand with opposite signs")


def test_settlements_that_are_told_stand_in_the_base(base: Base) -> None:
    text = (ROOT / "docs" / "evidence_disagreements.md").read_text(encoding="utf-8")
    table = text.split("## Settled, by kind")[1].split("## Open")[0]
    by_name = {one.name: one for one in base.checked}
    told = re.findall(r"^\|[^|]*\| `([a-z0-9_]+/[a-z0-9_]+)`.*\| (first|second): ", table, re.MULTILINE)
    assert len(told) > 10
    for name, kept in told:
        settled = by_name[name].finding.settled
        assert settled is not None and settled.kept == kept, name


def test_what_can_be_pooled(base: Base) -> None:
    pooled = len(meta.poolable(base))
    stands_in("docs/evidence.md", f"{WORDS[pooled]} questions can be pooled")
    stands_in("docs/roadmap.md", f"lists the {WORDS[pooled]} questions that can be pooled")


def test_runs_that_checks_ask_for(base: Base, tmp_path: Path) -> None:
    ready = [check for check in reading.select(reading.load(base), (), None) if check.state == "ready"]
    runs = Runs(tmp_path).all(ready, 1)
    n = Counter(type(run.experiment).__name__.lower() for run in runs)
    stands_in(
        "docs/evidence.md", f"All checks together ask for {len(runs)} runs of each subject: {n['rest']} of `rest`"
    )
    stands_in(
        "docs/evidence.md", f"{n['eyeblink']} of `eyeblink`, {n['posture']} of `posture` and {n['reach']} of `reach`"
    )
