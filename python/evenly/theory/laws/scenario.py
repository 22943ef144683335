"""Scenarios: the engine in the simulator, for laws that need time to pass and nodes to die."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from evenly import _engine

__all__ = ["Report", "simulated"]

Report = dict[str, Any]


def simulated(
    strategy: Mapping[str, object],
    rate: float,
    nodes: Sequence[Mapping[str, object]],
    seed: int,
    requests: int = 1_500_000,
    **more: object,
) -> Report:
    """Run a scenario with Poisson arrivals and exponential sizes of mean 1."""
    scenario = {
        "nodes": [{"id": str(at), **node} for at, node in enumerate(nodes)],
        "strategy": strategy,
        "arrivals": {"kind": "poisson", "rate": rate},
        "service": {"kind": "exponential", "mean": 1.0},
        "requests": requests,
        **more,
    }
    report: Report = json.loads(_engine.simulate(json.dumps(scenario), seed))
    return report
