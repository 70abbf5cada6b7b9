"""The circuits that come with dystolab, by name, and the import of a compiled edge list."""

from __future__ import annotations

import functools
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from dystolab.circuit import cerebellum, groups, tables
from dystolab.circuit.rules import EdgeList
from dystolab.circuit.spec import Circuit, revised
from dystolab.errors import ScaleError, SpecError, UnknownNameError

NAMES: dict[str, str] = {
    "mouse-cerebellum": "mouse olivocerebellar circuit of dystolab, judged against recordings in awake mice",
    "mouse-2022": "mouse olivocerebellar circuit as published by Geminiani et al. 2022, silent olive",
    "head": "human brainstem and cord that hold a head: integrator, reflexes, motoneurons of 28 muscles",
    "cerebellum-head": "the same, joined to the olivocerebellar circuit: six zones, one for each direction of the head",
    "arm": "human corticospinal cells and cord that move an arm: reflexes, motoneurons of six muscles",
    "cerebellum-arm": "the same, joined to the olivocerebellar circuit: four zones, one for each direction of a joint",
}
_TABLES: dict[str, tuple[str, ...]] = {
    "mouse-2022": ("tissue", "neurons_2022", "wiring_2022"),
    "mouse-cerebellum": (
        "tissue", "neurons_2022", "wiring_2022", "canonical_awake", "mouse_cerebellum", "unipolar_brush", "blink_path",
    ),
    "head": ("head",),
    "cerebellum-head": (
        "head", "tissue", "neurons_2022", "wiring_2022", "canonical_awake", "mouse_cerebellum", "unipolar_brush",
        "cerebellum_head",
    ),
    "arm": ("arm",),
    "cerebellum-arm": (
        "arm", "tissue", "neurons_2022", "wiring_2022", "canonical_awake", "mouse_cerebellum", "unipolar_brush",
        "cerebellum_arm",
    ),
}  # fmt: skip
_SIZE = {"cerebellum-head": 2.25, "cerebellum-arm": 1.25}
"""Area of the tissue of circuits that need one size: zones a little larger than at scale 1."""

_ZONE_NAMES = {
    "head": groups.DIRECTIONS, "cerebellum-head": groups.DIRECTIONS, "cerebellum-arm": groups.ARM_DIRECTIONS,
}  # fmt: skip

_CANONICAL_TABLES = ("tissue", "neurons_2022", "wiring_2022", "canonical_awake")
_CANONICAL_POPULATIONS = {
    "mossy_fiber": "mossy_fibers",
    "glomerulus": "glomerulus",
    "granule_cell": "granule_cell",
    "golgi_cell": "golgi_cell",
    "purkinje_cell": "purkinje_cell",
    "basket_cell": "basket_cell",
    "stellate_cell": "stellate_cell",
    "dcn_glut": "dcn_p",
    "dcn_gaba": "dcn_i",
    "io_cell": "io",
}
_CANONICAL_PROJECTIONS = {
    "mf_glom": "mossy_fibers_to_glomerulus",
    "glom_grc": "glomerulus_to_granule",
    "goc_grc": "golgi_to_glomerulus",  # already resolved to the granule cells of each glomerulus
    "glom_goc": "glomerulus_to_golgi",
    "goc_goc": "golgi_to_golgi",
    "aa_goc": "ascending_axon_to_golgi",
    "pf_goc": "parallel_fiber_to_golgi",
    "aa_pc": "ascending_axon_to_purkinje",
    "pf_pc": "parallel_fiber_to_purkinje",
    "pf_bc": "parallel_fiber_to_basket",
    "pf_sc": "parallel_fiber_to_stellate",
    "sc_pc": "stellate_to_purkinje",
    "bc_pc": "basket_to_purkinje",
    "sc_sc": "stellate_to_stellate",
    "bc_bc": "basket_to_basket",
    "mf_dcn_glut": "mossy_fibers_to_dcn_p",
    "pc_dcn_glut": "purkinje_to_dcn_p",
    "pc_dcn_gaba": "purkinje_to_dcn_i",
    "io_pc": "io_to_purkinje",
    "io_bc": "io_to_mli_io_to_basket_cell",
    "io_sc": "io_to_mli_io_to_stellate_cell",
    "io_dcn_glut": "io_to_dcn_p",
    "io_dcn_gaba": "io_to_dcn_i",
    "dcn_gaba_io": "dcn_i_to_io",
}


