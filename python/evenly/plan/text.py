"""A plan as a person reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evenly.config.document import write_value
from evenly.config.model import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from evenly.plan.model import Change, ClusterPlan, Keys, ListenerPlan, NodePlan, Plan

LISTED = 12
"""Ways of keys that are listed: more than a screen full helps nobody, and JSON has them all."""


def lines(plan: Plan) -> Iterator[str]:
    """Line by line; listeners and clusters that stay as they are in one word each."""
    for why in plan.refused:
        yield f"refused: {why}"
    if plan.empty:
        yield "nothing changes"
        return
    for title, found in (
        ("listeners", (line for one in plan.listeners for line in _listener(one))),
        ("clusters", (line for one in plan.clusters for line in _cluster(one))),
        ("process", _process(plan)),
    ):
        body = list(found)
        if body:
            yield title
            yield from (f"  {line}" for line in body)
    if not plan.needs_restart:
        yield "nothing needs a restart"


def _listener(one: ListenerPlan) -> Iterator[str]:
    words = {
        "kept": f"{one.name} stays as it is" if one.idle else f"{one.name} stays at {one.address}",
        "opened": f"{one.name} is opened at {one.address}",
        "closed": f"{one.name} at {one.address} is closed",
        "moved": f"{one.name} is closed and opened anew at {one.address}",
    }
    concerned = ""
    if one.connections:
        plural = one.connections != 1
        open_now = f"{'its' if plural else 'its one'} {count(one.connections, 'open connection')}"
        open_now = open_now.replace("one 1 ", "one ")
        if one.ends_connections:
            concerned = f"; {open_now} {'end' if plural else 'ends'} with the next response"
        else:
            concerned = f"; {open_now} {'stay' if plural else 'stays'}"
    taken = f", on the socket of {one.takes_over}" if one.takes_over else ""
    yield words[one.fate] + taken + concerned
    yield from (f"  {line(change)}" for change in one.changes if change.key != "address")


def _cluster(one: ClusterPlan) -> Iterator[str]:
    words = {
        "kept": f"{one.name} stays as it is",
        "changed": f"{one.name} changes, and keeps what it knows of nodes that stay",
        "added": f"{one.name} is added with {count(len(one.nodes), 'node')}",
        "removed": f"{one.name} is removed with {count(len(one.nodes), 'node')}",
    }
    yield words[one.fate]
    yield from (f"  {line(change)}" for change in one.changes)
    if one.fate == "changed":
        yield from (f"  {_node(node)}" for node in one.nodes)
    else:
        busy = sum(node.in_flight or 0 for node in one.nodes)
        if busy:
            yield f"  {count(busy, 'request')} in flight may end"
    if one.keys is not None:
        yield from (f"  {text}" for text in _keys(one.keys))
    yield from (f"  note: {note}" for note in one.notes)


def _node(one: NodePlan) -> str:
    said = ", ".join(map(line, one.changes))
    match one.fate:
        case "joins":
            with_ = ", ".join(f"{change.key} {_shown(change.after)}" for change in one.changes)
            return f"{one.id} joins" + (f" ({with_})" if with_ else "")
        case "leaves":
            return f"{one.id} leaves{_busy(one)}"
        case "replaced":
            return f"{one.id} is another node from now on: {said}{_busy(one)}"
    return f"{one.id} {said}"


def _busy(one: NodePlan) -> str:
    return f"; its {count(one.in_flight, 'request')} in flight may end" if one.in_flight else ""


def _keys(keys: Keys) -> Iterator[str]:
    yield (
        f"keys: {percent(keys.share)} move (standard error {percent(keys.error, 2)}, {keys.sample:,} keys asked); "
        f"shares by weight need {percent(keys.least)} at least"
    )
    width = max((len(f"{flow.before} → {flow.after}") for flow in keys.flows[:LISTED]), default=0)
    for flow in keys.flows[:LISTED]:
        yield f"  {f'{flow.before} → {flow.after}':{width}}  {percent(flow.share):>7}"
    if len(keys.flows) > LISTED:
        rest = sum(flow.share for flow in keys.flows[LISTED:])
        yield f"  {f'{len(keys.flows) - LISTED} other ways':{width}}  {percent(rest):>7}"


def _process(plan: Plan) -> Iterator[str]:
    for change in plan.changes:
        later = ": needs a restart" if change.key in plan.needs_restart else ""
        yield f"{line(change)}{later}"


def line(change: Change) -> str:
    """One setting, before and after."""
    return f"{change.key} {_shown(change.before)} → {_shown(change.after)}"


def _shown(value: Any) -> str:
    if value is None:
        return "(not set)"
    if value == {}:
        return "(with its defaults)"
    return value if isinstance(value, str) else write_value(value)


def percent(share: float, places: int = 1) -> str:
    """A share as people say it."""
    return f"{share:.{places}%}".replace("%", " %")


def joined(words: Iterable[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
