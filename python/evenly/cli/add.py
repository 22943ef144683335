"""`evenly add CLUSTER ADDRESS`: a node joins a running proxy."""

from __future__ import annotations

import click

from evenly.cli.remote import Remote, node_path, remote_options
from evenly.cli.steer import tell


@click.command("add", short_help="Add a node to a running proxy.")
@click.argument("cluster")
@click.argument("address")
@click.option("--id", "name", metavar="NAME", help="Its stable name. Default: its address.")
@click.option("--weight", type=int, metavar="N", help="Its share beside the others'. Default: 1.")
@click.option("--capacity", type=int, metavar="N", help="Requests at a time. Default: no limit.")
@click.option("--state", metavar="STATE", help="serve (default), drain or down.")
@remote_options
def command(
    cluster: str,
    address: str,
    name: str | None,
    weight: int | None,
    capacity: int | None,
    state: str | None,
    remote: Remote,
) -> None:
    """Add the node at ADDRESS to CLUSTER.

    It stays over a reload until the file has it too. It gets its share slowly, as every node that joins.
    """
    node = {"address": address, "id": name, "weight": weight, "capacity": capacity, "state": state}
    said = remote.post(node_path(cluster), {k: v for k, v in node.items() if v is not None})
    tell(said, f"node {name or address} of {cluster} added")
