"""Bounded load: theorem E.6."""

from __future__ import annotations

import random
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

from evenly import _engine
from evenly.theory.laws.ground import cluster, give_back, lend
from evenly.theory.laws.hashing import ORDERED
from evenly.theory.laws.law import law, need

if TYPE_CHECKING:
    from evenly.balancer import Balancer


def bounded() -> list[str]:
    """Name the strategies whose load can be bounded."""
    return [
        entry["name"]
        for entry in _engine.strategies()
        if "bounded_load" in [option["name"] for option in entry["options"]]
    ]


@law
def bounded_load_holds(seed: int) -> str:
    """With the bound c and m loans out, the next goes to a node with fewer than ceil(c (m + 1) w/W); there is one."""
    rng = random.Random(seed)
    picks = 0
    for name in bounded():
        for factor in (Fraction(1), Fraction(5, 4), Fraction(2)):
            weights = [rng.randint(1, 4) for _ in range(rng.randint(1, 7))]
            strategy = {"name": name, "bounded_load": float(factor)}
            balancer = cluster(weights, strategy, seed)
            held: list[_engine.Pick] = []
            for _ in range(120):
                if held and rng.random() < 0.4:
                    give_back(held.pop(rng.randrange(len(held))))
                    continue
                loads = [node.in_flight for node in balancer.nodes]
                # Half of the requests have one hot key.
                pick = balancer.pick(key=rng.choice([0, rng.randrange(1000)]))
                held.append(pick)
                node = int(pick.id)
                limit = ceil(factor * (sum(loads) + 1) * weights[node] / sum(weights))
                picks += 1
                need(
                    loads[node] < limit,
                    f"{name}, c = {factor}: {loads[node]} on node {node}, limit {limit}",
                )
    return f"{picks:,} picks, c = 1, 1.25 and 2, half of them with one hot key, on {', '.join(bounded())}"


@law
def there_is_always_room(seed: int) -> str:
    """For c >= 1 the limits ceil(c (m + 1) w_i/W) add up to more than m, whatever the weights."""
    rng = random.Random(seed)
    for _ in range(3000):
        weights = [rng.randint(1, 50) for _ in range(rng.randint(1, 12))]
        out, factor = rng.randint(0, 500), 1 + Fraction(rng.randint(0, 100), 100)
        limits = [ceil(factor * (out + 1) * weight / sum(weights)) for weight in weights]
        need(sum(limits) > out, f"weights {weights}, m = {out}, c = {factor}: limits {limits}")
    return "3,000 random weights, loads and bounds, exactly"


@law
def bounded_load_with_nodes_out(seed: int) -> str:
    """While some node is fit one is lent: a fit one, below its limit among all nodes, or else among the fit ones."""
    rng = random.Random(seed)
    picks = 0
    for name in bounded():
        for factor in (Fraction(1), Fraction(5, 4)):
            weights = [rng.randint(1, 4) for _ in range(rng.randint(2, 7))]
            balancer = cluster(weights, {"name": name, "bounded_load": float(factor)}, seed)
            held: list[_engine.Pick] = []
            out: set[int] = set()
            for _ in range(120):
                node = rng.randrange(len(weights))
                if rng.random() < 0.2 and len(out | {node}) < len(weights):
                    out ^= {node}
                    (balancer.drain if node in out else balancer.undrain)(str(node))
                elif held and rng.random() < 0.4:
                    give_back(held.pop(rng.randrange(len(held))))
                else:
                    loads = [view.in_flight for view in balancer.nodes]
                    held.append(balancer.pick(key=rng.randrange(3)))
                    node = int(held[-1].id)
                    fits = [at for at in range(len(weights)) if at not in out]
                    limits = [
                        _limit(factor, [loads[at] for at in among], [weights[at] for at in among])
                        * weights[node]
                        for among in (range(len(weights)), fits)
                    ]
                    picks += 1
                    need(
                        node not in out and loads[node] < max(map(ceil, limits)),
                        f"{name}, c = {factor}, out {out}: {loads[node]} on node {node}, limits {limits}",
                    )
    return f"{picks:,} picks with up to all but one of the nodes out, on {', '.join(bounded())}"


