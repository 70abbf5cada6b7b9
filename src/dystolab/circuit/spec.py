"""The circuit spec: populations, projections, gap junctions, drives and tissue, frozen and serialisable."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, ValidationError, model_validator

from dystolab.circuit.drives import Drive
from dystolab.circuit.neurons import Neuron, NonNegative, Positive, Relay, Slow, Spec, Spread
from dystolab.circuit.rules import Rule
from dystolab.errors import SpecError, UnknownNameError

S = TypeVar("S", bound=Spec)


class Value(Spec):
    """A number drawn per synapse: normal(mean, sd), values below ``low`` set to ``low``."""

    mean: float
    sd: NonNegative = 0.0
    low: float = 0.0


class Static(Spec):
    """A synapse whose weight is the weight."""

    kind: Literal["static"] = "static"


class TsodyksMarkram(Spec):
    """Short-term plasticity as NEST's ``tsodyks2_synapse``: a spike delivers ``x u w``.

    Source: 10.1162/089976698300017502 (Tsodyks, Pawelzik & Markram 1998).
    """

    kind: Literal["tsodyks_markram"] = "tsodyks_markram"
    u: Annotated[float, Field(gt=0, le=1)]
    tau_rec_ms: Positive
    tau_fac_ms: NonNegative


Synapse = Annotated[Static | TsodyksMarkram, Field(discriminator="kind")]


class SinExpPlasticity(Spec):
    """Supervised plasticity of parallel fibres.

    Each presynaptic spike adds ``a_plus_ns``; each climbing-fibre spike adds ``a_minus_ns * sum K(s)`` over
    presynaptic spikes at ``s`` = -200..0 ms before it.
    ``K(s) = exp(-(s-150)/1000) sin(2*3.1415*(s-150)/1000)^20 / 1.2848``. ``teacher`` names the projection
    whose presynaptic spikes teach its targets: a seeded choice of ``taught_fraction`` of the target cells, the same
    for all projections of one teacher; a smaller fraction lies inside a larger one.
    Source: 10.3389/fnsys.2022.919761 and cereb-nest.
    """

    teacher: str
    a_plus_ns: NonNegative
    a_minus_ns: Annotated[float, Field(le=0)]
    w_min_ns: NonNegative = 0.0
    w_max_ns: Positive
    taught_fraction: Annotated[float, Field(ge=0, le=1)] = 1.0


class Layer(Spec):
    """A box of tissue that holds a population's cells, um; x is sagittal, y along the parallel fibres."""

    origin_um: tuple[float, float, float]
    size_um: tuple[Positive, Positive, Positive]


class Population(Spec):
    """Cells of one type. ``size`` cells lie uniformly in ``layer``; a ``zoned`` one is split by zone."""

    name: str
    size: Annotated[int, Field(gt=0)]
    neuron: Neuron
    layer: Layer
    zoned: bool = False
    slow: tuple[Slow, ...] = ()
    spread: tuple[Spread, ...] = ()


class Projection(Spec):
    """Synapses from one population to another.

    ``weight_ns`` is per contact: the peak conductance of one arriving spike is weight times contacts.
    ``receptor`` counts from 1; 0 is for relays.
    """

    name: str
    pre: str
    post: str
    receptor: Annotated[int, Field(ge=0, le=4)]
    weight_ns: Value
    delay_ms: Value
    rule: Rule
    contacts: Value = Value(mean=1.0)
    synapse: Synapse = Static()
    plasticity: SinExpPlasticity | None = None


class GapJunctions(Spec):
    """Electrical coupling inside a population, ``I = g (V_other - V)``, symmetric.

    Pairs are drawn with ``probability``, inside a zone if the population has zones; ``g`` is lognormal with
    ``median_ns`` and ``sigma``, clipped to ``range_ns``. A spike stands above its cell's V by
    ``spikelet_mv``, fading with 1 ms, since an integrate-and-fire cell has no spike shape of its own.
    """

    name: str
    population: str
    probability: Annotated[float, Field(ge=0, le=1)]
    median_ns: NonNegative
    sigma: NonNegative
    range_ns: tuple[NonNegative, NonNegative]
    spikelet_mv: float = 0.0


