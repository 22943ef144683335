"""Round robin: every window of picks is shared evenly."""

from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from tests.laws.clusters import cluster, lend


@given(nodes=st.integers(1, 12), picks=st.integers(1, 150), seed=st.integers(0, 2**32))
def test_in_every_window_of_picks_the_shares_differ_by_at_most_one(
    nodes: int, picks: int, seed: int
) -> None:
    """Theorem 2.1.1: over fixed fit nodes, max - min <= 1 in each window, wherever it begins."""
    balancer = cluster(nodes, "round_robin", seed)
    lent = [lend(balancer) for _ in range(picks)]
    for start in range(picks):
        counts = [0] * nodes
        for node in lent[start:]:
            counts[node] += 1
            assert max(counts) - min(counts) <= 1


@given(nodes=st.integers(2, 9), seed=st.integers(0, 2**32))
def test_an_update_of_a_node_does_not_restart_the_round(nodes: int, seed: int) -> None:
    """The cursor lives longer than a snapshot: an update between two picks changes nothing."""
    balancer = cluster(nodes, "round_robin", seed)
    lent = []
    for _ in range(3 * nodes):
        lent.append(lend(balancer))
        balancer.update("0", capacity=1000)
    assert all(lent[turn] == lent[turn + nodes] for turn in range(2 * nodes))


def test_four_threads_share_one_round() -> None:
    """One cursor for all threads: after all picks the shares differ by at most 1, whoever made them."""
    nodes, picks = 7, 2000
    balancer = cluster(nodes, "round_robin")

    def work() -> None:
        for _ in range(picks):
            lend(balancer)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts = [node.picks for node in balancer.nodes]
    assert sum(counts) == 4 * picks
    assert max(counts) - min(counts) <= 1
