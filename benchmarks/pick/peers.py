"""What Python programs pick nodes with today: one entry a peer, with the call that is timed."""

from __future__ import annotations

import itertools
import random
import threading
from typing import Any, NamedTuple


class Case(NamedTuple):
    """One line of the table."""

    name: str
    statement: str
    names: dict[str, Any]
    calls: int = 1_000_000


def addresses(count: int) -> list[str]:
    """So many nodes."""
    return [f"10.{at >> 16}.{at >> 8 & 255}.{at & 255}:8000" for at in range(count)]


class LeastConnections:
    """What one writes by hand: a count per node, the least, and a context manager."""

    def __init__(self, nodes: list[str]) -> None:
        self.nodes = nodes
        self.out = [0] * len(nodes)
        self.order = range(len(nodes))

    def pick(self) -> Lent:
        at = min(self.order, key=self.out.__getitem__)
        self.out[at] += 1
        return Lent(self, at)


class Lent:
    __slots__ = ("at", "owner")

    def __init__(self, owner: LeastConnections, at: int) -> None:
        self.owner = owner
        self.at = at

    def __enter__(self) -> str:
        return self.owner.nodes[self.at]

    def __exit__(self, *_: object) -> None:
        self.owner.out[self.at] -= 1


def peers() -> list[Case]:
    """Those that give a node back, then those that only choose."""
    import hrw
    import uhashring
    from elastic_transport import NodeConfig, NodePool
    from pymemcache.client.rendezvous import RendezvousHash

    nodes = addresses(10)
    turns = itertools.cycle(nodes)
    by_hand = LeastConnections(nodes)
    counts = [0] * 10
    ring = uhashring.HashRing(nodes)
    rendezvous = RendezvousHash(nodes)
    raw = [node.encode() for node in nodes]
    pool = NodePool([NodeConfig("http", f"10.0.0.{at}", 80) for at in range(10)], _silent())
    return [
        Case(
            "least connections by hand, with a context manager",
            "with b.pick() as node: pass",
            {"b": by_hand},
        ),
        Case("itertools.cycle", "next(c)", {"c": turns}),
        Case(
            "lock + itertools.cycle", "with lock: next(c)", {"c": turns, "lock": threading.Lock()}
        ),
        Case("random.choice", "choice(nodes)", {"choice": random.choice, "nodes": nodes}),
        Case(
            "least connections by hand, only the choice",
            "min(order, key=counts.__getitem__)",
            {"order": range(10), "counts": counts},
        ),
        Case("elastic-transport NodePool.get", "pool.get()", {"pool": pool}, 200_000),
        Case("uhashring get_node(key)", "ring.get_node('key')", {"ring": ring}),
        Case(
            "hrw.sort(key, nodes)[0]",
            "sort(b'key', raw)[0]",
            {"sort": hrw.sort, "raw": raw},
            100_000,
        ),
        Case(
            "pymemcache RendezvousHash.get_node(key)",
            "r.get_node('key')",
            {"r": rendezvous},
            20_000,
        ),
    ]


def _silent() -> type:
    from elastic_transport import BaseNode

    class Silent(BaseNode):
        """A node of elastic-transport that connects to nothing."""

        def perform_request(self, *_: object, **__: object) -> None:
            raise NotImplementedError

        def close(self) -> None:
            pass

    return Silent
