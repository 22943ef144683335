"""The library in a threaded program that calls real servers: nothing leaks, capacity holds,
failures move on.
"""

from __future__ import annotations

import http.client
import threading

import pytest

import evenly

from .harness.exchange import Exchange
from .harness.nginx import Nginx
from .harness.node import Node, closed_port
from .harness.waiting import until


def fetch(address: str, target: str = "/") -> int:
    """Ask a server with the standard library's client and return the status."""
    connection = http.client.HTTPConnection(address, timeout=30)
    try:
        connection.request("GET", target)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def lent(balancer: evenly.Balancer) -> int:
    """Add up what is in flight."""
    return sum(node.in_flight for node in balancer.nodes)


def crew(count: int, work: object) -> None:
    """Run `work` in so many threads; what one of them raises is raised here."""
    assert callable(work)
    faults: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001
            faults.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
        assert not thread.is_alive()
    if faults:
        raise faults[0]


class Counting:
    """A node's script that counts how many requests are inside at once."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.inside = 0
        self.most = 0

    def __call__(self, exchange: Exchange) -> None:
        """Answer 200."""
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        exchange.read()
        with self.lock:
            self.inside -= 1
        exchange.reply(200, b"ok")


def test_sixteen_threads_lose_no_loan() -> None:
    """1,600 calls to three servers: each call is one request, and nothing is in flight at the
    end.
    """
    with Node() as one, Node() as two, Node() as three:
        balancer = evenly.Balancer([node.address for node in (one, two, three)])

        def work() -> None:
            for _ in range(100):
                with balancer.pick() as pick:
                    assert fetch(str(pick)) == 200

        crew(16, work)
        assert one.hits + two.hits + three.hits == 1600
        picks = {node.address: node.picks for node in balancer.nodes}
        assert picks == {node.address: node.hits for node in (one, two, three)}
        assert lent(balancer) == 0


def test_capacity_holds_on_sixteen_threads() -> None:
    """Two places at one server and three at the other: their own count never exceeds it."""
    small, large = Counting(), Counting()
    with Node(small) as one, Node(large) as two:
        balancer = evenly.Balancer(
            [evenly.Node(one.address, capacity=2), evenly.Node(two.address, capacity=3)],
            slow_start=0,
        )

        def work() -> None:
            for _ in range(30):
                with balancer.acquire(timeout=60) as pick:
                    assert fetch(str(pick)) == 200

        crew(16, work)
        assert small.most <= 2 and large.most <= 3
        assert one.hits + two.hits == 480
        assert lent(balancer) == 0


def test_attempts_carry_every_call_past_a_dead_server() -> None:
    """One of two addresses refuses: no caller sees it."""
    with Node() as alive:
        balancer = evenly.Balancer([closed_port(), alive.address])

        def work() -> None:
            for _ in range(20):
                for attempt in balancer.attempts(3):
                    with attempt as pick:
                        assert fetch(str(pick)) == 200

        crew(8, work)
        assert alive.hits == 160
        assert lent(balancer) == 0


def test_a_server_that_answers_503_is_said_to_fail() -> None:
    """`pick.status` counts; after five in a row the server is left alone."""

    def unavailable(exchange: Exchange) -> None:
        exchange.read()
        exchange.reply(503, b"")

    with Node(unavailable) as bad, Node() as good:
        balancer = evenly.Balancer([bad.address, good.address], strategy="round_robin")
        for _ in range(40):
            with balancer.pick() as pick:
                pick.status(fetch(str(pick)))
        assert bad.hits == 5
        assert {node.address: node.failures for node in balancer.nodes}[bad.address] == 5


def test_a_thread_that_dies_gives_its_node_back() -> None:
    """An exception of the caller leaves no loan and blames nobody."""
    with Node() as node:
        balancer = evenly.Balancer([node.address])

        def work() -> None:
            with balancer.pick():
                raise KeyError("a bug of the caller")

        with pytest.raises(KeyError):
            crew(4, work)
        assert lent(balancer) == 0
        assert sum(one.failures for one in balancer.nodes) == 0


def test_a_pick_that_is_dropped_is_given_back() -> None:
    """Nobody entered it, nobody left it: garbage collection does."""
    with Node() as node:
        balancer = evenly.Balancer([evenly.Node(node.address, capacity=1)])
        for _ in range(10):
            pick = balancer.pick()
            assert lent(balancer) == 1
            del pick
            until(lambda: lent(balancer) == 0, "the loan is given back")


def test_checks_follow_a_real_server_down_and_up() -> None:
    """The same engine thread checks for the library: nginx dies and returns, no request made."""
    with Nginx("a") as one, Nginx("b") as two:
        balancer = evenly.Balancer(
            [one.address, two.address],
            health={"http": "/healthz", "every": "200ms", "fast": "100ms"},
            slow_start=0,
        )

        def reason(address: str) -> str:
            return str({node.address: node for node in balancer.nodes}[address].reason)

        until(lambda: reason(one.address) == "serving", "the first is up")
        one.kill()
        until(lambda: reason(one.address) == "check_failed", "it is found dead")
        for _ in range(20):
            with balancer.pick() as pick:
                assert str(pick) == two.address
        one.start()
        until(lambda: reason(one.address) == "serving", "it is found alive")
