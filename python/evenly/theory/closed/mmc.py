"""M/M/c: c servers behind one queue, the best that any division of work can hope for with unknown sizes.

Sources: A. K. Erlang 1917; L. Kleinrock, Queueing Systems vol. 1 (1975), sections 3.4 and 3.5; the recursion of
Erlang B as in R. B. Cooper, Introduction to Queueing Theory (1981), section 3.3.
`offered` is the load in Erlang (arrival rate × mean service); `utilisation` is offered ÷ servers.
"""

from __future__ import annotations

import math

from evenly.theory.closed import domain

__all__ = ["erlang_b", "erlang_c", "mean_response", "mean_wait", "quantile", "servers_for", "tail"]


def erlang_b(servers: int, offered: float) -> float:
    """Share of requests refused when nobody waits (M/G/c/c). Holds for every law of sizes with the same mean."""
    domain.at_least("servers", servers, 0)
    domain.at_least("offered", offered, 0.0)
    loss = 1.0
    for count in range(1, servers + 1):
        loss = offered * loss / (count + offered * loss)
    return loss


def erlang_c(servers: int, utilisation: float) -> float:
    """Share of requests that must wait when everybody may: B/(1−ρ(1−B))."""
    domain.at_least("servers", servers, 1)
    loss = erlang_b(servers, servers * domain.utilisation(utilisation))
    return loss / (1.0 - utilisation * (1.0 - loss))


def mean_wait(servers: int, utilisation: float, service: float = 1.0) -> float:
    """Mean time before service begins, in the unit of `service`: C·S/(c(1−ρ))."""
    return erlang_c(servers, utilisation) * service / (servers * (1.0 - utilisation))


def mean_response(servers: int, utilisation: float, service: float = 1.0) -> float:
    """Mean time from arrival to departure, in the unit of `service`."""
    return service + mean_wait(servers, utilisation, service)


def tail(time: float, servers: int, utilisation: float, service: float = 1.0) -> float:
    """Share of requests that take longer than `time`, first come first served."""
    domain.at_least("time", time, 0.0)
    waits = erlang_c(servers, utilisation)
    elapsed, drain = time / service, servers * (1.0 - utilisation)
    own = math.exp(-elapsed)
    # A wait (exponential of rate `drain`) followed by a service (of rate 1); equal rates are the limit.
    if abs(drain - 1.0) < 1e-9:
        both = (1.0 + elapsed) * own
    else:
        both = (drain * own - math.exp(-drain * elapsed)) / (drain - 1.0)
    return (1.0 - waits) * own + waits * both


def quantile(level: float, servers: int, utilisation: float, service: float = 1.0) -> float:
    """Time within which the share `level` of requests is answered, first come first served."""
    rest = 1.0 - domain.probability(level)
    mean = mean_response(servers, utilisation, service)
    return domain.root(lambda time: tail(time, servers, utilisation, service) - rest, 0.0, mean)


def servers_for(loss: float, offered: float) -> int:
    """Fewest servers that refuse at most the share `loss` of `offered` Erlang when nobody waits.

    Raises:
        OutOfDomain: unless 0 < loss ≤ 1 and offered ≥ 0.
    """
    if not 0.0 < loss <= 1.0:
        raise domain.OutOfDomain(f"the share of losses must lie in (0, 1], not {loss!r}")
    domain.at_least("offered", offered, 0.0)
    servers, refused = 0, 1.0
    while refused > loss:
        servers += 1
        refused = offered * refused / (servers + offered * refused)
    return servers
