"""Prequal: the engine lends what the proved rule lends."""

from __future__ import annotations

from evenly.theory.laws.prequal import Sight, hot_and_cold
from tests.proofs.model import Coq


def expression(sight: Sight, lot: int) -> str:
    """The model's pick among the two, of weights 1 and 2: loads in halves, latencies in milliseconds."""
    first, second = (int(2 * load) for load in sight.loads)
    sees = f"[:: Sight 0 0 1 false {first} 1 2; Sight 1 0 1 false {second} 4 1]"
    here = f"Round 0 1 (iota 0 2) {sees} xpredT {int(2 * sight.limit)} {lot}"
    return f"omap node (pick ({here}) empty).1"


def test_the_engine_lends_the_node_that_the_proved_rule_lends(coq: Coq) -> None:
    """Pick by pick; of two equals it is either, as the lot falls."""
    sights = [sight for seed in (1, 2) for sight in hot_and_cold(seed, 300)]
    asked = [expression(sight, lot) for sight in sights for lot in (0, 1)]
    got = coq.compute_all("Prequal", asked)
    for sight, lots in zip(sights, zip(got[::2], got[1::2], strict=True), strict=True):
        assert sight.lent in lots
    assert {sight.lent for sight in sights} == {0, 1}
