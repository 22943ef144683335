"""What a plan says: frozen values that go to JSON and back, since the proxy makes plans that a command prints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

State = Mapping[str, Any]
"""The running proxy's state, as its engine tells it (`GET /state`)."""

JsonObject = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """A setting that gets another value; None stands for one that is not set."""

    key: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class ListenerPlan:
    """What becomes of a listener.

    `kept` leaves its socket and its connections alone, whatever settings change. `moved` is the same name at another
    address: the old socket closes and a new one opens.
    """

    name: str
    fate: Literal["kept", "opened", "closed", "moved"]
    address: str
    """Where it listens afterwards; of a closed one, where it did."""
    changes: tuple[Change, ...] = ()
    connections: int | None = None
    """How many are open at its socket now; None when no state was given."""
    takes_over: str | None = None
    """The listener that leaves its socket to this one, so that nobody who connects meanwhile is turned away."""

    @property
    def ends_connections(self) -> bool:
        """Whether its connections are ended, each with its next response."""
        return self.fate in ("closed", "moved")

    @property
    def idle(self) -> bool:
        """Whether nothing happens to it."""
        return self.fate == "kept" and not self.changes


@dataclass(frozen=True, slots=True)
class NodePlan:
    """What becomes of a node. `replaced` has the same id at another address: to the engine it is a new node."""

    id: str
    fate: Literal["joins", "leaves", "changes", "replaced"]
    changes: tuple[Change, ...] = ()
    in_flight: int | None = None
    """Requests on it now; None when no state was given, or for one that joins."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Keys that go from one node to another, as a share of all keys."""

    before: str
    after: str
    share: float


@dataclass(frozen=True, slots=True)
class Keys:
    """How many keys get another home, found out by asking the engine for the owners of a sample before and after."""

    sample: int
    moved: int
    least: float
    """The least share that anybody could move and still give each node its share by weight: for one node that joins k
    equal ones it is 1/(k+1)."""
    flows: tuple[Flow, ...] = ()
    """From where to where, the largest first."""

    @property
    def share(self) -> float:
        """Share of the keys that move, 0 to 1."""
        return self.moved / self.sample

    @property
    def error(self) -> float:
        """Standard error of the share, as of a sample drawn by chance."""
        return float((self.share * (1 - self.share) / self.sample) ** 0.5)


@dataclass(frozen=True, slots=True)
class ClusterPlan:
    """What becomes of a cluster. One that is kept or changed keeps what is known of the nodes that stay."""

    name: str
    fate: Literal["kept", "changed", "added", "removed"]
    changes: tuple[Change, ...] = ()
    nodes: tuple[NodePlan, ...] = ()
    """Nodes that something happens to; of a cluster that is added or removed as a whole, all."""
    keys: Keys | None = None
    """None when its requests are not placed by keys before and after, or nobody serves them."""
    loses_keys: bool = False
    """Whether requests had their node by key and will not have one."""
    notes: tuple[str, ...] = ()
    """What the operator should know of it."""

    @property
    def moves(self) -> float:
        """Share of the keys that do not stay where they are, 0 to 1."""
        if self.loses_keys:
            return 1.0
        return 0.0 if self.keys is None else self.keys.share


@dataclass(frozen=True, slots=True)
class Plan:
    """What would happen if a configuration were put in force in the place of another."""

    listeners: tuple[ListenerPlan, ...] = ()
    clusters: tuple[ClusterPlan, ...] = ()
    changes: tuple[Change, ...] = ()
    """Settings of the process: `proxy.…`, `admin.…`, `log.…`."""
    needs_restart: tuple[str, ...] = ()
    """Changed settings that have to wait for the next start."""
    refused: tuple[str, ...] = ()
    """Why the running proxy would not take it; then nothing at all would change."""

    @property
    def empty(self) -> bool:
        """Whether nothing would happen."""
        idle = all(listener.idle for listener in self.listeners)
        return idle and not self.changes and all(one.fate == "kept" for one in self.clusters)

    @property
    def moves(self) -> float:
        """The largest share of keys that does not stay where it is in any cluster, 0 to 1."""
        return max((one.moves for one in self.clusters), default=0.0)

    def as_dict(self) -> dict[str, Any]:
        """Everything as JSON values, with what is reckoned from them."""
        made = asdict(self)
        for entry, one in zip(made["clusters"], self.clusters, strict=True):
            if one.keys is not None:
                entry["keys"] |= {"share": one.keys.share, "error": one.keys.error}
        return {"empty": self.empty, "moves": self.moves, **_lists(made)}

    @classmethod
    def of_dict(cls, made: JsonObject) -> Plan:
        """The plan that `as_dict` has written."""
        return cls(
            tuple(ListenerPlan(**{**one, "changes": _changes(one)}) for one in made["listeners"]),
            tuple(_cluster(one) for one in made["clusters"]),
            _changes(made),
            tuple(made["needs_restart"]),
            tuple(made["refused"]),
        )

    def __str__(self) -> str:
        """The plan as a person reads it."""
        from evenly.plan.text import lines

        return "\n".join(lines(self))


def _lists(value: Any) -> Any:
    """The same with lists for tuples, as JSON has it."""
    if isinstance(value, dict):
        return {key: _lists(item) for key, item in value.items()}
    return [_lists(item) for item in value] if isinstance(value, (list, tuple)) else value


def _changes(made: JsonObject) -> tuple[Change, ...]:
    return tuple(Change(**one) for one in made["changes"])


def _cluster(made: JsonObject) -> ClusterPlan:
    nodes = tuple(NodePlan(**{**one, "changes": _changes(one)}) for one in made["nodes"])
    keys = made["keys"] and Keys(
        made["keys"]["sample"],
        made["keys"]["moved"],
        made["keys"]["least"],
        tuple(Flow(**one) for one in made["keys"]["flows"]),
    )
    return ClusterPlan(
        made["name"],
        made["fate"],
        _changes(made),
        nodes,
        keys or None,
        made["loses_keys"],
        tuple(made["notes"]),
    )
