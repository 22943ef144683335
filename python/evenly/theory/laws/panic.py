"""Panic: theorem 3.3.2. Who is lent when nobody is well, and whose word holds over the facts."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from evenly import _engine
from evenly.balancer.virtual import VirtualClock
from evenly.errors import NoNodeAvailable
from evenly.node import NodeView
from evenly.theory.laws.ground import cluster, give_back, members, registered
from evenly.theory.laws.law import law, need
from evenly.theory.laws.scenario import simulated


class Choice(NamedTuple):
    """One pick of the engine among nodes in trouble."""

    nodes: tuple[NodeView, ...]
    """As they stood before it."""
    probed: frozenset[str]
    """Those whose probe was out."""
    tried: frozenset[str]
    """Those that the request had tried."""
    lent: str | None

    def may(self, view: NodeView) -> bool:
        """Whether the request may have the node: not drained, not taken down, not full, not tried."""
        room = view.capacity is None or view.in_flight < view.capacity
        return room and view.reason not in ("draining", "down") and view.id not in self.tried

    def fit(self, view: NodeView) -> bool:
        """Whether it may have it as usual."""
        half_open = view.reason == "breaker_half_open" and view.id not in self.probed
        return self.may(view) and (view.reason == "serving" or half_open)


def in_trouble(name: str, seed: int, turns: int, *, checked: bool = True) -> Iterator[Choice]:
    """Picks of a strategy while most requests fail and nodes are drained, taken down, full and tried."""
    rng = random.Random(seed)
    clock = VirtualClock(seed)
    options = {} if checked else {"health": {"tcp": True, "required": True}}
    balancer = clock.balancer(
        members(6, [1, 2, 2, 3, None, None]),
        strategy=name,
        slow_start=0,
        ejection={"consecutive": 1, "base": 1, "max": 4, "max_share": 1.0},
        **options,
    )
    held: list[tuple[_engine.Pick, bool]] = []
    for turn in range(turns):
        lot = rng.random()
        if lot < 0.15:
            balancer._administer(str(rng.randrange(6)), rng.choice(["serve", "drain", "down"]))
        elif lot < 0.2:
            clock.advance(1.5)
        elif lot < 0.45 and held:
            pick, _ = held.pop(rng.randrange(len(held)))
            if rng.random() < 0.8:
                pick.fail("refused")
            give_back(pick)
        else:
            tried = rng.sample([pick for pick, _ in held], min(len(held), rng.randrange(4)))
            probed = frozenset(pick.id for pick, probe in held if probe)
            before = Choice(balancer.nodes, probed, frozenset(pick.id for pick in tried), None)
            try:
                pick = balancer._pick_untried(turn, tried)
            except NoNodeAvailable:
                yield before
                continue
            yield before._replace(lent=pick.id)
            was = next(view for view in before.nodes if view.id == pick.id)
            held.append((pick, was.reason == "breaker_half_open" and before.fit(was)))


@law
def panic_never_returns_nothing(seed: int) -> str:
    """While one node is not drained, taken down, full or tried, a pick is lent, and such a one; else it is refused."""
    lent = refused = 0
    for name in registered():
        for checked in (True, False):
            for choice in in_trouble(name, seed, 200, checked=checked):
                may = {view.id for view in choice.nodes if choice.may(view)}
                if choice.lent is None:
                    refused += 1
                    need(not may, f"{name}: refused, and {may} might have been lent")
                else:
                    lent += 1
                    need(choice.lent in may, f"{name}: {choice.lent} of {may} was lent")
    return (
        f"{len(registered())} strategies, checked and not: {lent:,} picks lent, {refused:,} refused"
    )


@law
def panic_takes_the_least_sick(seed: int) -> str:
    """In panic an ejected node is lent only if none is fit, and one that fails its check only after those."""
    panics = 0
    for name in registered():
        for choice in in_trouble(name, seed, 200):
            fit = {view.id for view in choice.nodes if choice.fit(view)}
            if choice.lent is not None and fit:
                need(choice.lent in fit, f"{name}: {choice.lent} was lent, and {fit} are fit")
            panics += choice.lent is not None and not fit
    # One node that fails its checks, one that fails its requests, and one that is drained at last.
    for name in ("round_robin", "least_connections", "power_of_two", "consistent_hash", "first"):
        happens = [(0.0, "kill", "0"), (0.0, "fail", "1"), (5.1, "drain", "2"), (8.1, "drain", "1")]
        report = simulated(
            {"name": name},
            4.0,
            [{}, {}, {}],
            seed,
            requests=44,
            warmup=0.0,
            arrivals={"kind": "deterministic", "rate": 4.0},
            service={"kind": "deterministic", "mean": 0.001},
            timeline=[{"at": at, "do": what, "node": node} for at, what, node in happens],
            trace_picks=True,
            settings={
                "ejection": {"consecutive": 1, "base": 100, "max": 100, "max_share": 1.0},
                "retries": {"extra": 0},
                "health": {"every": 1.0, "fast": 1.0, "fall": 1},
            },
        )
        fit, ejected, failing = (report["picks"][at : at + 10] for at in (8, 21, 33))
        found = f"{name}: {fit}, {ejected}, {failing}"
        need((fit, ejected, failing) == ([2] * 10, [1] * 10, [0] * 10), found)
        panics += 20
    return f"{len(registered())} strategies, {panics:,} picks in panic"


@law
def administrators_word_holds(seed: int) -> str:
    """Drained or taken down a node is not lent, whatever the other facts; else check and breaker say how it stands."""
    rng = random.Random(seed)
    words = {"drain": "draining", "down": "down"}
    for required in (False, True):
        health = {"tcp": True, "required": required}
        ejection = {"consecutive": 1, "max_share": 1.0}
        balancer = cluster(5, "round_robin", seed, ejection=ejection, health=health)
        word = ["serve"] * 5
        under = ["not_checked" if required else "serving"] * 5
        for _ in range(200):
            node = rng.randrange(5)
            if rng.random() < 0.5:
                word[node] = rng.choice(["serve", "drain", "down"])
                balancer._administer(str(node), word[node])
            elif set(word) & {"serve"}:
                pick = balancer.pick()
                at = int(pick.id)
                need(word[at] == "serve", f"{word[at]}, and it was lent")
                pick.fail("refused")
                give_back(pick)
                under[at] = balancer.nodes[at].reason
                need(not required or under[at] == "not_checked", f"required, and {under[at]}")
            stand = [view.reason for view in balancer.nodes]
            want = [words.get(each, fact) for each, fact in zip(word, under, strict=True)]
            need(stand == want, f"{word} over {under}: {stand}")
    return "200 words and failures over 5 nodes, checked and not"
