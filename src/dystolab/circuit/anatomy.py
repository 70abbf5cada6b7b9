"""The anatomy of one animal: where its cells lie and which are joined, grown from a circuit and a seed.

Every draw has its own stream, named after its population or projection and its purpose. So adding or removing
a part, or changing a weight, changes no other draw: sick and healthy twins share their anatomy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dystolab.circuit.drives import Cells, Disc, Fraction, Subset, Zone
from dystolab.circuit.spec import Circuit, GapJunctions, Population, Projection, Value
from dystolab.circuit.wiring import Pairs, Tissue, bernoulli, follows, wire
from dystolab.errors import ScaleError, SpecError
from dystolab.seeding import stream


@dataclass(frozen=True, slots=True)
class Edges:
    """The synapses of one projection that work, sorted by (pre, post); each pair stands once.

    Attributes
    ----------
    pre, post : ndarray of int32, shape (n,)
        Indices in the two populations.
    contacts : ndarray of float32, shape (n,)
        Contacts of the pair.
    weight_ns : ndarray of float32, shape (n,)
        Weight of the whole pair: that of one contact times contacts.
    delay_ms : ndarray of float32, shape (n,) or (1,)
        Of length 1 if all delays are equal.
    """

    pre: NDArray[np.int32]
    post: NDArray[np.int32]
    contacts: NDArray[np.float32]
    weight_ns: NDArray[np.float32]
    delay_ms: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class GapEdges:
    """Gap junctions of one population: each pair once, ``a < b``, sorted by (a, b).

    Attributes
    ----------
    a, b : ndarray of int32, shape (n,)
    g_ns : ndarray of float32, shape (n,)
    spikelet_mv : float
    """

    a: NDArray[np.int32]
    b: NDArray[np.int32]
    g_ns: NDArray[np.float32]
    spikelet_mv: float


@dataclass(frozen=True)
class Anatomy:
    """Cells in space and the synapses and gap junctions between them.

    Attributes
    ----------
    positions_um : dict of str to ndarray of float32, shape (size, 3)
        By population; x is sagittal, y along the parallel fibres, z depth.
    zone : dict of str to ndarray of int16, shape (size,)
        Microzone of each cell, or group; -1 in populations that have neither.
    edges : dict of str to Edges
        By projection.
    gaps : dict of str to GapEdges
        By name of the gap junctions.
    notes : tuple of str
        Where the tissue could not give what a rule asks for, e.g. too few parallel fibres at its rim.
    """

    positions_um: dict[str, NDArray[np.float32]]
    zone: dict[str, NDArray[np.int16]]
    edges: dict[str, Edges]
    gaps: dict[str, GapEdges]
    notes: tuple[str, ...] = field(default=())


def grow(circuit: Circuit, seed: int) -> Anatomy:
    """Place the cells of `circuit` and join them by its rules.

    Parameters
    ----------
    circuit : Circuit
    seed : int
        The animal: the same circuit and seed give the same anatomy, bit for bit.

    Returns
    -------
    Anatomy

    Raises
    ------
    ScaleError
        If a zoned population has fewer cells than there are zones.
    SpecError
        If a rule is built on a projection that the circuit lacks, or a given edge list can't be used.

    Examples
    --------
    >>> from dystolab.circuit.neurons import Relay
    >>> from dystolab.circuit.spec import Circuit, Layer, Population
    >>> box = Layer(origin_um=(0, 0, 0), size_um=(300, 200, 130))
    >>> cells = Population(name="mossy_fiber", size=118, neuron=Relay(), layer=box)
    >>> grow(Circuit(name="fibres", populations=(cells,)), seed=1).positions_um["mossy_fiber"].shape
    (118, 3)
    """
    _check_zones(circuit)
    zone = {p.name: _zones(p, circuit.zones) for p in circuit.populations}
    positions = {p.name: _positions(circuit, p, zone[p.name], seed) for p in circuit.populations}
    tissue = Tissue(circuit, seed, positions, zone)
    pairs: dict[str, Pairs] = {}
    for p in circuit.projections:
        _wire_in_order(tissue, p, pairs, ())
    edges = {p.name: _edges(p, pairs[p.name], zone[p.pre], seed) for p in circuit.projections}
    gaps = {g.name: _gaps(tissue, g) for g in circuit.gap_junctions}
    notes = tuple(f"{p.name}: {pairs[p.name].note}" for p in circuit.projections if pairs[p.name].note)
    return Anatomy(positions, zone, edges, gaps, notes)


def subset_indices(
    circuit: Circuit, anatomy: Anatomy, population: str, subset: Subset | None, seed: int
) -> NDArray[np.int32]:
    """Return the cells of `population` that `subset` names, sorted; every cell if it is None.

    Parameters
    ----------
    circuit : Circuit
    anatomy : Anatomy
        Grown from `circuit`.
    population : str
    subset : Subset or None
        A larger `Fraction` of the same label holds the smaller one. A `Disc` lies in the population's layer.
    seed : int

    Returns
    -------
    ndarray of int32, shape (n,)

    Raises
    ------
    UnknownNameError
        If there is no such population.
    SpecError
        If a cell or a zone does not exist.
    """
    cells = circuit.population(population)
    match subset:
        case None:
            chosen = np.arange(cells.size)
        case Fraction(value=value, label=label):
            order = stream(seed, population, "subset", label).permutation(cells.size)
            chosen = order[: round(value * cells.size)]
        case Cells(indices=indices):
            if indices and max(indices) >= cells.size:
                raise SpecError(f"{population!r} has no cell {max(indices)}: it has 0 to {cells.size - 1}")
            chosen = np.unique(np.array(indices, np.int64))
        case Disc():
            chosen = _in_disc(cells, anatomy.positions_um[population], subset)
        case Zone(index=index):
            chosen = np.flatnonzero(anatomy.zone[population] == circuit.zone(population, index))
    return np.sort(chosen).astype(np.int32)


def _in_disc(cells: Population, positions_um: NDArray[np.float32], disc: Disc) -> NDArray[np.int64]:
    origin, size = np.array(cells.layer.origin_um[:2]), np.array(cells.layer.size_um[:2])
    away = positions_um[:, :2] - (origin + np.array(disc.centre) * size)
    return np.flatnonzero(np.hypot(away[:, 0], away[:, 1]) <= disc.radius_um)


def _check_zones(circuit: Circuit) -> None:
    """Refuse a tissue in which a zone would be empty, and name the smallest scale that fills every zone."""
    zoned = [p for p in circuit.populations if p.zoned]
    if not zoned:
        return
    smallest = min(zoned, key=lambda p: p.size)
    if smallest.size < circuit.zones:
        # Sizes grow with the scale, so that one cell per zone is there at scale * zones / size.
        needed = math.ceil(1000 * circuit.scale * circuit.zones / smallest.size) / 1000
        raise ScaleError(
            f"population {smallest.name!r}: {smallest.size} cell(s) can't fill {circuit.zones} zones; "
            f"the smallest --scale that leaves no zone empty is about {needed:g} (now {circuit.scale:g})"
        )


def _zones(population: Population, zones: int) -> NDArray[np.int16]:
    """Deal the cells to the zones, or to the groups, in blocks whose sizes differ by one at most."""
    blocks = zones if population.zoned else population.groups
    if blocks == 1 and not population.zoned:
        return np.full(population.size, -1, np.int16)
    return (np.arange(population.size) * blocks // population.size).astype(np.int16)


def _positions(circuit: Circuit, population: Population, zone: NDArray[np.int16], seed: int) -> NDArray[np.float32]:
    """Draw places uniform in the layer, along the axis of the zones within the slab of the cell's zone."""
    share = stream(seed, population.name, "position").random((population.size, 3))
    if population.zoned:
        axis = "xy".index(circuit.zone_axis)
        share[:, axis] = (zone + share[:, axis]) / circuit.zones
    places: NDArray[np.float64] = share * population.layer.size_um + population.layer.origin_um
    return places.astype(np.float32)


