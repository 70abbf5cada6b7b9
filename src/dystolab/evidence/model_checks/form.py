"""The form of a check: which finding, what stands for the patients or animals, what is run, and what would agree."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from dystolab.evidence.schema import Id, Many, Number, Part, Role, Share, Text

Kind = Literal["calibration", "prediction"]
Test = Literal["t", "wilcoxon", "sign"]
What = Literal["experiment", "measure", "mechanism", "stimulation", "circuit", "number"]
Positive = Annotated[Number, Field(gt=0)]
Alpha = Annotated[Number, Field(gt=0, lt=0.5)]


class Fault(Part):
    """A mechanism and its severity; `options` are the mechanism's own."""

    name: Id
    severity: Annotated[Share, Field(gt=0)]
    options: dict[str, Number] = Field(default_factory=dict)


class Who(Part):
    """Who is examined; without a circuit that which the experiment usually has."""

    circuit: Text | None = None
    mechanisms: tuple[Fault, ...] = ()
    lesions: tuple[Text, ...] = ()


class Task(Part):
    """An experiment with those of its settings that are not the usual ones."""

    name: Id
    settings: dict[str, Any] = Field(default_factory=dict)


class Smallest(Part):
    """The smallest effect of interest, in the measure's unit or in percent of the reference, and why it is that."""

    value: Positive
    of: Literal["measure", "percent_of_reference"]
    why: Text


class ByDirection(Part):
    """Subjects against the references of the same seeds: a rise or a fall, as the finding says, that is large enough.

    Subjects of a model differ so little that every difference would count without a smallest one.
    `reading` says how it follows from a finding that does not print that direction for this measure.
    """

    kind: Literal["direction"]
    expects: Literal["increase", "decrease"]
    reading: Text | None = None
    test: Test
    alpha: Alpha
    smallest: Smallest


class BySize(Part):
    """The subjects' mean against the printed number of a group, within its 95 % interval and the model's own.

    `spread_is` says what an unstated spread is taken for, `why` on what grounds.
    """

    kind: Literal["size"]
    group: Role
    spread_is: Literal["sd", "sem"] | None = None
    why: Text | None = None


class ByRatio(Part):
    """Subject over reference against case over reference as printed.

    `within` is the factor that counts as near where nothing printed tells how sure the ratio is; `why` on what grounds.
    """

    kind: Literal["ratio"]
    within: Annotated[Number, Field(gt=1)] | None = None
    why: Text | None = None


class ByEquivalence(Part):
    """Two one-sided tests: the difference from the reference lies within the smallest effect of interest."""

    kind: Literal["equivalence"]
    alpha: Alpha
    smallest: Smallest


Predicate = Annotated[ByDirection | BySize | ByRatio | ByEquivalence, Field(discriminator="kind")]


class Needed(Part):
    """Something that dystolab does not have yet."""

    what: What
    name: Text
    why: Text | None = None

    def __str__(self) -> str:
        return f"{self.what} {self.name}"


class Entry(Part):
    """One finding as a test; with `each_of` one check for each of these mechanisms.

    Parameters
    ----------
    finding : str
        ``study/finding`` of the base.
    stands_for : str
        What of the circuit stands for whom in the finding, and why.
    subject, reference : Who
        Without `reference`: the subject without its mechanisms.
    kind, why : str
        Whether something was tuned on this measure, or holds by construction (calibration), or not (prediction).
    species_gap, leaves_out : str
        What lies between finding and model.
    needs : tuple of Needed
        What is missing; the check is listed and never run, and may leave out what it can't say yet.
    """

    id: Id
    finding: Text
    stands_for: Text
    subject: Who = Who()
    each_of: tuple[Fault, ...] = ()
    reference: Who | None = None
    experiment: Task | None = None
    measure: Text | None = None
    predicate: Predicate | None = None
    kind: Kind
    why: Text
    species_gap: Text | None
    leaves_out: Text
    needs: tuple[Needed, ...] = ()


class File(Part):
    """A file of checks that belong together."""

    about: Text
    checks: Many[Entry]
