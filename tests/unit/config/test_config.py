"""A sound file says what it says: every default once, every value kept, nothing lost on the way."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path
from typing import Any

import pytest

from evenly import config
from evenly.config.document import path, write_value

from .examples import DOCUMENTED, EVERYTHING, edited, faults

LEAST = '[listen.web]\naddress = "127.0.0.1:80"\nto = "c"\n[cluster.c]\nnodes = ["a:1"]\n'


def test_the_least_file_gets_every_default() -> None:
    """The engine has no second set of defaults, so every key is there, in seconds."""
    assert config.parse(LEAST).engine() == {
        "proxy": {
            "workers": len(os.sched_getaffinity(0)),
            "drain": 30.0,
            "user": None,
            "group": None,
        },
        "admin": None,
        "log": {"access": "off", "events": "text"},
        "listeners": [
            {
                "name": "web",
                "address": "127.0.0.1:80",
                "to": "c",
                "relaxed": [],
                "trusted": [],
                "debug": False,
                "request_id": False,
                "timeouts": {"head": 10.0, "idle": 60.0, "tunnel_idle": 3600.0},
                "limits": {"head_bytes": 32768, "fields": 100},
            }
        ],
        "clusters": [
            {
                "name": "c",
                "nodes": [
                    {
                        "id": "a:1",
                        "address": "a:1",
                        "weight": 1,
                        "capacity": None,
                        "admin": "serve",
                    }
                ],
                "strategy": {"name": "power_of_two"},
                "hash_seed": 0,
                "subset": None,
                "health": None,
                "ejection": {
                    "consecutive": 5,
                    "window": 10.0,
                    "min_requests": 20,
                    "base": 5.0,
                    "max": 300.0,
                    "max_share": 0.5,
                },
                "slow_start": 30.0,
                "retries": {
                    "extra": 1,
                    "backoff": 0.025,
                    "body_bytes": 65536,
                    "budget_share": 0.2,
                    "budget_per_second": 10.0,
                },
                "queue": {"length": 1024, "timeout": 1.0},
                "timeouts": {"connect": 2.0, "response_head": 30.0, "node_idle": 4.0},
                "resolver": None,
            }
        ],
    }


def test_the_documented_file_works_as_it_is() -> None:
    """The example that the documentation shows first."""
    engine = config.parse(DOCUMENTED).engine()
    assert engine["proxy"]["workers"] == 2
    assert engine["admin"] == {"address": "127.0.0.1:9900", "token": None}
    assert engine["log"] == {"access": "access.jsonl", "events": "text"}
    (cluster,) = engine["clusters"]
    assert cluster["nodes"][1] == {
        "id": "10.0.0.2:8000",
        "address": "10.0.0.2:8000",
        "weight": 2,
        "capacity": 200,
        "admin": "serve",
    }
    assert cluster["health"] == {
        "kind": "http",
        "path": "/healthz",
        "status": [200, 399],
        "body": None,
        "every": 5.0,
        "fast": 1.0,
        "timeout": 2.0,
        "rise": 2,
        "fall": 3,
        "jitter": 0.15,
        "required": False,
    }


def test_the_engine_reads_exactly_what_is_written_here() -> None:
    """The engine's own tests hold that it reads this example and nothing with a key more or less."""
    example = Path(__file__).parents[3] / "crates/proxy/src/config/example.json"
    text = """
        proxy.workers = 2
        admin.address = "127.0.0.1:9900"
        listen.web = { address = "0.0.0.0:8080", to = "users" }
        [cluster.users]
        nodes = [
          "10.0.0.1:8000",
          { id = "b", address = "users.internal:8000", weight = 2, capacity = 200 },
        ]
        strategy = { name = "power_of_two", load = "in_flight" }
        health.http = "/healthz"
    """
    assert config.parse(text).engine() == json.loads(example.read_text())


