"""Join the shortest queue: two nodes exactly, any number by a bound.

Sources: I. Adan, J. Wessels, W. Zijm, Analysis of the symmetric shortest queue problem, Stochastic Models 1990
(the compensation approach); the bound: theorem 3.3.1 as corrected.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from evenly.theory.closed import domain

__all__ = ["in_system_bound", "mean_response_two"]


def mean_response_two(utilisation: float, service: float = 1.0) -> float:
    """Mean time from arrival to departure with two equal nodes, Poisson arrivals, exponential sizes.

    With m the shorter queue and n the difference, the equilibrium is a series of products c·α^m·β^n. Each term mends
    what the one before leaves open at one of the two borders (m = 0, n = 0), and the terms fall geometrically.
    """
    rho = domain.utilisation(utilisation)
    if rho == 0.0:
        return service
    alpha, beta, weight = rho * rho, rho * rho / (2.0 + rho), 1.0
    # p(m, n) for n ≥ 1 by its sums, and e·α^m for n = 0, m ≥ 1.
    mass = held = near = 0.0
    diagonal = weight * beta * (2.0 * rho + alpha) / (2.0 * alpha * (rho + 1.0))
    first = (alpha, diagonal)
    for _ in range(200):
        mass += weight * beta / ((1 - alpha) * (1 - beta))
        held += weight * (
            2 * alpha / (1 - alpha) ** 2 * beta / (1 - beta) + beta / (1 - beta) ** 2 / (1 - alpha)
        )
        near += weight * beta
        # The border m = 0: another α for the same β.
        other = 2.0 * rho * beta * beta / alpha
        weight *= -(1.0 - 2.0 * rho * beta / alpha) / (1.0 - 2.0 * rho * beta / other)
        alpha = other
        mass += weight * beta / ((1 - alpha) * (1 - beta))
        held += weight * (
            2 * alpha / (1 - alpha) ** 2 * beta / (1 - beta) + beta / (1 - beta) ** 2 / (1 - alpha)
        )
        near += weight * beta
        # The border n = 0: another β for the same α, and the diagonal's own coefficient.
        mended = alpha * alpha / (2.0 * rho + alpha) / beta
        fault = alpha * alpha * (rho + 1.0)
        slope = (2.0 * rho + alpha) * (rho + alpha)
        added = -weight * (fault - beta * slope) / (fault - mended * slope)
        diagonal = (weight * beta + added * mended) * (2.0 * rho + alpha)
        diagonal /= 2.0 * alpha * (rho + 1.0)
        mass += diagonal * alpha / (1 - alpha)
        held += diagonal * 2 * alpha / (1 - alpha) ** 2
        beta, weight = mended, added
        if abs(weight) * beta < 1e-17 * mass:
            break
    alpha, diagonal = first
    mass += diagonal * alpha / (1 - alpha)
    held += diagonal * 2 * alpha / (1 - alpha) ** 2
    # The empty state by its own balance: 2ρ·p(0, 0) = p(0, 1).
    mass += near / (2.0 * rho)
    return service * held / mass / (2.0 * rho)


def in_system_bound(speeds: Sequence[float], rate: float) -> float:
    """Upper bound of the mean of Σ μ_i·x_i (x_i requests at node i): (λ + M)/(2(1 − ρ)), M the sum of the speeds.

    For Poisson arrivals and exponential sizes at any speeds: it shows that the shortest queue is stable up to M.
    """
    total = math.fsum(speeds)
    if not speeds or min(speeds) <= 0.0:
        raise domain.OutOfDomain(
            "there must be at least one node, and every speed must be positive"
        )
    domain.at_least("rate", rate, 0.0)
    return (rate + total) / (2.0 * (1.0 - domain.utilisation(rate / total)))
