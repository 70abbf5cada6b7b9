"""Small compiled functions that the kernels share: fast powers of two, random draws, atomic counting.

Intrinsics stand where numba would widen 32-bit integers to 64 bits, which halves or quarters the vector width.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic, overload, register_jitable
from numba.np.arrayobj import make_array

FASTMATH = {"contract", "arcp", "nsz"}
"""The full set would fold ``isnan`` away and reorder sums."""
KERNEL: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}
"""Options of every compiled function. None makes an array, so none needs to count references (atomic, hence slow)."""
INLINED = KERNEL | {"inline": "always"}
"""What is called in a loop: a call would copy the addresses of all arrays of the network, 3 KB."""


@intrinsic
def _pow2_bits(typingctx: Any, x: Any) -> Any:
    """Float32 whose bits are the integer part of `x`: 2^n when x = (n + 127) 2^23."""
    sig = types.float32(types.float32)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        as_int = builder.fptosi(args[0], context.get_value_type(types.int32))
        return builder.bitcast(as_int, context.get_value_type(types.float32))

    return sig, codegen


def _slot(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    """Return the address of ``array[index]`` of an int64 array."""
    return builder.gep(make_array(kind)(context, builder, array).data, [index])


@intrinsic
def fetch_add(typingctx: Any, array: Any, index: Any, value: Any) -> Any:
    """Add `value` to ``array[index]`` atomically and return what was there before."""
    sig = types.int64(array, types.int64, types.int64)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        slot = _slot(context, builder, signature.args[0], args[0], args[1])
        return builder.atomic_rmw("add", slot, args[2], "seq_cst")

    return sig, codegen


@intrinsic
def load(typingctx: Any, array: Any, index: Any) -> Any:
    """Return ``array[index]`` as other threads left it."""
    sig = types.int64(array, types.int64)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load_atomic(_slot(context, builder, signature.args[0], args[0], args[1]), "seq_cst", 8)

    return sig, codegen


@intrinsic
def store(typingctx: Any, array: Any, index: Any, value: Any) -> Any:
    """Set ``array[index]`` for other threads to see, after all that was written before."""
    sig = types.void(array, types.int64, types.int64)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store_atomic(args[2], _slot(context, builder, signature.args[0], args[0], args[1]), "seq_cst", 8)
        return context.get_dummy_value()

    return sig, codegen


@intrinsic
def lowest_bit(typingctx: Any, x: Any) -> Any:
    """Return the number of the lowest bit that is set in the int64 `x`, which is not 0."""
    sig = types.int64(types.int64)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], context.get_constant(types.boolean, True))

    return sig, codegen


def exp2(y: Any) -> Any:
    """2^y; in single precision a polynomial of relative error 3e-6 that vectorises."""
    raise TypeError("compiled code only")


@overload(exp2, inline="always", strict=False)
def _exp2(y: Any) -> Any:
    if y == types.float32:
        return _exp2_single
    return lambda y: math.exp(min(max(y, -1000.0), 1000.0) * 0.6931471805599453)


@register_jitable(inline="always")
def _exp2_single(y: Any) -> Any:
    f = np.float32
    y = min(max(y, f(-126.0)), f(126.0))
    n = np.floor(y)
    r = y - n
    # Minimax polynomial of 2^r on [0, 1), relative error 3e-6.
    p = f(0.013534121)
    p = p * r + f(0.05201148)
    p = p * r + f(0.2414428)
    p = p * r + f(0.6930038)
    p = p * r + f(1.0000026)
    return p * _pow2_bits((n + f(127.0)) * f(8388608.0))


@njit(**INLINED)
def _mix(x: Any) -> Any:
    """Finaliser of SplitMix64 (Steele, Lea & Flood 2014, 10.1145/2660193.2660195)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


@njit(**INLINED)
def uniform(key: Any, cell: Any, draw: Any) -> Any:
    """Draw number `draw` of `cell` in the stream `key`: in (0, 1), a function of the three alone."""
    x = _mix(np.uint64(key) ^ _mix(np.uint64(cell) + np.uint64(0x9E3779B97F4A7C15)))
    x = _mix(x + np.uint64(draw) * np.uint64(0xD1342543DE82EF95))
    return (np.float64(x >> np.uint64(12)) + 0.5) * 2.220446049250313e-16


@njit(**INLINED)
def exponential(key: Any, cell: Any, draw: Any) -> Any:
    """Draw from Exp(1)."""
    return -math.log(uniform(key, cell, draw))


@njit(**INLINED)
def normal(key: Any, cell: Any, draw: Any) -> Any:
    """Draw from the standard normal distribution (Box & Muller)."""
    radius = math.sqrt(-2.0 * math.log(uniform(key, cell, 2 * draw)))
    return radius * math.cos(6.283185307179586 * uniform(key, cell, 2 * draw + 1))
