"""Processes that end when we do, however we end.

Run as `python -m evenly.demo.child PARENT COMMAND…`: asks the kernel to end this process with its parent, then becomes
the command. A terminal's Ctrl-C does not reach it: the demo decides in which order things end.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from typing import IO, Any

_PR_SET_PDEATHSIG = 1


def start(command: list[str], **streams: IO[Any] | int) -> subprocess.Popen[bytes]:
    """Starts a command of this very Python."""
    guarded = [sys.executable, "-m", "evenly.demo.child", str(os.getpid()), *command]
    return subprocess.Popen(guarded, start_new_session=True, **streams)  # type: ignore[call-overload, no-any-return]


def end(process: subprocess.Popen[bytes], patience: float = 5.0) -> None:
    """Ends a process and waits until it is gone."""
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def main() -> None:
    """Becomes the command, tied to the parent."""
    parent, *command = sys.argv[1:]
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    # The parent may have ended before the kernel was asked.
    if os.getppid() == int(parent):
        os.execv(sys.executable, [sys.executable, *command])


if __name__ == "__main__":
    main()
