"""The configuration document: a file's text, and what was changed at run time beside it.

A change says of one place what stands there now and what the file said when it was made; a place has one change at
most. When the file is loaded anew, a change stays until the file itself says something new of that place: then the
file wins. No function here reads a file, a clock or a socket.
"""

from __future__ import annotations

import copy
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from evenly.config.document import write_value
from evenly.config.strategy import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

What = Literal["node", "weight", "capacity", "state", "strategy"]
Tree = dict[str, Any]

USUAL: Mapping[What, Any] = {"weight": 1, "capacity": None, "state": "serve"}
"""What the file means when it does not say: a node's fields that can be changed at run time."""

KEYS = {"address", "id", *USUAL}


class Place(NamedTuple):
    """Where a change stands: a cluster's strategy, a node's membership, or one field of a node."""

    what: What
    cluster: str
    node: str | None = None

    def __str__(self) -> str:
        if self.node is None:
            return f"cluster {self.cluster}: {self.what}"
        field = "" if self.what == "node" else f": {self.what}"
        return f"cluster {self.cluster}: node {self.node}{field}"


class Nothing:
    """The file has no such cluster or node, so it says nothing of the place."""

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING = Nothing()


@dataclass(frozen=True)
class Change:
    """One run-time change. Of a node's membership the value is its table, or None for a node that was removed;
    what it replaced is the address that the file had under that name, or None.
    """

    place: Place
    value: Any
    replaced: Any
    at: float
    by: str

    def __str__(self) -> str:
        if self.place.what == "node":
            return f"{self.place}: {'removed' if self.value is None else 'added'}"
        return f"{self.place} = {said(self.value)}"

    def json(self) -> dict[str, Any]:
        """As the engine keeps it and the API shows it."""
        return {**self.place._asdict(), "value": self.value, "replaced": self.replaced} | {
            "at": self.at,
            "by": self.by,
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Change:
        """Reads what `json` wrote."""
        place = Place(kept["what"], kept["cluster"], kept["node"])
        return cls(place, kept["value"], kept["replaced"], kept["at"], kept["by"])


@dataclass(frozen=True)
class Document:
    """What is in force, as the control process keeps it with the engine."""

    file: str | None
    source: str
    changes: tuple[Change, ...] = ()
    read: str | None = None
    """Digest of the file when it was last read, by which a watched one is known to be new."""
    since: float = 0.0
    why: str = "start"
    by: str = "start"

    def json(self) -> dict[str, Any]:
        """As the engine keeps it."""
        return {**asdict(self), "changes": [change.json() for change in self.changes]}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Document:
        """Reads what `json` wrote."""
        return cls(**{**kept, "changes": tuple(Change.of(one) for one in kept["changes"])})


class Dropped(NamedTuple):
    """A change that a new file overruled, and why."""

    change: Change
    why: str


def at(tree: Tree, place: Place) -> Any:
    """What a file says of a place: of a node's membership, its address."""
    cluster = tree.get("cluster", {}).get(place.cluster)
    if cluster is None:
        return NOTHING
    if place.what == "strategy":
        given = cluster.get("strategy", DEFAULT)
        return {"name": given} if isinstance(given, str) else given
    node = node_in(tree, place.cluster, str(place.node))
    if place.what == "node":
        return node and node["address"]
    return NOTHING if node is None else node.get(place.what, USUAL[place.what])


def node_in(tree: Tree, cluster: str, name: str) -> dict[str, Any] | None:
    """A node of a cluster, as a table."""
    nodes = tree.get("cluster", {}).get(cluster, {}).get("nodes", ())
    return next((node for node in map(table, nodes) if name_of(node) == name), None)


def table(entry: Any) -> dict[str, Any]:
    """A node's table; in a file it may be an address alone."""
    return {"address": entry} if isinstance(entry, str) else entry


def name_of(node: Mapping[str, Any]) -> str:
    """A node's stable name."""
    return str(node.get("id") or node["address"])


def applied(tree: Tree, changes: Iterable[Change]) -> Tree:
    """The file's values with the changes made. A change of what is not there is left out."""
    tree = {**tree, "cluster": {name: {**one} for name, one in tree.get("cluster", {}).items()}}
    for change in changes:
        cluster = tree["cluster"].get(change.place.cluster)
        if cluster is not None:
            _apply(cluster, change.place, change.value)
    return tree


def _apply(cluster: dict[str, Any], place: Place, value: Any) -> None:
    if place.what == "strategy":
        cluster["strategy"] = value
    elif place.what == "node":
        others = [node for node in cluster["nodes"] if name_of(table(node)) != place.node]
        cluster["nodes"] = others if value is None else [*others, copy.deepcopy(value)]
    else:
        cluster["nodes"] = [
            _with(table(node), place.what, value) if name_of(table(node)) == place.node else node
            for node in cluster["nodes"]
        ]


def _with(node: dict[str, Any], field: str, value: Any) -> dict[str, Any]:
    others = {key: old for key, old in node.items() if key != field}
    return others if value is None else {**others, field: value}


def changed(
    tree: Tree, changes: Iterable[Change], place: Place, value: Any, now: float, by: str
) -> tuple[Change, ...]:
    """The changes with one more. Whatever says again what the file says is no change any more."""
    kept = {change.place: change for change in changes}
    added = kept.get(place._replace(what="node"))
    if place.what in USUAL and added is not None and added.value is not None:
        # A node that the file does not know has one change: its table.
        node = _with(added.value, place.what, value)
        return tuple({**kept, added.place: replace(added, value=node, at=now, by=by)}.values())
    if place.what == "node":
        return _member(tree, kept, place, value, now, by)
    return _set(tree, kept, place, value, now, by)


def _set(
    tree: Tree, kept: dict[Place, Change], place: Place, value: Any, now: float, by: str
) -> tuple[Change, ...]:
    usual = at(tree, place)
    # The latest is the last one, also where it takes an earlier one's place.
    others = {key: change for key, change in kept.items() if key != place}
    if usual != value:
        others[place] = Change(place, value, usual, now, by)
    return tuple(others.values())


def _member(
    tree: Tree, kept: dict[Place, Change], place: Place, value: Any, now: float, by: str
) -> tuple[Change, ...]:
    of_node = {place._replace(what=field) for field in USUAL}
    kept = {key: change for key, change in kept.items() if key not in of_node and key != place}
    before = at(tree, place)
    if value is None and before is None:
        return tuple(kept.values())
    # With a key that no node has it is no node: left whole, so that it is refused with its fault.
    if value is not None and value["address"] == before and value.keys() <= KEYS:
        # It comes back: what it brings that the file does not say are changes of its fields.
        changes = tuple(kept.values())
        for field, usual in USUAL.items():
            where, given = place._replace(what=field), value.get(field, usual)
            changes = _set(tree, {one.place: one for one in changes}, where, given, now, by)
        return changes
    kept[place] = Change(place, value, before, now, by)
    return tuple(kept.values())


def reloaded(
    old: Tree, new: Tree, changes: Iterable[Change]
) -> tuple[tuple[Change, ...], tuple[Dropped, ...]]:
    """Which changes stay over a new file, and which the file overrules."""
    kept: list[Change] = []
    dropped: list[Dropped] = []
    for change in changes:
        why = _overruled(old, new, change)
        if why is None:
            kept.append(change)
        else:
            dropped.append(Dropped(change, why))
    return tuple(kept), tuple(dropped)


def _overruled(old: Tree, new: Tree, change: Change) -> str | None:
    """Why the new file wins over a change, or None when the change stays."""
    place = change.place
    before, after = at(old, place), at(new, place)
    if after is NOTHING:
        gone = place.cluster not in new.get("cluster", {})
        return f"the file has no {f'cluster {place.cluster}' if gone else f'node {place.node}'}"
    if before != after:
        mine = table(change.value)["address"] if _is_member(change) else change.value
        if mine == after:
            return "the file says the same now"
        if place.what == "node":
            has = "has it no longer" if after is None else f"has it at {after}"
            return f"the file {has}"
        return f"the file says {said(after)} now"
    if _is_member(change):
        for node in map(table, new["cluster"][place.cluster]["nodes"]):
            if node["address"] == change.value["address"] and name_of(node) != place.node:
                return f"the file has {node['address']} as node {name_of(node)}"
    return None


def differences(old: Iterable[Change], new: Iterable[Change]) -> list[str]:
    """What an action has changed at run time, each in a line."""
    before = {change.place: change for change in old}
    after = {change.place: change for change in new}
    made = [
        str(change)
        for place, change in after.items()
        if place not in before or before[place].value != change.value
    ]
    ended = [f"{place} as the file says" for place in before if place not in after]
    return [*made, *ended]


def _is_member(change: Change) -> bool:
    return change.place.what == "node" and change.value is not None


def said(value: Any) -> str:
    """A value for people."""
    return "no limit" if value is None else write_value(value)


def namer(tree: Tree) -> Callable[[tuple[str | int, ...]], str]:
    """How faults call a place of values that stand in no file: nodes by name, since their order means nothing."""
    from evenly.config.document import path

    def name(loc: tuple[str | int, ...]) -> str:
        match loc:
            case ("cluster", str(cluster), "nodes", int(index), *rest):
                node = tree["cluster"][cluster]["nodes"][index]
                try:
                    text = name_of(table(node))
                except (KeyError, AttributeError, TypeError):
                    return path(loc)
                return path(("cluster", cluster, "nodes", text, *rest))
        return path(loc)

    return name
