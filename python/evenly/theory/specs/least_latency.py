"""The least expected wait over all fit nodes: average latency × (in flight + 1) / weight.

What is expected of a node is its average, or worse while it fails or keeps silent.
"""

from __future__ import annotations

from dataclasses import dataclass

from evenly.theory.model import Membership, Request
from evenly.theory.specs.least_connections import least_of_all
from evenly.theory.specs.rule import Lottery, Rule


@dataclass(frozen=True, slots=True)
class LeastLatency(Rule):
    """No memory."""

    name = "least_latency"

    def odds(self, memory: None, request: Request, nodes: Membership) -> Lottery:
        """One of those where the wait is least."""
        return least_of_all("expected", nodes)
