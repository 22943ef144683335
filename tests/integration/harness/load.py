"""Closed-loop load: each client sends its next request when the last was answered, and no failure
is forgotten.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import h11

from .client import Client, Closed, Truncated
from .waiting import until

if TYPE_CHECKING:
    from types import TracebackType


@dataclass
class Tally:
    """What the clients saw. A request has an id, so a node's record can be held against it."""

    sent: int = 0
    answered: Counter[int] = field(default_factory=Counter)
    failures: list[tuple[str, str]] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    done: set[str] = field(default_factory=set)

    @property
    def ok(self) -> int:
        """Answers with status 200."""
        return self.answered[200]


class Load:
    """`clients` threads asking one address until the block is left.

    A failure is: a status other than 200, an answer cut short, a refused connection, or a
    connection that ended without an answer. With `draining` the last two are kept apart as
    `unread`: once a proxy drains it accepts no connection and may close an idle one at the very
    moment a request is sent; whether such a request was accepted is decided by the nodes' records.
    """

    def __init__(
        self,
        address: str,
        clients: int = 8,
        *,
        method: str = "GET",
        body: bytes = b"",
        keep: bool = True,
    ) -> None:
        self.address = address
        self.method = method
        self.body = body
        self.keep = keep
        self.tally = Tally()
        self.draining = threading.Event()
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.threads = [
            threading.Thread(target=self._run, args=(number,), daemon=True)
            for number in range(clients)
        ]

    def __enter__(self) -> Self:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> Tally:
        """Let each client finish its request and return what they saw."""
        self.stopping.set()
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive(), "a client waits for an answer for more than a minute"
        return self.tally

    def more(self, count: int = 200) -> None:
        """Wait until `count` further requests were answered: progress, whatever the machine's
        speed.
        """
        goal = self.tally.ok + count
        until(
            lambda: self.tally.ok >= goal,
            f"{count} more answers (failures: {self.tally.failures[:3]})",
        )

    def _run(self, number: int) -> None:
        client: Client | None = None
        turn = 0
        while not self.stopping.is_set():
            turn += 1
            name = f"{number}-{turn}"
            try:
                if client is None:
                    client = Client(self.address, timeout=60)
            except OSError as error:
                self._lost(name, f"connect: {error}")
                if self.draining.is_set():
                    return
                self.stopping.wait(0.01)
                continue
            client = self._ask(client, name)
        if client is not None:
            client.socket.close()

    def _ask(self, client: Client, name: str) -> Client | None:
        """Send one request and count its end; return the connection if it can carry another."""
        lines = [f"{self.method} /r?id={name} HTTP/1.1", "Host: t", f"X-Id: {name}"]
        if self.body or self.method == "POST":
            lines.append(f"Content-Length: {len(self.body)}")
        if not self.keep:
            lines.append("Connection: close")
        head = "\r\n".join([*lines, "", ""]).encode()
        with self.lock:
            self.tally.sent += 1
        try:
            client.send(head + self.body)
            answer = client.response(self.method)
        except (Closed, ConnectionError) as error:
            self._lost(name, repr(error))
        except (Truncated, OSError, h11.RemoteProtocolError) as error:
            with self.lock:
                self.tally.failures.append((name, repr(error)))
        else:
            with self.lock:
                self.tally.answered[answer.status] += 1
                self.tally.done.add(name)
                if answer.status != 200:
                    self.tally.failures.append((name, f"{answer.status} {answer.body[:200]!r}"))
            if self.keep and not answer.closes:
                return client
        client.socket.close()
        return None

    def _lost(self, name: str, why: str) -> None:
        with self.lock:
            if self.draining.is_set():
                self.tally.unread.append(name)
            else:
                self.tally.failures.append((name, why))
