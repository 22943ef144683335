"""Envoy's configuration for each way it is played."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.proxy.products import Running, envoy_file, envoy_running, free_port


def envoy(
    folder: Path,
    ports: list[int],
    places: int | None,
    policy: str = "ROUND_ROBIN",
    best: bool = False,
) -> Running:
    """One worker thread; *best* ejects outliers and tries again on another host."""
    port = free_port()
    file = envoy_file(port, ports)
    cluster = file["static_resources"]["clusters"][0]
    cluster["lb_policy"] = policy
    if best:
        cluster["outlier_detection"] = {"max_ejection_percent": 50}
        route(file)["retry_policy"] = {
            "retry_on": "5xx",
            "num_retries": 3,
            "retry_host_predicate": [
                {
                    "name": "others",
                    "typed_config": {
                        "@type": "type.googleapis.com/envoy.extensions.retry.host."
                        "previous_hosts.v3.PreviousHostsPredicate"
                    },
                }
            ],
            "host_selection_retry_max_attempts": 5,
        }
        # Without a budget three retries at a time are allowed in the whole cluster.
        budget = {"budget_percent": {"value": 20.0}, "min_retry_concurrency": 10}
        cluster["circuit_breakers"] = {"thresholds": [{"retry_budget": budget}]}
    if places:
        # HTTP/1.1: a connection is a request. What waits for one does so in the pool, at most 1,024.
        breakers = cluster.setdefault("circuit_breakers", {"thresholds": [{}]})
        breakers["thresholds"][0]["max_connections"] = places * len(ports)
        breakers["per_host_thresholds"] = [{"max_connections": places}]
    path = folder / "envoy.json"
    path.write_text(json.dumps(file))
    return envoy_running(path, port)


def route(file: dict[str, Any]) -> dict[str, Any]:
    """Where the only route of the file leads."""
    listener = file["static_resources"]["listeners"][0]
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    found: dict[str, Any] = manager["route_config"]["virtual_hosts"][0]["routes"][0]["route"]
    return found
