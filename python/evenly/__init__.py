"""Evenly: one load-balancing engine; this is its library.

import evenly

users = evenly.Balancer(["10.0.0.1:8000", evenly.Node("10.0.0.2:8000", weight=2)])
with users.pick() as pick:
    ...  # `pick` prints as host:port; leaving gives the node back and tells how it went
"""

from evenly._engine import Pick
from evenly._engine import version as __version__
from evenly.balancer import Balancer, Ejection, Explanation, Health, Queue, Retries, Subset
from evenly.errors import (
    EvenlyError,
    InvalidKey,
    InvalidNode,
    InvalidSetting,
    InvalidStrategy,
    NoNodeAvailable,
    PickSpent,
    StrategyFault,
    UnknownNode,
)
from evenly.node import Node, NodeView
from evenly.strategy import (
    Anchor,
    ConsistentHash,
    Deadline,
    First,
    JoinIdle,
    Jump,
    LeastConnections,
    LeastLatency,
    Maglev,
    PowerOfTwo,
    Prequal,
    Random,
    Rendezvous,
    RoundRobin,
    Slots,
    View,
    WeightedRoundRobin,
    strategy,
)

__all__ = [
    "Anchor",
    "Balancer",
    "ConsistentHash",
    "Deadline",
    "Ejection",
    "EvenlyError",
    "Explanation",
    "First",
    "Health",
    "InvalidKey",
    "InvalidNode",
    "InvalidSetting",
    "InvalidStrategy",
    "JoinIdle",
    "Jump",
    "LeastConnections",
    "LeastLatency",
    "Maglev",
    "NoNodeAvailable",
    "Node",
    "NodeView",
    "Pick",
    "PickSpent",
    "PowerOfTwo",
    "Prequal",
    "Queue",
    "Random",
    "Rendezvous",
    "Retries",
    "RoundRobin",
    "Slots",
    "StrategyFault",
    "Subset",
    "UnknownNode",
    "View",
    "WeightedRoundRobin",
    "__version__",
    "strategy",
]
