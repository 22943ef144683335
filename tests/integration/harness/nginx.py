"""Real nginx nodes: Debian's binary, a configuration and folder of their own, never the system's
service.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

from .client import get
from .ports import LOOPBACK, free_port
from .waiting import until

if TYPE_CHECKING:
    from types import TracebackType

TEMPLATE = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes 1;
events {{ worker_connections 4096; }}
http {{
  log_format plain '$request_method $request_uri $status';
  access_log {folder}/access.log plain;
  keepalive_requests 1000000;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  client_max_body_size 0;
  server {{
    listen {listen} backlog=4096;
    location / {{ default_type text/plain; return 200 "{name}"; }}
    location /files/ {{ alias {folder}/files/; }}
    location /healthz {{ access_log off; return 204; }}
    {extra}
  }}
}}
"""


def binary() -> str:
    """Return where nginx is; the package is on the list of what the tests need."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    assert found, "nginx is missing: apt-get install -y nginx-light"
    return found


class Nginx:
    """One nginx on a port it keeps over `kill` and `start`, so that a node can die and come
    back.
    """

    def __init__(self, name: str = "nginx", *, extra: str = "", unix: bool = False) -> None:
        self.name = name
        self.folder = Path(tempfile.mkdtemp(prefix="evenly-nginx-"))
        (self.folder / "files").mkdir()
        self.folder.chmod(0o755)  # its worker runs as another user
        if unix:
            self.address = f"unix:{self.folder}/node.sock"
            listen = self.address
        else:
            self.address = listen = f"{LOOPBACK}:{free_port()}"
        config = TEMPLATE.format(folder=self.folder, listen=listen, name=name, extra=extra)
        (self.folder / "nginx.conf").write_text(config)
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start and wait until it answers."""
        if self.address.startswith("unix:"):
            Path(self.address.removeprefix("unix:")).unlink(missing_ok=True)
        arguments = [binary(), "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")]
        log = (self.folder / "stderr.log").open("wb")
        self.process = subprocess.Popen(
            arguments, stdout=log, stderr=log, start_new_session=True, close_fds=True
        )
        log.close()
        until(lambda: get(self.address, "/healthz").status == 204, f"nginx {self.name} answers")

    def kill(self) -> None:
        """End it and its worker at once (kill -9 of both), as a crash of the machine would."""
        if self.process is None:
            return
        from .processes import children

        workers = children(self.process.pid)
        self.process.kill()
        for worker in workers:
            _kill(worker)
        self.process.wait()
        self.process = None

    def log(self) -> list[str]:
        """Return the requests it has answered, one line each: `GET /x 200`."""
        path = self.folder / "access.log"
        return path.read_text().splitlines() if path.exists() else []


def _kill(pid: int) -> None:
    import os
    import signal

    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
