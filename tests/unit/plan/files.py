"""Configurations for tests of plans, written as short as they differ."""

from __future__ import annotations

from typing import Any

from evenly import config
from evenly.config.document import path, write_value

LISTEN = {"web": {"address": "127.0.0.1:8080", "to": "users"}}
NODES = [{"id": name, "address": f"10.0.0.{at}:80"} for at, name in enumerate("abc", 1)]


def made(
    nodes: list[Any] | None = None,
    strategy: Any = "rendezvous",
    *,
    listen: dict[str, Any] | None = None,
    clusters: dict[str, Any] | None = None,
    root: dict[str, Any] | None = None,
    **cluster: Any,
) -> config.Config:
    """A configuration with one cluster `users` of three nodes, and whatever the arguments change of that."""
    users = {"nodes": NODES if nodes is None else nodes, "strategy": strategy, **cluster}
    tree = {
        "listen": LISTEN if listen is None else listen,
        "cluster": {"users": users, **(clusters or {})},
        **(root or {}),
    }
    return config.parse(
        "".join(f"{path((key,))} = {write_value(value)}\n" for key, value in tree.items())
    )


def state(connections: dict[str, int], **nodes: dict[str, int]) -> dict[str, Any]:
    """What an engine would tell: connections of listeners, and in `nodes` the loans of each cluster's nodes."""
    return {
        "listeners": [
            {"name": name, "connections": open_now} for name, open_now in connections.items()
        ],
        "clusters": [
            {"name": name, "nodes": [{"id": node, "in_flight": out} for node, out in loans.items()]}
            for name, loans in nodes.items()
        ],
    }
