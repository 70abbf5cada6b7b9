"""Which cells are joined: one function per connection rule, each from positions, zones and a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import cKDTree

from dystolab.circuit import edge_list, rules
from dystolab.circuit.choice import choose
from dystolab.circuit.spec import Circuit, Projection
from dystolab.errors import SpecError
from dystolab.seeding import order, stream

Indices = NDArray[np.int64]
Points = NDArray[np.float64]

_TARGETS_AT_ONCE = 256  # targets whose candidates are held in memory at once
_CLAW_CHUNK = 20_000  # granule cells whose glomeruli (about 80 each) are held in memory at once


@dataclass(frozen=True, slots=True)
class Pairs:
    """The joined pairs of one projection, sorted by (pre, post), each once.

    ``times`` (None: once each) says how often the rule joins a pair; with ``final`` it is the pair's number
    of contacts as given. ``note`` says where the tissue could not give what the rule asks for.
    """

    pre: NDArray[np.int32]
    post: NDArray[np.int32]
    times: NDArray[np.float32] | None = None
    final: bool = False
    note: str = ""


@dataclass(frozen=True)
class Tissue:
    """What the rules see of a circuit: its cells in space and zones, and the seed of its draws."""

    circuit: Circuit
    seed: int
    positions_um: Mapping[str, NDArray[np.float32]]
    zone: Mapping[str, NDArray[np.int16]]

    def points(self, population: str) -> Points:
        """Return the positions of a population's cells, um, shape (size, 3)."""
        return self.positions_um[population].astype(np.float64)

    def sizes(self, p: Projection) -> tuple[int, int]:
        """Return the numbers of cells of a projection's two populations."""
        return len(self.positions_um[p.pre]), len(self.positions_um[p.post])


def wire(tissue: Tissue, p: Projection, done: Mapping[str, Pairs]) -> Pairs:
    """Draw the pairs of projection `p`; no cell is joined to itself, except by a given edge list.

    Parameters
    ----------
    tissue : Tissue
    p : Projection
    done : mapping of str to Pairs
        At least the projections named by ``follows(tissue.circuit, p)``.

    Raises
    ------
    SpecError
        If the rule needs zones that a population lacks, or a given edge list can't be used.
    """
    rng = stream(tissue.seed, p.name, "pairs")
    match p.rule:
        case rules.Bernoulli():
            return _bernoulli(tissue, p, p.rule, rng)
        case rules.InDegree():
            return _in_degree(tissue, p, p.rule, rng)
        case rules.NearbyFibre():
            return _nearby_fibre(tissue, p, p.rule, rng)
        case rules.Claws():
            return _claws(tissue, p, p.rule, rng, done[p.rule.parents])
        case rules.Within():
            return _within(tissue, p, p.rule)
        case rules.ThroughGlomeruli():
            return _through_glomeruli(tissue, p, p.rule, done[p.rule.claws])
        case rules.OneSource():
            return _one_source(tissue, p, p.rule, rng)
        case rules.SamePairs():
            return done[p.rule.of]
        case rules.Partners():
            return _partners(tissue, p, p.rule, done[p.rule.of], done[p.rule.via])
        case rules.BetweenGroups():
            return _between_groups(tissue, p, p.rule, rng)
        case rules.EdgeList():
            return _edge_list(tissue, p, p.rule)


def follows(circuit: Circuit, p: Projection) -> tuple[str, ...]:
    """Return the projections that the rule of `p` is built on, after checking where they run.

    Raises
    ------
    SpecError
        If one is absent from the circuit or joins other populations than the rule needs.
    """
    match p.rule:
        case rules.Claws(parents=parents):
            _expect(circuit, p, parents, None, p.pre)
            return (parents,)
        case rules.ThroughGlomeruli(claws=claws):
            _expect(circuit, p, claws, None, p.post)
            return (claws,)
        case rules.SamePairs(of=of):
            _expect(circuit, p, of, p.pre, p.post)
            return (of,)
        case rules.Partners(of=of, via=via):
            middle = _expect(circuit, p, of, p.pre, None)
            _expect(circuit, p, via, p.post, middle)
            return (of, via)
    return ()


