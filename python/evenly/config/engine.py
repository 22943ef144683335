"""The configuration as the engine reads it: durations in seconds, every key present, no second set of defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evenly.config import strategy
from evenly.config.health import UP
from evenly.config.process import cores

if TYPE_CHECKING:
    from evenly.config.cluster import ClusterSection
    from evenly.config.health import HealthSection
    from evenly.config.model import Config
    from evenly.config.node import NodeSection


def configuration(config: Config) -> dict[str, Any]:
    """What `_engine.run_proxy` takes, as JSON values."""
    return {
        "proxy": {
            **config.proxy.model_dump(exclude={"watch"}),
            "workers": config.proxy.workers or cores(),
        },
        "admin": config.admin and config.admin.model_dump(),
        "log": config.log.model_dump(),
        "listeners": [
            {"name": name, **listen.model_dump()} for name, listen in config.listen.items()
        ],
        "clusters": [_cluster(name, cluster) for name, cluster in config.cluster.items()],
    }


def _cluster(name: str, cluster: ClusterSection) -> dict[str, Any]:
    return {
        "name": name,
        **cluster.model_dump(),
        "nodes": [_node(node) for node in cluster.nodes],
        "strategy": _strategy(cluster.strategy),
        "health": cluster.health and _health(cluster.health),
    }


def _node(node: NodeSection) -> dict[str, Any]:
    return {**node.model_dump(exclude={"state"}), "id": node.name, "admin": node.state}


def _strategy(given: dict[str, Any]) -> dict[str, Any]:
    """Who hashes has to know what: the engine takes the key out of each request."""
    defaults = {
        option["name"]: option["default"] for option in strategy.table()[given["name"]]["options"]
    }
    return {"key": defaults["key"], **given} if "key" in defaults else dict(given)


def _health(health: HealthSection) -> dict[str, Any]:
    asked = health.model_dump(exclude={"http", "tcp", "status"})
    http = health.http is not None
    return {
        "kind": "http" if http else "tcp",
        "path": health.http,
        "status": list(health.status or UP) if http else None,
        **asked,
    }
