"""What the kernel says about processes: memory, descriptors, children. Only processes the tests
started are touched.
"""

from __future__ import annotations

import os
from pathlib import Path


def alive(pid: int) -> bool:
    """Whether `pid` runs (a zombie does not)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in ("Z", "X")


def children(pid: int) -> list[int]:
    """Return the process ids of the direct children of `pid`."""
    found: set[int] = set()
    try:
        threads = [one.name for one in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:
        return []
    for thread in threads:
        try:
            found.update(
                int(one) for one in Path(f"/proc/{pid}/task/{thread}/children").read_text().split()
            )
        except OSError:
            continue
    return sorted(child for child in found if alive(child))


def descendants(pid: int) -> list[int]:
    """Return every process below `pid`."""
    below: list[int] = []
    for child in children(pid):
        below += [child, *descendants(child)]
    return below


def resident(pid: int) -> int:
    """Return the bytes of memory `pid` holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def descriptors(pid: int) -> int:
    """Return how many file descriptors `pid` has open."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def command(pid: int) -> list[str]:
    """Return the command line of `pid`."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().decode().rstrip("\0").split("\0")
