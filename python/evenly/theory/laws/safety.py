"""Safety: axioms 1.3.1 and 1.3.2 and theorem 3.1.1, as invariants that admission enforces."""

from __future__ import annotations

import random

from evenly import _engine
from evenly.errors import NoNodeAvailable
from evenly.theory.laws.ground import cluster, give_back, lend, registered
from evenly.theory.laws.law import law, need
from evenly.theory.model import admits, room_is_certain


@law
def ledger(seed: int) -> str:
    """After every event, for each node and in total: lent = completed + failed + in flight; refusals count apart."""
    rng = random.Random(seed)
    events = 0
    for name in registered():
        balancer = cluster(5, name, seed, capacities=[1, 2, 3, None, 4], ejection=None)
        lent, ended, failed = [0] * 5, [0] * 5, [0] * 5
        held: list[_engine.Pick] = []
        for turn in range(120):
            if held and rng.random() < 0.45:
                pick = held.pop(rng.randrange(len(held)))
                node = int(pick.id)
                if rng.random() < 0.3:
                    pick.fail("refused")
                    failed[node] += 1
                else:
                    ended[node] += 1
                give_back(pick)
            else:
                try:
                    pick = balancer.pick(key=turn)
                except NoNodeAvailable:
                    continue
                held.append(pick)
                lent[int(pick.id)] += 1
            events += 1
            for node, view in enumerate(balancer.nodes):
                books = (view.picks, view.failures, view.in_flight)
                ours = (lent[node], failed[node], lent[node] - ended[node] - failed[node])
                need(books == ours, f"{name}, node {node}: {books}, ours {ours}")
        out = sum(view.in_flight for view in balancer.nodes)
        need(out == len(held), f"{name}: {out} in flight, {len(held)} held")
    return f"{events:,} events over {len(registered())} strategies"


@law
def capacity(seed: int) -> str:
    """x_i <= C_i after every event, and a request is refused only when every node that may serve is full."""
    rng = random.Random(seed)
    refused = 0
    for name in registered():
        limits = [rng.randint(1, 4) for _ in range(4)]
        balancer = cluster(4, name, seed, capacities=limits)
        balancer.drain("3")
        held: list[_engine.Pick] = []
        for turn in range(150):
            if held and rng.random() < 0.35:
                give_back(held.pop(rng.randrange(len(held))))
                continue
            full = len(held) == sum(limits[:3])
            try:
                pick = balancer.pick(key=turn)
            except NoNodeAvailable:
                refused += 1
                need(full, f"{name}: refused with {len(held)} of {sum(limits[:3])} places taken")
                continue
            held.append(pick)
            need(not full and pick.id != "3", f"{name}: lent {pick.id}, a full or draining node")
            for view, limit in zip(balancer.nodes, limits, strict=True):
                need(view.in_flight <= limit, f"{name}: {view.in_flight} of {limit}")
    return f"{len(registered())} strategies, {refused:,} refusals, each with every place taken"


@law
def admission(seed: int) -> str:
    """A job of s units fits on some node whenever total + k s < sum C + k; for s = 1 that is total < sum C, exact."""
    rng = random.Random(seed)
    fits = 0
    for _ in range(4000):
        limits = [rng.randint(1, 6) for _ in range(rng.randint(1, 5))]
        loads = [rng.randint(0, limit) for limit in limits]
        size, count = rng.randint(1, 4), len(limits)
        room = any(load + size <= limit for load, limit in zip(loads, limits, strict=True))
        enough = sum(loads) + count * size < sum(limits) + count
        said = f"capacities {limits}, loads {loads}, size {size}"
        need(bool(admits(loads, limits, size)) == room, f"{said}: room {room}")
        need(room_is_certain(sum(loads), limits, size) == enough, f"{said}: certain {enough}")
        need(room or not enough, f"{said}: no room")
        need(size > 1 or room == enough, f"{said}: not exact")
        fits += enough
    tight = not admits([2, 2], [3, 3], 2) and not room_is_certain(4, [3, 3], 2)
    need(tight and room_is_certain(3, [3, 3], 2), "C = (3,3), loads (2,2), s = 2 is the tight case")
    return f"4,000 random states, {fits:,} of them with room by the bound"


@law
def given_back_once(seed: int) -> str:
    """A place is given back exactly once, however often one leaves."""
    for name in registered():
        balancer = cluster(1, name, seed, capacities=[2])
        first, second = balancer.pick(key=1), balancer.pick(key=2)
        give_back(first)
        give_back(first)
        need(balancer.nodes[0].in_flight == 1, f"{name}: {balancer.nodes[0].in_flight} in flight")
        give_back(second)
        need(balancer.nodes[0].in_flight == 0, f"{name}: a place was lost")
        need(lend(balancer, 3) == 0, f"{name}: the node cannot be lent again")
    return f"{len(registered())} strategies, two leaves of one loan"
