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


class Team:
    """The thread that calls `run`, which leads, and helpers, which stay from one call to the next.

    Helpers enter compiled code once and look there for work, so that a call costs no start of a thread and they don't
    want the interpreter while the leading thread is in it between calls.

    Parameters
    ----------
    advance : compiled function
        ``chunk.advance``.
    lists : int64 array (n_threads, 1 + n)
        For each thread the number of its parts, then these in the order in which they are taken.

    Examples
    --------
    ``with Team(advance, lists) as team: team.run(net, inputs, t0, k_steps, live, n_chunks, 0, 0)``
    """

    def __init__(self, advance: Callable[..., Any], lists: Any) -> None:
        self._advance, self._lists = advance, lists
        self._sync = np.zeros((1 + len(lists)) * L.LINE, np.int64)
        self._helpers: list[threading.Thread] = []
        self._works_on: tuple[Any, ...] = ()

    def __enter__(self) -> Team:
        return self

    def __exit__(self, *error: object) -> None:
        self._dismiss()

    def run(
        self,
        net: Any,
        inputs: Any,
        t0: int,
        k_steps: int,
        live: Any,
        n_chunks: int,
        n_rec: int,
        c0: int,
        ahead: bool = False,
    ) -> Any:
        """Run the main loop for `n_chunks` chunks from chunk `c0` of what begins at step `t0`, `k_steps` each.

        With `ahead`, helpers go on with the chunk after these, which the next call ends.

        Returns
        -------
        tuple of int
            Chunks done, spikes recorded (`n_rec` before), status and detail.
        """
        told = (net, inputs, t0, k_steps)
        if len(self._lists) > 1 and not _same(told, self._works_on):
            self._dismiss()
            self._call(told, live)
        return self._advance(*told, live, n_chunks, self._lists, n_rec, c0, self._sync, 0, int(ahead))

    def _call(self, told: tuple[Any, ...], live: Any) -> None:
        # Nothing to take until the first chunk is ready; far from the next chunk's tickets, which takers overshoot to.
        self._sync[L.TICKET :: L.LINE] = L.CHUNK // 2
        self._works_on = told

        def help_on(me: int) -> None:
            while self._advance(*told, live, 0, self._lists, 0, 0, self._sync, me, 0)[0]:
                # Nothing to do for a while: leave the processor to others.
                time.sleep(_NAP_S)

        self._helpers = [threading.Thread(target=help_on, args=(me,), daemon=True) for me in range(1, len(self._lists))]
        for helper in self._helpers:
            helper.start()

    def _dismiss(self) -> None:
        self._sync[L.TICKET :: L.LINE] = L.FINISHED
        for helper in self._helpers:
            helper.join()
        self._helpers, self._works_on = [], ()


def _same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Whether both hold the very same arrays and numbers."""
    if len(one) != len(other):
        return False
    return all(a is b or (isinstance(a, int) and a == b) for a, b in zip(one, other, strict=True))
