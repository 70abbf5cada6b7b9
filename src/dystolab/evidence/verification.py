"""Two readers who did not see one another's numbers: which findings they agree on.

Only findings that a second reader confirmed, or a disagreement that was settled for one of them, are verified.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

from dystolab.evidence.schema import Finding, Group, NotFound, SecondFinding, SecondReading, Spread, Study

Status = Literal["confirmed", "disagreed", "not_found", "unread"]
STATUSES: tuple[str, ...] = get_args(Status)
_NUMBERS = ("n", "n_of", "mean", "median", "proportion", "count")


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
    verified : bool
        Whether its numbers may enter a statistic.
    """

    study: Study
    finding: Finding
    status: Status
    differences: tuple[Difference, ...] = ()
    additions: tuple[Difference, ...] = ()
    verified: bool = False

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
    differences = tuple(pair for pair in pairs if pair.first is not None and not _same(pair.first, pair.second))
    additions = tuple(pair for pair in pairs if pair.first is None and pair.second is not None)
    if not differences:
        return Checked(study, finding, "confirmed", (), additions, verified=True)
    used = _replaced(finding, second) if kept == "second" else finding
    return Checked(study, used, "disagreed", differences, additions, verified=kept in ("first", "second"))


def bibliography(study: Study, reading: SecondReading | None) -> tuple[Difference, ...]:
    """Return the bibliographic fields that the second reader saw otherwise."""
    if reading is None:
        return ()
    seen = reading.bibliography.model_dump(exclude_none=True)
    pairs = [Difference(key, getattr(study, key), value) for key, value in seen.items()]
    return tuple(pair for pair in pairs if _folded(pair.first) != _folded(pair.second))


def _pairs(finding: Finding, second: SecondFinding) -> list[Difference]:
    out = [Difference("direction", finding.direction, second.direction)]
    for role in ("case", "reference"):
        ours, theirs = finding.of(role), [group for group in second.groups if group.role == role]
        for group, other in _matched(ours, theirs):
            name = f"{role} ({(group or other).name})" if len(ours) > 1 else role  # type: ignore[union-attr]
            out += [Difference(f"{name}.{key}", _get(group, key), _get(other, key)) for key in _NUMBERS]
            out += _spreads(name, _get(group, "spread"), _get(other, "spread"))
    for key in ("kind", "value"):
        out.append(Difference(f"effect.{key}", _get(finding.effect, key), _get(second.effect, key)))
    out += _spreads("effect", _get(finding.effect, "spread"), _get(second.effect, "spread"))
    for key in ("relation", "value"):
        out.append(Difference(f"p.{key}", _get(finding.p, key), _get(second.p, key)))
    return out


def _matched(ours: Any, theirs: list[Group]) -> list[tuple[Group | None, Group | None]]:
    """Return the groups of one role in pairs: those of one name, then the others in their order."""
    left = list(theirs)
    pairs: list[tuple[Group | None, Group | None]] = []
    for group in ours:
        same = next((other for other in left if other.name.lower() == group.name.lower()), None)
        if same is not None:
            left.remove(same)
        pairs.append((group, same))
    for i, (group, other) in enumerate(pairs):
        if other is None and left:
            pairs[i] = (group, left.pop(0))
    return pairs + [(None, other) for other in left]


def _spreads(name: str, ours: Spread | None, theirs: Spread | None) -> list[Difference]:
    return [
        Difference(f"{name}.spread.{key}", _get(ours, key), _get(theirs, key))
        for key in ("kind", "value", "low", "high")
    ]


def _get(thing: Any, key: str) -> Any:
    return None if thing is None else getattr(thing, key)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    return bool(one == other)


def _replaced(finding: Finding, second: SecondFinding) -> Finding:
    """Return `finding` with the second reader's numbers."""
    new = {"direction": second.direction, "groups": second.groups, "effect": second.effect, "p": second.p}
    return finding.model_copy(update={**new, "where": second.where})


def _folded(value: Any) -> str:
    return "".join(letter for letter in str(value).lower() if letter.isalnum())


def _told(value: Any) -> str:
    return "nothing" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
