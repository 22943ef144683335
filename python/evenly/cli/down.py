"""`evenly down CLUSTER NODE`: a node is out, and not even asked how it is."""

from __future__ import annotations

import click

from evenly.cli.remote import Remote, remote_options
from evenly.cli.steer import set_state


@click.command("down", short_help="Take nodes of a running proxy out.")
@click.argument("cluster")
@click.argument("nodes", nargs=-1, required=True, metavar="NODE...")
@remote_options
def command(cluster: str, nodes: tuple[str, ...], remote: Remote) -> None:
    """Say that each NODE of CLUSTER is down; it takes nothing until `evenly undrain`."""
    set_state(remote, cluster, nodes, "down", "is down")
