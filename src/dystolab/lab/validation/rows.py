"""A checked target: value, what it should be, and whether it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

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
    """Return ``mean ± SD unit``."""
    v = np.asarray(values, float)
    sd = f" ± {np.nanstd(v, ddof=1):.{digits}f}" if len(v) > 1 else ""
    return f"{np.nanmean(v):.{digits}f}{sd} {unit}".strip()


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
