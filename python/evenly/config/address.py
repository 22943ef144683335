"""Addresses of nodes and listeners: what is one, and when two of them are the same.

What is none raises ValueError with what to write instead; pydantic turns that into a fault with its place.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator, Field

from evenly.config.words import shown

# RFC 1123 labels, and underscores, which container networks put into names.
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)", re.ASCII)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://([^/?#]*)", re.IGNORECASE)

# Linux: sun_path holds 108 bytes, the last of them NUL.
_LONGEST_SOCKET_PATH = 107

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def split(text: str) -> tuple[str, int]:
    """Host and port of an address that is not a UNIX socket; an IPv6 host keeps its brackets."""
    url = _SCHEME.match(text)
    if url is not None:
        raise ValueError(
            f"{shown(text)} is a URL: write the host and port only, {_example(url[2])}"
        )
    host, colon, port = text.rpartition(":")
    if text.startswith("[") and text.endswith("]"):
        host, colon, port = text, "", ""
    elif text.count(":") > 1 and not host.endswith("]"):
        raise ValueError(
            f"{shown(text)}: an IPv6 address stands in brackets before its port, "
            f'such as "[::1]:8000"'
        )
    if not colon:
        bare = text or "10.0.0.1"
        raise ValueError(
            f'{shown(text)} has no port: write it after a colon, such as "{bare}:8000"'
        )
    if not host:
        raise ValueError(
            f'{shown(text)} has no host: write it before the colon, such as "10.0.0.1:{port}"'
        )
    return host, _port(text, port)


def _example(rest: str) -> str:
    host = rest.rpartition("@")[2] or "10.0.0.1"
    has_port = re.search(r":\d+\Z", host)
    return f'"{host}"' if has_port else f'such as "{host}:80"'


def _port(text: str, port: str) -> int:
    if not (port.isascii() and port.isdigit()):
        raise ValueError(f'{shown(text)}: the port must be a number from 1 to 65535, not "{port}"')
    # Python refuses to read numbers of thousands of digits; a port has five at most.
    number = int(port) if len(port) <= 5 else 65536
    if not 1 <= number <= 65535:
        raise ValueError(f"{shown(text)}: the port must be from 1 to 65535, not {port}")
    return number


def ip(host: str) -> IpAddress | None:
    """The IP address a host is, unless it is a name."""
    if host.startswith("["):
        inner = host.removeprefix("[").removesuffix("]")
        if not host.endswith("]") or "%" in inner:
            raise ValueError(f'"{host}" is not an IPv6 address')
        try:
            return ipaddress.IPv6Address(inner)
        except ValueError:
            raise ValueError(f'"{host}" is not an IPv6 address') from None
    # Whatever ends in a number is meant as IPv4: no top-level domain is a number.
    if host.rpartition(".")[2].isdigit():
        try:
            return ipaddress.IPv4Address(host)
        except ValueError:
            raise ValueError(f'"{host}" is not an IPv4 address') from None
    return None


def is_name(host: str) -> bool:
    """Whether a text can be a host name."""
    stem = host.removesuffix(".")
    return len(stem) <= 253 and all(_LABEL.fullmatch(label) for label in stem.split("."))


def node_address(text: str) -> str:
    """Checks where a node lives."""
    if _is_socket(text):
        return text
    host, _ = split(text)
    if ip(host) is None and not is_name(host):
        raise ValueError(
            f'{shown(text)}: "{host}" is neither a host name nor an IP address; '
            'write "10.0.0.1:8000", "[::1]:8000", "name:8000" or "unix:/path"'
        )
    return text


def listen_address(text: str) -> str:
    """Checks where a listener listens: a name could mean several places, so it is refused."""
    return text if _is_socket(text) else ip_address(text)


def ip_address(text: str) -> str:
    """Checks an IP address with its port."""
    host, port = split(text)
    if ip(host) is None:
        local = "127.0.0.1" if host == "localhost" else "0.0.0.0"
        raise ValueError(
            f"{shown(text)} names no IP address to listen on: "
            f'write "{local}:{port}"' + ("" if host == "localhost" else " for all of IPv4")
        )
    return text


def dns_server(text: str) -> str:
    """Checks where a DNS server listens; port 53 unless said otherwise."""
    for written in (text, f"{text}:53"):
        try:
            if ip(split(written)[0]) is not None:
                return written
        except ValueError:
            continue
    raise ValueError(
        f'{shown(text)} is no DNS server: write its IP address, such as "10.0.0.53" or "[::1]:5353"'
    )


def _is_socket(text: str) -> bool:
    if not text.startswith("unix:"):
        return False
    socket = text.removeprefix("unix:")
    if not socket.startswith("/"):
        raise ValueError(
            f'{shown(text)}: a UNIX socket has an absolute path, such as "unix:/run/a.sock"'
        )
    if "\0" in socket or len(socket.encode()) > _LONGEST_SOCKET_PATH:
        raise ValueError(
            f"{shown(text)}: a UNIX socket's path has at most 107 bytes, none of them NUL"
        )
    return True


def same(text: str) -> str:
    """A form that is equal for equal addresses, however they are written."""
    if text.startswith("unix:"):
        return text
    host, port = split(text)
    number = ip(host)
    name = host.lower().removesuffix(".") if number is None else number.compressed
    return f"{name} {port}"


def overlap(one: str, other: str) -> bool:
    """Whether two listeners would fight for a port: equal, or one of them takes every address."""
    if same(one) == same(other):
        return True
    if one.startswith("unix:") or other.startswith("unix:"):
        return False
    (host, port), (other_host, other_port) = split(one), split(other)
    number, other_number = ip(host), ip(other_host)
    if port != other_port or number is None or other_number is None:
        return False
    # Linux lets "[::]" take IPv4 too, so it is taken to overlap with either family.
    return any(
        wide.is_unspecified and (wide.version == 6 or narrow.version == 4)
        for wide, narrow in ((number, other_number), (other_number, number))
    )


def network(text: str) -> str:
    """Checks a network in CIDR notation, or a single address."""
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        pass
    try:
        meant = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(
            f'{shown(text)} is not a network: write "10.0.0.0/8", "fd00::/8" or one address'
        ) from None
    raise ValueError(f'{shown(text)} is an address inside a network: write "{meant}"')


NodeAddress = Annotated[
    str,
    AfterValidator(node_address),
    Field(examples=["10.0.0.1:8000", "[::1]:8000", "users.internal:8000", "unix:/run/users.sock"]),
]
ListenAddress = Annotated[
    str, AfterValidator(listen_address), Field(examples=["0.0.0.0:8080", "[::]:8080"])
]
IpListenAddress = Annotated[str, AfterValidator(ip_address), Field(examples=["127.0.0.1:9900"])]
Network = Annotated[str, AfterValidator(network), Field(examples=["10.0.0.0/8"])]
