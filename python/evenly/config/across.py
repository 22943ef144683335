"""Checks that look at more than one value.

They read the plain values, not the typed ones, so that they speak up beside faults of single values: a typing
error in one place must not hide a wrong name in another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evenly.config import address, strategy
from evenly.config.duration import seconds, written
from evenly.config.expected import EXPECTED
from evenly.config.health import HTTP_ONLY
from evenly.config.words import shown, unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from evenly.config.document import Document
    from evenly.config.fault import Loc

    Found = Iterator[tuple[Loc, str]]


def listeners_name_clusters(document: Document) -> Found:
    """`to` is the name of a cluster that exists."""
    clusters = _table(document.tree.get("cluster"))
    for name, listen in _tables(document, "listen"):
        to = listen.get("to")
        if isinstance(to, str) and to not in clusters:
            yield ("listen", name, "to"), unknown("cluster", to, clusters)


def listeners_do_not_overlap(document: Document) -> Found:
    """No two sockets want the same port."""
    taken: list[tuple[Loc, str]] = []
    for loc, value in _listening(document):
        for earlier, other in taken:
            if address.overlap(value, other):
                yield loc, f"{shown(value)} is taken by {document.where(earlier)}"
                break
        taken.append((loc, value))


def nodes_are_different(document: Document) -> Found:
    """No node stands twice in a cluster, by address or by name."""
    for name, cluster in _tables(document, "cluster"):
        addresses: dict[str, Loc] = {}
        names: dict[str, Loc] = {}
        for loc, text, identity in _nodes(("cluster", name, "nodes"), cluster.get("nodes")):
            same = _same(text)
            if same is not None and same in addresses:
                where = document.where(addresses[same])
                yield loc, f"{shown(text)} is already {where}: to send it more, give it a weight"
            elif identity in names:
                where = document.where(names[identity])
                yield loc, f"{shown(identity)} is already the name of {where}: give it another id"
            addresses.setdefault(text if same is None else same, loc)
            names.setdefault(identity, loc)


def admin_is_private(document: Document) -> Found:
    """Whoever reaches the admin listener from elsewhere has to know the token."""
    admin = _table(document.tree.get("admin"))
    text = admin.get("address")
    if "token" in admin or not isinstance(text, str):
        return
    number = _sound_ip(text)
    if number is not None and not number.is_loopback:
        yield (
            ("admin", "address"),
            f"{shown(text)} can be reached from other machines: set admin.token in the "
            f'configuration file, or listen on "127.0.0.1:{address.split(text)[1]}"',
        )


def checks_know_what_to_ask(document: Document) -> Found:
    """A check asks over HTTP or connects over TCP: one of them."""
    for name, cluster in _tables(document, "cluster"):
        health, loc = cluster.get("health"), ("cluster", name, "health")
        if not isinstance(health, dict):
            continue
        if "http" not in health and "tcp" not in health:
            yield loc, 'says not what to ask: write http = "/healthz" or tcp = true'
        elif "http" in health and "tcp" in health:
            yield (*loc, "tcp"), "stands beside http: a check has one of them"
        elif "tcp" in health:
            for key in HTTP_ONLY:
                if key in health:
                    yield (*loc, key), 'needs an HTTP check: write http = "/healthz" for tcp'


def ejections_double_upward(document: Document) -> Found:
    """The longest ejection is no shorter than the first."""
    for name, cluster in _tables(document, "cluster"):
        ejection = _table(cluster.get("ejection"))
        try:
            base, longest = seconds(ejection.get("base", 5)), seconds(ejection.get("max", 300))
        except ValueError:
            continue
        if longest < base:
            yield (
                ("cluster", name, "ejection", "max" if "max" in ejection else "base"),
                f"the longest ejection ({written(longest)}) is shorter than the first "
                f"({written(base)})",
            )


def subsets_count_from_zero(document: Document) -> Found:
    """An instance is one of all instances."""
    for name, cluster in _tables(document, "cluster"):
        subset = _table(cluster.get("subset"))
        instance, instances = subset.get("instance"), subset.get("instances")
        if isinstance(instance, int) and isinstance(instances, int) and 0 < instances <= instance:
            yield (
                ("cluster", name, "subset", "instance"),
                f"is not one of {instances} instances: they count from 0, so write at most {instances - 1}",
            )


def strategies_exist(document: Document) -> Found:
    """Strategies and their options are known to the engine."""
    for name, cluster in _tables(document, "cluster"):
        if "strategy" in cluster:
            for loc, what in strategy.faults(cluster["strategy"]):
                yield ("cluster", name, "strategy", *loc), what


CHECKS: tuple[Callable[[Document], Found], ...] = (
    listeners_name_clusters,
    listeners_do_not_overlap,
    nodes_are_different,
    admin_is_private,
    checks_know_what_to_ask,
    ejections_double_upward,
    subsets_count_from_zero,
    strategies_exist,
    *EXPECTED,
)


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _tables(document: Document, key: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, value in _table(document.tree.get(key)).items():
        if isinstance(value, dict):
            yield name, value


def _listening(document: Document) -> Iterator[tuple[Loc, str]]:
    places: list[tuple[Loc, object]] = []
    if isinstance(document.tree.get("admin"), dict):
        admin = document.tree["admin"]
        places.append((("admin", "address"), admin.get("address", "127.0.0.1:9900")))
    for name, listen in _tables(document, "listen"):
        places.append((("listen", name, "address"), listen.get("address")))
    for loc, value in places:
        if isinstance(value, str) and _same(value) is not None:
            yield loc, value


def _nodes(loc: Loc, nodes: object) -> Iterator[tuple[Loc, str, str]]:
    """Place, address and stable name of each node that has them."""
    for index, node in enumerate(nodes if isinstance(nodes, list) else []):
        table = {"address": node} if isinstance(node, str) else _table(node)
        text, identity = table.get("address"), table.get("id", table.get("address"))
        if isinstance(text, str) and isinstance(identity, str):
            yield (*loc, index), text, identity


def _same(text: str) -> str | None:
    """The comparable form of an address; nothing for what is none, which is reported elsewhere."""
    try:
        return address.same(text)
    except ValueError:
        return None


def _sound_ip(text: str) -> address.IpAddress | None:
    try:
        return address.ip(address.split(text)[0])
    except ValueError:
        return None
