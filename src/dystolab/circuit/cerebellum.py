"""The olivocerebellar circuit as it stands in a tree of table entries: a block of tissue, scaled in x and y.

Every number comes from the tables; this file knows only how entries become specs.
"""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

from pydantic import BaseModel

from dystolab.circuit import groups, neurons, rules
from dystolab.circuit.drives import Drive, Pattern, PoissonDrive
from dystolab.circuit.neurons import EGLIF, AdEx, Receptor, Recruitment, Relay, Spread
from dystolab.circuit.spec import (
    Circuit,
    GapJunctions,
    Layer,
    PoolClass,
    Population,
    Projection,
    SinExpPlasticity,
    Synapse,
)
from dystolab.circuit.tables import Section, built, fields, overlaid, split_unit
from dystolab.errors import ScaleError, SpecError, UnknownNameError


def _kinds(union: Any) -> dict[str, type[BaseModel]]:
    members = get_args(get_args(union)[0])
    return {member.model_fields["kind"].default: member for member in members}


NEURONS: dict[str, type[BaseModel]] = {"eglif": EGLIF, "adex": AdEx, "relay": Relay}
RULES = _kinds(rules.Rule)
SLOW = _kinds(neurons.Slow)
_Each = Literal["cell", "evenly", "group"]
_SPREADS: dict[str, _Each] = {"spread": "cell", "even_spread": "evenly", "group_spread": "group"}
SYNAPSES = _kinds(Synapse)


def build(tables: Section, name: str, scale: float = 1.0, sources: tuple[str, ...] = ()) -> Circuit:
    """Return the circuit that `tables` describe, in a tissue `scale` times the published one.

    Parameters
    ----------
    tables : Section
        Merged tables with the sections tissue, layers, populations, neurons and projections, and if there
        are any, gap_junctions and drives.
    name : str
        Name of the circuit.
    scale : float
        Area of the tissue relative to the published block: x and y grow by its square root, every
        population in proportion, in-degrees stay; above 1 zones are added so that each keeps about its width.
    sources : tuple of str
        Where the numbers come from.

    Raises
    ------
    ScaleError
        If a zone would be empty at this scale.
    SpecError
        If `scale` is outside the allowed range, or an entry does not fit.
    """
    check_scale(tables, scale)
    tissue = tables.section("tissue")
    projections = tuple(
        projection(section, key, tables)
        for key, section in tables.section("projections").sections()
        if not _switched_off(section)
    )
    return Circuit(
        name=name,
        scale=scale,
        zones=zones_at(tables, scale),
        zone_axis=tissue.text("zone_axis") if "zone_axis" in tissue else "x",
        populations=tuple(
            population(section, key, tables, scale) for key, section in tables.section("populations").sections()
        ),
        projections=projections,
        gap_junctions=tuple(
            _gap_junctions(section, key, tables, scale) for key, section in tables.section("gap_junctions").sections()
        ),
        drives=tuple(_drive(section, key) for key, section in tables.section("drives").sections()),
        sources=sources,
    )


def zones_at(tables: Section, scale: float) -> int:
    """Return the number of microzones: as published up to scale 1, then as many as keep a zone's width."""
    published = tables.section("tissue").number("zones", "1")
    return int(published) if scale <= 1 else round(published * math.sqrt(scale))


def size_at(tables: Section, name: str, scale: float) -> int:
    """Return the number of cells of population `name` at `scale`."""
    section = tables.section("populations").section(name)
    # Groups are pools of the body, which a wider tissue has no more of.
    return math.floor(section.number("size", "1") * (1.0 if "groups" in section else scale) + 0.5)


def smallest_scale(tables: Section) -> float:
    """Return the smallest scale at which every zone has a cell of each population that is split by zone."""
    zones = tables.section("tissue").number("zones", "1")
    least = (
        ((zones if section.get("zoned") else 1.0) - 0.5) / section.number("size", "1")
        for _, section in tables.section("populations").sections()
    )
    return max(least)


def check_scale(tables: Section, scale: float) -> None:
    """Raise ScaleError or SpecError, naming the allowed range, unless a circuit can be built at `scale`."""
    low, high = smallest_scale(tables), tables.section("tissue").number("scale_max", "1")
    # rounded up: what the message names must be accepted
    allowed = f"allowed: {math.ceil(low * 1e4) / 1e4:g} to {high:g}"
    if isinstance(scale, bool) or not isinstance(scale, (int, float)) or not 0 < scale <= high:
        raise SpecError(f"scale {scale!r} of the tissue; {allowed}")
    empty = [
        name
        for name, section in tables.section("populations").sections()
        if size_at(tables, name, scale) < (zones_at(tables, scale) if section.get("zoned") else 1)
    ]
    if empty:
        raise ScaleError(f"scale {scale:g} leaves a zone without any {empty[0]}; {allowed}")


def population(section: Section, name: str, tables: Section, scale: float, size: int | None = None) -> Population:
    """Return the population `name`, with `size` cells instead of the table's if given."""
    return Population(
        name=name,
        size=size_at(tables, name, scale) if size is None else size,
        neuron=neuron(cell_section(tables, name)),
        layer=_layer(tables, section.text("layer"), scale),
        zoned=bool(section.get("zoned", False)),
        groups=int(section.number("groups", "1")) if "groups" in section else 1,
        slow=tuple(_of_kind(s, SLOW) for _, s in section.section("slow").sections()),
        spread=tuple(spread for key, each in _SPREADS.items() for spread in _spread(section.section(key), each)),
        recruitment=built(section.section("recruitment"), Recruitment) if "recruitment" in section else None,
    )


