"""What all hash strategies share: each key has an order of its own over all nodes, and goes to the first that may.

The order depends on the key, the nodes' names and their weights, and not on their health or load. So a node that goes
gives up only its own keys, and they come back with it; a node that comes takes keys only to itself (theorem 2.3.1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from evenly.theory.model import Membership, Node, Request
from evenly.theory.specs.rule import Lottery, Rule, any_of, fit, sure
from evenly.theory.specs.xxh3 import xxh3

Hash = Callable[[int, bytes], int]
"""A function of a seed and bytes to a number below 2^64."""


@dataclass(frozen=True, slots=True)
class Hashing(Rule):
    """`bounded_load` is c ≥ 1, or 0 for no bound; `key` says what the proxy hashes."""

    bounded_load: float = 0
    key: str = "client_ip"
    seed: int = 0
    hash: Hash = xxh3

    def order(self, key: bytes, nodes: Membership, memory: Any = None) -> Sequence[Node]:
        """The nodes as this key prefers them. One that is not named takes what nobody else may."""
        raise NotImplementedError

    def lottery(self, may: Membership, nodes: Membership, memory: Any = None) -> Lottery:
        """Who is given a request without a key, when of all `nodes` these `may`."""
        raise NotImplementedError

    def odds(self, memory: Any, request: Request, nodes: Membership) -> Lottery:
        """The first in the key's own order that is fit, and within the bound if there is one."""
        may = within(self.bounded_load, nodes)
        if not may:
            return Lottery()
        if request.key is None:
            return self.lottery(may, nodes, memory)
        first = next((node for node in self.order(request.key, nodes, memory) if node in may), None)
        return any_of(fit(nodes)) if first is None else sure(first)


def within(bound: float, nodes: Membership) -> Membership:
    """The fit nodes with fewer than ceil(c (m + 1) w / W) of m requests in flight (Mirrokni et al., SODA 2018).

    These limits add up to at least c (m + 1) > m, so somebody has room; when only unfit nodes have, m and W are those
    of the fit ones, of whom the same is true.
    """
    if not bound:
        return fit(nodes)
    exact = Fraction(round(bound * 10**6), 10**6)
    for counted in (nodes, fit(nodes)):
        requests, weights = (sum(n.in_flight for n in counted), sum(n.weight for n in counted))
        # x < ceil(y) is x < y for a whole x.
        room = [n for n in fit(nodes) if n.in_flight * weights < exact * (requests + 1) * n.weight]
        if room:
            return tuple(room)
    return ()
