"""Overflow of envelopes whose levels are known."""

from __future__ import annotations

import math

import pytest

from dystolab.errors import SpecError
from dystolab.measures.overflow import overflow_percent


def test_overflow_is_relative_to_the_task() -> None:
    task = [[0.2, 0.6]]
    assert overflow_percent([[0.1, 0.1], [0.0, 0.4]], task) == pytest.approx(100 * 0.15 / 0.4)
    assert overflow_percent(task, task) == 100
    assert overflow_percent([[0.0, 0.0]], task) == 0
    assert math.isnan(overflow_percent(task, [[0.0, 0.0]]))


@pytest.mark.parametrize("wrong", [[-0.1, 0.2], [math.nan, 0.2], [math.inf, 0.2]])
def test_what_is_no_envelope_is_refused(wrong: list[float]) -> None:
    for groups in (([[0.1, 0.2]], [wrong]), ([wrong], [[0.1, 0.2]])):
        with pytest.raises(SpecError, match="finite and not below 0"):
            overflow_percent(*groups)


def test_shapes_must_fit() -> None:
    with pytest.raises(SpecError, match="equally long, got 1 and 2"):
        overflow_percent([[0.1]], [[0.1, 0.2]])
    with pytest.raises(SpecError, match=r"shape \(muscles, samples\)"):
        overflow_percent([0.1], [[0.1]])
