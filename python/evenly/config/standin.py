"""The engine's own balancer for a cluster of a file, on a clock that stands still: for questions, not for requests.

It makes no check, looks up no name and starts nobody slowly, so that what it answers follows from the file alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenly.balancer.virtual import VirtualClock
from evenly.config import address
from evenly.node import Node

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from evenly.balancer import Balancer
    from evenly.config.cluster import ClusterSection
    from evenly.config.node import NodeSection

NOWHERE = "127.0.0.1:1"
"""Where a node stands whose address plays no part: keys are placed by ids."""


def by_name(node: NodeSection) -> bool:
    """Whether the node is given by a host name, which stands for one node per address."""
    return (
        not node.address.startswith("unix:") and address.ip(address.split(node.address)[0]) is None
    )


def as_node(node: NodeSection) -> Node:
    """The node as the library has it. A host name counts as one node, since nobody looks it up here."""
    where = NOWHERE if by_name(node) else node.address
    return Node(where, id=node.name, weight=node.weight, capacity=node.capacity)


def balancer(
    section: ClusterSection,
    nodes: Sequence[Node] | None = None,
    out: Collection[str] | None = None,
    *,
    name: str = "default",
    seed: int = 0,
) -> Balancer:
    """The cluster's balancer over its nodes, or over these, of which those named in `out` take nothing.

    Unless said, the nodes that the file itself drains or takes down are out.
    """
    made = VirtualClock(seed).balancer(
        [as_node(node) for node in section.nodes] if nodes is None else nodes,
        name=name,
        strategy=section.strategy,
        hash_seed=section.hash_seed,
        subset=section.subset and section.subset.model_dump(),
        slow_start=0,
    )
    if out is None:
        out = [node.name for node in section.nodes if node.state != "serve"]
    take_out(made, out)
    return made


def take_out(made: Balancer, out: Collection[str]) -> None:
    """Drain the nodes of these ids, where there are such: a subset may have left them out."""
    for view in made.nodes:
        if view.id in out:
            made.drain(view.id)
