"""Rendezvous hashing by weight (Thaler, Ravishankar 1998): each pair of key and node has a score, the best is given it.

With u uniform in (0, 1) from 64 hashed bits, the score is −w / ln u: of exponential clocks with rates w the first to
ring, so a node has a key with probability exactly w / W.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Any

from evenly.theory.model import Membership, Node
from evenly.theory.specs.hashing import Hashing
from evenly.theory.specs.rule import Lottery, by_weight


@dataclass(frozen=True, slots=True)
class Rendezvous(Hashing):
    """`compatible="pymemcache"` takes over its keys: the bits are MurmurHash3 of `node-key`, ties go to the later name.

    It knows no weights; they count here as always, so its keys are those of equal weights.
    """

    name = "rendezvous"
    compatible: str = "none"

    def order(self, key: bytes, nodes: Membership, memory: Any = None) -> Sequence[Node]:
        """By score, the best first."""
        scores = {node.id: node.weight / -log(self._unit(key, node.id)) for node in nodes}
        return sorted(nodes, key=lambda node: (scores[node.id], node.id), reverse=True)

    def _unit(self, key: bytes, node: str) -> float:
        """A number strictly between 0 and 1 that hangs on key and node alone."""
        if self.compatible == "pymemcache":
            bits = murmur3(_low(f"{node}-".encode()) + _low(key)) << 32
        else:
            place = self.hash(self.seed, key).to_bytes(8, "little")
            bits = self.hash(self.hash(self.seed, node.encode()), place)
        return ((bits >> 12) + 0.5) / (1 << 52)

    def lottery(self, may: Membership, nodes: Membership, memory: Any = None) -> Lottery:
        """By weight."""
        return by_weight(may)


def murmur3(text: bytes) -> int:
    """MurmurHash3 of 32 bits with seed 0 (Appleby 2011)."""

    def mixed(block: int) -> int:
        block = block * 0xCC9E2D51 & 0xFFFFFFFF
        return _rotated(block, 15) * 0x1B873593 & 0xFFFFFFFF

    hashed, whole = 0, len(text) // 4 * 4
    for at in range(0, whole, 4):
        hashed ^= mixed(int.from_bytes(text[at : at + 4], "little"))
        hashed = _rotated(hashed, 13) * 5 + 0xE6546B64 & 0xFFFFFFFF
    hashed ^= mixed(int.from_bytes(text[whole:], "little"))
    hashed ^= len(text)
    hashed = (hashed ^ hashed >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    hashed = (hashed ^ hashed >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    return hashed ^ hashed >> 16


def _rotated(word: int, by: int) -> int:
    return (word << by | word >> 32 - by) & 0xFFFFFFFF


def _low(text: bytes) -> bytes:
    """Text as pymemcache hashes it: of each character the low byte of its number."""
    try:
        return bytes(ord(letter) & 0xFF for letter in text.decode())
    except UnicodeDecodeError:
        return text
