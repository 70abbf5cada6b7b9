"""Tables of numbers: TOML files in which every number states its unit, source and confidence.

A number is an inline table, ``c_m = {value = 334.0, unit = "pF", source = "geminiani2022", confidence =
"published"}``; its source is a key of the file's ``[sources]`` (a DOI or an address) or ``"assumed"``, and a
number that is not published or measured has a ``note`` with the reason. Text and true/false stand bare.

The key is the name of a spec's field without its unit: ``c_m`` fills ``c_m_pf``, converted to pF.
"""

from __future__ import annotations

import functools
import hashlib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from dystolab.errors import SpecError, UnknownNameError
from dystolab.quantity import ASSUMED, Quantity

FOLDER = Path(__file__).with_name("tables")
UNITS = {
    "_ns_per_ms": "nS/ms",
    "_per_ms": "1/ms",
    "_mv": "mV",
    "_pa": "pA",
    "_ns": "nS",
    "_ms": "ms",
    "_pf": "pF",
    "_um": "um",
    "_hz": "Hz",
}
_PARTS = {"value", "unit", "source", "confidence", "note"}
_ADDRESS = re.compile(r"(10\.\d{4,}/\S+|https?://\S+)")


@dataclass(frozen=True, slots=True)
class Entry:
    """A number of a table, with the file and the dotted key where it stands."""

    where: str
    quantity: Quantity

    def to(self, unit: str) -> float | tuple[float, ...]:
        """Return the number in `unit`, or raise SpecError naming the file and the entry."""
        try:
            return self.quantity.to(unit)
        except SpecError as error:
            raise SpecError(f"{self.where}: {error}") from None


class Section(dict[str, "Section | Entry | str | bool"]):
    """A part of a table: entries, text, flags and sub-sections by name."""

    def __init__(self, where: str, items: Mapping[str, Section | Entry | str | bool] | None = None) -> None:
        super().__init__(items or {})
        self.where = where

    def section(self, name: str) -> Section:
        """Return the sub-section `name`, empty if there is none."""
        found = self.get(name, Section(f"{self.where}.{name}"))
        if not isinstance(found, Section):
            raise SpecError(f"{self.where}.{name}: must be a section")
        return found

    def sections(self) -> Iterator[tuple[str, Section]]:
        """Yield the sub-sections with their names, in the order of the file."""
        for name in self:
            yield name, self.section(name)

    def number(self, name: str, unit: str) -> float:
        """Return the number `name` in `unit`."""
        value = self._entry(name).to(unit)
        if isinstance(value, tuple):
            raise SpecError(f"{self._entry(name).where}: must be one number, got {len(value)}")
        return float(value)

    def numbers(self, name: str, unit: str, count: int) -> tuple[float, ...]:
        """Return the `count` numbers of entry `name` in `unit`."""
        value = self._entry(name).to(unit)
        if not isinstance(value, tuple) or len(value) != count:
            raise SpecError(f"{self._entry(name).where}: must be a list of {count} numbers")
        return value

    def text(self, name: str) -> str:
        """Return the text `name`."""
        found = self.get(name)
        if not isinstance(found, str):
            raise SpecError(f"{self.where}.{name}: must be a text, got {_kind(found)}")
        return found

    def _entry(self, name: str) -> Entry:
        found = self.get(name)
        if not isinstance(found, Entry):
            raise SpecError(f"{self.where}.{name}: must be a number with its source, got {_kind(found)}")
        return found

    def entries(self) -> Iterator[Entry]:
        """Yield every number of this section and those below it."""
        for item in self.values():
            if isinstance(item, Entry):
                yield item
            elif isinstance(item, Section):
                yield from item.entries()


@dataclass(frozen=True, slots=True)
class Table:
    """A validated table: its name, its numbers, its sources and the SHA-256 of its file."""

    name: str
    root: Section
    sources: Mapping[str, str]
    sha256: str


def names() -> tuple[str, ...]:
    """Return the names of the tables that come with the package, sorted."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


@functools.cache
def load(name: str) -> Table:
    """Return the packaged table `name`, validated.

    Raises
    ------
    UnknownNameError
        If there is no such table.
    SpecError
        If a number lacks its unit, source or confidence; the text names the file and the entry.
    """
    if name not in names():
        raise UnknownNameError("table", name, names())
    return read(FOLDER / f"{name}.toml")


def read(path: Path) -> Table:
    """Return the table in the file `path`, validated as in `load`."""
    try:
        data = path.read_bytes()
        tree = tomllib.loads(data.decode())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SpecError(f"{path.name}: {error}") from None
    sources = tree.pop("sources", {})
    for key, address in sources.items():
        if not isinstance(address, str) or not _ADDRESS.fullmatch(address):
            raise SpecError(f"{path.name}: sources.{key}: must be a DOI or an address, got {address!r}")
    root = _section(f"{path.name}:", tree, sources)
    return Table(path.stem, root, sources, hashlib.sha256(data).hexdigest())


def table_hashes() -> dict[str, str]:
    """Return the SHA-256 of each packaged table by name, for the provenance of a result."""
    return hashes_in(FOLDER)


def hashes_in(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each table in a folder by name."""
    return {path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("*.toml"))}


