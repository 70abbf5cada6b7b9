"""The main loop as it lies in the cache: the same machine code in every process.

A process that compiles runs other code than one that loads what was compiled: where a function is called, the linker
takes the copy that was compiled first, on its own, and that copy may round differently. So compiling is left to a
process of its own, and everyone else loads.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from typing import Any, Literal

import numba

from dystolab.circuit.neurons import AdEx, Receptor
from dystolab.circuit.spec import Circuit, Layer, Population

_COMPILING = "DYSTOLAB_COMPILES"


def main_loop(*arguments: Any) -> Any:
    """Return the compiled main loop for `arguments`, from the cache if there can be one.

    Without a cache it is compiled here: right, but not bit for bit what another process runs.
    """
    # Imported here: it takes seconds, and a circuit can be looked at without it.
    from dystolab.engine.chunk import advance

    signature = _types(arguments)
    if signature not in advance.overloads and _COMPILING not in os.environ and not _cached(advance, signature):
        precision = "double" if arguments[0].s.dtype.itemsize == 8 else "single"
        code = f"from {__name__} import compile_main_loop; compile_main_loop({precision!r})"
        path = os.pathsep.join(folder for folder in sys.path if folder)
        with contextlib.suppress(OSError):  # then it is compiled here
            subprocess.run(
                [sys.executable or "python", "-c", code],
                env={**os.environ, _COMPILING: "1", "PYTHONPATH": path},
                stderr=subprocess.DEVNULL,
                check=False,
            )
    return advance


def machine_code(*arguments: Any) -> Any:
    """Return the main loop for arguments of exactly these types, which it does not look at.

    The look takes 10 us, which counts if a call steps a millisecond; finding the code takes half a millisecond.
    """
    return main_loop(*arguments).compile(_types(arguments))


def _types(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(numba.typeof(x) for x in arguments)  # type: ignore[no-untyped-call]


def one_cell() -> Circuit:
    """Return the smallest circuit that runs."""
    cell = AdEx(
        c_m_pf=100.0,
        g_l_ns=5.0,
        e_l_mv=-60.0,
        v_th_mv=-50.0,
        delta_t_mv=2.0,
        a_ns=0.0,
        b_pa=0.0,
        tau_w_ms=100.0,
        t_ref_ms=1.0,
        v_reset_mv=-65.0,
        v_peak_mv=0.0,
        v_init_mv=-60.0,
        i_e_pa=0.0,
        receptors=(Receptor(tau_ms=1.0, e_rev_mv=0.0),),
    )
    layer = Layer(origin_um=(0.0, 0.0, 0.0), size_um=(1.0, 1.0, 1.0))
    return Circuit(name="cell", populations=(Population(name="cell", size=1, neuron=cell, layer=layer),))


def compile_main_loop(precision: Literal["single", "double"]) -> None:
    """Compile the main loop in this process, which leaves it in the cache."""
    from dystolab.engine import Simulator

    Simulator(one_cell(), precision=precision).run(1)


def _cached(advance: Any, signature: Any) -> bool:
    try:
        return advance._cache.load_overload(signature, advance.targetctx) is not None
    except (AttributeError, OSError):  # no cache, or one that can't be read: nothing is won by another process
        return True
