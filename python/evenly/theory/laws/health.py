"""Health: checks with hysteresis, breakers with one probe, and the order of panic."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from evenly import _engine
from evenly.balancer.virtual import VirtualClock
from evenly.errors import NoNodeAvailable
from evenly.node import NodeView
from evenly.theory.laws.ground import cluster, give_back, members, registered
from evenly.theory.laws.law import law, need
from evenly.theory.laws.scenario import simulated

__all__ = ["Moment", "life_of_a_breaker", "statuses"]


def statuses(results: Sequence[bool], rise: int, fall: int) -> list[str]:
    """Check a node of the engine, once a second, with these results; its status after each."""
    optional = _served(results, rise, fall, required=False)
    required = _served(results, rise, fall, required=True)
    return [
        "Unhealthy" if not may else "Healthy" if must else "Unknown"
        for may, must in zip(optional, required, strict=True)
    ]


def _served(results: Sequence[bool], rise: int, fall: int, *, required: bool) -> list[bool]:
    """Whether the node had requests after each check, beside one that is well."""
    timeline, was = [], True
    for second, well in enumerate(results):
        if well != was:
            word = "recover" if well else "kill"
            timeline.append({"at": max(second - 0.5, 0.0), "node": "0", "do": word})
        was = well
    health = {"every": 1.0, "fast": 1.0, "timeout": 0.5, "jitter": 0.0}
    health |= {"rise": rise, "fall": fall, "required": required}
    report = simulated(
        {"name": "round_robin"},
        4.0,
        [{}, {}],
        0,
        requests=4 * len(results),
        warmup=0.0,
        arrivals={"kind": "deterministic", "rate": 4.0},
        service={"kind": "deterministic", "mean": 0.001},
        timeline=timeline,
        trace_picks=True,
        settings={
            "ejection": None,
            "retries": {"extra": 0},
            "slow_start": 0,
            "health": health,
        },
    )
    picks = report["picks"]
    # Four requests a second; the fourth comes at the very moment of the next check.
    return [0 in picks[at : at + 3] for at in range(0, len(picks), 4)]


def _some_results(rng: random.Random, count: int) -> list[bool]:
    """Runs of good and bad results, of random lengths."""
    results: list[bool] = []
    while len(results) < count:
        results += [rng.random() < 0.5] * rng.randint(1, 5)
    return results[:count]


@law
def checks_have_hysteresis(seed: int) -> str:
    """A node goes down exactly after `fall` bad checks in a row, up after `rise` good ones, or its first."""
    rng = random.Random(seed)
    changes = 0
    for rise, fall in ((1, 1), (2, 3), (3, 2), (1, 4)):
        results = _some_results(rng, 120)
        was = "Unknown"
        for count, now in enumerate(statuses(results, rise, fall), 1):
            bad, good = not any(results[:count][-fall:]), all(results[:count][-rise:])
            down, up = bad and count >= fall, good and count >= rise
            if was == "Unknown":
                up = results[count - 1]
            want = "Unhealthy" if down else "Healthy" if up else was
            need(
                now == want, f"rise {rise}, fall {fall}, {results[:count][-8:]}: {was}, then {now}"
            )
            changes += now != was
            was = now
    return f"4 pairs of rise and fall, 120 checks each, simulated; {changes} changes"


@law
def changes_cost_their_runs(seed: int) -> str:
    """d downs and u ups in n checks have fall d + rise u <= n + rise - 1, and lie min(rise, fall) checks apart."""
    rng = random.Random(seed)
    for rise, fall in ((1, 1), (2, 3), (3, 2), (4, 2)):
        fastest = [True, *([False] * fall + [True] * rise) * 10]
        for results in (fastest, _some_results(rng, 120)):
            downs, ups, cost, last, was = 0, 0, 0, None, "Unknown"
            for count, now in enumerate(statuses(results, rise, fall), 1):
                if now != was:
                    apart = count if last is None else count - last
                    need(last is None or apart >= min(rise, fall), f"two changes {apart} apart")
                    downs, ups, last = downs + (now == "Unhealthy"), ups + (now == "Healthy"), count
                cost = fall * downs + rise * ups
                need(cost <= count + rise - 1, f"{downs} downs, {ups} ups in {count} checks")
                was = now
            met = cost == len(results) + rise - 1
            need(met or results is not fastest, f"at the fastest: {downs} downs, {ups} ups")
    return "4 pairs of rise and fall, 120 checks and the fastest flapping each, simulated"


class Moment(NamedTuple):
    """What happened to a node, and how it stood then."""

    event: str
    """As `proofs/Breaker.v` writes it."""
    lent: bool
    """Whether this was a proposal that was met."""
    state: str
    """Closed, Open or HalfOpen."""
    places: int
    """How many are taken on it."""


STATES = {"serving": "Closed", "breaker_open": "Open", "breaker_half_open": "HalfOpen"}


def life_of_a_breaker(seed: int, turns: int) -> Iterator[Moment]:
    """Propose a node of the engine, lend it in panic, let its loans end and time pass, at random."""
    rng = random.Random(seed)
    clock = VirtualClock(seed)
    ejection = {"consecutive": 1, "base": 1, "max": 1, "max_share": 1.0}
    # A pick goes to the first whenever that may be lent, and else to the second, which is always well.
    balancer = clock.balancer(members(2), strategy="first", slow_start=0, ejection=ejection)
    held = balancer.pick()
    held.fail("refused")
    give_back(held)
    other = balancer.pick()
    yield Moment("Propose", True, "Closed", 1)
    yield Moment("Leave Failure true", False, "Open", 0)
    loans: list[_engine.Pick] = []
    probes: list[_engine.Pick] = []
    for _ in range(turns):
        state, lot, met = STATES[balancer.nodes[0].reason], rng.random(), False
        if lot < 0.35:
            event, pick = "Propose", balancer.pick()
            if met := pick.id == "0":
                (probes if state == "HalfOpen" else loans).append(pick)
            else:
                give_back(pick)
        elif lot < 0.45 and (state == "Open" or probes):
            # The other one was tried already.
            event = "Panic"
            loans.append(balancer._pick_untried(None, [other]))
        elif lot < 0.9 and (out := [*loans, *probes]):
            pick = rng.choice(out)
            word = rng.choice(["Success", "Failure", "Cancelled"])
            if word == "Failure":
                pick.fail("refused")
            if word == "Cancelled":
                pick.__exit__(KeyError, KeyError(), None)
            else:
                give_back(pick)
            trips = str(word == "Failure").lower()
            event = f"LeaveProbe {word}" if pick in probes else f"Leave {word} {trips}"
            (probes if pick in probes else loans).remove(pick)
        else:
            event = "Wait"
            clock.advance(2.0)
        view = balancer.nodes[0]
        yield Moment(event, met, STATES[view.reason], view.in_flight)


@law
def half_open_lends_one_probe(seed: int) -> str:
    """A closed breaker lends, an open one does not, and a half-open one has one probe out at a time and no more."""
    state, probe, met = "Closed", False, 0
    for moment in life_of_a_breaker(seed, 2000):
        if moment.event == "Propose":
            may = state == "Closed" or (state == "HalfOpen" and not probe)
            need(moment.lent == may, f"{state}, probe out: {probe}, and lent: {moment.lent}")
            probe = probe or (may and state == "HalfOpen")
            met += moment.lent and probe
        elif moment.event.startswith("LeaveProbe"):
            need(probe, "two probes were out")
            probe = False
        state = moment.state
    return f"2,000 events around one node, {met} probes"


@law
def ejected_comes_back_by_a_probe(seed: int) -> str:
    """A breaker moves as its table says; closed after open, it has waited and, after that, passed its one probe."""
    was, waited, back = "Closed", False, 0
    for event, _, now, _ in life_of_a_breaker(seed, 2000):
        happened = f"{was}, {event}: {now}"
        waited = waited or (was == "Open" and event == "Wait")
        match was, now:
            case "Closed", "Open":
                need(event == "Leave Failure true", happened)
                waited = False
            case "Open", "HalfOpen":
                need(event == "Wait", happened)
            case "HalfOpen", "Closed":
                need(event == "LeaveProbe Success" and waited, happened)
                back += 1
            case "HalfOpen", "Open":
                need(event == "LeaveProbe Failure", happened)
                waited = False
            case _:
                need(was == now, happened)
        was = now
    return f"2,000 events around one node, {back} returns"


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
