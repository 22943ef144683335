"""Addresses: which are taken, which refused with what to write, and which are the same."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenly import _engine
from evenly.config.address import listen_address, node_address, overlap, same

PORTS = st.integers(1, 65535)
IPS = st.one_of(st.ip_addresses(v=4).map(str), st.ip_addresses(v=6).map("[{}]".format))
LABELS = st.from_regex(r"[a-z0-9_]([a-z0-9_-]{0,5}[a-z0-9_])?", fullmatch=True)
# A name that ends in a number would be an IPv4 address gone wrong.
NAMES = st.builds(".".join, st.lists(LABELS, min_size=1, max_size=4)).filter(
    lambda name: not name.rpartition(".")[2].isdigit()
)


@given(st.one_of(IPS, NAMES), PORTS)
def test_every_ip_and_name_with_a_port_is_taken(host: str, port: int) -> None:
    """What the check takes, the engine takes too: they must not disagree at start."""
    address = f"{host}:{port}"
    assert node_address(address) == address
    _engine.check_address(address)


@given(st.text(alphabet="a1.:[]-_/%@ é", max_size=12))
def test_no_text_is_taken_that_the_engine_refuses(text: str) -> None:
    """Whatever is written, a sound answer here is a sound answer there."""
    try:
        node_address(text)
    except ValueError as fault:
        assert str(fault)
    else:
        _engine.check_address(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", '"" has no port: write it after a colon, such as "10.0.0.1:8000"'),
        ("users", '"users" has no port: write it after a colon, such as "users:8000"'),
        ("users:", '"users:": the port must be a number from 1 to 65535, not ""'),
        ("users:http", '"users:http": the port must be a number from 1 to 65535, not "http"'),
        ("users:0", '"users:0": the port must be from 1 to 65535, not 0'),
        ("users:65536", '"users:65536": the port must be from 1 to 65535, not 65536'),
        ("users:-1", '"users:-1": the port must be a number from 1 to 65535, not "-1"'),
        (":80", '":80" has no host: write it before the colon, such as "10.0.0.1:80"'),
        ("10.0.0.300:80", '"10.0.0.300" is not an IPv4 address'),
        ("10.0.1:80", '"10.0.1" is not an IPv4 address'),
        ("[::g]:80", '"[::g]" is not an IPv6 address'),
        ("[fe80::1%eth0]:80", '"[fe80::1%eth0]" is not an IPv6 address'),
        ("[::1]", '"[::1]" has no port: write it after a colon, such as "[::1]:8000"'),
        (
            "::1:80",
            '"::1:80": an IPv6 address stands in brackets before its port, such as "[::1]:8000"',
        ),
        (
            "http://users:80/x",
            '"http://users:80/x" is a URL: write the host and port only, "users:80"',
        ),
        (
            "https://users/x",
            '"https://users/x" is a URL: write the host and port only, such as "users:80"',
        ),
        (
            "unix:run/a.sock",
            '"unix:run/a.sock": a UNIX socket has an absolute path, such as "unix:/run/a.sock"',
        ),
        (
            "a b:80",
            '"a b:80": "a b" is neither a host name nor an IP address; '
            'write "10.0.0.1:8000", "[::1]:8000", "name:8000" or "unix:/path"',
        ),
    ],
)
def test_a_bad_address_is_refused_with_what_to_write(text: str, why: str) -> None:
    """Every way to get an address wrong has its own words."""
    with pytest.raises(ValueError) as caught:
        node_address(text)
    assert str(caught.value) == why


def test_a_socket_path_longer_than_the_system_takes_is_refused() -> None:
    """107 bytes is Linux's limit; bytes, not letters."""
    assert node_address("unix:/" + "a" * 106)
    for path in "/" + "a" * 107, "/" + "ä" * 54, "/a\0b":
        with pytest.raises(ValueError, match="at most 107 bytes"):
            node_address(f"unix:{path}")


def test_a_listener_takes_addresses_but_no_names() -> None:
    """A name may mean several addresses, and which one would be anybody's guess."""
    for text in "0.0.0.0:80", "[::]:80", "unix:/run/a.sock":
        assert listen_address(text) == text
    with pytest.raises(ValueError, match=r'write "0\.0\.0\.0:80" for all of IPv4'):
        listen_address("web:80")


@given(st.ip_addresses(v=6), PORTS)
def test_an_ipv6_address_is_the_same_however_it_is_written(
    address: ipaddress.IPv6Address, port: int
) -> None:
    """Long or short, capital or small."""
    forms = {address.compressed, address.exploded, address.exploded.upper()}
    assert len({same(f"[{form}]:{port}") for form in forms}) == 1


def test_names_are_the_same_without_regard_to_case_or_final_dot() -> None:
    """As DNS compares them."""
    assert same("Users.Internal.:80") == same("users.internal:80") != same("users.internal:81")


@pytest.mark.parametrize(
    ("one", "other", "fight"),
    [
        ("127.0.0.1:80", "127.0.0.1:80", True),
        ("127.0.0.1:80", "127.0.0.1:81", False),
        ("127.0.0.1:80", "127.0.0.2:80", False),
        ("0.0.0.0:80", "127.0.0.1:80", True),
        ("[::]:80", "127.0.0.1:80", True),
        ("[::]:80", "0.0.0.0:80", True),
        ("0.0.0.0:80", "[::1]:80", False),
        ("[::]:80", "[::1]:80", True),
        ("unix:/a", "unix:/a", True),
        ("unix:/a", "unix:/b", False),
        ("unix:/a", "0.0.0.0:80", False),
    ],
)
def test_two_listeners_fight_for_a_port_or_not(one: str, other: str, fight: bool) -> None:
    """Whoever takes every address takes each of them."""
    assert overlap(one, other) is overlap(other, one) is fight
