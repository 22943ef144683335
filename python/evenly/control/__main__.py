"""`python -m evenly.control --engine PATH --serve PATH`: started by the engine, ends with it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from evenly.control.lifeline import end_with_parent
from evenly.control.unix import listen


def main() -> int:
    """Serve until the engine goes away."""
    parser = argparse.ArgumentParser(prog="python -m evenly.control", description=__doc__)
    parser.add_argument("--engine", type=Path, required=True, help="socket that tells the state")
    parser.add_argument("--serve", type=Path, required=True, help="socket to answer on")
    given = parser.parse_args()
    end_with_parent(sys.stdin.buffer, (given.engine, given.serve))
    try:
        # First of all: half a second of imports follows, and who asks meanwhile waits instead of being refused.
        listener = listen(given.serve)
        from evenly.control.server import serve

        serve(listener, given.engine, given.serve.parent)
    except OSError:
        # Without the engine's folder the engine itself is gone: it died while this process began.
        if given.serve.parent.exists():
            raise
    return 0


if __name__ == "__main__":
    sys.exit(main())
