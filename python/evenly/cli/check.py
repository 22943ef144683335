"""`evenly check FILE`: says whether a configuration is sound, or everything that is wrong with it."""

from __future__ import annotations

import click


@click.command("check")
@click.argument("file", default="evenly.toml")
def command(file: str) -> None:
    """Check FILE (evenly.toml): exit 0, or 1 with every fault."""
    from evenly import config

    click.echo(f"{file}: sound: {config.load(file).summary()}")
