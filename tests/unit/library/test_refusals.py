"""What cannot be is refused, with what to write instead."""

from __future__ import annotations

import pickle

import pytest

import evenly
from evenly import (
    Balancer,
    InvalidKey,
    InvalidNode,
    InvalidSetting,
    InvalidStrategy,
    Node,
    NoNodeAvailable,
    UnknownNode,
)


@pytest.mark.parametrize(
    ("nodes", "says"),
    [
        ("10.0.0.1:80", r"is one node, not a list of nodes: write \['10.0.0.1:80'\]"),
        (b"10.0.0.1:80", "is one node, not a list"),
        (Node("10.0.0.1:80"), "is one node, not a list"),
        ({"address": "10.0.0.1:80"}, "is one node, not a list"),
        (7, "is not a list of nodes"),
        (None, "is not a list of nodes"),
        ([7], "7 is not a node: write 'host:port'"),
        (["10.0.0.1:80", "10.0.0.1:80"], "listed twice: list it once with a higher weight"),
        (["10.0.0.1"], "the port is missing"),
        (["10.0.0.1:http"], "the port is not a number"),
        (["10.0.0.1:99999"], "the port is not a number from 0 to 65535"),
        ([":80"], "the host is missing"),
        (["::1:80"], "wants brackets"),
        (["unix:run/app"], "absolute"),
        (["http://10.0.0.1:80"], "is not an address"),
        ([""], "is not an address"),
        ([{"weight": 2}], "needs an address"),
        ([{"address": "10.0.0.1:80", "wieght": 2}], "has no 'wieght'"),
        ([{"address": 80}], "80 is not an address"),
    ],
)
def test_nodes_that_cannot_be(nodes: object, says: str) -> None:
    """Each message names the node and what to write."""
    with pytest.raises(InvalidNode, match=says):
        Balancer(nodes)  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize("weight", [0, -1, 65_536, 1.5, "2", True, None])
def test_a_weight_is_a_whole_number_from_1(weight: object) -> None:
    """Nothing is rounded or clamped."""
    with pytest.raises(InvalidNode, match="write a whole number from 1 to 65535"):
        Node("10.0.0.1:80", weight=weight)  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize("capacity", [0, -1, 1.5, "2", True])
def test_a_capacity_is_a_whole_number_from_1_or_none(capacity: object) -> None:
    """0 would be a node that takes nothing: that is what drain is for."""
    with pytest.raises(InvalidNode, match="from 1, or None for no limit"):
        Node("10.0.0.1:80", capacity=capacity)  # type: ignore[arg-type]  # that is the point
    with pytest.raises(InvalidNode, match="from 1, or None for no limit"):
        Balancer(["10.0.0.1:80"], capacity=capacity)  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1:80", "[::1]:80", "localhost:80", "api.example.com:443", "unix:/run/app.sock"],
)
def test_addresses_of_all_four_kinds_are_taken(address: str) -> None:
    """IPv4, IPv6, host names and UNIX sockets."""
    assert str(Node(address)) == address


@pytest.mark.parametrize("key", [True, False, 1.5, (1,), ["k"], {"k": 1}, bytearray(b"k")])
def test_a_key_of_another_type_is_refused(key: object) -> None:
    """Also by strategies that do not look at it: the bug would show up with the next strategy."""
    for strategy in ("round_robin", "consistent_hash"):
        balancer = Balancer(["10.0.0.1:80"], strategy=strategy)
        with pytest.raises(InvalidKey, match="write a str, bytes or an int"):
            balancer.pick(key=key)  # type: ignore[arg-type]  # that is the point
        with pytest.raises(TypeError), balancer.acquire(key=key):  # type: ignore[arg-type]
            pass


