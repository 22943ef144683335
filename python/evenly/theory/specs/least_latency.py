"""The least expected wait: average latency × (in flight + 1) / weight, over all fit nodes, ties to chance.

Since it never learns what it does not ask, a node that had no request for a second may be given one.
"""

from __future__ import annotations

from dataclasses import dataclass

from evenly.theory.model import Membership, Request
from evenly.theory.specs.loads import least_loaded
from evenly.theory.specs.rule import Lottery, Rule, any_of, fit


@dataclass(frozen=True, slots=True)
class LeastLatency(Rule):
    """No memory."""

    name = "least_latency"

    def odds(self, memory: None, request: Request, nodes: Membership) -> Lottery:
        """One of those where the wait is least, of those that are well if any are; or one left alone."""
        may = fit(nodes)
        well = [node for node in may if not node.ails] or list(may)
        alone = [node for node in may if node.alone]
        return any_of([*least_loaded("expected", well, nodes), *alone])
