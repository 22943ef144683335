"""The pages under /v1, each a function from the engine's state to what is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

State = dict[str, Any]
Page = Callable[[State], dict[str, Any]]


def index(state: State) -> dict[str, Any]:
    """What runs, and what else can be asked."""
    shown = ("version", "pid", "started", "draining", "workers", "listeners")
    return {**{key: state[key] for key in shown}, "pages": sorted(PAGES)}


def clusters(state: State) -> dict[str, Any]:
    """Every cluster with its nodes as they stand."""
    return {"clusters": state["clusters"]}


PAGES: dict[str, Page] = {"/v1": index, "/v1/clusters": clusters}
"""One line per page."""
