"""Every number of the tables has its unit, source and confidence; damage is named in one line."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from dystolab.circuit import presets, tables
from dystolab.circuit.neurons import EGLIF
from dystolab.errors import SpecError, UnknownNameError
from dystolab.quantity import CONFIDENCES, Quantity

GOOD = """
[sources]
here = "10.3389/fnsys.2022.919761"
[neurons.cell]
kind = "eglif"
c_m = {value = 0.334, unit = "nF", source = "here", confidence = "published"}
"""


def _read(tmp_path: Path, text: str) -> tables.Table:
    path = tmp_path / "damaged.toml"
    path.write_text(text)
    return tables.read(path)


@pytest.mark.parametrize("name", tables.names())
def test_every_number_has_its_provenance(name: str) -> None:
    table = tables.load(name)
    entries = list(table.root.entries())
    assert entries
    for entry in entries:
        q = entry.quantity
        assert q.unit and q.confidence in CONFIDENCES
        assert q.source == "assumed" or re.match(r"10\.\d{4,}/|https?://", q.source), entry.where
        assert q.confidence in ("published", "measured") or q.note, entry.where


@pytest.mark.parametrize("name", tables.names())
def test_every_source_is_used(name: str) -> None:
    table = tables.load(name)
    used = {entry.quantity.source for entry in table.root.entries()}
    assert set(table.sources.values()) <= used


def test_a_good_table_converts_to_the_field_s_unit(tmp_path: Path) -> None:
    section = _read(tmp_path, GOOD).root.section("neurons").section("cell")
    assert tables.fields(section, EGLIF) == {"kind": "eglif", "c_m_pf": 334.0}


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (', unit = "nF"', "", "unit is missing"),
        (', source = "here"', "", "source is missing"),
        (', confidence = "published"', "", "confidence is missing"),
        ('"published"', '"certain"', "confidence must be one of"),
        ('"published"', '"derived"', "needs a note"),
        ('"published"', '"unverified"', "needs a note"),
        ('source = "here"', 'source = "her"', "did you mean 'here'"),
        ('source = "here"', 'source = "assumed"', "confidence of an assumed number"),
        ("0.334", "nan", "finite"),
        ("0.334", '"0.334"', "finite"),
        ("0.334", "true", "finite"),
        ('{value = 0.334, unit = "nF", source = "here", confidence = "published"}', "334.0", "bare number"),
        (
            '{value = 0.334, unit = "nF", source = "here", confidence = "published"}',
            "[1.0, 2.0]",
            "bare list",
        ),
        ("value = 0.334", "value = 0.334, sd = 1.0", "unknown key 'sd'"),
        ("value = 0.334", "value = 0.334,,", "damaged.toml"),
        ("10.3389/fnsys.2022.919761", "a book", "must be a DOI"),
    ],
)
def test_a_damaged_table_is_refused_in_one_line(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    assert old in GOOD
    with pytest.raises(SpecError) as caught:
        _read(tmp_path, GOOD.replace(old, new))
    text = str(caught.value)
    assert complaint in text and "damaged.toml" in text and "\n" not in text


@pytest.mark.parametrize(("unit", "complaint"), [("mV", "does not convert"), ("nFoo", "is not known")])
def test_a_wrong_unit_is_refused_with_the_entry(tmp_path: Path, unit: str, complaint: str) -> None:
    section = _read(tmp_path, GOOD.replace("nF", unit)).root.section("neurons").section("cell")
    with pytest.raises(SpecError, match=rf"damaged\.toml: neurons\.cell\.c_m: .*{complaint}"):
        tables.fields(section, EGLIF)


def test_an_unknown_entry_is_refused_with_the_nearest(tmp_path: Path) -> None:
    section = _read(tmp_path, GOOD.replace("c_m =", "c_n =")).root.section("neurons").section("cell")
    with pytest.raises(UnknownNameError, match="did you mean 'c_m'"):
        tables.fields(section, EGLIF)


def test_an_unknown_table_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'tissue'"):
        tables.load("tisue")


def test_merging_overlays_entries_and_replaces_sections_of_another_kind(tmp_path: Path) -> None:
    rule = '{value = 1.0, unit = "1", source = "here", confidence = "published"}'
    sources = '[sources]\nhere = "10.1/x"\n'.replace("10.1/", "10.1000/")
    below = _read(tmp_path, f'{sources}[a]\nx = {rule}\ny = {rule}\n[a.rule]\nkind = "claws"\nn = {rule}\n')
    above = _read(tmp_path, f'{sources}[a]\nx = {rule.replace("1.0", "2.0")}\n[a.rule]\nkind = "within"\nr = {rule}\n')
    out = tables.merged([below, above]).section("a")
    assert (out.number("x", "1"), out.number("y", "1")) == (2.0, 1.0)
    assert set(out.section("rule")) == {"kind", "r"}
    assert below.root.section("a").number("x", "1") == 1.0


def test_hashes_are_those_of_the_files() -> None:
    hashes = tables.table_hashes()
    assert set(hashes) == set(tables.names())
    for name, digest in hashes.items():
        assert digest == hashlib.sha256((tables.FOLDER / f"{name}.toml").read_bytes()).hexdigest()


def test_a_quantity_converts_each_number_of_a_list() -> None:
    assert Quantity((0.0003, 0.2), "m", "10.1000/x", "published").to("mm") == (0.3, 200.0)


@pytest.mark.parametrize(
    ("cell", "field", "value"),
    [
        ("granule_cell", "k_adap_ns_per_ms", 0.022),
        ("granule_cell", "v_min_mv", -150.0),
        ("purkinje_cell", "i_e_pa", 742.543),
        ("purkinje_cell", "lambda_0_per_ms", 4.0),
        ("golgi_cell", "a1_pa", 259.988),
        ("basket_cell", "tau_m_ms", 9.125),
        ("stellate_cell", "k1_per_ms", 1.887),
        ("dcn_glut", "tau_v_mv", 3.0),
        ("dcn_gaba", "t_ref_ms", 3.0),
        ("dcn_gly", "i_e_pa", -116.8147),
        ("io_cell", "a2_pa", 1358.197),
        ("io_cell", "c_m_pf", 189.0),
    ],
)
def test_published_cells(cell: str, field: str, value: float) -> None:
    neuron = presets.load("mouse-2022").population(cell).neuron
    assert isinstance(neuron, EGLIF) and neuron.update_order == "freeze" and neuron.leak_sign == 1
    assert getattr(neuron, field) == value


@pytest.mark.parametrize(
    ("cell", "taus", "reversals"),
    [
        ("granule_cell", (1.9, 4.5), (0.0, -80.0)),
        ("purkinje_cell", (1.1, 2.8, 0.4), (0.0, -80.0, 0.0)),
        ("golgi_cell", (0.23, 3.3, 0.5, 2.4), (0.0, -80.0, 0.0, -80.0)),
        ("basket_cell", (0.64, 2.0, 1.2), (0.0, -80.0, 0.0)),
        ("io_cell", (1.0, 60.0), (0.0, -80.0)),
    ],
)
def test_published_receptors(cell: str, taus: tuple[float, ...], reversals: tuple[float, ...]) -> None:
    neuron = presets.load("mouse-2022").population(cell).neuron
    assert isinstance(neuron, EGLIF)
    assert tuple(r.tau_ms for r in neuron.receptors) == taus
    assert tuple(r.e_rev_mv for r in neuron.receptors) == reversals


@pytest.mark.parametrize(
    ("cell", "trace"),
    [
        ("granule_cell", 4.08e-4),
        ("golgi_cell", -2.73e-4),
        ("io_cell", -9.1e-5),
        ("purkinje_cell", -1.97e-2),
        ("dcn_glut", -1.67e-2),
        ("dcn_gaba", -2.61e-2),
        ("dcn_gly", -2.51e-2),
        ("basket_cell", -0.986),
        ("stellate_cell", -0.986),
    ],
)
def test_growth_of_the_sub_threshold_system(cell: str, trace: float) -> None:
    neuron = presets.load("mouse-2022").population(cell).neuron
    assert isinstance(neuron, EGLIF)
    assert 1 / neuron.tau_m_ms - neuron.k2_per_ms == pytest.approx(trace, rel=5e-3)
    assert neuron.k_adap_ns_per_ms / neuron.c_m_pf > neuron.k2_per_ms / neuron.tau_m_ms


def test_the_canonical_granule_cell_is_marginal() -> None:
    neuron = presets.load("mouse-cerebellum").population("granule_cell").neuron
    assert isinstance(neuron, EGLIF)
    assert abs(1 / neuron.tau_m_ms - neuron.k2_per_ms) < 1e-8
