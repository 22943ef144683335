"""Performance: theorems 3.2.1 and 3.2.2, corrected, and Little's law on the engine's own log."""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import product

from evenly import _engine
from evenly.balancer.virtual import VirtualClock
from evenly.theory.laws.ground import cluster, give_back, members, registered
from evenly.theory.laws.law import law, need
from evenly.theory.model.load import load_dist


@law
def efficiency(seed: int) -> str:
    """The best split of T whole requests has min/max >= 1 - 1/k if and only if k divides T or T > k(k - 1)."""
    pairs = 0
    for count in range(1, 30):
        for total in range(1, 1200):
            least, most = total // count, -(-total // count)
            # least / most >= 1 - 1/k, in whole numbers.
            good = least * count >= most * (count - 1)
            pairs += 1
            need(
                good == (total % count == 0 or total > count * (count - 1)),
                f"k = {count}, T = {total}: {least} / {most}",
            )
    for count in range(1, 5):
        for split in product(range(9), repeat=count):
            total = sum(split)
            # No split beats floor / ceil: least / most, in whole numbers.
            need(
                min(split) * -(-total // count) <= max(split) * (total // count),
                f"{split} is more even than the best split of {total}",
            )
    for count in range(2, 7):
        balancer = cluster(count, "least_connections", seed)
        held = []
        for total in range(1, count * (count - 1) + 3):
            held.append(balancer.pick())
            loads = sorted(node.in_flight for node in balancer.nodes)
            need(
                loads[0] == total // count and loads[-1] == -(-total // count),
                f"k = {count}, T = {total}: {loads} is not the best split",
            )
    return f"{pairs:,} pairs of k and T; least_connections reaches the best split at each T"


def log(name: str, seed: int) -> tuple[list[tuple[int, int]], list[int], int]:
    """A drained run, in ticks of 1/1024 s: (node, response time) of each, each node's integral of N, and its end.

    The ticks are read from the clock itself, so that what is compared is what the engine saw.
    """
    rng, clock = random.Random(seed), VirtualClock(seed)
    balancer = clock.balancer(members([1, 2, 3, 4]), strategy=name, slow_start=0)
    held: list[tuple[int, _engine.Pick]] = []
    done: list[tuple[int, int]] = []
    integrals, now = [0] * len(balancer.nodes), 0
    while len(done) < 150:
        ticks = rng.randint(0, 9)
        for at, node in enumerate(balancer.nodes):
            integrals[at] += ticks * node.in_flight
        clock.advance(ticks / 1024)
        now += ticks
        if held and (rng.random() < 0.45 or len(done) + len(held) == 150):
            since, pick = held.pop(rng.randrange(len(held)))
            done.append((int(pick.id), now - since))
            give_back(pick)
        else:
            held.append((now, balancer.pick(key=len(done))))
    return done, integrals, now


@law
def little(seed: int) -> str:
    """On a run that begins and ends empty the integral of the number in system is the sum of the sojourn times."""
    for name in registered():
        done, integrals, _ = log(name, seed)
        sojourns = sum(time for _, time in done)
        need(sum(integrals) == sojourns, f"{name}: integral {sum(integrals)}, sojourns {sojourns}")
    return f"{len(registered())} strategies, 150 requests each, exactly"


@law
def little_means(seed: int) -> str:
    """On such a run L = lambda W, exactly; and the mean response of all is the sum over nodes of L_n / lambda."""
    for name in registered():
        done, integrals, end = log(name, seed)
        rate, mean = Fraction(len(done), end), Fraction(sum(time for _, time in done), len(done))
        number = Fraction(sum(integrals), end)
        need(number == rate * mean, f"{name}: L = {number}, lambda = {rate}, W = {mean}")
        by_node = sum(Fraction(each, end) / rate for each in integrals)
        need(mean == by_node, f"{name}: mean response {mean}, sum of L_n / lambda {by_node}")
    return f"{len(registered())} strategies, 150 requests each, exactly"


@law
def little_of_a_log(seed: int) -> str:
    """Of any log, the area under the number of those present is the sum of the times from arrival to departure."""
    rng = random.Random(seed)
    for _ in range(200):
        stays = []
        for _ in range(rng.randint(0, 12)):
            arrival = Fraction(rng.randint(0, 60), rng.randint(1, 6))
            stays.append((arrival, arrival + Fraction(rng.randint(0, 30), rng.randint(1, 6))))
        changes = [(at, "all", by) for stay in stays for at, by in zip(stay, (1, -1), strict=True)]
        # At one moment arrivals first: nobody leaves before coming.
        present = load_dist(["all"], sorted(changes, key=lambda change: (change[0], -change[2])))
        end = max((departure for _, departure in stays), default=0)
        area, times = present["all"].integral(0, end), sum(end - start for start, end in stays)
        need(area == times, f"{stays}: area {area}, times {times}")
    return "200 logs with rational times, exactly"


@law
def response_gap(seed: int) -> str:
    """The mean over requests is sum p_n W_n; it is the mean over nodes plus k Cov(p, W), equal iff that is 0."""
    for name in registered():
        done, _, _ = log(name, seed)
        times: dict[int, list[int]] = {}
        for node, time in done:
            times.setdefault(node, []).append(time)
        count = len(times)
        p = {node: Fraction(len(each), len(done)) for node, each in times.items()}
        w = {node: Fraction(sum(each), len(each)) for node, each in times.items()}
        over_requests = Fraction(sum(time for _, time in done), len(done))
        over_nodes = sum(w.values()) / count
        covariance = sum(p[n] * w[n] for n in times) / count - sum(p.values()) * over_nodes / count
        need(over_requests == sum(p[n] * w[n] for n in times), f"{name}: the mean is not sum p W")
        need(
            over_requests - over_nodes == count * covariance,
            f"{name}: gap {over_requests - over_nodes}, k Cov {count * covariance}",
        )
    return f"{len(registered())} strategies, 150 requests each, exactly"