def neuron(section: Section) -> Any:
    """Return the neuron spec that `section` describes, its receptors in the order of the table."""
    receptors = tuple(built(s, Receptor) for _, s in section.section("receptors").sections())
    return _of_kind(section, NEURONS, **({"receptors": receptors} if receptors else {}))


def cell_section(tables: Section, name: str) -> Section:
    """Return the table of cell `name`; one that says it is ``like`` another holds only what differs from that."""
    cells = tables.section("neurons")
    section = cells.section(name)
    if "like" not in section:
        return section
    other = section.text("like")
    if other not in cells or "like" in cells.section(other):
        whole = [cell for cell in cells if "like" not in cells.section(cell)]
        raise UnknownNameError(f"cell in {section.where}.like", other, whole)
    differs = Section(section.where, {key: item for key, item in section.items() if key != "like"})
    return overlaid(cells.section(other), differs)


def projection(section: Section, name: str, tables: Section, rule: Any = None) -> Projection:
    """Return the projection `name`, wired by `rule` instead of the table's if given."""
    learning = section.section("plasticity")
    more: dict[str, Any] = {}
    if learning:
        more["plasticity"] = built(learning, SinExpPlasticity)
    if "synapse" in section:
        more["synapse"] = _synapse(section.section("synapse"))
    if "contacts" in section:
        more["contacts"] = _value(section, "contacts", "1")
    return Projection(
        name=name,
        pre=section.text("pre"),
        post=section.text("post"),
        receptor=_receptor(section, tables),
        weight_ns=_value(section, "weight", "nS"),
        delay_ms=_value(section, "delay", "ms"),
        rule=rule or _rule(section.section("rule")),
        **more,
    )


def _rule(section: Section) -> Any:
    return groups.rule(section) if "map" in section else _of_kind(section, RULES)


def _synapse(section: Section) -> Any:
    classes = tuple(built(s, PoolClass, name=name) for name, s in section.section("classes").sections())
    return _of_kind(section, SYNAPSES, **({"classes": classes} if classes else {}))


def _of_kind(section: Section, kinds: dict[str, type[BaseModel]], **more: Any) -> Any:
    kind = section.text("kind")
    if kind not in kinds:
        raise UnknownNameError(f"kind in {section.where}", kind, kinds)
    return built(section, kinds[kind], **more)


def _switched_off(section: Section) -> bool:
    return section.number("weight", "nS") == 0.0 and "weight_sd" not in section


def _value(section: Section, key: str, unit: str) -> dict[str, float]:
    parts = {"mean": key, "sd": f"{key}_sd", "low": f"{key}_low"}
    return {part: section.number(entry, unit) for part, entry in parts.items() if entry in section}


def _receptor(section: Section, tables: Section) -> int:
    cell = section.text("post")
    known = list(cell_section(tables, cell).section("receptors"))
    if "receptor" not in section and not known:
        return 0
    wanted = section.text("receptor")
    if wanted not in known:
        raise UnknownNameError(f"receptor of {cell} in {section.where}", wanted, known)
    return known.index(wanted) + 1


def _layer(tables: Section, name: str, scale: float) -> Layer:
    layers = tables.section("layers")
    if name not in layers:
        raise UnknownNameError("layer", name, layers)
    x, y = tables.section("tissue").numbers("extent", "um", 2)
    side = math.sqrt(scale)
    return Layer(
        origin_um=(0.0, 0.0, layers.section(name).number("bottom", "um")),
        size_um=(x * side, y * side, layers.section(name).number("thickness", "um")),
    )


def _spread(section: Section, each: _Each) -> tuple[Spread, ...]:
    parameters = {split_unit(p)[0]: p for p in get_args(Spread.model_fields["parameter"].annotation)}
    for key in section:
        if key not in parameters:
            raise UnknownNameError(f"spread in {section.where}", key, parameters)
    return tuple(
        Spread(parameter=parameters[key], sd=section.number(key, split_unit(parameters[key])[1]), each=each)
        for key in section
    )


def _gap_junctions(section: Section, name: str, tables: Section, scale: float) -> GapJunctions:
    values = fields(section, GapJunctions)
    on = section.text("population")

    def zone(at: float) -> float:
        cells = size_at(tables, on, at)
        return cells / (zones_at(tables, at) if tables.section("populations").section(on).get("zoned") else 1)

    # a wider tissue has more cells in a zone; like every in-degree, the number of partners stays
    if scale > 1:
        values["probability"] *= min(1.0, (zone(1.0) - 1) / (zone(scale) - 1))
    return GapJunctions(name=name, **values)


def _drive(section: Section, name: str) -> Drive:
    if section.text("kind") != "poisson":
        raise SpecError(f"{section.where}.kind: a table can hold Poisson drives only")
    rate = Pattern(times_ms=(0.0,), values=(section.number("rate", "Hz"),))
    return PoissonDrive(name=name, population=section.text("population"), rate_hz=rate)
