"""`attempts`: the same work on another node, as often as it makes sense.

How often is the engine's decision: all tries of all callers draw on one retry budget, so that a sick cluster is
not buried under repetitions. A failure that counts against its node is swallowed while another try follows; every
other exception passes at once. Between tries, and only there, one sleeps.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from types import TracebackType

    from evenly._engine import Balancer, Pick

    Key = str | bytes | int | None

__all__ = ["Attempt", "Attempts"]


class Attempts:
    """The tries for one piece of work. Go through them with `for`, or with `async for` in a coroutine."""

    __slots__ = ("_again", "_balancer", "_deadline", "_key", "_made", "_most", "_pause", "_tried")

    def __init__(self, balancer: Balancer, key: Key, most: int, timeout: float | None) -> None:
        self._balancer = balancer
        self._key = key
        self._most = most
        self._deadline = None if timeout is None else balancer._deadline(timeout)
        self._made = 0
        self._again = True
        self._pause = 0.0
        self._tried: list[Pick] = []

    def __iter__(self) -> Iterator[Attempt]:
        """Go through the tries."""
        return self

    def __aiter__(self) -> AsyncIterator[Attempt]:
        """Go through the tries in a coroutine."""
        return self

    def __next__(self) -> Attempt:
        """Sleep as long as the engine says, blocking this thread, and begin another try."""
        if not self._more():
            raise StopIteration
        if self._pause > 0:
            time.sleep(self._pause)
        return self._begin()

    async def __anext__(self) -> Attempt:
        """Sleep as long as the engine says, letting other tasks run, and begin another try."""
        if not self._more():
            raise StopAsyncIteration
        if self._pause > 0:
            await asyncio.sleep(self._pause)
        return self._begin()

    def _more(self) -> bool:
        return self._again and self._made < self._most

    def _begin(self) -> Attempt:
        self._made += 1
        self._again = False  # until this try has failed
        return Attempt(self)

    def _lend(self) -> Pick:
        pick = self._balancer._pick_untried(self._key, self._tried)
        self._tried.append(pick)
        return pick

    def _failed(self) -> bool:
        """Ask for another try; true if there is one."""
        if self._made < self._most:
            pause = self._balancer._retry(self._made, self._tried, self._deadline)
            if pause is not None:
                self._again, self._pause = True, pause
        return self._again


class Attempt:
    """One try: `with attempt as pick`."""

    __slots__ = ("_attempts", "_pick", "number")

    def __init__(self, attempts: Attempts) -> None:
        self._attempts = attempts
        self._pick: Pick | None = None
        self.number = attempts._made
        """1 for the first try."""

    def __enter__(self) -> Pick:
        """Lend a node that was not tried yet."""
        self._pick = self._attempts._lend()
        return self._pick.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Give the node back; swallow its failure if another try follows."""
        pick, self._pick = self._pick, None
        if pick is None:
            return False
        pick.__exit__(kind, error, trace)
        # An error that is no failure of the node passes, also when a bad status was told before it.
        ours = error is None or pick.blames(error)
        return pick.failed and ours and self._attempts._failed()
