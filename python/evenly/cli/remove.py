"""`evenly remove CLUSTER NODE`: a node leaves a running proxy."""

from __future__ import annotations

import click

from evenly.cli.remote import Remote, node_path, remote_options
from evenly.cli.steer import all_known, tell


@click.command("remove", short_help="Remove nodes from a running proxy.")
@click.argument("cluster")
@click.argument("nodes", nargs=-1, required=True, metavar="NODE...")
@remote_options
def command(cluster: str, nodes: tuple[str, ...], remote: Remote) -> None:
    """Remove each NODE from CLUSTER. Requests that it works on are answered.

    A node of the file stays away over a reload; `evenly changes --drop` brings it back.
    """
    all_known(remote, cluster, nodes)
    for node in nodes:
        tell(remote.delete(node_path(cluster, node)), f"node {node} of {cluster} removed")
