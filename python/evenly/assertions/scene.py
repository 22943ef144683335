"""From an assertion to what is simulated: the cluster of the file, and the circumstances."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenly.config import standin
from evenly.config.expectation import USUAL_RATE, USUAL_ZIPF
from evenly.plan.keys import keyed
from evenly.simulate import (
    Drain,
    Event,
    Exponential,
    Fail,
    KeyTrace,
    Kill,
    Poisson,
    Scenario,
    SimNode,
    Slow,
    Zipf,
)
from evenly.simulate.run import scenario_from

if TYPE_CHECKING:
    from evenly.config.cluster import ClusterSection
    from evenly.config.expectation import Expectation


def changed(section: ClusterSection, test: Expectation) -> ClusterSection:
    """The cluster once `leaves` and `joins` have happened."""
    stay = [node for node in section.nodes if node.name not in test.leaves]
    return section.model_copy(update={"nodes": [*stay, *test.joins]})


def out(section: ClusterSection, test: Expectation) -> dict[str, str]:
    """The nodes from which no answer can be expected, each with the word for it: drained or down, also by the file."""
    return {
        **standin.said_out(section),
        **dict.fromkeys(test.draining, "drain"),
        **dict.fromkeys(test.down, "down"),
    }


def scenario(section: ClusterSection, test: Expectation) -> Scenario:
    """What is simulated of a cluster that is `changed` already."""
    nodes = [
        SimNode(id=node.name, weight=node.weight, capacity=node.capacity, concurrency=test.at_once)
        for node in section.nodes
    ]
    return scenario_from(
        {
            "strategies": {section.strategy["name"]: section.strategy},
            "nodes": nodes,
            "arrivals": Poisson(rate(section, test)),
            "service": Exponential(test.service_time),
            "keys": _keys(section, test),
            "requests": test.picks,
            "seed": test.seed,
            "settings": standin.settings(section),
            "timeout": section.timeouts.response_head,
            "timeline": _timeline(section, test),
            # Every pick counts: who asserts something of 10,000 picks means all of them.
            "warmup": 0.0,
        }
    )


def rate(section: ClusterSection, test: Expectation) -> float:
    """Requests per second."""
    if test.load is None:
        return test.rate or USUAL_RATE
    able = len(section.nodes) * (test.at_once or 1) / test.service_time
    return test.load * able


def _keys(section: ClusterSection, test: Expectation) -> KeyTrace | Zipf | None:
    if test.key is not None:
        return KeyTrace([test.key])
    if test.keys is not None:
        return Zipf(test.keys, USUAL_ZIPF if test.zipf is None else test.zipf)
    # Hardly any key comes twice: what a hash then shows is its spread, and no popular key hides it.
    return Zipf(test.picks, 0.0) if keyed(section) else None


def _timeline(section: ClusterSection, test: Expectation) -> list[Event]:
    """Everything is as it is from the first moment on."""
    here = {node.name for node in section.nodes}
    said = standin.said_out(section)
    events: list[Event] = [
        *(Drain(0, name) for name in dict.fromkeys([*said, *test.draining])),
        *(Slow(0, name, factor) for name, factor in test.slow.items()),
        *(Fail(0, name, share) for name, share in test.failing.items()),
        *(Kill(0, name) for name in test.down),
    ]
    return [event for event in events if event.node in here]


def by_name(section: ClusterSection) -> list[str]:
    """Nodes given by host name, which count as one here."""
    return [node.name for node in section.nodes if standin.by_name(node)]
