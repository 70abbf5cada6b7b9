"""One leading thread and helpers that step parts of the same chunk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from dystolab.engine import layout as L

_NAP_S = 2e-4


def share_out(cost: Any, parts: Any, threads: int) -> Any:
    """Return `lists` for `run_team`: costly parts first, each to the thread that has least to do.

    A part stays with its thread from chunk to chunk, and with it its state in that processor's cache.
    """
    lists: list[list[int]] = [[] for _ in range(threads)]
    load = np.zeros(threads)
    for k in np.argsort(-cost, kind="stable"):
        thread = int(load.argmin())
        lists[thread].append(int(parts[k]))
        load[thread] += cost[k]
    table = np.zeros((threads, 1 + max(len(x) for x in lists)), np.int64)
    for row, mine in zip(table, lists, strict=True):
        row[0] = len(mine)
        row[1 : 1 + len(mine)] = mine
    return table


def run_team(advance: Callable[..., Any], net: Any, inputs: Any, numbers: tuple[int, ...], lists: Any) -> Any:
    """Call the compiled main loop on this thread while others, one for each further row of `lists`, help.

    Parameters
    ----------
    advance : compiled function
        ``chunk.advance``.
    net, inputs : Network, Inputs
    numbers : tuple of int
        First step, steps per chunk, chunks, spikes recorded so far, first chunk.
    lists : int64 array (n_threads, 1 + n)
        For each thread the number of its parts, then these in the order in which they are taken.

    Returns
    -------
    tuple of int
        Chunks done, spikes recorded, status and detail.
    """
    t0, k_steps, n_chunks, n_rec, c0 = numbers
    sync = np.zeros((1 + len(lists)) * L.LINE, np.int64)
    # Nothing to take until the first chunk is ready; far from the next chunk's tickets, which takers overshoot towards.
    sync[L.TICKET :: L.LINE] = L.CHUNK // 2
    arguments = (net, inputs, t0, k_steps, n_chunks, lists, n_rec, c0, sync)
    if len(lists) == 1:
        return advance(*arguments, 0)

    def help_on(me: int) -> None:
        while advance(*arguments, me)[0]:
            # Nothing to do for a while: leave the processor to others.
            time.sleep(_NAP_S)

    helpers = [threading.Thread(target=help_on, args=(me,), daemon=True) for me in range(1, len(lists))]
    for helper in helpers:
        helper.start()
    try:
        return advance(*arguments, 0)
    finally:
        sync[L.TICKET :: L.LINE] = L.FINISHED
        for helper in helpers:
            helper.join()
