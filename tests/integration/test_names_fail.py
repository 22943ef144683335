"""Name servers that fail in every way there is: balancing goes on with the last addresses."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable

import pytest

from .harness.dns import NameServer
from .harness.load import Load
from .harness.node import Node
from .harness.ports import split
from .harness.proxy import Proxy
from .harness.reload import change
from .harness.waiting import until

Fault = Callable[[bytes, bytes], bytes]
"""Makes a bad answer of a question and its sound answer."""

ROUNDS = 3
"""Questions asked in vain before the test believes that nothing comes of them."""


def nothing(question: bytes, sound: bytes) -> bytes:
    """No answer: an empty datagram, which is no message."""
    del question, sound
    return b""


def garbage(question: bytes, sound: bytes) -> bytes:
    """Bytes that mean nothing, under the question's number."""
    del sound
    return question[:2] + bytes(range(255, 127, -1))


def cut(question: bytes, sound: bytes) -> bytes:
    """A sound answer that ends in the middle of its first record."""
    del question
    return sound[:-3]


def endless(question: bytes, sound: bytes) -> bytes:
    """A name that points at itself."""
    del question
    return sound[:12] + b"\xc0\x0c" + sound[12:]


def empty(question: bytes, sound: bytes) -> bytes:
    """No error, and no address either."""
    del sound
    return question[:2] + struct.pack("!HHHHH", 0x8580, 1, 0, 0, 0) + question[12:]


def soundly(question: bytes, sound: bytes) -> bytes:
    """No fault."""
    del question
    return sound


class Failing(NameServer):
    """Answers soundly until it is told how to fail."""

    fault: Fault = staticmethod(soundly)

    def answer(self, question: bytes) -> bytes:
        """What the fault makes of a sound answer."""
        return self.fault(question, super().answer(question))


@pytest.mark.parametrize("fault", [nothing, garbage, cut, endless, empty])
def test_the_last_addresses_stay_in_force(fault: Fault) -> None:
    """Under load no request fails while the name server does, and later answers are followed."""
    with contextlib.ExitStack() as stack:
        one = stack.enter_context(Node(name="one"))
        server = stack.enter_context(Failing({"users.test": ["127.0.0.1"]}))
        cluster = {"resolver": server.address, "slow_start": "0s"}
        name = f"users.test:{split(one.address)[1]}"
        proxy = stack.enter_context(Proxy(name, cluster=cluster))
        until(lambda: proxy.get("/").status == 200, "the name is resolved")
        with Load(proxy.address, 4) as load:
            server.fault = fault
            asked = server.asked
            until(lambda: server.asked >= asked + ROUNDS, "it was asked in vain")
            load.more()
            server.fault = soundly
            asked = server.asked
            until(lambda: server.asked > asked + 1, "it is asked on")
            load.more()
        assert not load.stop().failures


class Together(NameServer):
    """Answers nobody before it was asked for every name, and each question once: who asks for one name after the
    other waits for the first in vain.
    """

    def _serve(self) -> None:
        waiting, names, seen = list[tuple[bytes, tuple[str, int]]](), set[bytes](), set[bytes]()
        while True:
            question, sender = self.socket.recvfrom(4096)
            if self.ending.is_set():
                return
            waiting.append((question, sender))
            names.add(question[12 : question.index(b"\0", 12)].lower())
            if len(names) < len(self.names):
                continue
            for asked, by in waiting:
                end = asked.index(b"\0", 12) + 5
                again = asked[12:end].lower() in seen
                seen.add(asked[12:end].lower())
                broken = asked[:2] + struct.pack("!HHHHH", 0x8582, 1, 0, 0, 0) + asked[12:]
                self.socket.sendto(broken if again else self.answer(asked), by)
            waiting.clear()


def test_a_change_waits_for_the_names_of_all_clusters_together() -> None:
    """However many clusters have new names, a change waits for them no longer than for one, and has their nodes."""
    names: dict[str, list[str] | None] = {"one.test": ["127.0.0.1"], "two.test": ["127.0.0.1"]}
    with Node() as node, Together(names) as server, Proxy(node) as proxy:
        port = split(node.address)[1]
        added = {
            f"cluster_{name}": {"nodes": [f"{name}.test:{port}"], "resolver": server.address}
            for name in ("one", "two")
        }
        change(proxy, **added)
        found = {one["name"]: one["nodes"] for one in proxy.clusters()["clusters"]}
        assert [len(found[name]) for name in ("one", "two")] == [1, 1]
