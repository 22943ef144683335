"""`evenly decisions`: which nodes some of the latest requests were given, and why."""

from __future__ import annotations

from typing import Any

import click

from evenly.cli.remote import Remote, json_option, print_json, remote_options
from evenly.cli.tables import moment, seconds, table


@click.command("decisions", short_help="Show sampled decisions of a running proxy.")
@click.argument("cluster", required=False)
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many."
)
@json_option
@remote_options
def command(cluster: str | None, limit: int, as_json: bool, remote: Remote) -> None:
    """Show which nodes were proposed for some of the latest requests of CLUSTER, or of all, newest first."""
    found = remote.get("/v1/decisions", cluster=cluster, limit=limit)["decisions"]
    if as_json:
        print_json(found)
        return
    if not found:
        click.echo("no request was sampled yet")
        return
    head = ("TIME", "CLUSTER", "NODE", "STAGE", "PROPOSED", "TRIES", "STATUS", "TIME-TAKEN")
    for line in table(head, [_row(one) for one in found], right="TRIES STATUS TIME-TAKEN"):
        click.echo(line)


def _row(one: dict[str, Any]) -> tuple[object, ...]:
    proposed = (
        f"{given['id']} ({given['refused']})" if given.get("refused") else given["id"]
        for given in one.get("proposals", ())
    )
    return (
        moment(one["time"]),
        one["cluster"],
        one.get("node") or one.get("reason") or "-",
        one.get("stage") or "-",
        ", ".join(proposed) or "-",
        one.get("tries", "-"),
        one.get("status") or "-",
        seconds(one.get("seconds")),
    )
