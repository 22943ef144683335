"""`evenly audit`: who changed what in a running proxy."""

from __future__ import annotations

from typing import Any

import click

from evenly.cli.remote import Remote, json_option, print_json, remote_options
from evenly.cli.tables import moment, table


@click.command("audit", short_help="Show who changed what in a running proxy.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many entries."
)
@json_option
@remote_options
def command(limit: int, as_json: bool, remote: Remote) -> None:
    """Show the latest actions, refused ones too, newest first.

    Who has called is what the caller says; through what it came is known.
    """
    found = remote.get("/v1/audit", limit=limit)["entries"]
    if as_json:
        print_json(found)
        return
    rows = [
        (
            moment(one["time"]),
            one["result"] + (f": {one['error']}" if one.get("error") else ""),
            "-" if one["edition"] is None else one["edition"],
            one["by"],
            one["agent"] or "-",
            _what(one),
        )
        for one in found
    ]
    head = ("TIME", "RESULT", "EDITION", "THROUGH", "CALLER", "WHAT")
    for line in table(head, rows, right="EDITION"):
        click.echo(line)


def _what(one: dict[str, Any]) -> str:
    """What was asked; of a run-time change what it did, of a refused action also why."""
    did = "; ".join(one.get("did", ())) or one["what"]
    return f"{did}: {one['message']}" if one.get("message") else did