def _limit(factor: Fraction, loads: list[int], weights: list[int]) -> Fraction:
    """The limit of a node of weight 1, not rounded."""
    return factor * (sum(loads) + 1) / sum(weights)


@law
def bounded_load_at_its_limits(seed: int) -> str:
    """At the greatest bound and the greatest weights limits are still exact: no product overflows."""
    rng = random.Random(seed)
    picks = 0
    for factor in (Fraction(1), Fraction(1000)):
        weights = [65_535, 65_535, 1]
        strategy = {"name": "rendezvous", "bounded_load": float(factor)}
        balancer = cluster(weights, strategy, seed)
        held: list[_engine.Pick] = []
        for _ in range(300):
            loads = [view.in_flight for view in balancer.nodes]
            held.append(balancer.pick(key=rng.choice(["hot", "cold"])))
            node, each = int(held[-1].id), _limit(factor, loads, weights)
            picks += 1
            need(
                loads[node] < ceil(each * weights[node]),
                f"c = {factor}: {loads[node]} on node {node} of weight {weights[node]}",
            )
    return f"{picks} picks, c = 1 and 1000, weights 1 and 65,535"


@law
def bounded_keys_keep_their_order(seed: int) -> str:
    """A key goes to the first of its own order that is below its limit: to its own node while that is."""
    rng = random.Random(seed)
    picks = own = 0
    for name in ORDERED:
        weights = [rng.randint(1, 3) for _ in range(rng.randint(2, 6))]
        free = cluster(weights, name, hash_seed=seed)
        orders = {key: order_of(free, key) for key in range(4)}
        strategy = {"name": name, "bounded_load": 1.25}
        balancer = cluster(weights, strategy, hash_seed=seed)
        held: list[_engine.Pick] = []
        for _ in range(200):
            if held and rng.random() < 0.4:
                give_back(held.pop(rng.randrange(len(held))))
                continue
            loads, key = [view.in_flight for view in balancer.nodes], rng.randrange(4)
            each = _limit(Fraction(5, 4), loads, weights)
            first = next(node for node in orders[key] if loads[node] < ceil(each * weights[node]))
            held.append(balancer.pick(key=key))
            picks, own = picks + 1, own + (first == orders[key][0])
            need(
                int(held[-1].id) == first,
                f"{name}: key {key} of order {orders[key]} went to {held[-1].id} with loads {loads}",
            )
    return f"{picks:,} picks on {', '.join(ORDERED)}; {own:,} found room on the key's own node"


def order_of(balancer: Balancer, key: int) -> list[int]:
    """Drain a key's nodes one after the other: what is left is lent in the key's own order."""
    order: list[int] = []
    for _ in balancer.nodes:
        order.append(lend(balancer, key))
        balancer.drain(str(order[-1]))
    for node in order:
        balancer.undrain(str(node))
    return order


@law
def bounded_load_peak(seed: int) -> str:
    """No node ever holds more than ceil(c M w/W) requests, M being the most that were ever in flight at once."""
    rng = random.Random(seed)
    moments = 0
    for name in bounded():
        for factor in (Fraction(1), Fraction(5, 4)):
            weights = [rng.randint(1, 4) for _ in range(rng.randint(1, 7))]
            balancer = cluster(weights, {"name": name, "bounded_load": float(factor)}, seed)
            held: list[_engine.Pick] = []
            peak = 0
            for _ in range(120):
                if held and rng.random() < 0.45:
                    give_back(held.pop(rng.randrange(len(held))))
                else:
                    held.append(balancer.pick(key="hot"))
                peak, moments = max(peak, len(held)), moments + 1
                for node, weight in zip(balancer.nodes, weights, strict=True):
                    limit = ceil(factor * peak * Fraction(weight, sum(weights)))
                    need(
                        node.in_flight <= limit,
                        f"{name}, c = {factor}: {node.in_flight} on {node.id}, limit {limit}",
                    )
    return f"{moments:,} moments of one hot key, c = 1 and 1.25, on {', '.join(bounded())}"
