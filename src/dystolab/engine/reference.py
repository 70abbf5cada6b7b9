"""The slow exact oracle of cells: what every fast kernel must agree with. That of synapses: `reference_synapses`.

Plain NumPy and SciPy at tight tolerance; nothing here is shared with the fast kernels. All times lie on the
grid of ``dt_ms``: an arrival at grid time t changes the conductance's slope at t, a current read at t is held
for one step, a spike is stamped with the end of the step in which it falls.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from dystolab.circuit.neurons import EGLIF, AdEx
from dystolab.errors import SimulationError, SpecError, UnsupportedError

Array = NDArray[np.float64]
Arrival = tuple[float, int, float]
Current = float | Callable[[float], float]
Slope = Callable[[float, Array], Array]

# A state is one vector: V, I_adap (w of AdEx), gate h, I_dep, then G and its slope DG of each receptor.
_V, _SLOW, _H, _DEP, _SYN = range(5)
_RTOL = 1e-12
_ATOL = 1e-12
# A conductance that can no longer move V by 1e-12 mV in a ms: from here the linear propagator serves.
_NEGLIGIBLE_NS = 1e-14
_CHUNK_STEPS = 500
_STEEP = 25.0
# A hazard of this exponent means a spike in any case; exp overflows a little above 709.
_MAX_HAZARD_EXPONENT = 50.0
_MAX_EXPONENT = 700.0


class _Cell:
    """One cell with its input on the grid."""

    def __init__(
        self,
        neuron: EGLIF | AdEx,
        duration_ms: float,
        dt_ms: float,
        arrivals: Iterable[Arrival],
        current_pa: Current,
    ) -> None:
        if not isinstance(neuron, EGLIF | AdEx):
            raise UnsupportedError(f"a {neuron.kind} cell has no membrane: only eglif and adex cells do")
        if not dt_ms > 0 or not duration_ms > 0:
            raise SpecError(f"dt_ms and duration_ms must be positive, got {dt_ms!r} and {duration_ms!r}")
        self.neuron, self.dt_ms, self.steps = neuron, dt_ms, round(duration_ms / dt_ms)
        self.receptors = len(neuron.receptors)
        self.tau_ms = np.array([r.tau_ms for r in neuron.receptors])
        self.e_rev_mv = np.array([r.e_rev_mv for r in neuron.receptors])
        self.kicks = self._kicks(arrivals)
        read = current_pa if callable(current_pa) else lambda _t: current_pa
        self.current_pa = np.array([read(k * dt_ms) for k in range(self.steps)], dtype=np.float64)
        changes = np.flatnonzero(np.diff(self.current_pa)) + 1
        arriving = [k for k in self.kicks if 0 <= k < self.steps]
        self.stops = np.unique(np.array([0, self.steps, *changes, *arriving], dtype=np.int64))
        # NEST rounds a refractory period up to whole steps.
        self.refractory_steps = math.ceil(neuron.t_ref_ms / dt_ms - 1e-9)
        self._powers: tuple[float, list[Array]] = (math.nan, [])

    def _kicks(self, arrivals: Iterable[Arrival]) -> dict[int, Array]:
        kicks: dict[int, Array] = {}
        for time_ms, receptor, weight_ns in arrivals:
            if not 1 <= receptor <= self.receptors:
                raise SpecError(f"arrival at {time_ms} ms: receptor {receptor} must be 1 to {self.receptors}")
            kick = kicks.setdefault(round(time_ms / self.dt_ms), np.zeros(self.receptors))
            # With this slope the alpha kernel peaks at the weight, tau after arrival.
            kick[receptor - 1] += weight_ns * math.e / self.tau_ms[receptor - 1]
        return kicks

    def start(self, v_init_mv: float | None, i_dep_pa: float, slow_pa: float) -> Array:
        """Return the state at 0 ms, arrivals of 0 ms included."""
        state = np.zeros(_SYN + 2 * self.receptors)
        state[_V] = self.neuron.v_init_mv if v_init_mv is None else v_init_mv
        state[_SLOW], state[_DEP] = slow_pa, i_dep_pa
        if isinstance(self.neuron, AdEx) and self.neuron.t_type is not None:
            state[_H] = _boltzmann(state[_V], self.neuron.t_type.v_half_h_mv, self.neuron.t_type.k_h_mv)
        self.kick(state, 0)
        return state

    def kick(self, state: Array, step: int) -> None:
        """Add what arrives at `step`."""
        if step in self.kicks:
            state[_SYN + self.receptors :] += self.kicks[step]

    def _slope(self, current_pa: float, held: bool) -> Slope:
        n, k = self.neuron, self.receptors
        membrane = _eglif_membrane(n) if isinstance(n, EGLIF) else _adex_membrane(n, held)

        def slope(_s: float, y: Array) -> Array:
            g, dg = y[_SYN : _SYN + k], y[_SYN + k :]
            total_g, pull = float(g.sum()), float(g @ self.e_rev_mv)
            v, slow, h, dep = y[:_SYN].tolist()
            d = np.empty_like(y)
            d[:_SYN] = membrane(v, slow, h, dep, current_pa + pull, total_g)
            d[_SYN : _SYN + k] = dg - g / self.tau_ms
            d[_SYN + k :] = -dg / self.tau_ms
            return d

        return slope

    def flow(
        self, state: Array, at_ms: Array, current_pa: float, held: bool = False
    ) -> tuple[Array, Array | None, float]:
        """Return the states (n, state) at `at_ms` up to a spike, its state or None, and the end's time."""
        peak_mv = math.inf
        if isinstance(self.neuron, AdEx) and not held:
            # From V_th + 25 Delta_T the upstroke takes less than C/g_L e^-25, 1e-9 ms: too steep to resolve.
            peak_mv = min(self.neuron.v_peak_mv, self.neuron.v_th_mv + _STEEP * self.neuron.delta_t_mv)

        def peak(_s: float, y: Array) -> float:
            return float(y[_V]) - peak_mv

        peak.terminal, peak.direction = True, 1.0  # type: ignore[attr-defined]
        found = solve_ivp(
            self._slope(current_pa, held),
            (0.0, float(at_ms[-1])),
            state,
            method="DOP853",
            rtol=_RTOL,
            atol=_ATOL,
            dense_output=True,
            events=peak if peak_mv < math.inf else None,
        )
        if found.status < 0:
            raise SimulationError(f"integrating a {self.neuron.kind} cell failed: {found.message}")
        end_ms = float(found.t[-1])
        end = found.y[:, -1].copy() if found.status == 1 else None
        return found.sol(at_ms[at_ms <= end_ms]).T, end, end_ms

    def free(self, state: Array, steps: int, current_pa: float) -> Array:
        """Return the states (n, state) after each of `steps` steps, ending at the first V at the floor."""
        assert isinstance(self.neuron, EGLIF)
        # (G + s DG) exp(-s/tau) never exceeds G + tau DG.
        g, dg = np.abs(state[_SYN : _SYN + self.receptors]), np.abs(state[_SYN + self.receptors :])
        if np.all(g + self.tau_ms * dg < _NEGLIGIBLE_NS):
            run = self._propagated(state, steps, current_pa)
        else:
            run = self.flow(state, _grid(1, steps + 1) * self.dt_ms, current_pa)[0]
        below = np.flatnonzero(run[:, _V] < self.neuron.v_min_mv)
        if below.size:
            run = run[: below[0] + 1]
            run[-1, _V] = self.neuron.v_min_mv
        return run

    def _propagated(self, state: Array, steps: int, current_pa: float) -> Array:
        """States (steps, state) without synapses, by powers of the matrix exponential of one step."""
        assert isinstance(self.neuron, EGLIF)
        if self._powers[0] != current_pa:
            self._powers = current_pa, [expm(self._matrix(current_pa) * self.dt_ms)]
        powers = self._powers[1]
        while len(powers) < steps:
            powers.append(powers[-1] @ powers[0])
        run = np.zeros((steps, len(state)))
        run[:, :_SYN] = (np.array(powers[:steps]) @ np.append(state[:_SYN], 1.0))[:, :_SYN]
        return run

    def _matrix(self, current_pa: float) -> Array:
        """Return M (5, 5) of the cell without synapses: dx/dt = M x with x = (V, I_adap, h, I_dep, 1)."""
        slope = self._slope(current_pa, held=False)
        unit = np.eye(_SYN, _SYN + 2 * self.receptors)
        rest = slope(0.0, 0.0 * unit[0])[:_SYN]
        matrix = np.zeros((_SYN + 1, _SYN + 1))
        matrix[:_SYN, :_SYN] = np.array([slope(0.0, x)[:_SYN] - rest for x in unit]).T
        matrix[:_SYN, _SYN] = rest
        return matrix


