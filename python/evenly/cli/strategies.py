"""`evenly strategies`: which strategies there are, and what can be set on them."""

from __future__ import annotations

import json
import shutil
import textwrap
from typing import TYPE_CHECKING, Any

import click

from evenly import _engine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@click.command("strategies", short_help="List the strategies and their options.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON list, for programs.")
def command(as_json: bool) -> None:
    """List the strategies: name, what it does, options with their defaults."""
    entries = _engine.strategies()
    if as_json:
        click.echo(json.dumps(entries, indent=2, ensure_ascii=False))
        return
    width = max(60, shutil.get_terminal_size().columns)
    for line in lines(entries, width):
        click.echo(line)


def lines(entries: list[dict[str, Any]], width: int) -> Iterator[str]:
    """The table: one row per strategy, its options indented below."""
    from evenly.config.strategy import DEFAULT

    column = 2 + max(len(entry["name"]) for entry in entries)
    for entry in entries:
        default = "(default) " if entry["name"] == DEFAULT else ""
        does = entry["headings"].get("does") or entry["summary"]
        yield from _row(entry["name"], default + does, column, width)
        for option in entry["options"]:
            yield from _row("", f"  {_setting(option)}: {_what(option)}", column, width)


def _row(name: str, text: str, column: int, width: int) -> Iterator[str]:
    indent = " " * (len(text) - len(text.lstrip()))
    wrapped = textwrap.wrap(text, width - column, subsequent_indent=indent)
    for number, line in enumerate(wrapped or [""]):
        yield f"{name if number == 0 else '':{column}}{line}".rstrip()


def _setting(option: Mapping[str, Any]) -> str:
    default = option["default"]
    return f"{option['name']} = {json.dumps(default) if option['kind'] == 'text' else default}"


def _what(option: Mapping[str, Any]) -> str:
    choices = option.get("choices")
    return f"{option['doc']} ({', '.join(choices)})" if choices else str(option["doc"])
