"""The slow exact oracle of synapses: plasticity and short-term dynamics. That of cells: `reference`.

Nothing here is shared with the fast kernels.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import quad

from dystolab.circuit.spec import SinExpPlasticity, TsodyksMarkram, VesiclePools

Array = NDArray[np.float64]


def sinexp_kernel(s_ms: ArrayLike, best_ms: float = 100.0) -> Array:
    """Return the depression kernel K at `s_ms`, the presynaptic minus the teaching spike's time.

    ``K(s) = exp(-(s-150)/1000) sin(2*3.1415*(s-150)/1000)^20 / 1.2848`` for -200 <= s < 0 ms, else 0. The
    constant 3.1415 is the published code's; K peaks near -100 ms with an integral of 87.8 ms. With another `best_ms`
    it is moved as a whole, and cut off at the teaching spike.

    Source: 10.3389/fnsys.2022.919761, cereb-nest ``stdp_connection_sinexp``.
    """
    before = np.asarray(s_ms, dtype=np.float64)
    s = before + (best_ms - 100.0)
    shifted = (s - 150.0) / 1000.0
    kernel = np.exp(-shifted) * np.sin(2 * 3.1415 * shifted) ** 20 / 1.2848
    return np.where((s >= -200.0) & (s < 0.0) & (before < 0.0), kernel, 0.0)


def sinexp_weight_change(
    pre_times_ms: ArrayLike, teach_times_ms: ArrayLike, plasticity: SinExpPlasticity, w0_ns: float
) -> tuple[Array, Array]:
    """Return when one parallel-fibre synapse changes, and its weight after each change.

    A presynaptic spike adds ``a_plus_ns``, a teaching spike ``a_minus_ns * sum K(t_pre - t_teach)`` over the
    presynaptic spikes before it; the weight is clipped after every change. The teaching time is
    the time at which the olivary cell emits its spike, without the delay of its axon; a presynaptic spike of
    the same time comes first, and is not depressed by it. With ``balance_ms`` what a presynaptic spike adds fades and
    rises with the teaching spikes before it.

    Parameters
    ----------
    pre_times_ms, teach_times_ms : array_like
        Emission times of the granule cell and of the teaching olivary cell.
    plasticity : SinExpPlasticity
    w0_ns : float

    Returns
    -------
    times_ms, weights_ns : ndarray, shape (n_pre + n_teach,)
        ``weights_ns[-1]`` is the final weight.

    Source: 10.3389/fnsys.2022.919761; the published volume transmitter loses most teaching spikes, this none.
    """
    pre = np.sort(np.asarray(pre_times_ms, dtype=np.float64))
    teach = np.sort(np.asarray(teach_times_ms, dtype=np.float64))
    events = sorted([(float(t), 0) for t in pre] + [(float(t), 1) for t in teach])
    weight, weights = float(w0_ns), []
    raises, last_ms, tau_ms = plasticity.a_plus_ns, 0.0, plasticity.balance_ms
    best_ms = plasticity.best_ms
    ends_ms = (-100.0 - best_ms, min(100.0 - best_ms, 0.0))
    integral_ms = quad(lambda s: float(sinexp_kernel(np.array(s), best_ms)), *ends_ms)[0]
    for time_ms, teaching in events:
        if tau_ms is not None:
            raises *= math.exp((last_ms - time_ms) / tau_ms)
            raises -= plasticity.a_minus_ns * integral_ms / tau_ms if teaching else 0.0
            last_ms = time_ms
        before = sinexp_kernel(pre - time_ms, best_ms)
        change = plasticity.a_minus_ns * float(before.sum()) if teaching else raises
        weight = min(max(weight + change, plasticity.w_min_ns), plasticity.w_max_ns)
        weights.append(weight)
    return np.array([t for t, _ in events]), np.array(weights)


def tsodyks_markram(times_ms: ArrayLike, synapse: TsodyksMarkram) -> Array:
    """Return the factor ``x u`` that each spike delivers, by the recursion of NEST's ``tsodyks2_synapse``.

    The first spike finds x = 1 and u = U; with ``tau_fac_ms`` = 0 there is no facilitation. (NEST 2 and early
    NEST 3 treated the first spike as if one had come at 0 ms; NEST 3.10 doesn't.)

    Parameters
    ----------
    times_ms : array_like, shape (n,)
        Presynaptic spikes in increasing order.
    synapse : TsodyksMarkram

    Returns
    -------
    ndarray, shape (n,)

    Source: 10.1162/089976698300017502.
    """
    times = np.asarray(times_ms, dtype=np.float64)
    x, u = 1.0, synapse.u
    factors = np.empty(len(times))
    for k, time_ms in enumerate(times):
        if k:
            gap_ms = float(time_ms - times[k - 1])
            x = 1.0 + (x - x * u - 1.0) * math.exp(-gap_ms / synapse.tau_rec_ms)
            kept = math.exp(-gap_ms / synapse.tau_fac_ms) if synapse.tau_fac_ms > 0 else 0.0
            u = synapse.u + u * (1.0 - synapse.u) * kept
        factors[k] = x * u
    return factors


def vesicle_pools(times_ms: ArrayLike, synapse: VesiclePools, name: str) -> Array:
    """Return the factor that each spike of a source of class `name` delivers.

    Parameters
    ----------
    times_ms : array_like, shape (n,)
        Presynaptic spikes in increasing order, none before 0 ms.
    synapse : VesiclePools
    name : str
        One of the names of its classes.

    Returns
    -------
    ndarray, shape (n,)

    Source: 10.1038/s41467-022-35395-y.
    """
    (of,) = (c for c in synapse.classes if c.name == name)
    mean = sum(c.share * (c.n_slow * c.u_slow + c.n_fast * c.u_fast) for c in synapse.classes)
    slow = _released(times_ms, synapse, of.u_slow, of.tau_fac_ms, synapse.tau_slow_ms, synapse.p_slow)
    fast = _released(times_ms, synapse, of.u_fast, of.tau_fac_ms, synapse.tau_fast_ms, 0.0)
    return np.asarray((of.n_slow * slow + of.n_fast * fast) / mean)


def _released(
    times_ms: ArrayLike, synapse: VesiclePools, rest: float, tau_fac_ms: float, tau_ms: float, kept: float
) -> Array:
    """Return the share ``u x`` of one pool that each spike releases; the pool begins at its mean state."""
    per_ms = synapse.initial_rate_hz / 1000.0
    # At rest du/dt = dx/dt = 0 with spikes at a mean rate.
    u = (rest / tau_fac_ms + rest * per_ms) / (1.0 / tau_fac_ms + rest * per_ms) if tau_fac_ms > 0 else rest
    x = (1.0 / tau_ms) / (1.0 / tau_ms + (1.0 - kept) * u * per_ms)
    shares, before_ms = [], 0.0
    for time_ms in np.asarray(times_ms, dtype=np.float64).tolist():
        gap_ms = time_ms - before_ms
        u = rest + (u - rest) * math.exp(-gap_ms / tau_fac_ms) if tau_fac_ms > 0 else rest
        x = 1.0 - (1.0 - x) * math.exp(-gap_ms / tau_ms)
        shares.append(u * x)
        x -= (1.0 - kept) * u * x
        u += rest * (1.0 - u)
        before_ms = time_ms
    return np.array(shares)
