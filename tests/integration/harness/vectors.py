"""Requests that parsers disagree about, each with the rule that refuses it.

Sources: section "HTTP/1 strictness" of the design, RFC 9112, and the vectors that five other
proxies let through. `%b` where it occurs is nothing special: these are bytes as they go over the
wire.
"""

from __future__ import annotations

from dataclasses import dataclass

HOST = b"Host: t\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
ONE_CHUNK = b"5\r\nhello\r\n0\r\n\r\n"


@dataclass(frozen=True)
class Vector:
    """Bytes to send, the rule they break, and the status that says so."""

    rule: str
    what: str
    sent: bytes
    status: int = 400

    def __str__(self) -> str:
        return f"{self.rule}-{self.what}"


def head(*lines: bytes, first: bytes = b"POST /v HTTP/1.1\r\n", host: bytes = HOST) -> bytes:
    """Put a head together from whole lines, line ends included."""
    return first + host + b"".join(lines) + b"\r\n"


def get(first: bytes, host: bytes = HOST) -> bytes:
    """Put a head of two lines together."""
    return head(first=first + b"\r\n", host=host)


def chunks(body: bytes) -> bytes:
    """Put a chunked request together whose body is sent as it stands."""
    return head(CHUNKED) + body


LENGTHS = [
    Vector(
        "content_length", repr(value.decode("latin-1")), head(b"Content-Length: " + value + b"\r\n")
    )
    for value in (
        *(b"+5", b"-5", b"0x5", b"5_0", b"5.0", b"", b"5 5", b"five", b"\xb2"),
        b"18446744073709551616",
        b"99999999999999999999999999",
    )
]

FRAMING = [
    Vector(
        "content_length_with_transfer_encoding",
        "length first",
        head(b"Content-Length: 5\r\n", CHUNKED) + ONE_CHUNK,
    ),
    Vector(
        "content_length_with_transfer_encoding",
        "encoding first",
        head(CHUNKED, b"content-length: 0\r\n") + ONE_CHUNK,
    ),
    Vector(
        "repeated_content_length",
        "equal",
        head(b"Content-Length: 5\r\n", b"Content-Length: 5\r\n") + b"hello",
    ),
    Vector(
        "repeated_content_length",
        "different",
        head(b"Content-Length: 5\r\n", b"content-length: 6\r\n") + b"hello!",
    ),
    Vector("content_length_list", "equal", head(b"Content-Length: 5, 5\r\n") + b"hello"),
    Vector("content_length_list", "different", head(b"Content-Length: 5,6\r\n") + b"hello"),
    Vector(
        "transfer_encoding_in_http_1_0",
        "chunked",
        head(CHUNKED, first=b"POST /v HTTP/1.0\r\n") + ONE_CHUNK,
    ),
    *(
        Vector(
            "transfer_encoding",
            repr(value.decode()),
            head(b"Transfer-Encoding: " + value + b"\r\n") + ONE_CHUNK,
        )
        for value in (
            *(b"identity", b"chunked, chunked", b"", b"chunked,", b"chunked, identity"),
            *(b"xchunked", b"chunked;q=1"),
        )
    ),
    Vector("transfer_encoding", "repeated", head(CHUNKED, CHUNKED) + ONE_CHUNK),
    Vector(
        "transfer_coding",
        "gzip",
        head(b"Transfer-Encoding: gzip, chunked\r\n") + ONE_CHUNK,
        501,
    ),
]

LINES = [
    Vector("bare_lf", "after a field", head(b"A: b\n", b"C: d\r\n")),
    Vector("bare_lf", "after the first line", head(first=b"GET /v HTTP/1.1\n")),
    Vector("bare_lf", "at the end", b"GET /v HTTP/1.1\r\nHost: t\r\n\n"),
    Vector("bare_lf", "everywhere", b"GET /v HTTP/1.1\nHost: t\n\n"),
    Vector("bare_cr", "in a value", head(b"A: b\rC: d\r\n")),
    Vector("bare_cr", "before CR LF", head(b"A: b\r\r\n")),
    Vector("bare_cr", "in the first line", get(b"GET /v\r HTTP/1.1")),
    Vector("nul", "in a value", head(b"A: b\0c\r\n")),
    Vector("nul", "in a name", head(b"A\0B: c\r\n")),
    Vector("nul", "in the target", get(b"GET /v\0w HTTP/1.1")),
    Vector("control_byte", "in a value", head(b"A: b\x01c\r\n")),
    Vector("control_byte", "delete in a value", head(b"A: b\x7fc\r\n")),
    Vector("obs_fold", "space", head(b"A: b\r\n c\r\n")),
    Vector("obs_fold", "tab", head(b"A: b\r\n\tc\r\n")),
    Vector(
        "obs_fold", "in Transfer-Encoding", head(b"Transfer-Encoding:\r\n chunked\r\n") + ONE_CHUNK
    ),
    Vector("space_before_colon", "space", head(b"A : b\r\n")),
    Vector("space_before_colon", "tab", head(b"A\t: b\r\n")),
    Vector(
        "space_before_colon",
        "in Transfer-Encoding",
        head(b"Transfer-Encoding : chunked\r\n") + ONE_CHUNK,
    ),
    Vector("no_colon", "field", head(b"Broken\r\n")),
    Vector("empty_name", "field", head(b": b\r\n")),
    *(
        Vector("bad_name", repr(name.decode("latin-1")), head(name + b": c\r\n"))
        for name in (b"A B", b"A(B)", b"A\xe9B", b"A\tB", b'"A"', b"A/B")
    ),
]

