"""Definition 2.2.1: argmin over N of the load, with the tie-break and the fitness that it leaves out.

The load is (connections + 1) / weight: the one that the request makes. Equals have equal chances.
"""

from __future__ import annotations

from dataclasses import dataclass

from evenly.theory.model import Membership, Request
from evenly.theory.specs.loads import LEARNING, least_loaded
from evenly.theory.specs.rule import Lottery, Rule, any_of, evenly, fit


@dataclass(frozen=True, slots=True)
class LeastConnections(Rule):
    """No memory."""

    name = "least_connections"
    load: str = "in_flight"

    def odds(self, memory: None, request: Request, nodes: Membership) -> Lottery:
        """The least loaded of the fit nodes."""
        return least_of_all(self.load, nodes)


def least_of_all(load: str, nodes: Membership) -> Lottery:
    """The least loaded of the fit nodes, by any load.

    One that learns from answers takes nodes that failed twice running only when all did, and never learns what it does
    not ask: a node that had no request for a second may be given one.
    """
    may = fit(nodes)
    if load not in LEARNING:
        return evenly(least_loaded(load, may, nodes))
    well = [node for node in may if not node.ails] or list(may)
    return any_of([*least_loaded(load, well, nodes), *(node for node in may if node.alone)])
