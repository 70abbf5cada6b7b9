"""Effect sizes from what was read: Hedges' g of means, medians, p and printed effects; log odds ratios of shares.

Sources: Borenstein et al. 2009, Introduction to Meta-Analysis, chapters 4 and 5 (10.1002/9780470743386), for g and its
variance; Wan et al. 2014 (10.1186/1471-2288-14-135) for medians; Follmann et al. 1992 (10.1016/0895-4356(92)90054-Q)
for the spread of a change from those before and after.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from scipy import stats

from dystolab.evidence.schema import Effect, Finding, Group, Spread

Scale = Literal["g", "log_or"]
INDEPENDENT = ("subjects", "animals")
"""What n must count: cells and trials of one animal are not independent."""
CORRELATION = 0.5
"""Assumed between before and after in the same people where only both spreads are printed; others are tried too."""
FEWEST_WITHIN = 3
"""People below whom Hedges' correction of a change leaves nothing."""


class UnusableError(Exception):
    """Why no effect size follows from a finding."""


@dataclass(frozen=True)
class EffectSize:
    """A number with its variance, case against reference.

    Parameters
    ----------
    value, variance : float
    scale : {"g", "log_or"}
        Standardised mean difference with Hedges' correction, or log odds ratio.
    how : str
        What it was computed from.
    assumes : bool
        Whether the correlation of before and after was assumed.
    """

    value: float
    variance: float
    scale: Scale
    how: str
    assumes: bool = False


def effect_size(finding: Finding, correlation: float = CORRELATION) -> EffectSize:
    """Return the effect size of `finding`, from the most direct of the numbers that were read.

    Parameters
    ----------
    finding : Finding
    correlation : float
        Of before and after in the same people, for changes that are printed without their own spread.

    Raises
    ------
    UnusableError
        If none follows; the text says why.

    Examples
    --------
    >>> from dystolab.evidence.schema import Group, Spread
    >>> sd = Spread(kind="sd", value=5.5), Spread(kind="sd", value=4.5)
    >>> ill = Group(name="ill", role="case", n=50, n_of="subjects", mean=103, spread=sd[0])
    >>> healthy = Group(name="healthy", role="reference", n=50, n_of="subjects", mean=100, spread=sd[1])
    >>> found = of_means(ill, healthy)
    >>> round(found.value, 4), round(found.variance, 4)
    (0.5924, 0.0411)
    """
    if finding.contrast in ("correlation", "single_group"):
        raise UnusableError(f"a {finding.contrast.replace('_', ' ')} compares no two groups")
    for group in finding.groups:
        if group.n_of is not None and group.n_of not in INDEPENDENT:
            raise UnusableError(f"n counts {group.n_of}, which are not independent")
    size = _within(finding, correlation) if finding.design == "within" else _between(finding)
    if finding.sign * finding.difference < 0 or finding.sign * size.value < 0:
        raise UnusableError(f"the direction is {finding.direction}, and the numbers say the opposite")
    return size


def of_means(case: Group, reference: Group) -> EffectSize:
    """Return g of two groups with means or medians and a spread from which a standard deviation follows."""
    n1, n2 = _size(case), _size(reference)
    (m1, sd1), (m2, sd2) = _moments(case), _moments(reference)
    pooled = math.sqrt(((n1 - 1) * sd1**2 + (n2 - 1) * sd2**2) / (n1 + n2 - 2))
    if pooled == 0:
        raise UnusableError("the standard deviation is 0")
    how = "medians (Wan 2014)" if "median" in (case.statistic, reference.statistic) else "means"
    return hedges((m1 - m2) / pooled, n1, n2, f"{how}, {_of(case.spread)}")


