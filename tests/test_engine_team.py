"""Threads that share a chunk: nobody steps what was not announced, and any number of them gives the same spikes."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from dystolab.circuit import load
from dystolab.engine import Recording, Simulator
from dystolab.engine import layout as L
from dystolab.engine.chunk import advance
from dystolab.engine.team import Team, share_out


def test_every_part_is_given_to_one_thread_and_loads_are_even() -> None:
    cost = np.array([5.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    lists = share_out(cost, np.arange(6), 2)
    assert sorted(part for row in lists for part in row[1 : 1 + row[0]]) == [0, 1, 2, 3, 4, 5]
    assert list(lists[:, 0]) == [1, 5]


def test_a_helper_leaves_lists_alone_that_were_not_announced() -> None:
    """The leader may be stopped between announcing two lists; a helper then must not take from the other one."""
    sim = Simulator(load("mouse-cerebellum", 0.26), seed=1, threads=2)
    sim.run(1)
    lists = sim._lists
    sync = np.full((1 + len(lists)) * L.LINE, L.CHUNK // 2, np.int64)
    sync[L.DONE] = 0
    sync[L.TICKET + L.LINE] = 0  # only the second list is announced
    inputs = sim._feed.make(10, 10)
    assert advance(sim._net, inputs, 10, 10, sim._live.spikes, 1, lists, 0, 0, sync, 1, 0)[0] == 1, "idle in the end"
    assert sync[L.DONE] == lists[1, 0]
    assert sync[L.TICKET] < L.CHUNK, "the first list is still that of no chunk"


@pytest.mark.parametrize("threads", [2, 3, 4])
def test_any_number_of_threads_gives_the_same_spikes(threads: int) -> None:
    found = []
    for n in (1, threads):
        keep = Recording(spikes=("granule_cell",))
        sim = Simulator(load("mouse-cerebellum", 0.26), seed=3, threads=n, recording=keep)
        for _ in range(20):  # many short calls: the beginning of a call is where threads could meet wrongly
            sim.run(5)
        found.append((*sim.spikes("granule_cell"), sim.weights("pf_pc")))
    for one, many in zip(*found, strict=True):
        assert np.array_equal(one, many)


def test_helpers_stay_between_calls_and_are_gone_afterwards() -> None:
    sim = Simulator(load("mouse-cerebellum", 0.26), seed=1, threads=3)
    sim.run(1)
    inputs, before = sim._feed.make(10, 20), threading.active_count()
    with Team(advance, sim._lists) as team:
        team.run(sim._net, inputs, 10, 10, sim._live.spikes, 1, 0, 0)
        helpers = list(team._helpers)
        team.run(sim._net, inputs, 10, 10, sim._live.spikes, 1, 0, 1)
        assert team._helpers == helpers and len(helpers) == 2 and all(h.is_alive() for h in helpers)
        team.run(sim._net, inputs._replace(), 10, 10, sim._live.spikes, 0, 0, 2)
        assert not any(h.is_alive() for h in helpers), "what they worked on is replaced, so they are too"
    assert threading.active_count() == before