def _expect(circuit: Circuit, p: Projection, name: str, pre: str | None, post: str | None) -> str:
    known = {q.name: q for q in circuit.projections}
    if name not in known:
        raise SpecError(f"projection {p.name!r} is built on projection {name!r}, which the circuit lacks")
    q = known[name]
    if pre not in (None, q.pre) or post not in (None, q.post):
        raise SpecError(
            f"projection {p.name!r} is built on {name!r}, which must run from {pre or 'any population'} to "
            f"{post or 'any population'}, but runs from {q.pre} to {q.post}"
        )
    return q.post


def distinct(pre: Indices, post: Indices, n_post: int, note: str = "") -> Pairs:
    """Return different pairs, given in any order, as sorted `Pairs`."""
    key = pre.astype(np.int64) * n_post + post
    key.sort()
    return _from_keys(key, n_post, note=note)


def bernoulli(rng: np.random.Generator, total: int, probability: float) -> Indices:
    """Return which of `total` trials succeed, increasing; the cost is that of the successes alone.

    The gaps between successes are geometric.
    """
    if probability <= 0 or total == 0:
        return np.empty(0, np.int64)
    expected = total * probability
    batch = int(expected + 5 * np.sqrt(expected) + 10)
    found, last = [], -1
    while last < total:
        gaps = np.minimum(rng.geometric(probability, batch), total + 1)
        found.append(last + np.cumsum(gaps))
        last = int(found[-1][-1])
    hits = np.concatenate(found)
    return hits[hits < total]


def groups(tissue: Tissue, p: Projection, same_zone: bool) -> Iterator[tuple[Indices, Indices]]:
    """Yield (sources, targets) that may be joined: the zones one by one, or all cells at once."""
    zones = tissue.circuit.zones
    if not same_zone or zones == 1:
        n_pre, n_post = tissue.sizes(p)
        yield np.arange(n_pre), np.arange(n_post)
        return
    for name in (p.pre, p.post):
        if not tissue.circuit.population(name).zoned:
            raise SpecError(f"projection {p.name!r} joins cells of one zone, but {name!r} is not zoned")
    for z in range(zones):
        yield np.flatnonzero(tissue.zone[p.pre] == z), np.flatnonzero(tissue.zone[p.post] == z)