@pytest.mark.parametrize(
    ("strategy", "says"),
    [
        ("pwer_of_two", 'unknown strategy "pwer_of_two". Did you mean "power_of_two"?'),
        ("zzz", "There are: round_robin"),
        ({"load": "in_flight"}, "names no strategy"),
        ({"name": "round_robin", "load": "in_flight"}, "has no option"),
        ({"name": "power_of_two", "load": "cpu"}, "unknown load"),
        ({"name": "consistent_hash", "virtual_nodes": 0}, "whole number from 1 to 65536"),
        ({"name": "consistent_hash", "virtual_nodes": 2**80}, "too large"),
        ({"name": "consistent_hash", "virtual_nodes": None}, "neither a text nor a number"),
        (7, "7 is not a strategy: write 'power_of_two'"),
        (lambda: None, "must take one argument, the view"),
    ],
)
def test_strategies_that_cannot_be(strategy: object, says: str) -> None:
    """At creation and when another is put in force, where the old one stays."""
    with pytest.raises(InvalidStrategy) as refusal:
        Balancer(["10.0.0.1:80"], strategy=strategy)  # type: ignore[arg-type]  # that is the point
    assert says in str(refusal.value)
    balancer = Balancer(["10.0.0.1:80"], strategy="random")
    with pytest.raises(InvalidStrategy):
        balancer.strategy = strategy  # type: ignore[assignment]  # that is the point
    assert balancer.strategy == "random"
    balancer.pick()


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ({"health": {}}, "write either {'http': '/healthz'} or {'tcp': True}"),
        ({"health": {"http": "/", "tcp": True}}, "write either"),
        ({"health": {"http": "healthz"}}, "is not a path"),
        ({"health": {"htpp": "/healthz"}}, "Did you mean 'http'?"),
        ({"health": {"tcp": True, "every": 0}}, "health.every: 0 is not a time"),
        ({"health": {"tcp": True, "every": "5 parsecs"}}, "'250ms', '5s', '2m'"),
        ({"health": {"tcp": True, "fall": 0}}, "health.fall: 0: write a whole number from 1"),
        ({"health": {"http": "/", "status": (400, 200)}}, "write (lowest, highest)"),
        ({"ejection": {"max_share": 1.5}}, "write a share from 0 to 1"),
        ({"ejection": 7}, "write a table or evenly.Ejection"),
        ({"queue": {"length": -1}}, "write a whole number from 0"),
        ({"retries": {"budget_per_second": -1}}, "write a number from 0"),
        ({"slow_start": -1}, "slow_start: -1 is not a time"),
        ({"name": ""}, "write a text such as 'users'"),
        ({"hash_seed": -1}, "from 0 to 2**64 - 1"),
        ({"subset": {"size": 2, "instance": 3, "instances": 3}}, "whole number from 0 to 2"),
        ({"subset": {"size": 0, "instance": 0, "instances": 1}}, "subset.size: 0"),
        ({"subset": {"size": 2}}, "instance and instances are missing"),
        ({"fails_on": "OSError"}, "is no class of exceptions"),
        ({"fails_on": (OSError, 7)}, "7 is no class of exceptions"),
        ({"resolver": "not an address"}, "the address of a DNS server"),
    ],
)
def test_options_that_cannot_be(option: dict[str, object], says: str) -> None:
    """The message starts with the option's name."""
    with pytest.raises(InvalidSetting) as refusal:
        Balancer(["10.0.0.1:80"], **option)  # type: ignore[arg-type]  # that is the point
    assert says in str(refusal.value)
    assert str(refusal.value).startswith(next(iter(option)))


def test_nodes_that_are_not_there() -> None:
    """Whatever one wants of them; the message lists who is."""
    balancer = Balancer(["10.0.0.1:80"])
    for use in (
        balancer.remove,
        balancer.drain,
        balancer.undrain,
        lambda node: balancer.update(node, weight=2),
        lambda node: balancer.report(node, load=1),
    ):
        with pytest.raises(UnknownNode, match=r"has no node .10.0.0.9:80.: it has 10.0.0.1:80"):
            use("10.0.0.9:80")


def test_a_node_is_not_added_twice() -> None:
    """The one that is there stays as it was."""
    balancer = Balancer(["10.0.0.1:80"])
    with pytest.raises(InvalidNode, match="listed twice"):
        balancer.add("10.0.0.1:80")
    assert len(balancer.nodes) == 1


@pytest.mark.parametrize("load", [-1, float("nan"), float("inf"), "high", True])
def test_a_load_that_cannot_be(load: object) -> None:
    """A finite number from 0."""
    balancer = Balancer(["10.0.0.1:80"])
    with pytest.raises(InvalidSetting, match="from 0"):
        balancer.report("10.0.0.1:80", load=load)  # type: ignore[arg-type]  # that is the point


def test_a_misspelt_attribute_is_an_error() -> None:
    """`balancer.stratgy = …` must not pass silently."""
    with pytest.raises(AttributeError):
        Balancer(["10.0.0.1:80"]).stratgy = "random"  # type: ignore[attr-defined]


def test_every_error_is_an_evenly_error() -> None:
    """One `except` catches them all."""
    kinds = [kind for kind in vars(evenly.errors).values() if isinstance(kind, type)]
    assert all(issubclass(k, evenly.EvenlyError) for k in kinds if issubclass(k, Exception))


def test_a_refusal_keeps_its_fields_on_the_way_to_another_process() -> None:
    """As multiprocessing sends it."""
    with pytest.raises(NoNodeAvailable) as refusal:
        Balancer([], name="users").pick()
    sent = pickle.loads(pickle.dumps(refusal.value))
    assert (str(sent), vars(sent)) == (str(refusal.value), vars(refusal.value))
