"""Requests whose meaning two parsers could disagree on are refused, and no node learns of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .harness.client import Client, Closed
from .harness.node import Node, echo
from .harness.proxy import Proxy
from .harness.vectors import LATER_CHUNKS, WHOLE, Vector
from .harness.waiting import until

Pair = tuple[Proxy, Node]


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    """Give one proxy in front of one node, for all vectors."""
    with Node(echo) as node, Proxy(node, cluster={"ejection": False}) as proxy:
        yield proxy, node
        strangers = [one.target for one in node.requests if one.target != "/good" and one.complete]
        assert not strangers, "a node was sent whole requests that were refused"
        assert not node.faults


def refused(proxy: Proxy, vector: Vector) -> None:
    """Send it and read the refusal: its status, its name, and the end of the connection."""
    with Client(proxy.address) as client:
        answer = client.offer(vector.sent).response()
        assert answer.status == vector.status, answer
        assert f"bad_request:{vector.rule}" in answer.body.decode(), answer
        assert answer.closes
        with pytest.raises(Closed):
            client.response()


@pytest.mark.parametrize("vector", WHOLE, ids=str)
def test_a_request_that_can_be_misread_reaches_no_node(pair: Pair, vector: Vector) -> None:
    """The client gets the status and the rule's name, the node not one byte."""
    proxy, node = pair
    assert proxy.get("/good").status == 200
    before = node.received
    refused(proxy, vector)
    assert node.received == before
    assert proxy.get("/good").status == 200


@pytest.mark.parametrize("vector", LATER_CHUNKS, ids=str)
def test_a_body_that_turns_bad_never_becomes_a_whole_request(pair: Pair, vector: Vector) -> None:
    """The head may be there already; then the node sees its connection end before the body does."""
    proxy, node = pair
    begun = node.hits
    refused(proxy, vector)
    for exchange in node.requests[begun:]:
        until(exchange.cut.is_set, "the node saw the request break off")
        assert not exchange.complete


def test_a_bad_request_behind_a_good_one_is_refused_after_its_answer(pair: Pair) -> None:
    """Pipelined: the first is answered in full, the second refused, the third never read."""
    proxy, node = pair
    before = node.hits
    good = b"GET /good HTTP/1.1\r\nHost: t\r\n\r\n"
    with proxy.client() as client:
        client.send(good + b"GET /bad HTTP/1.1\r\nHost: t\r\nA : b\r\n\r\n" + good)
        assert client.response().status == 200
        assert client.response().status == 400
        with pytest.raises(Closed):
            client.response()
    assert node.hits == before + 1


def test_a_refused_client_does_not_count_against_the_node(pair: Pair) -> None:
    """However many broken bodies were sent through it, the node stays in."""
    proxy, _ = pair
    for _ in range(10):
        refused(proxy, LATER_CHUNKS[0])
    assert proxy.get("/good").status == 200
    failures = proxy.metrics().sum("evenly_node_failures_total")
    assert failures == 0


def test_every_refusal_is_counted_by_its_name(pair: Pair) -> None:
    """The metric for refusals tells the rules apart."""
    proxy, _ = pair
    vector = next(one for one in WHOLE if one.rule == "obs_fold")
    name = f"bad_request:{vector.rule}"
    before = proxy.metrics().sum("evenly_refusals_total", reason=name)
    refused(proxy, vector)
    until(
        lambda: proxy.metrics().sum("evenly_refusals_total", reason=name) == before + 1,
        f"{name} counted once",
    )


def test_a_head_split_anywhere_is_judged_the_same(pair: Pair) -> None:
    """A byte at a time, the same refusal and the same silence towards the node."""
    proxy, node = pair
    before = node.received
    vector = next(one for one in WHOLE if str(one).startswith("content_length_with"))
    with proxy.client() as client:
        client.offer(*(vector.sent[i : i + 1] for i in range(len(vector.sent))))
        assert client.response().status == 400
    assert node.received == before
