"""`evenly serve`: a load balancer in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from evenly.cli.engine import start

if TYPE_CHECKING:
    from evenly.config import Config, Loc

LISTENER, CLUSTER = "web", "nodes"
"""What the one listener and the one cluster are called in logs and metrics."""


@click.command("serve")
@click.option(
    "--listen",
    default="127.0.0.1:8080",
    show_default=True,
    metavar="ADDRESS",
    help="Where to listen. 0.0.0.0:PORT takes every IPv4 address of this machine.",
)
@click.option(
    "--to",
    required=True,
    multiple=True,
    metavar="ADDRESS,…",
    help="The nodes: IP or name with a port, or unix:/path; separated by commas or by --to again.",
)
@click.option(
    "--strategy", metavar="NAME", help="Which node a request goes to: `evenly strategies`."
)
@click.option("--health", metavar="/PATH", help="Ask each node for this path every 5 s.")
@click.option("--workers", type=int, metavar="N", help="Threads. Default: one per core.")
@click.option("--admin", metavar="ADDRESS", help="Serve /metrics and /v1/clusters here (loopback).")
def command(
    listen: str,
    to: tuple[str, ...],
    strategy: str | None,
    health: str | None,
    workers: int | None,
    admin: str | None,
) -> None:
    """Balance over the nodes --to, in one line.

    \b
    evenly serve --listen 127.0.0.1:8080 --to 127.0.0.1:9001,127.0.0.1:9002 --health /healthz
    """
    wanted = tree(listen, to, strategy, health, workers, admin)
    start(configuration(wanted), None, source(wanted))


def configuration(tree: dict[str, Any]) -> Config:
    """The same configuration that a file would give; faults name the options."""
    from evenly import config

    return config.from_tree(tree, "evenly serve", _option)


def source(tree: dict[str, Any]) -> str:
    """The same as a file, which the runtime API shows and changes."""
    from evenly.config.document import write_value

    lines = ["# What `evenly serve` was told."]
    for key, value in tree.items():
        tables = {f"{key}.{name}": one for name, one in value.items() if isinstance(one, dict)}
        for name, table in (tables or {key: value}).items():
            lines += ["", f"[{name}]"]
            lines += [f"{setting} = {write_value(item)}" for setting, item in table.items()]
    return "\n".join(lines) + "\n"


def tree(
    listen: str,
    to: tuple[str, ...],
    strategy: str | None = None,
    health: str | None = None,
    workers: int | None = None,
    admin: str | None = None,
) -> dict[str, Any]:
    """The values that a file would have."""
    nodes = [node.strip() for part in to for node in part.split(",") if node.strip()]
    if not nodes:
        raise click.UsageError("--to names no node: write --to 127.0.0.1:9001,127.0.0.1:9002")
    cluster: dict[str, Any] = {"nodes": nodes}
    if strategy is not None:
        cluster["strategy"] = strategy
    if health is not None:
        cluster["health"] = {"http": health}
    tree: dict[str, Any] = {
        "listen": {LISTENER: {"address": listen, "to": CLUSTER}},
        "cluster": {CLUSTER: cluster},
    }
    if workers is not None:
        tree["proxy"] = {"workers": workers}
    if admin is not None:
        tree["admin"] = {"address": admin}
    return tree


def _option(loc: Loc) -> str:
    """The option that a value of the tree above came from."""
    match loc:
        case ("cluster", _, "nodes", int(index), *_):
            return f"--to, node {index + 1}"
        case ("cluster", _, "nodes", *_):
            return "--to"
        case ("cluster", _, str(option), *_):
            return f"--{option}"
        case ("proxy", *_):
            return "--workers"
        case _:
            return f"--{loc[0]}"
