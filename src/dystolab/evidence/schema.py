"""The form of a study: frozen models that refuse any key they do not know.

With a vocabulary as validation context (``{"vocabulary": ...}``) terms are checked as well.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from datetime import date
from typing import Annotated, Any, Literal, Self, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from dystolab.evidence.problems import unknown

Kind = Literal["original", "pooled", "meta_analysis", "review", "model", "case_report"]
Species = Literal["human", "mouse", "rat", "hamster", "monkey", "in_silico", "mixed"]
Read = Literal["title", "secondary", "abstract", "table", "results", "full_text"]
Implication = Literal["driver", "compensation", "bystander", "network", "against", "not_addressed"]
Answer = Literal["yes", "no", "unclear"]
BibliographicField = Literal["title", "first_author", "year", "journal", "doi", "address"]
Contrast = Literal[
    "ill_vs_healthy", "carrier_vs_noncarrier", "model_vs_wildtype", "after_vs_before", "active_vs_sham",
    "with_vs_without", "subgroup_vs_subgroup", "correlation", "single_group",
]  # fmt: skip
Design = Literal["between", "within"]
Role = Literal["case", "reference"]
CountOf = Literal["subjects", "animals", "cells", "trials", "recordings", "lesions"]
SpreadKind = Literal["sd", "sem", "ci95", "iqr", "range", "unstated"]
EffectKind = Literal[
    "mean_difference", "percent_change", "ratio", "cohens_d", "hedges_g", "correlation", "odds_ratio"
]  # fmt: skip
Relation = Literal["=", "<", ">"]
Direction = Literal["increase", "decrease", "no_change", "mixed", "described"]

STATISTICS = ("mean", "median", "proportion", "count")
OPEN_CONTRASTS = frozenset(
    {"after_vs_before", "active_vs_sham", "with_vs_without", "subgroup_vs_subgroup", "correlation"}
)
"""Contrasts that do not say by themselves what was done, what divides the groups or what goes with the measure."""
TWO_SIDED_CONTRASTS = frozenset(get_args(Contrast)) - {"correlation", "single_group"}

_DOI = re.compile(r"10\.\d{4,9}/\S+")
_BRACES = str.maketrans("", "", "{}")
_ADDRESS = re.compile(r"https?://[^\s/]+\.[^\s/]+(/\S*)?")
_ID = re.compile(r"[a-z][a-z0-9_]*")
_PLACE = re.compile(
    r"(abstract|conference abstract|title|introduction|methods|results|discussion|supplement)( .*)?"
    r"|(table|figure) \w.*|secondary: \S.*"
)
_PLACES = "abstract, conference abstract, introduction, methods, results, discussion, table N, figure N legend, "


def _wrong(said: str) -> PydanticCustomError:
    # As a value of the message, so that braces in what a user wrote are no placeholders.
    return PydanticCustomError("said", "{said}", {"said": said})


def _form(pattern: re.Pattern[str], said: str) -> AfterValidator:
    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise _wrong(f"{value[:80]!r} {said}")
        return _printable(value)

    return AfterValidator(check)


def _printable(value: str) -> str:
    """Refuse what a terminal would obey instead of showing it."""
    hidden = next((sign for sign in value if unicodedata.category(sign) == "Cc" and sign not in "\n\t"), None)
    if hidden is not None:
        raise _wrong(f"{value[:80]!r} holds the control character {hidden!r}; allowed: what can be seen; take it out")
    return value


def _said(value: str) -> str:
    if not value.strip():
        raise _wrong(f"{value[:80]!r} is empty; allowed: text, or null where nothing is known; write it")
    return _printable(value)


def _bare(value: str) -> str:
    """Refuse a DOI with signs of the sentence that it was copied from; a bracket that it opens itself may close it."""
    bare = value.translate(_BRACES)
    while bare.endswith((".", ",", ";")) or (bare.endswith(")") and bare.count(")") > bare.count("(")):
        bare = bare[:-1]
    if bare != value:
        raise _wrong(f"{value[:80]!r} holds signs that are not the DOI's; allowed: 10.1234/what.ever; write {bare!r}")
    return value


def _term(kind: str) -> AfterValidator:
    def check(value: str, info: ValidationInfo) -> str:
        vocabulary = (info.context or {}).get("vocabulary")
        if vocabulary is not None and value not in vocabulary.terms(kind):
            where = f"vocabulary (`dystolab evidence terms {kind}`)"
            raise _wrong(unknown(kind.removesuffix("s"), value, vocabulary.terms(kind), where))
        return value

    return AfterValidator(check)


def _day(value: Any) -> Any:
    try:
        return value if isinstance(value, date) else date.fromisoformat(str(value))
    except ValueError:
        raise _wrong(f"{str(value)[:80]!r} is no day; allowed: YYYY-MM-DD; write it so") from None


def _not_empty(value: tuple[Any, ...]) -> tuple[Any, ...]:
    if not value:
        raise _wrong("is empty; allowed: at least one; add one")
    return value


_T = TypeVar("_T")
Text = Annotated[str, Field(max_length=4000), AfterValidator(_said)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Whole = Annotated[int, Field(strict=True, ge=1)]
Share = Annotated[float, Field(strict=True, ge=0, le=1)]
Id = Annotated[str, _form(_ID, "is no id; allowed: a-z, 0-9 and _, a letter first; rename it")]
Doi = Annotated[
    str,
    _form(_DOI, "is no DOI; allowed: 10.1234/what.ever, or null; take the address before it away"),
    AfterValidator(_bare),
]
Address = Annotated[str, _form(_ADDRESS, "is no address; allowed: http(s)://host/page; copy it from the browser")]
Place = Annotated[str, _form(_PLACE, f"is no place; allowed: {_PLACES}secondary: <id or address>; name one")]
Day = Annotated[date, BeforeValidator(_day)]
Paradigm = Annotated[str, _term("paradigms")]
Condition = Annotated[str, _term("conditions")]
MeasureName = Annotated[str, _term("measures")]
Factor = Annotated[str, _term("factors")]
Many = Annotated[tuple[_T, ...], AfterValidator(_not_empty)]


class Part(BaseModel):
    """What all parts of a study share: frozen, no key that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Spread(Part):
    """How far numbers lie apart: one value (sd, sem), two bounds (ci95, iqr, range), or either (unstated)."""

    kind: SpreadKind
    value: Number | None = None
    low: Number | None = None
    high: Number | None = None

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Spread:
        one = self.kind in ("sd", "sem") or (self.kind == "unstated" and self.low is None)
        wanted = "value" if one else "low and high"
        if one != (self.value is not None) or one == (self.low is not None) or one == (self.high is not None):
            raise _wrong(f"spread of kind {self.kind} has other numbers; allowed: {wanted}; give those alone")
        if one and (self.value or 0) < 0:
            raise _wrong(f"spread {self.value:g} is negative; allowed: 0 and above; check the sign")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise _wrong(f"low {self.low:g} lies above high {self.high:g}; allowed: low to high; swap them")
        return self

    def must_hold(self, value: float, what: str, kinds: Collection[SpreadKind]) -> None:
        """Refuse a `value` outside the bounds of a spread that is one of `kinds`."""
        if self.kind not in kinds or self.low is None or self.high is None or self.low <= value <= self.high:
            return
        bounds = f"{self.low:g} to {self.high:g}"
        raise _wrong(f"{what} {value:g} lies outside its {self.kind}; allowed: {bounds}; check all three, and signs")


