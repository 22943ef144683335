"""`evenly events`: what happens in a running proxy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from evenly.cli.remote import Remote, remote_options
from evenly.cli.tables import moment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@click.command("events", short_help="Show what happened in a running proxy, or what happens.")
@click.option("--follow", "-f", is_flag=True, help="Go on until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line, for programs.")
@remote_options
def command(follow: bool, as_json: bool, remote: Remote) -> None:
    """Show the latest events: nodes that changed, editions that came into force, requests that were refused."""
    try:
        for event in events(remote.lines("/v1/events", follow=str(follow).lower())):
            text = json.dumps(event, ensure_ascii=False) if as_json else line(event)
            click.echo(text)
    except KeyboardInterrupt:
        # That is how one stops following.
        return


def events(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The events of a stream of server-sent ones."""
    for text in lines:
        if text.startswith("data:"):
            yield json.loads(text.removeprefix("data:"))


def line(event: dict[str, Any]) -> str:
    """An event in a line."""
    when = moment(event["time"]) if "time" in event else "-"
    others = {k: v for k, v in event.items() if k not in ("time", "kind", "level", "message")}
    told = event.get("message") or " ".join(f"{key}={item}" for key, item in others.items())
    return f"{when}  {event['kind']}  {told}"
