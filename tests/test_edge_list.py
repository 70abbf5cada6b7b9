"""Given edge lists: contacts add up, and every kind of damage is one clear line."""

from __future__ import annotations

import numpy as np
import pytest

from dystolab.circuit import rules
from dystolab.circuit.anatomy import grow
from dystolab.circuit.spec import Circuit, Value
from dystolab.errors import SpecError
from small_circuits import assert_well_formed, two


def saved(path, **arrays) -> str:
    given = {"pre": np.array([3, 0, 3]), "post": np.array([1, 2, 1]), "mult": np.array([2, 5, 1]), **arrays}
    np.savez(path, **{f"k/{name}": a for name, a in given.items() if a is not None})
    return str(path)


def given(path: str, key: str = "k") -> Circuit:
    return two(rules.EdgeList(path=path, key=key), 4, 3, contacts=Value(mean=7))


def test_edge_list_adds_up_contacts_of_a_pair(tmp_path):
    e = grow(given(saved(tmp_path / "a.npz")), 1).edges["p"]
    assert_well_formed(e, 4, 3)
    assert list(zip(e.pre, e.post, e.contacts, e.weight_ns, strict=True)) == [(0, 2, 5, 2.5), (3, 1, 3, 1.5)]


@pytest.mark.parametrize(
    ("arrays", "match"),
    [
        ({"mult": None}, "'k/mult' is missing"),
        ({"pre": np.array([4, 0, 3])}, "'k/pre' holds 4; allowed are 0 to 3"),
        ({"post": np.array([-1, 0, 2])}, "'k/post' holds -1"),
        ({"mult": np.array([1, 0, 1])}, "'k/mult' must hold contacts above 0"),
        ({"post": np.array([0])}, "one length"),
        ({"pre": np.array([0.5, 1, 2])}, "'k/pre' must be a list of whole numbers"),
        ({"pre": np.array([{}, 1, 2], dtype=object)}, "'k/pre' can't be read"),
    ],
)
def test_edge_list_errors_name_file_and_array(tmp_path, arrays, match):
    with pytest.raises(SpecError, match=f"a.npz.*{match}"):
        grow(given(saved(tmp_path / "a.npz", **arrays)), 1)


def test_edge_list_files_that_are_none(tmp_path):
    with pytest.raises(SpecError, match=r"none\.npz: no such file"):
        grow(given(str(tmp_path / "none.npz")), 1)
    with pytest.raises(SpecError, match="'l/pre' is missing - did you mean 'k/pre'"):
        grow(given(saved(tmp_path / "a.npz"), key="l"), 1)
    whole = (tmp_path / "a.npz").read_bytes()
    damaged = bytearray(whole)
    damaged[130] ^= 0xFF
    np.save(tmp_path / "lone.npy", np.arange(3))
    for name, content in (
        ("cut.npz", whole[: len(whole) // 2]),
        ("text.npz", b"pre,post"),
        ("empty.npz", b""),
        ("flipped.npz", bytes(damaged)),
        ("lone.npz", (tmp_path / "lone.npy").read_bytes()),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(SpecError, match=f"{name}.*'k/pre' can't be read"):
            grow(given(str(tmp_path / name)), 1)
