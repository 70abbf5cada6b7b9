"""How well the base is read: entries by reading level, findings by what a second reader made of them."""

from __future__ import annotations

from collections import Counter
from typing import Any, get_args

from dystolab.evidence import bibliography
from dystolab.evidence.base import Base
from dystolab.evidence.schema import Read
from dystolab.evidence.telltale import gives_away
from dystolab.evidence.verification import STATUSES


def report(base: Base) -> dict[str, Any]:
    """Return the counts of the base.

    Returns
    -------
    dict
        ``studies``, ``by_read``, ``by_kind``, ``by_species``, ``by_implication``, ``without_findings``,
        ``unconfirmed_bibliography``, ``second_readings``, ``bibliography_differences``, ``findings``, ``by_status``,
        ``settled``, ``confirmed_told`` (confirmed findings whose question gave the answer away),
        ``confirmed_told_without_numbers``, ``verified``, ``verified_with_numbers`` (more than a direction and sizes of
        groups), and ``confirmed_share`` of the findings that were read twice (None if none was).
    """
    studies = base.studies.values()
    status = Counter[str](one.status for one in base.checked)
    told = [one for one in base.checked if one.status == "confirmed" and gives_away(one.finding)]
    twice = sum(count for name, count in status.items() if name != "unread")
    return {
        "studies": len(studies),
        "by_read": _counted([study.read for study in studies], get_args(Read)),
        "by_kind": dict(Counter(study.kind for study in studies).most_common()),
        "by_species": dict(Counter(study.species for study in studies).most_common()),
        "by_implication": dict(Counter(study.implication for study in studies).most_common()),
        "without_findings": sum(not study.findings for study in studies),
        "unconfirmed_bibliography": sum(bool(study.bibliography_unconfirmed) for study in studies),
        "second_readings": len(base.seconds),
        "bibliography_differences": sum(
            len(bibliography.differences(study, base.seconds.get(study.id))) for study in studies
        ),
        "findings": len(base.checked),
        "by_status": {name: status[name] for name in STATUSES},
        "settled": sum(one.status != "confirmed" and one.verified for one in base.checked),
        "confirmed_told": len(told),
        "confirmed_told_without_numbers": sum(not one.finding.has_numbers for one in told),
        "verified": sum(one.verified for one in base.checked),
        "verified_with_numbers": sum(one.verified and one.finding.has_numbers for one in base.checked),
        "confirmed_share": status["confirmed"] / twice if twice else None,
    }


def markdown(told: dict[str, Any]) -> str:
    """Return a `report` as a page of tables."""
    from dystolab import __version__

    counts = {key: value for key, value in told.items() if not isinstance(value, dict)}
    share = counts.pop("confirmed_share")
    counts["confirmed, of findings read twice"] = "none read twice" if share is None else f"{100 * share:.1f} %"
    parts = {"Counts": counts, **{key: value for key, value in told.items() if isinstance(value, dict)}}
    lines = [
        "# Coverage of the evidence base",
        "",
        f"Written by `dystolab evidence check --report` of dystolab {__version__}.",
    ]
    for title, found in parts.items():
        lines += ["", f"## {_words(title)}", "", "| what | number |", "|---|---|"]
        lines += [f"| {_words(name)} | {count} |" for name, count in found.items()]
    return "\n".join(lines) + "\n"


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _counted(values: list[str], order: tuple[str, ...]) -> dict[str, int]:
    found = Counter(values)
    return {name: found[name] for name in order}
