"""What a finding prints as a number, with its 95 % interval, in the unit of the model's measure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from scipy.special import stdtrit

from dystolab.evidence.schema import Finding, Group, Role, Spread

UNITS = {"percent": "%", "Hz": "Hz", "1": "1", "ms": "ms", "deg": "deg", "s": "s"}
"""Unit of a finding -> that of a measure."""

_Z = 1.959964
_NOT_ALONE = ("cells", "trials", "recordings")


@dataclass(frozen=True)
class Number:
    """A printed number.

    Attributes
    ----------
    value : float
    half95 : float or None
        Half of its 95 % interval; None if what is printed does not tell.
    note : str
        What is to be known of that interval.
    """

    value: float
    half95: float | None
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"value": self.value, "half95": self.half95, "note": self.note}


def group(finding: Finding, role: Role) -> Group | None:
    """Return the first group of a role that has a number."""
    return next((one for one in finding.of(role) if one.value is not None), None)


def of_group(one: Group, unit: str, spread_is: str | None = None) -> Number:
    """Return the number of a group as a measure of `unit` has it; `spread_is` names a spread that is unstated.

    Examples
    --------
    >>> mice = Group(name="mice", role="case", n=16, n_of="animals", mean=10.0, spread=Spread(kind="sd", value=4.0))
    >>> round(of_group(mice, "Hz").half95, 3)
    2.131
    """
    factor = 100.0 if one.statistic in ("proportion", "count") and unit == "%" else 1.0
    if one.value is None:
        raise ValueError(f"group {one.name} has no number")
    if one.statistic in ("proportion", "count"):
        share = one.value / one.n if one.statistic == "count" and one.n else one.value
        if one.statistic == "count" and not one.n:
            return Number(one.value, None, _note(one))
        return Number(factor * share, factor * _wilson(share, one.n) if one.n else None, _note(one))
    half = _half(one, spread_is)
    return Number(one.value, half, _note(one) if half is not None else "")


def _wilson(share: float, n: int) -> float:
    """Return half of the 95 % interval of a share by Wilson's score, on its longer side.

    Examples
    --------
    >>> round(_wilson(0.0, 10), 3), round(_wilson(0.5, 1000), 3)
    (0.278, 0.031)
    """
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    return abs(middle - share) + half


def log_ratio(finding: Finding) -> Number | None:
    """Return the logarithm of case over reference: from two groups, or an effect that is a ratio or percent change."""
    case, reference = group(finding, "case"), group(finding, "reference")
    if case is not None and reference is not None and case.statistic == reference.statistic:
        one, other = of_group(case, ""), of_group(reference, "")
        if one.value > 0 and other.value > 0:
            halves = [None if n.half95 is None else n.half95 / n.value for n in (one, other)]
            known = None not in halves
            half = math.hypot(*(h for h in halves if h is not None)) if known else None
            return Number(math.log(one.value / other.value), half, one.note or other.note if known else "")
    effect = finding.effect
    if effect is None or effect.kind not in ("percent_change", "ratio"):
        return None
    ratio = effect.value if effect.kind == "ratio" else 1 + effect.value / 100
    return Number(math.log(ratio), None) if ratio > 0 else None


def _half(one: Group, spread_is: str | None) -> float | None:
    """Return half of the 95 % interval of a mean or median."""
    spread = one.spread
    if spread is None:
        return None
    kind = spread_is if spread.kind == "unstated" and spread_is else spread.kind
    if kind == "ci95" and spread.low is not None and spread.high is not None:
        return (spread.high - spread.low) / 2
    error = _error(kind, spread, one.n)
    if error is None:
        return None
    return (float(stdtrit(one.n - 1, 0.975)) if one.n is not None and one.n > 1 else _Z) * error


def _error(kind: str, spread: Spread, n: int | None) -> float | None:
    if kind == "sem":
        return spread.value
    if n is None:
        return None
    if kind == "sd" and spread.value is not None:
        return spread.value / math.sqrt(n)
    if kind == "iqr" and spread.low is not None and spread.high is not None:
        # Of a normal distribution: quartiles lie 1.349 SD apart, and a median errs by 1.2533 of what a mean does.
        return (spread.high - spread.low) / 1.349 * 1.2533 / math.sqrt(n)
    return None


def _note(one: Group) -> str:
    return f"interval over {one.n_of}, which are not independent: too narrow" if one.n_of in _NOT_ALONE else ""
