"""The proxies that are compared, each started the way its own users would run it for speed.

Every product gets one worker pinned to CPU 0, no access log, keep-alive on both sides and the same
four nodes. The nodes are one nginx worker with four listeners, pinned to CPU 1 beside the load.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# Peers that Debian does not carry: scripts/bench installs them from benchmarks/scenarios/requirements.txt.
WHEELS = ROOT / "target/bench-venv"
PROXY_CPU = "0"
LOAD_CPU = "1"
BODY = "x" * 100
NODES = 4


def free_port() -> int:
    """A loopback port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes], seconds: float = 20.0) -> None:
    """Return once somebody listens on `port`; raise when the process ended or time is up."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode} before listening")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"{process.args!r} does not listen on {port} after {seconds} s")


@dataclass
class Running:
    """A started product: its port and the process whose tree is accounted."""

    name: str
    version: str
    port: int
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """End the product by its process id, politely at first."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start(cpu: str, words: Sequence[str | Path]) -> subprocess.Popen[bytes]:
    """Start a command pinned to one CPU."""
    return subprocess.Popen(
        ["taskset", "-c", cpu, *map(str, words)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=sys.stderr if os.environ.get("VERBOSE") else subprocess.DEVNULL,
    )


def first_line(*words: str) -> str:
    """The first line a command prints about itself, on either stream."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    text = (done.stdout + done.stderr).strip()
    return text.splitlines()[0] if text else "unknown"


def cpu_name() -> str:
    """The processor as the kernel names it."""
    match = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    return match.group(1) if match else platform.processor()


def nginx_file(folder: Path, http: str) -> Path:
    """Write a complete nginx configuration around the given http block."""
    path = folder / "nginx.conf"
    path.write_text(
        f"daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log /dev/null crit;\n"
        "worker_rlimit_nofile 20000; events { worker_connections 16384; }\n"
        "http { access_log off; keepalive_requests 100000000; keepalive_timeout 600s;\n"
        f"  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n"
        f"  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n"
        f"{http}\n}}\n"
    )
    return path


def nodes(folder: Path) -> tuple[list[int], subprocess.Popen[bytes]]:
    """Four nodes that answer 100 bytes from memory."""
    ports = [free_port() for _ in range(NODES)]
    return ports, nginx_answering(folder, [f"127.0.0.1:{port}" for port in ports], ports[0])


def nginx_answering(folder: Path, listen: list[str], port: int) -> subprocess.Popen[bytes]:
    """One nginx worker beside the load that answers 100 bytes on all these addresses."""
    folder.mkdir()
    servers = "".join(
        f'  server {{ listen {address} backlog=4096; return 200 "{BODY}"; }}\n'
        for address in listen
    )
    process = start(LOAD_CPU, ["nginx", "-c", nginx_file(folder, servers), "-p", folder])
    wait_for(port, process)
    return process


def floor(folder: Path, ports: list[int]) -> Running:
    """Our own relay that parses nothing: the distance to the physical limit."""
    binary = folder / "floor"
    subprocess.run(["gcc", "-O2", "-o", binary, HERE / "floor.c"], check=True)
    port = free_port()
    process = start(PROXY_CPU, [binary, str(port), *map(str, ports)])
    wait_for(port, process)
    return Running("floor", first_line("gcc", "--version"), port, process)


def nginx(folder: Path, ports: list[int]) -> Running:
    """Debian's nginx, one worker, upstream keep-alive."""
    port = free_port()
    servers = " ".join(f"server 127.0.0.1:{node};" for node in ports)
    http = (
        f"  upstream cluster {{ {servers} keepalive 256; keepalive_requests 100000000; }}\n"
        f"  server {{ listen 127.0.0.1:{port} backlog=4096;\n"
        "    location / { proxy_pass http://cluster; proxy_http_version 1.1;\n"
        '      proxy_set_header Connection ""; } }'
    )
    process = start(PROXY_CPU, ["nginx", "-c", nginx_file(folder, http), "-p", folder])
    wait_for(port, process)
    return Running("nginx", first_line("nginx", "-v"), port, process)


def haproxy(folder: Path, ports: list[int]) -> Running:
    """Debian's HAProxy, one thread, connections to nodes always reused."""
    port = free_port()
    path = folder / "haproxy.cfg"
    servers = "\n".join(f"  server n{i} 127.0.0.1:{node}" for i, node in enumerate(ports))
    path.write_text(
        "global\n  nbthread 1\n"
        "defaults\n  mode http\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n"
        f"  http-reuse always\nfrontend f\n  bind 127.0.0.1:{port} backlog 4096\n"
        f"  default_backend b\nbackend b\n  balance roundrobin\n{servers}\n"
    )
    process = start(PROXY_CPU, ["haproxy", "-db", "-f", path])
    wait_for(port, process)
    return Running("haproxy", first_line("haproxy", "-v"), port, process)


def wheel(pattern: str) -> Path:
    """A program of the peers' environment; it may be missing."""
    found = sorted(WHEELS.glob(pattern))
    return found[0] if found else WHEELS / pattern


def envoy_program() -> Path:
    """Envoy itself; the command beside it is Python that starts it."""
    return wheel("lib/python3*/site-packages/envoy/_bin/envoy")


def envoy(folder: Path, ports: list[int]) -> Running:
    """Envoy with one worker thread, round robin, its default pools."""
    port = free_port()
    path = folder / "envoy.json"
    path.write_text(json.dumps(envoy_file(port, ports)))
    return envoy_running(path, port)


def envoy_running(path: Path, port: int) -> Running:
    """Start it with that file."""
    program = envoy_program()
    words = ["-c", str(path), "--concurrency", "1", "--disable-hot-restart", "-l", "off"]
    process = start(PROXY_CPU, [program, *words])
    wait_for(port, process)
    version = first_line(str(program), "--version").split("version:")[-1].split("/")
    return Running("envoy", f"envoy {version[1] if len(version) > 1 else '?'}", port, process)


def envoy_file(port: int, ports: list[int]) -> dict[str, Any]:
    """A whole configuration: one listener, one cluster, no access log."""

    def at(number: int) -> dict[str, Any]:
        return {"socket_address": {"address": "127.0.0.1", "port_value": number}}

    kind = "type.googleapis.com/envoy.extensions.filters"
    manager = {
        "@type": f"{kind}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "web",
        "http_filters": [
            {"name": "router", "typed_config": {"@type": f"{kind}.http.router.v3.Router"}}
        ],
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "nodes"}}],
                }
            ]
        },
    }
    cluster = {
        "name": "nodes",
        "connect_timeout": "5s",
        "lb_policy": "ROUND_ROBIN",
        "load_assignment": {
            "cluster_name": "nodes",
            "endpoints": [
                {"lb_endpoints": [{"endpoint": {"address": at(node)}} for node in ports]}
            ],
        },
    }
    filters = [{"name": "http", "typed_config": manager}]
    listener = {"name": "web", "address": at(port), "filter_chains": [{"filters": filters}]}
    return {"static_resources": {"listeners": [listener], "clusters": [cluster]}}


