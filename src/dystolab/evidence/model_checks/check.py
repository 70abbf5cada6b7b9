"""A check, ready to be run: one finding, one subject beside its reference, one experiment, one measure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from dystolab import experiments, measures, mechanisms
from dystolab.evidence.model_checks.form import Entry, Fault, Task, Who
from dystolab.evidence.verification import Checked
from dystolab.experiments.subject import Subject

State = Literal["ready", "needs", "waiting"]


@dataclass(frozen=True)
class Check:
    """A check.

    Attributes
    ----------
    name : str
        The entry's id, or ``id/mechanism`` where the entry asks for one check of each mechanism.
    entry : Entry
        As written.
    finding : Checked
    faults : tuple of Fault
        What is wrong with the subject.
    """

    name: str
    entry: Entry
    finding: Checked
    faults: tuple[Fault, ...]

    @property
    def state(self) -> State:
        """Whether it can be run; if not, whether something is missing or the finding waits for a second reader."""
        if self.entry.needs:
            return "needs"
        return "ready" if self.finding.verified else "waiting"

    @property
    def why_not(self) -> str:
        """Why it is not run, in one line; empty if it is."""
        if self.entry.needs:
            return "needs " + ", ".join(str(one) for one in self.entry.needs)
        return "" if self.finding.verified else f"waits for verification ({self.finding.status.replace('_', ' ')})"

    @property
    def unit(self) -> str:
        """Unit of the measure; empty if there is none yet."""
        name = self.entry.measure or ""
        return measures.NAMES[name][0] if name in measures.NAMES else ""

    @property
    def compares(self) -> bool:
        """Whether a reference is run too."""
        return self.entry.predicate is not None and self.entry.predicate.kind != "size"

    def experiment(self) -> experiments.Experiment:
        """Return the experiment with its settings."""
        task = self.entry.experiment or Task(name="")
        return experiment_of(task)

    def subject(self, seed: int) -> Subject:
        """Return the subject of that seed."""
        return subject_of(self.entry.subject, self.faults, self.entry.experiment, seed)

    def reference(self, seed: int) -> Subject:
        """Return the reference of that seed: the subject without its mechanisms, if none is named."""
        who = self.entry.reference
        if who is None:
            return subject_of(self.entry.subject, (), self.entry.experiment, seed)
        return subject_of(who, who.mechanisms, self.entry.experiment, seed)

    def state_of_subject(self) -> str:
        """Return who is examined in words."""
        return words(self.entry.subject, self.faults)

    def state_of_reference(self) -> str:
        """Return who the reference is in words."""
        who = self.entry.reference
        return words(self.entry.subject, ()) if who is None else words(who, who.mechanisms)

    def as_json(self) -> dict[str, Any]:
        """Return what is asked as JSON values."""
        study = self.finding.study
        return {
            "check": self.name,
            **self.entry.model_dump(mode="json", exclude={"id", "each_of", "subject"}),
            "subject": {
                **self.entry.subject.model_dump(mode="json"),
                "mechanisms": [fault.model_dump(mode="json") for fault in self.faults],
            },
            "direction": self.finding.finding.direction,
            "source": study.doi or study.address,
            "state": self.state,
            "why_not": self.why_not,
        }


def experiment_of(task: Task) -> experiments.Experiment:
    """Return the experiment that is asked for.

    Raises
    ------
    UnknownNameError, SpecError
        If it or a setting does not exist, or a value is not allowed.
    """
    return experiments.get(task.name)(**task.settings)


def subject_of(who: Who, faults: tuple[Fault, ...], task: Task | None, seed: int) -> Subject:
    """Return the subject of that seed; without a circuit of its own it has the experiment's usual one.

    Raises
    ------
    UnknownNameError, SpecError
        If a name or a value is not allowed.
    """
    circuit = who.circuit or experiments.get((task or Task(name="")).name).circuit
    return Subject(
        circuit=circuit,
        mechanisms=tuple(mechanisms.get(one.name)(severity=one.severity, **one.options) for one in faults),
        lesions=who.lesions,
        seed=seed,
    )


def words(who: Who, faults: tuple[Fault, ...]) -> str:
    """Return who is examined: mechanisms with severities and what is cut, or ``healthy``."""
    told = [f"{one.name} {one.severity:g}" for one in faults] + [f"{name} cut" for name in who.lesions]
    return " + ".join(told) or "healthy"
