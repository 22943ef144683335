"""Round robin over k equal nodes: each node sees every k-th arrival, so it is an E_k/M/1 queue.

Poisson arrivals, exponential sizes, first come first served. k = 1 is also a random split over any number of
nodes (M/M/1); k = ∞ is D/M/1, the best that a rule blind to load and sizes can do (B. Hajek, The proof of a folk
theorem on queuing delay, J. ACM 1983). Source: L. Kleinrock, Queueing Systems vol. 1 (1975), chapter 6 (G/M/1).
"""

from __future__ import annotations

import math

from evenly.theory.closed import domain

__all__ = ["found_busy", "mean_response", "quantile"]


def found_busy(nodes: float, utilisation: float) -> float:
    """Chance σ that a request finds its node busy: the root in [0, 1) of σ = (kρ/(kρ + 1 − σ))^k.

    `nodes` may be `math.inf` (deterministic arrivals, σ = e^(−(1−σ)/ρ)).
    """
    domain.at_least("nodes", nodes, 1)
    rho = domain.utilisation(utilisation)
    if rho == 0.0:
        return 0.0

    def surplus(share: float) -> float:
        """Positive between the root and 1, negative below the root."""
        if math.isinf(nodes):
            return share - math.exp(-(1.0 - share) / rho)
        # (1 + x)^(−k) by its logarithm: exact also for very many nodes.
        return share - math.exp(-nodes * math.log1p((1.0 - share) / (nodes * rho)))

    # 1 is a root as well; ours lies below ρ, because regular arrivals find a node busy less often than random ones.
    return rho if nodes == 1 else domain.root(surplus, 0.0, rho)


def mean_response(nodes: float, utilisation: float, service: float = 1.0) -> float:
    """Mean time from arrival to departure, in the unit of `service`: S/(1−σ)."""
    return service / (1.0 - found_busy(nodes, utilisation))


def quantile(level: float, nodes: float, utilisation: float, service: float = 1.0) -> float:
    """Time within which the share `level` of requests is answered; the response is exponential."""
    return -math.log1p(-domain.probability(level)) * mean_response(nodes, utilisation, service)
