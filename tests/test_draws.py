"""Draws for a whole population are those that the kernels make cell by cell."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dystolab.engine.arithmetic import exponential, normal
from dystolab.engine.draws import exponentials, normals

KEY = np.uint64(0xDEADBEEF12345678)


@pytest.mark.parametrize(("every", "one"), [(exponentials, exponential), (normals, normal)])
@pytest.mark.parametrize("draw", [0, 3, 1 << 40])
def test_each_cell_draws_its_own(every: Callable[..., Any], one: Callable[..., float], draw: int) -> None:
    assert every(KEY, 50, draw).tolist() == [one(KEY, cell, draw) for cell in range(50)]


def test_distributions() -> None:
    assert exponentials(KEY, 40_000, 0).mean() == pytest.approx(1.0, abs=0.02)
    drawn = normals(KEY, 40_000, 0)
    assert drawn.mean() == pytest.approx(0.0, abs=0.02) and drawn.std() == pytest.approx(1.0, abs=0.02)
