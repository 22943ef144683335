"""`evenly strategy CLUSTER NAME`: another strategy for a cluster of a running proxy."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import click

from evenly.cli.remote import Remote, remote_options
from evenly.cli.steer import tell


@click.command("strategy", short_help="Change a cluster's strategy in a running proxy.")
@click.argument("cluster")
@click.argument("name")
@click.argument("options", nargs=-1, metavar="[OPTION=VALUE]...")
@remote_options
def command(cluster: str, name: str, options: tuple[str, ...], remote: Remote) -> None:
    """Let CLUSTER choose by the strategy NAME: see `evenly strategies`.

    \b
    evenly strategy users consistent_hash key=header:x-user bounded_load=1.25
    """
    strategy = {"name": name, **dict(map(option, options))}
    said = remote.patch(f"/v1/clusters/{quote(cluster, safe='')}", {"strategy": strategy})
    tell(said, f"cluster {cluster} chooses by {' '.join((name, *options))}")


def option(text: str) -> tuple[str, Any]:
    """An option with its value: a number, true or false, or a text."""
    key, equals, written = text.partition("=")
    if not equals:
        raise click.UsageError(f"{text!r} is no option: write OPTION=VALUE")
    try:
        return key, json.loads(written)
    except ValueError:
        return key, written
