"""`evenly plan NEW`: what would happen if this configuration were put in force."""

from __future__ import annotations

import json
import sys
from typing import Any

import click


def share(_ctx: click.Context, _param: click.Parameter, text: str | None) -> float | None:
    """Read a share, `10%` or `0.1`; says what to write instead."""
    if text is None:
        return None
    try:
        number = float(text.strip().removesuffix("%")) / (100 if text.strip().endswith("%") else 1)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise click.BadParameter(f"{text!r} is not a share: write 10% or 0.1")
    return number


@click.command("plan", short_help="Say what a new configuration would change.")
@click.argument("new", default="evenly.toml")
@click.option("--against", metavar="OLD", help="Compare with this file, and with no proxy.")
@click.option(
    "--config",
    "config_file",
    metavar="FILE",
    help="The running proxy's configuration, whose [admin] says where it is. Default: NEW.",
)
@click.option(
    "--admin",
    metavar="ADDRESS",
    help="The running proxy's admin listener, with the token in EVENLY_ADMIN_TOKEN.",
)
@click.option(
    "--fail-if-moves",
    "most",
    callback=share,
    metavar="SHARE",
    help="Exit 1 when more of a cluster's keys would move, such as 10%.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
def command(
    new: str,
    against: str | None,
    config_file: str | None,
    admin: str | None,
    most: float | None,
    as_json: bool,
) -> None:
    """Say what would happen if NEW were put in force: listeners, connections, nodes and keys that move.

    \b
    evenly plan new.toml --against evenly.toml
    evenly plan new.toml --admin 127.0.0.1:9900 --fail-if-moves 10%

    Compares with the running proxy, or with a file. Changes nothing. Exit 0, or 1 when NEW is faulty, would be
    refused, or moves too many keys.
    """
    from evenly import config
    from evenly.plan import plan

    wanted = config.load(new)
    if against is None:
        found = running(new, config_file, admin)
    elif config_file or admin:
        raise click.UsageError("--against compares with a file: leave --config and --admin out")
    else:
        found = plan(config.load(against), wanted).as_dict()
    show(found, most, as_json=as_json)


def running(new: str, config_file: str | None, admin: str | None) -> dict[str, Any]:
    """The plan that the running proxy makes of a file: it alone knows its connections, and what is in force."""
    from evenly.cli.remote import meant
    from evenly.config.document import Document
    from evenly.control.in_force import read

    if config_file is None and admin is None:
        if "admin" not in Document.read(new).tree:
            raise click.UsageError(
                f"{new} has no [admin] that says where the running proxy is: say --admin ADDRESS, "
                "or compare with a file: --against OLD"
            )
        config_file = new
    found: dict[str, Any] = meant(config_file, admin).post("/v1/plan", read(new))
    return found


def show(found: dict[str, Any], most: float | None, *, as_json: bool) -> None:
    """Print the plan, and end with the exit code that it deserves."""
    from evenly.cli.steer import change
    from evenly.plan import Plan
    from evenly.plan.text import percent

    plan = Plan.of_dict(found)
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        click.echo(str(plan))
        for one in found.get("dropped", ()):
            click.echo(f"no longer in force: {change(one['change'])}: {one['why']}")
    if most is not None and plan.moves > most:
        click.echo(
            f"evenly: {percent(plan.moves)} of the keys of a cluster would move, more than {percent(most)}",
            err=True,
        )
        sys.exit(1)
    if plan.refused:
        sys.exit(1)
