"""Checks: the engine believes a node well and ill when the proved model does."""

from __future__ import annotations

import random

from evenly.theory.laws.breaker import life_of_a_breaker
from evenly.theory.laws.health import statuses
from evenly.theory.laws.panic import in_trouble
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


STANDS = {
    "serving": "Serving",
    "breaker_half_open": "HalfOpened",
    "breaker_open": "Ejected",
    "draining": "Draining",
    "down": "TakenDown",
    "not_checked": "Unchecked",
}


def test_the_engine_refuses_what_the_proved_pick_refuses_and_panics_when_it_does(coq: Coq) -> None:
    """Pick by pick among nodes in trouble: refused alike, and else lent a node that is as sick as the model's."""
    for_each = ("round_robin", "power_of_two", "consistent_hash", "first", "prequal")
    choices = [
        choice
        for seed, name in enumerate(for_each)
        for checked in (True, False)
        for choice in in_trouble(name, seed, 150, checked=checked)
    ]
    asked = []
    for choice in choices:
        nodes = "; ".join(
            f"Node {STANDS[view.reason]} {str(view.id in choice.probed).lower()} {view.in_flight} "
            f"{view.capacity or 0} {str(view.id in choice.tried).lower()}"
            for view in choice.nodes
        )
        kinds = "map (fun n => find (fun kind => kind n) [:: fit; first_tier; last_tier]) nodes"
        asked.append(f"let nodes := [:: {nodes}] in (choose [::] 0 nodes, {kinds})")
    met = set[int]()
    for choice, (got, kinds) in zip(choices, coq.compute_all("Panic", asked), strict=True):
        assert (got is None) == (choice.lent is None)
        if choice.lent is not None:
            at, panicked = got
            lent = next(place for place, view in enumerate(choice.nodes) if view.id == choice.lent)
            assert kinds[lent] == kinds[at]
            assert panicked is not choice.fit(choice.nodes[lent])
            met.add(kinds[lent])
    assert met == {0, 1, 2}
