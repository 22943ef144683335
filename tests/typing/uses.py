"""Uses of the public API whose types mypy must find as they are asserted here. Read by `test_types.py`, never run."""

from __future__ import annotations

from typing import assert_type

import evenly
from evenly import simulate as simulator
from evenly.balancer import Acquire, Attempt

users = evenly.Balancer(["10.0.0.1:80", evenly.Node("10.0.0.2:80", weight=2), {"address": "c:80"}])

with users.pick(key=42) as pick:
    assert_type(pick, evenly.Pick)
    assert_type(str(pick), str)
    assert_type(pick.node, evenly.NodeView)
    pick.status(503, retry_after=1.5)
    pick.fail("why")

assert_type(users.acquire(timeout=1.0), Acquire)
with users.acquire() as waited:
    assert_type(waited, evenly.Pick)


async def coroutine() -> int:
    """What awaits."""
    async with users.acquire("250ms", key=b"k") as awaited:
        assert_type(awaited, evenly.Pick)
    async for attempt in users.attempts(3):
        assert_type(attempt, Attempt)
        with attempt as tried:
            assert_type(tried, evenly.Pick)
    return 1


for again in users.attempts(3, key="k"):
    assert_type(again, Attempt)
    with again as one:
        assert_type(one, evenly.Pick)

for node in users.nodes:
    assert_type(node.id, str)
    assert_type(node.capacity, int | None)
    assert_type(node.latency, float | None)

assert_type(users.balance_ratio(), float)
assert_type(users.peak_to_mean(), float)
assert_type(users.jain_index(), float)


@evenly.strategy
def emptiest(view: evenly.View) -> evenly.NodeView:
    """A strategy as a function keeps its type."""
    return min(view.nodes, key=lambda node: node.in_flight)


@evenly.strategy
class Sticky:
    """A strategy as a class keeps its type."""

    last: str | None = None

    def pick(self, view: evenly.View) -> evenly.NodeView:
        """Choose."""
        return view.nodes[0]


assert_type(Sticky(), Sticky)
users.strategy = "random"
users.strategy = {"name": "power_of_two", "load": "in_flight"}
users.strategy = evenly.PowerOfTwo(load="in_flight")
users.strategy = emptiest
users.strategy = Sticky
users.strategy = Sticky()

try:
    users.pick()
except evenly.NoNodeAvailable as refusal:
    assert_type(refusal.retry_after, float | None)
    assert_type(refusal.counts, dict[str, int])

simulated = simulator.simulate(
    ["random", evenly.RoundRobin(), evenly.PowerOfTwo(load="in_flight"), {"name": "random"}],
    nodes=[simulator.SimNode(speed=2), {"weight": 2}],
    arrivals=simulator.Bursty(rates=[1, 30], dwell=[60, 2]),
    service=simulator.Empirical([0.01, 0.02]),
    timeline=[simulator.Kill(at=10, node="n0"), {"do": "recover", "at": 20, "node": "n0"}],
    delay="1ms",
)
assert_type(simulated, simulator.Results)
assert_type(simulated[0], simulator.Result)
assert_type(simulated["random"].p99, simulator.Estimate)
assert_type(float(simulated[0].mean), float)
assert_type(simulated[0].series[0].mean, float | None)