def of_shares(case: Group, reference: Group) -> EffectSize:
    """Return the log odds ratio of two shares; half a case is added to each cell if one is empty."""
    n1, n2 = _size(case), _size(reference)
    a, c = _events(case, n1), _events(reference, n2)
    cells = [a, n1 - a, c, n2 - c]
    empty = 0 in cells
    if (a, c) in ((0, 0), (n1, n2)):
        raise UnusableError("all or none in both groups")
    w, x, y, z = (cell + 0.5 * empty for cell in cells)
    how = "shares, half a case added to each cell" if empty else "shares"
    return EffectSize(math.log(w * z / (x * y)), 1 / w + 1 / x + 1 / y + 1 / z, "log_or", how)


def hedges(d: float, n1: int, n2: int, how: str) -> EffectSize:
    """Return Cohen's d of two groups with Hedges' correction for small samples."""
    correction = _correction(n1 + n2 - 2)
    variance = (n1 + n2) / (n1 * n2) + d**2 / (2 * (n1 + n2))
    return EffectSize(correction * d, correction**2 * variance, "g", how)


def of_p(finding: Finding, n1: int, n2: int) -> EffectSize:
    """Return g from an exact p, taken to be of a two-sided t test between two groups."""
    t = _t(finding, n1 + n2 - 2)
    return hedges(_sign(finding) * t * math.sqrt(1 / n1 + 1 / n2), n1, n2, "p, as of a two-sided t test")


def _correction(df: int) -> float:
    """Return Hedges' correction of a size with `df` degrees of freedom."""
    return 1 - 3 / (4 * df - 1)


def _t(finding: Finding, df: int) -> float:
    """Return |t| with `df` degrees of freedom from an exact two-sided p."""
    p = finding.p
    if p is None:
        raise UnusableError("neither numbers with a spread nor an exact p were read")
    if p.adjusted:
        raise UnusableError("p is adjusted for other variables, and not of a plain t test")
    if p.relation != "=":
        raise UnusableError(f"p is only known to be {p.relation} {p.value:g}")
    if p.value == 0:
        raise UnusableError("p is printed as 0")
    return float(stats.t.isf(p.value / 2, df))


def standard_deviation(spread: Spread, n: int) -> float:
    """Return the standard deviation of a mean's `spread`."""
    if spread.kind == "sd":
        return float(spread.value or 0.0)
    if spread.kind == "sem":
        return float(spread.value or 0.0) * math.sqrt(n)
    if spread.kind == "ci95":
        return math.sqrt(n) * _width(spread) / (2 * float(stats.t.isf(0.025, n - 1)))
    raise UnusableError(f"no standard deviation follows from a mean with {_of(spread)}")


def wan(median: float, spread: Spread, n: int) -> tuple[float, float]:
    """Return mean and standard deviation from a median with its quartiles or range (Wan et al. 2014)."""
    if spread.low is None or spread.high is None or spread.kind not in ("iqr", "range"):
        raise UnusableError(f"no mean follows from a median with {_of(spread)}")
    if spread.kind == "iqr":
        unit = 2 * float(stats.norm.ppf((0.75 * n - 0.125) / (n + 0.25)))
        return (spread.low + median + spread.high) / 3, _width(spread) / unit
    unit = 2 * float(stats.norm.ppf((n - 0.375) / (n + 0.25)))
    return (spread.low + 2 * median + spread.high) / 4, _width(spread) / unit


def _between(finding: Finding) -> EffectSize:
    effect = finding.effect
    if effect is not None and effect.kind in ("cohens_d", "hedges_g", "odds_ratio") and effect.spread is not None:
        return _printed(finding, effect)
    case, reference = _pair(finding)
    statistics = {case.statistic, reference.statistic}
    if None not in statistics and statistics <= {"proportion", "count"}:
        return of_shares(case, reference)
    if None not in statistics and statistics <= {"mean", "median"} and case.spread and reference.spread:
        try:
            return of_means(case, reference)
        except UnusableError:  # a p may still do
            if finding.p is None:
                raise
    if statistics & {"proportion", "count"}:
        raise UnusableError("the share of one group was not read")
    n1, n2 = _size(case), _size(reference)
    if effect is not None and effect.kind in ("cohens_d", "hedges_g"):
        return _printed_with_sizes(finding, effect, n1, n2)
    if effect is not None and effect.kind == "mean_difference" and effect.spread is not None:
        return _difference(finding, effect, effect.spread, n1, n2)
    return of_p(finding, n1, n2)