def _grid(first: int, stop: int) -> Array:
    return np.arange(first, stop, dtype=np.float64)


Membrane = Callable[[float, float, float, float, float, float], tuple[float, float, float, float]]


def _eglif_membrane(n: EGLIF) -> Membrane:
    leak = n.leak_sign / n.tau_m_ms

    def membrane(
        v: float, i_adap: float, _h: float, i_dep: float, input_pa: float, g_ns: float
    ) -> tuple[float, float, float, float]:
        above = v - n.e_l_mv
        current = i_dep - i_adap + n.i_e_pa + input_pa - g_ns * v
        d_adap = n.k_adap_ns_per_ms * above - n.k2_per_ms * i_adap
        return leak * above + current / n.c_m_pf, d_adap, 0.0, -n.k1_per_ms * i_dep

    return membrane


def _adex_membrane(n: AdEx, held: bool) -> Membrane:
    t = n.t_type

    def membrane(
        v: float, w: float, h: float, _dep: float, input_pa: float, g_ns: float
    ) -> tuple[float, float, float, float]:
        dw = (n.a_ns * (v - n.e_l_mv) - w) / n.tau_w_ms
        current, dh = n.i_e_pa + input_pa - g_ns * v - w, 0.0
        if t is not None:
            m = _boltzmann(v, t.v_half_m_mv, t.k_m_mv)
            current -= t.g_ns * m * m * h * (v - t.e_ca_mv)
            tau_h = t.tau_h_hyperpolarised_ms if v < t.v_half_h_mv else t.tau_h_depolarised_ms
            dh = (_boltzmann(v, t.v_half_h_mv, t.k_h_mv) - h) / tau_h
        # Only trial points of the integrator lie far beyond the steep part.
        rise = n.delta_t_mv * math.exp(min((v - n.v_th_mv) / n.delta_t_mv, 2 * _STEEP))
        dv = (current + n.g_l_ns * (rise - (v - n.e_l_mv))) / n.c_m_pf
        return 0.0 if held else dv, dw, dh, 0.0

    return membrane


