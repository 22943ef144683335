"""`acquire`: waiting in line for a place, in `with` and in `async with`.

The line itself is the engine's: bounded, first come first served. Here one only sleeps until the engine calls.
The sleep is that of the caller's world: a lock for a thread (Ctrl-C interrupts it), a future for a task (a
cancelled task is taken out of the line, and a place that arrives in the same moment is given back).
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from evenly._engine import Balancer, Pick, Waiter

    Key = str | bytes | int | None

__all__ = ["Acquire"]


class Acquire:
    """A place that is waited for. Enter it with `with`, or with `async with` in a coroutine."""

    __slots__ = ("_balancer", "_key", "_pick", "_timeout")

    def __init__(self, balancer: Balancer, key: Key, timeout: float) -> None:
        self._balancer = balancer
        self._key = key
        self._timeout = timeout
        self._pick: Pick | None = None

    def __enter__(self) -> Pick:
        """Wait, blocking this thread."""
        bell = threading.Lock()
        bell.acquire()
        waiter = self._balancer._enqueue(self._key, self._timeout, bell.release)
        if not waiter.ready:
            try:
                bell.acquire(timeout=self._timeout)
            except BaseException:
                waiter.cancel()
                raise
        return self._enter(waiter)

    async def __aenter__(self) -> Pick:
        """Wait, letting other tasks run."""
        loop = asyncio.get_running_loop()
        called = loop.create_future()

        def ring() -> None:
            loop.call_soon_threadsafe(_settle, called)

        waiter = self._balancer._enqueue(self._key, self._timeout, ring)
        if not waiter.ready:
            alarm = loop.call_later(self._timeout, _settle, called)
            try:
                await called
            except BaseException:
                waiter.cancel()
                raise
            finally:
                alarm.cancel()
        return self._enter(waiter)

    def _enter(self, waiter: Waiter) -> Pick:
        self._pick = waiter.take()
        return self._pick.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Give the node back."""
        pick, self._pick = self._pick, None
        return pick is not None and pick.__exit__(kind, error, trace)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Give the node back."""
        return self.__exit__(kind, error, trace)


def _settle(called: asyncio.Future[None]) -> None:
    """Wake the task, unless it was woken or cancelled meanwhile."""
    if not called.done():
        called.set_result(None)