class Circuit(Spec):
    """A whole circuit. ``scale`` multiplies the published tissue; ``zones`` counts the microzones along x."""

    name: str
    scale: Positive = 1.0
    zones: Annotated[int, Field(gt=0)] = 1
    populations: tuple[Population, ...]
    projections: tuple[Projection, ...] = ()
    gap_junctions: tuple[GapJunctions, ...] = ()
    drives: tuple[Drive, ...] = ()
    sources: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _names_resolve(self) -> Circuit:
        for kind, items in self._parts().items():
            names = [item.name for item in items]
            twice = {n for n in names if names.count(n) > 1}
            if twice:
                raise ValueError(f"{kind} named twice: {', '.join(sorted(twice))}")
        try:
            for p in self.projections:
                self._check_projection(p)
            for g in self.gap_junctions:
                if isinstance(self.population(g.population).neuron, Relay):
                    raise ValueError(f"gap junctions {g.name!r} join relays, which have no membrane")
            for d in self.drives:
                self.population(d.population)
        except UnknownNameError as error:
            raise ValueError(str(error)) from None
        return self

    def _check_projection(self, p: Projection) -> None:
        self.population(p.pre)
        post = self.population(p.post).neuron
        n = 0 if isinstance(post, Relay) else len(post.receptors)
        if not (p.receptor == 0 if n == 0 else 1 <= p.receptor <= n):
            allowed = "0 (a relay)" if n == 0 else f"1 to {n}"
            raise ValueError(f"projection {p.name!r}: receptor {p.receptor} of {p.post!r} must be {allowed}")
        if p.plasticity is not None:
            teacher = self.projection(p.plasticity.teacher)
            if teacher.post != p.post:
                raise ValueError(f"projection {p.name!r}: its teacher {teacher.name!r} must end on {p.post!r}")

    def _parts(self) -> dict[str, tuple[Any, ...]]:
        return {
            "population": self.populations,
            "projection": self.projections,
            "gap junctions": self.gap_junctions,
            "drive": self.drives,
        }

    def _find(self, kind: str, name: str) -> Any:
        items = self._parts()[kind]
        for item in items:
            if item.name == name:
                return item
        raise UnknownNameError(kind, name, (item.name for item in items))

    def population(self, name: str) -> Population:
        """Return the population called `name`, or raise UnknownNameError with the nearest name."""
        found: Population = self._find("population", name)
        return found

    def projection(self, name: str) -> Projection:
        """Return the projection called `name`, or raise UnknownNameError with the nearest name."""
        found: Projection = self._find("projection", name)
        return found

    def with_population(self, name: str, **changes: Any) -> Circuit:
        """Return a circuit in which the fields `changes` of population `name` are replaced."""
        return self._replaced("populations", self.population(name), changes)

    def with_neuron(self, name: str, **changes: Any) -> Circuit:
        """Return a circuit in which the fields `changes` of the neuron of population `name` are replaced."""
        return self.with_population(name, neuron=revised(self.population(name).neuron, changes))

    def with_projection(self, name: str, **changes: Any) -> Circuit:
        """Return a circuit in which the fields `changes` of projection `name` are replaced."""
        return self._replaced("projections", self.projection(name), changes)

    def with_drives(self, *drives: Drive) -> Circuit:
        """Return a circuit with `drives` added."""
        return revised(self, {"drives": self.drives + drives})

    def without_projection(self, name: str) -> Circuit:
        """Return a circuit in which projection `name` is absent (and teaches nobody)."""
        self.projection(name)
        kept = tuple(
            revised(p, {"plasticity": None}) if p.plasticity and p.plasticity.teacher == name else p
            for p in self.projections
            if p.name != name
        )
        return revised(self, {"projections": kept})

    def with_lesion(self, name: str) -> Circuit:
        """Return a circuit in which a projection is cut, or all that leave a population.

        Raises
        ------
        UnknownNameError
            If `name` is neither a projection nor a population with projections.
        """
        leaving = [p.name for p in self.projections if p.pre == name]
        cut = leaving or [p.name for p in self.projections if p.name == name]
        if not cut:
            known = [*{p.pre: 0 for p in self.projections}, *(p.name for p in self.projections)]
            raise UnknownNameError("population or projection to cut", name, known)
        circuit = self
        for projection in cut:
            circuit = circuit._silenced(self.projection(projection))
        return circuit

    def _silenced(self, cut: Projection) -> Circuit:
        """Return a circuit in which `cut` carries and teaches nothing; others may be wired by it as before."""
        if isinstance(self.population(cut.post).neuron, Relay):
            return self.without_projection(cut.name)
        taught = [p.name for p in self.projections if p.plasticity and p.plasticity.teacher == cut.name]
        circuit = self.with_projection(cut.name, weight_ns=Value(mean=0.0), plasticity=None)
        for name in taught:
            circuit = circuit.with_projection(name, plasticity=None)
        return circuit

    def _replaced(self, field: str, old: Any, changes: dict[str, Any]) -> Circuit:
        new = revised(old, changes)
        return revised(self, {field: tuple(new if p is old else p for p in getattr(self, field))})


def revised(spec: S, changes: dict[str, Any]) -> S:
    """Return a copy of `spec` with `changes`, validated again.

    Raises
    ------
    UnknownNameError
        If a field does not exist.
    SpecError
        If a value is not allowed.
    """
    fields = type(spec).model_fields
    for name in changes:
        if name not in fields:
            raise UnknownNameError(f"field of {type(spec).__name__}", name, fields)
    try:
        return type(spec)(**{**{k: getattr(spec, k) for k in fields}, **changes})
    except ValidationError as error:
        raise SpecError(one_line(error)) from None


def one_line(error: ValidationError) -> str:
    """Return the first complaint of a pydantic error as one line that names the field."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return f"{error.title}{'.' + where if where else ''}: {first['msg']}, got {first['input']!r:.120}{more}"
