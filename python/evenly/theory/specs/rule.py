"""What a specification of a strategy is: a memory, and a lottery over the nodes for each request.

A strategy that throws no dice has one node in its lottery. Where the definition leaves a choice open, as "the least
loaded" does among equals, the lottery says so: a part of it may name several nodes, and any of them is right.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from evenly.theory.model import Membership, Node, Request

__all__ = ["Lottery", "Rule", "any_of", "by_weight", "evenly", "fit", "lent", "sure"]


@dataclass(frozen=True, slots=True)
class Lottery:
    """With which probability which node: parts whose probabilities add up to 1, or no part when nobody is fit.

    A part of several nodes says that one of them is given, and not which.
    """

    parts: tuple[tuple[Fraction, tuple[str, ...]], ...] = ()

    @property
    def allowed(self) -> frozenset[str]:
        """Every node that may be given."""
        return frozenset(node for chance, part in self.parts if chance > 0 for node in part)

    def least(self, node: str) -> Fraction:
        """The probability that `node` has at least."""
        return sum((chance for chance, part in self.parts if set(part) == {node}), Fraction(0))

    def most(self, node: str) -> Fraction:
        """The probability that `node` has at most."""
        return sum((chance for chance, part in self.parts if node in part), Fraction(0))

    def draw(self, chance: Fraction) -> str | None:
        """The node for a `chance` in [0, 1); of an open choice the first. None when nobody is fit."""
        if not 0 <= chance < 1:
            raise ValueError(f"chance {chance}: write a number in [0, 1)")
        for share, part in self.parts:
            if chance < share:
                return part[0]
            chance -= share
        return None


def fit(nodes: Membership) -> Membership:
    """The nodes that may be given the request, in their order."""
    return tuple(node for node in nodes if node.fit)


def sure(node: Node) -> Lottery:
    """This node."""
    return Lottery(((Fraction(1), (node.id,)),))


def any_of(nodes: Iterable[Node]) -> Lottery:
    """One of these, and the definition does not say which."""
    ids = tuple(node.id for node in nodes)
    return Lottery(((Fraction(1), ids),)) if ids else Lottery()


def evenly(nodes: Sequence[Node]) -> Lottery:
    """Each with the same probability."""
    return Lottery(tuple((Fraction(1, len(nodes)), (node.id,)) for node in nodes))


def by_weight(nodes: Sequence[Node]) -> Lottery:
    """Each with probability weight / sum of weights."""
    total = sum(node.weight for node in nodes)
    return Lottery(tuple((Fraction(node.weight, total), (node.id,)) for node in nodes))


def lent(rule: Rule, memory: Any, request: Request, nodes: Membership) -> Lottery:
    """What every balancer adds to its strategy (theorem 3.1.1, corrected): whoever is fit, by the rule.

    When nobody is fit, whoever was only ejected and has room: better a node in doubt than none. Nodes that a check or
    the administrator has put out are given nothing. Only when these are none, the request is refused.
    """
    odds = rule.odds(memory, request, nodes)
    return odds if odds.parts else any_of(node for node in nodes if node.ejected and node.open)


class Rule:
    """A strategy as its definition has it; it satisfies `model.Strategy`. Its fields are the strategy's options.

    `memory` is what it keeps from request to request: immutable, None for a rule without.
    """

    name: ClassVar[str]

    def begin(self, nodes: Membership) -> Any:
        """The memory before the first request."""
        return None

    def odds(self, memory: Any, request: Request, nodes: Membership) -> Lottery:
        """Which of the fit `nodes` is given this request, with which probability."""
        raise NotImplementedError

    def then(self, memory: Any, request: Request, nodes: Membership, given: str) -> Any:
        """The memory after `given` was given the request."""
        return memory

    def moved(self, memory: Any, before: Membership, nodes: Membership) -> Any:
        """The memory after the membership or a weight has changed; `nodes` are the new ones."""
        return memory

    def allocate(self, request: Request, state: Any, nodes: Membership) -> tuple[str | None, Any]:
        """Definition 1.1.1's A: the lottery, drawn with the request's own chance."""
        given = self.odds(state, request, nodes).draw(request.chance)
        return given, state if given is None else self.then(state, request, nodes, given)
