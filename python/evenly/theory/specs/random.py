"""Theorem 2.4.1 as written, P(n) = w / W: it is true of this rule, and not of weighted round robin."""

from __future__ import annotations

from dataclasses import dataclass

from evenly.theory.model import Membership, Request
from evenly.theory.specs.rule import Lottery, Rule, by_weight, fit


@dataclass(frozen=True, slots=True)
class Random(Rule):
    """No memory."""

    name = "random"

    def odds(self, memory: None, request: Request, nodes: Membership) -> Lottery:
        """Each fit node with its weight's share of the fit ones'."""
        return by_weight(fit(nodes))
