"""Another configuration for a running proxy, asked for as an operator asks."""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .client import get
from .waiting import until

if TYPE_CHECKING:
    from .proxy import Proxy, Table

BUSY = (503, 504)
"""What is answered while the control process is not there."""


def ask(
    proxy: Proxy, method: str, path: str, body: str = "", *fields: str
) -> tuple[int, dict[str, Any]]:
    """Ask the API, once more while the control process is not there; return status and answer."""

    def once() -> tuple[int, dict[str, Any]] | None:
        answer = get(proxy.admin, path, *fields, method=method, body=body.encode())
        return None if answer.status in BUSY else (answer.status, json.loads(answer.body))

    found = until(once, f"{method} {path} is answered")
    assert found is not None
    return found


def edition(proxy: Proxy, *fields: str) -> int:
    """Return the number of the configuration in force."""
    status, told = ask(proxy, "GET", "/v1/config", "", *fields)
    assert status == 200, told
    return int(told["edition"])


def change(proxy: Proxy, **tables: Table | None) -> dict[str, Any]:
    """Merge tables into the file (`cluster_users={...}`; None takes one out) and reload it."""
    rewrite(proxy, **tables)
    status, told = ask(proxy, "POST", "/v1/reload")
    assert status == 200, told
    return told


def rewrite(proxy: Proxy, **tables: Table | None) -> None:
    """Merge tables into the file and leave it at that."""
    for name, table in tables.items():
        key = name.replace("_", ".", 1)
        if table is None:
            del proxy.tables[key]
        else:
            proxy.tables[key] = {**proxy.tables.get(key, {}), **table}
    proxy.save()


def refused(proxy: Proxy, text: str) -> dict[str, Any]:
    """Write a file that must be refused, ask for it, and return the answer; then the good file is back."""
    good = proxy.file.read_text()
    proxy.file.write_text(text)
    try:
        status, told = ask(proxy, "POST", "/v1/reload")
    finally:
        proxy.file.write_text(good)
    assert status == 422, (status, told)
    return told


def hang_up(proxy: Proxy, **tables: Table | None) -> int:
    """Change the file, send SIGHUP, and wait until another edition is in force; return its number."""
    before = edition(proxy)
    rewrite(proxy, **tables)
    proxy.signal(signal.SIGHUP)
    until(lambda: edition(proxy) > before, f"an edition after {before}")
    return edition(proxy)


def node_table(address: str, **more: object) -> Mapping[str, object]:
    """Write a node as a table."""
    return {"address": address, **more}