def _boltzmann(v_mv: float, half_mv: float, k_mv: float) -> float:
    return 1.0 / (1.0 + math.exp(min(-(v_mv - half_mv) / k_mv, _MAX_EXPONENT)))


def trace(
    neuron: EGLIF | AdEx,
    duration_ms: float,
    dt_ms: float = 0.1,
    v_init_mv: float | None = None,
    i_dep_pa: float = 0.0,
    i_adap_pa: float = 0.0,
    arrivals: Iterable[Arrival] = (),
    current_pa: Current = 0.0,
    spikes: bool = False,
) -> tuple[Array, dict[str, Array]]:
    """Return the exact trajectory of one cell without noise, at the grid times 0, dt, 2 dt, ...

    An E-GLIF cell never spikes here; V is floored at ``v_min_mv`` at every grid time. An AdEx cell spikes as
    V reaches ``v_peak_mv`` inside a step; V is then held at ``v_reset_mv`` for the rest of that step and for
    ``t_ref_ms`` (rounded up to steps) while w, h and the conductances run on, as in NEST's
    ``aeif_cond_alpha_multisynapse``. The gate h of a T-type current starts at its steady state.

    Parameters
    ----------
    neuron : EGLIF or AdEx
    duration_ms, dt_ms : float
    v_init_mv : float, optional
        V at 0 ms; the neuron's own ``v_init_mv`` if None.
    i_dep_pa, i_adap_pa : float
        Spike-triggered current and adaptation at 0 ms (``i_adap_pa`` is w for AdEx).
    arrivals : iterable of (time_ms, receptor, weight_ns)
        Arriving spikes; receptors count from 1, times are rounded to the grid.
    current_pa : float or callable
        Injected current; a callable of the time in ms is read at the start of each step and held.
    spikes : bool
        Whether an AdEx cell may spike.

    Returns
    -------
    times_ms : ndarray, shape (n + 1,)
    variables : dict
        ``v_mv`` (n + 1,) and ``g_ns`` (n + 1, receptors); of an E-GLIF cell also ``i_dep_pa`` and
        ``i_adap_pa``, of an AdEx cell ``w_pa``, ``h`` (if it has a T-type current) and ``spike_times_ms`` (if
        `spikes`).

    Raises
    ------
    SimulationError
        If an AdEx cell reaches its peak although `spikes` is False.
    UnsupportedError
        If the cell is a relay, or `spikes` is asked of an E-GLIF cell.

    Source: 10.3389/fninf.2018.00088 (E-GLIF), 10.1152/jn.00686.2005 (AdEx).
    """
    cell = _Cell(neuron, duration_ms, dt_ms, arrivals, current_pa)
    states = np.empty((cell.steps + 1, _SYN + 2 * cell.receptors))
    states[0] = cell.start(v_init_mv, i_dep_pa, i_adap_pa)
    found = {"v_mv": states[:, _V], "g_ns": states[:, _SYN : _SYN + cell.receptors]}
    if isinstance(neuron, EGLIF):
        if spikes:
            raise UnsupportedError("spikes=True: those of an eglif cell are random, use simulate_eglif")
        _fill_eglif(cell, states)
        found |= {"i_dep_pa": states[:, _DEP], "i_adap_pa": states[:, _SLOW]}
    else:
        spike_times_ms = _fill_adex(cell, neuron, states, spikes)
        found["w_pa"] = states[:, _SLOW]
        if neuron.t_type is not None:
            found["h"] = states[:, _H]
        if spikes:
            found["spike_times_ms"] = spike_times_ms
    return _grid(0, cell.steps + 1) * dt_ms, found


