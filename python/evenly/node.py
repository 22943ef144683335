"""A node as one says it (`Node`) and as the balancer sees it (`NodeView`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass

from evenly import _engine
from evenly.errors import InvalidNode

__all__ = ["Node", "NodeLike", "NodeView", "as_node", "as_nodes"]

MAX_WEIGHT = 65_535
"""The largest weight: see `cluster.rs`, which refuses the same."""


@dataclass(frozen=True, slots=True)
class Node:
    """One place that requests can go to.

    `address` is `"10.0.0.1:8000"`, `"[::1]:8000"`, `"name:8000"` or `"unix:/run/app.sock"`. A host name is looked
    up again as its records' time to live ends. `id` is the node's stable name, which hashing goes by; it is the
    address unless given. `weight` is the node's share beside the others, from 1. `capacity` is the most picks that
    may be out at a time; None sets no limit.
    """

    address: str
    _: KW_ONLY
    id: str = ""
    weight: int = 1
    capacity: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be, saying what to write."""
        _check_address(self.address)
        if not isinstance(self.id, str):
            raise InvalidNode(
                f"node {self.address!r}: id {self.id!r} is not a text: write id='name'"
            )
        if not self.id:
            object.__setattr__(self, "id", self.address)
        if not _whole(self.weight) or not 1 <= self.weight <= MAX_WEIGHT:
            raise InvalidNode(
                f"node {self.id!r}: weight {self.weight!r} is not allowed: write a whole number from 1 to "
                f"{MAX_WEIGHT}; to send a node nothing, use drain()"
            )
        if self.capacity is not None and (
            not _whole(self.capacity) or not 1 <= self.capacity < 1 << 32
        ):
            raise InvalidNode(
                f"node {self.id!r}: capacity {self.capacity!r} is not allowed: write a whole number from 1, "
                "or None for no limit"
            )

    def __str__(self) -> str:
        """Give the address, so that a node can stand in a URL."""
        return self.address


@dataclass(frozen=True, slots=True)
class NodeView:
    """One node at one moment: what was said of it, what it is doing, and how it stands."""

    id: str
    address: str
    weight: int
    capacity: int | None
    in_flight: int
    """Picks that are out."""
    utilisation: float | None
    """`in_flight / capacity`; None for a node without a capacity."""
    latency: float | None
    """Average seconds of what succeeded lately; None before the first sample."""
    picks: int
    """Picks lent since the node joined."""
    failures: int
    """Picks that ended with the node's failure."""
    health: str
    """What the active check says: `healthy`, `unhealthy` or `unknown`."""
    reason: str
    """How the node stands: `serving`, or why it gets less than its share: `breaker_open`, `draining`, …"""
    last_check: float | None
    """`time.time()` of the last active check; None before the first."""

    @property
    def serving(self) -> bool:
        """Whether the node takes requests as usual."""
        return self.reason in ("serving", "slow_start")

    def __str__(self) -> str:
        """Give the address."""
        return self.address


NodeLike = str | Node | Mapping[str, object]
"""A node as one may write it: an address, a `Node`, or a table such as `{"address": "…", "weight": 2}`."""


def as_node(item: NodeLike) -> Node:
    """Make a `Node` of what was written."""
    match item:
        case Node():
            return item
        case str():
            return Node(item)
        case Mapping():
            fields = dict(item)
            unknown = sorted(set(fields) - {"address", "id", "weight", "capacity"})
            if unknown or "address" not in fields:
                what = f"has no {unknown[0]!r}" if unknown else "needs an address"
                raise InvalidNode(
                    f"{item!r}: a node {what}: write {{'address': 'host:port', 'weight': 2, 'capacity': 100}}"
                )
            return Node(**fields)  # type: ignore[arg-type]  # Node itself checks every value
    raise InvalidNode(
        f"{item!r} is not a node: write 'host:port' or evenly.Node('host:port', weight=2)"
    )


def as_nodes(items: object) -> list[Node]:
    """Make the list of nodes of what was written, refusing one text in place of a list, and duplicates."""
    if isinstance(items, (str, bytes, Node, Mapping)):
        raise InvalidNode(f"{items!r} is one node, not a list of nodes: write [{items!r}]")
    if not isinstance(items, Iterable):
        raise InvalidNode(
            f"{items!r} is not a list of nodes: write ['10.0.0.1:8000', '10.0.0.2:8000']"
        )
    nodes = [as_node(item) for item in items]
    seen: set[str] = set()
    for node in nodes:
        if node.id in seen:
            raise InvalidNode(
                f"node {node.id!r} is listed twice: list it once with a higher weight, or give one another id"
            )
        seen.add(node.id)
    return nodes


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_address(address: object) -> None:
    if not isinstance(address, str):
        raise InvalidNode(
            f"{address!r} is not an address: write '10.0.0.1:8000' or 'unix:/run/app.sock'"
        )
    try:
        _engine.check_address(address)
    except ValueError as fault:
        raise InvalidNode(str(fault)) from None
