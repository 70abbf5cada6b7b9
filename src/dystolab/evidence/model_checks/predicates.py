"""Whether a model agrees with a finding: statistics over subjects, paired with the reference of the same seed.

Each verdict is one of three. A model that can't be told to agree or to disagree is undecided: too few subjects, or
too wide.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
from scipy import stats

from dystolab.evidence.model_checks import published
from dystolab.evidence.model_checks.form import ByDirection, ByEquivalence, ByRatio, BySize, Predicate, Smallest
from dystolab.evidence.schema import Finding
from dystolab.result import plain

Verdict = Literal["agrees", "disagrees", "undecided"]
VERDICTS: tuple[str, ...] = get_args(Verdict)
Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """A verdict, why in one line, and the numbers that it rests on."""

    verdict: Verdict
    why: str
    numbers: dict[str, float | None] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"verdict": self.verdict, "why": self.why, "numbers": plain(self.numbers)}


def judge(
    predicate: Predicate, finding: Finding, unit: str, case: Sequence[float], reference: Sequence[float]
) -> Judged:
    """Return whether subjects agree with `finding`.

    Parameters
    ----------
    predicate : Predicate
    finding : Finding
        With the numbers to use.
    unit : str
        Of the measure.
    case, reference : sequence of float
        The measure of each subject and of the reference of the same seed; NaN where there is none. A size asks for
        no reference.
    """
    a, b = np.asarray(case, float), np.asarray(reference, float)
    if isinstance(predicate, BySize):
        if np.isinf(a).any():
            return Judged("undecided", "infinite values, of which a mean tells nothing")
        return _size(predicate, finding, unit, a[~np.isnan(a)])
    both = ~(np.isnan(a) | np.isnan(b))
    a, b = a[both], b[both]
    if a.size < 2:
        return Judged("undecided", f"{a.size} pairs of subjects: 2 or more are needed")
    if isinstance(predicate, ByDirection):
        return _beyond(predicate, unit, a, b) or _direction(predicate, a, b)
    if isinstance(predicate, ByRatio):
        return _ratio(predicate, finding, a, b)
    return _at_an_end(unit, a, b) or _equivalence(predicate, a, b)


def p_value(test: str, differences: Array) -> float:
    """Return the two-sided p of paired differences.

    Examples
    --------
    >>> p_value("sign", np.array([1.0, 2.0, 1.0, 3.0, 2.0, 1.0]))
    0.03125
    """
    d = differences[differences != 0]
    if d.size == 0:
        return 1.0
    if test == "sign":
        return float(stats.binomtest(int((d > 0).sum()), d.size).pvalue)
    if test == "wilcoxon":
        return float(stats.wilcoxon(d).pvalue)
    mean, error = _mean_error(differences)
    if error == 0:
        return 0.0
    return float(2 * stats.t.sf(abs(mean) / error, differences.size - 1))


def _beyond(asked: ByDirection, unit: str, case: Array, reference: Array) -> Judged | None:
    """Return that a change was not possible: a fall from a floor, or a rise from a ceiling."""
    end = _end(unit, reference)
    if end == "floor" and asked.expects == "decrease" and (case >= 0).all():
        return Judged("undecided", "all references are 0, below which nothing falls (floor)")
    if end == "ceiling" and asked.expects == "increase" and (case <= 100).all():
        return Judged("undecided", "all references are 100 %, above which nothing rises (ceiling)")
    return None


def _at_an_end(unit: str, case: Array, reference: Array) -> Judged | None:
    """Return that equal values tell nothing, if all of both groups stand at one end of their scale."""
    end = _end(unit, np.concatenate([case, reference]))
    if end is None:
        return None
    what = "fallen" if end == "floor" else "risen"
    return Judged("undecided", f"all values are {reference[0]:g}, where nothing can have {what} ({end})")


def _end(unit: str, values: Array) -> Literal["floor", "ceiling"] | None:
    """Return the end of the scale at which all `values` stand: 0, or 100 of a measure in percent."""
    if (values == 0).all():
        return "floor"
    return "ceiling" if unit == "%" and (values == 100).all() else None


def _direction(asked: ByDirection, case: Array, reference: Array) -> Judged:
    sign = 1.0 if asked.expects == "increase" else -1.0
    with np.errstate(invalid="ignore"):
        d = case - reference
    d = d[~np.isnan(d)]  # of two that are infinite
    if d.size < 2:
        return Judged("undecided", f"{d.size} differences: 2 or more are needed")
    if asked.test == "t" and not np.isfinite(d).all():
        return Judged("undecided", "infinite differences, of which a t test tells nothing: ask for a sign test")
    p, least = p_value(asked.test, d), _least(asked.smallest, reference)
    middle, upper = _middle(asked.test, d, sign)
    numbers: dict[str, float | None] = {
        "difference": sign * middle, "p": p, "smallest": least, "n": float(d.size),
    }  # fmt: skip
    told = f"difference {sign * middle:.3g}, p {p:.2g} ({asked.test}, {d.size} pairs)"
    if p < asked.alpha and middle < 0:
        return Judged("disagrees", f"the other way: {told}", numbers)
    if p < asked.alpha and middle >= least:
        return Judged("agrees", told, numbers)
    if upper < least:
        return Judged("disagrees", f"smaller than {least:.3g}: {told}", numbers)
    fewest = {"sign": _fewest(asked.alpha), "wilcoxon": _fewest(asked.alpha), "t": 2}[asked.test]
    few = f"; {asked.test} needs {fewest} pairs" if d.size < fewest else ""
    return Judged("undecided", f"{told}{few}", numbers)


def _middle(test: str, differences: Array, sign: float) -> tuple[float, float]:
    """Return the mean difference in the expected direction and the upper limit of its 95 % interval.

    Ranks and signs may go with infinite differences: then the median, and no limit.
    """
    d = sign * differences
    if test != "t" and not np.isfinite(d).all():
        return float(np.median(d)), math.inf
    mean, error = _mean_error(d)
    return mean, mean + float(stats.t.ppf(0.975, d.size - 1)) * error


def _equivalence(asked: ByEquivalence, case: Array, reference: Array) -> Judged:
    d, bound = case - reference, _least(asked.smallest, reference)
    if not np.isfinite(d).all() or bound <= 0:
        return Judged("undecided", "infinite differences, or a reference of 0 that percent can't be taken of")
    mean, error = _mean_error(d)
    reach = float(stats.t.ppf(1 - asked.alpha, d.size - 1)) * error
    low, high = mean - reach, mean + reach
    p = max(_one_sided(mean + bound, error, d.size), _one_sided(bound - mean, error, d.size))
    numbers: dict[str, float | None] = {
        "difference": mean, "low": low, "high": high, "bound": bound, "p": p, "n": float(d.size),
    }  # fmt: skip
    told = f"difference {mean:.3g} ({100 * (1 - 2 * asked.alpha):.0f} % interval {low:.3g} to {high:.3g})"
    if p < asked.alpha:
        return Judged("agrees", f"within ±{bound:.3g}: {told}", numbers)
    if low > bound or high < -bound:
        return Judged("disagrees", f"beyond ±{bound:.3g}: {told}", numbers)
    return Judged("undecided", f"neither within nor beyond ±{bound:.3g}: {told}", numbers)


def _size(asked: BySize, finding: Finding, unit: str, values: Array) -> Judged:
    one = published.group(finding, asked.group)
    if one is None:
        return Judged("undecided", f"the finding prints no number of a {asked.group}")
    number = published.of_group(one, unit, asked.spread_is)
    return _near(values, number, "", unit)


def _ratio(asked: ByRatio, finding: Finding, case: Array, reference: Array) -> Judged:
    number = published.log_ratio(finding)
    if number is None:
        return Judged("undecided", "the finding prints no ratio of positive numbers")
    if number.half95 is None and asked.within is not None:
        number = published.Number(number.value, math.log(asked.within), f"taken as near: a factor of {asked.within:g}")
    if (case <= 0).any() or (reference <= 0).any() or not np.isfinite(case / reference).all():
        return Judged("undecided", "a measure is not positive: no ratio")
    return _near(np.log(case / reference), number, "ratio", "")


def _near(values: Array, number: published.Number, what: str, unit: str) -> Judged:
    """Tell whether the mean of `values` lies within the printed interval, widened by the values' own."""
    if values.size < 2:
        return Judged("undecided", f"{values.size} subjects: 2 or more are needed")
    if number.half95 is None:
        return Judged("undecided", "what is printed does not tell how sure the number is")
    mean, error = _mean_error(values)
    own = float(stats.t.ppf(0.975, values.size - 1)) * error
    half = math.hypot(number.half95, own)
    as_told = _exp if what else float
    told = f"{what or 'mean'} {as_told(mean):.3g}{f' {unit}' if unit not in ('', '1') else ''}, printed "
    low, high = (as_told(number.value + side * half) for side in (-1, 1))
    told += f"{as_told(number.value):.3g} (near: {low:.3g} to {high:.3g})"
    numbers: dict[str, float | None] = {
        "mean": as_told(mean), "printed": as_told(number.value), "low": low, "high": high, "n": float(values.size),
    }  # fmt: skip
    if abs(mean - number.value) > half:
        return Judged("disagrees", told, numbers)
    if own > number.half95:
        return Judged("undecided", f"{told}: the model's own interval is the wider", numbers)
    return Judged("agrees", told, numbers)


def _mean_error(values: Array) -> tuple[float, float]:
    return float(values.mean()), float(values.std(ddof=1)) / math.sqrt(values.size)


def _one_sided(distance: float, error: float, n: int) -> float:
    """Return p of a distance of 0 or less."""
    if error == 0:
        return 0.0 if distance > 0 else 1.0
    return float(stats.t.sf(distance / error, n - 1))


def _least(smallest: Smallest, reference: Array) -> float:
    if smallest.of == "measure":
        return smallest.value
    return smallest.value / 100 * abs(float(reference.mean()))


def _fewest(alpha: float) -> int:
    """Return how many pairs of one sign are needed for p below `alpha`."""
    return math.floor(1 + math.log2(1 / alpha)) + 1 if alpha < 1 else 1


def _exp(value: float) -> float:
    return math.exp(min(value, 700.0))