def _wire_in_order(tissue: Tissue, p: Projection, done: dict[str, Pairs], waiting: tuple[str, ...]) -> None:
    """Draw the pairs of `p` into `done`, after those of the projections that its rule is built on."""
    if p.name in done:
        return
    if p.name in waiting:
        circle = " -> ".join((*waiting, p.name))
        raise SpecError(f"projections are built on one another in a circle: {circle}")
    for name in follows(tissue.circuit, p):
        _wire_in_order(tissue, tissue.circuit.projection(name), done, (*waiting, p.name))
    done[p.name] = wire(tissue, p, done)


def _edges(p: Projection, pairs: Pairs, zone: NDArray[np.int16], seed: int) -> Edges:
    """Draw the synapses of the joined pairs, then leave the silent ones out: they change no draw of the others.

    `zone` is that of each source cell.
    """
    n = pairs.pre.size
    contacts = _contacts(p, pairs, seed)
    weight = _draw(p.weight_ns, stream(seed, p.name, "weight"), n) * contacts
    delay = _draw(p.delay_ms, stream(seed, p.name, "delay"), n if p.delay_ms.sd > 0 else 1)
    if p.silent_share == 0 and not p.silent_zones:
        return Edges(pairs.pre, pairs.post, contacts, weight, delay)
    works = np.arange(n)
    if p.silent_share > 0:
        works = np.sort(stream(seed, p.name, "silent").permutation(n)[round(p.silent_share * n) :])
    works = works[~np.isin(zone[pairs.pre[works]], p.silent_zones)]
    delay = delay[works] if p.delay_ms.sd > 0 else delay
    return Edges(pairs.pre[works], pairs.post[works], contacts[works], weight[works], delay)