class SecondGroup(Part):
    """All that a second reader found on a group, who need not repeat its name."""

    name: Text | None = None
    role: Role
    n: Whole | None = None
    n_of: CountOf | None = None
    mean: Number | None = None
    median: Number | None = None
    proportion: Share | None = None
    count: Annotated[int, Field(strict=True, ge=0)] | None = None
    spread: Spread | None = None

    @model_validator(mode="after")
    def _counts(self) -> Self:
        if self.count is not None and self.n is not None and self.count > self.n:
            raise _wrong(f"count {self.count} of n {self.n}; allowed: at most n; check both")
        return self

    @model_validator(mode="after")
    def _within_its_spread(self) -> Self:
        # A mean may lie outside the quartiles; of both a mean and a median it is not told whose spread it is.
        if self.spread is not None and self.median is None and self.mean is not None:
            self.spread.must_hold(self.mean, "mean", ("ci95", "range"))
        if self.spread is not None and self.mean is None and self.median is not None:
            self.spread.must_hold(self.median, "median", ("ci95", "iqr", "range", "unstated"))
        return self


class Group(SecondGroup):
    """One group of a finding, with its name and at most one statistic."""

    name: Text

    @property
    def statistic(self) -> str | None:
        """Which of mean, median, proportion and count is given."""
        return next((name for name in STATISTICS if getattr(self, name) is not None), None)

    @property
    def value(self) -> float | None:
        """The number of that statistic."""
        return None if self.statistic is None else float(getattr(self, self.statistic))

    @property
    def share(self) -> float | None:
        """The proportion, or the count of n."""
        if self.count is not None:
            return self.count / self.n if self.n else None
        return self.proportion

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        given = [name for name in STATISTICS if getattr(self, name) is not None]
        if len(given) > 1:
            raise _wrong(f"group has {' and '.join(given)}; allowed: one of {', '.join(STATISTICS)}; keep one")
        if self.spread is not None and not {"mean", "median"} & set(given):
            raise _wrong("spread without a mean or median; allowed: with one of those; add it, or take the spread away")
        if (self.n is None) != (self.n_of is None):
            raise _wrong("n and n_of come together; allowed: both or none; add the other")
        return self


