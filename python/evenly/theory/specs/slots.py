"""Hash slots of Redis Cluster: CRC-16 of the key modulo 16,384, and ranges as `redis-cli --cluster create` deals them.

Only what stands between the first { and the next } is hashed, if there is anything. Ranges follow the list of nodes;
what a running cluster makes of them later, slot by slot, is not followed.
"""

from __future__ import annotations

from binascii import crc_hqx
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from struct import pack, unpack
from typing import Any

from evenly.theory.model import Membership
from evenly.theory.specs.tables import Table

SLOTS = 16_384


@dataclass(frozen=True, slots=True)
class Slots(Table):
    """No memory."""

    name = "slots"

    def place(self, key: bytes) -> int:
        """The key's slot."""
        return slot(key)

    def owner(self, place: int, nodes: Membership, memory: Any) -> str:
        """Whose range holds the slot."""
        return next(
            node.id for node, end in zip(nodes, ends(nodes), strict=True) if place % SLOTS < end
        )

    def shares(self, nodes: Membership, memory: Any) -> dict[str, Fraction]:
        """By slots."""
        starts = [0, *ends(nodes)]
        return {
            node.id: Fraction(end - start, SLOTS)
            for node, start, end in zip(nodes, starts, starts[1:], strict=False)
        }


def slot(key: bytes) -> int:
    """CRC-16/XMODEM of the tag, or of the key (Redis Cluster specification, "hash tags")."""
    _, opened, rest = key.partition(b"{")
    tag, closed, _ = rest.partition(b"}")
    return crc_hqx(tag if opened and closed and tag else key, 0) % SLOTS


def ends(nodes: Membership) -> list[int]:
    """The first slot after each node's range.

    With equal weights as redis-cli reckons: the length of a range in single precision, cursors rounded half up. With
    unequal ones 16,384 times the weights up to the node's over all, rounded half up.
    """
    count, total = len(nodes), sum(node.weight for node in nodes)
    (length,) = unpack("f", pack("f", SLOTS / count))
    if len({node.weight for node in nodes}) == 1:
        cursors = accumulate([length] * count, initial=0.0)
        found = [
            int(cursor + length - 1 + 0.5) + 1 for cursor, _ in zip(cursors, nodes, strict=False)
        ]
    else:
        until = accumulate(node.weight for node in nodes)
        found = [(2 * SLOTS * weight + total) // (2 * total) for weight in until]
    return [*found[:-1], SLOTS]
