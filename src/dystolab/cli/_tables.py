"""Results as tables for people to read."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dystolab.result import Measure, Result, text

if TYPE_CHECKING:
    from collections.abc import Iterable

_WIDTH_OFF_TERMINAL = 160


def console() -> Console:
    """Return the console of stdout, wide where there is no terminal to fit."""
    return Console() if sys.stdout.isatty() else Console(width=_WIDTH_OFF_TERMINAL)


def print_results(results: Sequence[Result]) -> None:
    """Print the measures of a run and its runtime: means over subjects, or one subject's own numbers."""
    from dystolab.lab.aggregate import aggregate, population_rates, summary

    measures = results[0].measures if len(results) == 1 else aggregate(results)
    table = Table(title=_title(results), title_justify="left")
    for heading in ("measure", "value (± 95 % interval)", "unit", "n", "meaning"):
        narrow = heading in ("measure", "unit", "n")
        table.add_column(heading, justify="right" if heading == "n" else "left", no_wrap=narrow, overflow="fold")
    for name, measure in measures.items():
        table.add_row(*map(Text, (name, value(measure), measure.unit, str(measure.n), measure.description)))
    out = console()
    out.print(table)
    rates = ", ".join(f"{name} {text(rate)}" for name, rate in population_rates(results).items())
    if rates:
        out.print(Text(f"Mean rates, Hz: {rates}"))
    out.print(Text(_speed(summary(results)["runtime"])))


def print_items(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a list: a table on a terminal, else one tab-separated line per item."""
    if not sys.stdout.isatty():
        for row in rows:
            print("\t".join(" ".join(cell.split()) for cell in row))
        return
    table = Table(*headings)
    for row in rows:
        table.add_row(*map(Text, row))
    Console().print(table)


def value(measure: Measure) -> str:
    """Return a measure's value for people to read: ``91.2 ± 2.2``, ``0.9 (0.4 to 2.1)``, or one per block."""
    if isinstance(measure.ci95, tuple) and not isinstance(measure.value, list):
        low, high = measure.ci95
        below, above = measure.value - low, high - measure.value
        if abs(above - below) <= 0.01 * max(abs(above), abs(below)):
            return f"{text(measure.value)} ± {(high - low) / 2:.2g}"
        return f"{text(measure.value)} ({text(low)} to {text(high)})"
    return text(measure.value)


def _title(results: Sequence[Result]) -> str:
    first = results[0]
    seeds = [str(r.subject.get("seed")) for r in results]
    span = seeds[0] if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    many = f"{len(seeds)} subject{'s' if len(seeds) > 1 else ''}"
    return f"{first.experiment} on {first.subject.get('circuit')}, {first.state}: {many}, seed {span}"


def _speed(runtime: dict[str, float | None]) -> str:
    wall, lived = runtime["wall_s"], runtime["biological_s"]
    if not wall or not lived:
        return ""
    return f"Simulated {lived:.4g} s of activity in {wall:.4g} s ({wall / lived:.3g} s per second)"
