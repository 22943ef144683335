"""`evenly simulate --config evenly.toml --log access.jsonl`: a log replayed on the cluster of a configuration."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evenly.errors import EvenlyError

if TYPE_CHECKING:
    from evenly.config.cluster import ClusterSection
    from evenly.simulate.replay import Replay
    from evenly.simulate.run import Progress


@dataclass(frozen=True)
class Wanted:
    """What the command line says of a replay."""

    log: str
    config: str | None
    log_format: str | None
    cluster: str | None
    strategies: tuple[str, ...]
    kill: tuple[str, ...]
    faster: float
    seed: int


def replayed(wanted: Wanted, progress: Progress | None) -> Replay:
    """The replay; raises `ClickException` for what cannot be read, `ConfigError` for a bad configuration."""
    from evenly.simulate.logs import read_log
    from evenly.simulate.replay import COMPARED, replay

    given: dict[str, Any] = {}
    asked: dict[str, Any] = {}
    cluster = wanted.cluster
    if wanted.config is not None:
        cluster, section = _cluster(wanted.config, cluster)
        given, asked = _as_configured(section)
    asked |= {name: name for name in wanted.strategies or COMPARED if not _has(asked, name)}
    try:
        return replay(
            read_log(wanted.log, log_format=wanted.log_format),
            strategies=asked,
            cluster=cluster,
            kill=wanted.kill or None,
            faster=wanted.faster,
            seed=wanted.seed,
            progress=progress,
            **given,
        )
    except EvenlyError as error:
        raise click.ClickException(str(error)) from None


def show(replay: Replay, *, as_json: bool) -> None:
    """Print the replay."""
    click.echo(json.dumps(replay.json(), indent=2, ensure_ascii=False) if as_json else str(replay))


def drawn(replay: Replay, folder: Path) -> list[Path]:
    """A picture of the strategies side by side, and one over time for each node that dies."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    if len(replay.calm):
        paths.append(replay.calm.plot(folder / "comparison.png", "comparison"))
    for node, results in replay.dead.items():
        if not any(result.series for result in results):
            continue
        safe = "".join(letter if letter.isalnum() else "-" for letter in node)
        paths.append(results.plot(folder / f"without-{safe}.png", "timeline"))
    return paths


def _cluster(path: str, name: str | None) -> tuple[str, ClusterSection]:
    """The cluster that is meant: the one named, or the only one."""
    from evenly.config import load

    clusters = load(path).cluster
    if name is None and len(clusters) == 1:
        (name,) = clusters
    if name is None:
        raise click.UsageError(
            f"{path} has several clusters: add --cluster {' or '.join(clusters)}"
        )
    if name not in clusters:
        raise click.UsageError(f"{path} has no cluster {name!r}: there is {', '.join(clusters)}")
    return name, clusters[name]


def _as_configured(section: ClusterSection) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a replay takes from a cluster: nodes, settings, timeout, key; and its strategy under a label."""
    from evenly.config import standin
    from evenly.node import Node

    nodes = [
        Node(node.address, id=node.name, weight=node.weight, capacity=node.capacity)
        for node in section.nodes
    ]
    given = {
        "nodes": nodes,
        "settings": standin.settings(section),
        "timeout": section.timeouts.response_head,
        "key": str(section.strategy.get("key", "client_ip")),
    }
    return given, {f"{section.strategy['name']}, as configured": dict(section.strategy)}


def _has(asked: dict[str, Any], name: str) -> bool:
    """Whether a strategy is there already, with all its defaults."""
    return {"name": name} in asked.values()