def _pair(finding: Finding) -> tuple[Group, Group]:
    cases, references = finding.of("case"), finding.of("reference")
    if len(cases) != 1 or len(references) != 1:
        raise UnusableError("there is not one case and one reference group with their sizes")
    return cases[0], references[0]


def _within(finding: Finding, correlation: float) -> EffectSize:
    """Return g of a change within people, in standard deviations of the change.

    From the printed spread of the change; else from both spreads and an assumed correlation; else from an exact p.
    """
    effect = finding.effect
    if effect is not None and effect.kind in ("cohens_d", "hedges_g") and effect.spread is not None:
        return _printed(finding, effect)
    n = _people(finding)
    if effect is not None and effect.kind == "mean_difference" and effect.spread is not None:
        sd = standard_deviation(effect.spread, n)
        return _change(_signed(finding, effect), sd, n, f"change within people, {_of(effect.spread)}")
    cases, references = finding.of("case"), finding.of("reference")
    if len(cases) == len(references) == 1 and cases[0].spread and references[0].spread:
        try:
            return _before_after(cases[0], references[0], n, correlation)
        except UnusableError:  # a p may still do
            if finding.p is None:
                raise
    if {group.statistic for group in (*cases, *references)} & {"proportion", "count"}:
        raise UnusableError("a change of shares within people")
    if finding.p is None:
        raise UnusableError("a change within people with neither spreads nor an exact p")
    t = _t(finding, n - 1)
    return _change(_sign(finding) * t / math.sqrt(n), 1.0, n, "p, as of a paired t test")


def _before_after(case: Group, reference: Group, n: int, correlation: float) -> EffectSize:
    (after, sd1), (before, sd2) = _moments(_of_n(case, n)), _moments(_of_n(reference, n))
    sd = math.sqrt(max(0.0, sd1**2 + sd2**2 - 2 * correlation * sd1 * sd2))
    medians = "median" in (case.statistic, reference.statistic)
    how = f"{'medians (Wan 2014)' if medians else 'means'}, {_of(case.spread)}, r {correlation:g} assumed"
    return replace(_change(after - before, sd, n, how), assumes=True)


def _change(value: float, sd: float, n: int, how: str) -> EffectSize:
    """Return a mean change in standard deviations of the change, corrected for small samples."""
    if sd == 0:
        raise UnusableError("the standard deviation is 0")
    d, correction = value / sd, _correction(n - 1)
    return EffectSize(correction * d, correction**2 * (1 / n + d**2 / (2 * n)), "g", how)


def _people(finding: Finding) -> int:
    """Return how many people a change within people is of."""
    cases, references = finding.of("case"), finding.of("reference")
    if len(cases) != 1 or len(references) > 1:
        raise UnusableError("there is not one group of people")
    n = _size(cases[0])
    if references and references[0].n not in (None, n):
        raise UnusableError(f"n is {n} in one state and {references[0].n} in the other")
    if n < FEWEST_WITHIN:
        raise UnusableError(f"{cases[0].name}: n is {n}, and a change needs {FEWEST_WITHIN}")
    return n


def _of_n(group: Group, n: int) -> Group:
    return group.model_copy(update={"n": n})