@functools.lru_cache(maxsize=16, typed=True)
def load(name: str, scale: float = 1.0) -> Circuit:
    """Return the circuit called `name`.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    scale : float
        Area of the tissue relative to the published block (300 x 200 um), at most 30.

    Raises
    ------
    UnknownNameError
        If there is no such circuit.
    ScaleError
        If a zone would be empty at this scale; the text names the smallest one that works.
    SpecError
        If `scale` is outside the allowed range.

    Examples
    --------
    >>> load("mouse-2022").population("granule_cell").size
    30420
    """
    if name not in _TABLES:
        raise UnknownNameError("circuit", name, NAMES)
    used = [tables.load(table) for table in _TABLES[name]]
    if name in _SIZE and scale != 1:
        raise ScaleError(f"circuit {name!r} has one size, with a zone per direction: scale must be 1, not {scale!r}")
    circuit = cerebellum.build(tables.merged(used), name, _SIZE.get(name, scale), _sources(used))
    return revised(circuit, {"scale": scale, "zone_names": _ZONE_NAMES.get(name, ())})


def table_names(name: str) -> tuple[str, ...]:
    """Return the names of the tables that the circuit called `name` is made of; none if it is no preset.

    Examples
    --------
    >>> table_names("mouse-2022")
    ('tissue', 'neurons_2022', 'wiring_2022')
    """
    return _TABLES.get(name, ())


def canonical(path: str | Path, plastic: bool = False) -> Circuit:
    """Return the canonical scaffold as it was compiled once, with the parameters of its awake state.

    Cells lie at random in their layers (the file holds no positions) and there is one zone. Golgi gap
    junctions are left out, as in the scaffold's own simulations of these cells.

    Parameters
    ----------
    path : str or Path
        The file ``connectivity.npz``, or its folder; ``summary.json`` beside it gives the population sizes.
    plastic : bool
        Whether parallel fibres learn (the release is static).

    Raises
    ------
    SpecError
        If a file or one of its arrays is missing or damaged.

    Source: 10.1038/s42003-022-04213-y.
    """
    npz = Path(path)
    npz = npz / "connectivity.npz" if npz.is_dir() else npz
    sizes = _sizes(npz.with_name("summary.json"))
    _check_edges(npz, sizes)
    used = [tables.load(table) for table in _CANONICAL_TABLES]
    tree = tables.merged(used)
    populations = tuple(
        cerebellum.population(tree.section("populations").section(name), name, tree, 1.0, sizes[name])
        for name in _CANONICAL_POPULATIONS
    )
    projections = tuple(
        cerebellum.projection(tree.section("projections").section(name), name, tree, EdgeList(path=str(npz), key=key))
        for name, key in _CANONICAL_PROJECTIONS.items()
    )
    if not plastic:
        projections = tuple(revised(p, {"plasticity": None}) for p in projections)
    return Circuit(
        name="canonical",
        populations=populations,
        projections=projections,
        sources=_sources(used),
    )


def _sources(used: Iterable[tables.Table]) -> tuple[str, ...]:
    return tuple(sorted({address for table in used for address in table.sources.values()}))


def _sizes(summary: Path) -> dict[str, int]:
    try:
        found = json.loads(summary.read_text())["pops"]
        sizes = {name: int(found[key]) for name, key in _CANONICAL_POPULATIONS.items()}
        if min(sizes.values()) < 1:
            raise ValueError("a population has no cell")
        return sizes
    except OSError as error:
        raise SpecError(f"{summary}: {error.strerror or error}") from None
    except (ValueError, TypeError, KeyError) as error:
        raise SpecError(f"{summary}: no population sizes ({type(error).__name__}: {error})") from None


def _check_edges(npz: Path, sizes: dict[str, int]) -> None:
    ends = tables.merged([tables.load("wiring_2022")]).section("projections")
    try:
        with np.load(npz) as arrays:
            for name, key in _CANONICAL_PROJECTIONS.items():
                pre, post, mult = (arrays[f"{key}/{part}"] for part in ("pre", "post", "mult"))
                if not (pre.ndim == 1 and pre.shape == post.shape == mult.shape):
                    raise SpecError(f"{npz}: {key}: pre, post and mult must be lists of one length")
                for part, index in (("pre", pre), ("post", post)):
                    cell = ends.section(name).text(part)
                    if index.size and (index.min() < 0 or index.max() >= sizes[cell]):
                        raise SpecError(f"{npz}: {key}/{part}: indices must lie in 0 to {sizes[cell] - 1}")
    except OSError as error:
        raise SpecError(f"{npz}: {error.strerror or error}") from None
    except (KeyError, ValueError, EOFError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise SpecError(f"{npz}: damaged, or not a connectivity file ({error})") from None
