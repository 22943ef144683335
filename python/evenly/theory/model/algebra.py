"""Definition 1.2.1: the algebra LBA = (N, S, M, O, I, R), with the laws that the document leaves out.

As written, O = {+, ×, min, max} is a bag of signs without a law, and I and R are strictly positive, so that an idle
node and "move nothing" cannot be said. Here O is a commutative semiring whose laws can be tested, I and R are ≥ 0,
and redistribution takes from a node no more than it has. Then, and only then, the sum of loads is conserved.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import product

from evenly.theory.model.load import Number
from evenly.theory.model.system import Metric, Strategy

__all__ = [
    "LBA",
    "MAX_PLUS",
    "MAX_TIMES",
    "MIN_PLUS",
    "PLUS_TIMES",
    "Semiring",
    "broken_laws",
]


@dataclass(frozen=True, slots=True)
class Semiring:
    """Two of the operations of O that belong together, with their neutral elements."""

    name: str
    plus: Callable[[Number, Number], Number]
    times: Callable[[Number, Number], Number]
    zero: Number
    one: Number

    def total(self, loads: Iterable[Number]) -> Number:
        """All `loads` added with `plus`: a sum, a peak or a minimum, as the semiring has it."""
        return reduce(self.plus, loads, self.zero)


PLUS_TIMES = Semiring("(ℝ≥0, +, ×)", lambda a, b: a + b, lambda a, b: a * b, 0, 1)
"""Amounts: shares times totals."""
MAX_TIMES = Semiring("(ℝ≥0, max, ×)", max, lambda a, b: a * b, 0, 1)
"""Peaks of scaled loads."""
MAX_PLUS = Semiring("(ℝ≥0 ∪ {−∞}, max, +)", max, lambda a, b: a + b, -math.inf, 0)
"""Peaks of loads that are added to. −∞ must be there: over ℝ≥0 alone the zero of max is 0, and 0 + a is not 0."""
MIN_PLUS = Semiring("(ℝ≥0 ∪ {∞}, min, +)", min, lambda a, b: a + b, math.inf, 0)
"""The least loaded: its zero is the load of a node that is not there."""


def broken_laws(ring: Semiring, samples: Sequence[Number]) -> list[str]:
    """The laws of a commutative semiring that fail on some of `samples`, each with the first witness.

    An empty list says that all eight hold on every triple of samples. Give whole numbers or fractions: floats round.
    """
    plus, times, zero, one = ring.plus, ring.times, ring.zero, ring.one
    laws: dict[str, Callable[[Number, Number, Number], bool]] = {
        "plus is associative": lambda a, b, c: plus(plus(a, b), c) == plus(a, plus(b, c)),
        "plus is commutative": lambda a, b, _: plus(a, b) == plus(b, a),
        "zero is neutral for plus": lambda a, _b, _c: plus(zero, a) == a,
        "times is associative": lambda a, b, c: times(times(a, b), c) == times(a, times(b, c)),
        "times is commutative": lambda a, b, _: times(a, b) == times(b, a),
        "one is neutral for times": lambda a, _b, _c: times(one, a) == a,
        "times distributes over plus": lambda a, b, c: (
            times(a, plus(b, c)) == plus(times(a, b), times(a, c))
        ),
        "zero annihilates": lambda a, _b, _c: times(zero, a) == zero,
    }
    broken = []
    for law, holds in laws.items():
        witness = next((abc for abc in product(samples, repeat=3) if not holds(*abc)), None)
        if witness is not None:
            broken.append(f"{law}: not for {', '.join(map(str, witness))}")
    return broken


@dataclass(frozen=True, slots=True)
class LBA:
    """Definition 1.2.1, corrected: loads that can be added, compared and moved.

    `initial` is I: N → ℝ≥0, in requests. R is the argument of `redistribute`. S and M are as in `LB`; the algebra
    has no use for them, and neither has the document's.
    """

    initial: Mapping[str, Number]
    operations: Semiring = PLUS_TIMES
    strategies: Mapping[str, Strategy] = field(default_factory=dict)
    metrics: Mapping[str, Metric] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a negative load."""
        for node, load in self.initial.items():
            if not load >= 0:
                raise ValueError(f"I({node}) = {load}: a load is ≥ 0: write 0 for an idle node")

    @property
    def nodes(self) -> tuple[str, ...]:
        """N, in the order of `initial`."""
        return tuple(self.initial)

    def total(self) -> Number:
        """All loads added with the operation at hand: the sum for (+, ×), the peak for (max, ·)."""
        return self.operations.total(self.initial.values())

    def redistribute(self, moves: Mapping[tuple[str, str], Number]) -> LBA:
        """R: N × N → ℝ≥0 carried out: `moves[a, b]` requests go from a to b; what is not listed is 0.

        load'(n) = load(n) − Σ R(n, ·) + Σ R(·, n), with Σ R(n, ·) ≤ load(n): nobody gives what it has not. The sum
        of loads is the same before and after (axiom 1.3.1 as a theorem).
        """
        after = dict(self.initial)
        given: dict[str, Number] = dict.fromkeys(after, 0)
        for (giver, taker), amount in moves.items():
            for node in (giver, taker):
                if node not in after:
                    raise ValueError(f"R({giver}, {taker}): there is no node {node!r} in N")
            if not amount >= 0:
                raise ValueError(
                    f"R({giver}, {taker}) = {amount}: R is ≥ 0: to move load the other way, write "
                    f"R({taker}, {giver}) = {-amount}"
                )
            given[giver] += amount
            after[giver] -= amount
            after[taker] += amount
        for node, amount in given.items():
            if amount > self.initial[node]:
                raise ValueError(
                    f"Σ R({node}, ·) = {amount} is more than its load {self.initial[node]}: move at most that"
                )
        return LBA(after, self.operations, self.strategies, self.metrics)
