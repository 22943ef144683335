"""The table of commands, and what they have in common: lazy loading and errors without tracebacks."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

import click

from evenly import _engine
from evenly.errors import EvenlyError

if TYPE_CHECKING:
    from collections.abc import Mapping

# One line registers a command: its module has a click command of the name `command`.
COMMANDS: Mapping[str, str] = {
    "run": "evenly.cli.run",
    "serve": "evenly.cli.serve",
    "check": "evenly.cli.check",
    "plan": "evenly.cli.plan",
    "test": "evenly.cli.test",
    "nodes": "evenly.cli.nodes",
    "reload": "evenly.cli.reload",
    "drain": "evenly.cli.drain",
    "undrain": "evenly.cli.undrain",
    "down": "evenly.cli.down",
    "add": "evenly.cli.add",
    "remove": "evenly.cli.remove",
    "weight": "evenly.cli.weight",
    "capacity": "evenly.cli.capacity",
    "strategy": "evenly.cli.strategy",
    "changes": "evenly.cli.changes",
    "config": "evenly.cli.config",
    "events": "evenly.cli.events",
    "audit": "evenly.cli.audit",
    "decisions": "evenly.cli.decisions",
    "explain": "evenly.cli.explain",
    "schema": "evenly.cli.schema",
    "strategies": "evenly.cli.strategies",
    "theorems": "evenly.cli.theorems",
    "simulate": "evenly.cli.simulate",
    "demo": "evenly.cli.demo",
    "version": "evenly.cli.version",
}


class Menu(click.Group):
    """Loads a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table: what one needs first comes first."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(COMMANDS[cmd_name]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first argument names; else says which name is nearest."""
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            # Only on this path: the words of a message are not worth a slower start.
            from evenly.config.words import unknown

            ctx.fail(unknown("command", args[0], COMMANDS))
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; whatever a user can correct is said without a traceback."""
        try:
            return super().invoke(ctx)
        except EvenlyError as error:
            click.echo(error, err=True)
            sys.exit(1)
        except BrokenPipeError:
            # Who reads has seen enough (`evenly schema | head`); click ends quietly.
            raise
        except OSError as error:
            click.echo(f"evenly: {error}", err=True)
            sys.exit(1)


@click.group(cls=Menu, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(_engine.version, prog_name="evenly", message="%(prog)s %(version)s")
def menu() -> None:
    """Evenly spreads requests over nodes.

    `evenly serve` is a load balancer in one line, `evenly run FILE` one with a configuration,
    `evenly demo` shows it at work; `evenly nodes`, `evenly drain` and others steer one that runs.
    """
