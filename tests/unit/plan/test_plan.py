"""A plan says what would happen, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from evenly.plan import Change, NodePlan, Plan, plan
from evenly.plan.keys import enough

from .files import LISTEN, NODES, made, state

FOUR = [*NODES, {"id": "d", "address": "10.0.0.4:80"}]


def users(found: Plan) -> Any:
    """What it says of the cluster `users`."""
    return next(one for one in found.clusters if one.name == "users")


def test_a_listener_that_stays_keeps_its_connections_whatever_its_settings() -> None:
    """Only its socket counts: same name, same address, however that is written."""
    other = {"web": {"address": "[::1]:8080", "to": "users", "timeouts": {"idle": "5s"}}}
    same = {"web": {"address": "[0::1]:8080", "to": "users"}}
    (one,) = plan(made(listen=same), made(listen=other), state({"web": 3})).listeners
    assert (one.fate, one.connections, one.ends_connections) == ("kept", 3, False)
    assert Change("timeouts.idle", "1m", "5s") in one.changes


def test_a_listener_that_goes_or_moves_ends_its_connections() -> None:
    """And one that comes has none."""
    old = {**LISTEN, "old": {"address": "127.0.0.1:1", "to": "users"}}
    new = {
        "web": {"address": "127.0.0.1:8081", "to": "users"},
        "new": {"address": "127.0.0.1:2", "to": "users"},
    }
    found = plan(made(listen=old), made(listen=new), state({"web": 1, "old": 2}))
    said = {one.name: (one.fate, one.connections, one.ends_connections) for one in found.listeners}
    assert said == {
        "web": ("moved", 1, True),
        "old": ("closed", 2, True),
        "new": ("opened", None, False),
    }
    assert not found.refused
    text = str(found)
    assert "web is closed and opened anew at 127.0.0.1:8081; its one open connection ends" in text
    assert "old at 127.0.0.1:1 is closed; its 2 open connections end with the next" in text


def test_a_listener_under_another_name_goes_on_with_the_socket() -> None:
    """Its connections end, but nobody who connects is turned away."""
    found = plan(made(), made(listen={"front": LISTEN["web"]}))
    assert [(one.name, one.fate, one.takes_over) for one in found.listeners] == [
        ("web", "closed", None),
        ("front", "opened", "web"),
    ]
    assert "front is opened at 127.0.0.1:8080, on the socket of web" in str(found)
    assert not found.refused


@pytest.mark.parametrize(
    ("change", "taken"),
    [
        ({"listen": {"web": {"address": "0.0.0.0:8080", "to": "users"}}}, "listen.web"),
        ({"listen": {"web": {"address": "127.0.0.1:9900", "to": "users"}}}, "admin"),
        ({"root": {"admin": {"address": "127.0.0.1:8080"}}, "listen": {}}, "listen.web"),
    ],
)
def test_an_address_that_is_taken_while_it_is_bound_is_foretold(
    change: dict[str, Any], taken: str
) -> None:
    """New sockets are bound before old ones go."""
    other = {"web": {"address": "127.0.0.1:1", "to": "users"}}
    new = {"root": {"admin": {"address": "127.0.0.1:2"}}, **change}
    new["listen"] = new.get("listen") or other
    (why,) = plan(made(root={"admin": {}}), made(**new)).refused
    assert f"still taken by {taken} (" in why


def test_nodes_join_leave_change_and_are_replaced() -> None:
    """The same id at another address is another node to the engine, so what is known of it is lost."""
    new = [
        {"id": "a", "address": "10.0.0.1:80", "weight": 2},
        {"id": "b", "address": "10.0.0.9:80"},
        {"id": "d", "address": "10.0.0.4:80", "capacity": 5},
    ]
    found = users(plan(made(), made(new), state({}, users={"a": 1, "b": 2, "c": 3})))
    assert found.nodes == (
        NodePlan("a", "changes", (Change("weight", 1, 2),), 1),
        NodePlan("b", "replaced", (Change("address", "10.0.0.2:80", "10.0.0.9:80"),), 2),
        NodePlan("c", "leaves", (), 3),
        NodePlan(
            "d",
            "joins",
            (Change("address", None, "10.0.0.4:80"), Change("capacity", None, 5)),
        ),
    )


def test_settings_are_told_one_by_one_and_whole_tables_as_one() -> None:
    """A default that is written down changes nothing."""
    old = made(strategy={"name": "rendezvous", "bounded_load": 0.0}, retries={"extra": 1})
    new = made(health={"http": "/up"}, slow_start="1m", retries={"budget_share": 0.5})
    assert users(plan(old, new)).changes == (
        Change("slow_start", "30s", "1m"),
        Change("retries.budget_share", 0.2, 0.5),
        Change("health", None, {"http": "/up"}),
    )
    assert Change("ejection", {}, None) in users(plan(new, made(ejection=False))).changes


def test_a_secret_is_compared_and_not_shown() -> None:
    """A plan is read by more people than a token is for."""
    old, new = (made(root={"admin": {"token": token}}) for token in ("geheim", "secret"))
    found = plan(old, new)
    assert found.changes == (Change("admin.token", "(hidden)", "(hidden)"),)
    assert "secret" not in f"{found}{found.as_dict()}"


def test_what_needs_a_restart_is_said() -> None:
    """Workers are threads of the process, made when it starts."""
    found = plan(made(), made(root={"proxy": {"workers": 7, "drain": "1s"}}))
    assert found.needs_restart == ("proxy.workers",)
    assert "proxy.workers (not set) → 7: needs a restart" in str(found)
    assert "proxy.drain 30s → 1s\n" in f"{found}\n"


def test_another_order_is_a_change_since_numbered_shards_go_by_it() -> None:
    """Jump hashes to the place in the list: of three in another order, none keeps its keys."""
    found = users(plan(made(strategy="jump"), made([*NODES[1:], NODES[0]], "jump")))
    assert found.changes == (Change("nodes", ["a", "b", "c"], ["b", "c", "a"]),)
    assert found.keys.share == 1
    moved = users(plan(made(), made(NODES[::-1])))
    assert (moved.fate, moved.keys.share) == ("changed", 0)


def test_a_cluster_comes_and_goes_as_a_whole() -> None:
    """With all its nodes."""
    more = {"files": {"nodes": ["10.0.1.1:80", "10.0.1.2:80"]}}
    there = plan(made(), made(clusters=more)).clusters[1]
    assert (there.fate, [node.fate for node in there.nodes]) == ("added", ["joins"] * 2)
    gone = plan(made(clusters=more), made(), state({}, files={"10.0.1.1:80": 4})).clusters[1]
    assert (gone.fate, [node.fate for node in gone.nodes]) == ("removed", ["leaves"] * 2)
    assert [node.in_flight for node in gone.nodes] == [4, 0]


def test_one_that_joins_three_takes_a_quarter_of_the_keys_and_only_for_itself() -> None:
    """Rendezvous moves no more than it must: 1/(k+1), within five standard errors."""
    keys = users(plan(made(), made(FOUR))).keys
    assert keys.least == 0.25
    assert abs(keys.share - 0.25) < 5 * keys.error
    assert {flow.after for flow in keys.flows} == {"d"}
    assert sum(flow.share for flow in keys.flows) == pytest.approx(keys.share)


@pytest.mark.parametrize(
    ("change", "note"),
    [
        ({"hash_seed": 1}, "another hash_seed gives every key a new place"),
        ({"strategy": {"name": "rendezvous", "key": "path"}}, "another part of a request"),
        ({"strategy": "consistent_hash"}, ""),
    ],
)
def test_another_hash_moves_all_but_those_that_stay_by_chance(
    change: dict[str, Any], note: str
) -> None:
    """Of three equal nodes a third: two thirds move. A ring's shares differ by some hundredths."""
    found = users(plan(made(), made(**change)))
    assert abs(found.keys.share - 2 / 3) < (5 * found.keys.error if note else 0.05)
    assert found.keys.least == 0
    assert any(said.startswith(note) for said in found.notes) or not note


