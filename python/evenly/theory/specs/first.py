"""Fill up from the front: the first node of the list that is fit, so that the last ones may be switched off."""

from __future__ import annotations

from dataclasses import dataclass

from evenly.theory.model import Membership, Request
from evenly.theory.specs.rule import Lottery, Rule, fit, sure


@dataclass(frozen=True, slots=True)
class First(Rule):
    """No memory."""

    name = "first"

    def odds(self, memory: None, request: Request, nodes: Membership) -> Lottery:
        """The first."""
        return sure(fit(nodes)[0]) if fit(nodes) else Lottery()
