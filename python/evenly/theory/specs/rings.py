"""Where nodes and keys stand on a circle: ours, and those of the libraries whose keys we take over without moving one.

Each is written from the other library's own rules with the hashes of Python's standard library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import md5
from zlib import crc32

from evenly.theory.model import Membership
from evenly.theory.specs.hashing import Hash


@dataclass(frozen=True, slots=True)
class Circle:
    """Places from 0 to `size`."""

    size: int
    points: Callable[[str, int, Hash, int], Iterator[int]]
    """The places of a node: its id, the number of points, our hash and its seed."""
    place: Callable[[bytes, Hash, int], int]
    """The place of a key."""
    after: bool = False
    """Whether a key goes to the next point *after* its place; else one at the very place is its own."""
    last: bool = False
    """Whether, of several points at one place, that of the node listed last counts; else the first."""

    def __hash__(self) -> int:
        """By what makes its points."""
        return hash(self.points)


def _ours(node: str, count: int, hashed: Hash, seed: int) -> Iterator[int]:
    own = hashed(seed, node.encode())
    return (hashed(own, number.to_bytes(8, "little")) for number in range(count))


def _uhashring(node: str, count: int, hashed: Hash, seed: int) -> Iterator[int]:
    """`HashRing(nodes)`: one point for each name with a number."""
    return (_number(f"{node}-{number}".encode()) for number in range(count))


def _ketama(node: str, count: int, hashed: Hash, seed: int) -> Iterator[int]:
    """`HashRing(nodes, hash_fn="ketama")`: four points of 32 bits from each digest."""
    for number in range(count // 4):
        digest = md5(f"{node}-{number}".encode()).digest()
        yield from (_little(digest[at : at + 4]) for at in range(0, 16, 4))


def _nginx(node: str, count: int, hashed: Hash, seed: int) -> Iterator[int]:
    """`hash KEY consistent`: crc32(HOST, 0, PORT, PREVIOUS), each point from the one before."""
    host, port = node, ""
    if node[:5].lower() == "unix:":
        host = node[5:]
    elif ":" in node and (not node.rpartition(":")[2] or node.rpartition(":")[2].isdecimal()):
        host, _, port = node.rpartition(":")
    base, point = crc32(f"{host}\0{port}".encode()), 0
    for _ in range(count):
        point = crc32(point.to_bytes(4, "little"), base)
        yield point


def _number(text: bytes) -> int:
    return int.from_bytes(md5(text).digest(), "big")


def _little(cut: bytes) -> int:
    return int.from_bytes(cut, "little")


CIRCLES: Mapping[str, Circle] = {
    "none": Circle(1 << 64, _ours, lambda key, hashed, seed: hashed(seed, key)),
    "uhashring": Circle(1 << 128, _uhashring, lambda key, *_: _number(key), True, True),
    "ketama": Circle(1 << 32, _ketama, lambda key, *_: _little(md5(key).digest()[:4]), True, True),
    "nginx": Circle(1 << 32, _nginx, lambda key, *_: crc32(key)),
}
"""By the value of the option `compatible`."""


def counts(compatible: str, virtual_nodes: int, nodes: Membership) -> dict[str, int]:
    """How many points each node has: `virtual_nodes` for each unit of weight.

    Ketama gives all together as many as with equal weights, by weight, rounded down to whole digests of four.
    """
    total = sum(node.weight for node in nodes)
    if compatible == "ketama":
        digests = virtual_nodes // 4 * len(nodes)
        return {node.id: digests * node.weight // total * 4 for node in nodes}
    return {node.id: virtual_nodes * node.weight for node in nodes}
