"""Everything that theory knows of a simulation, as data: the tests take the quick part, `make evidence` all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evenly import View
from evenly.node import NodeView
from evenly.simulate import (
    Deterministic,
    Exponential,
    HyperExponential,
    LogNormal,
    Poisson,
    SimNode,
    Uniform,
)
from evenly.simulate.service import Service
from evenly.theory.closed import (
    mg1,
    mm1,
    mmc,
    reference,
    round_robin,
    shortest_queue,
    split,
)
from scripts.evidence.case import BATCHES, Case, Expected, enough

__all__ = ["LOADS", "ageing", "cases"]

LOADS = (0.5, 0.7, 0.8, 0.9, 0.95, 0.99)
TWO = {"name": "power_of_two", "load": "in_flight"}
SHORTEST = {"name": "least_connections"}
MOST = 30_000_000
"""No case is longer: a hundred queues at .99 would have to be, to forget often enough."""
PERCENTS = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


def two_with_replacement(view: View) -> NodeView:
    """Two draws that may fall on the same node, as the theory of many nodes has them."""
    first, second = view.rng.choice(view.nodes), view.rng.choice(view.nodes)
    return first if first.in_flight <= second.in_flight else second


def cases() -> Iterator[Case]:
    """Every case, table by table."""
    yield from one_server()
    yield from any_size()
    yield from shared_queue()
    yield from losses()
    yield from blind()
    yield from choices()
    yield from static_splits()


def world(strategy: object, rate: float, **more: Any) -> dict[str, Any]:
    """Poisson arrivals and exponential sizes of mean 1, unless said otherwise."""
    usual = {"strategies": [strategy], "arrivals": Poisson(rate), "service": Exponential(1.0)}
    return usual | more


def one_server() -> Iterator[Case]:
    """M/M/1 with its quantiles."""
    for rho in LOADS:
        quantiles = {name: Expected(mm1.quantile(q, rho)) for name, q in PERCENTS.items()}
        expected = {"mean": Expected(mm1.mean_response(rho)), **quantiles}
        yield Case("one", "M/M/1", rho, enough(rho), expected, world("random", rho, nodes=1))


def any_size() -> Iterator[Case]:
    """M/G/1 in turn, where the variance counts, and shared, where it does not."""
    laws: tuple[tuple[str, Service, float], ...] = (
        ("all equal", Deterministic(1.0), 0.0),
        ("uniform on (0, 2)", Uniform(0.0, 2.0), 1 / 3),
        ("hyperexponential, cv² 4", HyperExponential(1.0, 4.0), 4.0),
        ("hyperexponential, cv² 10", HyperExponential(1.0, 10.0), 10.0),
    )
    for name, law, cv2 in laws:
        for rho in LOADS:
            count = enough(rho, cv2=cv2)
            expected = {"mean": Expected(mg1.mean_response(rho, cv2))}
            scenario = world("random", rho, nodes=1, service=law)
            yield Case("sizes", f"in turn, {name}", rho, count, expected, scenario)
    shared = [SimNode(discipline="ps")]
    exponential: tuple[str, Service, float] = ("exponential", Exponential(1.0), 1.0)
    for name, law, cv2 in (exponential, *laws):
        for rho in LOADS:
            count = enough(rho, cv2=cv2)
            expected = {"mean": Expected(mg1.mean_response_shared(rho))}
            scenario = world("random", rho, nodes=shared, service=law)
            yield Case("sizes", f"shared, {name}", rho, count, expected, scenario)


def shared_queue() -> Iterator[Case]:
    """M/M/c: one node with c servers."""
    for servers in (2, 4, 10, 100):
        for rho in LOADS:
            expected = {
                "mean": Expected(mmc.mean_response(servers, rho)),
                "p99": Expected(mmc.quantile(0.99, servers, rho)),
            }
            scenario = world("random", servers * rho, nodes=[SimNode(concurrency=servers)])
            count = enough(rho, pooled=True)
            yield Case("servers", f"{servers} servers", rho, count, expected, scenario)


def losses() -> Iterator[Case]:
    """Erlang's loss: no queue, what finds all servers busy is refused. Also in overload, and for every law of sizes."""
    alone = {"ejection": False, "retries": {"extra": 0}}
    for name, law in (("exponential", Exponential(1.0)), ("log-normal", LogNormal(1.0, 2.0))):
        for servers in (2, 10, 100):
            for rho in (0.5, 0.7, 0.8, 0.9, 1.0, 1.2):
                offered = servers * rho
                served = offered * (1 - mmc.erlang_b(servers, offered))
                nodes = [SimNode(concurrency=servers, queue_limit=0)]
                scenario = world("random", offered, nodes=nodes, service=law, settings=alone)
                row = f"{servers} servers, {name}"
                yield Case("losses", row, rho, 400_000, {"throughput": Expected(served)}, scenario)


