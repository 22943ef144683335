"""`evenly capacity CLUSTER NODE N`: another capacity for a node of a running proxy."""

from __future__ import annotations

import click

from evenly.cli.remote import Remote, node_path, remote_options
from evenly.cli.steer import tell

NONE = "none"


def number(_ctx: click.Context, _param: click.Parameter, text: str) -> int | None:
    """A whole number, or no limit."""
    if text == NONE:
        return None
    if not (text.isascii() and text.isdigit()):
        raise click.BadParameter(f'{text!r} is no number of requests: write 20, or "{NONE}"')
    return int(text)


@click.command("capacity", short_help="Change a node's capacity in a running proxy.")
@click.argument("cluster")
@click.argument("node")
@click.argument("capacity", metavar="N|none", callback=number)
@remote_options
def command(cluster: str, node: str, capacity: int | None, remote: Remote) -> None:
    """Let NODE of CLUSTER take N requests at a time, or any number of them (none)."""
    said = remote.patch(node_path(cluster, node), {"capacity": capacity})
    limit = "no limit" if capacity is None else f"a capacity of {capacity}"
    tell(said, f"node {node} of {cluster} has {limit}")
