"""What each request of the runtime API changes: from what is in force to the run-time changes there are then."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, get_args

from evenly.config.words import shown, unknown
from evenly.control import views
from evenly.control.document import USUAL, Change, Place, What, changed, name_of, node_in
from evenly.control.refusal import Refusal, not_found

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from evenly.control.in_force import Standing

Changes = tuple[Change, ...]


def add_node(cluster: str, given: object, by: str) -> Callable[[Standing], Changes]:
    """A node joins."""

    def edit(standing: Standing) -> Changes:
        _cluster(standing, cluster)
        node = {"address": given} if isinstance(given, str) else given
        if not isinstance(node, dict) or not isinstance(node.get("address"), str):
            raise _wrong(
                f'a node is an address such as "10.0.0.1:8000" or a table with one, not {shown(given)}'
            )
        if not isinstance(node.get("id", ""), str | None):
            raise _wrong(f"id: must be a text in quotes, not {shown(node['id'])}")
        table = {_text(key): _text(value) for key, value in node.items() if value is not None}
        name = name_of(table)
        if node_in(standing.tree, cluster, name) is not None:
            message = f'cluster "{cluster}" has a node "{name}" already: change it with PATCH, or give another id'
            raise Refusal(409, "exists", message)
        return _set(standing, Place("node", cluster, name), table, by)

    return edit


def remove_node(cluster: str, node: str, by: str) -> Callable[[Standing], Changes]:
    """A node leaves."""

    def edit(standing: Standing) -> Changes:
        _node(standing, cluster, node)
        return _set(standing, Place("node", cluster, node), None, by)

    return edit


def change_node(cluster: str, node: str, given: object, by: str) -> Callable[[Standing], Changes]:
    """Fields of a node get other values."""

    def edit(standing: Standing) -> Changes:
        _node(standing, cluster, node)
        changes = standing.document.changes
        for field, value in _fields(given, USUAL).items():
            place = Place(field, cluster, node)
            value = USUAL[field] if value is None else _text(value)  # noqa: PLW2901
            changes = changed(standing.file, changes, place, value, _now(), by)
        return changes

    return edit


def change_cluster(cluster: str, given: object, by: str) -> Callable[[Standing], Changes]:
    """A cluster gets another strategy."""

    def edit(standing: Standing) -> Changes:
        _cluster(standing, cluster)
        value = _fields(given, {"strategy": None})["strategy"]
        strategy = {"name": _text(value)} if isinstance(value, str) else _text(value)
        return _set(standing, Place("strategy", cluster), strategy, by)

    return edit


def take_back(
    cluster: str | None, node: str | None, what: str | None
) -> Callable[[Standing], Changes]:
    """Run-time changes are taken back: all, or those of a cluster, of a node, of one kind."""

    def edit(standing: Standing) -> Changes:
        changes = standing.document.changes
        kept = tuple(
            change
            for change in changes
            if (cluster is not None and change.place.cluster != cluster)
            or (node is not None and change.place.node != node)
            or (what is not None and change.place.what != what)
        )
        if len(kept) == len(changes) and (cluster, node, what) != (None, None, None):
            raise not_found("there is no such change")
        return kept

    return edit


def _set(standing: Standing, place: Place, value: Any, by: str) -> Changes:
    return changed(standing.file, standing.document.changes, place, value, _now(), by)


def _now() -> float:
    return round(time.time(), 3)


def _cluster(standing: Standing, name: str) -> None:
    known = standing.tree["cluster"]
    if name not in known:
        raise not_found(unknown("cluster", name, known))


def _node(standing: Standing, cluster: str, name: str) -> None:
    _cluster(standing, cluster)
    if node_in(standing.tree, cluster, name) is None:
        raise views.missing(standing, cluster, name)


def _fields(given: object, known: Mapping[Any, object]) -> dict[What, Any]:
    """The fields of a change, each of them one that can be changed."""
    if not isinstance(given, dict) or not given:
        example = "{" + ", ".join(f'"{key}": …' for key in known) + "}"
        seen = "an empty one" if given == {} else shown(given)
        raise _wrong(f"must be a table with at least one of {example}, not {seen}")
    for key in given:
        if key not in known:
            fixed = "; its address and id cannot change: remove it and add another"
            more = fixed if key in ("address", "id") else ""
            raise _wrong(unknown("key", key, map(str, known)) + more)
    return dict(given)


def _text(value: Any) -> Any:
    """Text that can be written down: JSON can spell halves of characters, which no file can hold."""
    if isinstance(value, dict):
        return {_text(key): _text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_text(item) for item in value]
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise _wrong(f"{value!a} is no text: it holds half a character") from None
    return value


def _wrong(message: str) -> Refusal:
    return Refusal(422, "invalid_request", message)


KINDS: tuple[str, ...] = get_args(What)
"""What a change can be of."""
