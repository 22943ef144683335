"""One node of the soak, a process of its own so that it can be killed.

    python -m scripts.soak.node PORT NAME RECORD

Every request is written to RECORD the moment its head is read, as `id kind`: what was written survives SIGKILL.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import sys
import zlib
from collections.abc import AsyncIterator, Mapping
from urllib.parse import parse_qs, urlsplit

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

LOOPBACK = "127.0.0.1"
IDLE = 3.0
"""Seconds after which an unused connection is closed, and told so: the proxy has to heed it."""
EVENT_EVERY = 0.1
PIECE = 1 << 16


class Node:
    """Answers by path: /small, /body, /big, /events, /chat; /healthz is not recorded."""

    def __init__(self, name: str, record: int) -> None:
        self.name = name
        self.record = record

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side has had enough."""
        with contextlib.suppress(
            ConnectionError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError
        ):
            while await self.answer(reader, writer):
                pass
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request; whether the connection may carry another."""
        raw = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), IDLE)
        lines = raw.decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ")
        fields = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines[1:] if line)
        }
        where = urlsplit(target)
        asked = {name: values[0] for name, values in parse_qs(where.query).items()}
        if where.path != "/healthz":
            os.write(self.record, f"{asked['id']} {where.path[1:]}\n".encode())
        if where.path == "/chat":
            await self.chat(raw, reader, writer)
            return False
        length, crc = 0, 0
        async for piece in body(fields, reader):
            length, crc = length + len(piece), zlib.crc32(piece, crc)
        await asyncio.sleep(float(asked.get("pause", 0)))
        if where.path == "/events":
            await self.events(int(asked["count"]), writer)
        elif where.path == "/big":
            await self.big(int(asked["size"]), writer)
        else:
            told = {"node": self.name, "method": method, "length": length, "crc": crc}
            text = json.dumps(told | {"id": asked.get("id")}).encode()
            writer.write(head(f"Content-Length: {len(text)}") + text)
        await writer.drain()
        return fields.get("connection", "").lower() != "close"

    async def events(self, count: int, writer: asyncio.StreamWriter) -> None:
        """An event stream: a chunk each, with silence between them."""
        writer.write(head("Content-Type: text/event-stream", "Transfer-Encoding: chunked"))
        for number in range(count):
            await asyncio.sleep(EVENT_EVERY)
            event = f"data: {number}\n\n".encode()
            writer.write(b"%x\r\n%b\r\n" % (len(event), event))
            await writer.drain()
        writer.write(b"0\r\n\r\n")

    async def big(self, size: int, writer: asyncio.StreamWriter) -> None:
        """A download of so many bytes."""
        writer.write(head(f"Content-Length: {size}"))
        while size > 0:
            writer.write(b"x" * min(size, PIECE))
            size -= PIECE
            await writer.drain()

    async def chat(
        self, raw: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """A WebSocket that sends back what it gets."""
        protocol = ServerProtocol(max_size=None)
        data = raw
        while data:
            protocol.receive_data(data)
            for event in protocol.events_received():
                if isinstance(event, Request):
                    protocol.send_response(protocol.accept(event))
                elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                    protocol.send_text(event.data)
            for out in protocol.data_to_send():
                if out:
                    writer.write(out)
                else:
                    writer.write_eof()
            await writer.drain()
            data = await reader.read(PIECE)


def head(*fields: str) -> bytes:
    """The head of a good answer."""
    return "\r\n".join(
        ["HTTP/1.1 200 OK", f"Keep-Alive: timeout={IDLE:.0f}", *fields, "", ""]
    ).encode()


async def body(fields: Mapping[str, str], reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """The pieces of a request's body, whichever way it is framed."""
    if "transfer-encoding" in fields:
        while size := int(await reader.readuntil(b"\r\n"), 16):
            yield (await reader.readexactly(size + 2))[:-2]
        await reader.readuntil(b"\r\n")
        return
    left = int(fields.get("content-length", 0))
    while left:
        piece = await reader.read(min(left, PIECE))
        if not piece:
            raise asyncio.IncompleteReadError(b"", left)
        left -= len(piece)
        yield piece


async def main(port: int, name: str, record: str) -> None:
    """Listen until killed."""
    log = os.open(record, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    listener = socket.socket()
    # Whoever started us holds the port with a socket of its own while we are dead.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((LOOPBACK, port))
    server = await asyncio.start_server(
        Node(name, log).serve, sock=listener, backlog=1024, limit=1 << 20
    )
    print("listening", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