def _printed(finding: Finding, effect: Effect) -> EffectSize:
    """Return a printed effect whose spread is that of the effect itself; Cohen's d is corrected as any other."""
    spread = effect.spread
    if spread is None or spread.kind not in ("ci95", "sem"):
        raise UnusableError(f"the spread of the {_words(effect.kind)} is {_of(spread)}")
    z = 2 * float(stats.norm.isf(0.025))
    if effect.kind == "odds_ratio":
        if spread.low is None or spread.high is None or spread.low <= 0:
            raise UnusableError("an odds ratio needs its 95 % confidence interval")
        se = (math.log(spread.high) - math.log(spread.low)) / z
        return EffectSize(math.log(effect.value), se**2, "log_or", "odds ratio as printed")
    se = _width(spread) / z if spread.kind == "ci95" else float(spread.value or 0.0)
    if se == 0:
        raise UnusableError("its standard error is 0")
    correction = _correction(_freedom(finding)) if effect.kind == "cohens_d" else 1.0
    value, variance = correction * _signed(finding, effect), correction**2 * se**2
    return EffectSize(value, variance, "g", f"{_words(effect.kind)} as printed")


def _freedom(finding: Finding) -> int:
    """Return the degrees of freedom of a standardised difference."""
    if finding.design == "within":
        return _people(finding) - 1
    case, reference = _pair(finding)
    return _size(case) + _size(reference) - 2


def _printed_with_sizes(finding: Finding, effect: Effect, n1: int, n2: int) -> EffectSize:
    value, correction = _signed(finding, effect), _correction(n1 + n2 - 2)
    d = value if effect.kind == "cohens_d" else value / correction
    return replace(hedges(d, n1, n2, ""), how=f"{_words(effect.kind)} as printed, variance from n")


def _difference(finding: Finding, effect: Effect, spread: Spread, n1: int, n2: int) -> EffectSize:
    """Return g of a mean difference between groups from the standard error of the difference."""
    if spread.kind == "ci95":
        se = _width(spread) / (2 * float(stats.t.isf(0.025, n1 + n2 - 2)))
    elif spread.kind == "sem":
        se = float(spread.value or 0.0)
    else:
        raise UnusableError(f"no standard error follows from a difference with {_of(spread)}")
    if se == 0:
        raise UnusableError("its standard error is 0")
    sd = se / math.sqrt(1 / n1 + 1 / n2)
    return hedges(_signed(finding, effect) / sd, n1, n2, f"difference of means, {_of(spread)}")


def _moments(group: Group) -> tuple[float, float]:
    n = _size(group)
    if group.spread is None or group.value is None:
        raise UnusableError(f"{group.name}: no spread was read")
    if group.statistic == "median":
        return wan(group.value, group.spread, n)
    return group.value, standard_deviation(group.spread, n)


def _size(group: Group) -> int:
    if group.n is None or group.n < 2:
        raise UnusableError(f"{group.name}: n is {group.n or 'not known'}")
    return group.n


def _events(group: Group, n: int) -> int:
    return group.count if group.count is not None else round((group.proportion or 0.0) * n)


def _signed(finding: Finding, effect: Effect) -> float:
    """Return a printed size with the sign of the direction: papers print sizes, and falls as improvements, without."""
    return abs(effect.value) * finding.sign if finding.sign else effect.value


def _sign(finding: Finding) -> int:
    if finding.sign:
        return finding.sign
    cases, references = finding.of("case"), finding.of("reference")
    if finding.direction == "no_change" and len(cases) == len(references) == 1:
        case, reference = cases[0], references[0]
        if case.value is not None and reference.value is not None and case.statistic == reference.statistic != "count":
            return 1 if case.value >= reference.value else -1
    raise UnusableError("p alone tells no sign where the direction is no change or mixed")


def _width(spread: Spread) -> float:
    return (spread.high or 0.0) - (spread.low or 0.0)


def _of(spread: Spread | None) -> str:
    names = {"sd": "SD", "sem": "SEM", "ci95": "95 % CI", "iqr": "quartiles", "unstated": "an unstated spread"}
    return names.get(spread.kind, spread.kind) if spread else "missing"


def _words(kind: str) -> str:
    return {"cohens_d": "Cohen's d", "hedges_g": "Hedges' g"}.get(kind, kind.replace("_", " "))
