"""The command line: `evenly COMMAND`. One file per command, registered in `menu.COMMANDS`."""

from __future__ import annotations


def main() -> None:
    """Entry point of `evenly` and of `python -m evenly`."""
    # Only here: `import evenly` must not pull in click.
    from evenly.cli.menu import menu

    menu(prog_name="evenly")
