"""What `/v1/clusters` says, in the few questions tests ask of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .waiting import until

if TYPE_CHECKING:
    from .proxy import Proxy


def nodes(proxy: Proxy, cluster: str = "users") -> dict[str, dict[str, Any]]:
    """Return the nodes of a cluster by their id."""
    found = next(one for one in proxy.clusters()["clusters"] if one["name"] == cluster)
    return {node["id"]: node for node in found["nodes"]}


def health(proxy: Proxy, node: str) -> tuple[str, str]:
    """Return the health of a node and its reason; unknown nodes have none."""
    found = nodes(proxy).get(node)
    return (found["health"], found["reason"]) if found else ("", "")


def wait_health(proxy: Proxy, node: str, *wanted: str) -> None:
    """Wait until the node's health or reason is one of these words."""
    until(
        lambda: set(health(proxy, node)) & set(wanted),
        f"{node} is {' or '.join(wanted)}",
    )


def in_flight(proxy: Proxy) -> int:
    """Add up what all nodes have in flight."""
    clusters = proxy.clusters()["clusters"]
    return sum(int(node["in_flight"]) for cluster in clusters for node in cluster["nodes"])


def idle(proxy: Proxy) -> None:
    """Wait until nothing is in flight."""
    until(lambda: in_flight(proxy) == 0, "nothing is in flight")
