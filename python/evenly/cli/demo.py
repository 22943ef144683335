"""`evenly demo`: four nodes, the proxy with its default settings, and traffic to watch."""

from __future__ import annotations

import click


@click.command("demo", short_help="Watch Evenly at work for 20 seconds.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=1),
    default=20.0,
    show_default=True,
    help="How long to show it; Ctrl-C ends it sooner.",
)
def command(seconds: float) -> None:
    """Watch Evenly at work: one slow node, one that fails for a while, and live figures."""
    from evenly.demo.show import show

    raise SystemExit(show(seconds))
