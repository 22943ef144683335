"""Checks: the engine believes a node well and ill when the proved model does."""

from __future__ import annotations

import random

from evenly.theory.laws.health import life_of_a_breaker, statuses
from tests.proofs.model import Coq


def test_the_engine_changes_its_mind_after_the_checks_that_the_proved_model_changes_it_after(
    coq: Coq,
) -> None:
    """Check by check, for several pairs of rise and fall, on random results that come in runs."""
    rng = random.Random(16)
    cases = []
    for rise, fall in ((1, 1), (2, 3), (3, 2), (5, 1), (1, 4), (4, 4)):
        for bias in (0.2, 0.5, 0.8):
            results: list[bool] = []
            while len(results) < 140:
                results += [rng.random() < bias] * rng.randint(1, 6)
            cases.append((rise, fall, results))
    got = coq.compute_all(
        "Health",
        [
            f"statuses {rise} {fall} [:: {'; '.join(str(well).lower() for well in results)}]"
            for rise, fall, results in cases
        ],
    )
    assert got == [statuses(results, rise, fall) for rise, fall, results in cases]
    assert len({status for each in got for status in each}) == 3


def test_the_engine_s_breaker_lives_as_the_proved_one_does(coq: Coq) -> None:
    """Event by event: its state, and the places taken on its node."""
    lives = [list(life_of_a_breaker(seed, 150)) for seed in range(8)]
    traces = [f"trace fresh [:: {'; '.join(each.event for each in life)}]" for life in lives]
    got = coq.compute_all("Breaker", traces)
    assert got == [[(each.state, each.places) for each in life] for life in lives]
    assert {each.event for life in lives for each in life} >= {"Panic", "LeaveProbe Success"}
