"""`evenly config`: the configuration that a running proxy has in force, an earlier one, or another one."""

from __future__ import annotations

import click

from evenly.cli.remote import Remote, json_option, print_json, remote_options
from evenly.cli.steer import change, tell
from evenly.cli.tables import moment, table


@click.command("config", short_help="Show or replace the configuration of a running proxy.")
@click.argument("edition", type=int, required=False)
@click.option("--versions", is_flag=True, help="List the editions that are kept.")
@click.option("--put", "file", metavar="FILE", help="Put FILE in force; nothing is written.")
@click.option("--drop-changes", is_flag=True, help="With --put: end what was changed at run time.")
@json_option
@remote_options
def command(
    edition: int | None,
    versions: bool,
    file: str | None,
    drop_changes: bool,
    as_json: bool,
    remote: Remote,
) -> None:
    """Print the text that is in force, or that of an earlier EDITION, with the token hidden.

    \b
    evenly config --versions
    evenly config 3 > old.toml
    evenly config --put old.toml
    """
    if sum((edition is not None, versions, file is not None)) > 1:
        raise click.UsageError("an EDITION, --versions and --put are three things: ask for one")
    if file is not None:
        from evenly.control.in_force import read

        text = read(file)
        said = remote.put("/v1/config", text, changes="drop" if drop_changes else None)
        tell(said, f"{file} is in force", whole=True)
        return
    if versions:
        _versions(remote, as_json)
        return
    found = remote.get("/v1/config" if edition is None else f"/v1/config/versions/{edition}")
    if as_json:
        print_json(found)
        return
    click.echo(found["source"], nl=False)
    for one in found["changes"]:
        click.echo(f"evenly: beside it, changed at run time: {change(one)}", err=True)


def _versions(remote: Remote, as_json: bool) -> None:
    found = remote.get("/v1/config/versions")["versions"]
    if as_json:
        print_json(found)
        return
    rows = [(one["edition"], moment(one["since"]), one["by"], one["why"]) for one in found]
    for line in table(("EDITION", "SINCE", "BY", "WHY"), rows, right="EDITION"):
        click.echo(line)