def _contacts(p: Projection, pairs: Pairs, seed: int) -> NDArray[np.float32]:
    """Draw whole contacts, at least one for each time the rule joins the pair."""
    if pairs.final and pairs.times is not None:
        return pairs.times
    times = np.ones(pairs.pre.size, np.float32) if pairs.times is None else pairs.times
    # The sum of as many normal draws as the pair has joints is one normal draw.
    spread = p.contacts.sd * np.sqrt(times)
    if p.contacts.sd > 0:
        spread *= stream(seed, p.name, "contacts").standard_normal(times.size, np.float32)
    drawn: NDArray[np.float32] = np.maximum(p.contacts.mean * times + spread, p.contacts.low * times)
    return np.maximum(np.rint(drawn), times, dtype=np.float32)


def _draw(value: Value, rng: np.random.Generator, n: int) -> NDArray[np.float32]:
    """Draw `n` values as standard normals, scaled: a new mean moves every value alike."""
    if value.sd == 0:
        return np.full(n, max(value.mean, value.low), np.float32)
    normal = rng.standard_normal(n, np.float32)
    drawn: NDArray[np.float32] = np.float32(value.mean) + np.float32(value.sd) * normal
    return np.maximum(drawn, np.float32(value.low))


def _gaps(tissue: Tissue, g: GapJunctions) -> GapEdges:
    zone = tissue.zone[g.population]
    rng = stream(tissue.seed, g.name, "pairs")
    a, b = [], []
    for z in np.unique(zone):
        cells = np.flatnonzero(zone == z)
        hits = bernoulli(rng, cells.size**2, g.probability)
        row, column = np.divmod(hits, cells.size)
        a.append(cells[row[row < column]])
        b.append(cells[column[row < column]])
    first, second = np.concatenate(a), np.concatenate(b)
    order = np.lexsort((second, first))
    normal = stream(tissue.seed, g.name, "conductance").standard_normal(order.size)
    g_ns = np.clip(g.median_ns * np.exp(g.sigma * normal), *g.range_ns).astype(np.float32)
    return GapEdges(first[order].astype(np.int32), second[order].astype(np.int32), g_ns, g.spikelet_mv)
