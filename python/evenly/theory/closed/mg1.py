"""M/G/1: one server, Poisson arrivals, sizes of any law.

Sources: F. Pollaczek 1930, A. Y. Khinchine 1932; insensitivity of processor sharing: L. Kleinrock, Queueing Systems
vol. 2 (1976), section 4.4, and F. P. Kelly, Reversibility and Stochastic Networks (1979), section 3.3.
"""

from __future__ import annotations

from evenly.theory.closed import domain, mm1

__all__ = ["mean_response", "mean_response_shared", "mean_wait"]


def mean_wait(utilisation: float, cv2: float, service: float = 1.0) -> float:
    """Mean time before service begins, first come first served, in the unit of `service`: ρ(1+cv²)S/(2(1−ρ)).

    `cv2` is the variance of the sizes divided by the square of their mean: 0 when all are equal, 1 for exponential.
    """
    domain.at_least("cv2", cv2, 0.0)
    rho = domain.utilisation(utilisation)
    return rho * (1.0 + cv2) * service / (2.0 * (1.0 - rho))


def mean_response(utilisation: float, cv2: float, service: float = 1.0) -> float:
    """Mean time from arrival to departure, first come first served (Pollaczek and Khinchine)."""
    return service + mean_wait(utilisation, cv2, service)


def mean_response_shared(utilisation: float, service: float = 1.0) -> float:
    """Mean time from arrival to departure under processor sharing: S/(1−ρ), whatever the law of sizes."""
    return mm1.mean_response(utilisation, service)
