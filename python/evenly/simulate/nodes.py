"""The nodes of a simulation: how fast they are, how many requests they serve at a time, how many wait."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

from evenly.node import MAX_WEIGHT
from evenly.simulate.faults import Found, shown
from evenly.simulate.part import COUNT, Part, Positive, Wrong, number, optional, read_part, text
from evenly.simulate.service import OWN_SERVICE, Service

__all__ = ["MOST_NODES", "WEIGHT", "SimNode", "as_nodes"]

MOST_NODES = 100_000
"""More are surely a mistake: a run would not end today."""

WEIGHT = number(
    f"a whole number from 1 to {MAX_WEIGHT}", lambda value: 1 <= value <= MAX_WEIGHT, whole=True
)
LIMIT = optional(number("a whole number from 0", lambda value: 0 <= value < 1 << 32, whole=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class SimNode(Part):
    """One node: what the balancer knows of it, and how it really works.

    `id`: its name; by position `n0`, `n1`, … unless given.
    `weight`, `capacity`: what the balancer is told, as of an `evenly.Node`; capacity None sets no limit.
    `speed`: 2 serves a request in half of its service time.
    `concurrency`: how many requests it serves at a time; None serves any number, none of them waits.
    `queue_limit`: how many may wait for their turn; further ones it refuses at once with a 503. None: any number.
    `discipline`: `"fcfs"` serves them in turn, `"ps"` all at once, sharing its speed.
    `service`: service times of its own in the place of the cluster's.
    `joins`: whether it is a member from the start; if not, a `Join` on the timeline makes it one.
    """

    kind: ClassVar[str] = "a node"
    id: Annotated[str, text("a text")] = ""
    weight: Annotated[int, WEIGHT] = 1
    capacity: Annotated[int | None, optional(COUNT)] = None
    speed: Positive = 1.0
    concurrency: Annotated[int | None, optional(COUNT)] = 1
    queue_limit: Annotated[int | None, LIMIT] = None
    discipline: Annotated[str, text('"fcfs" or "ps"', "fcfs", "ps")] = "fcfs"
    service: Annotated[Service | None, OWN_SERVICE] = None
    joins: bool = True

    def together(self) -> list[Found]:
        """A truth value is one."""
        if isinstance(self.joins, bool):
            return []
        return [(("joins",), f"must be true or false, not {shown(self.joins)}")]

    def engine(self) -> dict[str, Any]:
        """The node as the engine reads it."""
        names = ("id", "weight", "capacity", "speed", "concurrency", "queue_limit", "discipline")
        values = {name: getattr(self, name) for name in names}
        service = self.service and self.service.engine()
        return {**values, "service": service, "joins": self.joins}


def as_nodes(value: object) -> tuple[SimNode, ...]:
    """Read nodes from their number, or from a list of classes and tables; raises `Wrong`."""
    if isinstance(value, int) and not isinstance(value, bool):
        if not 1 <= value <= MOST_NODES:
            raise Wrong(f"must be a number of nodes from 1 to {MOST_NODES}, not {value}")
        return tuple(SimNode(id=f"n{position}") for position in range(value))
    if isinstance(value, (str, bytes, Mapping, SimNode)) or not hasattr(value, "__iter__"):
        raise Wrong(f"must be a number of nodes or a list of nodes, not {shown(value)}")
    nodes: list[SimNode] = []
    faults: list[Found] = []
    taken: dict[str, int] = {}
    for position, item in enumerate(value):
        try:
            node = read_part((SimNode,), item)
        except Wrong as wrong:
            faults += [((position, *below), what) for below, what in wrong.faults]
            continue
        if not node.id:
            node = replace(node, id=f"n{position}")
        if node.id in taken:
            what = f"{shown(node.id)} is already nodes[{taken[node.id]}]: give it another id"
            faults.append(((position, "id"), what))
        taken.setdefault(node.id, position)
        nodes.append(node)
    if faults:
        raise Wrong.of(faults)
    if not nodes:
        raise Wrong("must hold at least one node")
    return tuple(nodes)