def merged(tables: Iterable[Table]) -> Section:
    """Return the numbers of `tables` in one tree: a later table's entries replace an earlier one's.

    Sub-sections are merged entry by entry, but one that states its ``kind`` replaces the earlier one whole.
    """
    tables = tuple(tables)
    out = Section(f"{tables[-1].name}.toml:" if tables else "")
    for table in tables:
        out = overlaid(out, table.root)
    return out


def fields(section: Section, spec: type[BaseModel], *, skip: Iterable[str] = ()) -> dict[str, Any]:
    """Return the entries of `section` as arguments of `spec`, each in the unit of its field's name.

    Sub-sections and the keys in `skip` are left to the caller.

    Raises
    ------
    UnknownNameError
        If a key is no field of `spec`.
    """
    by_key = {split_unit(name)[0]: name for name in spec.model_fields}
    out: dict[str, Any] = {}
    for key, item in section.items():
        if key in skip or isinstance(item, Section):
            continue
        if key not in by_key:
            raise UnknownNameError(f"entry of {section.where}", key, by_key)
        out[by_key[key]] = item.to(split_unit(by_key[key])[1]) if isinstance(item, Entry) else item
    return out


def built(section: Section, spec: type[BaseModel], **more: Any) -> Any:
    """Return the `spec` that `section` describes, with the fields `more` set by the caller."""
    try:
        return spec(**fields(section, spec), **more)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise SpecError(f"{section.where}.{field}: {first['msg']}") from None


def split_unit(field: str) -> tuple[str, str]:
    """Return the name of a spec's field without its unit, and the unit (``"1"`` if it has none).

    Examples
    --------
    >>> split_unit("k_adap_ns_per_ms")
    ('k_adap', 'nS/ms')
    """
    for suffix, unit in UNITS.items():
        if field.endswith(suffix):
            return field.removesuffix(suffix), unit
    return field, "1"


def _section(where: str, tree: Mapping[str, Any], sources: Mapping[str, str]) -> Section:
    out = Section(where)
    for key, item in tree.items():
        here = f"{where}.{key}" if not where.endswith(":") else f"{where} {key}"
        if isinstance(item, dict):
            out[key] = _entry(here, item, sources) if "value" in item else _section(here, item, sources)
        elif isinstance(item, (str, bool)):
            out[key] = item
        else:
            raise SpecError(f"{here}: a bare {_kind(item)}; write {{value, unit, source, confidence}}")
    return out


def _entry(where: str, item: Mapping[str, Any], sources: Mapping[str, str]) -> Entry:
    extra = sorted(set(item) - _PARTS)
    if extra:
        raise SpecError(f"{where}: unknown key {extra[0]!r}; allowed: {', '.join(sorted(_PARTS))}")
    missing = sorted(_PARTS - {"note"} - set(item))
    if missing:
        raise SpecError(f"{where}: {missing[0]} is missing")
    source = item["source"]
    if source != ASSUMED:
        if source not in sources:
            raise SpecError(f"{where}: {UnknownNameError('source', str(source), [*sources, ASSUMED])}")
        source = sources[source]
    value = item["value"]
    value = tuple(value) if isinstance(value, list) else value
    try:
        return Entry(where, Quantity(value, item["unit"], source, item["confidence"], item.get("note", "")))
    except SpecError as error:
        raise SpecError(f"{where}: {error}") from None


def overlaid(below: Section, above: Section) -> Section:
    """Return `below` with what `above` replaces and adds."""
    out = Section(above.where if "kind" in above else below.where, below)
    for key, item in above.items():
        old = out.get(key)
        if isinstance(item, Section) and isinstance(old, Section) and "kind" not in item:
            out[key] = overlaid(old, item)
        else:
            out[key] = item
    return out


def _kind(item: object) -> str:
    return {type(None): "nothing", int: "number", float: "number", dict: "section", Section: "section"}.get(
        type(item), type(item).__name__
    )
