"""The plan: a pure function of two configurations and, where there is one, of the running proxy's state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from evenly.config import address, standin
from evenly.plan import keys, nodes
from evenly.plan.changes import changes, strategies
from evenly.plan.model import ClusterPlan, ListenerPlan, Plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from evenly.config import Config
    from evenly.config.cluster import ClusterSection
    from evenly.plan.model import Change, NodePlan, State

__all__ = ["plan"]

RESTART = ("proxy.workers", "proxy.user", "proxy.group")
"""Settings that the engine takes only when it starts."""


def plan(old: Config, new: Config, state: State | None = None) -> Plan:
    """Say what would happen if `new` were put in force in the place of `old`.

    `state` is the running proxy's; with it the plan says how many connections and requests are concerned, and which
    nodes stand behind a host name.
    """
    said = (
        *changes(old.proxy, new.proxy, prefix="proxy."),
        *_admin(old, new),
        *changes(old.log, new.log, prefix="log."),
    )
    return Plan(
        listeners=tuple(_listeners(old, new, state)),
        clusters=tuple(_clusters(old, new, state)),
        changes=said,
        needs_restart=tuple(change.key for change in said if change.key.startswith(RESTART)),
        refused=tuple(_refused(old, new)),
    )


def _admin(old: Config, new: Config) -> tuple[Change, ...]:
    """The admin listener as a whole where it comes or goes."""
    return changes(old.admin, new.admin, prefix="admin.")


def _listeners(old: Config, new: Config, state: State | None) -> Iterator[ListenerPlan]:
    connections: Mapping[str, int] = {
        one["name"]: one["connections"] for one in (state or {}).get("listeners", ())
    }
    heirs = _heirs(old, new)
    for name in dict.fromkeys([*old.listen, *new.listen]):
        before, after = old.listen.get(name), new.listen.get(name)
        opened, heir_of = connections.get(name), heirs.get(name)
        if before is None:
            assert after is not None
            yield ListenerPlan(name, "opened", after.address, takes_over=heir_of)
        elif after is None:
            yield ListenerPlan(name, "closed", before.address, connections=opened)
        else:
            stays = address.same(before.address) == address.same(after.address)
            said = changes(before, after, without=("address",) if stays else ())
            fate: Literal["kept", "moved"] = "kept" if stays else "moved"
            yield ListenerPlan(name, fate, after.address, said, opened, heir_of)


def _heirs(old: Config, new: Config) -> dict[str, str]:
    """Listeners that get the socket of one that goes, because it listens on the very same address."""
    free = {
        address.same(one.address): name
        for name, one in old.listen.items()
        if not _stays(new, name, one.address)
    }
    wanted = {
        name: address.same(one.address)
        for name, one in new.listen.items()
        if not _stays(old, name, one.address)
    }
    return {name: free[where] for name, where in wanted.items() if where in free}


def _stays(other: Config, name: str, where: str) -> bool:
    """Whether the other configuration has this listener at this address, too."""
    there = other.listen.get(name)
    return there is not None and address.same(there.address) == address.same(where)


def _clusters(old: Config, new: Config, state: State | None) -> Iterator[ClusterPlan]:
    for name in dict.fromkeys([*old.cluster, *new.cluster]):
        before, after = old.cluster.get(name), new.cluster.get(name)
        live = nodes.running(state, name)
        about = tuple(nodes.plans(before, after, live))
        if before is None or after is None:
            yield ClusterPlan(name, "added" if before is None else "removed", nodes=about)
            continue
        said = (
            *strategies(before.strategy, after.strategy),
            *nodes.order(before, after),
            *changes(before, after, without=("nodes", "strategy")),
        )
        if not said and not about:
            yield ClusterPlan(name, "kept")
            continue
        moved, lost = None, False
        if _places_otherwise(said, about):
            moved = keys.moves(before, after, live)
            lost = moved is None and keys.keyed(before)
        notes = tuple(_notes(before, after, said, live))
        yield ClusterPlan(name, "changed", said, about, moved, lost, notes)


def _places_otherwise(said: tuple[Change, ...], about: tuple[NodePlan, ...]) -> bool:
    """Whether any of this can move a key; settings of checks and retries cannot."""
    return bool(about) or any(
        change.key.startswith(("strategy", "hash_seed", "subset", "nodes")) for change in said
    )


def _notes(
    before: ClusterSection,
    after: ClusterSection,
    said: tuple[Change, ...],
    live: list[nodes.Running] | None,
) -> Iterator[str]:
    if keys.keyed(before) and not keys.keyed(after):
        yield "its requests have had their node by key, and will go to any: sessions and caches on the nodes are lost"
    elif keys.keyed(after) and not keys.keyed(before):
        yield "its requests have gone to any node, and will have one by key: caches on the nodes begin anew"
    elif keys.keyed(after) and keys.hashed(before) != keys.hashed(after):
        yield "another part of a request is its key: only those requests stay that fall on the same node by chance"
    elif any(change.key == "hash_seed" for change in said):
        yield "another hash_seed gives every key a new place: only those stay that fall on the same node by chance"
    if all(node.state != "serve" for node in after.nodes):
        yield "none of its nodes takes requests: all are drained or down"
    named = [
        node.name for node in after.nodes if standin.by_name(node) and not nodes.behind(node, live)
    ]
    if keys.keyed(after) and named:
        yield f"{', '.join(named)}: a host name counts as one node here, since its addresses are not known"


def _refused(old: Config, new: Config) -> Iterator[str]:
    """Sockets that cannot be bound, because one that goes only afterwards has a part of their address.

    New sockets are bound before anything else happens, so that a change that fails has changed nothing.
    """
    taken = [(f"listen.{name}", one.address) for name, one in old.listen.items()]
    if old.admin is not None:
        taken.append(("admin", old.admin.address))
    heirs = _heirs(old, new)
    wanted = [
        (f"listen.{name}", one.address)
        for name, one in new.listen.items()
        if name not in heirs and not _stays(old, name, one.address)
    ]
    if new.admin is not None and not _same_admin(old, new):
        wanted.append(("admin", new.admin.address))
    for key, where in wanted:
        for other, there in taken:
            if address.overlap(where, there):
                yield (
                    f"{key}: {where} is still taken by {other} ({there}) when it would be bound: free it in a step "
                    "of its own"
                )
                break


def _same_admin(old: Config, new: Config) -> bool:
    return (
        old.admin is not None
        and new.admin is not None
        and address.same(old.admin.address) == address.same(new.admin.address)
    )
