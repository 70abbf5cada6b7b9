"""Random-effects meta-analysis of effect sizes, by PyMARE (extra ``meta``)."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import stats

from dystolab.errors import EvidenceError, MissingExtraError

Interval = tuple[float, float]
FEWEST = 2
"""Studies below which nothing is pooled."""


@dataclass(frozen=True)
class Pooled:
    """The outcome of one method.

    Attributes
    ----------
    method : str
        ``"DL"`` (DerSimonian and Laird) or ``"REML"``.
    estimate, se : float
        Mean of the distribution of effects, and its standard error 1 / sqrt(sum of weights).
    ci95 : (float, float) or None
        By Hartung and Knapp with k - 1 degrees of freedom; None if all effects are equal.
    wald_ci95 : (float, float)
        By the normal distribution; too narrow where studies are few.
    tau2, q, i2_percent : float
        Variance between studies, Cochran's Q and the share of variance that is not chance.
    q_p : float
        p of Q.
    prediction : (float, float) or None
        Where 95 % of the effects of further studies should lie (Higgins et al. 2009,
        10.1111/j.1467-985X.2008.00552.x); None below three studies.
    """

    method: str
    estimate: float
    se: float
    ci95: Interval | None
    wald_ci95: Interval
    tau2: float
    q: float
    q_p: float
    i2_percent: float
    prediction: Interval | None

    def as_json(self) -> dict[str, Any]:
        """Return the outcome as JSON values."""
        return asdict(self)


def pool(values: Sequence[float], variances: Sequence[float]) -> dict[str, Pooled]:
    """Return the outcome of each method, by its name.

    Parameters
    ----------
    values, variances : sequence of float, (n_studies,)

    Raises
    ------
    EvidenceError
        If there are fewer than two studies.
    MissingExtraError
        If PyMARE is not installed.
    """
    if len(values) < FEWEST:
        raise EvidenceError(f"a meta-analysis needs at least {FEWEST} studies, and there is {len(values)}")
    try:
        from pymare import Dataset
        from pymare.estimators import DerSimonianLaird, VarianceBasedLikelihoodEstimator
    except ImportError:
        raise MissingExtraError("PyMARE", "meta") from None
    y, v = np.asarray(values, dtype=float), np.asarray(variances, dtype=float)
    methods = {"DL": DerSimonianLaird(), "REML": VarianceBasedLikelihoodEstimator(method="REML")}
    out = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of optimisers at the bound tau2 = 0
        for name, estimator in methods.items():
            out[name] = _outcome(name, estimator.fit_dataset(Dataset(y, v)).summary(), y, v)
    return out


def weights(variances: Sequence[float], tau2: float) -> list[float]:
    """Return the share of each study in the mean, summing to 1."""
    raw = 1 / (np.asarray(variances, dtype=float) + tau2)
    return [float(weight) for weight in raw / raw.sum()]


def _outcome(method: str, summary: Any, y: Any, v: Any) -> Pooled:
    k = len(y)
    tau2 = max(0.0, float(np.ravel(summary.tau2)[0]))
    fixed, spread = summary.get_fe_stats(), summary.get_heterogeneity_stats()
    estimate = float(np.ravel(fixed["est"])[0])
    low, high = (float(np.ravel(fixed[key])[0]) for key in ("ci_l", "ci_u"))
    se = float(np.sum(1 / (v + tau2)) ** -0.5)
    z = float(stats.norm.isf(0.025)) * se
    # t with k - 2 degrees of freedom: tau2 is estimated too.
    reach = float(stats.t.isf(0.025, k - 2)) * math.hypot(math.sqrt(tau2), se) if k > FEWEST else math.nan
    q = float(np.ravel(spread["Q"])[0])
    return Pooled(
        method=method,
        estimate=estimate,
        se=se,
        ci95=(low, high) if math.isfinite(low) and math.isfinite(high) else None,
        wald_ci95=(estimate - z, estimate + z),
        tau2=tau2,
        q=q,
        q_p=float(stats.chi2.sf(q, k - 1)),
        i2_percent=100 * max(0.0, (q - (k - 1)) / q) if q > 0 else 0.0,
        prediction=(estimate - reach, estimate + reach) if math.isfinite(reach) else None,
    )
