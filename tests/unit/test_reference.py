"""The three tests of the reference document (its section 4.3), transcribed under their own names.

The document's `LoadBalancer` is `Balancer` here, its `select_node` is `pick`, its `connection_count` is `in_flight`.
"""

from __future__ import annotations

from evenly import Balancer, Node

NODES = [
    Node("127.0.0.1:8080", id="node1", weight=1, capacity=100),
    Node("127.0.0.1:8081", id="node2", weight=1, capacity=100),
]


def test_round_robin_strategy() -> None:
    """Two picks over two nodes give two different nodes."""
    balancer = Balancer(NODES, strategy="round_robin")
    with balancer.pick() as selected1:
        pass
    with balancer.pick() as selected2:
        pass
    assert selected1.id != selected2.id


def test_least_connections_strategy() -> None:
    """node1 has 5 connections, node2 has 2: node2 is selected."""
    balancer = Balancer(NODES, strategy="least_connections")
    balancer.drain("node2")
    five = [balancer.pick() for _ in range(5)]
    balancer.undrain("node2")
    two = [balancer.pick() for _ in range(2)]
    assert [node.in_flight for node in balancer.nodes] == [5, 2]
    with balancer.pick() as selected:
        assert selected.id == "node2"
    del five, two


def test_load_balancer_integration() -> None:
    """Nodes are added one by one, then two picks go to different ones."""
    balancer = Balancer([], strategy="round_robin")
    node1, node2 = NODES
    balancer.add(node1)
    balancer.add(node2)
    # node2 joins a running cluster and would take its share step by step; the document knows no slow start.
    fresh = Balancer([], strategy="round_robin", slow_start=0)
    fresh.add(node1)
    fresh.add(node2)
    with fresh.pick() as selected1:
        pass
    with fresh.pick() as selected2:
        pass
    assert selected1.id != selected2.id
    assert [node.id for node in balancer.nodes] == ["node1", "node2"]
