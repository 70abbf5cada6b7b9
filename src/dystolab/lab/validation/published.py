"""The published model and its arms (10.3389/fnsys.2022.919761), as they come out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scipy import stats

from dystolab.lab.validation.cohort import of_subjects
from dystolab.lab.validation.learning import ABSTRACT, PAPER, arms, conditioned
from dystolab.lab.validation.rows import Row, spread
from dystolab.result import Result

THEIRS = "mouse-2022"


def rows(say: Callable[[str], None], seeds: int = 5, workers: int = 2, **_: Any) -> list[Row]:
    """Return learning of the published circuit, healthy and with each mechanism."""
    found = arms(THEIRS, ABSTRACT, say, seeds, workers)
    return [learns_row(conditioned(THEIRS, "paired", seeds, workers)), *found]


def learns_row(healthy: list[Result]) -> Row:
    """Return whether the healthy circuit learns by the published rule, as its abstract says."""
    curve = of_subjects(healthy, "cr_percent_by_block")
    rise = curve[:, -1] - curve[:, 0]
    learns = bool(rise.mean() > 0 and (rise.std() == 0 or stats.ttest_1samp(rise, 0.0).pvalue < 0.05))
    note = f"{PAPER}, abstract; the nuclei pass the threshold in the first trial already, too early for a CR"
    what = f"{THEIRS}: CR, last block - first, paired"
    return Row(what, spread(rise, "%"), "rises (p < 0.05)", len(healthy), learns, "prediction", note)
