"""Reading a given edge list: outside data, so everything is checked before it becomes synapses."""

from __future__ import annotations

import difflib
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dystolab.errors import SpecError

_DAMAGE = (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error)


def read(path: str, key: str, n_pre: int, n_post: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the pairs of an edge list and their contacts; contacts of a pair given twice add up.

    Parameters
    ----------
    path : str
        An ``.npz`` with arrays ``<key>/pre``, ``<key>/post`` (0-based) and ``<key>/mult``.
    key : str
        The projection's name in the file.
    n_pre, n_post : int
        Sizes of the two populations.

    Returns
    -------
    pairs : ndarray of int64, shape (n,)
        ``pre * n_post + post``, increasing.
    contacts : ndarray of float32, shape (n,)

    Raises
    ------
    SpecError
        If the file or an array is missing or damaged, or an index lies outside its population.
    """
    arrays = {name: _array(path, f"{key}/{name}") for name in ("pre", "post", "mult")}
    lengths = {a.size for a in arrays.values()}
    if len(lengths) > 1:
        sizes = ", ".join(f"{name} {a.size}" for name, a in arrays.items())
        raise SpecError(f"edge list {path}: the arrays of {key!r} must have one length, got {sizes}")
    for name, size in (("pre", n_pre), ("post", n_post)):
        _check_indices(path, f"{key}/{name}", arrays[name], size)
    mult = arrays["mult"].astype(np.float64)
    if not np.all(np.isfinite(mult) & (mult > 0)):
        raise SpecError(f"edge list {path}: array '{key}/mult' must hold contacts above 0")
    pairs, which = np.unique(arrays["pre"].astype(np.int64) * n_post + arrays["post"], return_inverse=True)
    return pairs, np.bincount(which, weights=mult, minlength=pairs.size).astype(np.float32)


def _array(path: str, name: str) -> NDArray[Any]:
    if not Path(path).is_file():
        raise SpecError(f"edge list {path}: no such file")
    try:
        # NumPy leaves a file that it opened itself open when the file is damaged.
        with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as archive:
            stored = list(archive.keys())
            array = np.asarray(archive[name]) if name in stored else None
    except (*_DAMAGE, AttributeError, TypeError):
        # A lone .npy comes back as an array, which is no archive: AttributeError or TypeError.
        raise SpecError(f"edge list {path}: array {name!r} can't be read: damaged file, or no .npz") from None
    if array is None:
        near = difflib.get_close_matches(name, stored, n=1)
        hint = f" - did you mean {near[0]!r}?" if near else ""
        raise SpecError(f"edge list {path}: array {name!r} is missing{hint}")
    kinds, words = ("iuf", "numbers") if name.endswith("/mult") else ("iu", "whole numbers")
    if array.ndim != 1 or array.dtype.kind not in kinds:
        got = f"{array.dtype} {array.shape}"
        raise SpecError(f"edge list {path}: array {name!r} must be a list of {words}, got {got}")
    return array


def _check_indices(path: str, name: str, indices: NDArray[Any], size: int) -> None:
    if indices.size == 0:
        return
    low, high = int(indices.min()), int(indices.max())
    if low < 0 or high >= size:
        wrong = low if low < 0 else high
        raise SpecError(f"edge list {path}: array {name!r} holds {wrong}; allowed are 0 to {size - 1}")
