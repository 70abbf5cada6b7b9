"""What a study says must make sense in itself: numbers and directions, groups and contrasts, days."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from dystolab.evidence.schema import TWO_SIDED_CONTRASTS, Finding, Study
from dystolab.evidence.tree import Document, Keys

_POOLS = ("pooled", "meta_analysis")
_SIGNED = {
    "mean_difference": 0.0,
    "cohens_d": 0.0,
    "hedges_g": 0.0,
    "percent_change": 0.0,
    "ratio": 1.0,
    "odds_ratio": 1.0,
}

Said = tuple[Keys, str, bool]
"""Where below the study, what, and whether it is a mere remark."""


def study(document: Document, found: Study, today: date) -> None:
    """Note in `document` what does not make sense in the study `found` as a whole."""
    for path, said, remark in _whole(found, today):
        document.problem(path, said, remark=remark)
    for finding in found.findings:
        if finding.condition not in (*found.conditions, "healthy"):
            said = f"condition {finding.condition} is not among the study's; allowed: {', '.join(found.conditions)}"
            document.problem(place(document, finding), f"{finding.id}: {said}; add it", remark=True)


def findings(document: Document, found: Iterable[Finding]) -> None:
    """Note in `document` what does not make sense in the findings of a study."""
    seen: set[str] = set()
    for finding in found:
        at = place(document, finding)
        if finding.id in seen:
            document.problem((*at, "id"), f"finding id {finding.id!r} stands twice; allowed: once; rename one")
        seen.add(finding.id)
        for path, said, remark in _finding(finding):
            document.problem((*at, *path), f"{finding.id}: {said}", remark=remark)


def place(document: Document, finding: Finding) -> Keys:
    """Return where `finding` stands in its study's document."""
    items = document.value["findings"]
    return (
        "findings",
        next(i for i, item in enumerate(items) if isinstance(item, dict) and item.get("id") == finding.id),
    )


def _whole(study: Study, today: date) -> Iterator[Said]:
    # Somebody east of us may have read it tomorrow.
    if study.read_on > today + timedelta(days=1):
        yield ("read_on",), f"read_on {study.read_on} lies in the future; allowed: up to {today}; check the year", False
    if study.year is not None and study.year > today.year + 1:
        yield ("year",), f"year {study.year} lies in the future; allowed: up to {today.year + 1}; check it", False
    if study.contains and study.kind not in _POOLS:
        said = (
            f"contains is for pooled studies, and kind is {study.kind}; allowed: kind {' or '.join(_POOLS)}; change one"
        )
        yield ("contains",), said, False
    if study.id in (*study.contains, *study.conflicts_with, *study.overlaps_with):
        yield ("id",), f"{study.id} names itself; allowed: other studies; take it out", False
    if study.findings and study.read == "title":
        yield (
            ("read",),
            "findings were read, and read is title; allowed: a deeper level with findings; correct it",
            False,
        )
    if study.findings and study.address is None:
        # A text may be displayed without its address; whoever read it says so.
        said = "findings without the address where they were read; allowed: http(s)://..., or null and a note why"
        yield ("address",), f"{said}; add it", study.notes is not None


def _finding(finding: Finding) -> Iterator[Said]:
    yield from _groups(finding)
    yield from _unit(finding)
    yield from _direction(finding)


def _groups(finding: Finding) -> Iterator[Said]:
    if not finding.groups:
        return
    roles = [group.role for group in finding.groups]
    if "case" not in roles:
        yield ("groups",), "no group has the role case; allowed: case first, then reference; add it", False
    needs = finding.contrast in TWO_SIDED_CONTRASTS and finding.design == "between"
    if needs and "reference" not in roles:
        said = f"no group has the role reference, and {finding.contrast} has two sides; allowed: both, or no groups"
        yield ("groups",), f"{said}; add `{{name: ..., role: reference}}`", False
    if roles != sorted(roles):
        yield ("groups",), "a reference stands before a case; allowed: case first; move it", False
    names = [(group.role, group.name) for group in finding.groups]
    if len(set(names)) < len(names):
        yield ("groups",), "two groups of one role share a name; allowed: one name each; rename one", False


def _unit(finding: Finding) -> Iterator[Said]:
    has = any(group.mean is not None or group.median is not None for group in finding.groups)
    has = has or (finding.effect is not None and finding.effect.kind == "mean_difference")
    if has and finding.unit is None:
        yield ("unit",), "unit is missing; allowed: percent, ms, Hz, deg, points, '1' (pure number)...; add it", False


def _direction(finding: Finding) -> Iterator[Said]:
    # After a settlement it says that no direction is printed.
    if finding.direction == "described" and finding.contrast != "single_group" and finding.settled is None:
        yield (
            ("direction",),
            "described is for single_group; allowed: increase, decrease, no_change, mixed; choose",
            True,
        )
    if finding.contrast == "single_group" and finding.direction in ("increase", "decrease"):
        said = (
            f"{finding.direction} of a single group; allowed: mixed, described, no_change; it is compared with nobody"
        )
        yield ("direction",), said, False
    if finding.direction == "no_change" and finding.p is not None and finding.p.significant:
        said = f"no_change beside p {finding.p.relation} {finding.p.value:g}; allowed; make sure that p belongs to it"
        yield ("direction",), said, True
    if finding.direction not in ("increase", "decrease"):
        return
    sign, difference = finding.sign, finding.difference
    if difference * sign < 0:
        said = f"{finding.direction} is at odds with case - reference = {difference:g}"
        if finding.p is not None and finding.p.significant:
            said += f" at p {finding.p.relation} {finding.p.value:g}; allowed: the sign of the numbers; check both"
            yield ("direction",), said, False
        else:
            yield ("direction",), f"{said}; allowed, but no effect size follows; check both", True
    effect = finding.effect
    if effect is None:
        return
    if effect.kind == "correlation":
        if effect.value * sign < 0:
            said = (
                f"{finding.direction} is at odds with the correlation {effect.value:g}; allowed: its sign; check both"
            )
            yield ("direction",), said, False
    elif (effect.value - _SIGNED[effect.kind]) * sign < 0:
        # Papers print falls as positive improvements, so that this may be as it should.
        said = f"{finding.direction} beside a {effect.kind} of {effect.value:g}; allowed; make sure of the sign"
        yield ("direction",), said, True
