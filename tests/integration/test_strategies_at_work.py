"""Every registered strategy carries real traffic; keys are found where the configuration says
they are.
"""

from __future__ import annotations

import contextlib

import pytest

from evenly import _engine

from .harness.gate import Gate
from .harness.load import Load
from .harness.node import Node
from .harness.proxy import Proxy
from .harness.state import idle, nodes

NAMES = [entry["name"] for entry in _engine.strategies()]


@pytest.mark.parametrize("name", NAMES)
def test_every_strategy_carries_load_without_a_failure(name: str) -> None:
    """Three nodes of different weight, eight clients; one node dies on the way."""
    with contextlib.ExitStack() as stack:
        one, two, three = (stack.enter_context(Node(name=f"n{n}")) for n in range(3))
        heavy = {"address": two.address, "weight": 3}
        cluster = {"strategy": name, "slow_start": "0s"}
        proxy = stack.enter_context(Proxy(one, heavy, three, cluster=cluster))
        with Load(proxy.address, 8) as load:
            load.more(300)
            three.stop()
            load.more(300)
        tally = load.stop()
        assert not tally.failures, tally.failures[:5]
        idle(proxy)
        assert set(nodes(proxy)) == {one.address, two.address, three.address}


KEYS = ["header:x-user", "cookie:sid", "query:u", "path"]


def keyed(key: str, user: str, turn: int) -> tuple[str, list[str]]:
    """Write a request of this user's: a target and fields; what is not the key differs each
    time.
    """
    if key.startswith("header"):
        return f"/{turn}", [f"X-User: {user}"]
    if key.startswith("cookie"):
        return f"/{turn}", [f"Cookie: a={turn}; sid={user}; c=d"]
    if key.startswith("query"):
        return f"/{turn}?a={turn}&u={user}&c=d", []
    return f"/users/{user}", [f"X-Turn: {turn}"]


@pytest.mark.parametrize("key", KEYS)
def test_a_key_is_found_and_stays_with_its_node(key: str) -> None:
    """Twenty keys, five requests each: one node per key, several nodes in all."""
    cluster = {"strategy": {"name": "consistent_hash", "key": key}}
    with contextlib.ExitStack() as stack:
        four = [stack.enter_context(Node(name=f"n{n}")) for n in range(4)]
        proxy = stack.enter_context(Proxy(*four, cluster=cluster))
        homes = set()
        for user in range(20):
            asked = (keyed(key, f"user{user}", turn) for turn in range(5))
            answers = {proxy.get(target, *fields).body for target, fields in asked}
            assert len(answers) == 1
            homes |= answers
        assert len(homes) > 1


def test_the_clients_address_is_a_key() -> None:
    """All of one client's requests go to one node."""
    cluster = {"strategy": {"name": "consistent_hash", "key": "client_ip"}}
    with contextlib.ExitStack() as stack:
        three = [stack.enter_context(Node(name=f"n{n}")) for n in range(3)]
        proxy = stack.enter_context(Proxy(*three, cluster=cluster))
        assert len({proxy.get(f"/{n}").body for n in range(30)}) == 1


def test_capacity_holds_under_load_and_nobody_is_refused() -> None:
    """Thirty-two clients for five places: the nodes' own counts never exceed theirs."""
    small, large = Gate(), Gate()
    small.open.set()
    large.open.set()
    with Node(small) as one, Node(large) as two:
        tables: list[dict[str, object]] = [
            {"address": one.address, "capacity": 2},
            {"address": two.address, "capacity": 3},
        ]
        cluster = {"queue": {"timeout": "60s"}, "slow_start": "0s"}
        with Proxy(*tables, cluster=cluster) as proxy:
            with Load(proxy.address, 32) as load:
                load.more(2000)
            tally = load.stop()
            assert not tally.failures, tally.failures[:5]
            idle(proxy)
        assert small.most <= 2 and large.most <= 3
