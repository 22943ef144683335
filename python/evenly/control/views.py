"""What is shown of clusters and nodes: the engine's figures, and how they differ from the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evenly.config.words import unknown
from evenly.control.document import USUAL, Change, Place, name_of, node_in, table
from evenly.control.refusal import Refusal, not_found

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evenly.control.document import Tree
    from evenly.control.in_force import Standing

State = dict[str, Any]


def index(state: State, pages: list[str]) -> dict[str, Any]:
    """What runs, and what else can be asked."""
    shown = ("version", "pid", "started", "draining", "workers", "listeners", "edition")
    return {**{key: state[key] for key in shown if key in state}, "pages": pages}


def clusters(state: State, standing: Standing) -> dict[str, Any]:
    """Every cluster with its nodes as they stand."""
    changes = {change.place: change for change in standing.document.changes}
    shown = [_cluster(given, standing.tree, changes) for given in state["clusters"]]
    return {"edition": standing.edition, "clusters": shown}


def cluster(state: State, standing: Standing, name: str) -> dict[str, Any]:
    """One cluster."""
    for given in state["clusters"]:
        if given["name"] == name:
            changes = {change.place: change for change in standing.document.changes}
            return _cluster(given, standing.tree, changes)
    raise not_found(unknown("cluster", name, (given["name"] for given in state["clusters"])))


def node(state: State, standing: Standing, of: str, name: str) -> dict[str, Any]:
    """One node. Of a host name, the node as the file has it with one node per address."""
    found = cluster(state, standing, of)["nodes"]
    for given in found:
        if given["id"] == name:
            return dict(given)
    table = node_in(standing.tree, of, name)
    if table is None:
        raise missing(standing, of, name)
    changes = {change.place: change for change in standing.document.changes}
    settings: dict[str, Any] = {field: table.get(field, usual) for field, usual in USUAL.items()}
    return {
        "id": name,
        "address": table["address"],
        **settings,
        "differs": differs(of, name, changes),
        "nodes": [given for given in found if given.get("of") == name],
    }


def missing(standing: Standing, of: str, name: str) -> Refusal:
    """There is no such node, and which there are; also when it is one address of a name."""
    nodes = [name_of(table(one)) for one in standing.tree["cluster"].get(of, {}).get("nodes", ())]
    stem = parent(name, nodes)
    if stem is not None:
        return Refusal(
            409,
            "one_of_many",
            f'"{name}" is one address of node "{stem}" of cluster "{of}": change that one',
        )
    return not_found(unknown(f'node of cluster "{of}":', name, nodes))


def parent(name: str, nodes: list[str]) -> str | None:
    """The node whose host name stands for a node, if it is such a one."""
    stem, _, address = name.rpartition("@")
    return stem if address and stem in nodes else None


def differs(of: str, name: str, changes: Mapping[Place, Change]) -> dict[str, Any]:
    """What the file says of each thing that was changed of a node; of an added `node`, its address there or nothing."""
    found: dict[str, Any] = {}
    for what in ("node", *USUAL):
        change = changes.get(Place(what, of, name))
        if change is not None:
            found[what] = change.replaced
    return found


def _cluster(given: State, tree: Tree, changes: Mapping[Place, Change]) -> dict[str, Any]:
    name = given["name"]
    known = [name_of(table(one)) for one in tree.get("cluster", {}).get(name, {}).get("nodes", ())]
    strategy = changes.get(Place("strategy", name))
    return {
        **given,
        "differs": {} if strategy is None else {"strategy": strategy.replaced},
        "removed": [
            place.node
            for place, change in changes.items()
            if place[:2] == ("node", name) and change.value is None
        ],
        "nodes": [_node(one, name, known, changes) for one in given["nodes"]],
    }


def _node(
    given: State, of: str, known: list[str], changes: Mapping[Place, Change]
) -> dict[str, Any]:
    stem = parent(given["id"], known) if given["id"] not in known else None
    shown = {**given, "differs": differs(of, stem or given["id"], changes)}
    return shown if stem is None else {**shown, "of": stem}
