"""The circuit spec: populations, projections, gap junctions, drives and tissue, frozen and serialisable."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, ValidationError, model_validator

from dystolab.circuit.drives import Drive
from dystolab.circuit.neurons import Neuron, NonNegative, Positive, Recruitment, Relay, Slow, Spec, Spread
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


class PoolClass(Spec):
    """One class of two-pool synapses: ``n`` vesicles of each pool, released with probability ``u`` at rest.

    ``u`` rises by ``u_rest (1 - u)`` at a spike and falls back with ``tau_fac_ms`` (0: no facilitation). ``share`` is
    that of the sources that have such synapses.
    """

    name: str
    share: Annotated[float, Field(gt=0, le=1)]
    n_slow: NonNegative
    u_slow: Annotated[float, Field(gt=0, le=1)]
    n_fast: NonNegative
    u_fast: Annotated[float, Field(gt=0, le=1)]
    tau_fac_ms: NonNegative

    @model_validator(mode="after")
    def _has_vesicles(self) -> PoolClass:
        if self.n_slow + self.n_fast == 0:
            raise ValueError(f"class {self.name!r} has no vesicles: n_slow or n_fast must be above 0")
        return self


class VesiclePools(Spec):
    """Short-term plasticity of two vesicle pools, in classes that differ in strength and dynamics.

    A spike delivers the weight times ``n_slow u x + n_fast u x``, over the mean of ``n_slow u_slow + n_fast u_fast`` of
    the classes by share: the projection's weight is the mean of what rested synapses deliver at their first spike. The
    filled part ``x`` of a pool then loses ``u x`` (of the slow pool ``(1 - p_slow) u x``) and recovers with its time
    constant.

    Each source cell has one class. If ``follows`` names a projection onto the source population, a cell has the class
    of its own source there: all glomeruli of a mossy fibre are of one class, in every projection that follows it.
    A run begins at the mean state of synapses that spike at ``initial_rate_hz``.

    Source: 10.1038/s41467-022-35395-y (Barri et al. 2022), without desensitisation.
    """

    kind: Literal["vesicle_pools"] = "vesicle_pools"
    classes: Annotated[tuple[PoolClass, ...], Field(min_length=1)]
    tau_slow_ms: Positive
    tau_fast_ms: Positive
    p_slow: Annotated[float, Field(ge=0, le=1)]
    initial_rate_hz: NonNegative
    follows: str | None = None

    @model_validator(mode="after")
    def _classes_fit(self) -> VesiclePools:
        names = [c.name for c in self.classes]
        twice = {n for n in names if names.count(n) > 1}
        if twice:
            raise ValueError(f"class named twice: {', '.join(sorted(twice))}")
        total = math.fsum(c.share for c in self.classes)
        if abs(total - 1.0) > 1e-6:
            raise ValueError(f"the shares of the classes must add up to 1, not {total:g}")
        return self


Synapse = Annotated[Static | TsodyksMarkram | VesiclePools, Field(discriminator="kind")]


class SinExpPlasticity(Spec):
    """Supervised plasticity of parallel fibres.

    Each presynaptic spike adds ``a_plus_ns``; each climbing-fibre spike adds ``a_minus_ns * sum K(s + best_ms - 100)``
    over presynaptic spikes at ``s`` before it: most for those about ``best_ms`` before, within 100 ms of that, none for
    those after it.
    ``K(s) = exp(-(s-150)/1000) sin(2*3.1415*(s-150)/1000)^20 / 1.2848`` for -200 <= s < 0. ``teacher`` names the
    projection whose presynaptic spikes teach its targets: a seeded choice of ``taught_fraction`` of the target cells,
    the same for all projections of one teacher; a smaller fraction lies inside a larger one.

    With ``balance_ms`` potentiation follows depression, cell by cell: the amount that a spike adds begins at
    ``a_plus_ns``, rises by ``|a_minus_ns| int K / balance_ms`` at each teaching spike of the target and fades with
    ``balance_ms``. So at whatever rate a target is taught, its weights stay on average, unless spikes of parallel
    fibres and climbing fibre are related in time (``docs/decisions/0010-balance.md``).
    Source: 10.3389/fnsys.2022.919761 and cereb-nest; that best times differ by region: 10.1016/j.neuron.2016.10.022.
    """

    teacher: str
    a_plus_ns: NonNegative
    a_minus_ns: Annotated[float, Field(le=0)]
    w_min_ns: NonNegative = 0.0
    w_max_ns: Positive
    taught_fraction: Annotated[float, Field(ge=0, le=1)] = 1.0
    balance_ms: Positive | None = None
    best_ms: Annotated[float, Field(ge=50, le=1000)] = 100.0


class Layer(Spec):
    """A box of tissue that holds a population's cells, um; x is sagittal, y along the parallel fibres."""

    origin_um: tuple[float, float, float]
    size_um: tuple[Positive, Positive, Positive]


