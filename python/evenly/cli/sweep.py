"""The sweep of `evenly simulate`: a scenario file with a table `[sweep]`, here or on a Dask cluster."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from evenly.config.document import Document
    from evenly.simulate import Sweep
    from evenly.simulate.jobs import Progress


def swept(
    document: Document, tree: dict[str, Any], dask: str | None, progress: Progress | None
) -> tuple[Sweep, int]:
    """The results, and the exit code: 130 when Ctrl-C ended the sweep; every fault with its line."""
    from evenly.config.fault import ConfigError
    from evenly.simulate import InvalidScenario, SweepInterrupted, sweep

    scenario = {key: value for key, value in tree.items() if key != "sweep"}
    grid = dict(leaves(tree["sweep"], ""))
    try:
        return sweep(grid, dask=dask, progress=progress, **scenario), 0
    except InvalidScenario as error:
        raise ConfigError(document.fault(loc, what) for loc, what in error.faults) from None
    except SweepInterrupted as stopped:
        return stopped.results, 130


def leaves(table: Any, path: str) -> Iterator[tuple[str, Any]]:
    """`arrivals.rate = […]` of the file as the grid writes it: what lies below tables, by its whole path."""
    if not isinstance(table, Mapping):
        yield path or "sweep", table
        return
    for key, value in table.items():
        yield from leaves(value, f"{path}.{key}" if path else key)


def show(found: Sweep, *, as_json: bool) -> None:
    """Print the results."""
    if as_json:
        click.echo(json.dumps(found.json(), indent=2, ensure_ascii=False))
        return
    click.echo(str(found))


def drawn(found: Sweep, folder: Path) -> list[Path]:
    """A picture of the mean and one of the p99 against what was varied, in a folder that is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    return [found.plot(folder / f"{figure}.png", figure) for figure in ("mean", "p99")]
