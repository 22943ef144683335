"""`evenly simulate`: what each strategy would give, on the engine and a virtual clock."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evenly.cli import replay, sweep
from evenly.cli.replay import Wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from rich.progress import Progress, TaskID

    from evenly.config.document import Document
    from evenly.simulate import Results, Scenario

LONG = 1.0
"""Seconds after which a run is long enough for a bar."""


@click.command("simulate", short_help="Try strategies before deploying them.")
@click.argument("scenario", required=False)
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON, for programs.")
@click.option("--plot", "folder", metavar="DIR", help="Draw pictures into this folder.")
@click.option("--seed", type=click.IntRange(min=0), help="Where chance begins.")
@click.option("--requests", type=click.IntRange(min=1), help="Requests in each run.")
@click.option("--replications", type=click.IntRange(min=1), help="Independent runs to pool.")
@click.option(
    "--dask", metavar="ADDRESS", help="Spread a [sweep] over this Dask scheduler's workers."
)
@click.option("--log", metavar="FILE", help="Replay this access log: ours, nginx's or HAProxy's.")
@click.option("--config", metavar="FILE", help="The configuration whose cluster is replayed.")
@click.option("--cluster", metavar="NAME", help="Which of its clusters.")
@click.option("--log-format", metavar="TEXT", help="nginx's log_format, if it is your own.")
@click.option(
    "--strategy", "strategies", multiple=True, metavar="NAME", help="Replay it with this one too."
)
@click.option(
    "--kill", multiple=True, metavar="NODE", help="What if this node dies? Default: the busiest."
)
@click.option(
    "--faster", type=float, default=1.0, help="Let the same requests come so many times as fast."
)
def command(
    scenario: str | None,
    as_json: bool,
    folder: str | None,
    dask: str | None,
    log: str | None,
    config: str | None,
    cluster: str | None,
    log_format: str | None,
    strategies: tuple[str, ...],
    kill: tuple[str, ...],
    faster: float,
    **changes: int | None,
) -> None:
    """Simulate SCENARIO, a TOML file, with the production engine on a virtual clock; or replay a log.

    \b
    evenly simulate scenario.toml
    evenly simulate --config evenly.toml --log access.jsonl

    Prints one row for each strategy, with 95 % confidence intervals. Ctrl-C keeps what is done.
    """
    of_logs = {
        "--config": config,
        "--cluster": cluster,
        "--log-format": log_format,
        "--strategy": strategies,
        "--kill": kill,
        "--faster": faster != 1,
    }
    if log is not None:
        if scenario is not None:
            raise click.UsageError("a log is replayed without a scenario: leave one of the two out")
        of_scenarios = {
            "--requests": changes["requests"],
            "--replications": changes["replications"],
            "--dask": dask,
        }
        refuse(of_scenarios, "is for scenarios, and this replays a log: leave it out")
        seed = changes["seed"] or 0
        sys.exit(
            _replay(
                Wanted(log, config, log_format, cluster, strategies, kill, faster, seed),
                folder,
                as_json=as_json,
            )
        )
    if scenario is None:
        raise click.UsageError(
            "name a scenario, such as: evenly simulate scenario.toml; or a log: --log access.jsonl"
        )
    refuse(of_logs, "is for logs: add --log access.jsonl, or leave it out")
    document, tree = read(scenario, changes)
    if "sweep" in tree:
        sys.exit(_sweep(document, tree, dask, folder, as_json=as_json))
    if dask is not None:
        raise click.UsageError("--dask spreads a sweep: write a table [sweep] into the scenario")
    results, code = simulated(checked(document, tree))
    show(results, as_json=as_json)
    if folder is not None and len(results):
        tell(drawn(results, Path(folder)), as_json=as_json)
    sys.exit(code)


def refuse(given: Mapping[str, object], why: str) -> None:
    """Refuse an option that would do nothing here."""
    for name, value in given.items():
        if value:
            raise click.UsageError(f"{name} {why}")


def _sweep(
    document: Document, tree: dict[str, Any], dask: str | None, folder: str | None, *, as_json: bool
) -> int:
    """Sweep over a grid, print it, draw it; the exit code."""
    bar = Bar()
    try:
        found, code = sweep.swept(document, tree, dask, bar.progress)
    finally:
        bar.stop()
    sweep.show(found, as_json=as_json)
    if folder is not None and any(len(results) for results in found):
        tell(sweep.drawn(found, Path(folder)), as_json=as_json)
    return code


def _replay(wanted: Wanted, folder: str | None, *, as_json: bool) -> int:
    """Replay a log, print it, draw it; the exit code."""
    bar = Bar()
    try:
        found = replay.replayed(wanted, bar.progress)
    finally:
        bar.stop()
    replay.show(found, as_json=as_json)
    if folder is not None:
        tell(replay.drawn(found, Path(folder)), as_json=as_json)
    return 0 if found.complete else 130


def read(path: str, changes: dict[str, int | None]) -> tuple[Document, dict[str, Any]]:
    """A file, and its values with what the command line says otherwise."""
    from evenly.config.document import Document

    document = Document.read(path)
    said = {name: value for name, value in changes.items() if value is not None}
    return document, {**document.tree, **said}


def checked(document: Document, tree: dict[str, Any]) -> Scenario:
    """The scenario of a table; every fault with its line in the document."""
    from evenly.config.fault import ConfigError
    from evenly.simulate import InvalidScenario
    from evenly.simulate.run import scenario_from

    try:
        return scenario_from(tree)
    except InvalidScenario as error:
        raise ConfigError(document.fault(loc, what) for loc, what in error.faults) from None


def simulated(scenario: Scenario) -> tuple[Results, int]:
    """The results, and the exit code: 130 when Ctrl-C ended the run."""
    from evenly.simulate import Interrupted, run

    bar = Bar()
    try:
        return run(scenario, progress=bar.progress), 0
    except Interrupted as stopped:
        return stopped.results, 130
    finally:
        bar.stop()


def show(results: Results, *, as_json: bool) -> None:
    """Print the results."""
    if as_json:
        click.echo(json.dumps(results.json(), indent=2, ensure_ascii=False))
        return
    click.echo(f"{results.scenario.summary}\n")
    click.echo(str(results))


def drawn(results: Results, folder: Path) -> list[Path]:
    """Every picture that the results have, in a folder that is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    kinds = ["comparison"]
    if any(result.series for result in results):
        kinds.append("timeline")
    return [results.plot(folder / f"{kind}.png", kind) for kind in kinds]


def tell(paths: Iterable[Path], *, as_json: bool) -> None:
    """Say where pictures are; not where programs read."""
    for path in paths:
        click.echo(f"drawn: {path}", err=as_json)


class Bar:
    """A bar on the terminal, from the moment a run has proved long."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    @property
    def progress(self) -> Callable[[int, int | None], None] | None:
        """What is told how far it is; nothing where nobody sees it."""
        return self.told if sys.stderr.isatty() else None

    def told(self, done: int, total: int | None) -> None:
        """How many requests are done, of how many."""
        if self._bar is None:
            if time.monotonic() - self._began < LONG:
                return
            self._bar = _bar()
            self._task = self._bar.add_task("requests", total=total)
            self._bar.start()
        if self._task is not None:
            self._bar.update(self._task, completed=done, total=total)

    def stop(self) -> None:
        """Wipe the bar."""
        if self._bar is not None:
            self._bar.stop()


def _bar() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = ("simulating", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
