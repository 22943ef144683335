"""`evenly undrain CLUSTER NODE`: a node that was drained or down serves again."""

from __future__ import annotations

import click

from evenly.cli.remote import Remote, remote_options
from evenly.cli.steer import set_state


@click.command("undrain", short_help="Let nodes of a running proxy serve again.")
@click.argument("cluster")
@click.argument("nodes", nargs=-1, required=True, metavar="NODE...")
@remote_options
def command(cluster: str, nodes: tuple[str, ...], remote: Remote) -> None:
    """Let each NODE of CLUSTER serve again, after `evenly drain` or `evenly down`."""
    set_state(remote, cluster, nodes, "serve", "serves")