class Effect(Part):
    """An effect as printed."""

    kind: EffectKind
    value: Number
    spread: Spread | None = None

    @model_validator(mode="after")
    def _in_range(self) -> Effect:
        if self.kind == "correlation" and abs(self.value) > 1:
            raise _wrong(f"correlation {self.value:g}; allowed: -1 to 1; check it")
        if self.kind in ("ratio", "odds_ratio") and self.value <= 0:
            raise _wrong(f"{self.kind} {self.value:g}; allowed: above 0; check it")
        if self.spread is not None:
            self.spread.must_hold(self.value, self.kind, ("ci95", "range"))
        return self


class PValue(Part):
    """A p-value as printed; `adjusted` for other variables, of a model that is no plain test of two groups."""

    relation: Relation
    value: Share
    adjusted: Annotated[bool, Field(strict=True)] = False

    @property
    def significant(self) -> bool:
        """Whether it says that p is below 0.05."""
        return (self.relation == "=" and self.value < 0.05) or (self.relation == "<" and self.value <= 0.05)


class Settled(Part):
    """How a disagreement of the two readers was settled."""

    kept: Literal["first", "second", "neither"]
    by: Text
    why: Text


class Finding(Part):
    """One result: a measure in one group against another.

    `factor` says what sets the two sides apart where the contrast does not: an intervention, what divides subgroups,
    the other variable of a correlation.
    """

    id: Id
    measure: MeasureName
    what: Text
    condition: Condition
    contrast: Contrast
    factor: Factor | None = None
    design: Design
    unit: Text | None
    groups: tuple[Group, ...]
    effect: Effect | None
    p: PValue | None
    direction: Direction
    where: Place
    address: Address | None = None
    settled: Settled | None = None

    @property
    def has_numbers(self) -> bool:
        """Whether more than sizes of groups and a direction was read: a statistic, an effect or p."""
        return self.effect is not None or self.p is not None or any(group.value is not None for group in self.groups)

    @property
    def sign(self) -> int:
        """1 for an increase, -1 for a decrease, else 0."""
        return {"increase": 1, "decrease": -1}.get(self.direction, 0)

    @property
    def difference(self) -> float:
        """Case - reference where there is one of each with the same statistic, or a share, else 0."""
        cases, references = self.of("case"), self.of("reference")
        if len(cases) != 1 or len(references) != 1:
            return 0.0
        case, reference = cases[0], references[0]
        for name in ("mean", "median", "share"):
            one, other = getattr(case, name), getattr(reference, name)
            if one is not None and other is not None:
                return float(one - other)
        return 0.0

    def of(self, role: Role) -> tuple[Group, ...]:
        """Return the groups of a role."""
        return tuple(group for group in self.groups if group.role == role)


class RiskOfBias(Part):
    """What could be read of how the study was done."""

    blinded: Answer
    controls_matched: Answer
    randomised: Answer
    sham: Answer
    unmedicated: Answer


class Study(Part):
    """A published study as one reader wrote it down."""

    id: Id
    title: Text
    first_author: Text | None
    year: Annotated[int, Field(strict=True, ge=1800, le=2200)] | None
    journal: Text | None
    doi: Doi | None
    address: Address | None
    bibliography_unconfirmed: tuple[BibliographicField, ...]
    kind: Kind
    species: Species
    population: Text
    cohort: Text | None
    contains: tuple[Id, ...]
    overlaps_with: tuple[Id, ...] = ()
    paradigms: Many[Paradigm]
    conditions: Many[Condition]
    read: Read
    read_on: Day
    implication: Implication
    conflicts_with: tuple[Id, ...]
    risk_of_bias: RiskOfBias
    paraphrase: Text | None
    notes: Text | None
    findings: tuple[Finding, ...]

    def finding(self, name: str) -> Finding | None:
        """Return the finding of that id, or None."""
        return next((one for one in self.findings if one.id == name), None)


class NotFound(Part):
    """What the second reader could not find, and why."""

    not_found: Text
    note: Text | None = None


class SecondFinding(Part):
    """A finding as the second reader, who did not know the first reading, wrote it down.

    `factor` was read for findings that need one; the others leave it out.
    """

    direction: Direction
    factor: Factor | None = None
    groups: tuple[SecondGroup, ...] = ()
    effect: Effect | None = None
    p: PValue | None = None
    where: Text
    address: Address | None = None
    note: Text | None = None


class SecondBibliography(Part):
    """Bibliographic fields that the second reader saw displayed."""

    title: Text | None = None
    first_author: Text | None = None
    year: int | None = None
    journal: Text | None = None
    doi: Doi | None = None


class SecondReading(Part):
    """A second, blind reading of a study."""

    id: Id
    read_on: Day
    address: Address | None
    read: Read
    findings: dict[str, SecondFinding | NotFound] = Field(default_factory=dict)
    bibliography: SecondBibliography = SecondBibliography()
    note: Text | None = None
    notes: Text | None = None
