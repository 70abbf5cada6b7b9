"""What is wrong with a file of the evidence base: file, line, what is allowed and the fix in one line."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from dystolab.errors import EvidenceError

_MANY = 12


@dataclass(frozen=True, order=True)
class Problem:
    """Something wrong at a line of a file; a remark need not be mended.

    Examples
    --------
    >>> print(Problem("a.yaml", 3, "year is missing; every study has it; add `year:`"))
    a.yaml:3: year is missing; every study has it; add `year:`
    """

    file: str
    line: int
    text: str
    remark: bool = False

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {'(remark) ' if self.remark else ''}{self.text}"


def shown(path: Path) -> str:
    """Return `path` as a user would type it: relative to where they are if it lies below."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def unknown(kind: str, name: object, known: Collection[str], listed_in: str = "") -> str:
    """Return the line that refuses `name`: the nearest valid one, and the valid ones (or where they are listed).

    Examples
    --------
    >>> unknown("direction", "up", ("increase", "decrease"))
    "unknown direction 'up'; allowed: increase, decrease; take one of them"
    """
    allowed = ", ".join(known) if len(known) <= _MANY or not listed_in else f"the {len(known)} of {listed_in}"
    tries = (str(name), str(name).rpartition(".")[2])  # a key may be told with where it stands
    near = [best for one in tries for best in difflib.get_close_matches(one, known, n=1, cutoff=0.5)]
    fix = f"did you mean {near[0]!r}?" if near else "take one of them"
    return f"unknown {kind} {str(name)[:80]!r}; allowed: {allowed or 'none'}; {fix}"


def refuse(problems: Iterable[Problem]) -> None:
    """Raise `EvidenceError` with the first problem that is no remark, if there is one.

    Raises
    ------
    EvidenceError
        One line; how many more there are, and what lists them.
    """
    found = sorted(problem for problem in problems if not problem.remark)
    if found:
        more = f" (and {len(found) - 1} more; `dystolab evidence check` lists all)" if len(found) > 1 else ""
        raise EvidenceError(f"{found[0]}{more}")
