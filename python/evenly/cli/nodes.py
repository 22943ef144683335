"""`evenly nodes`: the nodes of a running proxy as they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from evenly.cli.remote import Remote, json_option, print_json, remote_options
from evenly.cli.tables import seconds, table, value

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = ("NODE", "STATE", "WEIGHT", "CAPACITY", "IN-FLIGHT", "LATENCY", "PICKS", "FAILURES", "FILE")
NUMBERS = "WEIGHT CAPACITY IN-FLIGHT LATENCY PICKS FAILURES"


@click.command("nodes", short_help="Show the nodes of a running proxy.")
@click.argument("cluster", required=False)
@json_option
@remote_options
def command(cluster: str | None, as_json: bool, remote: Remote) -> None:
    """Show the nodes of CLUSTER, or of all clusters, as they stand.

    The last column says where a node differs from the file, because it was changed at run time.
    """
    if cluster is None:
        found = remote.get("/v1/clusters")["clusters"]
    else:
        found = [remote.get(f"/v1/clusters/{quote(cluster, safe='')}")]
    if as_json:
        print_json(found)
        return
    for number, one in enumerate(found):
        if number:
            click.echo()
        for line in lines(one):
            click.echo(line)


def lines(cluster: dict[str, Any]) -> Iterator[str]:
    """A cluster: its strategy, its nodes, and what the file has besides."""
    yield f"{cluster['name']}: {cluster['strategy']}{_strategy(cluster['differs'])}"
    yield from table(HEAD, [_row(node) for node in cluster["nodes"]], right=NUMBERS)
    for name in cluster["removed"]:
        yield f"{name} is in the file and was removed at run time"


def _strategy(differs: dict[str, Any]) -> str:
    return f" ({value(differs['strategy'])} in the file)" if "strategy" in differs else ""


def _row(node: dict[str, Any]) -> tuple[object, ...]:
    state = "serving" if node.get("serving") else node.get("reason") or node.get("health") or "-"
    if node.get("serving") and node.get("reason") not in (None, "serving"):
        state = f"serving ({node['reason']})"
    return (
        node["id"],
        state,
        node["weight"],
        "-" if node["capacity"] is None else node["capacity"],
        node.get("in_flight", "-"),
        seconds(node.get("latency")),
        node.get("picks", "-"),
        node.get("failures", "-"),
        differs(node["differs"]),
    )


def differs(found: dict[str, Any]) -> str:
    """What the file says instead."""
    if "node" in found:
        return "not there" if found["node"] is None else f"at {found['node']}"
    return ", ".join(f"{key} {'no limit' if old is None else old}" for key, old in found.items())
