"""`evenly schema`: the JSON Schema of the configuration file, for editors."""

from __future__ import annotations

import json

import click


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of the configuration file.

    Editors that know TOML complete and check with it: with Taplo, for example, by
    `#:schema evenly.schema.json` as the first line of the file.
    """
    from evenly import config

    click.echo(json.dumps(config.json_schema(), indent=2, ensure_ascii=False))
