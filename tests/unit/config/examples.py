"""Configurations that several tests read."""

from __future__ import annotations

from evenly import config

DOCUMENTED = """\
[proxy]
workers = 2                              # default: one per core

[admin]
address = "127.0.0.1:9900"               # how other commands find this proxy

[log]
access = "access.jsonl"                  # a path, "stdout" or "off" (default)

[listen.web]
address = "0.0.0.0:8080"
to = "users"

[cluster.users]
nodes = ["10.0.0.1:8000", { address = "10.0.0.2:8000", weight = 2, capacity = 200 }]
strategy = "power_of_two"
health = { http = "/healthz", every = "5s" }
"""

EVERYTHING = """\
[proxy]
workers = 3
drain = "1m"
user = "www-data"
group = "adm"

[admin]
address = "[::]:9900"
token = "s3cret"

[log]
access = "stdout"

[listen.web]
address = "[::1]:8080"
to = "users"
relaxed = ["bare_lf", "obs_fold"]
trusted = ["10.0.0.0/8", "fd00::/8", "192.0.2.1"]
timeouts = { head = "5s", idle = 30, tunnel_idle = "2h" }
limits = { head_bytes = 16384, fields = 50 }

[listen.local]
address = "unix:/run/evenly.sock"
to = "files"

[cluster.users]
nodes = [
  { address = "[2001:db8::1]:8000", id = "one" },
  { address = "users.internal:8000", weight = 3 },
  "unix:/run/users.sock",
]
strategy = { name = "consistent_hash", key = "cookie:sid", virtual_nodes = 200 }
hash_seed = 42
ejection = { consecutive = 3, window = "20s", min_requests = 50, base = "1s", max = "2m", max_share = 0.25 }
slow_start = 0
retries = { extra = 2, backoff = "50ms", body_bytes = 0, budget_share = 0.1, budget_per_second = 5 }
queue = { length = 0, timeout = "250ms" }
timeouts = { connect = "1s", response_head = "5m", node_idle = "2s" }
resolver = "127.0.0.1:5353"

[cluster.users.health]
http = "/up?deep=1"
status = [200, 204]
body = "ok"
every = 2.5
fast = "500ms"
timeout = "1s"
rise = 1
fall = 5
jitter = 0
required = true

[cluster.files]
nodes = ["10.0.0.9:80"]
health = { tcp = true }
ejection = false

[[test]]
name = "without one, key 42 stays with the others"
cluster = "users"
key = "42"
down = ["one"]
draining = ["unix:/run/users.sock"]
failing = { "users.internal:8000" = "5 %" }
slow = { "users.internal:8000" = 2.5 }
picks = 500
rate = 50
service_time = "5ms"
seed = 7
not_from = ["one", "unix:/run/users.sock"]
failures_at_most = 0.01

[[test]]
cluster = "users"
keys = 1000
zipf = 0.9
load = "120 %"
at_once = 8
failing = ["one"]
leaves = ["unix:/run/users.sock"]
joins = ["10.0.0.7:80", { address = "10.0.0.8:80", weight = 2 }]
answer_from = ["one", "10.0.0.7:80"]
no_node_above = "40 %"
no_node_below = 0.1
mean_below = "10ms"
p50_below = 0.02
p99_below = "1s"
moves_at_most = "33.4%"
"""


def edited(old: str, new: str) -> str:
    """The documented configuration with one place changed."""
    assert DOCUMENTED.count(old) == 1, old
    return DOCUMENTED.replace(old, new)


def faults(text: str) -> list[str]:
    """What is wrong with a text, as it is printed; nothing for a sound one."""
    try:
        config.parse(text)
    except config.ConfigError as error:
        return [str(fault) for fault in error.faults]
    return []
