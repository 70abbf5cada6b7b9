"""Two readers who did not see one another's numbers: which findings they agree on.

Only findings that a second reader confirmed, or a disagreement that was settled for one of them, are verified.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from dystolab.evidence.schema import (
    STATISTICS,
    Finding,
    Group,
    NotFound,
    Role,
    SecondFinding,
    SecondGroup,
    SecondReading,
    Spread,
    Study,
)

Status = Literal["confirmed", "disagreed", "not_found", "unread"]
STATUSES: tuple[str, ...] = get_args(Status)
ROLES: tuple[Role, ...] = get_args(Role)
_NUMBERS = ("n", *STATISTICS)


@dataclass(frozen=True)
class Difference:
    """A field on which the readers differ, with what each read."""

    field: str
    first: Any
    second: Any

    def __str__(self) -> str:
        return f"{self.field}: {_told(self.first)} / {_told(self.second)}"


@dataclass(frozen=True)
class Checked:
    """A finding with what the second reader made of it.

    Attributes
    ----------
    study : Study
    finding : Finding
        With the numbers to use: those of the reader that the settlement kept.
    status : {"confirmed", "disagreed", "not_found", "unread"}
    differences : tuple of Difference
        Where they disagree.
    additions : tuple of Difference
        Numbers that only the second reader found; no disagreement.
    turned : tuple of Difference
        Effects that both readers told with one direction and size, but the opposite sign (an improvement of 40 % typed
        as 40 or as -40): no disagreement, and not silent either.
    verified : bool
        Whether its numbers may enter a statistic.
    """

    study: Study
    finding: Finding
    status: Status
    differences: tuple[Difference, ...] = ()
    additions: tuple[Difference, ...] = ()
    verified: bool = False
    turned: tuple[Difference, ...] = ()

    @property
    def name(self) -> str:
        """Study and finding in one word."""
        return f"{self.study.id}/{self.finding.id}"


def compared(study: Study, finding: Finding, reading: SecondReading | None) -> Checked:
    """Return `finding` with its status after the second `reading` of its study."""
    second = reading.findings.get(finding.id) if reading else None
    if second is None:
        return Checked(study, finding, "unread")
    kept = finding.settled.kept if finding.settled else None
    if isinstance(second, NotFound):
        # There are no second numbers to keep; the first ones stand if somebody looked again and said so.
        return Checked(study, finding, "not_found", verified=kept == "first")
    pairs = list(_pairs(finding, second))
    turned = tuple(pair for pair in pairs if _turned(pair, finding, second))
    alone = finding.contrast == "single_group"
    differences = tuple(
        pair for pair in pairs if pair.first is not None and pair not in turned and not _same(pair, alone)
    )
    additions = tuple(pair for pair in pairs if pair.first is None and pair.second is not None)
    if not differences:
        return Checked(study, finding, "confirmed", (), additions, verified=True, turned=turned)
    used = _replaced(finding, second) if kept == "second" else finding
    verified = kept in ("first", "second")
    return Checked(study, used, "disagreed", differences, additions, verified=verified, turned=turned)


def _pairs(finding: Finding, second: SecondFinding) -> list[Difference]:
    out = [Difference("direction", finding.direction, second.direction)]
    if second.factor is not None:  # findings that need none were not asked for one
        out.append(Difference("factor", finding.factor, second.factor))
    for name, group, other in _groups(finding, second):
        out += [Difference(f"{name}.{key}", _get(group, key), _get(other, key)) for key in _NUMBERS]
        if _get(other, "n_of") is not None:  # no number: only another answer is a disagreement
            out.append(Difference(f"{name}.n_of", _get(group, "n_of"), _get(other, "n_of")))
        out += _spreads(name, _get(group, "spread"), _get(other, "spread"))
    for key in ("kind", "value"):
        out.append(Difference(f"effect.{key}", _get(finding.effect, key), _get(second.effect, key)))
    out += _spreads("effect", _get(finding.effect, "spread"), _get(second.effect, "spread"))
    for key in ("relation", "value"):
        out.append(Difference(f"p.{key}", _get(finding.p, key), _get(second.p, key)))
    return out


def _groups(finding: Finding, second: SecondFinding) -> list[tuple[str, Group | None, SecondGroup | None]]:
    """Return the groups of both readers in pairs, each with a name for what is told of it."""
    out: list[tuple[str, Group | None, SecondGroup | None]] = []
    for role in ROLES:
        pairs = _matched(finding.of(role), [group for group in second.groups if group.role == role])
        for group, other in pairs:
            told = _get(group, "name") or _get(other, "name") or "unnamed"
            out.append((f"{role} ({told})" if len(pairs) > 1 else role, group, other))
    return out


def _matched(ours: Sequence[Group], theirs: list[SecondGroup]) -> list[tuple[Group | None, SecondGroup | None]]:
    """Return the groups of one role in pairs: those of one name, then the others in their order."""
    left = list(theirs)
    pairs: list[tuple[Group | None, SecondGroup | None]] = []
    for group in ours:
        same = next((other for other in left if (other.name or "").lower() == group.name.lower()), None)
        if same is not None:
            left.remove(same)
        pairs.append((group, same))
    for i, (first, other) in enumerate(pairs):
        if other is None and left:
            pairs[i] = (first, left.pop(0))
    return pairs + [(None, other) for other in left]


def _spreads(name: str, ours: Spread | None, theirs: Spread | None) -> list[Difference]:
    return [
        Difference(f"{name}.spread.{key}", _get(ours, key), _get(theirs, key))
        for key in ("kind", "value", "low", "high")
    ]


def _get(thing: Any, key: str) -> Any:
    return None if thing is None else getattr(thing, key)


def _turned(pair: Difference, finding: Finding, second: SecondFinding) -> bool:
    """Tell whether an effect has the same size and the opposite sign, and the readers' one direction tells its sense.

    Only changes that papers print as improvements; of a correlation or a standardised one the sign is the result.
    """
    return (
        pair.field == "effect.value"
        and pair.first is not None
        and pair.second is not None
        and finding.direction == second.direction
        and finding.direction in ("increase", "decrease")
        and finding.effect is not None
        and finding.effect.kind in ("percent_change", "mean_difference")
        and pair.first != 0
        and math.isclose(pair.first, -pair.second, rel_tol=1e-9)
    )


def _same(pair: Difference, alone: bool) -> bool:
    """Tell whether the readers mean the same.

    Mixed and described both say that there is no one direction. A single group (`alone`) is compared with nobody: what
    the first reader calls described or mixed, the second may call no change.
    """
    one, other = pair.first, pair.second
    if pair.field == "direction":
        none = {"mixed", "described", "no_change"} if alone and one != "no_change" else {"mixed", "described"}
        return one == other or {one, other} <= none
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    return bool(one == other)


def _replaced(finding: Finding, second: SecondFinding) -> Finding:
    """Return `finding` with the second reader's numbers; whether p is adjusted only the first reader was asked."""
    adjusted = finding.p is not None and finding.p.adjusted
    p = second.p.model_copy(update={"adjusted": adjusted or second.p.adjusted}) if second.p is not None else None
    named = [_group(group, other) for _, group, other in _groups(finding, second) if other is not None]
    new = {"direction": second.direction, "groups": tuple(named), "effect": second.effect, "p": p}
    return finding.model_copy(update={**new, "factor": second.factor or finding.factor, "where": second.where})


def _group(first: Group | None, second: SecondGroup) -> Group:
    """Return the second reader's numbers on a group as the first would write them: one statistic, the same if given."""
    given = [key for key in STATISTICS if getattr(second, key) is not None]
    kept = first.statistic if first is not None and first.statistic in given else next(iter(given), None)
    dropped = {key: None for key in STATISTICS if key != kept}
    if kept not in ("mean", "median"):
        dropped["spread"] = None
    if second.n is None or second.n_of is None:
        dropped |= {"n": None, "n_of": None}
    return Group(**{**second.model_dump(), **dropped, "name": second.name or _get(first, "name") or second.role})


def _told(value: Any) -> str:
    return "nothing" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
