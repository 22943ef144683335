"""Prequal: the engine lends what the proved rule lends, and knows whom the proved pool knows."""

from __future__ import annotations

import random
from collections import deque
from math import ceil
from typing import NamedTuple

from evenly import Pick
from evenly.balancer.virtual import VirtualClock
from evenly.theory.laws.ground import members
from evenly.theory.laws.prequal import QUANTILE, Sight, hot_and_cold
from tests.proofs.bits import Bits
from tests.proofs.model import Coq, listed


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


class Look(NamedTuple):
    """One node that is looked at."""

    node: int
    uses: int
    load: int
    latency: int


class Walk:
    """Picks of the engine where no two ranks are equal, so that nothing but who is looked at is left to chance.

    Each node has had requests that nobody answers, since a moment of its own: its latency is that silence. Loads lie so
    far apart that no use of a sight makes two of them alike. The first node fails.
    """

    def __init__(self, seed: int, nodes: int, gap: int) -> None:
        self.rng, self.bits, self.clock = random.Random(seed), Bits(seed), VirtualClock(seed)
        self.balancer = self.clock.balancer(
            members(nodes), strategy="round_robin", slow_start=0, ejection=None
        )
        self.names = list(range(nodes))
        self.loads = [gap * place for place in range(1, 2 * nodes + 1)]
        self.held: list[list[Pick]] = [[] for _ in self.names]
        self.silent_from = [0] * nodes
        for lent in range(nodes * self.loads[-1]):
            self.bits.begin()
            node = self.lend()
            if lent < nodes:
                self.silent_from[node] = round(1024 * self.clock.now)
                self.clock.advance(1 / 1024)
        self.rng.shuffle(self.loads)
        for pick in self.held[0][:2]:
            pick.fail("refused")
            pick.__exit__(None, None, None)
        del self.held[0][:2]
        for node in self.names:
            self.unload(node)
        self.balancer.strategy = "prequal"
        self.clock.advance(1)
        self.now = 0
        self.seen: deque[int] = deque(maxlen=64)
        self.rounds: list[tuple[list[int], list[Look], int | None, int, int]] = []
        self.happened: list[tuple[int, list[int]]] = []

    def lend(self) -> int:
        """One pick that is not answered."""
        pick = self.balancer.pick()
        self.bits.end()
        self.held[int(pick.id)].append(pick)
        return int(pick.id)

    def cancel(self, node: int) -> None:
        """Give up on one of them."""
        self.held[node].pop().__exit__(KeyError, KeyError(), None)

    def unload(self, node: int) -> None:
        """Give up on so many that the load is one which no node has had, if there is a lower one."""
        lower = [load for load in self.loads if load < len(self.held[node])]
        if lower:
            self.loads.remove(lower[0])
            while len(self.held[node]) > lower[0]:
                self.cancel(node)

    def look(self, drained: int | None) -> list[Look]:
        """What the next pick looks at and notes: not who cannot be lent."""
        looked: list[int] = []
        sees = []
        self.bits.begin()
        for last in range(len(self.names) - 3, len(self.names)):
            lot = self.bits.below(last + 1)
            looked.append(last if lot in looked else lot)
            node = self.names[looked[-1]]
            if node == drained:
                continue
            uses = int(min(reuse(len(self.names)) + self.bits.unit(), 999))
            silence = round(1024 * self.clock.now) - self.silent_from[node]
            sees.append(Look(node, uses, len(self.held[node]), silence))
            self.seen.append(sees[-1].load)
        return sees

    def step(self) -> None:
        """Time passes, loads fall, a node leaves or is drained, and one is lent."""
        eighths = self.rng.choice((0, 0, 0, 1, 1, 2, 9 if self.rng.random() < 0.1 else 3))
        self.clock.advance(eighths / 8)
        self.now += eighths
        self.unload(self.rng.choice(self.names))
        if self.rng.random() < 0.08:
            gone = self.names.pop(self.rng.randrange(1, len(self.names)))
            self.balancer.remove(str(gone))
        drained = self.rng.choice([None, *self.names])
        if drained is not None:
            self.balancer.drain(str(drained))
        sees = self.look(drained)
        limit = sorted(self.seen)[ceil(QUANTILE * len(self.seen)) - 1]
        self.rounds.append((self.names.copy(), sees, drained, limit, self.now))
        lent = self.lend()
        self.cancel(lent)
        known = [one for one in self.balancer.explain().candidates if one.score is not None]
        known.sort(key=lambda one: one.score or 0)
        self.happened.append((lent, [int(one.id) for one in known]))
        if drained is not None:
            self.balancer.undrain(str(drained))

    def expression(self) -> str:
        """The model's trace. Latencies are only compared, so their ranks will do."""
        latencies = sorted({look.latency for _, sees, *_ in self.rounds for look in sees})
        rank = {latency: place for place, latency in enumerate(latencies)}
        rounds = []
        for names, sees, drained, limit, now in self.rounds:
            seen = listed(
                f"Sight {node} {now} {uses} {str(node == 0).lower()} {load} {rank[latency]} 1"
                for node, uses, load, latency in sees
            )
            fit = "xpredT" if drained is None else f"(predC1 {drained})"
            rounds.append(f"Round {now} 8 {listed(names)} {seen} {fit} {limit} 0")
        return f"trace empty {listed(rounds)}"


def reuse(nodes: int) -> float:
    """How often a sight may be used, as the engine reckons it."""
    left = (1 - 16 / nodes) * 3 - 1
    return max(2 / left, 1.0) if left > 0 else float("inf")


def test_the_engine_knows_whom_the_proved_pool_knows(coq: Coq) -> None:
    """Pick by pick, who is lent and who is known then, from the best to the worst; nodes are drained, and leave."""
    walks = [Walk(1, 50, 4), Walk(2, 36, 6), Walk(3, 28, 12)]
    for walk in walks:
        for _ in range(80):
            walk.step()
    got = coq.compute_all("Prequal", [walk.expression() for walk in walks])
    assert got == [walk.happened for walk in walks]
    assert max(len(known) for walk in walks for _, known in walk.happened) == 15
