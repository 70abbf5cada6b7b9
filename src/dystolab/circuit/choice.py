"""Drawing without replacement for many targets at once: what ``Generator.choice`` draws, without its cost per call."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]

_MANY = 64
"""From more numbers on, the cost of a call no longer counts (and of very many NumPy does not use this algorithm)."""


def choose(rng: np.random.Generator, below: Indices, wanted: Indices) -> list[Indices]:
    """Return for each i `wanted[i]` different numbers below `below[i]`, or all of them if there are no more.

    The numbers are those of ``rng.choice(below, wanted, replace=False, shuffle=False)``, call after call. It uses
    Floyd's algorithm (Bentley & Floyd 1987, 10.1145/30401.315746): of k from n the t-th is drawn from the first
    n - k + t + 1, and the last of these stands in for one that was drawn before.

    Examples
    --------
    >>> [x.tolist() for x in choose(np.random.default_rng(1), np.array([3, 2]), np.array([1, 4]))]
    [[1], [0, 1]]
    """
    found: list[Indices] = [np.arange(n) for n in below]
    some = np.flatnonzero(wanted < below)
    many = wanted[some] > _MANY
    for run in np.split(some, np.flatnonzero(many | np.append(False, many[:-1]))):
        if run.size and wanted[run[0]] > _MANY:
            found[run[0]] = rng.choice(below[run[0]], wanted[run[0]], replace=False, shuffle=False)
        else:
            for i, picked in zip(run, _floyd(rng, below[run], wanted[run]), strict=True):
                found[i] = picked
    return found


def _floyd(rng: np.random.Generator, n: Indices, k: Indices) -> list[Indices]:
    if not k.any():
        return [np.arange(0) for _ in k]
    first = np.cumsum(k) - k
    turn = np.arange(k.sum()) - np.repeat(first, k)
    top = np.repeat(n - k, k) + turn
    drawn = rng.integers(0, top, endpoint=True)
    for t in range(1, int(k.max())):
        rows = np.flatnonzero(k > t)
        at = first[rows] + t
        before = drawn[first[rows][:, None] + np.arange(t)]
        drawn[at] = np.where((before == drawn[at][:, None]).any(axis=1), top[at], drawn[at])
    return np.split(drawn, first[1:])
