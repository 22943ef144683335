"""`evenly test FILE`: tries the assertions that stand in a configuration."""

from __future__ import annotations

import json
import sys

import click


@click.command("test", short_help="Try the assertions kept in a configuration.")
@click.argument("file", default="evenly.toml")
@click.option("-k", "only", metavar="NAME", help="Only those whose name holds this text.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
def command(file: str, only: str | None, as_json: bool) -> None:
    """Try the [[test]] tables of FILE (evenly.toml) on the engine and a virtual clock.

    \b
    [[test]]
    name = "without b, key 42 stays with a or c"
    key = "42"
    down = ["b"]
    answer_from = ["a", "c"]

    Exit 0 when all hold, else 1. The same file always gives the same answer.
    """
    from evenly.assertions import tried
    from evenly.assertions.outcome import named
    from evenly.assertions.text import lines, summary
    from evenly.config.check import check
    from evenly.config.document import Document

    document = Document.read(file)
    config = check(document)
    if not config.test:
        raise click.ClickException(
            f"{file} has no [[test]]: write one, such as\n\n"
            '[[test]]\npicks = 10_000\nno_node_above = "40 %"'
        )
    outcomes = []
    for outcome in tried(config, only):
        outcomes.append(outcome)
        if not as_json:
            place = document.spans[f"test[{outcome.index}]"][0]
            click.echo("\n".join(lines(outcome, f"{file}:{place}")))
    if not outcomes:
        names = "\n".join(f"  {name}" for _, name, _, _ in named(config))
        raise click.UsageError(f"no assertion's name holds {only!r}; there are\n{names}")
    held = all(outcome.held for outcome in outcomes)
    if as_json:
        tests = [outcome.as_dict() for outcome in outcomes]
        click.echo(json.dumps({"held": held, "tests": tests}, indent=2, ensure_ascii=False))
    else:
        click.echo(summary(outcomes))
    sys.exit(0 if held else 1)