class Population(Spec):
    """Cells of one type. ``size`` cells lie uniformly in ``layer``; a ``zoned`` one is split by zone.

    One of several ``groups`` is split into as many blocks of neighbouring cells, such as the pools of different
    muscles; where they lie has no meaning.
    """

    name: str
    size: Annotated[int, Field(gt=0)]
    neuron: Neuron
    layer: Layer
    zoned: bool = False
    groups: Annotated[int, Field(gt=0)] = 1
    slow: tuple[Slow, ...] = ()
    spread: tuple[Spread, ...] = ()
    recruitment: Recruitment | None = None

    @model_validator(mode="after")
    def _splits(self) -> Population:
        if self.zoned and self.groups > 1:
            raise ValueError(f"population {self.name!r} is split by zone already: groups must be 1")
        if self.size < self.groups:
            raise ValueError(f"population {self.name!r}: {self.size} cells can't fill {self.groups} groups")
        kinds = [(item.parameter, item.each) for item in self.spread]
        if len(set(kinds)) < len(kinds):
            raise ValueError(f"population {self.name!r}: two spreads of one parameter each {kinds[0][1]} draw alike")
        return self


class Projection(Spec):
    """Synapses from one population to another.

    ``weight_ns`` is per contact: the peak conductance of one arriving spike is weight times contacts.
    ``receptor`` counts from 1; 0 is for relays. Of the joined pairs a seeded ``silent_share`` has no synapse that
    works: these deliver and teach nothing. A smaller share lies inside a larger one. Nor do those of source cells in
    ``silent_zones``: microzones, or groups of a population that has groups.
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
    silent_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    silent_zones: tuple[Annotated[int, Field(ge=0)], ...] = ()


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
    """A whole circuit. ``scale`` multiplies the published tissue; ``zones`` counts the microzones.

    They lie side by side along ``zone_axis``: along x each has parallel fibres of its own, along y, as in the animal,
    each parallel fibre crosses all of them. ``zone_names`` are theirs, and those of as many groups.
    """

    name: str
    scale: Positive = 1.0
    zones: Annotated[int, Field(gt=0)] = 1
    zone_axis: Literal["x", "y"] = "x"
    zone_names: tuple[str, ...] = ()
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
        for zone in p.silent_zones:
            self.zone(p.pre, zone)
        n = 0 if isinstance(post, Relay) else len(post.receptors)
        if not (p.receptor == 0 if n == 0 else 1 <= p.receptor <= n):
            allowed = "0 (a relay)" if n == 0 else f"1 to {n}"
            raise ValueError(f"projection {p.name!r}: receptor {p.receptor} of {p.post!r} must be {allowed}")
        if p.plasticity is not None:
            teacher = self.projection(p.plasticity.teacher)
            if teacher.post != p.post:
                raise ValueError(f"projection {p.name!r}: its teacher {teacher.name!r} must end on {p.post!r}")
        if isinstance(p.synapse, VesiclePools) and p.synapse.follows is not None:
            followed = self.projection(p.synapse.follows)
            if followed.post != p.pre:
                raise ValueError(f"projection {p.name!r}: {followed.name!r}, which it follows, must end on {p.pre!r}")

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
        """Return a circuit in which projection `name` is absent (and teaches nobody, and none follow it)."""
        self.projection(name)
        kept = tuple(_independent(p, name) for p in self.projections if p.name != name)
        return revised(self, {"projections": kept})

    def zone(self, population: str, name: int | str) -> int:
        """Return the number of a microzone, or group, of a population by its name or by the number itself.

        Raises
        ------
        SpecError
            If the population has neither, or not so many.
        UnknownNameError
            If none is called so.
        """
        pop = self.population(population)
        if not pop.zoned and pop.groups == 1:
            split = ", ".join(p.name for p in self.populations if p.zoned or p.groups > 1) or "none"
            raise SpecError(f"population {population!r} has neither zones nor groups; these have: {split}")
        n = self.zones if pop.zoned else pop.groups
        named = self.zone_names if len(self.zone_names) == n else ()
        if name in named:
            return named.index(str(name))
        if not str(name).isdecimal():
            raise UnknownNameError(f"zone of {population}", str(name), named or [str(k) for k in range(n)])
        if int(name) >= n:
            raise SpecError(f"population {population!r} has no zone {name}: 0 to {n - 1}")
        return int(name)

    def with_lesion(self, name: str) -> Circuit:
        """Return a circuit in which a projection is cut, or all that leave a population.

        ``NAME@ZONE`` cuts what leaves one microzone, or one group, of the sources.

        Raises
        ------
        UnknownNameError
            If it is neither a projection nor a population with projections, or no zone is called so.
        SpecError
            If the sources have no zones, or not so many.

        Examples
        --------
        >>> from dystolab.circuit import load
        >>> ill = load("cerebellum-head").with_lesion("dcn_glut@yaw_left")
        >>> sorted({p.pre for p in ill.projections if p.silent_zones == (0,)})
        ['dcn_glut']
        """
        name, at, zone = name.partition("@")
        leaving = [p.name for p in self.projections if p.pre == name]
        cut = leaving or [p.name for p in self.projections if p.name == name]
        if not cut:
            known = [*{p.pre: 0 for p in self.projections}, *(p.name for p in self.projections)]
            raise UnknownNameError("population or projection to cut", name, known)
        circuit = self
        for projection in map(self.projection, cut):
            if at:
                silent = {*projection.silent_zones, self.zone(projection.pre, zone)}
                circuit = circuit.with_projection(projection.name, silent_zones=tuple(sorted(silent)))
            else:
                circuit = circuit._silenced(projection)
        return circuit

    def _silenced(self, cut: Projection) -> Circuit:
        """Return a circuit in which `cut` carries and teaches nothing; others may be wired by it as before."""
        taught = [p.name for p in self.projections if p.plasticity and p.plasticity.teacher == cut.name]
        circuit = self.with_projection(cut.name, silent_share=1.0, plasticity=None)
        for name in taught:
            circuit = circuit.with_projection(name, plasticity=None)
        return circuit

    def _replaced(self, field: str, old: Any, changes: dict[str, Any]) -> Circuit:
        new = revised(old, changes)
        return revised(self, {field: tuple(new if p is old else p for p in getattr(self, field))})


def _independent(p: Projection, name: str) -> Projection:
    """Return `p` neither taught by projection `name` nor following it."""
    changes: dict[str, Any] = {}
    if p.plasticity and p.plasticity.teacher == name:
        changes["plasticity"] = None
    if isinstance(p.synapse, VesiclePools) and p.synapse.follows == name:
        changes["synapse"] = revised(p.synapse, {"follows": None})
    return revised(p, changes) if changes else p


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
