"""The same clusters in simpy, as one would write them: single-server nodes, first come first served.

The benchmark runs it beside ours, and a test holds both to the same figures.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator

import simpy

Chooser = Callable[[list["Queue"], random.Random, int], "Queue"]


class Queue(simpy.Resource):
    """A node: one server and whoever waits for it."""

    @property
    def in_system(self) -> int:
        """Waiting or served."""
        return self.count + len(self.queue)


def at_random(nodes: list[Queue], rng: random.Random, _number: int) -> Queue:
    """Any node."""
    return rng.choice(nodes)


def round_robin(nodes: list[Queue], _rng: random.Random, number: int) -> Queue:
    """The nodes in turn."""
    return nodes[number % len(nodes)]


def least_connections(nodes: list[Queue], rng: random.Random, _number: int) -> Queue:
    """The node with the fewest requests; ties go to chance."""
    least = min(node.in_system for node in nodes)
    return rng.choice([node for node in nodes if node.in_system == least])


def power_of_two(nodes: list[Queue], rng: random.Random, _number: int) -> Queue:
    """The better of two different nodes; ties go to chance, as the order of the sample is."""
    first, second = rng.sample(nodes, 2)
    return first if first.in_system <= second.in_system else second


CHOOSERS: dict[str, Chooser] = {
    "random": at_random,
    "round_robin": round_robin,
    "least_connections": least_connections,
    "power_of_two": power_of_two,
}


def play(
    strategy: str, *, nodes: int, servers: int = 1, rate: float, requests: int, seed: int
) -> list[float]:
    """Response times in the order of arrival: Poisson arrivals at `rate`, exponential service of mean 1."""
    environment = simpy.Environment()
    rng = random.Random(seed)
    pool = [Queue(environment, capacity=servers) for _ in range(nodes)]
    chooser = CHOOSERS[strategy]
    times = [0.0] * requests

    def request(number: int) -> Generator[simpy.Event]:
        came = environment.now
        with chooser(pool, rng, number).request() as turn:
            yield turn
            yield environment.timeout(rng.expovariate(1.0))
        times[number] = environment.now - came

    def source() -> Generator[simpy.Event]:
        for number in range(requests):
            yield environment.timeout(rng.expovariate(rate))
            environment.process(request(number))

    environment.process(source())
    environment.run()
    return times