def _fill_eglif(cell: _Cell, states: Array) -> None:
    state = states[0].copy()
    for a, b in pairwise(cell.stops.tolist()):
        step = a
        while step < b:
            run = cell.free(state, b - step, cell.current_pa[a])
            states[step + 1 : step + 1 + len(run)] = run
            state, step = run[-1].copy(), step + len(run)
        cell.kick(state, b)


def _fill_adex(cell: _Cell, neuron: AdEx, states: Array, may_spike: bool) -> Array:
    state, dt_ms = states[0].copy(), cell.dt_ms
    if state[_V] >= neuron.v_peak_mv:
        raise SpecError(f"v_init_mv {state[_V]:g} must lie below v_peak_mv {neuron.v_peak_mv:g}")
    stamps: list[int] = []
    at, held_until = 0.0, 0  # in steps; a spike falls between grid times
    for a, b in pairwise(cell.stops.tolist()):
        while at < b:
            held = at < held_until
            grid = np.arange(math.floor(at) + 1, (min(b, held_until) if held else b) + 1)
            run, peak, took_ms = cell.flow(state, (grid - at) * dt_ms, cell.current_pa[a], held)
            states[grid[: len(run)]] = run
            if peak is None:
                state, at = run[-1].copy(), float(grid[-1])
                continue
            at += took_ms / dt_ms
            if not may_spike:
                raise SimulationError(f"the cell reaches v_peak_mv at {at * dt_ms:.4g} ms: pass spikes=True")
            state, stamp = peak, math.ceil(at - 1e-9)
            state[_V] = neuron.v_reset_mv
            state[_SLOW] += neuron.b_pa
            states[stamp] = state
            stamps.append(stamp)
            held_until = stamp + cell.refractory_steps if cell.refractory_steps else 0
        cell.kick(state, b)
    return np.array(stamps) * dt_ms


