"""Slow: the healthy circuit against awake mice, and learning against its control (``pytest -m slow``, ten minutes)."""

from __future__ import annotations

import pytest

from dystolab.lab.validation import exactness, learning, rest

pytestmark = pytest.mark.slow


def quiet(text: str) -> None:
    """Say nothing."""


def test_kernels_agree_with_the_oracle() -> None:
    red = [row for row in exactness.rows(quiet) if row.passed is False]
    assert not red


def test_rates_at_rest_lie_in_their_windows_in_vivo() -> None:
    assert not [row.what for row in rest.rows(quiet, seeds=2) if row.passed is False]


def test_paired_trials_teach_and_unpaired_do_not() -> None:
    paired = learning.conditioned("mouse-cerebellum", "paired", 3, 2)
    unpaired = learning.conditioned("mouse-cerebellum", "unpaired", 3, 2)
    rows = learning.healthy_rows("mouse-cerebellum", "calibration", paired, unpaired)
    assert not [row for row in rows if row.passed is False]
