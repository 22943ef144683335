"""`evenly changes`: where a running proxy differs from its file."""

from __future__ import annotations

import click

from evenly.cli.remote import Remote, json_option, print_json, remote_options
from evenly.cli.steer import tell
from evenly.cli.tables import moment, table, value

OTHER = (
    "a text that was put in the file's place is in force. `evenly config` shows it, "
    "`evenly config --versions` says since when, and `evenly reload` ends it"
)


@click.command("changes", short_help="Show what was changed at run time, or take it back.")
@click.argument("cluster", required=False)
@click.argument("node", required=False)
@click.option("--drop", is_flag=True, help="Take the changes back: the file holds again.")
@json_option
@remote_options
def command(
    cluster: str | None, node: str | None, drop: bool, as_json: bool, remote: Remote
) -> None:
    """Show what was changed at run time beside the file: all of it, or of a CLUSTER, or of a NODE.

    A change stays over a reload until the file itself says something new of the same value.
    """
    if drop:
        said = remote.delete("/v1/changes", cluster=cluster, node=node)
        tell(said, "the changes are taken back", whole=True)
        return
    answer = remote.get("/v1/changes")
    found = [
        one
        for one in answer["changes"]
        if cluster in (None, one["cluster"]) and node in (None, one["node"])
    ]
    if as_json:
        print_json(found)
        return
    files = answer.get("file_in_force", True)
    if not found:
        beside = "the file is in force as it was loaded" if files else OTHER
        some = "" if cluster is None else " of it"
        click.echo(f"nothing{some} was changed at run time: {beside}")
    else:
        head = ("CLUSTER", "NODE", "WHAT", "NOW", "FILE", "SINCE")
        for line in table(head, [_row(one) for one in found]):
            click.echo(line)
        if not files:
            click.echo(f"FILE means another text: {OTHER}")


def _row(one: dict[str, object]) -> tuple[object, ...]:
    now, before = value(one["value"]), value(one["replaced"])
    if one["what"] == "node":
        now = "removed" if one["value"] is None else f"added at {now}"
    at = one["at"]
    assert isinstance(at, float | int)
    return one["cluster"], one["node"] or "-", one["what"], now, before, moment(at)
