"""`evenly run FILE`: the proxy."""

from __future__ import annotations

import click

from evenly.cli.engine import start


@click.command("run")
@click.argument("file", default="evenly.toml")
def command(file: str) -> None:
    """Run the proxy that FILE (evenly.toml) describes.

    SIGHUP or `evenly reload` puts the file in force as it is then; a file with faults is refused.

    SIGTERM or SIGINT drains it: requests that have begun are answered, then it ends. A second
    signal ends it at once.
    """
    from evenly import config
    from evenly.control.in_force import read

    source = read(file)
    start(config.parse(source, file), file, source)
