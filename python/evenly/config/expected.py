"""Checks of `[[test]]` that look at more than one value, as those of `across` for the rest of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evenly.config import strategy
from evenly.config.expectation import THEN
from evenly.config.words import shown, unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evenly.config.document import Document
    from evenly.config.fault import Loc

    Found = Iterator[tuple[Loc, str]]
    Table = dict[str, Any]

NODES = ("down", "draining", "failing", "slow", "leaves", "answer_from", "not_from")
"""Keys whose lists or tables name nodes of the cluster."""


def tests_are_about_clusters(document: Document) -> Found:
    """Each names a cluster, or there is only one."""
    clusters = _table(document.tree.get("cluster"))
    for loc, test in _tests(document):
        name = test.get("cluster")
        if isinstance(name, str) and name not in clusters:
            yield (*loc, "cluster"), unknown("cluster", name, clusters)
        elif name is None and len(clusters) > 1:
            yield (*loc, "cluster"), f"is missing, and there are several: {', '.join(clusters)}"


def tests_name_nodes(document: Document) -> Found:
    """Nodes that befalls something, or from which an answer is expected, are in the cluster."""
    for loc, test in _tests(document):
        ids = _ids(_cluster(document, test).get("nodes"))
        known = {*ids, *_ids(test.get("joins"))}
        if not known:
            continue
        for key in NODES:
            value = test.get(key)
            for step, name in _names(value):
                if name not in known:
                    yield (*loc, key, step), unknown("node", name, known)
        again = [name for name in _ids(test.get("joins")) if name in ids]
        if again:
            yield (*loc, "joins"), f"{shown(again[0])} is in the cluster already"
        if ids and not known - {name for _, name in _names(test.get("leaves"))}:
            yield (*loc, "leaves"), "leaves no node in the cluster"


def tests_expect_something(document: Document) -> Found:
    """A test without an expectation would always hold."""
    for loc, test in _tests(document):
        if not any(key in test for key in THEN):
            yield loc, f"expects nothing: write one of {', '.join(THEN)}"


def tests_agree_with_themselves(document: Document) -> Found:
    """Of keys that say the same thing one is given, and one that needs another has it."""
    for loc, test in _tests(document):
        for key, other in (("key", "keys"), ("load", "rate")):
            if key in test and other in test:
                yield (*loc, key), f"stands beside {other}: a test has one of them"
        for key, needed in (("zipf", "keys"), ("load", "at_once")):
            if key in test and needed not in test:
                yield (*loc, key), f"needs {needed} beside it"
        if "moves_at_most" not in test:
            continue
        if not test.get("leaves") and not test.get("joins"):
            yield (*loc, "moves_at_most"), "needs leaves or joins beside it: else no key moves"
        name = _strategy(_cluster(document, test))
        known = strategy.table().get(name)
        if known is not None and not known["uses_key"]:
            yield (
                (*loc, "moves_at_most"),
                f'strategy "{name}" gives a key no node of its own: only hash strategies do, such as "rendezvous"',
            )


def tests_have_names_of_their_own(document: Document) -> Found:
    """`-k` means one of them."""
    seen: dict[str, Loc] = {}
    for loc, test in _tests(document):
        name = test.get("name")
        if not isinstance(name, str):
            continue
        if name in seen:
            where = document.where(seen[name])
            yield (*loc, "name"), f"{shown(name)} is already the name of {where}"
        seen.setdefault(name, loc)


EXPECTED = (
    tests_are_about_clusters,
    tests_name_nodes,
    tests_expect_something,
    tests_agree_with_themselves,
    tests_have_names_of_their_own,
)


def _tests(document: Document) -> Iterator[tuple[Loc, Table]]:
    tests = document.tree.get("test")
    for index, test in enumerate(tests if isinstance(tests, list) else []):
        if isinstance(test, dict):
            yield ("test", index), test


def _cluster(document: Document, test: Table) -> Table:
    """The cluster a test is about; nothing where that is faulty, which is reported elsewhere."""
    clusters = _table(document.tree.get("cluster"))
    name = test.get("cluster")
    if name is None and len(clusters) == 1:
        (name,) = clusters
    return _table(clusters.get(name)) if isinstance(name, str) else {}


def _strategy(cluster: Table) -> str:
    given = cluster.get("strategy", strategy.DEFAULT)
    return str(given.get("name") if isinstance(given, dict) else given)


def _ids(nodes: object) -> list[str]:
    tables = [
        {"address": node} if isinstance(node, str) else _table(node)
        for node in (nodes if isinstance(nodes, list) else [])
    ]
    found = [table.get("id", table.get("address")) for table in tables]
    return [name for name in found if isinstance(name, str)]


def _names(value: object) -> Iterator[tuple[str | int, str]]:
    """Names in a list, or those that a table has as keys."""
    if isinstance(value, dict):
        yield from ((name, name) for name in value)
    elif isinstance(value, list):
        yield from ((step, name) for step, name in enumerate(value) if isinstance(name, str))


def _table(value: object) -> Table:
    return value if isinstance(value, dict) else {}
