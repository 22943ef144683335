"""`evenly drain CLUSTER NODE`: a node ends what it has begun and takes nothing new."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click

from evenly.cli.remote import Remote, node_path, remote_options
from evenly.cli.steer import set_state

if TYPE_CHECKING:
    from collections.abc import Sequence

EVERY = 0.2
"""Seconds between two looks at what is still in flight."""


def wait_for(_ctx: click.Context, _param: click.Parameter, text: str | None) -> float | None:
    """A duration, as the file writes it or in seconds."""
    if text is None:
        return None
    from evenly.config.duration import seconds

    try:
        return seconds(float(text) if text.replace(".", "", 1).isdigit() else text)
    except ValueError as fault:
        raise click.BadParameter(str(fault)) from None


@click.command("drain", short_help="Drain nodes of a running proxy.")
@click.argument("cluster")
@click.argument("nodes", nargs=-1, required=True, metavar="NODE...")
@click.option(
    "--wait",
    "patience",
    metavar="TIME",
    callback=wait_for,
    help="Wait until nothing is in flight on them, 30s for example; exit 1 if that is not enough.",
)
@remote_options
def command(cluster: str, nodes: tuple[str, ...], patience: float | None, remote: Remote) -> None:
    """Let each NODE of CLUSTER end what it has begun; it takes nothing new until `evenly undrain`."""
    set_state(remote, cluster, nodes, "drain", "drains")
    if patience is not None and not empty(remote, cluster, nodes, patience):
        sys.exit(1)


def empty(remote: Remote, cluster: str, nodes: Sequence[str], patience: float) -> bool:
    """Whether nothing is in flight any more before the time is over; prints how it went."""
    end = time.monotonic() + patience
    while True:
        left = sum(busy(remote, cluster, node) for node in nodes)
        if not left:
            click.echo("nothing is in flight on them any more")
            return True
        if time.monotonic() >= end:
            click.echo(f"evenly: {left} requests are still in flight", err=True)
            return False
        time.sleep(EVERY)


def busy(remote: Remote, cluster: str, node: str) -> int:
    """Requests in flight on a node, or on all the addresses of its name."""
    found = remote.get(node_path(cluster, node))
    return sum(int(one.get("in_flight") or 0) for one in found.get("nodes", (found,)))
