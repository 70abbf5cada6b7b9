"""A second engine: static circuits on NEST, for agreement and for comparing speed.

NEST comes with the extra ``nest`` and is imported when an engine is made. It takes AdEx cells and relays,
static and Tsodyks-Markram synapses, given spikes and currents; E-GLIF cells where the user has built a NEST
module that has the model ``eglif_cond_alpha_multisyn``. Everything else is refused by name.
"""

from __future__ import annotations

import contextlib
import importlib
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from dystolab.circuit.anatomy import Anatomy, Edges, subset_indices
from dystolab.circuit.drives import ConductanceDrive, CurrentDrive, Pattern
from dystolab.circuit.neurons import EGLIF, AdEx, Neuron, Relay
from dystolab.circuit.spec import Circuit, Population, Projection, TsodyksMarkram, VesiclePools
from dystolab.errors import MissingExtraError, SimulationError, SpecError, UnsupportedError
from dystolab.seeding import key64

if TYPE_CHECKING:
    from dystolab.engine.inputs import SpikeEvents

EGLIF_MODEL = "eglif_cond_alpha_multisyn"
_ALLOWED = "NEST takes adex and relay cells, static and Tsodyks-Markram synapses, spike and current drives"
_TIC_MS = 0.001
_MODELS = {"adex": "aeif_cond_alpha_multisynapse", "relay": "parrot_neuron", "eglif": EGLIF_MODEL}
_ADEX_NAMES = {
    "C_m": "c_m_pf",
    "g_L": "g_l_ns",
    "E_L": "e_l_mv",
    "V_th": "v_th_mv",
    "Delta_T": "delta_t_mv",
    "a": "a_ns",
    "b": "b_pa",
    "tau_w": "tau_w_ms",
    "t_ref": "t_ref_ms",
    "V_reset": "v_reset_mv",
    "V_peak": "v_peak_mv",
    "V_m": "v_init_mv",
    "I_e": "i_e_pa",
}
# Modules built from different versions of the published model spell some parameters differently.
_EGLIF_NAMES = {
    "c_m_pf": ("C_m",),
    "tau_m_ms": ("tau_m",),
    "e_l_mv": ("E_L",),
    "t_ref_ms": ("t_ref",),
    "v_reset_mv": ("V_reset",),
    "v_th_mv": ("V_th",),
    "v_init_mv": ("V_m",),
    "v_min_mv": ("V_min", "Vmin"),
    "lambda_0_per_ms": ("lambda_0",),
    "tau_v_mv": ("tau_V",),
    "i_e_pa": ("I_e",),
    "k_adap_ns_per_ms": ("k_adap", "kadap"),
    "k1_per_ms": ("k_1", "k1"),
    "k2_per_ms": ("k_2", "k2"),
    "a1_pa": ("A1",),
    "a2_pa": ("A2",),
}


