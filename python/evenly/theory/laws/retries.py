"""Retries: scenario 5.2. What repetition costs, and what it cannot."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import TYPE_CHECKING

from evenly import Node
from evenly.balancer.virtual import VirtualClock
from evenly.theory.laws.ground import cluster, members
from evenly.theory.laws.law import law, need

if TYPE_CHECKING:
    from evenly.balancer import Balancer

START = 10
"""Retries that a budget holds before any request."""


@law
def retry_budget(seed: int) -> str:
    """Tries never exceed (1 + share) times the requests, plus what time earns, plus 10 to begin with."""
    rng = random.Random(seed)
    for share, rate in ((0.0, 0.0), (0.1, 0.0), (0.2, 2.0), (0.5, 10.0)):
        clock = VirtualClock(seed)
        options = {"budget_share": share, "budget_per_second": rate, "backoff": 0}
        balancer = clock.balancer(
            members(5), strategy="round_robin", slow_start=0, ejection=None, retries=options
        )
        tries = 0
        for requests in range(1, 301):
            for attempt in balancer.attempts(4):
                with attempt as pick:
                    tries += 1
                    if rng.random() < 0.9:
                        pick.fail("refused")
            bound = (1 + Fraction(share)) * requests + Fraction(rate) * Fraction(clock.now) + START
            need(tries <= bound, f"share {share}: {tries} tries for {requests} requests")
            if rng.random() < 0.1:
                clock.advance(rng.choice((0.01, 0.5, 30.0)))
            if rng.random() < 0.05:
                # It takes its counts along, and what is left shows fewer picks than before.
                balancer.remove("0")
                balancer.add(Node("10.0.0.0:80", id="0"))
    return "4 terms, 300 requests with 90 % failures each, up to 4 tries: bounded at every moment"


@law
def retry_budget_is_met(seed: int) -> str:
    """Of 40 requests that all fail, with a share of a quarter, there are 60 tries: the bound is met."""
    options = {"budget_share": 0.25, "budget_per_second": 0, "backoff": 0}
    balancer = cluster(13, "round_robin", seed, ejection=None, retries=options)
    tries = sum(_fails_through([balancer], 13) for _ in range(40))
    need(tries == 60, f"{tries} tries")
    return "40 requests, up to 13 tries each"


@law
def quiet_saves_little(seed: int) -> str:
    """While no requests come, however long, at most max(10, 20 per second earned) retries are saved up."""
    rng = random.Random(seed)
    most = 0
    for rate in (0.0, 0.3, 1.0, 4.0):
        clock = VirtualClock(seed)
        options = {"budget_share": 1.0, "budget_per_second": rate, "backoff": 0}
        balancer = clock.balancer(members(3), slow_start=0, retries=options)
        for _ in range(100):
            granted = 0
            while rng.random() < 0.98 and balancer._retry(1, [], None) is not None:
                granted += 1
            most = max(most, granted)
            need(granted <= max(START, 20 * rate), f"{granted} retries at once, {rate} a second")
            clock.advance(rng.choice((0.1, 1.0, 5.0, 10.0, 20.0, 1000.0)))
    return f"4 rates, 100 pauses each: at most {most} retries at one moment"


@law
def retries_through_layers(seed: int) -> str:
    """Through h layers r requests become at most (1 + s)^h r tries and 10 (1 + (1 + s) + … + (1 + s)^(h-1)) more."""
    rng = random.Random(seed)
    for share in (0.0, 0.2, 0.5):
        options = {"budget_share": share, "budget_per_second": 0, "backoff": 0}
        layers = [
            cluster(4, "round_robin", seed + at, ejection=None, retries=options) for at in range(3)
        ]
        grows = 1 + Fraction(share)
        reached = 0
        for requests in range(1, 151):
            reached += _fails_through(layers, rng.randint(1, 4))
            bound = grows**3 * requests + START * (1 + grows + grows**2)
            need(reached <= bound, f"share {share}: {reached} tries of {requests} requests")
    return "3 layers, 3 shares, 150 requests that all fail, up to 4 tries in each layer"


def _fails_through(layers: list[Balancer], most: int) -> int:
    """Send a request that fails in the last layer; how often it got there."""
    reached = 0
    for attempt in layers[0].attempts(most):
        with attempt as pick:
            reached += _fails_through(layers[1:], most) if layers[1:] else 1
            pick.fail("refused")
    return reached
