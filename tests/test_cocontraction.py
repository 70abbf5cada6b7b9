"""Co-contraction of envelopes whose indices can be worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dystolab.errors import SpecError
from dystolab.measures.cocontraction import falconer_winter_percent, rudolph

PHASE = np.arange(20_000) * 2 * math.pi / 20_000
ALTERNATING = 0.5 + 0.5 * np.sin(PHASE), 0.5 - 0.5 * np.sin(PHASE)


def test_alternating_pair() -> None:
    """The area below two crossing sines is 1/2 - 1/pi; the ratio (1 - s) / (1 + s) has the mean 4/pi - 1."""
    assert falconer_winter_percent(*ALTERNATING) == pytest.approx(100 * (1 - 2 / math.pi), rel=1e-4)
    assert rudolph(*ALTERNATING) == pytest.approx(4 / math.pi - 1, rel=1e-4)


def test_coactive_pair() -> None:
    pair = np.full(100, 0.4), np.full(100, 0.5)
    assert falconer_winter_percent(*pair) == pytest.approx(200 * 0.4 / 0.9)
    assert rudolph(*pair) == pytest.approx(0.8 * 0.9)
    assert rudolph(*pair) == rudolph(*pair[::-1])


def test_ends_of_both_scales() -> None:
    on_off = np.repeat([1.0, 0.0], 50)
    assert falconer_winter_percent(on_off, 1 - on_off) == 0 == rudolph(on_off, 1 - on_off)
    assert falconer_winter_percent(on_off, on_off) == pytest.approx(100)
    assert rudolph(np.ones(5), np.ones(5)) == 2
    # Where both are silent there is no ratio: the moment counts, as one without co-contraction.
    assert rudolph(on_off, on_off) == 1
    assert math.isnan(falconer_winter_percent([0.0], [0.0])) and rudolph([0.0], [0.0]) == 0


def test_only_one_of_them_knows_strength() -> None:
    first, second = (0.1 * np.asarray(one) for one in ALTERNATING)
    assert falconer_winter_percent(first, second) == pytest.approx(falconer_winter_percent(*ALTERNATING))
    assert rudolph(first, second) == pytest.approx(0.1 * rudolph(*ALTERNATING))


@pytest.mark.parametrize("wrong", [[-0.1, 0.2], [np.nan, 0.2], [np.inf, 0.2]])
def test_what_is_no_envelope_is_refused(wrong: list[float]) -> None:
    for index in (falconer_winter_percent, rudolph):
        with pytest.raises(SpecError, match="finite and not below 0"):
            index(wrong, [0.1, 0.2])


def test_shapes_must_fit() -> None:
    for pair in (([0.1], [0.1, 0.2]), ([], []), ([[0.1]], [[0.1]])):
        with pytest.raises(SpecError, match="one and the same length"):
            rudolph(*pair)
