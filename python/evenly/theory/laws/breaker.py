"""Breakers: scenario 5.2. An ejected node comes back by one probe."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from evenly import _engine
from evenly.balancer.virtual import VirtualClock
from evenly.theory.laws.ground import give_back, members
from evenly.theory.laws.law import law, need


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
