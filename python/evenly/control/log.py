"""Lines for the operator on standard error, in the engine's form: what nobody asked for is told to nobody else."""

from __future__ import annotations

import contextlib
import json
import sys
from datetime import UTC, datetime
from typing import Any


def tell(event: dict[str, Any], *, as_json: bool) -> None:
    """Writes an event: as JSON, or its message, which has the first fault, and each further one on a line."""
    if as_json:
        moment = datetime.fromtimestamp(event["time"], UTC).isoformat(timespec="milliseconds")
        lines = [json.dumps({**event, "time": moment.replace("+00:00", "Z")}, ensure_ascii=False)]
    else:
        told = [event["message"], *(fault["text"] for fault in event.get("faults", ())[1:])]
        lines = [f"evenly: {line}" for line in told]
    # Nobody may be reading, which is no reason to end.
    with contextlib.suppress(OSError):
        sys.stderr.write("".join(f"{line}\n" for line in lines))
        sys.stderr.flush()
