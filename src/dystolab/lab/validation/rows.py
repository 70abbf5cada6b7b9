"""A checked target: value, what it should be, and whether it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from scipy import stats

Kind = Literal["calibration", "prediction", "exactness", "speed"]


@dataclass(frozen=True)
class Row:
    """One line of ``docs/validation.md``.

    Parameters
    ----------
    what : str
        The quantity.
    value, target : str
        As measured and as wanted, with units.
    seeds : int
        How many subjects or repeats the value rests on.
    passed : bool or None
        None where there is no target to pass: the value is reported as it comes out.
    kind : str
        ``"calibration"`` if the model was tuned on it, ``"prediction"`` if not, ``"exactness"``, ``"speed"``.
    note : str
        Source of the target, or why the row is red.
    """

    what: str
    value: str
    target: str
    seeds: int
    passed: bool | None
    kind: Kind
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the row as plain values."""
        return asdict(self)


def spread(values: Sequence[float] | np.ndarray, unit: str = "", digits: int = 2) -> str:
    """Return ``mean ± SD unit`` of those that have a value, and how many these are if not all."""
    v = np.asarray(values, float)
    known = v[~np.isnan(v)]
    if not known.size:
        return f"none of {v.size} has a value"
    sd = f" ± {known.std(ddof=1):.{digits}f}" if known.size > 1 else ""
    few = f" ({known.size} of {v.size})" if known.size < v.size else ""
    return f"{known.mean():.{digits}f}{sd} {unit}".strip() + few


def against(ill: np.ndarray, healthy: np.ndarray, unit: str = "", digits: int = 2) -> str:
    """Return ill subjects beside healthy ones of the same seeds, and p of a paired t test where both have a value."""
    both = ~(np.isnan(ill) | np.isnan(healthy))
    p = float(stats.ttest_rel(healthy[both], ill[both]).pvalue) if both.sum() > 1 else float("nan")
    return f"{spread(ill, unit, digits)}, healthy {spread(healthy, digits=digits)} (p = {p:.2g})"


def window(
    what: str, values: Sequence[float] | np.ndarray, low: float, high: float, unit: str, kind: Kind, note: str
) -> Row:
    """Return a row that passes if the mean over seeds lies in [low, high]."""
    mean = float(np.mean(np.asarray(values, float)))  # NaN in any subject fails the row
    target = f"{low:g} to {high:g} {unit}".strip()
    return Row(what, spread(values, unit), target, len(values), bool(low <= mean <= high), kind, note)


def below(what: str, value: float, limit: float, unit: str, seeds: int, kind: Kind, note: str = "") -> Row:
    """Return a row that passes if `value` is smaller than `limit`."""
    return Row(
        what, f"{value:.3g} {unit}".strip(), f"< {limit:g} {unit}".strip(), seeds, bool(value < limit), kind, note
    )
