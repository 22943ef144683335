"""The clients: each kind is a loop that asks, checks what it gets, writes down the end, and asks again."""

from __future__ import annotations

import asyncio
import json
import random
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from scripts.soak.books import Books, Fate
from scripts.soak.wire import Cut, Head, Lost, Wire


@dataclass
class Town:
    """What all clients share: where to ask, what to write in, and when to go home."""

    addresses: dict[str, str]
    books: Books
    seed: int
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    guests: int = 0
    """Clients that are asking the spare listener."""
    closures: int = 0
    """Answers that ended a connection which its client wanted to keep."""


class Client:
    """One client with chance of its own."""

    def __init__(self, town: Town, kind: str, number: int) -> None:
        self.town = town
        self.kind = kind
        self.rng = random.Random(f"{town.seed} {kind} {number}")
        self.wire: Wire | None = None

    async def rest(self, mean: float) -> None:
        """Think for a while before the next request."""
        await asyncio.sleep(self.rng.expovariate(1 / mean))

    async def connected(self, listener: str) -> Wire:
        """The connection it has, or a new one."""
        if self.wire is None:
            self.wire = await Wire.open(self.town.addresses[listener])
        return self.wire

    def hang_up(self) -> None:
        """Ask the next thing on a new connection."""
        if self.wire is not None:
            self.wire.close()
            self.wire = None

    async def ask(
        self,
        listener: str,
        path: str,
        *pieces: bytes,
        method: str = "GET",
        fields: tuple[str, ...] = (),
        keep: bool = True,
        reader: Callable[[Wire, Head], Awaitable[None]] | None = None,
    ) -> None:
        """One request, from its number to its fate. `pieces` follow the head, each as a segment of its own."""
        books, again = self.town.books, method != "POST"
        number = books.begin(self.kind)
        try:
            wire = await self.connected(listener)
            await wire.send(request(method, path, number, *fields, keep=keep))
            for piece in pieces:
                await wire.send(piece)
            head = await wire.head()
            if head.status != 200:
                books.end(number, self.kind, Fate.REFUSED, head.why, again=again)
                self.hang_up()
                return
            await (reader or self.read)(wire, head)
        except Lost as error:
            books.end(number, self.kind, Fate.LOST, str(error), again=again)
            self.hang_up()
        except Cut as error:
            books.end(number, self.kind, Fate.BROKEN, str(error), again=again)
            self.hang_up()
        else:
            books.end(number, self.kind, Fate.GOOD)
            self.town.closures += keep and head.closes
            if head.closes or not keep:
                self.hang_up()

    async def read(self, wire: Wire, head: Head) -> None:
        """Read a body and be content with it."""
        async for _ in wire.body(head):
            pass


def request(method: str, path: str, number: int, *fields: str, keep: bool = True) -> bytes:
    """The head of a request that carries its number."""
    target = f"{path}{'&' if '?' in path else '?'}id={number}"
    lines = [f"{method} {target} HTTP/1.1", "Host: soak", *fields]
    return "\r\n".join([*lines, *([] if keep else ["Connection: close"]), "", ""]).encode()


async def kept(client: Client) -> None:
    """Small answers on a connection that is kept."""
    await client.ask("web", f"/small?pause={client.rng.uniform(0, 0.01):.4f}")
    await client.rest(0.03)


async def fresh(client: Client) -> None:
    """A connection for each request."""
    await client.ask("web", "/small", keep=False)
    await client.rest(0.05)


async def keyed(client: Client) -> None:
    """Requests with a key, which a hash strategy places."""
    await client.ask("keys", "/small", fields=(f"X-User: {client.rng.randrange(500)}",))
    await client.rest(0.03)


async def guest(client: Client) -> None:
    """Small answers from a listener that comes and goes: who has been told that it goes does not ask any more."""
    town = client.town
    town.guests += 1
    if "spare" in town.addresses:
        await client.ask("spare", "/small")
    else:
        client.hang_up()
    town.guests -= 1
    await client.rest(0.05)


SIZES = [0, 1, 100, 4_000, 16_384, 65_535, 65_536, 65_537, 300_000, 1_500_000]
"""Around what the proxy keeps for another try (64 KiB), and far from it."""


async def sender(client: Client, method: str, *, chunked: bool) -> None:
    """A body of some size; the node must have got it byte for byte."""
    size = client.rng.choice(SIZES[:7] if method == "PUT" else SIZES)
    sent = client.rng.randbytes(size)

    async def check(wire: Wire, head: Head) -> None:
        text = b"".join([piece async for piece in wire.body(head)])
        told = json.loads(text)
        if (told["length"], told["crc"]) != (size, zlib.crc32(sent)):
            raise Cut(f"the node got another body: {told}, sent were {size} bytes")

    pieces = list(chunks(client.rng, sent)) if chunked else [sent]
    framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
    await client.ask("api", "/body", *pieces, method=method, fields=(framing,), reader=check)
    await client.rest(0.08)


def chunks(rng: random.Random, whole: bytes) -> list[bytes]:
    """A chunked body in chunks of many sizes."""
    pieces, place = [], 0
    while place < len(whole):
        part = whole[place : place + rng.choice((1, 100, 5_000, 100_000))]
        place += len(part)
        pieces.append(b"%x\r\n%b\r\n" % (len(part), part))
        if len(pieces) > 50:
            rest = whole[place:]
            pieces += [b"%x\r\n%b\r\n" % (len(rest), rest)] if rest else []
            break
    return [*pieces, b"0\r\n\r\n"]


async def post(client: Client) -> None:
    """A request that must not be repeated, with its length."""
    await sender(client, "POST", chunked=False)


async def chunked(client: Client) -> None:
    """The same in chunks."""
    await sender(client, "POST", chunked=True)


async def put(client: Client) -> None:
    """A body that may be sent again."""
    await sender(client, "PUT", chunked=False)


async def download(client: Client) -> None:
    """A long answer that is read slowly."""

    async def slowly(wire: Wire, head: Head) -> None:
        async for _ in wire.body(head):
            await asyncio.sleep(0.005)

    size = client.rng.randrange(100_000, 3_000_000)
    await client.ask("web", f"/big?size={size}", reader=slowly)
    await client.rest(0.2)


async def stream(client: Client) -> None:
    """An event stream, silent between its events; all of them must come, in order."""
    count = client.rng.randrange(5, 50)

    async def follow(wire: Wire, head: Head) -> None:
        text = b"".join([piece async for piece in wire.body(head)])
        if text != b"".join(b"data: %d\n\n" % number for number in range(count)):
            raise Cut("not the events that were asked for")

    await client.ask("live", f"/events?count={count}", reader=follow)
    await client.rest(0.1)
