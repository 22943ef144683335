"""Why a request goes where it goes, asked of the running proxy and told by its answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlencode

import pytest

from .harness.client import get
from .harness.exchange import Exchange
from .harness.node import Node, hello
from .harness.proxy import Proxy
from .harness.waiting import until

KEYED = {"strategy": {"name": "rendezvous", "key": "header:X-User"}}
TOLD = re.compile(
    r"cluster=users; node=(?P<node>[^;]+); tries=(?P<tries>\d+); stage=(?P<stage>[a-z-]+); "
    r"edition=(?P<edition>\d+)"
)


def asked(proxy: Proxy, path: str, **query: object) -> Any:
    """Ask the admin listener until the control process answers."""

    def read() -> Any:
        answer = get(proxy.admin, f"{path}?{urlencode(query)}")
        return json.loads(answer.body) if answer.status == 200 else None

    return until(read, f"{path} is answered")


def told(answer: Any) -> dict[str, str]:
    """Read `X-Evenly`, which an answer has once."""
    fields = [value for name, value in answer.headers if name.lower() == "x-evenly"]
    assert len(fields) == 1, fields
    found = TOLD.fullmatch(fields[0])
    assert found, fields
    return found.groupdict()


@pytest.fixture
def four() -> Iterator[list[Node]]:
    """Give four nodes that say their names."""
    with ExitStack() as stack:
        yield [stack.enter_context(Node(name=f"n{place}")) for place in range(4)]


def named(nodes: list[Node]) -> list[dict[str, str]]:
    """Write nodes with the names that they say."""
    return [{"id": node.name, "address": node.address} for node in nodes]


def test_an_explanation_names_the_node_that_answers(four: list[Node]) -> None:
    """For every key, and the places in its own order tell who comes next when that one is drained."""
    with Proxy(*named(four), cluster=KEYED) as proxy:
        for key in ("42", "a/b c", "ключ", "x&y=z"):
            why = asked(proxy, "/v1/clusters/users/explain", key=key)
            said = proxy.get("/", "X-User: " + key.encode().decode("latin-1")).body.decode()
            assert why["pick"] == said
            assert (why["cluster"], why["key"], why["edition"]) == ("users", key, 1)
            assert why["strategy"]["name"] == "rendezvous"
            assert why["strategy"]["key"] == "header:X-User"
            assert (why["stage"], why["reason"]) == ("normal", None)
            assert sorted(node["score"] for node in why["candidates"]) == [0, 1, 2, 3]
            assert why["proposals"] == [{"id": said, "refused": None}]
            assert f'"{said}" is lent' in why["sentence"]


def test_asking_counts_no_pick(four: list[Node]) -> None:
    """Nor does it move on whose turn it is."""
    with Proxy(*named(four), cluster={"strategy": "round_robin"}, proxy={"workers": 1}) as proxy:
        for _ in range(6):
            before = asked(proxy, "/v1/clusters/users/explain")["pick"]
            assert asked(proxy, "/v1/clusters/users/explain")["pick"] == before
            assert proxy.get().body.decode() == before


def test_what_cannot_be_explained_is_refused_by_name(four: list[Node]) -> None:
    """A cluster that does not exist is named, with those that do."""
    with Proxy(*named(four)) as proxy:
        asked(proxy, "/v1/clusters/users/explain")
        answer = get(proxy.admin, "/v1/clusters/nobody/explain")
        assert answer.status == 404
        assert "nobody" in json.loads(answer.body)["message"]


def test_with_debug_every_answer_tells_where_it_comes_from(four: list[Node]) -> None:
    """Also the node's name, which others are not told."""
    with Proxy(*named(four), listen={"debug": True}) as proxy, proxy.client() as client:
        for _ in range(20):
            client.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
            answer = client.response()
            found = told(answer)
            assert found == {
                "node": answer.body.decode(),
                "tries": "1",
                "stage": "normal",
                "edition": "1",
            }
    with Proxy(*named(four)) as proxy:
        assert proxy.get().header("x-evenly") is None


