"""What becomes of nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evenly.config import address, standin
from evenly.node import Node
from evenly.plan.changes import changes
from evenly.plan.model import Change, NodePlan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from evenly.config.cluster import ClusterSection
    from evenly.config.node import NodeSection
    from evenly.plan.model import State

Running = tuple[str, int]
"""Id and requests in flight of one node of the running proxy."""


def running(state: State | None, cluster: str) -> list[Running] | None:
    """The nodes of a cluster that runs; None when nobody has said."""
    for one in (state or {}).get("clusters", ()):
        if one["name"] == cluster:
            return [(node["id"], node["in_flight"]) for node in one["nodes"]]
    return None if state is None else []


def behind(node: NodeSection, live: list[Running] | None) -> list[Running]:
    """The running nodes that an entry of the file stands for: itself, or one per address of a host name."""
    if standin.by_name(node):
        return [one for one in live or () if one[0].startswith(f"{node.name}@")]
    return [one for one in live or () if one[0] == node.name]


def plans(
    before: ClusterSection | None, after: ClusterSection | None, live: list[Running] | None
) -> Iterator[NodePlan]:
    """Every node that something happens to, in the order of the old file, then of the new one."""
    old, new = _by_id(before), _by_id(after)
    for name in dict.fromkeys([*old, *new]):
        was, becomes = old.get(name), new.get(name)
        load = None
        if was is not None and live is not None:
            load = sum(in_flight for _, in_flight in behind(was, live))
        if was is None:
            yield NodePlan(name, "joins", _told(becomes))
        elif becomes is None:
            yield NodePlan(name, "leaves", in_flight=load)
        else:
            said = changes(was, becomes, without=("id", "address"))
            if address.same(was.address) != address.same(becomes.address):
                moved = Change("address", was.address, becomes.address)
                yield NodePlan(name, "replaced", (moved, *said), load)
            elif said:
                yield NodePlan(name, "changes", said, load)


def order(before: ClusterSection, after: ClusterSection) -> tuple[Change, ...]:
    """The order of those that stay, by which numbered shards are placed and turns are taken."""
    old, new = _by_id(before), _by_id(after)
    was, becomes = (
        [name for name in one if name in other] for one, other in ((old, new), (new, old))
    )
    return () if was == becomes else (Change("nodes", was, becomes),)


def _told(node: NodeSection | None) -> tuple[Change, ...]:
    """What is said of a node that joins, beside its name."""
    if node is None:
        return ()
    bare = type(node)(address=node.address)
    where = () if node.name == node.address else (Change("address", None, node.address),)
    return (*where, *changes(bare, node, without=("id", "address")))


def _by_id(section: ClusterSection | None) -> Mapping[str, NodeSection]:
    return {} if section is None else {node.name: node for node in section.nodes}


def members(
    section: ClusterSection, live: list[Running] | None
) -> tuple[list[Node], dict[str, str]]:
    """The nodes that keys are spread over, and which of them are drained or down.

    A host name stands for those nodes that the running proxy has found behind it, else for one.
    """
    nodes, out = list[Node](), dict[str, str]()
    for entry in section.nodes:
        node = standin.as_node(entry)
        found = [one for one, _ in behind(entry, live)] if standin.by_name(entry) else []
        same = [Node(node.address, id=one, weight=node.weight) for one in found] or [node]
        nodes += same
        if entry.state != "serve":
            out |= {one.id: entry.state for one in same}
    return nodes, out
