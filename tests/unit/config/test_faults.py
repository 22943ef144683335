"""Every fault has its line, its key, and words that help: one claim each, to the letter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from evenly import _engine, config

from .examples import DOCUMENTED, edited, faults

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ", ".join(sorted(entry["name"] for entry in _engine.strategies()))
RULES = ", ".join(sorted(rule["name"] for rule in _engine.rules() if rule["relaxed"]))

LISTEN = 'to = "users"'
NODES = 'nodes = ["10.0.0.1:8000", { address = "10.0.0.2:8000", weight = 2, capacity = 200 }]'
NODE = '{ address = "10.0.0.2:8000", weight = 2, capacity = 200 }'
STRATEGY = 'strategy = "power_of_two"'
HEALTH = 'health = { http = "/healthz", every = "5s" }'

# What is changed in the documented file, and the one fault that must come of it.
CASES = {
    "unknown table": (
        "[log]",
        "[logs]",
        '7: logs: unknown key "logs". Did you mean "log"? '
        "Allowed: admin, cluster, listen, log, proxy, test.",
    ),
    "unknown key": (
        "workers = 2",
        "wrokers = 2",
        '2: proxy.wrokers: unknown key "wrokers". Did you mean "workers"? '
        "Allowed: drain, group, user, watch, workers.",
    ),
    "unknown key that is near to nothing": (
        "workers = 2",
        "colour = 2",
        '2: proxy.colour: unknown key "colour". Allowed: drain, group, user, watch, workers.',
    ),
    "no worker": ("workers = 2", "workers = 0", "2: proxy.workers: must be at least 1, not 0"),
    "workers as text": (
        "workers = 2",
        'workers = "2"',
        '2: proxy.workers: must be a whole number, not "2"',
    ),
    "workers as a truth value": (
        "workers = 2",
        "workers = true",
        "2: proxy.workers: must be a whole number, not true",
    ),
    "half a worker": (
        "workers = 2",
        "workers = 1.5",
        "2: proxy.workers: must be a whole number, not 1.5",
    ),
    "a user that no system has": (
        "workers = 2",
        'user = "no body"',
        '2: proxy.user: "no body" is no name of a user or group',
    ),
    "a group without its user": (
        "workers = 2",
        'group = "www-data"',
        "2: proxy.group: needs `user` beside it: a group alone gives up no rights",
    ),
    "a drain of nobody knows what": (
        "workers = 2",
        'drain = "2 weeks"',
        '2: proxy.drain: "2 weeks" is not a duration: '
        'write "5s", "250ms", "1m" or a number of seconds',
    ),
    "a negative drain": (
        "workers = 2",
        "drain = -1",
        '2: proxy.drain: a duration cannot be -1: write "5s", "250ms", "1m" or a number of seconds',
    ),
    "a drain of a lifetime": (
        "workers = 2",
        'drain = "30000d"',
        '2: proxy.drain: "30000d" is longer than a year, the longest duration',
    ),
    "admin off loopback without a token": (
        "127.0.0.1:9900",
        "0.0.0.0:9900",
        '5: admin.address: "0.0.0.0:9900" can be reached from other machines: '
        'set admin.token in the configuration file, or listen on "127.0.0.1:9900"',
    ),
    "a token that cannot travel": (
        'address = "127.0.0.1:9900"',
        'token = "two words"',
        "5: admin.token: must be visible ASCII without spaces, since it travels in a header field",
    ),
    "an access log nowhere": (
        '"access.jsonl"',
        '""',
        '8: log.access: "" is no file: write a path, "stdout" or "off"',
    ),
    "an access log of another type": (
        '"access.jsonl"',
        "false",
        "8: log.access: must be a text in quotes, not false",
    ),
    "listening on a name": (
        "0.0.0.0:8080",
        "localhost:8080",
        '11: listen.web.address: "localhost:8080" names no IP address to listen on: '
        'write "127.0.0.1:8080"',
    ),
    "listening on no host": (
        "0.0.0.0:8080",
        ":8080",
        '11: listen.web.address: ":8080" has no host: '
        'write it before the colon, such as "10.0.0.1:8080"',
    ),
    "listening where admin listens": (
        "0.0.0.0:8080",
        "0.0.0.0:9900",
        '11: listen.web.address: "0.0.0.0:9900" is taken by admin.address (line 5)',
    ),
    "two listeners at one address": (
        LISTEN,
        f'{LISTEN}\n[listen.other]\naddress = "127.0.0.1:8080"\nto = "users"',
        '14: listen.other.address: "127.0.0.1:8080" is taken by listen.web.address (line 11)',
    ),
    "a cluster that is not there": (
        LISTEN,
        'to = "user"',
        '12: listen.web.to: unknown cluster "user". Did you mean "users"? Allowed: users.',
    ),
    "no cluster named": (LISTEN, "", '10: listen.web.to: is missing: write to = "users"'),
    "a listener of a strange name": (
        "[listen.web]",
        '[listen."the web"]',
        '10: listen."the web": a name has 1 to 64 letters, digits, _, . or -, '
        "and begins with none of the last two",
    ),
    "an unknown rule": (
        LISTEN,
        f'{LISTEN}\nrelaxed = ["bear_lf"]',
        '13: listen.web.relaxed[0]: unknown rule "bear_lf". Did you mean "bare_lf"? '
        f"Allowed: {RULES}.",
    ),
    "a rule that is never relaxed": (
        LISTEN,
        f'{LISTEN}\nrelaxed = ["bare_lf", "content_length"]',
        '13: listen.web.relaxed[1]: "content_length" cannot be relaxed: '
        "Content-Length is not one decimal number, and no reading of that is safe",
    ),
    "a rule without a list": (
        LISTEN,
        f'{LISTEN}\nrelaxed = "bare_lf"',
        '13: listen.web.relaxed: must be a list: write relaxed = ["bare_lf"]',
    ),
    "a network with host bits": (
        LISTEN,
        f'{LISTEN}\ntrusted = ["10.1.2.3/8"]',
        '13: listen.web.trusted[0]: "10.1.2.3/8" is an address inside a network: '
        'write "10.0.0.0/8"',
    ),
    "a network of words": (
        LISTEN,
        f'{LISTEN}\ntrusted = ["everybody"]',
        '13: listen.web.trusted[0]: "everybody" is not a network: '
        'write "10.0.0.0/8", "fd00::/8" or one address',
    ),
    "a timeout that ends at once": (
        LISTEN,
        f'{LISTEN}\ntimeouts = {{ head = "0s" }}',
        "13: listen.web.timeouts.head: must be longer than 0",
    ),
    "a limit below every head": (
        LISTEN,
        f"{LISTEN}\nlimits.head_bytes = 10",
        "13: listen.web.limits.head_bytes: must be at least 1024, not 10",
    ),
    "no nodes": (
        NODES,
        "nodes = []",
        '15: cluster.users.nodes: is empty: write nodes = ["10.0.0.1:8000", '
        '{ address = "10.0.0.2:8000", weight = 2 }]',
    ),
    "nodes left out": (
        NODES,
        "",
        '14: cluster.users.nodes: is missing: write nodes = ["10.0.0.1:8000", '
        '{ address = "10.0.0.2:8000", weight = 2 }]',
    ),
    "a bare text for the list of nodes": (
        NODES,
        'nodes = "10.0.0.1:8000"',
        '15: cluster.users.nodes: must be a list: write nodes = ["10.0.0.1:8000"]',
    ),
    "a table for the list of nodes": (
        NODES,
        'nodes = { a = "10.0.0.1:8000" }',
        "15: cluster.users.nodes: must be a list, not a table",
    ),
    "a number for a node": (
        NODE,
        "8000",
        '15: cluster.users.nodes[1]: must be an address such as "10.0.0.1:8000", or a table '
        'such as { address = "10.0.0.1:8000", weight = 2 }, not 8000',
    ),
    "the same node twice": (
        NODE,
        '"10.0.0.1:8000"',
        '15: cluster.users.nodes[1]: "10.0.0.1:8000" is already cluster.users.nodes[0] (line 15): '
        "to send it more, give it a weight",
    ),
    "the same node, written differently": (
        NODES,
        'nodes = ["[2001:DB8::1]:80", "[2001:db8:0::1]:80"]',
        '15: cluster.users.nodes[1]: "[2001:db8:0::1]:80" is already '
        "cluster.users.nodes[0] (line 15): to send it more, give it a weight",
    ),
    "the same id twice": (
        NODES,
        'nodes = [{ address = "a:1", id = "x" }, { address = "b:1", id = "x" }]',
        '15: cluster.users.nodes[1]: "x" is already the name of cluster.users.nodes[0] (line 15): '
        "give it another id",
    ),
    "an id that is another node's address": (
        NODES,
        'nodes = ["a:1", { address = "b:1", id = "a:1" }]',
        '15: cluster.users.nodes[1]: "a:1" is already the name of '
        "cluster.users.nodes[0] (line 15): give it another id",
    ),
    "no weight": (
        "weight = 2",
        "weight = 0",
        "15: cluster.users.nodes[1].weight: must be at least 1, not 0",
    ),
    "a negative weight": (
        "weight = 2",
        "weight = -1",
        "15: cluster.users.nodes[1].weight: must be at least 1, not -1",
    ),
    "a weight beyond all others": (
        "weight = 2",
        "weight = 65536",
        "15: cluster.users.nodes[1].weight: must be at most 65535, not 65536",
    ),
    "no capacity": (
        "capacity = 200",
        "capacity = 0",
        "15: cluster.users.nodes[1].capacity: must be at least 1, not 0",
    ),
    "a node without its address": (
        'address = "10.0.0.2:8000", ',
        "",
        '15: cluster.users.nodes[1].address: is missing: write address = "10.0.0.1:8000"',
    ),
    "a state that is none": (
        "weight = 2",
        'state = "off"',
        '15: cluster.users.nodes[1].state: must be "serve", "drain" or "down", not "off"',
    ),
    "a key of a node mistyped": (
        "weight = 2",
        "wieght = 2",
        '15: cluster.users.nodes[1].wieght: unknown key "wieght". Did you mean "weight"? '
        "Allowed: address, capacity, id, state, weight.",
    ),
    "an unknown strategy": (
        STRATEGY,
        'strategy = "pwer_of_two"',
        '16: cluster.users.strategy: unknown strategy "pwer_of_two". '
        f'Did you mean "power_of_two"? Allowed: {NAMES}.',
    ),
    "an unknown strategy in a table": (
        STRATEGY,
        'strategy = { name = "rnadom" }',
        '16: cluster.users.strategy.name: unknown strategy "rnadom". '
        f'Did you mean "random"? Allowed: {NAMES}.',
    ),
    "a strategy without a name": (
        STRATEGY,
        'strategy = { key = "path" }',
        f"16: cluster.users.strategy.name: is missing. Allowed: {NAMES}",
    ),
    "a strategy that is a number": (
        STRATEGY,
        "strategy = 2",
        '16: cluster.users.strategy: must be a name such as "power_of_two", '
        "or a table with a name, not 2",
    ),
    "an unknown option of a strategy": (
        STRATEGY,
        'strategy = { name = "consistent_hash", virtualnodes = 3 }',
        '16: cluster.users.strategy.virtualnodes: unknown option of strategy "consistent_hash": '
        '"virtualnodes". Did you mean "virtual_nodes"? Allowed: bounded_load, compatible, key, virtual_nodes.',
    ),
    "an option of a strategy that has none": (
        STRATEGY,
        'strategy = { name = "round_robin", load = "in_flight" }',
        '16: cluster.users.strategy.load: unknown option of strategy "round_robin": "load". '
        'Strategy "round_robin" has no options.',
    ),
    "an option of the wrong type": (
        STRATEGY,
        'strategy = { name = "consistent_hash", virtual_nodes = "many" }',
        '16: cluster.users.strategy.virtual_nodes: must be a whole number, not "many"',
    ),
    "an option out of its range": (
        STRATEGY,
        'strategy = { name = "consistent_hash", virtual_nodes = 0 }',
        "16: cluster.users.strategy.virtual_nodes: virtual_nodes = 0 is not allowed: "
        "write a whole number from 1 to 65536",
    ),
    "a key that is nothing of a request": (
        STRATEGY,
        'strategy = { name = "consistent_hash", key = "x-user" }',
        '16: cluster.users.strategy.key: "x-user" names nothing to hash: write "header:x-user", '
        '"cookie:sid", "query:user", "path" or "client_ip"',
    ),
    "a check of nothing": (
        HEALTH,
        'health = { every = "5s" }',
        '17: cluster.users.health: says not what to ask: write http = "/healthz" or tcp = true',
    ),
    "a check of both kinds": (
        HEALTH,
        'health = { http = "/healthz", tcp = true }',
        "17: cluster.users.health.tcp: stands beside http: a check has one of them",
    ),
    "a TCP check that reads an answer": (
        HEALTH,
        'health = { tcp = true, body = "ok" }',
        '17: cluster.users.health.body: needs an HTTP check: write http = "/healthz" for tcp',
    ),
    "a TCP check switched off": (
        HEALTH,
        "health = { tcp = false }",
        "17: cluster.users.health.tcp: must be true, or be left out, not false",
    ),
    "a check of a path without its slash": (
        '"/healthz"',
        '"healthz"',
        '17: cluster.users.health.http: "healthz" is not a path: it begins with "/" and holds '
        'visible ASCII only, such as "/healthz"',
    ),
    "a check by a bare path": (
        HEALTH,
        'health = "/healthz"',
        '17: cluster.users.health: must be a table, not "/healthz": '
        'write health = { http = "/healthz", every = "5s" }',
    ),
    "a status that is none": (
        'every = "5s"',
        "status = 99",
        "17: cluster.users.health.status: must be one status from 100 to 599, "
        "or a range such as [200, 399], not 99",
    ),
    "a range of statuses backwards": (
        'every = "5s"',
        "status = [399, 200]",
        "17: cluster.users.health.status: must be one status from 100 to 599, "
        "or a range such as [200, 399], not [399, 200]",
    ),
    "an ejection that shrinks": (
        HEALTH,
        'ejection = { base = "10m" }',
        "17: cluster.users.ejection.base: the longest ejection (5m) is shorter than the first (10m)",
    ),
    "an ejection of more than all": (
        HEALTH,
        "ejection.max_share = 1.5",
        "17: cluster.users.ejection.max_share: must be at most 1, not 1.5",
    ),
    "retries as a number": (
        HEALTH,
        "retries = 3",
        "17: cluster.users.retries: must be a table, not 3",
    ),
    "a resolver by name": (
        HEALTH,
        'resolver = "dns.internal"',
        '17: cluster.users.resolver: "dns.internal" is no DNS server: '
        'write its IP address, such as "10.0.0.53" or "[::1]:5353"',
    ),
    "not a number at all": (
        HEALTH,
        "retries.budget_share = nan",
        "17: cluster.users.retries.budget_share: must be at most 10, not NaN",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_each_fault_is_told_with_line_key_and_remedy(name: str) -> None:
    """One change to a sound file gives one fault, in these words."""
    old, new, told = CASES[name]
    assert faults(edited(old, new)) == [f"evenly.toml:{told}"]


def test_all_faults_are_told_at_once_in_the_order_of_the_file() -> None:
    """All places of the cases that do not overlap, broken in one file: nothing hides anything."""
    picked = [
        "no worker",
        "admin off loopback without a token",
        "an access log nowhere",
        "listening on a name",
        "a cluster that is not there",
        "no weight",
        "no capacity",
        "an unknown strategy",
        "a check of nothing",
    ]
    text = DOCUMENTED
    for name in picked:
        text = text.replace(*CASES[name][:2])
    assert faults(text) == [f"evenly.toml:{CASES[name][2]}" for name in picked]


def test_an_empty_file_is_told_what_it_needs() -> None:
    """Nothing written is two faults: nothing listens and nothing answers."""
    assert faults("") == [
        "evenly.toml: listen: is missing: write at least one [listen.NAME]",
        "evenly.toml: cluster: is missing: write at least one [cluster.NAME]",
    ]


def test_two_faults_of_one_value_are_told_once_each() -> None:
    """A key that is wrong by itself is no excuse for the keys beside it."""
    told = faults(edited("weight = 2, capacity = 200", 'weight = "2", capacity = -1, colour = 1'))
    assert [line.partition(": ")[2].partition(":")[0] for line in told] == [
        "cluster.users.nodes[1].weight",
        "cluster.users.nodes[1].capacity",
        "cluster.users.nodes[1].colour",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[proxy]\nworkers = \n", "2:11: "),
        ("a = 1\na = 2\n", "2:1: not valid TOML: duplicate key"),
        ("[proxy\n", "1:7: not valid TOML: unclosed table, expected `]`"),
        ('a = "ä" b = 1', "1:9: not valid TOML: unexpected key or value"),
    ],
)
def test_a_fault_of_the_syntax_has_line_and_column(text: str, told: str) -> None:
    """The column counts characters, as editors do."""
    (fault,) = faults(text)
    assert fault.startswith(f"evenly.toml:{told}")


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    """No file, a folder, bytes that are no text: each has its words."""
    (tmp_path / "latin.toml").write_bytes(b"# ok\n# caf\xe9\n")
    for name, told in {
        "none.toml": "none.toml: cannot be read: No such file or directory",
        ".": ": cannot be read: Is a directory",
        "latin.toml": "latin.toml:2: is not UTF-8 text (byte 0xe9); save it as UTF-8",
    }.items():
        with pytest.raises(config.ConfigError) as caught:
            config.load(tmp_path / name)
        assert str(caught.value).endswith(told)


def test_a_fault_carries_fields() -> None:
    """A program that shows faults elsewhere need not take the text apart."""
    with pytest.raises(config.ConfigError) as caught:
        config.parse(edited("workers = 2", "workers = 0"), "proxy.toml")
    (fault,) = caught.value.faults
    assert (fault.file, fault.line, fault.column) == ("proxy.toml", 2, 1)
    assert (fault.key, fault.what) == ("proxy.workers", "must be at least 1, not 0")
