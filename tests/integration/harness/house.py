"""Starts a program where every user may read the Python that runs it.

A developer's Python, or a clone of this repository, may stand in a folder that is root's alone. Then a proxy that has
given up root could not start its control process. In a mount namespace of its own, such a folder is covered by an
open one in which only what is needed shows.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import evenly

EXECUTE_OTHERS = 0o001


def needed() -> list[Path]:
    """Return the folders that a control process reads."""
    package = Path(evenly.__file__).resolve().parent.parent
    return sorted({Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve(), package})


def closed(path: Path) -> Path | None:
    """Return the outermost folder around `path` that not everybody may enter."""
    for folder in [*reversed(path.parents), path]:
        if not folder.stat().st_mode & EXECUTE_OTHERS:
            return folder
    return None


def opened(scratch: Path) -> list[str]:
    """Return words to put before a command. `scratch` is an empty folder for the mounts."""
    covered: dict[Path, list[Path]] = {}
    for path in needed():
        folder = closed(path)
        if folder is not None:
            covered.setdefault(folder, []).append(path)
    lines = []
    for number, (folder, paths) in enumerate(covered.items()):
        kept = scratch / str(number)
        lines += [
            f"mkdir {shlex.quote(str(kept))}",
            f"mount --rbind {shlex.quote(str(folder))} {shlex.quote(str(kept))}",
            f"mount -t tmpfs -o mode=0755 none {shlex.quote(str(folder))}",
        ]
        for path in paths:
            source = kept / path.relative_to(folder)
            lines += [
                f"mkdir -p {shlex.quote(str(path))}",
                f"mount --bind {shlex.quote(str(source))} {shlex.quote(str(path))}",
            ]
    script = "\n".join(["set -e", *lines, 'exec "$@"'])
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"]
