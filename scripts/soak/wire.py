"""A client's connection: small enough to be trusted, and forgiving nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from typing import Any

PATIENCE = 60.0
"""Seconds without a byte after which an answer counts as lost. No good run comes near it."""
PIECE = 1 << 16


class Lost(Exception):
    """The connection ended before the first byte of an answer, or nothing came for too long."""


class Cut(Exception):
    """The connection ended inside an answer."""


@dataclass
class Head:
    """The head of an answer; names of fields in lower case."""

    status: int
    fields: dict[str, str]

    @property
    def closes(self) -> bool:
        """Whether the connection ends with this answer."""
        return self.fields.get("connection", "").lower() == "close"

    @property
    def why(self) -> str:
        """Status and reason in a word."""
        return f"{self.status} {self.fields.get('x-evenly-reason', '')}"


class Wire:
    """One connection to a listener."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, address: str) -> Wire:
        """Connect to `host:port`; `Lost` when nobody takes the call."""
        host, _, port = address.rpartition(":")
        try:
            return cls(*await asyncio.open_connection(host, int(port)))
        except OSError as error:
            raise Lost(f"connect: {error}") from error

    async def send(self, data: bytes) -> None:
        """Send; what the other side no longer takes is no loss, its answer may be on the way."""
        if self.writer.transport.is_closing():
            return
        try:
            self.writer.write(data)
            await asyncio.wait_for(self.writer.drain(), PATIENCE)
        except (ConnectionError, TimeoutError):
            pass

    async def head(self) -> Head:
        """Read the head of the next answer."""
        try:
            raw = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), PATIENCE)
        except asyncio.IncompleteReadError as error:
            raise Lost(f"closed after {error.partial[:40]!r}") from error
        except (ConnectionError, TimeoutError) as error:
            raise Lost(repr(error)) from error
        first, *lines = raw.decode("latin-1").rstrip("\r\n").split("\r\n")
        fields = [line.partition(":") for line in lines]
        return Head(int(first.split()[1]), {name.lower(): at.strip() for name, _, at in fields})

    async def body(self, head: Head) -> AsyncIterator[bytes]:
        """The body's pieces as they come; `Cut` when it ends early."""
        try:
            if "transfer-encoding" in head.fields:
                while size := int(await self._read(self.reader.readline()), 16):
                    yield (await self._read(self.reader.readexactly(size + 2)))[:-2]
                await self._read(self.reader.readline())
                return
            left = int(head.fields["content-length"])
            while left:
                piece = await self._read(self.reader.read(min(left, PIECE)))
                if not piece:
                    raise Cut(f"{left} bytes are missing")
                left -= len(piece)
                yield piece
        except (ConnectionError, TimeoutError, ValueError, asyncio.IncompleteReadError) as error:
            raise Cut(repr(error)) from error

    @staticmethod
    async def _read(reading: Coroutine[Any, Any, bytes]) -> bytes:
        return await asyncio.wait_for(reading, PATIENCE)

    def close(self) -> None:
        """Leave politely."""
        self.writer.close()

    def drop(self) -> None:
        """Leave at once, whatever is under way."""
        self.writer.transport.abort()