FIRST_LINES = [
    *(
        Vector("request_line", what, get(line))
        for what, line in (
            ("two spaces", b"GET  /v HTTP/1.1"),
            ("two spaces before the version", b"GET /v  HTTP/1.1"),
            ("space in the target", b"GET /v w HTTP/1.1"),
            ("tab", b"GET\t/v HTTP/1.1"),
            ("space at the end", b"GET /v HTTP/1.1 "),
            ("space at the start", b" GET /v HTTP/1.1"),
            ("another protocol", b"GET /v HTTQ/1.1"),
            ("a method that is no token", b"G@T /v HTTP/1.1"),
            ("no method", b"/v HTTP/1.1"),
        )
    ),
    *(
        Vector("version", version.decode(), get(b"GET /v " + version))
        for version in (
            b"HTTP/1.2",
            b"HTTP/2.0",
            b"HTTP/0.9",
            b"http/1.1",
            b"HTTP/1.10",
            b"HTTP/1",
        )
    ),
    *(
        Vector("target", target.decode(), get(b"GET " + target + b" HTTP/1.1"))
        for target in (b"v", b"*", b"ftp://t/v", b"t:80", b"http:///v")
    ),
    Vector("version", "none at all", get(b"GET /v")),
    Vector("fragment_in_target", "path", get(b"GET /v#f HTTP/1.1")),
    Vector("non_ascii_target", "path", get(b"GET /\xe9 HTTP/1.1")),
    Vector("method_connect", "authority", get(b"CONNECT t:80 HTTP/1.1"), 405),
    Vector("method_trace", "path", get(b"TRACE /v HTTP/1.1"), 405),
]

HOSTS = [
    Vector("missing_host", "in HTTP/1.1", get(b"GET /v HTTP/1.1", host=b"")),
    Vector("repeated_host", "equal", get(b"GET /v HTTP/1.1", host=HOST + HOST)),
    Vector("repeated_host", "different", get(b"GET /v HTTP/1.1", host=HOST + b"Host: u\r\n")),
    Vector("userinfo", "in Host", get(b"GET /v HTTP/1.1", host=b"Host: u@t\r\n")),
    Vector("userinfo", "in the target", get(b"GET http://u:p@t/v HTTP/1.1")),
    *(
        Vector(
            "bad_host",
            repr(host.decode()),
            get(b"GET /v HTTP/1.1", host=b"Host: " + host + b"\r\n"),
        )
        for host in (b"a b", b"a,b", b"a/b", b"a:b", b"[::1", b"a\\b")
    ),
    Vector("host_mismatch", "name", get(b"GET http://other/v HTTP/1.1")),
    Vector("host_mismatch", "port", get(b"GET http://t:81/v HTTP/1.1")),
]

FIRST_CHUNKS = [
    *(
        Vector("chunk_size", repr(size.decode()), chunks(size + b"\r\nhello\r\n0\r\n\r\n"))
        for size in (
            b"0x5",
            b"+5",
            b"-5",
            b" 5",
            b"5 ",
            b"",
            b"g",
            b"5_0",
            b"fffffffffffffffff",
            b"\t5",
        )
    ),
    Vector("chunk_terminator", "LF after the size", chunks(b"5\nhello\r\n0\r\n\r\n")),
    Vector("chunk_terminator", "LF in an extension", chunks(b"5;a\nb\r\nhello\r\n0\r\n\r\n")),
    Vector("chunk_terminator", "CR in an extension", chunks(b"5;a\rb\r\nhello\r\n0\r\n\r\n")),
    Vector("chunk_extension", "NUL in it", chunks(b"5;a\0b\r\nhello\r\n0\r\n\r\n")),
    Vector(
        "chunk_extension", "too long", chunks(b"5;" + b"a" * 40_000 + b"\r\nhello\r\n0\r\n\r\n")
    ),
]
"""Broken in the first chunk-size line: the node must not even learn of the request."""

LATER_CHUNKS = [
    Vector("chunk_terminator", "LF after the data", chunks(b"5\r\nhello\n0\r\n\r\n")),
    Vector("chunk_terminator", "no line end after the data", chunks(b"5\r\nhello0\r\n\r\n")),
    Vector("chunk_terminator", "data longer than its size", chunks(b"4\r\nhello\r\n0\r\n\r\n")),
    Vector("chunk_size", "second", chunks(b"5\r\nhello\r\nzz\r\n\r\n")),
    Vector("chunk_terminator", "LF at the very end", chunks(b"5\r\nhello\r\n0\r\n\n")),
    Vector("trailer", "without a colon", chunks(b"5\r\nhello\r\n0\r\nbroken\r\n\r\n")),
    Vector("trailer", "folded", chunks(b"5\r\nhello\r\n0\r\nA: b\r\n c\r\n\r\n")),
    Vector("trailer", "that frames", chunks(b"5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n")),
    Vector(
        "trailer_too_large", "", chunks(b"5\r\nhello\r\n0\r\nA: " + b"b" * 70_000 + b"\r\n\r\n")
    ),
]
"""Broken after a good first chunk: the node may have the head, and must never get a complete
request.
"""

LIMITS = [
    Vector("connection_list", "33", head(b"Connection: " + b", ".join([b"a"] * 33) + b"\r\n")),
    Vector("head_too_large", "one field", head(b"A: " + b"b" * 33_000 + b"\r\n"), 431),
    Vector("head_too_large", "the target", get(b"GET /" + b"v" * 33_000 + b" HTTP/1.1"), 431),
    Vector("too_many_fields", "101", head(*(b"A%d: b\r\n" % n for n in range(100))), 431),
]

WHOLE = [*LENGTHS, *FRAMING, *LINES, *FIRST_LINES, *HOSTS, *FIRST_CHUNKS, *LIMITS]
"""Every vector of which the node must not receive a single byte."""
