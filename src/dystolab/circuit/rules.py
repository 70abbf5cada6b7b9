"""Connection rules: how the synapses of a projection are drawn, as data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from dystolab.circuit.neurons import NonNegative, Positive, Spec

Probability = Annotated[float, Field(ge=0, le=1)]


class Bernoulli(Spec):
    """Every pair with ``probability``; only pairs of one zone if ``same_zone``."""

    kind: Literal["bernoulli"] = "bernoulli"
    probability: Probability
    same_zone: bool = False


class InDegree(Spec):
    """Each target draws normal(mean, sd) different sources, clipped to ``range``.

    A draw that is no whole number is rounded up as often as its fraction says, so that the mean holds.
    A target with fewer candidates than its draw takes them all. ``candidates`` are, at random:
    ``"any"``; ``"parallel_fibre"``: sources whose fibre, running along y with ``reach_um`` to each side,
    crosses the target's dendritic box of ``width_um`` along x; ``"sagittal"``: sources whose axon, running
    along x with ``reach_um`` to each side, crosses the target's box of ``width_um`` along y (without
    ``width_um``: the whole tissue); ``"radius"``: sources within ``reach_um`` in space. Only a ``share`` of the
    sources sends axons there: the first ones of `seeding.order`; with ``zone`` they are those of this microzone,
    whatever the target's own.
    """

    kind: Literal["in_degree"] = "in_degree"
    mean: Positive
    sd: NonNegative = 0.0
    range: tuple[int, int]
    candidates: Literal["any", "parallel_fibre", "sagittal", "radius"] = "any"
    reach_um: Positive | None = None
    width_um: Positive | None = None
    same_zone: bool = False
    zone: Annotated[int, Field(ge=0)] | None = None
    share: Probability = 1.0

    @model_validator(mode="after")
    def _complete(self) -> InDegree:
        if not 0 <= self.range[0] <= self.range[1]:
            raise ValueError("range must be two increasing counts, not negative")
        if self.candidates != "any" and self.reach_um is None:
            raise ValueError(f"candidates {self.candidates!r} need reach_um")
        if self.candidates == "parallel_fibre" and self.width_um is None:
            raise ValueError("candidates 'parallel_fibre' need width_um")
        if self.same_zone and self.zone is not None:
            raise ValueError("same_zone takes sources of the target's zone and zone those of one: give one of them")
        return self


class NearbyFibre(Spec):
    """Each target takes one source whose territory of ``box_um`` (x, y) holds it (mossy fibre to glomerulus).

    A target outside every territory takes the source whose territory is nearest.
    """

    kind: Literal["nearby_fibre"] = "nearby_fibre"
    box_um: tuple[Positive, Positive]


class Claws(Spec):
    """Each target takes ``number`` sources within ``radius_um``, each of another parent through ``parents``.

    A granule cell's dendrites: ``parents`` names the projection that tells which mossy fibre feeds a
    glomerulus. Where fewer parents are in reach, other sources of the same parents are taken; never one
    source twice.
    """

    kind: Literal["claws"] = "claws"
    number: Annotated[int, Field(gt=0)]
    radius_um: Positive
    parents: str


class Within(Spec):
    """All sources within ``radius_um`` of the target (glomeruli on a Golgi cell's basal dendrites)."""

    kind: Literal["within"] = "within"
    radius_um: Positive


class ThroughGlomeruli(Spec):
    """Each source inhibits its ``nearest`` glomeruli within ``radius_um``: a contact on every dendrite there.

    ``claws`` names the projection from glomeruli to the target; a pair's contacts add up.
    """

    kind: Literal["through_glomeruli"] = "through_glomeruli"
    nearest: Annotated[int, Field(gt=0)]
    radius_um: Positive
    claws: str


class OneSource(Spec):
    """Each target has one source, in its zone if ``same_zone``, shared out evenly (climbing fibres).

    Of the targets only a ``share``, drawn at random.
    """

    kind: Literal["one_source"] = "one_source"
    same_zone: bool = True
    share: Probability = 1.0


class SamePairs(Spec):
    """The pairs of projection ``of``: a synapse with another receptor beside it."""

    kind: Literal["same_pairs"] = "same_pairs"
    of: str


class Partners(Spec):
    """A source reaches every cell that sends ``via`` to the targets of its own projection ``of``.

    Climbing-fibre spillover: the olivary cell reaches each interneuron that is presynaptic (``via``) to a
    Purkinje cell which it contacts (``of``); one contact for each such Purkinje cell.
    """

    kind: Literal["partners"] = "partners"
    of: str
    via: str


class BetweenGroups(Spec):
    """Each target of group i takes ``counts[i][j]`` different sources of group j, at random, all of them alike often.

    Were they used unlike often, a loop that amplifies would amplify by which of its cells are used most. Groups are
    those of the two populations, or their zones. A target takes all where there are fewer.
    """

    kind: Literal["between_groups"] = "between_groups"
    counts: Annotated[tuple[tuple[Annotated[int, Field(ge=0)], ...], ...], Field(min_length=1)]


class EdgeList(Spec):
    """Given synapses: sources ``pre``, targets ``post`` (0-based) and contacts ``mult`` of each pair.

    ``path`` is an ``.npz`` with arrays ``<key>/pre``, ``<key>/post`` and ``<key>/mult``. The contacts are
    final: the projection's ``contacts`` do not multiply them.
    """

    kind: Literal["edge_list"] = "edge_list"
    path: str
    key: str


Rule = Annotated[
    Bernoulli
    | InDegree
    | NearbyFibre
    | Claws
    | Within
    | ThroughGlomeruli
    | OneSource
    | SamePairs
    | Partners
    | BetweenGroups
    | EdgeList,
    Field(discriminator="kind"),
]
