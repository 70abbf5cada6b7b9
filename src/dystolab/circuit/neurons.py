"""Specs of the neuron models: what a cell is, never how it is stepped.

Units are part of every field's name: mV, pA, nS, pF, ms, and Hz for rates.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]


class Spec(BaseModel):
    """Base of every spec: frozen, refuses unknown fields and values that are not finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Receptor(Spec):
    """A synaptic conductance with an alpha kernel that peaks at the weight, ``tau_ms`` after arrival."""

    tau_ms: Positive
    e_rev_mv: float


class EGLIF(Spec):
    """Extended generalised leaky integrate-and-fire cell with escape noise (Geminiani et al. 2018).

    ``dV/dt = leak_sign (V - E_L)/tau_m + (I_dep - I_adap + I_e + I_syn)/C_m``; the published fits all
    use ``leak_sign = +1``. ``update_order`` tells what a refractory cell does: ``"freeze"`` stops every
    state variable (NEST module of 2018-2022), ``"evolve"`` lets all but V run on (NESTML).

    Source: 10.3389/fninf.2018.00088, 10.3389/fncom.2019.00035.
    """

    kind: Literal["eglif"] = "eglif"
    c_m_pf: Positive
    tau_m_ms: Positive
    e_l_mv: float
    t_ref_ms: NonNegative
    v_reset_mv: float
    v_th_mv: float
    v_init_mv: float
    v_min_mv: float
    lambda_0_per_ms: NonNegative
    tau_v_mv: Positive
    i_e_pa: float
    k_adap_ns_per_ms: float
    k1_per_ms: NonNegative
    k2_per_ms: NonNegative
    a1_pa: float
    a2_pa: float
    receptors: Annotated[tuple[Receptor, ...], Field(min_length=1, max_length=4)]
    leak_sign: Literal[1, -1] = 1
    update_order: Literal["freeze", "evolve"] = "freeze"


class TTypeCurrent(Spec):
    """Low-threshold calcium current ``g m_inf(V)^2 h (V - E)``, ``dh/dt = (h_inf(V) - h)/tau_h``.

    Both gates are Boltzmann functions ``1/(1 + exp(-(V - v_half)/k))``; ``k`` is negative for h.
    ``tau_h`` is ``tau_h_hyperpolarised_ms`` below ``v_half_h_mv`` and ``tau_h_depolarised_ms`` above.
    """

    g_ns: NonNegative
    e_ca_mv: float
    v_half_m_mv: float
    k_m_mv: Positive
    v_half_h_mv: float
    k_h_mv: Annotated[float, Field(lt=0)]
    tau_h_hyperpolarised_ms: Positive
    tau_h_depolarised_ms: Positive


class AdEx(Spec):
    """Adaptive exponential integrate-and-fire cell (Brette & Gerstner 2005, 10.1152/jn.00686.2005).

    As NEST's ``aeif_cond_alpha_multisynapse``: after a spike V is held at ``v_reset_mv`` for ``t_ref_ms``
    while w and the conductances run on.
    """

    kind: Literal["adex"] = "adex"
    c_m_pf: Positive
    g_l_ns: Positive
    e_l_mv: float
    v_th_mv: float
    delta_t_mv: Positive
    a_ns: float
    b_pa: float
    tau_w_ms: Positive
    t_ref_ms: NonNegative
    v_reset_mv: float
    v_peak_mv: float
    v_init_mv: float
    i_e_pa: float
    receptors: Annotated[tuple[Receptor, ...], Field(min_length=1, max_length=4)]
    t_type: TTypeCurrent | None = None

    @model_validator(mode="after")
    def _peak_above_threshold(self) -> AdEx:
        if self.v_peak_mv <= self.v_reset_mv:
            raise ValueError("v_peak_mv must lie above v_reset_mv")
        return self


class Relay(Spec):
    """A cell without a membrane: it emits the spikes that drives or projections give it."""

    kind: Literal["relay"] = "relay"


Neuron = Annotated[EGLIF | AdEx | Relay, Field(discriminator="kind")]


class OUCurrent(Spec):
    """An Ornstein-Uhlenbeck current, independent in each cell: membrane noise with memory."""

    kind: Literal["ou_current"] = "ou_current"
    mean_pa: float = 0.0
    sd_pa: NonNegative
    tau_ms: Positive


class IonPump(Spec):
    """A slow ion concentration (arbitrary units) and the current of the pump that clears it.

    ``dn/dt = influx_per_spike * spikes - (1 - block) P(n) / tau_ms`` with ``P(n) = n / (n + half)``; the
    outward pump current ``-i_max_pa (1 - block) P(n)`` adds to the cell's current. ``n`` starts at ``initial``.
    """

    kind: Literal["ion_pump"] = "ion_pump"
    tau_ms: Positive
    influx_per_spike: NonNegative
    half: Positive
    i_max_pa: float
    block: Annotated[float, Field(ge=0, le=1)] = 0.0
    initial: NonNegative = 0.0


class ParameterSchedule(Spec):
    """A parameter of the cell that steps to ``values[k]`` at ``times_ms[k]`` (and holds)."""

    kind: Literal["schedule"] = "schedule"
    parameter: str
    times_ms: tuple[NonNegative, ...]
    values: tuple[float, ...]

    @model_validator(mode="after")
    def _same_length(self) -> ParameterSchedule:
        if len(self.times_ms) != len(self.values) or not self.times_ms:
            raise ValueError("times_ms and values must have the same length, at least 1")
        if any(b <= a for a, b in zip(self.times_ms, self.times_ms[1:], strict=False)):
            raise ValueError("times_ms must increase")
        return self


Slow = Annotated[OUCurrent | IonPump | ParameterSchedule, Field(discriminator="kind")]


class Spread(Spec):
    """Spread of a parameter: normal with the population's value as its mean, one draw per cell or per group.

    Drawn ``"evenly"``, the cells of a group take equally likely quantiles in random order, so that groups have the
    same mean.
    """

    parameter: Literal["i_e_pa", "v_init_mv"]
    sd: NonNegative
    each: Literal["cell", "evenly", "group"] = "cell"


class Recruitment(Spec):
    """Size principle: the cells of a group need ever more current to fire, in the order of their index.

    The constant current of cell k of n is lower than that of the first by ``range_pa (ratio^r - 1) / (ratio - 1)``,
    with r = k / (n - 1): thresholds rise exponentially, and many are low.
    Source: 10.1152/jn.1993.70.6.2470.
    """

    range_pa: NonNegative
    ratio: Annotated[float, Field(gt=1)]
