"""What one needs to test a strategy of one's own, and code that uses a balancer: a virtual clock, and the laws.

def test_my_strategy():
    evenly.testing.obeys_laws(my_strategy)
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from evenly.balancer.virtual import VirtualClock
from evenly.errors import LawBroken, NoNodeAvailable
from evenly.node import Node

if TYPE_CHECKING:
    from evenly import _engine
    from evenly.strategy import StrategyLike

__all__ = ["LawBroken", "VirtualClock", "obeys_laws"]


def obeys_laws(strategy: StrategyLike, *, rounds: int = 50, seed: int = 0) -> None:
    """Check the laws that every strategy has to obey; raises `LawBroken` with the law's words.

    The strategy is run in `rounds` random clusters of 1 to 8 nodes with random weights and capacities, with picks
    held and given back in random order. A strategy that keeps state is given as its class, so that each cluster
    gets a new one.
    """
    for turn in range(rounds):
        rng = random.Random(f"{seed}/{turn}")
        nodes = [
            Node(
                f"10.0.0.{index}:80",
                weight=rng.randint(1, 5),
                capacity=rng.choice([None, 1, 3]),
            )
            for index in range(rng.randint(1, 8))
        ]
        trace = _run(strategy, nodes, seed + turn, random.Random(f"{seed}/{turn}/trace"))
        again = _run(strategy, nodes, seed + turn, random.Random(f"{seed}/{turn}/trace"))
        if trace != again:
            raise LawBroken(
                f"replaying the same trace with the same seed gives other picks: draw from view.rng, not from "
                f"elsewhere\n  nodes: {nodes}\n  first: {trace}\n  then:  {again}"
            )


def _run(
    strategy: StrategyLike, nodes: list[Node], seed: int, rng: random.Random
) -> list[str | None]:
    """One cluster, one random trace of picks and returns: every law on the way."""
    clock = VirtualClock(seed)
    balancer = clock.balancer(nodes, strategy=strategy)
    known = {node.id: node for node in nodes}
    held: list[_engine.Pick] = []
    trace: list[str | None] = []
    lent = 0
    for _ in range(60):
        if held and rng.random() < 0.4:
            held.pop(rng.randrange(len(held))).__exit__(None, None, None)
            continue
        clock.advance(rng.random() / 100)
        room = [
            view.id
            for view in balancer.nodes
            if view.capacity is None or view.in_flight < view.capacity
        ]
        try:
            pick = balancer.pick(key=rng.randrange(1000))
        except NoNodeAvailable:
            if room:
                raise LawBroken(
                    f"a strategy finds a node while there is one: {room} have room\n  nodes: {nodes}"
                ) from None
            trace.append(None)
            continue
        lent += 1
        held.append(pick)
        trace.append(pick.id)
        if pick.id not in room:
            raise LawBroken(f"only nodes with room are lent: {pick.id} was full\n  nodes: {nodes}")
    for view in balancer.nodes:
        capacity = known[view.id].capacity
        if capacity is not None and view.in_flight > capacity:
            raise LawBroken(f"a capacity holds: {view.id} has {view.in_flight} of {capacity}")
    out = sum(view.in_flight for view in balancer.nodes)
    total = sum(view.picks for view in balancer.nodes)
    if out != len(held) or total != lent:
        raise LawBroken(
            f"the ledger balances: {len(held)} picks are out of {lent}, the nodes say {out}"
        )
    return trace
