"""What a run keeps: spikes of chosen cells, state variables, weights; counts of all spikes are always kept."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from dystolab.circuit.neurons import NonNegative, Positive, Spec
from dystolab.engine import layout as L

Array = np.ndarray
VARIABLES = {"v_mv": L.V, "i_dep_pa": L.D, "i_adap_pa": L.A, "w_pa": L.A}
FULL_VARIABLES = {"i_noise_pa": L.OU, "ion": L.ION, "i_extra_pa": L.IX, "t_gate": L.GATE}
VARIABLES |= {f"g{k + 1}_ns": L.Q0 + 2 * k for k in range(L.FULL_RECEPTORS)}


class Trace(Spec):
    """State variables of some cells, every ``every_ms``, at the ends of steps.

    ``variables`` are among v_mv, i_dep_pa, i_adap_pa (E-GLIF), w_pa and t_gate (AdEx), g1_ns ... g4_ns (receptors),
    i_noise_pa, ion, i_extra_pa (cells with slow variables, gap junctions or outside currents).
    """

    population: str
    variables: tuple[str, ...] = ("v_mv",)
    cells: tuple[Annotated[int, Field(ge=0)], ...] = (0,)
    every_ms: Positive = 0.1
    start_ms: NonNegative = 0.0
    stop_ms: Positive | None = None

    @model_validator(mode="after")
    def _known(self) -> Trace:
        for v in self.variables:
            if v not in VARIABLES | FULL_VARIABLES:
                raise ValueError(f"unknown variable {v!r}; known: {', '.join(sorted(VARIABLES | FULL_VARIABLES))}")
        return self


class Recording(Spec):
    """What to keep. ``spikes``: populations whose spikes are kept; ``spike_cells`` limits how many of their cells.

    ``weights`` names plastic projections whose distribution is kept every ``weights_every_ms``.
    """

    spikes: tuple[str, ...] = ()
    spike_cells: dict[str, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    traces: tuple[Trace, ...] = ()
    weights: tuple[str, ...] = ()
    weights_every_ms: Positive = 1000.0
