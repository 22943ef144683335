"""Theory 2.7: of `choices` nodes drawn by chance, the least loaded (Mitzenmacher 1996; Azar et al. 1994).

Drawn without replacement, all subsets alike: then the strictly busiest of all is never given a request.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

from evenly.theory.model import Membership, Request
from evenly.theory.specs.loads import loads
from evenly.theory.specs.rule import Lottery, Rule, fit


@dataclass(frozen=True, slots=True)
class PowerOfTwo(Rule):
    """No memory. Equal loads are an open choice: chance, or whoever had fewer requests lately."""

    name = "power_of_two"
    load: str = "in_flight"
    choices: int = 2

    def odds(self, memory: None, request: Request, nodes: Membership) -> Lottery:
        """Each set of that many fit nodes has the same chance, and its least loaded is given the request."""
        load = loads(self.load, nodes)
        drawn = list(combinations(fit(nodes), min(self.choices, len(fit(nodes)))))
        parts = []
        for those in drawn if fit(nodes) else []:
            least = min(load[node.id] for node in those)
            best = tuple(node.id for node in those if load[node.id] == least)
            parts.append((Fraction(1, len(drawn)), best))
        return Lottery(tuple(parts))
