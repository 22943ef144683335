"""`evenly explain` of a file: the engine's own answer, with names and addresses of the file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from evenly import Balancer, Node, _engine
from evenly.cli.menu import menu

if TYPE_CHECKING:
    from pathlib import Path

HASHING = sorted(entry["name"] for entry in _engine.strategies() if entry["uses_key"])
FILE = """\
[listen.web]
address = "127.0.0.1:8080"
to = "users"

[cluster.users]
strategy = "rendezvous"
nodes = [
  { id = "a", address = "10.0.0.1:80" },
  { id = "b", address = "10.0.0.2:80", weight = 2 },
  { id = "c", address = "10.0.0.3:80", state = "drain" },
  { id = "d", address = "web.internal:80" },
]

[cluster.files]
nodes = ["10.0.1.1:80"]
"""


def evenly(*words: str) -> Result:
    """Run a command inside this process."""
    return CliRunner().invoke(menu, words, prog_name="evenly")


@pytest.fixture
def file(tmp_path: Path) -> str:
    """Two clusters, of which one hashes, and a node that the file drains."""
    path = tmp_path / "evenly.toml"
    path.write_text(FILE)
    return str(path)


def explained(*words: str) -> dict[str, Any]:
    """The explanation as programs get it."""
    run = evenly("explain", *words, "--json")
    assert run.exit_code == 0, run.output
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def test_it_says_who_is_a_candidate_who_is_out_and_who_is_picked(file: str) -> None:
    """Addresses are those of the file, also where they are host names that nobody has looked up."""
    found = explained(file, "--cluster", "users", "--key", "42", "--down", "b")
    assert (found["cluster"], found["key"], found["stage"]) == ("users", "42", "normal")
    assert {one["id"]: one["excluded"] for one in found["candidates"]} == {
        "a": None,
        "b": "down",
        "c": "draining",
        "d": None,
    }
    assert [one["address"] for one in found["candidates"]][-1] == "web.internal:80"
    assert found["pick"] in ("a", "d")


def test_the_text_says_why_in_a_sentence_and_shows_every_node(file: str) -> None:
    """One line for the reason, and a table for the rest."""
    run = evenly("explain", file, "--cluster", "users", "--key", "42", "--down", "b")
    assert run.exit_code == 0
    first, _, *table = run.stdout.splitlines()
    assert first.startswith("users, key 42: ")
    assert "rendezvous" in first
    assert table[0].split() == ["node", "address", "weight", "in", "flight", "score"]
    assert [line.split()[0] for line in table[1:5]] == ["a", "b", "c", "d"]
    assert sum(line.endswith("picked") for line in table) == 1
    assert table[2].endswith("down")
    assert table[3].endswith("draining")


@settings(deadline=None, max_examples=40)
@given(
    key=st.text(max_size=6),
    strategy=st.sampled_from(HASHING),
    down=st.sets(st.sampled_from("abc"), max_size=2),
)
def test_the_pick_is_the_owner_that_the_library_names(
    tmp_path_factory: pytest.TempPathFactory, key: str, strategy: str, down: set[str]
) -> None:
    """The same engine, asked in another way."""
    path = tmp_path_factory.mktemp("explain") / "evenly.toml"
    nodes = "".join(
        f'{{ id = "{one}", address = "10.0.0.1:{at}" }},' for at, one in enumerate("abc", 1)
    )
    path.write_text(
        f'[listen.web]\naddress = "127.0.0.1:8080"\nto = "users"\n'
        f'[cluster.users]\nstrategy = "{strategy}"\nnodes = [{nodes}]\n'
    )
    library = Balancer([Node("127.0.0.1:1", id=one) for one in "abc"], strategy=strategy)
    for one in down:
        library.drain(one)
    words = [word for one in down for word in ("--down", one)]
    assert explained(str(path), f"--key={key}", *words)["pick"] == library.owner(key)


def test_the_only_cluster_need_not_be_named(file: str, tmp_path: Path) -> None:
    """Of several one has to be, and a name that is none is told the nearest."""
    run = evenly("explain", file)
    assert run.exit_code == 2
    assert "has several clusters: add --cluster users or files" in " ".join(run.stderr.split())
    run = evenly("explain", file, "--cluster", "user")
    assert 'unknown cluster "user". Did you mean "users"?' in run.stderr
    alone = tmp_path / "alone.toml"
    alone.write_text(FILE[: FILE.index("[cluster.files]")])
    assert explained(str(alone))["cluster"] == "users"


def test_a_host_name_is_said_to_count_as_one_node(file: str) -> None:
    """In the proxy its addresses are nodes of their own, and keys go by those."""
    said = "d: a host name counts as one node here, and as one per address in the proxy"
    assert evenly("explain", file, "--cluster", "users", "--key", "42").stdout.endswith(f"{said}\n")
    assert said not in evenly("explain", file, "--cluster", "files").stdout


def test_with_nobody_left_it_says_so(file: str) -> None:
    """An answer like any other: nobody is picked, and the sentence says why."""
    found = explained(file, "--cluster", "files", "--down", "10.0.1.1:80")
    assert (found["pick"], found["reason"]) == (None, "no_node")
    assert "1 taken down" in found["sentence"]


def test_what_is_not_there_or_does_not_fit_is_refused(file: str) -> None:
    """A node, and an option that only a file has."""
    run = evenly("explain", file, "--cluster", "users", "--down", "e")
    assert (run.exit_code, 'unknown node "e"' in run.stderr) == (2, True)
    run = evenly("explain", file, "--running", "--down", "a")
    assert (run.exit_code, "--down is for a file" in run.stderr) == (2, True)
    run = evenly("explain", file, "--running")
    assert (run.exit_code, "has no [admin]" in run.stderr) == (2, True)
