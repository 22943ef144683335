"""The books: after every event the engine's are those of the proved model."""

from __future__ import annotations

import random

from evenly import _engine
from evenly.errors import NoNodeAvailable
from evenly.theory.laws.ground import cluster, give_back
from tests.proofs.model import Coq, listed


def walk(
    name: str, seed: int, capacities: list[int], turns: int
) -> tuple[list[str], list[list[tuple[int, int, int]]], int]:
    """The events as the model writes them, each node's books (lent, failed, in flight) after each, the refusals."""
    rng = random.Random(seed)
    limits = [limit or None for limit in capacities]
    balancer = cluster(len(limits), name, seed, capacities=limits, ejection=None)
    loans: list[_engine.Pick | None] = []
    left: set[int] = set()
    events, states, refused = [], [], 0
    for turn in range(turns):
        if loans and rng.random() < 0.5:
            # Now and then one that was given back before.
            loan = rng.randrange(len(loans))
            pick, fine = loans[loan], rng.random() < 0.7
            events.append(f"Leave {loan} {str(fine).lower()}")
            if pick is not None:
                if not fine and loan not in left:
                    pick.fail("refused")
                give_back(pick)
                left.add(loan)
        else:
            try:
                pick = balancer.pick(key=turn)
                loans.append(pick)
                events.append(f"Ask [:: {pick.id}] 0")
            except NoNodeAvailable:
                # Whatever was proposed, the scan finds nobody.
                loans.append(None)
                events.append(f"Ask [::] {rng.randrange(len(limits))}")
                refused += 1
        states.append([(node.picks, node.failures, node.in_flight) for node in balancer.nodes])
    return events, states, refused


def test_the_engine_s_books_are_those_of_the_proved_model(coq: Coq) -> None:
    """Event by event for four strategies, with refusals, failures, and loans that are left twice; 0 is no capacity."""
    capacities, turns = [1, 2, 0, 1], 90
    asked, found = [], []
    for seed, name in enumerate(("round_robin", "least_connections", "first", "consistent_hash")):
        limits = capacities if name == "round_robin" else [1, 2, 1, 1]
        events, states, refused = walk(name, seed, limits, turns)
        nodes, places = f"(iota 0 {len(limits)})", f"(nth 0 {listed(limits)})"
        walked = f"let es := {listed(events)} in"
        books = "[seq let b := books s n in (lent b, failed b, in_flight b) | n <- iota 0 4]"
        asked.append(
            f"{walked} ([seq let s := run {nodes} {places} (take j es) in {books} | j <- iota 1 {turns}], "
            f"refused (run {nodes} {places} es))"
        )
        found.append((states, refused))
    assert coq.compute_all("Admission", asked) == found
    assert any(refused for _, refused in found)
