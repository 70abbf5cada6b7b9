"""Draws for all cells of a population at once, compiled in the cache: a process that begins compiles nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from dystolab.engine.arithmetic import KERNEL, exponential, normal
from dystolab.engine.stamp import source_stamp

Array = npt.NDArray[np.float64]


def exponentials(key: np.uint64, size: int, draw: int) -> Array:
    """Return draw number `draw` from Exp(1) of each of `size` cells, shape (size,)."""
    return _filled(key, size, draw, gaussian=False)


def normals(key: np.uint64, size: int, draw: int) -> Array:
    """Return draw number `draw` from the standard normal distribution of each of `size` cells, shape (size,)."""
    return _filled(key, size, draw, gaussian=True)


def _filled(key: np.uint64, size: int, draw: int, gaussian: bool) -> Array:
    out = np.empty(size)
    _fill(key, out, draw, gaussian)
    return out


def _entry_point(stamp: int) -> Any:
    @njit(cache=True, **KERNEL)
    def fill(key: Any, out: Any, draw: Any, gaussian: Any) -> None:
        for cell in range(out.shape[0] if stamp >= 0 else 0):
            out[cell] = normal(key, cell, draw) if gaussian else exponential(key, cell, draw)

    return fill


_fill = _entry_point(source_stamp("arithmetic"))
