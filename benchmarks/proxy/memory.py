"""What an idle client costs in memory: open many, let each make one request, then look."""

from __future__ import annotations

import re
import socket
import time
from pathlib import Path

from products import Running

REQUEST = b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n"
# Longer than any product keeps unused connections to its nodes by default, but not than clients are kept.
SETTLE_SECONDS = 6.0
BATCH = 100


def resident_kib(pids: list[int]) -> int:
    """Resident memory of some processes. Pages they share are counted once per process."""
    total = 0
    for pid in pids:
        match = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
        total += int(match.group(1)) if match else 0
    return total


def idle(product: Running, pids: list[int], clients: int) -> dict[str, float]:
    """Resident memory before, and with that many idle clients that have each made one request."""
    before = resident_kib(pids)
    held: list[socket.socket] = []
    try:
        for _ in range(clients // BATCH):
            batch = [
                socket.create_connection(("127.0.0.1", product.port), 10) for _ in range(BATCH)
            ]
            held += batch
            for one in batch:
                one.sendall(REQUEST)
            for one in batch:
                one.recv(4096)
        time.sleep(SETTLE_SECONDS)
        after = resident_kib(pids)
    finally:
        for one in held:
            one.close()
    return {
        "before_kib": before,
        "with_idle_kib": after,
        "kib_per_idle": (after - before) / max(len(held), 1),
    }


def table(memory: dict[str, dict[str, float]], clients: int) -> str:
    """The readings as a Markdown table."""
    lines = [
        f"| product | at rest, MiB | with {clients:,} idle clients, MiB | KiB per idle client |",
        "|---|---|---|---|",
    ]
    for name, reading in memory.items():
        before, after = reading["before_kib"] / 1024, reading["with_idle_kib"] / 1024
        lines.append(f"| {name} | {before:.1f} | {after:.1f} | {reading['kib_per_idle']:.2f} |")
    return "\n".join(lines)