def lying(exchange: Exchange) -> None:
    """Answer with a field of ours, in the spelling of the request, twice."""
    exchange.read()
    exchange.reply(200, b"ok", ("X-Evenly", "node=elsewhere"), ("x-EVENLY", "node=nowhere"))


def test_neither_client_nor_node_can_put_words_into_our_mouth() -> None:
    """A node's own field is dropped on such a listener; elsewhere it is the node's affair."""
    with Node(lying) as node:
        with Proxy(node, listen={"debug": True}) as proxy:
            answer = proxy.get("/", "X-Evenly: node=mine")
            assert told(answer)["node"] == node.address
        with Proxy(node) as proxy:
            said = [value for name, value in proxy.get().headers if name.lower() == "x-evenly"]
            assert said == ["node=elsewhere", "node=nowhere"]


def test_our_own_refusals_tell_it_too() -> None:
    """Which node was tried last, and after how many tries; or that no request could be read."""
    with Node(name="gone") as gone:
        away = gone.address
    with Proxy({"id": "gone", "address": away}, listen={"debug": True}) as proxy:
        answer = proxy.get()
        assert answer.status == 502
        found = told(answer)
        assert (found["node"], found["tries"]) == ("gone", "1")
        with proxy.client() as client:
            client.send(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
            misread = client.response()
        assert misread.status == 400
        assert told(misread) == {"node": "-", "tries": "0", "stage": "-", "edition": "1"}


def test_some_decisions_are_kept_and_none_of_their_keys(four: list[Node]) -> None:
    """The newest first, each with its way, its node and its end."""
    with Proxy(*named(four), cluster=KEYED) as proxy:
        said: list[str] = []

        def enough() -> list[dict[str, Any]] | None:
            said.append(proxy.get("/", "X-User: secret-key").body.decode())
            found: list[dict[str, Any]] = asked(proxy, "/v1/decisions")["decisions"]
            return found if len(found) >= 3 else None

        kept = until(enough, "three decisions are kept", within=30)
        assert kept is not None
        assert "secret-key" not in json.dumps(kept)
        times = [one["time"] for one in kept]
        assert times == sorted(times, reverse=True)
        for one in kept:
            assert (one["cluster"], one["listener"], one["key"]) == ("users", "web", True)
            assert (one["node"], one["tries"], one["status"]) == (said[0], 1, 200)
            assert (one["stage"], one["reason"]) == ("normal", None)
            assert one["proposals"] == [{"id": said[0], "refused": None}]
            assert one["seconds"] > 0
        assert len(asked(proxy, "/v1/decisions", limit=2)["decisions"]) == 2


def test_however_many_come_ten_a_second_are_kept_of_each_worker(four: list[Node]) -> None:
    """Between the first and the last that one worker has kept there is a tenth of a second for each."""
    with Proxy(*named(four), proxy={"workers": 1}) as proxy, proxy.client() as client:
        for _ in range(2_000):
            client.send(b"GET / HTTP/1.1\r\nHost: t\r\n\r\n")
            assert client.response().status == 200
        kept = asked(proxy, "/v1/decisions", limit=1_000)["decisions"]
        assert kept
        span = kept[0]["time"] - kept[-1]["time"]
        # Picked a tenth of a second apart, and told a moment later, to the millisecond.
        longest = max(one["seconds"] for one in kept)
        assert len(kept) <= (span + longest + 0.002) / 0.1 + 1


def test_a_retried_request_tells_its_last_pick() -> None:
    """The node that answered, after two tries."""

    def fails(exchange: Exchange) -> None:
        exchange.read()
        exchange.reply(503, b"no")

    with Node(fails, name="bad") as bad, Node(hello, name="good") as good:
        cluster = {"strategy": "first", "ejection": False}
        with Proxy(*named([bad, good]), listen={"debug": True}, cluster=cluster) as proxy:
            found = told(proxy.get())
            assert (found["node"], found["tries"], found["stage"]) == ("good", "2", "normal")
