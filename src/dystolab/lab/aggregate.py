"""What the subjects of a run have in common: mean measures with their intervals, and the JSON of a run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from dystolab.errors import ResultError
from dystolab.measures.interval import mean_interval
from dystolab.result import SCHEMA_VERSION, Measure, Result, plain

SUBJECT_KEYS = ("circuit", "scale", "seed", "mechanisms", "lesions", "stimulations", "body", "extent")
_SUMMED = ("wall_s", "build_s", "compile_s", "biological_s")
_LARGEST = ("threads", "workers", "neurons", "synapses", "plastic_synapses", "peak_rss_mb")


def aggregate(results: Sequence[Result]) -> dict[str, Measure]:
    """Return each measure's mean over subjects with its 95 % t-interval; element by element for lists.

    ``n`` is the number of subjects that have the measure; those where it is NaN do not count. A block in
    which fewer than two subjects have a value has an interval of NaN.

    Raises
    ------
    ResultError
        If there is no result, or results of different forms.
    """
    _check(results)
    names = list(dict.fromkeys(name for result in results for name in result.measures))
    return {name: _over_subjects(name, results) for name in names}


def population_rates(results: Sequence[Result]) -> dict[str, float]:
    """Return the mean rate of each population over subjects, Hz."""
    _check(results)
    names = dict.fromkeys(name for result in results for name in result.population_rate_hz)
    return {
        name: mean_interval([r.population_rate_hz[name] for r in results if name in r.population_rate_hz])[0]
        for name in names
    }


def summary(results: Sequence[Result]) -> dict[str, Any]:
    """Return the JSON object of a run, as every ``--json`` prints it.

    Times of ``runtime`` are summed over subjects (so that ``wall_s / biological_s`` is the cost of a second);
    its other numbers are the largest among subjects.
    """
    measures = {
        name: {"value": plain(m.value), "unit": m.unit, "ci95": plain(m.ci95), "n": m.n}
        for name, m in aggregate(results).items()
    }
    return {
        "schema_version": SCHEMA_VERSION,
        "experiment": results[0].experiment,
        "subjects": [{key: plain(r.subject.get(key)) for key in SUBJECT_KEYS} for r in results],
        "measures": measures,
        "population_rate_hz": plain(population_rates(results)),
        "runtime": _runtime(results),
        "provenance": plain(results[0].provenance),
    }


def _check(results: Sequence[Result]) -> None:
    if not results:
        raise ResultError("there is no result to summarise")
    kinds = {result.experiment for result in results}
    if len(kinds) > 1:
        raise ResultError(f"results of different experiments can't be joined: {', '.join(sorted(kinds))}")


def _over_subjects(name: str, results: Sequence[Result]) -> Measure:
    found = [result.measures[name] for result in results if name in result.measures]
    first = found[0]
    shapes = {np.shape(m.value) for m in found}
    units = {m.unit for m in found}
    if len(shapes) > 1 or len(units) > 1:
        raise ResultError(f"measure {name!r} differs in length or unit between subjects")
    values = np.array([m.value for m in found], dtype=float)
    if values.ndim == 1:
        mean, interval, n = mean_interval(values)
        return Measure(mean, first.unit, interval, n, first.description)
    blocks = [mean_interval(column) for column in values.T]
    intervals = [interval or (math.nan, math.nan) for _, interval, _ in blocks]
    return Measure(
        value=[mean for mean, _, _ in blocks],
        unit=first.unit,
        ci95=intervals if any(n > 1 for _, _, n in blocks) else None,
        n=int(np.isfinite(values).any(axis=1).sum()),
        description=first.description,
    )


def _runtime(results: Sequence[Result]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for keys, joined in ((_SUMMED, math.fsum), (_LARGEST, max)):
        for key in keys:
            known = [r.runtime[key] for r in results if r.runtime.get(key) is not None]
            out[key] = plain(joined(known)) if known else None
    out["engine"] = results[0].runtime.get("engine")
    return out
