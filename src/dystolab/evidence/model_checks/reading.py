"""Files of checks: every problem with its line, and each finding and name as it must exist."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dystolab import experiments, measures, mechanisms
from dystolab.circuit import presets
from dystolab.errors import DystolabError, UnknownNameError
from dystolab.evidence import parsing, tree
from dystolab.evidence.base import Base
from dystolab.evidence.model_checks import published
from dystolab.evidence.model_checks.check import Check, experiment_of, subject_of
from dystolab.evidence.model_checks.form import ByDirection, Entry, Fault, File, What, Who
from dystolab.evidence.problems import Problem, refuse, unknown
from dystolab.evidence.tree import Keys
from dystolab.evidence.verification import Checked

SHIPPED = Path(__file__).with_name("checks")
"""The folder of the checks that come with the package."""

_KNOWN: dict[str, Mapping[str, Any]] = {
    "experiment": experiments.NAMES, "measure": measures.NAMES, "mechanism": mechanisms.NAMES, "circuit": presets.NAMES,
}  # fmt: skip
_LISTS = ("_by_block", "_by_time")


def load(base: Base, *folders: Path, shipped: bool = True) -> tuple[Check, ...]:
    """Return the checks that come with the package, and those in `folders` (in ``checks``, if a folder has that).

    Raises
    ------
    EvidenceError
        If a file is not as it must be.
    """
    found, problems = read(base, *folders, shipped=shipped)
    refuse(problems)
    return found


def read(base: Base, *folders: Path, shipped: bool = True) -> tuple[tuple[Check, ...], list[Problem]]:
    """Return what `load` does of all that could be read, and every problem of every file."""
    out: dict[str, Check] = {}
    problems: list[Problem] = []
    seen: dict[str, str] = {}
    places = [SHIPPED] if shipped else []
    for folder in folders:
        inner = folder / "checks"
        if inner.is_dir():
            places.append(inner)
    for file in (file for place in places for file in sorted(place.glob("*.yaml"))):
        document = tree.read(file)
        out |= {check.name: check for check in _checks(document, base, seen)}
        problems += document.problems
    return tuple(out.values()), sorted(set(problems))


def select(checks: Sequence[Check], names: Sequence[str], experiment: str | None = None) -> tuple[Check, ...]:
    """Return the checks that are asked for, by their names or their entries' ids, and by experiment.

    Raises
    ------
    UnknownNameError
        If there is none of a name.
    """
    known = {check.name for check in checks} | {check.entry.id for check in checks}
    for name in names:
        if name not in known:
            raise UnknownNameError("check", name, known, "dystolab evidence test --list")
    if experiment is not None and experiment not in experiments.NAMES:
        raise UnknownNameError("experiment", experiment, experiments.NAMES)
    return tuple(
        check
        for check in checks
        if (not names or check.name in names or check.entry.id in names)
        and (experiment is None or (check.entry.experiment is not None and check.entry.experiment.name == experiment))
    )


@dataclass(frozen=True)
class _Place:
    """Where an entry stands, for what is wrong with it."""

    document: tree.Document
    at: Keys
    name: str

    def problem(self, path: Keys, text: str, *, remark: bool = False) -> None:
        self.document.problem((*self.at, *path), f"{self.name}: {text}", remark=remark)

    def attempt(self, path: Keys, action: Callable[[], Any]) -> Any:
        """Return what `action` does, or None with its complaint noted at `path`."""
        try:
            return action()
        except DystolabError as error:
            self.problem(path, f"{error}; allowed: what `dystolab list` shows; correct it")
        except (TypeError, ValueError) as error:
            self.problem(path, f"{' '.join(str(error).split())}; allowed: what its documentation says; correct it")
        return None


def _checks(document: tree.Document, base: Base, seen: dict[str, str]) -> list[Check]:
    raw = document.value
    if not isinstance(raw, dict):
        if not document.problems:
            document.problem((), "is no file of checks; allowed: a mapping with about and checks; see docs/evidence.md")
        return []
    items = raw.get("checks")
    listed = items if isinstance(items, list) else []
    # Entries are read one by one, so that a mistake in one hides nothing of the others.
    parsing.model(document, File, {**raw, "checks": _EMPTY if listed else items}, (), base.vocabulary)
    found: list[Check] = []
    for i, item in enumerate(listed):
        entry = parsing.model(document, Entry, item, ("checks", i), base.vocabulary)
        if entry is None:
            continue
        place = _Place(document, ("checks", i), entry.id)
        if entry.id in seen:
            place.problem(("id",), f"id stands in {seen[entry.id]} already; allowed: once; rename one")
            continue
        seen[entry.id] = document.file
        before = len(document.problems)
        finding = _finding(place, entry, base)
        _needs(place, entry)
        exists = all(problem.remark for problem in document.problems[before:])
        if finding is not None and exists and not entry.needs:
            _complete(place, entry, finding)
        if finding is not None and not any(not problem.remark for problem in document.problems[before:]):
            found += _expanded(entry, finding)
    return found


_EMPTY = (
    Entry(id="none", finding="a/b", stands_for="-", kind="prediction", why="-", species_gap=None, leaves_out="-"),
)
"""Stands for the entries of a file while the rest of it is looked at."""


def _expanded(entry: Entry, finding: Checked) -> list[Check]:
    always = entry.subject.mechanisms
    if not entry.each_of:
        return [Check(entry.id, entry, finding, always)]
    return [Check(f"{entry.id}/{one.name}", entry, finding, (*always, one)) for one in entry.each_of]


def _finding(place: _Place, entry: Entry, base: Base) -> Checked | None:
    study, _, name = entry.finding.partition("/")
    if study not in base.studies:
        said = unknown("study", study, base.studies, "base (`dystolab evidence list`)")
        place.problem(("finding",), said)
        return None
    found = {one.finding.id: one for one in base.by_study[study]}
    if name not in found:
        place.problem(("finding",), unknown(f"finding of {study}", name, found))
        return None
    return found[name]


def _needs(place: _Place, entry: Entry) -> None:
    """Note what is said to be missing and is there, and what is missing and not said to be."""
    for i, needed in enumerate(entry.needs):
        if needed.name in _KNOWN.get(needed.what, {}):
            said = f"needs {needed}, and there is one; allowed; write the check out"
            place.problem(("needs", i), said, remark=True)
    missing = {(needed.what, needed.name) for needed in entry.needs}
    asked: list[tuple[What, Keys, str | None]] = [
        ("experiment", ("experiment", "name"), entry.experiment.name if entry.experiment else None),
        ("measure", ("measure",), entry.measure),
    ]
    for key, who in (("subject", entry.subject), ("reference", entry.reference)):
        if who is not None:
            asked.append(("circuit", (key, "circuit"), who.circuit))
            asked += [("mechanism", (key, "mechanisms", i), one.name) for i, one in enumerate(who.mechanisms)]
    asked += [("mechanism", ("each_of", i), one.name) for i, one in enumerate(entry.each_of)]
    for what, path, name in asked:
        if name is not None and (what, name) not in missing and name not in _KNOWN[what]:
            said = unknown(what, name, _KNOWN[what], f"`dystolab list {what}s`")
            place.problem(path, f"{said} Or say `needs: [{{what: {what}, name: {name}}}]`")
    named = [one.name for one in entry.each_of]
    for name in {name for name in named if named.count(name) > 1}:
        place.problem(("each_of",), f"mechanism {name} stands twice; allowed: once each; take one away")


def _complete(place: _Place, entry: Entry, finding: Checked) -> None:
    """Note what is missing or does not fit in an entry that is to be run; its names exist."""
    for key in ("experiment", "measure", "predicate"):
        if getattr(entry, key) is None:
            place.problem((), f"{key} is missing; allowed: without it only what needs something; add it, or `needs:`")
    if entry.measure is not None:
        _measure(place, entry, entry.measure)
    if entry.experiment is not None:
        task = entry.experiment
        place.attempt(("experiment", "settings"), lambda: experiment_of(task))
        _people(place, entry)
    if finding.verified:
        _predicate(place, entry, finding)


def _measure(place: _Place, entry: Entry, name: str) -> None:
    if name.endswith(_LISTS):
        place.problem(("measure",), f"{name} is a list; allowed: a measure of one number; choose another")
    epochs = entry.experiment.settings.get("epochs") if entry.experiment is not None else None
    _, _, epoch = name.partition(".")
    if isinstance(epochs, list) and epoch in measures.EPOCHS and epoch not in epochs:
        said = f"{name} is of an epoch that is not asked for; allowed: {', '.join(map(str, epochs))}; add {epoch}"
        place.problem(("measure",), said)


def _people(place: _Place, entry: Entry) -> None:
    """Build every subject's circuit, so that what does not fit is told before anything is run."""
    always = entry.subject.mechanisms
    everybody: list[tuple[Keys, Who, tuple[Fault, ...]]] = [
        (("each_of", i), entry.subject, (*always, one)) for i, one in enumerate(entry.each_of)
    ] or [(("subject",), entry.subject, always)]
    if entry.reference is not None:
        everybody.append((("reference",), entry.reference, entry.reference.mechanisms))
    for path, who, faults in everybody:
        place.attempt(path, _built(who, faults, entry))
    compares = entry.predicate is not None and entry.predicate.kind != "size"
    if compares and entry.reference is None and not entry.each_of and not always:
        said = "subject and reference are the same; allowed: a mechanism, or another reference; add one"
        place.problem(("subject",), said)