def evenly(folder: Path, ports: list[int]) -> Running:
    """This proxy. `EVENLY_SLICE` names a bare binary: LISTEN_PORT NODE_PORT... (for bisecting)."""
    bare = os.environ.get("EVENLY_SLICE")
    if bare:
        port = free_port()
        process = start(PROXY_CPU, [bare, str(port), *map(str, ports)])
        wait_for(port, process)
        return Running("evenly", bare, port, process)
    return evenly_at(folder, [f"127.0.0.1:{node}" for node in ports])


def evenly_at(
    folder: Path,
    addresses: list[str],
    strategy: str = "power_of_two",
    workers: int = 1,
    cpus: str = PROXY_CPU,
) -> Running:
    """This proxy over these nodes."""
    port = free_port()
    command = ROOT / ".venv" / "bin" / "evenly"
    listed = ", ".join(f'"{address}"' for address in addresses)
    path = folder / "evenly.toml"
    path.write_text(
        f'[proxy]\nworkers = {workers}\n\n[admin]\naddress = "127.0.0.1:{free_port()}"\n\n'
        f'[listen.web]\naddress = "127.0.0.1:{port}"\nto = "nodes"\n\n'
        f'[cluster.nodes]\nstrategy = "{strategy}"\nnodes = [{listed}]\n'
    )
    process = start(cpus, [command, "run", path])
    wait_for(port, process)
    return Running("evenly", first_line(str(command), "version"), port, process)


PRODUCTS: dict[str, Callable[[Path, list[int]], Running]] = {
    "floor": floor,
    "nginx": nginx,
    "haproxy": haproxy,
    "envoy": envoy,
    "evenly": evenly,
}


def missing_tools() -> list[str]:
    """Which of the programs this benchmark calls are not installed."""
    tools = ("nginx", "haproxy", "wrk", "gcc", "taskset")
    missing = [tool for tool in tools if not shutil.which(tool)]
    return missing if envoy_program().exists() else [*missing, "envoy"]
