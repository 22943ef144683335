"""`evenly run FILE`: the proxy."""

from __future__ import annotations

import click

from evenly.cli.engine import start


@click.command("run")
@click.argument("file", default="evenly.toml")
def command(file: str) -> None:
    """Run the proxy that FILE (evenly.toml) describes.

    SIGTERM or SIGINT drains it: requests that have begun are answered, then it ends. A second
    signal ends it at once.
    """
    from evenly import config

    start(config.load(file))
