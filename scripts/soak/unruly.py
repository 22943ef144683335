"""Clients of the harder kinds: WebSockets, pipelining, and those that leave in the middle."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from scripts.soak.books import Fate
from scripts.soak.clients import (
    Client,
    Town,
    chunked,
    download,
    fresh,
    guest,
    kept,
    keyed,
    post,
    put,
    request,
    stream,
)
from scripts.soak.wire import PATIENCE, Cut, Lost, Wire

Kind = Callable[[Client], Awaitable[None]]


async def socket(client: Client) -> None:
    """A WebSocket of some seconds: what is sent comes back, and both sides say goodbye."""
    await talk(client, client.rng.uniform(0.5, 8))
    await client.rest(0.1)


async def long_socket(client: Client) -> None:
    """A WebSocket for as long as there is one to be had."""
    await talk(client, float("inf"))


async def talk(client: Client, seconds: float) -> None:
    """Talk on one WebSocket until the time is up or everybody goes home."""
    town = client.town
    number = town.books.begin(client.kind)
    end = asyncio.get_running_loop().time() + seconds
    opened = False
    try:
        uri = f"ws://{town.addresses['live']}/chat?id={number}"
        # A close handshake that does not come is cut after a second, as any browser would.
        async with connect(uri, proxy=None, compression=None, close_timeout=1) as there:
            opened = True
            while asyncio.get_running_loop().time() < end and not town.stopping.is_set():
                said = "x" * client.rng.choice((1, 100, 20_000))
                await there.send(said)
                heard = await asyncio.wait_for(there.recv(), PATIENCE)
                if heard != said:
                    raise ConnectionError(f"{len(heard)} bytes came back, {len(said)} were sent")
                await client.rest(0.2)
    except (ConnectionClosed, InvalidHandshake, OSError, EOFError) as error:
        fate = Fate.BROKEN if opened else Fate.LOST
        town.books.end(number, client.kind, fate, repr(error))
    else:
        town.books.end(number, client.kind, Fate.GOOD)


async def pipeline(client: Client) -> None:
    """Several requests at once; their answers come in order, each with its own number."""
    books = client.town.books
    numbers = [books.begin(client.kind) for _ in range(client.rng.randrange(2, 17))]
    left = list(numbers)
    try:
        wire = await client.connected("web")
        await wire.send(b"".join(request("GET", "/small", number) for number in numbers))
        while left:
            head = await wire.head()
            text = b"".join([piece async for piece in wire.body(head)])
            number = left.pop(0)
            if head.status != 200:
                books.end(number, client.kind, Fate.REFUSED, head.why)
            elif f'"id": "{number}"'.encode() not in text:
                books.end(number, client.kind, Fate.REFUSED, f"another one's answer: {text!r}")
            else:
                books.end(number, client.kind, Fate.GOOD)
                client.town.closures += head.closes
            if head.closes:
                raise Lost("the connection was closed with the answer before")
    except (Lost, Cut) as error:
        client.hang_up()
        for number in left:
            books.end(number, client.kind, Fate.LOST, str(error))
    await client.rest(0.2)


async def leaver(client: Client) -> None:
    """A client that goes away somewhere between its head and the end of the answer."""
    town = client.town
    method, listener, path, *fields = client.rng.choice(
        (
            ("GET", "web", "/small?pause=0.2"),
            ("GET", "web", "/big?size=5000000"),
            ("GET", "live", "/events?count=30"),
            ("POST", "api", "/body", "Content-Length: 100000"),
            ("POST", "api", "/body", "Transfer-Encoding: chunked"),
        )
    )
    number = town.books.begin(client.kind)
    try:
        wire = await Wire.open(town.addresses[listener])
    except Lost as error:
        town.books.end(number, client.kind, Fate.LOST, str(error))
        return
    await wire.send(request(method, path, number, *fields))
    if method == "POST":
        await wire.send(b"400\r\n" + b"x" * 1024 + b"\r\n")
    await client.rest(0.1)
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, TimeoutError):
        await asyncio.wait_for(wire.reader.readexactly(client.rng.randrange(1, 5000)), 0.2)
    wire.drop()
    town.books.end(number, client.kind, Fate.LEFT)
    await client.rest(0.1)


async def half_head(client: Client) -> None:
    """A client that goes away inside its head: no request, and no line in any book."""
    with contextlib.suppress(Lost):
        wire = await Wire.open(client.town.addresses["web"])
        await wire.send(b"GET /half HTTP/1.1\r\nHos")
        await client.rest(0.1)
        wire.drop()
    await client.rest(0.5)


KINDS: list[tuple[str, Kind, int]] = [
    ("GET kept", kept, 6),
    ("GET new", fresh, 3),
    ("GET key", keyed, 4),
    ("GET spare", guest, 2),
    ("POST", post, 3),
    ("POST chunked", chunked, 2),
    ("PUT", put, 2),
    ("download", download, 3),
    ("events", stream, 4),
    ("socket", socket, 4),
    ("long socket", long_socket, 3),
    ("pipeline", pipeline, 2),
    ("leaver", leaver, 3),
    ("half head", half_head, 1),
]
"""Name, loop, how many of them."""


async def bustle(town: Town) -> None:
    """Let all clients do what they do until they shall go home; then let each finish what it has begun."""

    async def live(kind: str, loop: Kind, number: int) -> None:
        client = Client(town, kind, number)
        while not town.stopping.is_set():
            await loop(client)
        client.hang_up()

    async with asyncio.TaskGroup() as group:
        for kind, loop, count in KINDS:
            for number in range(count):
                group.create_task(live(kind, loop, number))
