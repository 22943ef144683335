"""Variant 7.3: which zone sends how much to which node, what that costs, and prices that prove it the cheapest."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["Flow", "certifies", "cost_of"]

Flow = tuple[tuple[int, ...], ...]
"""A plan: for each zone, what it sends to each node."""


def cost_of(plan: Flow, costs: Sequence[Sequence[int]]) -> int:
    """What a plan costs: each amount at the cost of its pair."""
    return sum(
        sent * cost
        for row, prices in zip(plan, costs, strict=True)
        for sent, cost in zip(row, prices, strict=True)
    )


def certifies(
    plan: Flow, limits: Sequence[int], costs: Sequence[Sequence[int]], prices: Sequence[int]
) -> bool:
    """Complementary slackness: traffic only where cost + price is least, and a price only where it is full."""
    for row, cost in zip(plan, costs, strict=True):
        dues = [each + price for each, price in zip(cost, prices, strict=True)]
        if any(sent and due > min(dues) for sent, due in zip(row, dues, strict=True)):
            return False
    columns = [sum(column) for column in zip(*plan, strict=True)]
    return all(
        price == 0 or used == limit
        for price, used, limit in zip(prices, columns, limits, strict=True)
    )