def _built(who: Who, faults: tuple[Fault, ...], entry: Entry) -> Callable[[], Any]:
    return lambda: subject_of(who, faults, entry.experiment, 1).build()


def _predicate(place: _Place, entry: Entry, checked: Checked) -> None:
    """Note where what is asked does not follow from the finding."""
    asked, finding = entry.predicate, checked.finding
    if asked is None:
        return
    if isinstance(asked, ByDirection):
        if asked.expects != finding.direction and asked.reading is None:
            said = f"expects {asked.expects}, and the finding says {finding.direction}"
            place.problem(("predicate", "expects"), f"{said}; allowed: the finding's; change it, or add `reading:`")
    elif asked.kind == "equivalence":
        if finding.direction != "no_change":
            said = f"equivalence, and the finding says {finding.direction}; allowed: no_change; ask for a direction"
            place.problem(("predicate", "kind"), said)
    elif asked.kind == "ratio":
        _of_ratio(place, asked.within, asked.why, published.log_ratio(finding))
    elif asked.kind == "size":
        _of_size(place, entry, checked)


def _of_ratio(place: _Place, within: float | None, why: str | None, printed: published.Number | None) -> None:
    at: Keys = ("predicate",)
    if printed is None:
        place.problem(at, "the finding prints no ratio; allowed: two means above 0, or a percent change; ask otherwise")
    elif (printed.half95 is None) != (within is not None):
        told = "does not tell how sure it is; add `within:`" if within is None else "tells how sure it is; take it away"
        place.problem(at, f"within and the printed ratio; allowed: one tolerance; what is printed {told}")
    elif (within is None) != (why is None):
        place.problem(at, "within and why come together; allowed: both or none; add the other")


def _of_size(place: _Place, entry: Entry, checked: Checked) -> None:
    asked, at = entry.predicate, ("predicate",)
    assert asked is not None and asked.kind == "size"
    one = published.group(checked.finding, asked.group)
    if one is None:
        place.problem(at, f"the finding prints no number of a {asked.group}; allowed: with a number; ask otherwise")
        return
    unit = measures.NAMES.get(entry.measure or "", ("", ""))[0]
    theirs = published.UNITS.get(checked.finding.unit or "")
    if one.statistic in ("mean", "median") and unit and theirs != unit:
        said = f"the finding is in {checked.finding.unit}, the measure in {unit}; allowed: one unit; choose another"
        place.problem(at, said)
    unstated = one.spread is not None and one.spread.kind == "unstated"
    if (asked.spread_is is not None) != (asked.why is not None) or (asked.spread_is is not None and not unstated):
        said = "spread_is and why come together, for a spread that is unstated; allowed: both or none; change it"
        place.problem(at, said)
    elif published.of_group(one, unit, asked.spread_is).half95 is None:
        said = "nothing printed tells how sure the number is; allowed: sd, sem, iqr with n, ci95; ask otherwise"
        place.problem(at, said)
