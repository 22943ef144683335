"""Survival: the engine carries a load without its largest nodes when the proved model says so."""

from __future__ import annotations

import random

from evenly.theory.laws.survival import carried
from evenly.theory.model import survives
from tests.proofs.model import Coq, listed


def test_the_engine_survives_what_the_proved_model_survives(coq: Coq) -> None:
    """Every load and every number of failures, on 12 lists of capacities."""
    rng = random.Random(3)
    fleets = [[rng.randint(1, 5) for _ in range(rng.randint(1, 6))] for _ in range(12)]
    got = coq.compute_all(
        "Survival",
        [
            f"[seq [seq survives_failures {listed(fleet)} f total "
            f"| total <- iota 0 {sum(fleet) + 1}] | f <- iota 0 {len(fleet) + 1}]"
            for fleet in fleets
        ],
    )
    for fleet, answers in zip(fleets, got, strict=True):
        largest = sorted(range(len(fleet)), key=lambda node: -fleet[node])
        for failures, each in enumerate(answers):
            loads = range(sum(fleet) + 1)
            assert each == [survives(load, fleet, failures) for load in loads]
            assert each == [load <= carried(fleet, largest[:failures]) for load in loads]
