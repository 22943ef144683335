"""AnchorHash (Mendelson et al. 2020) by its definition, without the arrays that make it fast.

There is a fixed number of buckets, of which some work. A key is hashed into all of them; from a bucket that was removed
it is hashed on into those that worked right after its removal, and so on until it meets one that works. Buckets come
back in the reverse of the order in which they went, and then all is as it was before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evenly.theory.model import Membership
from evenly.theory.specs.tables import Table


@dataclass(frozen=True, slots=True)
class Buckets:
    """Which work, which were removed and when, and whose they are."""

    working: Sequence[int]
    removed: tuple[tuple[int, Sequence[int], Sequence[int]], ...]
    """Each with those that worked before and after, the latest last."""
    owners: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def without(self, bucket: int) -> Buckets:
        """One fewer: the last working one takes its place."""
        *others, last = self.working
        after = tuple(last if one == bucket else one for one in others)
        return Buckets(after, (*self.removed, (bucket, self.working, after)), self.owners)

    def with_one_more(self) -> tuple[Buckets, int]:
        """The one that was removed last works again, and all is as before."""
        *earlier, (bucket, before, _) = self.removed
        return Buckets(before, tuple(earlier), self.owners), bucket


@dataclass(frozen=True, slots=True)
class Anchor(Table):
    """Memory: the buckets. A node has as many as its weight."""

    name = "anchor"
    size: int = 4096

    def begin(self, nodes: Membership) -> Buckets:
        """All were there and went, the highest first; then the nodes came."""
        gone = ((one, range(one + 1), range(one)) for one in reversed(range(self.size)))
        return self.moved(Buckets((), tuple(gone)), (), nodes)

    def moved(self, memory: Buckets, before: Membership, nodes: Membership) -> Buckets:
        """Who left or got lighter gives buckets back, then who came or got heavier takes some; each time by id."""
        wanted = {node.id: node.weight for node in nodes}
        owners = {id_: list(own) for id_, own in sorted(memory.owners.items())}
        for id_, own in owners.items():
            for _ in range(len(own) - wanted.get(id_, 0)):
                memory = memory.without(own.pop())
        for id_ in sorted(wanted):
            own = owners.setdefault(id_, [])
            while len(own) < wanted[id_]:
                memory, bucket = memory.with_one_more()
                own.append(bucket)
        left = {id_: tuple(own) for id_, own in owners.items() if own}
        return Buckets(memory.working, memory.removed, left)

    def owner(self, place: int, nodes: Membership, memory: Any) -> str:
        """Hashed on from bucket to bucket, until one works."""
        after = {bucket: then for bucket, _, then in memory.removed}
        bucket = place % self.size
        while bucket in after:
            drawn = self.hash(bucket + 1, place.to_bytes(8, "little"))
            bucket = after[bucket][drawn % len(after[bucket])]
        return next(str(node) for node, own in memory.owners.items() if bucket in own)