def test_requests_that_lose_their_keys_are_told_of() -> None:
    """No share can be measured where there is no home any more: all of them count as moved."""
    found = plan(made(), made(strategy="random"))
    assert (users(found).keys, found.moves) == (None, 1.0)
    assert "sessions and caches on the nodes are lost" in str(found)
    back = plan(made(strategy="random"), made())
    assert (users(back).keys, back.moves) == (None, 0.0)
    assert "will have one by key" in str(back)


def test_settings_that_place_nothing_move_nothing() -> None:
    """The engine is not even asked."""
    assert users(plan(made(), made(slow_start=0))).keys is None


def test_a_host_name_is_as_many_nodes_as_the_running_proxy_has_found() -> None:
    """Without its state it counts as one, which is said."""
    old, new = made(["10.0.0.1:80", "web:80"]), made(["10.0.0.1:80", "web:80", "10.0.0.2:80"])
    alone = users(plan(old, new))
    assert alone.keys.least == pytest.approx(1 / 3)
    assert any("web:80: a host name counts as one node" in note for note in alone.notes)
    live = state({}, users={"10.0.0.1:80": 0, "web:80@10.1.1.1": 1, "web:80@10.1.1.2": 2})
    found = users(plan(old, new, live))
    assert (found.keys.least, found.notes) == (0.25, ())
    gone = users(plan(new, made(["10.0.0.1:80"]), live))
    assert [(node.id, node.in_flight) for node in gone.nodes] == [("web:80", 3), ("10.0.0.2:80", 0)]


def test_fewer_keys_are_asked_for_where_there_are_thousands_of_nodes() -> None:
    """Rendezvous looks at every node for every key, and a plan has to be there within seconds."""
    assert [enough(nodes) for nodes in (1, 1000, 5000, 10**6)] == [100_000, 100_000, 20_000, 10_000]


def test_a_plan_that_says_nothing_is_one_line() -> None:
    """So that a script can look at it."""
    found = plan(made(), made())
    assert found.empty
    assert str(found) == "nothing changes"


def test_a_plan_goes_to_json_and_back() -> None:
    """The control process makes it, and the command prints it."""
    new = made(FOUR, listen={"b": {"address": "127.0.0.1:1", "to": "users"}}, health={"tcp": True})
    found = plan(made(), new, state({"web": 1}, users={"a": 1}))
    read = Plan.of_dict(json.loads(json.dumps(found.as_dict())))
    assert read == found
    assert str(read) == str(found)
