"""Where the formulas hold, said in one place, and the two tools of numerics that several of them share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["OutOfDomain", "at_least", "integral", "probability", "root", "utilisation"]


class OutOfDomain(ValueError):
    """A formula was asked for values outside the range in which it is true; the message says which are allowed."""


def utilisation(value: float) -> float:
    """Check offered work per server; from 1 on, no equilibrium exists.

    Raises:
        OutOfDomain: unless 0 ≤ value < 1.
    """
    if not 0.0 <= value < 1.0:
        message = f"utilisation must lie in [0, 1), not {value!r}"
        if value >= 1.0:
            message += ": as much work arrives as can be done, so the queue grows for ever"
        raise OutOfDomain(message)
    return value


def probability(value: float) -> float:
    """Check the level of a quantile.

    Raises:
        OutOfDomain: unless 0 ≤ value < 1.
    """
    if not 0.0 <= value < 1.0:
        raise OutOfDomain(f"the level of a quantile must lie in [0, 1), not {value!r}")
    return value


def at_least(name: str, value: float, least: float) -> None:
    """Check a bound from below.

    Raises:
        OutOfDomain: if value < least, or value is no number.
    """
    if not value >= least:
        raise OutOfDomain(f"{name} must be at least {least}, not {value!r}")


def root(function: Callable[[float], float], low: float, high: float) -> float:
    """Where `function` changes sign between `low` and `high`, to the last bits, by halving.

    `high` is doubled until the sign has changed, so it need only be a guess above `low`.
    """
    above = function(low) > 0
    while (function(high) > 0) == above:
        low, high = high, 2 * high
    while True:
        middle = (low + high) / 2
        if not low < middle < high or high - low <= 1e-15 * high:
            return middle
        if (function(middle) > 0) == above:
            low = middle
        else:
            high = middle


def integral(function: Callable[[float], float], low: float, high: float, steps: int) -> float:
    """∫ of a smooth function by Simpson's rule; the error falls with the fourth power of `steps`."""
    width = (high - low) / (2 * steps)
    inner = (function(low + i * width) * (4 if i % 2 else 2) for i in range(1, 2 * steps))
    return width / 3 * math.fsum([function(low), function(high), *inner])
