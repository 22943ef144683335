"""Answers that parsers disagree about, each with the rule that refuses it."""

from __future__ import annotations

from dataclasses import dataclass

OK = b"HTTP/1.1 200 OK\r\n"


@dataclass(frozen=True)
class Garbled:
    """What a node says, and the rule it breaks."""

    rule: str
    what: str
    said: bytes

    def __str__(self) -> str:
        return f"{self.rule}-{self.what}"


def lines(*more: bytes, first: bytes = OK) -> bytes:
    """An answer of five bytes with these lines in its head."""
    return first + b"".join(more) + b"Content-Length: 5\r\n\r\nhello"


def coded(value: bytes, first: bytes = OK) -> bytes:
    """An answer with this Transfer-Encoding."""
    return first + b"Transfer-Encoding: " + value + b"\r\n\r\n5\r\nhello\r\n0\r\n\r\n"


GARBLED = [
    Garbled(
        "content_length_with_transfer_encoding",
        "both",
        OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ),
    Garbled("repeated_content_length", "equal", lines(b"Content-Length: 5\r\n")),
    Garbled("repeated_content_length", "different", lines(b"Content-Length: 4\r\n")),
    Garbled("content_length_list", "equal", OK + b"Content-Length: 5, 5\r\n\r\nhello"),
    *(
        Garbled("content_length", repr(n.decode()), OK + b"Content-Length: " + n + b"\r\n\r\nhello")
        for n in (b"+5", b"-1", b"0x5", b"", b"18446744073709551616")
    ),
    Garbled("transfer_encoding_in_http_1_0", "chunked", coded(b"chunked", b"HTTP/1.0 200 OK\r\n")),
    Garbled("transfer_encoding", "identity", coded(b"identity")),
    Garbled("transfer_encoding", "twice", coded(b"chunked, chunked")),
    Garbled("transfer_coding", "gzip", coded(b"gzip, chunked")),
    Garbled("obs_fold", "value", lines(b"A: b\r\n c\r\n")),
    Garbled("bare_lf", "after a field", lines(b"A: b\n")),
    Garbled("bare_lf", "after the first line", lines(first=b"HTTP/1.1 200 OK\n")),
    Garbled("bare_cr", "in a value", lines(b"A: b\rc\r\n")),
    Garbled("nul", "in a value", lines(b"A: b\0c\r\n")),
    Garbled("control_byte", "in a value", lines(b"A: b\x02c\r\n")),
    Garbled("space_before_colon", "space", lines(b"A : b\r\n")),
    Garbled("no_colon", "field", lines(b"Broken\r\n")),
    Garbled("empty_name", "field", lines(b": b\r\n")),
    Garbled("bad_name", "space", lines(b"A B: c\r\n")),
    *(
        Garbled("status", status.decode(), lines(first=b"HTTP/1.1 " + status + b" X\r\n"))
        for status in (b"099", b"600", b"999", b"000")
    ),
    *(
        Garbled("version", first.decode(), lines(first=first + b" 200 OK\r\n"))
        for first in (b"HTTP/1.2", b"HTTP/2.0", b"HTTP/0.9")
    ),
    *(
        Garbled("status_line", repr(first.decode("latin-1")), lines(first=first + b"\r\n"))
        for first in (b"HTTP/1.1 20 X", b"HTTP/1.1 2000 X", b"HTTP/1.1  200 X", b"HTTP/1.1 abc X")
    ),
    Garbled("head_too_large", "one field", lines(b"A: " + b"b" * 70_000 + b"\r\n")),
    Garbled("too_many_fields", "101", lines(*(b"A: b\r\n" for _ in range(100)))),
    Garbled(
        "unasked_upgrade",
        "101",
        b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    ),
]