def test_every_value_reaches_the_engine() -> None:
    """No key of a full file is dropped or mixed up with another."""
    engine = config.parse(EVERYTHING).engine()
    web, local = engine["listeners"]
    users, files = engine["clusters"]
    assert engine["proxy"] == {"workers": 3, "drain": 60.0, "user": "www-data", "group": "adm"}
    assert engine["admin"] == {"address": "[::]:9900", "token": "s3cret"}
    assert web["relaxed"] == ["bare_lf", "obs_fold"]
    assert web["trusted"] == ["10.0.0.0/8", "fd00::/8", "192.0.2.1/32"]
    assert web["timeouts"] == {"head": 5.0, "idle": 30.0, "tunnel_idle": 7200.0}
    assert web["limits"] == {"head_bytes": 16384, "fields": 50}
    assert (local["address"], local["to"]) == ("unix:/run/evenly.sock", "files")
    assert [node["id"] for node in users["nodes"]] == [
        "one",
        "users.internal:8000",
        "unix:/run/users.sock",
    ]
    assert users["strategy"] == {
        "name": "consistent_hash",
        "key": "cookie:sid",
        "virtual_nodes": 200,
    }
    assert users["health"]["status"] == [200, 204]
    assert (users["health"]["every"], users["health"]["fast"]) == (2.5, 0.5)
    assert (users["hash_seed"], users["slow_start"], users["resolver"]) == (42, 0, "127.0.0.1:5353")
    assert users["queue"] == {"length": 0, "timeout": 0.25}
    assert users["timeouts"] == {"connect": 1.0, "response_head": 300.0, "node_idle": 2.0}
    assert files["health"]["kind"] == "tcp"
    assert (files["health"]["path"], files["health"]["status"]) == (None, None)
    assert files["ejection"] is None


def test_a_keyed_strategy_hashes_the_client_address_unless_told() -> None:
    """The engine is told what to hash in every case."""
    text = edited('strategy = "power_of_two"', 'strategy = "consistent_hash"')
    (cluster,) = config.parse(text).engine()["clusters"]
    assert cluster["strategy"] == {"name": "consistent_hash", "key": "client_ip"}


def test_a_resolver_listens_at_port_53_unless_told() -> None:
    """Who names a DNS server rarely says its port."""
    text = edited('strategy = "power_of_two"', 'resolver = "10.0.0.53"')
    assert config.parse(text).engine()["clusters"][0]["resolver"] == "10.0.0.53:53"


def test_an_admin_section_alone_listens_on_loopback() -> None:
    """Nothing listens that was not asked for, and what was listens where only this machine gets."""
    assert config.parse(LEAST).admin is None
    admin = config.parse(f"[admin]\n{LEAST}").admin
    assert admin is not None
    assert admin.address == "127.0.0.1:9900"


def test_a_token_lets_admin_be_reached_and_stays_out_of_sight() -> None:
    """A configuration that ends up in a log must not show the secret."""
    sound = config.parse(f'[admin]\naddress = "0.0.0.0:9900"\ntoken = "s3cret"\n{LEAST}')
    assert sound.engine()["admin"]["token"] == "s3cret"
    assert "s3cret" not in repr(sound)


@pytest.mark.parametrize("text", [LEAST, DOCUMENTED, EVERYTHING])
def test_a_configuration_written_down_reads_the_same(text: str) -> None:
    """File → structs → file → structs changes nothing: the defaults are what they look like."""
    once = config.parse(text)
    again = config.parse(toml(once.model_dump(exclude_none=True)))
    # A section that is switched off is written as false, which a dump leaves out.
    switched_off = {name for name, cluster in once.cluster.items() if cluster.ejection is None}
    for name, cluster in again.cluster.items():
        assert (cluster.model_dump(exclude={"ejection"})) == (
            once.cluster[name].model_dump(exclude={"ejection"})
        )
        assert (name in switched_off) or cluster.ejection == once.cluster[name].ejection
    assert again.model_dump(exclude={"cluster"}) == once.model_dump(exclude={"cluster"})


@pytest.mark.parametrize("text", [LEAST, DOCUMENTED, EVERYTHING])
def test_what_the_engine_gets_is_plain_json(text: str) -> None:
    """Nothing but JSON values, and no number that JSON cannot say."""
    engine = config.parse(text).engine()
    assert json.loads(json.dumps(engine, allow_nan=False)) == engine


def test_a_summary_says_what_happens() -> None:
    """One line: who listens where, and who answers."""
    assert config.parse(EVERYTHING).summary() == (
        "web [::1]:8080 → users; local unix:/run/evenly.sock → files; "
        "users: 3 nodes, consistent_hash; files: 1 node, power_of_two"
    )


def test_the_full_example_is_sound() -> None:
    """What the other tests take apart is whole."""
    assert faults(EVERYTHING) == []
    assert tomllib.loads(EVERYTHING)["proxy"]["workers"] == 3


def toml(tree: dict[str, Any]) -> str:
    """Each table on a line of its own, as inline tables."""
    return "".join(f"{path((key,))} = {write_value(value)}\n" for key, value in tree.items())
