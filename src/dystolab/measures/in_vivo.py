"""Firing in awake mice, to hold against that of a run."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from dystolab.circuit import tables

_FILE = Path(__file__).with_name("in_vivo_rates.toml")


@dataclass(frozen=True, slots=True)
class RateRange:
    """What a population's mean rate (or irregularity) is in awake mice.

    Parameters
    ----------
    low_hz, high_hz : float
        Equal where the source gives one number; pure numbers for ``cv`` and ``cv2``.
    verified : bool
        Whether a number for awake mice was read in the source.
    source : str
        DOI or address.
    note : str
        How the range follows from the source.
    """

    low_hz: float
    high_hz: float
    source: str
    note: str
    verified: bool


@functools.cache
def rate_ranges(state: str = "rate") -> dict[str, RateRange]:
    """Return the range of each population that has one.

    ``state`` is ``"rate"`` at rest, ``"rate_running"`` in locomotion (Hz), ``"cv"`` or ``"cv2"`` at rest.

    Examples
    --------
    >>> rate_ranges()["dcn_glut"].low_hz
    40.0
    """
    out = {}
    for population, section in tables.read(_FILE).root.sections():
        entry = section.get(state)
        if isinstance(entry, tables.Entry):
            low, high = section.numbers(state, "Hz" if state.startswith("rate") else "1", 2)
            out[population] = RateRange(
                low, high, entry.quantity.source, entry.quantity.note, entry.quantity.confidence != "unverified"
            )
    return out
