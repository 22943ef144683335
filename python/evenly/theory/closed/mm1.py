"""M/M/1: one server, Poisson arrivals, exponential sizes, first come first served.

Sources: A. K. Erlang 1917; L. Kleinrock, Queueing Systems vol. 1 (1975), sections 3.2 and 5.
Times are in seconds when `service`, the mean size, is; by default in units of one mean service.
"""

from __future__ import annotations

import math

from evenly.theory.closed import domain

__all__ = ["in_system", "mean_response", "quantile", "tail"]


def mean_response(utilisation: float, service: float = 1.0) -> float:
    """Mean time from arrival to departure, in the unit of `service`: S/(1−ρ).

    The same under processor sharing for every law of sizes with this mean (see `mg1`).
    """
    return service / (1.0 - domain.utilisation(utilisation))


def in_system(utilisation: float) -> float:
    """Mean number waiting or served, by Little's law: ρ/(1−ρ)."""
    return domain.utilisation(utilisation) * mean_response(utilisation)


def tail(time: float, utilisation: float, service: float = 1.0) -> float:
    """Share of requests that take longer than `time`: the response is exponential with its mean."""
    domain.at_least("time", time, 0.0)
    return math.exp(-time / mean_response(utilisation, service))


def quantile(level: float, utilisation: float, service: float = 1.0) -> float:
    """Time within which the share `level` of requests is answered: −ln(1−q)·S/(1−ρ)."""
    return -math.log1p(-domain.probability(level)) * mean_response(utilisation, service)
