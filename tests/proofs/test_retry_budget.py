"""The retry budget: the engine's account answers as the proved one does."""

from __future__ import annotations

import random
from fractions import Fraction

from evenly.testing import VirtualClock
from evenly.theory.laws.ground import give_back, members
from tests.proofs.model import Coq, listed

QUIET = 10_240
"""Seconds after which nothing saved is left: exp(-1024) is 0 in floating point, and 10/10240 a power of two."""


def rational(number: Fraction | int) -> str:
    """As Coq writes it."""
    return f"(QArith_base.Qmake {number.numerator} {number.denominator})"


def walk(seed: int, share: Fraction, rate: Fraction) -> tuple[list[str], list[bool], int]:
    """Requests, retries, departures and questions on the engine: what happened, its answers, and the tries."""
    rng = random.Random(seed)
    clock = VirtualClock(seed)
    options = {"budget_share": float(share), "budget_per_second": float(rate), "backoff": 0}
    nodes = members(4)
    balancer = clock.balancer(
        nodes, strategy="random", slow_start=0, ejection=None, retries=options
    )
    events, answers, tries, granted, retries, now = [], [], 0, 0, 0, 0
    for _ in range(500):
        lot = rng.random()
        if lot < 0.35 or (lot < 0.6 and granted > retries):
            is_retry = lot >= 0.35
            give_back(balancer.pick())
            tries, retries = tries + 1, retries + is_retry
            events.append("Retry" if is_retry else "Request")
        elif lot < 0.97:
            yes = balancer._retry(1, [], None) is not None
            granted += yes
            answers.append(yes)
            events.append(f"Ask {rational(now)}")
        elif lot < 0.99:
            node = rng.choice(nodes)
            picks = next(view.picks for view in balancer.nodes if view.id == node.id)
            balancer.remove(node.id)
            balancer.add(node)
            events.append(f"Leaves {picks}")
        else:
            clock.advance(QUIET)
            now += QUIET
    return events, answers, tries


def test_the_engine_grants_the_retries_that_the_proved_account_grants(coq: Coq) -> None:
    """Question by question, with shares and rates that floating point holds exactly."""
    terms = [
        (Fraction(share, 8), Fraction(rate, 2))
        for share, rate in [(0, 0), (1, 0), (2, 0), (8, 0), (0, 1), (3, 7)]
    ]
    walks = [walk(seed, *one) for seed, one in enumerate(terms)]
    asked = []
    for (share, rate), (events, *_) in zip(terms, walks, strict=True):
        account = f"(engine {rational(share)} {rational(rate)})"
        # In parts: Coq's reader nests a list as deep as it is long.
        parts = [events[at : at + 50] for at in range(0, len(events), 50)]
        trace = " ++ ".join(map(listed, parts))
        asked.append(
            f"let t := {account} in let es := {trace} in (answers t (opened t {rational(0)}) es, "
            f"tries (run t {rational(0)} es))"
        )
    got = coq.compute_all("RetryBudget", asked)
    assert got == [(answers, tries) for _, answers, tries in walks]
    assert all(len(set(answers)) == 2 for _, answers, _ in walks)
