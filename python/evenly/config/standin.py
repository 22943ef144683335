"""The engine's own balancer for a cluster of a file, on a clock that stands still: for questions, not for requests.

It makes no check, looks up no name and starts nobody slowly, so that what it answers follows from the file alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evenly.balancer.virtual import VirtualClock
from evenly.config import address
from evenly.node import Node

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from evenly.balancer import Balancer
    from evenly.config.cluster import ClusterSection
    from evenly.config.node import NodeSection

COUNTS_AS_ONE = "a host name counts as one node here, and as one per address in the proxy"
"""What is to be said of nodes given `by_name`, wherever it matters."""

CHECKED = ("every", "fast", "timeout", "rise", "fall", "jitter", "required")
"""What a check on a virtual clock goes by; a simulated node has no path to ask for."""

NOWHERE = "127.0.0.1:1"
"""Where a node stands whose address plays no part: keys are placed by ids."""


def settings(section: ClusterSection) -> dict[str, Any]:
    """The cluster's settings as a simulation takes them."""
    told = section.model_dump(
        include={"ejection", "slow_start", "queue", "hash_seed", "retries", "subset"}
    )
    # How much of a body is kept for a retry is the proxy's business alone.
    del told["retries"]["body_bytes"]
    if section.health is not None:
        told["health"] = section.health.model_dump(include=set(CHECKED))
    return told


def by_name(node: NodeSection) -> bool:
    """Whether the node is given by a host name, which stands for one node per address."""
    return (
        not node.address.startswith("unix:") and address.ip(address.split(node.address)[0]) is None
    )


def as_node(node: NodeSection) -> Node:
    """The node as the library has it. A host name counts as one node, since nobody looks it up here."""
    where = NOWHERE if by_name(node) else node.address
    return Node(where, id=node.name, weight=node.weight, capacity=node.capacity)


def said_out(section: ClusterSection) -> dict[str, str]:
    """The nodes that the file itself drains or takes down, each with the word for it."""
    return {node.name: node.state for node in section.nodes if node.state != "serve"}


def balancer(
    section: ClusterSection,
    nodes: Sequence[Node] | None = None,
    out: Mapping[str, str] | None = None,
    *,
    name: str = "default",
    seed: int = 0,
) -> Balancer:
    """The cluster's balancer over its nodes, or over these, of which those in `out` are drained ("drain") or "down".

    Unless said, those that the file itself drains or takes down are out.
    """
    made = VirtualClock(seed).balancer(
        [as_node(node) for node in section.nodes] if nodes is None else nodes,
        name=name,
        strategy=section.strategy,
        hash_seed=section.hash_seed,
        subset=section.subset and section.subset.model_dump(),
        slow_start=0,
    )
    administer(made, said_out(section) if out is None else out)
    return made


def administer(made: Balancer, words: Mapping[str, str]) -> None:
    """Drain nodes, take them down or let them serve again; a subset may have left some of them out."""
    for view in made.nodes:
        if view.id in words:
            made._administer(view.id, words[view.id])