class NestEngine:
    """A circuit on NEST. NEST holds one network at a time: making an engine ends the one made before.

    Parameters
    ----------
    circuit : Circuit
    anatomy : Anatomy
        Grown from `circuit`.
    seed : int
        Decides the cells of a drive's subset and the noise of E-GLIF cells.
    dt_ms : float
        Time step, a multiple of 0.001 ms.
    threads : int
    recording_populations : tuple of str, optional
        Whose spikes are kept; every population's if None.
    events : sequence of SpikeEvents, optional
        Spikes of the circuit's spike, burst and Poisson drives, from ``engine.inputs.spike_events``: the
        trains that our engine gets. May be left out only if the circuit has no such drive.
    module : str, optional
        NEST module, built by the user and on the loader's path, that has ``eglif_cond_alpha_multisyn``.

    Raises
    ------
    MissingExtraError
        If NEST isn't installed.
    UnsupportedError
        If the circuit has a part that NEST can't run here; the text names it.
    SpecError
        If a value is not allowed, or the events of a drive are missing.

    Examples
    --------
    >>> engine = NestEngine(circuit, anatomy, seed=1, events=events)  # doctest: +SKIP
    >>> engine.run(1000.0)  # doctest: +SKIP
    >>> times_ms, cells = engine.spikes("granule_cell")  # doctest: +SKIP
    """

    _current: ClassVar[NestEngine | None] = None

    def __init__(
        self,
        circuit: Circuit,
        anatomy: Anatomy,
        seed: int,
        dt_ms: float = 0.1,
        threads: int = 1,
        recording_populations: Sequence[str] | None = None,
        events: Sequence[SpikeEvents] | None = None,
        module: str | None = None,
    ) -> None:
        _check_grid(dt_ms, threads)
        _refuse(circuit, module)
        spiking = [d.name for d in circuit.drives if not isinstance(d, CurrentDrive)]
        if events is None and spiking:
            raise SpecError(f"drive {spiking[0]!r}: pass its spikes as events=spike_events(...)")
        names = [p.name for p in circuit.populations]
        if recording_populations is not None:
            names = [circuit.population(name).name for name in recording_populations]
        self.circuit, self.anatomy, self.seed, self.dt_ms = circuit, anatomy, int(seed), float(dt_ms)
        self.notes: list[str] = []
        self._nest = _import_nest()
        NestEngine._current = self
        self._step = 0
        try:
            self._build(threads, names, list(events or ()), module)
        except self._nest.NESTErrors.KernelException as error:
            raise SpecError(f"NEST refuses circuit {circuit.name!r}: {_one_line(error)}") from None

    def _build(self, threads: int, kept: list[str], events: list[SpikeEvents], module: str | None) -> None:
        nest = self._nest
        nest.ResetKernel()
        nest.verbosity = nest.VerbosityLevel.ERROR
        nest.resolution, nest.local_num_threads = self.dt_ms, threads
        nest.rng_seed = 1 + key64(self.seed, "nest") % (2**32 - 2)
        if module is not None:
            _install(nest, module)
        self._nodes = {p.name: self._create(p) for p in self.circuit.populations}
        self._first = {name: int(nodes[0].global_id) for name, nodes in self._nodes.items()}
        self._delay_ms = self._device_delay()
        for projection in self.circuit.projections:
            self._connect(projection)
        self._recorders = {name: self._record(name) for name in kept}
        for given in events:
            self._feed(given)
        self._currents = [self._current_source(d) for d in self.circuit.drives if isinstance(d, CurrentDrive)]
        self._warm_up()

    def _create(self, population: Population) -> Any:
        neuron = population.neuron
        model = _MODELS[neuron.kind]
        if isinstance(neuron, EGLIF):
            if model not in self._nest.node_models:
                raise UnsupportedError(f"population {population.name!r}: the NEST module has no {model!r}")
            parameters = eglif_parameters(neuron, self._nest.GetDefaults(model))
        else:
            parameters = adex_parameters(neuron) if isinstance(neuron, AdEx) else {}
        return self._nest.Create(model, population.size, params=parameters)

    def _device_delay(self) -> float:
        """Return the delay of devices: never so short that it shortens NEST's slices of time."""
        edges = [self.anatomy.edges[p.name] for p in self.circuit.projections]
        shortest = min((float(e.delay_ms.min()) for e in edges if len(e.pre)), default=1.0)
        return round(max(shortest, 1.0) / self.dt_ms) * self.dt_ms

    def _connect(self, projection: Projection) -> None:
        edges = self.anatomy.edges[projection.name]
        if not len(edges.pre):
            return
        relay = isinstance(self.circuit.population(projection.post).neuron, Relay)
        model = "static_synapse"
        if isinstance(projection.synapse, TsodyksMarkram) and not relay:
            model = f"{projection.name}_tsodyks2"
            s = projection.synapse
            given = {"U": s.u, "u": s.u, "x": 1.0, "tau_rec": s.tau_rec_ms, "tau_fac": s.tau_fac_ms}
            self._nest.CopyModel("tsodyks2_synapse", model, given)
        # A relay ignores weights and has one port only.
        weight = np.ones(len(edges.pre)) if relay else edges.weight_ns.astype(np.float64)
        self._nest.Connect(
            self._first[projection.pre] + edges.pre.astype(np.int64),
            self._first[projection.post] + edges.post.astype(np.int64),
            "one_to_one",
            {
                "synapse_model": model,
                "weight": weight,
                "delay": self._on_grid(projection.name, edges),
                "receptor_type": np.full(len(edges.pre), projection.receptor),
            },
        )

    def _on_grid(self, name: str, edges: Edges) -> NDArray[np.float64]:
        given = np.broadcast_to(edges.delay_ms.astype(np.float64), len(edges.pre))
        delay: NDArray[np.float64] = np.maximum(np.rint(given / self.dt_ms), 1.0) * self.dt_ms
        # Delays come in single precision.
        if np.abs(delay - given).max() > 1e-5:
            self.notes.append(f"projection {name!r}: delays rounded to the grid of {self.dt_ms:g} ms")
        return delay

    def _record(self, name: str) -> Any:
        recorder = self._nest.Create("spike_recorder")
        self._nest.Connect(self._nodes[name], recorder, syn_spec={"delay": self._delay_ms})
        return recorder

    def _feed(self, events: SpikeEvents) -> None:
        """Give the cells of one list of events a spike generator each."""
        relay = isinstance(self.circuit.population(events.population).neuron, Relay)
        steps, cells = np.asarray(events.steps, np.int64), np.asarray(events.cells, np.int64)
        if relay:  # as in our engine: a spike at 0 ms comes in the first step, and of two in a step one is passed on
            steps, cells = np.unique([np.maximum(steps, 1), cells], axis=1)
        if not len(steps):
            return
        order = np.lexsort((steps, cells))
        driven, first = np.unique(cells[order], return_index=True)
        # The run starts one step after the devices' delay has passed, see _warm_up.
        trains = np.split((steps[order] + 1) * self.dt_ms, first[1:])
        params = [{"spike_times": times_ms} for times_ms in trains]
        sources = self._nest.Create("spike_generator", len(driven), params=params)
        self._nest.Connect(
            np.array(sources.tolist()),
            self._first[events.population] + driven,
            "one_to_one",
            {
                "synapse_model": "static_synapse",
                "weight": np.full(len(driven), 1.0 if relay else events.weight_ns),
                "delay": np.full(len(driven), self._delay_ms),
                "receptor_type": np.full(len(driven), 0 if relay else events.receptor),
            },
        )

    def _current_source(self, drive: CurrentDrive) -> tuple[Any, Pattern]:
        cells = subset_indices(self.circuit, self.anatomy, drive.population, drive.subset, self.seed)
        source = self._nest.Create("step_current_generator")
        if len(cells):
            targets = self._nodes[drive.population][cells.tolist()]
            self._nest.Connect(source, targets, syn_spec={"delay": self._delay_ms})
        return source, drive.current_pa

    def _warm_up(self) -> None:
        """Let the devices' delay pass with every cell frozen, then one step, and set the cells' first state.

        NEST's cells read what is due at a time at the end of the step before it. In that one step they rest
        far from a spike, so that nothing but what is due at 0 ms is left of it.
        """
        self._ahead = round(self._delay_ms / self.dt_ms) + 1
        for name, nodes in self._nodes.items():
            nodes.set({"frozen": True} | _parked(self.circuit.population(name).neuron))
        self._simulate(-self._ahead, -1)
        for nodes in self._nodes.values():
            nodes.frozen = False
        self._simulate(-1, 0)
        for name, nodes in self._nodes.items():
            neuron = self.circuit.population(name).neuron
            if isinstance(neuron, AdEx):
                nodes.set({"V_m": neuron.v_init_mv, "w": 0.0})
            elif isinstance(neuron, EGLIF):
                nodes.set({"V_m": neuron.v_init_mv, "I_dep": 0.0, "I_adap": 0.0})

    def _simulate(self, start: int, stop: int) -> None:
        """Run NEST from grid step `start` to `stop` of our time."""
        for source, pattern in self._currents:
            # By the delay, a current that NEST sets at its step n + 1 flows from our step n on.
            steps, values = current_changes(pattern, start + self._ahead, stop + self._ahead, self.dt_ms)
            if len(steps):
                source.set(amplitude_times=(steps + 1) * self.dt_ms, amplitude_values=values)
        try:
            self._nest.Simulate((stop - start) * self.dt_ms)
        except self._nest.NESTErrors.KernelException as error:
            raise SimulationError(f"NEST stopped: {_one_line(error)}") from None

    def run(self, duration_ms: float) -> None:
        """Advance by `duration_ms`, a multiple of the time step; may be called again and again."""
        self._check_current()
        steps = round(duration_ms / self.dt_ms)
        if steps <= 0 or abs(steps * self.dt_ms - duration_ms) > 1e-6:
            raise SpecError(f"run({duration_ms!r} ms): must be a positive multiple of {self.dt_ms:g} ms")
        self._simulate(self._step, self._step + steps)
        self._step += steps

    @property
    def time_ms(self) -> float:
        """Time reached, ms."""
        return round(self._step * self.dt_ms, 9)

    @property
    def neurons(self) -> int:
        """Cells, relays included."""
        return sum(p.size for p in self.circuit.populations)

    @property
    def synapses(self) -> int:
        """Connected pairs."""
        return sum(len(self.anatomy.edges[p.name].pre) for p in self.circuit.projections)

    def spikes(self, population: str) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
        """Return times (ms) and cells of all spikes of a recorded population, both (n,), in order of time."""
        steps, cells = self._spike_steps(population)
        return steps.astype(np.float64) * self.dt_ms, cells

    def counts(self, population: str) -> NDArray[np.int64]:
        """Return the spikes of a recorded population in each millisecond so far, (n_ms,).

        A spike at the very end of a millisecond belongs to it: it is stamped with the end of its step.
        """
        steps, _ = self._spike_steps(population)
        per_ms = round(1.0 / self.dt_ms)
        n = -(-self._step // per_ms)
        return np.bincount((steps - 1) // per_ms, minlength=n).astype(np.int64)

    def _spike_steps(self, population: str) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        self._check_current()
        name = self.circuit.population(population).name
        if name not in self._recorders:
            kept = ", ".join(self._recorders) or "none"
            raise SpecError(f"population {name!r} is not recorded; recorded are: {kept}")
        found = self._recorders[name].events
        steps = np.rint(np.asarray(found["times"]) / self.dt_ms).astype(np.int64) - self._ahead
        cells = (np.asarray(found["senders"]) - self._first[name]).astype(np.int32)
        order = np.lexsort((cells, steps))
        return steps[order], cells[order]

    def _check_current(self) -> None:
        if NestEngine._current is not self:
            raise SimulationError("NEST holds one network at a time: a later NestEngine replaced this one")


def adex_parameters(neuron: AdEx) -> dict[str, Any]:
    """Return the parameters of NEST's ``aeif_cond_alpha_multisynapse`` for `neuron`."""
    given: dict[str, Any] = {name: getattr(neuron, field) for name, field in _ADEX_NAMES.items()}
    given["E_rev"] = [r.e_rev_mv for r in neuron.receptors]
    given["tau_syn"] = [r.tau_ms for r in neuron.receptors]
    return given


def eglif_parameters(neuron: EGLIF, defaults: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of a user-built ``eglif_cond_alpha_multisyn`` for `neuron`.

    Parameters
    ----------
    neuron : EGLIF
    defaults : dict
        The model's parameters as NEST lists them: they tell how the module spells its names.

    Raises
    ------
    UnsupportedError
        If the module's model lacks a parameter or a receptor.
    """
    values = {names: getattr(neuron, field) for field, names in _EGLIF_NAMES.items()}
    for k, receptor in enumerate(neuron.receptors, start=1):
        values[f"tau_syn{k}", f"tau_syn_{k}"] = receptor.tau_ms
        values[f"E_rev{k}", f"E_rev_{k}"] = receptor.e_rev_mv
    given = {}
    for names, value in values.items():
        known = [n for n in names if n in defaults]
        if not known:
            raise UnsupportedError(f"the NEST module's {EGLIF_MODEL!r} has no parameter {' or '.join(names)}")
        given[known[0]] = value
    return given


def current_changes(
    pattern: Pattern, first: int, stop: int, dt_ms: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the grid steps in ``first .. stop - 1`` at which `pattern` takes a new value, and those values.

    Before time 0 the value is 0; a repeated pattern is 0 before its first time in each period.
    """
    steps = np.arange(first - 1, stop)
    phase = steps if pattern.period_ms is None else steps % round(pattern.period_ms / dt_ms)
    at = np.searchsorted(np.rint(np.array(pattern.times_ms) / dt_ms), phase, side="right")
    value = np.where(steps < 0, 0.0, np.array([0.0, *pattern.values])[at])
    changes = np.flatnonzero(np.diff(value)) + 1
    return steps[changes], value[changes]


def _parked(neuron: Neuron) -> dict[str, float]:
    """Return a state from which the cell can't spike within one step."""
    if isinstance(neuron, AdEx):
        return {"V_m": min(neuron.e_l_mv, neuron.v_reset_mv, neuron.v_th_mv)}
    return {"V_m": neuron.v_th_mv - 60.0 * neuron.tau_v_mv} if isinstance(neuron, EGLIF) else {}


def _check_grid(dt_ms: float, threads: int) -> None:
    tics = dt_ms / _TIC_MS
    if not (dt_ms > 0 and abs(tics - round(tics)) < 1e-6 and abs(1.0 / dt_ms - round(1.0 / dt_ms)) < 1e-6):
        raise SpecError(f"dt_ms = {dt_ms!r}: must divide 1 ms and be a multiple of {_TIC_MS} ms")
    if threads < 1:
        raise SpecError(f"threads = {threads!r}: must be at least 1")


def _refuse(circuit: Circuit, module: str | None) -> None:
    """Raise UnsupportedError, naming it, for the first part of `circuit` that NEST can't run here."""
    found = [f"gap junctions {g.name!r}" for g in circuit.gap_junctions]
    found += [f"plasticity of projection {p.name!r}" for p in circuit.projections if p.plasticity is not None]
    pools = [p.name for p in circuit.projections if isinstance(p.synapse, VesiclePools)]
    found += [f"vesicle pools of projection {name!r}" for name in pools]
    for p in circuit.populations:
        found += [f"slow variable {s.kind!r} of population {p.name!r}" for s in p.slow]
        found += [f"spread of {s.parameter!r} in population {p.name!r}" for s in p.spread]
        if p.recruitment is not None:
            found.append(f"recruitment of population {p.name!r}")
        found += [f"{what} of population {p.name!r}" for what in _refused_of_cell(p.neuron, module)]
    for d in circuit.drives:
        if isinstance(d, ConductanceDrive):
            found.append(f"conductance drive {d.name!r}")
        elif isinstance(d, CurrentDrive) and isinstance(circuit.population(d.population).neuron, Relay):
            found.append(f"current drive {d.name!r} onto relays")
    if found:
        raise UnsupportedError(f"NEST can't run {found[0]}. {_ALLOWED}.")


def _refused_of_cell(neuron: Neuron, module: str | None) -> list[str]:
    if isinstance(neuron, AdEx) and neuron.t_type is not None:
        return ["the T-type current"]
    if not isinstance(neuron, EGLIF):
        return []
    if module is None:
        return [f"the eglif cells (without module=..., a NEST module that has {EGLIF_MODEL!r})"]
    if neuron.leak_sign != 1:
        return ["leak_sign = -1"]
    # Every module that loads into NEST 3 lets the other variables run on while a cell is refractory.
    return ["update_order = 'freeze' (with_neuron(..., update_order='evolve') would do)"] * (
        neuron.update_order == "freeze"
    )


def _import_nest() -> Any:
    try:
        # NEST greets on standard output, which belongs to our results.
        with contextlib.redirect_stdout(io.StringIO()):
            return importlib.import_module("nest")
    except ImportError:
        raise MissingExtraError("NEST", "nest") from None


def _install(nest: Any, module: str) -> None:
    try:
        nest.Install(module)
    except nest.NESTErrors.DynamicModuleManagementError as error:
        raise UnsupportedError(f"NEST module {module!r} does not load: {_one_line(error)}") from None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
