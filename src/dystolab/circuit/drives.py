"""Drives: input to any population by name, with an arbitrary pattern in time."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from dystolab.circuit.neurons import NonNegative, Positive, Spec


class Pattern(Spec):
    """A value that is ``values[k]`` from ``times_ms[k]`` on, and 0 before the first time.

    With ``period_ms`` the pattern repeats; times then lie below the period.
    """

    times_ms: tuple[NonNegative, ...]
    values: tuple[float, ...]
    period_ms: Positive | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Pattern:
        if len(self.times_ms) != len(self.values) or not self.times_ms:
            raise ValueError("times_ms and values must have the same length, at least 1")
        if any(b <= a for a, b in zip(self.times_ms, self.times_ms[1:], strict=False)):
            raise ValueError("times_ms must increase")
        if self.period_ms is not None and self.times_ms[-1] >= self.period_ms:
            raise ValueError("times_ms must lie below period_ms")
        return self


class Fraction(Spec):
    """A seeded choice of cells: the share ``value`` of the population, drawn under ``label``.

    Drives with the same label reach the same cells.
    """

    kind: Literal["fraction"] = "fraction"
    value: Annotated[float, Field(ge=0, le=1)]
    label: str


class Cells(Spec):
    """Given cells, by 0-based index in the population."""

    kind: Literal["cells"] = "cells"
    indices: tuple[Annotated[int, Field(ge=0)], ...]


class Disc(Spec):
    """Cells within ``radius_um`` of a point of the x-y plane, given as shares of the tissue's extent."""

    kind: Literal["disc"] = "disc"
    centre: tuple[float, float] = (0.5, 0.5)
    radius_um: Positive


class Zone(Spec):
    """Cells of one microzone, or of one group of a population that has groups."""

    kind: Literal["zone"] = "zone"
    index: Annotated[int, Field(ge=0)]


Subset = Annotated[Fraction | Cells | Disc | Zone, Field(discriminator="kind")]


class PoissonDrive(Spec):
    """Independent random spikes per cell. A relay emits them; another cell gets ``weight_ns`` on ``receptor``.

    A cell keeps every ``order``-th event of a Poisson process of ``order`` times the rate: 1 is a Poisson process, more
    gives gamma intervals, with a coefficient of variation of ``1/sqrt(order)`` while the rate stays.
    """

    kind: Literal["poisson"] = "poisson"
    name: str
    population: str
    rate_hz: Pattern
    order: Annotated[int, Field(ge=1)] = 1
    subset: Subset | None = None
    weight_ns: NonNegative = 0.0
    receptor: Annotated[int, Field(ge=0, le=4)] = 0

    @model_validator(mode="after")
    def _rates_not_negative(self) -> PoissonDrive:
        if min(self.rate_hz.values) < 0:
            raise ValueError("rate_hz must not be negative")
        return self


class SpikeDrive(Spec):
    """Given spikes: cell ``cells[k]`` of the subset at ``times_ms[k]``; ``cells = None``: every cell at each time.

    ``period_ms`` repeats the whole list. ``jitter_ms`` shifts each cell's train by a seeded uniform draw.
    """

    kind: Literal["spikes"] = "spikes"
    name: str
    population: str
    times_ms: tuple[NonNegative, ...]
    cells: tuple[int, ...] | None = None
    subset: Subset | None = None
    weight_ns: NonNegative = 0.0
    receptor: Annotated[int, Field(ge=0, le=4)] = 0
    period_ms: Positive | None = None
    start_ms: NonNegative = 0.0
    stop_ms: Positive | None = None
    jitter_ms: NonNegative = 0.0

    @model_validator(mode="after")
    def _one_cell_per_time(self) -> SpikeDrive:
        if self.cells is not None and len(self.cells) != len(self.times_ms):
            raise ValueError("cells must have one entry per time")
        if self.period_ms is not None and self.times_ms and max(self.times_ms) >= self.period_ms:
            raise ValueError("times_ms must lie below period_ms")
        return self


class BurstDrive(Spec):
    """Bursts of random spikes in each cell, parted by silence.

    ``spikes_per_burst`` different milliseconds of each ``on_ms`` window, then ``off_ms`` of silence, again and again;
    each cell starts with a seeded delay below ``start_jitter_ms``.
    With ``train_ms`` and ``gap_ms`` trains of bursts of that length are parted by silent gaps.
    """

    kind: Literal["bursts"] = "bursts"
    name: str
    population: str
    on_ms: Positive
    off_ms: NonNegative
    spikes_per_burst: Annotated[int, Field(gt=0)]
    subset: Subset | None = None
    weight_ns: NonNegative = 0.0
    receptor: Annotated[int, Field(ge=0, le=4)] = 0
    start_jitter_ms: NonNegative = 0.0
    train_ms: Positive | None = None
    gap_ms: NonNegative = 0.0

    @model_validator(mode="after")
    def _fits(self) -> BurstDrive:
        if self.spikes_per_burst > self.on_ms:
            raise ValueError("spikes_per_burst must not exceed the milliseconds of on_ms")
        return self


class CurrentDrive(Spec):
    """A current into each cell of the subset, pA."""

    kind: Literal["current"] = "current"
    name: str
    population: str
    current_pa: Pattern
    subset: Subset | None = None


class ConductanceDrive(Spec):
    """A conductance on each cell of the subset, nS, with its reversal potential."""

    kind: Literal["conductance"] = "conductance"
    name: str
    population: str
    conductance_ns: Pattern
    e_rev_mv: float
    subset: Subset | None = None


Drive = Annotated[PoissonDrive | SpikeDrive | BurstDrive | CurrentDrive | ConductanceDrive, Field(discriminator="kind")]
