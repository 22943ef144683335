"""`evenly reload`: a running proxy reads its file again."""

from __future__ import annotations

import click

from evenly.cli.remote import Remote, remote_options
from evenly.cli.steer import change, tell


@click.command("reload", short_help="Let a running proxy read its file again.")
@click.option("--drop-changes", is_flag=True, help="End everything that was changed at run time.")
@remote_options
def command(drop_changes: bool, remote: Remote) -> None:
    """Put the file in force as it is now: connections, listeners and nodes that stay are not touched.

    A file with faults is refused with all of them, and what is in force stays. What was changed at run time
    stays where the file says what it said before.
    """
    said = remote.post("/v1/reload", changes="drop" if drop_changes else None)
    tell(said, "the file is in force", whole=True)
    for kept in said["changes"]:
        click.echo(f"  still beside the file: {change(kept)}")
