"""Random streams that depend on (seed, names) alone: never global, never on what else exists."""

from __future__ import annotations

import hashlib
import operator

import numpy as np


def key64(seed: int, *names: str | int) -> int:
    """Return the 64-bit key of the stream (seed, names).

    Parameters
    ----------
    seed : int
        The subject's seed.
    *names : str or int
        Entity name, trial, purpose: whatever tells this stream from every other one.

    Returns
    -------
    int
        In ``[0, 2**64)``; equal for equal arguments on every machine.
    """
    text = "\x1f".join(f"str:{n}" if isinstance(n, str) else f"int:{operator.index(n)}" for n in (int(seed), *names))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def stream(seed: int, *names: str | int) -> np.random.Generator:
    """Return a NumPy generator for the stream (seed, names).

    Examples
    --------
    >>> float(stream(1, "mossy_fiber", 0).random()) == float(stream(1, "mossy_fiber", 0).random())
    True
    """
    return np.random.Generator(np.random.Philox(key=key64(seed, *names)))


def order(seed: int, population: str, size: int) -> np.ndarray:
    """Return the cells of a population in the random order by which shares of it are taken, int64 (size,).

    Fibres with collaterals to the nuclei are taken from its start, those of a conditioned stimulus from its end.
    """
    return stream(seed, population, "order").permutation(size)
