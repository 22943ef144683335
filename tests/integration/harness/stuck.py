"""One thread of a process, held still while the others go on: what a bug or a bad disk would do."""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterator
from pathlib import Path

SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17
WALL = 0x40000000

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


def threads(pid: int, name: str) -> list[int]:
    """Return the threads of `pid` with that name."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sorted(int(task.name) for task in tasks if (task / "comm").read_text().strip() == name)


@contextlib.contextmanager
def held(thread: int) -> Iterator[None]:
    """Hold a thread of a process that this one has started."""
    _call(SEIZE, thread)
    try:
        _call(INTERRUPT, thread)
        os.waitpid(thread, WALL)
        yield
    finally:
        _call(DETACH, thread)


def _call(request: int, thread: int) -> None:
    if _libc.ptrace(request, thread, None, None) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"ptrace {request:#x}: {os.strerror(number)}")