def blind() -> Iterator[Case]:
    """Random and round robin: rules that see no load."""
    for rho in LOADS:
        expected = {"mean": Expected(mm1.mean_response(rho))}
        if enough(rho, queues=10) > MOST:
            continue
        scenario = world("random", 10 * rho, nodes=10)
        yield Case("blind", "random, 10", rho, enough(rho, queues=10), expected, scenario)
    for nodes in (2, 4, 10, 100):
        for rho in LOADS:
            expected = {
                "mean": Expected(round_robin.mean_response(nodes, rho)),
                "p99": Expected(round_robin.quantile(0.99, nodes, rho)),
            }
            scenario = world("round_robin", nodes * rho, nodes=nodes)
            count = enough(rho, queues=nodes)
            if count > MOST:
                continue
            yield Case("blind", f"round robin, {nodes}", rho, count, expected, scenario)


def choices() -> Iterator[Case]:
    """Two choices and the shortest queue, against exact chains and an independent simulation."""
    for rho in LOADS:
        expected = {"mean": Expected(shortest_queue.mean_response_two(rho))}
        count = enough(rho, pooled=True)
        scenario = world(SHORTEST, 2 * rho, nodes=2)
        yield Case("choices", "shortest queue, 2", rho, count, expected, scenario)
    strategies: dict[str, object] = {
        "two choices": TWO,
        "two choices, with replacement": two_with_replacement,
        "shortest queue": SHORTEST,
    }
    for (policy, nodes), row in reference.FEW_NODES.items():
        for rho, (mean, error) in row.items():
            expected = {"mean": Expected(mean, error)}
            scenario = world(strategies[policy], nodes * rho, nodes=nodes)
            count = max(2_000_000, enough(rho, pooled=True), 10_000 * nodes)
            if strategies[policy] is two_with_replacement:
                count = 150_000
            yield Case("choices", f"{policy}, {nodes}", rho, count, expected, scenario)


def static_splits() -> Iterator[Case]:
    """Three nodes of speed 1, 2 and 4: shares by speed, and by the square-root law."""
    speeds = (1.0, 2.0, 4.0)
    for rho in (5 / 7, 0.9):
        rate = 7 * rho
        for row, rule in (("by speed", split.proportional), ("square root", split.optimal)):
            shares = rule(speeds, rate)
            # Weights are whole numbers: a thousandth of the speed is exact enough to be held by its own figure.
            weights = [round(1000 * share) for share in shares]
            given = [rate * weight / sum(weights) for weight in weights]
            nodes = [
                SimNode(speed=speed, weight=weight)
                for speed, weight in zip(speeds, weights, strict=True)
            ]
            expected = {"mean": Expected(split.mean_response(speeds, given))}
            scenario = world("random", rate, nodes=nodes)
            yield Case("splits", row, rho, enough(rho, queues=7), expected, scenario)


def ageing() -> Iterator[Case]:
    """A hundred nodes at .9 that tell their loads only now and then; what theory knows is good to half a percent.

    Theory lets chance decide between equal loads. So does `least_connections`; `power_of_two` takes the node with
    fewer recent picks, which is a little better: it is bounded by theory, not equal to it.
    """
    strategies = (
        ("two choices", {"name": "power_of_two", "load": "reported"}),
        ("least loaded", {"name": "least_connections", "load": "reported"}),
    )
    for age, means in reference.AGEING.items():
        for (row, strategy), mean in zip(strategies, means, strict=True):
            if mean is None:
                continue
            # A wave of herding lasts one age: each of the 32 batches shall see thirty of them.
            count = max(3_000_000, int(BATCHES * 30 * age * 90))
            expected = {"mean": Expected(mean, 0.005 * mean)}
            scenario = world(strategy, 90.0, nodes=100, report_every=age)
            yield Case("ageing", row, age, count, expected, scenario)
