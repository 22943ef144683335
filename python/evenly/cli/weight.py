"""`evenly weight CLUSTER NODE N`: another share for a node of a running proxy."""

from __future__ import annotations

import click

from evenly.cli.remote import Remote, node_path, remote_options
from evenly.cli.steer import tell


@click.command("weight", short_help="Change a node's weight in a running proxy.")
@click.argument("cluster")
@click.argument("node")
@click.argument("weight", type=int, metavar="N")
@remote_options
def command(cluster: str, node: str, weight: int, remote: Remote) -> None:
    """Give NODE of CLUSTER the weight N: its share beside the others'."""
    said = remote.patch(node_path(cluster, node), {"weight": weight})
    tell(said, f"node {node} of {cluster} has weight {weight}")