def _bernoulli(tissue: Tissue, p: Projection, rule: rules.Bernoulli, rng: np.random.Generator) -> Pairs:
    pre, post = [], []
    for sources, targets in groups(tissue, p, rule.same_zone):
        hits = bernoulli(rng, sources.size * targets.size, rule.probability)
        pre.append(sources[hits // targets.size])
        post.append(targets[hits % targets.size])
    return _others(p, distinct(np.concatenate(pre), np.concatenate(post), tissue.sizes(p)[1]))


def _in_degree(tissue: Tissue, p: Projection, rule: rules.InDegree, rng: np.random.Generator) -> Pairs:
    n_post = tissue.sizes(p)[1]
    wish = rule.mean + rule.sd * rng.standard_normal(n_post)
    wanted = np.clip(np.floor(wish + rng.random(n_post)), *rule.range).astype(np.int64)
    pre, post, short = [], [], 0
    n_pre = tissue.sizes(p)[0]
    ranked = order(tissue.seed, p.pre, n_pre)
    if rule.zone is not None:
        ranked = ranked[_in_zone(tissue, p, rule.zone)[ranked]]
    sends = np.zeros(n_pre, bool)
    sends[ranked[: round(rule.share * ranked.size)]] = True
    for every, targets in groups(tissue, p, rule.same_zone):
        sources = every[sends[every]]
        drawn = _draw_sources(tissue, p, rule, rng, sources, targets, wanted[targets])
        got = np.array([d.size for d in drawn], np.int64)
        short += int(np.sum(got < wanted[targets]))
        pre += drawn
        post.append(np.repeat(targets, got))
    note = f"{short} of {n_post} targets have fewer sources in reach than they drew" if short else ""
    return distinct(np.concatenate(pre), np.concatenate(post), n_post, note)


def _in_zone(tissue: Tissue, p: Projection, zone: int) -> NDArray[np.bool_]:
    """Tell which sources lie in a microzone."""
    if not tissue.circuit.population(p.pre).zoned:
        raise SpecError(f"projection {p.name!r} runs from one zone, but {p.pre!r} is not zoned")
    if zone >= tissue.circuit.zones:
        raise SpecError(f"projection {p.name!r} runs from zone {zone}, but zones are 0 to {tissue.circuit.zones - 1}")
    inside: NDArray[np.bool_] = tissue.zone[p.pre] == zone
    return inside


def _draw_sources(
    tissue: Tissue,
    p: Projection,
    rule: rules.InDegree,
    rng: np.random.Generator,
    sources: Indices,
    targets: Indices,
    wanted: Indices,
) -> list[NDArray[np.int32]]:
    """Draw each target's sources from a window along x of the sources sorted by x: no all-pairs distances."""
    at, to = tissue.points(p.pre)[sources], tissue.points(p.post)[targets]
    order = np.argsort(at[:, 0], kind="stable")
    along, at = sources[order].astype(np.int32), np.ascontiguousarray(at[order].T)
    half = _half_window(rule)
    first = np.searchsorted(at[0], to[:, 0] - half, "left")
    last = np.searchsorted(at[0], to[:, 0] + half, "right")
    in_reach = _in_reach(rule)
    drawn: list[NDArray[np.int32]] = []
    for start in range(0, len(targets), _TARGETS_AT_ONCE):
        among: list[NDArray[np.int32]] = []
        for x in range(start, min(start + _TARGETS_AT_ONCE, len(targets))):
            a, b = first[x], last[x]
            if wanted[x] > 0 and (in_reach is not None or p.pre == p.post):
                allowed = np.ones(b - a, bool) if in_reach is None else in_reach(at[:, a:b], to[x])
                if p.pre == p.post:
                    allowed &= along[a:b] != targets[x]
                among.append(along[a:b][allowed])
            else:
                among.append(along[a:b])
        chosen = choose(rng, np.array([c.size for c in among]), wanted[start : start + len(among)])
        drawn += [c[picked] for c, picked in zip(among, chosen, strict=True)]
    return drawn


def _half_window(rule: rules.InDegree) -> float:
    """Return how far from a target along x its candidates may lie, um."""
    if rule.candidates == "parallel_fibre" and rule.width_um is not None:
        return rule.width_um / 2
    return np.inf if rule.reach_um is None or rule.candidates == "any" else rule.reach_um


def _in_reach(rule: rules.InDegree) -> Callable[[Points, Points], NDArray[np.bool_]] | None:
    """Return the test of candidates (x, y, z in rows) inside a target's window, or None if all are."""
    reach, width = rule.reach_um or np.inf, rule.width_um or np.inf
    match rule.candidates:
        case "parallel_fibre":
            return lambda at, here: np.abs(at[1] - here[1]) <= reach
        case "sagittal":
            return lambda at, here: np.abs(at[1] - here[1]) <= width / 2
        case "radius":
            return lambda at, here: np.sum((at - here[:, None]) ** 2, axis=0) <= reach**2
    return None


def _nearby_fibre(tissue: Tissue, p: Projection, rule: rules.NearbyFibre, rng: np.random.Generator) -> Pairs:
    # In units of half a territory, "inside" is a distance of 1 in the largest-coordinate norm.
    half = np.array(rule.box_um) / 2
    fibres = cKDTree(tissue.points(p.pre)[:, :2] / half)
    places = tissue.points(p.post)[:, :2] / half
    post, pre = _within_radius(fibres, places, 1.0, norm=np.inf)
    count = np.bincount(post, minlength=len(places))
    pick = np.floor(rng.random(len(places)) * count).astype(np.int64)
    found = count > 0
    start = np.cumsum(count) - count
    chosen = np.empty(len(places), np.int64)
    chosen[found] = pre[(start + pick)[found]]
    if not found.all():
        chosen[~found] = fibres.query(places[~found], p=np.inf)[1]
    lost = int(np.sum(~found))
    note = f"{lost} of {len(places)} targets lie outside every territory and took the nearest" if lost else ""
    return distinct(chosen, np.arange(len(places)), len(places), note)


def _claws(tissue: Tissue, p: Projection, rule: rules.Claws, rng: np.random.Generator, parents: Pairs) -> Pairs:
    n_pre, n_post = tissue.sizes(p)
    parent = np.zeros(n_pre, np.int64)  # 0: a source that nobody feeds
    parent[parents.post] = parents.pre + 1
    families = int(parent.max()) + 1
    tree, cells = cKDTree(tissue.points(p.pre)), tissue.points(p.post)
    pre, post = [], []
    for start in range(0, n_post, _CLAW_CHUNK):
        cell, glomerulus = _within_radius(tree, cells[start : start + _CLAW_CHUNK], rule.radius_um)
        shuffled = np.argsort(cell + rng.random(cell.size), kind="stable")  # at random inside each cell
        glomerulus = glomerulus[shuffled]
        _, first = np.unique(cell * families + parent[glomerulus], return_index=True)
        repeats = np.ones(cell.size, np.int64)
        repeats[first] = 0
        glomerulus = glomerulus[np.argsort(2 * cell + repeats, kind="stable")]  # repeated parents last
        count = np.bincount(cell)
        chosen = np.arange(cell.size) - np.repeat(np.cumsum(count) - count, count) < rule.number
        pre.append(glomerulus[chosen])
        post.append(start + cell[chosen])
    short = int(np.sum(np.bincount(np.concatenate(post), minlength=n_post) < rule.number))
    note = f"{short} of {n_post} targets have fewer than {rule.number} sources in reach" if short else ""
    return distinct(np.concatenate(pre), np.concatenate(post), n_post, note)


def _within(tissue: Tissue, p: Projection, rule: rules.Within) -> Pairs:
    post, pre = _within_radius(cKDTree(tissue.points(p.pre)), tissue.points(p.post), rule.radius_um)
    return _others(p, distinct(pre, post, tissue.sizes(p)[1]))


def _within_radius(tree: cKDTree, points: Points, radius: float, norm: float = 2.0) -> tuple[Indices, Indices]:
    """Return (point, neighbour in the tree) for all neighbours within `radius`, sorted by both."""
    near = cKDTree(points).sparse_distance_matrix(tree, radius, p=norm, output_type="ndarray")
    key = near["i"].astype(np.int64) * tree.n + near["j"]
    key.sort()  # the tree's own order may change with the SciPy version
    return key // tree.n, key % tree.n


def _through_glomeruli(tissue: Tissue, p: Projection, rule: rules.ThroughGlomeruli, claws: Pairs) -> Pairs:
    glomeruli = tissue.points(tissue.circuit.projection(rule.claws).pre)
    cells = tissue.points(p.pre)
    nearest = np.arange(1, min(rule.nearest, len(glomeruli)) + 1)
    distance, which = cKDTree(glomeruli).query(cells, k=nearest)
    reached = distance <= rule.radius_um
    cell = np.broadcast_to(np.arange(len(cells))[:, None], reached.shape)[reached]
    axons = _matrix(cell, which[reached], (len(cells), len(glomeruli)))
    dendrites = _matrix(claws.pre, claws.post, (len(glomeruli), tissue.sizes(p)[1]))
    return _others(p, _from_matrix(axons @ dendrites))


def _one_source(tissue: Tissue, p: Projection, rule: rules.OneSource, rng: np.random.Generator) -> Pairs:
    pre, post = [], []
    for sources, targets in groups(tissue, p, rule.same_zone):
        dealt, some = rng.permutation(sources), rng.permutation(targets)[: round(rule.share * targets.size)]
        pre.append(dealt[np.arange(some.size) % dealt.size])
        post.append(some)
    return distinct(np.concatenate(pre), np.concatenate(post), tissue.sizes(p)[1])


def _partners(tissue: Tissue, p: Projection, rule: rules.Partners, of: Pairs, via: Pairs) -> Pairs:
    n_pre, n_post = tissue.sizes(p)
    middle = len(tissue.positions_um[tissue.circuit.projection(rule.of).post])
    reached = _matrix(of.pre, of.post, (n_pre, middle))
    return _others(p, _from_matrix(reached @ _matrix(via.post, via.pre, (middle, n_post))))


def _edge_list(tissue: Tissue, p: Projection, rule: rules.EdgeList) -> Pairs:
    n_pre, n_post = tissue.sizes(p)
    key, contacts = edge_list.read(rule.path, rule.key, n_pre, n_post)
    return _from_keys(key, n_post, times=contacts, final=True)


def _from_keys(
    key: Indices, n_post: int, times: NDArray[np.float32] | None = None, final: bool = False, note: str = ""
) -> Pairs:
    pre, post = np.divmod(key, n_post)
    return Pairs(pre.astype(np.int32), post.astype(np.int32), times, final, note)


def _matrix(row: NDArray[np.integer], column: NDArray[np.integer], shape: tuple[int, int]) -> sparse.csr_array:
    return sparse.csr_array((np.ones(row.size, np.int32), (row, column)), shape=shape)


def _from_matrix(matrix: sparse.csr_array) -> Pairs:
    matrix.sort_indices()
    pairs = matrix.tocoo()
    return Pairs(pairs.row.astype(np.int32), pairs.col.astype(np.int32), pairs.data.astype(np.float32))


def _others(p: Projection, pairs: Pairs) -> Pairs:
    """Drop the pairs of a cell with itself."""
    if p.pre != p.post:
        return pairs
    keep = pairs.pre != pairs.post
    times = None if pairs.times is None else pairs.times[keep]
    return Pairs(pairs.pre[keep], pairs.post[keep], times, pairs.final, pairs.note)


def _between_groups(tissue: Tissue, p: Projection, rule: rules.BetweenGroups, rng: np.random.Generator) -> Pairs:
    sources, targets = (_blocks(tissue, name) for name in (p.pre, p.post))
    if len(rule.counts) != len(targets) or any(len(row) != len(sources) for row in rule.counts):
        raise SpecError(
            f"projection {p.name!r}: counts must have a row for each of {len(targets)} groups of {p.post!r}, each with "
            f"a count for each of {len(sources)} groups of {p.pre!r}"
        )
    pre, post = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for mine, row in zip(targets, rule.counts, strict=True):
        for others, count in zip(sources, row, strict=True):
            if not count:
                continue
            used = np.zeros(others.size)
            for target in mine:
                # Those that have the fewest targets so far, at random among equals.
                rank = used + rng.random(others.size)
                if p.pre == p.post:  # no cell is joined to itself
                    rank[others == target] = np.inf
                taken = np.argsort(rank)[: min(count, int(np.isfinite(rank).sum()))]
                used[taken] += 1
                pre.append(others[taken])
                post.append(np.full(taken.size, target))
    return distinct(np.concatenate(pre), np.concatenate(post), tissue.sizes(p)[1])


def _blocks(tissue: Tissue, population: str) -> list[Indices]:
    """Return the cells of each group, or of each zone of a population that has zones."""
    cells = tissue.circuit.population(population)
    n = tissue.circuit.zones if cells.zoned else cells.groups
    return [np.flatnonzero(np.maximum(tissue.zone[population], 0) == k) for k in range(n)]
