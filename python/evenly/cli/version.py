"""`evenly version`."""

from __future__ import annotations

import platform

import click

from evenly import _engine


@click.command("version")
def command() -> None:
    """Print the version, and what it runs on."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    click.echo(f"evenly {_engine.version} ({python}, {platform.system()} {platform.machine()})")
