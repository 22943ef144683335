"""Mistakes that mypy must find: every line with an ignore is one. An ignore that is not needed is an error."""

from __future__ import annotations

import evenly

users = evenly.Balancer(["10.0.0.1:80"])
evenly.Balancer([7])  # type: ignore[list-item]
evenly.Balancer(["10.0.0.1:80"], stratgy="random")  # type: ignore[call-arg]
users.pick(42)  # type: ignore[call-arg]
users.pick(key=1.5)  # type: ignore[arg-type]
users.pick().status("503")  # type: ignore[arg-type]
users.nodes[0].weight = 7  # type: ignore[misc]
evenly.PowerOfTwo(load="cpu")  # type: ignore[arg-type]
users.strategy = 7  # type: ignore[assignment]
evenly.Node("10.0.0.1:80", weight="2")  # type: ignore[arg-type]
users.report("a", load="high")  # type: ignore[arg-type]
