"""Join the idle queue (Lu et al. 2011), with a better end than the paper's: no request meets another while one is idle.

Of the idle nodes one is drawn by weight. When none is idle the paper draws anybody; here it is the less loaded of two.
"""

from __future__ import annotations

from dataclasses import dataclass

from evenly.theory.model import Membership, Request
from evenly.theory.specs.power_of_two import PowerOfTwo
from evenly.theory.specs.rule import Lottery, Rule, by_weight, fit


@dataclass(frozen=True, slots=True)
class JoinIdle(Rule):
    """No memory."""

    name = "join_idle"

    def odds(self, memory: None, request: Request, nodes: Membership) -> Lottery:
        """An idle node, or the less loaded of two."""
        idle = [node for node in fit(nodes) if node.in_flight == 0]
        return by_weight(idle) if idle else PowerOfTwo(load="in_flight").odds(None, request, nodes)
