"""The runtime API and the commands over it, asked of a running proxy."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .client import get
from .proxy import evenly
from .waiting import until

if TYPE_CHECKING:
    from .proxy import Proxy


@dataclass
class Api:
    """One proxy's."""

    proxy: Proxy

    def ask(self, method: str, target: str, body: object = None, *fields: str) -> tuple[int, Any]:
        """Ask once; a text goes as TOML, all else as JSON. Waits for a control process that is just starting."""
        sent = body if isinstance(body, str) else "" if body is None else json.dumps(body)

        def answer() -> tuple[int, Any] | None:
            said = get(self.proxy.admin, target, *fields, method=method, body=sent.encode())
            if said.status == 503 and b"control_down" in said.body:
                return None
            return said.status, json.loads(said.body)

        found = until(answer, f"{method} {target} is answered")
        assert found is not None
        return found

    def get(self, target: str) -> Any:
        """Ask and expect an answer."""
        status, said = self.ask("GET", target)
        assert status == 200, said
        return said

    def change(self, method: str, target: str, body: object = None) -> Any:
        """Change something and expect that it is in force."""
        status, said = self.ask(method, target, body)
        assert status in (200, 201), said
        return said

    def node(self, name: str, cluster: str = "users") -> str:
        """Where a node is."""
        return f"/v1/clusters/{cluster}/nodes/{quote(name, safe='')}"

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `evenly WORDS --config` with the proxy's own file."""
        return subprocess.run(
            [evenly(), *words, "--config", str(self.proxy.file)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=self.proxy.folder,
        )

    def done(self, *words: str) -> str:
        """Run a command and expect that it did what it was told."""
        run = self.command(*words)
        assert run.returncode == 0, (words, run.stdout, run.stderr)
        return run.stdout
