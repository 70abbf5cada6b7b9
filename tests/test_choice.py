"""Many draws at once are those of NumPy, call after call."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dystolab.circuit.choice import choose

PAIRS = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 90)), max_size=30)


def one_by_one(rng: np.random.Generator, below: np.ndarray, wanted: np.ndarray) -> list[list[int]]:
    return [
        list(range(n)) if k >= n else rng.choice(n, k, replace=False, shuffle=False).tolist()
        for n, k in zip(below, wanted, strict=True)
    ]


@given(PAIRS, st.integers(0, 2**32))
def test_as_numpy_draws_and_leaves_the_stream(pairs: list[tuple[int, int]], seed: int) -> None:
    below, wanted = np.array(pairs, np.int64).reshape(-1, 2).T
    ours, theirs = np.random.default_rng(seed), np.random.default_rng(seed)
    assert [x.tolist() for x in choose(ours, below, wanted)] == one_by_one(theirs, below, wanted)
    assert ours.random() == theirs.random()


@pytest.mark.parametrize("wanted", [20, 700])
def test_of_many(wanted: int) -> None:
    below, k = np.full(3, 12_000), np.full(3, wanted)
    ours, theirs = np.random.default_rng(1), np.random.default_rng(1)
    assert [x.tolist() for x in choose(ours, below, k)] == one_by_one(theirs, below, k)
