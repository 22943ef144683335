"""The configuration as it changes over a soak: one document, a step at a time, now and then a bad one."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from scripts.soak.nodes import Fleet, Member

STRATEGIES: dict[str, list[Any]] = {
    "users": ["power_of_two", "least_latency", "round_robin", "random", "prequal"],
    "orders": ["weighted_round_robin", "least_connections", "deadline", "power_of_two"],
    "chat": ["least_connections", "round_robin", "join_idle"],
    "keys": [
        {"name": name, "key": "header:x-user"}
        for name in ("consistent_hash", "rendezvous", "maglev")
    ],
}
"""What each cluster is switched between; the first is what it begins with."""
STEADY = "orders"
"""The cluster whose nodes all stay in the file, so that its ledger covers the whole run."""
LEAST = 2
"""Nodes that each cluster keeps in the file: one may be dead, and the other answers."""

Cluster = dict[str, Any]


class Document:
    """What the file says, or shall say next."""

    def __init__(self, fleet: Fleet, spare: str, seed: int) -> None:
        self.fleet = fleet
        self.spare = spare
        self.rng = random.Random(f"{seed} changes")
        self.clusters: dict[str, Cluster] = {name: self.first(name) for name in STRATEGIES}
        self.spare_open = False

    def first(self, name: str) -> Cluster:
        """A cluster as it begins."""
        nodes = [entry(member) for member in self.fleet.of(name)]
        if name == STEADY:
            for node in nodes:
                node["capacity"] = 6
        return {
            "nodes": nodes,
            "strategy": STRATEGIES[name][0],
            "queue": {"timeout": "20s"},
            # A dead node of two is half of all picks, until it is ejected.
            "retries": {"budget_share": 1.0},
            "ejection": {"base": "1s", "max": "4s"},
            "slow_start": "3s",
            "health": {"http": "/healthz", "every": "1s", "fast": "200ms"},
        }

    def tables(self, base: Mapping[str, Mapping[str, object]]) -> dict[str, Mapping[str, object]]:
        """The whole document; `base` is what never changes."""
        kept = {name: table for name, table in base.items() if name != "listen.spare"}
        spare = {"listen.spare": {"address": self.spare, "to": "users"}} if self.spare_open else {}
        clusters = {f"cluster.{name}": cluster for name, cluster in self.clusters.items()}
        return {**kept, **spare, **clusters}

    def inside(self, name: str) -> set[str]:
        """The addresses of a cluster's nodes that are in the file."""
        return {str(node["address"]) for node in self.clusters[name]["nodes"]}

    def step(self) -> str:
        """Change one to three things and say which."""
        ways: list[Callable[[str], str]] = [
            self.member,
            self.member,
            self.weight,
            self.strategy,
            self.setting,
            self.listener,
        ]
        names = list(self.clusters)
        said = [
            self.rng.choice(ways)(self.rng.choice(names)) for _ in range(self.rng.randrange(1, 4))
        ]
        return ", ".join(said)

    def member(self, name: str) -> str:
        """Take a node out of the file, or put one back."""
        cluster = self.clusters[name]
        inside = self.inside(name)
        outside = [one for one in self.fleet.of(name) if one.address not in inside]
        if outside and (len(inside) <= LEAST or self.rng.random() < 0.5):
            back = self.rng.choice(outside)
            cluster["nodes"].append(entry(back))
            return f"add {back.name}"
        if name == STEADY or len(inside) <= LEAST:
            return self.weight(name)
        alive = {one.address for one in self.fleet.of(name) if one.alive}
        away = self.rng.choice(cluster["nodes"])
        left = [node for node in cluster["nodes"] if node is not away]
        if sum(node["address"] in alive for node in left) < len(left):
            return self.weight(name)  # one of those that would stay is dead: not now
        cluster["nodes"] = left
        return f"remove one of {name}"

    def weight(self, name: str) -> str:
        """Another weight for one node."""
        node = self.rng.choice(self.clusters[name]["nodes"])
        node["weight"] = self.rng.randrange(1, 6)
        return f"weight {node['weight']} in {name}"

    def strategy(self, name: str) -> str:
        """Another strategy."""
        chosen = self.rng.choice(STRATEGIES[name])
        self.clusters[name]["strategy"] = chosen
        return f"strategy of {name}: {chosen if isinstance(chosen, str) else chosen['name']}"

    def setting(self, name: str) -> str:
        """Another value of a setting."""
        key, values = self.rng.choice(
            (
                ("slow_start", ["0s", "3s", "10s"]),
                ("ejection", [False, {"base": "1s", "max": "4s"}]),
                ("health", [None, {"tcp": True, "every": "1s"}, self.first(name)["health"]]),
                ("timeouts", [{"node_idle": "1s"}, {"response_head": "20s"}]),
                ("queue", [{"timeout": "20s"}, {"timeout": "15s", "length": 500}]),
            )
        )
        self.clusters[name][key] = self.rng.choice(values)
        return f"{key} of {name}"

    def listener(self, _: str) -> str:
        """Open the spare listener, or close it."""
        self.spare_open = not self.spare_open
        return f"{'open' if self.spare_open else 'close'} the spare listener"

    def spoil(self, good: str, taken: str) -> tuple[str, str]:
        """A text that must be refused, and why."""
        return self.rng.choice(
            (
                ("a syntax error", good + "\n[cluster.users\n"),
                ("an unknown key", good + "\n[cluster.bad]\nnodes = []\nstrategi = 1\n"),
                (
                    "a port in use",
                    good + f'\n[listen.taken]\naddress = "{taken}"\nto = "users"\n',
                ),
            )
        )


def entry(member: Member) -> dict[str, Any]:
    """A node as the file has it."""
    return {"address": member.address, "weight": 1}
