"""Definition 2.2.1: argmin over N of the load, with the tie-break and the fitness that it leaves out.

The load is (connections + 1) / weight: the one that the request makes. Equals have equal chances.
"""

from __future__ import annotations

from dataclasses import dataclass

from evenly.theory.model import Membership, Request
from evenly.theory.specs.loads import least_loaded
from evenly.theory.specs.rule import Lottery, Rule, evenly, fit


@dataclass(frozen=True, slots=True)
class LeastConnections(Rule):
    """No memory."""

    name = "least_connections"
    load: str = "in_flight"

    def odds(self, memory: None, request: Request, nodes: Membership) -> Lottery:
        """The least loaded of the fit nodes."""
        return evenly(least_loaded(self.load, fit(nodes), nodes))
