"""Theory 2.7: of `choices` different nodes drawn by chance, the least loaded (Azar et al. 1994; Mitzenmacher 1996).

Drawn without replacement: of equal nodes the strictly busiest is never given a request. By weight, because drawn alike,
slow nodes are unstable below the capacity of all together (theorem 3.3.1, counterexample d).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

from evenly.theory.model import Membership, Node, Request
from evenly.theory.specs.loads import LEARNING, least_loaded
from evenly.theory.specs.rule import Lottery, Rule, any_of, fit

DRAWS = 4
"""Nobody draws for ever: after this many times `choices` draws from all nodes, whoever was found has to do."""


@dataclass(frozen=True, slots=True)
class PowerOfTwo(Rule):
    """No memory. Equal loads are an open choice: chance, or whoever had fewer requests lately.

    With a load that learns from answers, nodes that failed twice running are drawn only when all did, and one that had
    no request for a second may be given one.
    """

    name = "power_of_two"
    load: str = "peak_ewma"
    choices: int = 2
    sampling: str = "weight"

    def odds(self, memory: None, request: Request, nodes: Membership) -> Lottery:
        """Each set of that many nodes with its probability, and of each set the least loaded."""
        may = fit(nodes)
        learns = self.load in LEARNING
        well = tuple(node for node in may if not (learns and node.ails))
        if not well:
            return any_of(may)
        alone = [node for node in may if learns and node.alone and len(nodes) > 1]
        missed = self._missed(well, nodes)
        parts = [
            (
                chance * (1 - missed),
                tuple(node.id for node in [*least_loaded(self.load, those, nodes), *alone]),
            )
            for those, chance in self._sets(well)
        ]
        return Lottery((*parts, *((missed, part) for _, part in any_of(may).parts if missed)))

    def _weight(self, node: Node) -> int:
        return node.weight if self.sampling == "weight" else 1

    def _sets(self, well: Sequence[Node]) -> list[tuple[tuple[Node, ...], Fraction]]:
        """The sets of different nodes that successive draws give, each with its probability."""
        total = sum(map(self._weight, well))
        chances: dict[tuple[Node, ...], Fraction] = {(): Fraction(1)}
        sets: list[tuple[Node, ...]] = [()]
        for size in range(1, min(self.choices, len(well)) + 1):
            sets = list(combinations(well, size))
            for those in sets:
                chances[those] = Fraction(0)
                for last in those:
                    before = tuple(node for node in those if node != last)
                    left = total - sum(map(self._weight, before))
                    chances[those] += chances[before] * Fraction(self._weight(last), left)
        return [(those, chances[those]) for those in sets]

    def _missed(self, well: Sequence[Node], nodes: Membership) -> Fraction:
        """The probability, at most, that so many draws from all nodes find fewer well ones than they should.

        Then all of them fell on the others and on one fewer: the sum over which those were.
        """
        wanted = min(self.choices, len(well))
        weight = {node.id: self._weight(node) for node in nodes}
        total = sum(weight.values())
        out = total - sum(weight[node.id] for node in well)
        pairs = len(set(weight.values())) == 1 and self.choices == 2
        missed = Fraction(0)
        for some in combinations(well, wanted - 1):
            hit = out + sum(weight[node.id] for node in some)
            if pairs and len(nodes) > 1:
                # Two at a time, and never the same one twice.
                one = weight[well[0].id]
                twice = Fraction(hit * (hit - one), total * (total - one))
                missed += twice**DRAWS
            else:
                missed += Fraction(hit, total) ** (DRAWS * self.choices)
        return min(missed, Fraction(1))