def simulate_eglif(
    neuron: EGLIF,
    duration_ms: float,
    dt_ms: float,
    rng: np.random.Generator,
    arrivals: Iterable[Arrival] = (),
    current_pa: Current = 0.0,
    v_init_mv: float | None = None,
    i_dep_pa: float = 0.0,
    i_adap_pa: float = 0.0,
) -> Array:
    """Return the spike times (ms, grid) of one E-GLIF cell with escape noise, each step integrated exactly.

    After each step the cell spikes with probability ``1 - exp(-lambda dt)``, ``lambda = lambda_0
    exp((V - V_th)/tau_V)``. A spike sets V to ``v_reset_mv`` and I_dep to ``a1_pa`` and adds ``a2_pa`` to
    I_adap. For ``t_ref_ms`` (rounded up to steps) the ``update_order`` ``"freeze"`` then stops every variable
    but keeps what arrives, and the cell may spike again from ``v_reset_mv``; with ``"evolve"`` all variables
    run on, V is set back to ``v_reset_mv`` after each step and no spike is drawn. V is floored at
    ``v_min_mv`` after each step (the C++ module does so once per min-delay slice only, and holds V at
    ``v_init_mv`` at the start of its first two slices; both hang on the network around the cell and are
    left out).

    Parameters
    ----------
    neuron, duration_ms, dt_ms, arrivals, current_pa, v_init_mv, i_dep_pa, i_adap_pa
        As in `trace`.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (n_spikes,)

    Source: 10.3389/fninf.2018.00088; C++ and NESTML update orders of cereb-nest and cerebellar-models.
    """
    cell = _Cell(neuron, duration_ms, dt_ms, arrivals, current_pa)
    state = cell.start(v_init_mv, i_dep_pa, i_adap_pa)
    stamps: list[int] = []
    step, refractory = 0, 0
    while step < cell.steps:
        evolving = refractory > 0 and neuron.update_order == "evolve"
        if refractory == 0:
            stop = int(cell.stops[np.searchsorted(cell.stops, step, side="right")])
            run = cell.free(state, min(stop - step, _CHUNK_STEPS), cell.current_pa[step])
        elif evolving:
            run = cell.free(state, 1, cell.current_pa[step])
            run[:, _V] = neuron.v_reset_mv
        else:
            run = state[None]
        hits = np.flatnonzero(rng.random(len(run)) < _spike_chance(neuron, run[:, _V], dt_ms))
        fires = hits.size > 0 and not evolving
        last = int(hits[0]) if fires else len(run) - 1
        state, step, refractory = run[last].copy(), step + last + 1, max(refractory - 1, 0)
        if fires:
            state[_V], state[_DEP] = neuron.v_reset_mv, neuron.a1_pa
            state[_SLOW] += neuron.a2_pa
            refractory = cell.refractory_steps
            stamps.append(step)
        cell.kick(state, step)
    return np.array(stamps) * dt_ms


def _spike_chance(neuron: EGLIF, v_mv: Array, dt_ms: float) -> Array:
    exponent = np.minimum((v_mv - neuron.v_th_mv) / neuron.tau_v_mv, _MAX_HAZARD_EXPONENT)
    chance: Array = -np.expm1(-neuron.lambda_0_per_ms * np.exp(exponent) * dt_ms)
    return chance
