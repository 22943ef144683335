"""How even the engine's rings are, and how many keys move that need not, counted key by key."""

from __future__ import annotations

import statistics
from collections import Counter

import evenly
from evenly import _engine
from evenly.theory.closed import hashing

__all__ = ["moves", "rings"]

KEYS = 300_000
RINGS = 24
Ring = tuple[int, int, float, float, float]
EXCESS = {10: 0.00246, 100: 0.00569}
"""Maglev, 65,537 slots, one node leaves: slots of others that move as well; simulated independently."""


def rings(points: tuple[int, ...] = (1, 10, 40, 100, 160, 1000)) -> list[Ring]:
    """Rows of: nodes, points per node, what theory says of the peak, what was found, its standard error.

    Counting KEYS keys adds their own unevenness: to the variance (k − 1)/(kv + 1) of a share comes k/KEYS. Theory is
    asked for the number of points that has both.
    """
    found = []
    for nodes in (10, 100):
        for count in points:
            spread = hashing.share_deviation(nodes, count) ** 2 + nodes / KEYS
            alike = max(1, round(((nodes - 1) / spread - 1) / nodes))
            theory = hashing.ring_peak(nodes, alike)
            peaks = [_peak(nodes, count, seed) for seed in range(RINGS)]
            error = statistics.stdev(peaks) / RINGS**0.5
            found.append((nodes, count, theory, statistics.fmean(peaks), error))
    return found


def _balancer(nodes: int, strategy: dict[str, object], seed: int = 0) -> evenly.Balancer:
    addresses = [f"10.0.{i // 250}.{i % 250 + 1}:80" for i in range(nodes)]
    return evenly.Balancer(addresses, strategy=strategy, hash_seed=seed)


def _owners(balancer: evenly.Balancer) -> list[str]:
    owners = []
    for key in range(KEYS):
        with balancer.pick(key=key) as pick:
            owners.append(pick.id)
    return owners


def _peak(nodes: int, points: int, seed: int) -> float:
    ring = _balancer(nodes, {"name": "consistent_hash", "virtual_nodes": points}, seed)
    return max(Counter(_owners(ring)).values()) * nodes / KEYS


def moves() -> list[tuple[str, int, float, float, float]]:
    """Rows of: strategy, nodes, share of keys that must move when one node leaves, that moved, theory's excess."""
    rows = []
    known = {entry["name"] for entry in _engine.strategies()}
    for name in ("consistent_hash", "rendezvous", "jump", "anchor", "maglev"):
        if name not in known:
            continue
        for nodes in (10, 100):
            balancer = _balancer(nodes, {"name": name})
            before = _owners(balancer)
            gone = balancer.nodes[-1].id  # jump takes no other back
            balancer.remove(gone)
            after = _owners(balancer)
            must = before.count(gone) / KEYS
            moved = sum(old != new for old, new in zip(before, after, strict=True)) / KEYS
            rows.append((name, nodes, must, moved, EXCESS[nodes] if name == "maglev" else 0.0))
    return rows
