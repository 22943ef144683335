"""The document: what a run-time change does, and which changes stay over a new file. Held against a model."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from evenly.control.document import (
    NOTHING,
    USUAL,
    Change,
    Document,
    Place,
    applied,
    at,
    changed,
    node_in,
    reloaded,
)

NAMES = ("a", "b", "c")
CLUSTERS = ("one", "two")
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "weight": st.integers(1, 3),
    "capacity": st.none() | st.integers(1, 2),
    "state": st.sampled_from(["serve", "drain", "down"]),
}


@st.composite
def tables(draw: st.DrawFn, name: str) -> Any:
    """A node of a file, as an address alone or as a table."""
    address = draw(st.sampled_from([f"{name}:1", f"{name}:2"]))
    table = {field: value for field in VALUES if (value := draw(st.none() | VALUES[field]))}
    return {"id": name, "address": address, **table}


@st.composite
def trees(draw: st.DrawFn) -> dict[str, Any]:
    """A file with some of the clusters, each with some of the nodes."""
    clusters = {}
    for cluster in draw(st.sets(st.sampled_from(CLUSTERS), min_size=1)):
        names = draw(st.lists(st.sampled_from(NAMES), unique=True))
        clusters[cluster] = {"nodes": [draw(tables(name)) for name in names]}
        if draw(st.booleans()):
            clusters[cluster]["strategy"] = draw(st.sampled_from(["random", "maglev"]))
    return {"cluster": clusters}


EDITS = st.one_of(
    st.tuples(
        st.sampled_from(["weight", "capacity", "state"]),
        st.sampled_from(CLUSTERS),
        st.sampled_from(NAMES),
    ).flatmap(lambda place: VALUES[place[0]].map(lambda value: (Place(*place), value))),  # type: ignore[arg-type]
    st.tuples(st.sampled_from(CLUSTERS), st.sampled_from(NAMES)).flatmap(
        lambda place: (st.none() | tables(place[1])).map(
            lambda value: (Place("node", *place), value)
        )
    ),
    st.sampled_from(CLUSTERS).flatmap(
        lambda cluster: st.sampled_from(["random", "maglev", "power_of_two"]).map(
            lambda name: (Place("strategy", cluster), {"name": name})
        )
    ),
)


def made(tree: dict[str, Any], edits: list[tuple[Place, Any]]) -> tuple[Change, ...]:
    """The changes that a row of requests makes; what the API would refuse is left out."""
    changes: tuple[Change, ...] = ()
    for place, value in edits:
        now = applied(tree, changes)
        if place.cluster not in now["cluster"]:
            continue
        there = place.node is not None and node_in(now, place.cluster, place.node)
        if place.what == "strategy" or bool(there) == (place.what != "node" or value is None):
            changes = changed(tree, changes, place, value, 0.0, "test")
    return changes


def values(tree: dict[str, Any]) -> dict[Any, Any]:
    """Everything that can be changed, by place: what two trees must agree on to mean the same."""
    found: dict[Any, Any] = {}
    for name, cluster in tree["cluster"].items():
        found[name] = at(tree, Place("strategy", name))
        for node in cluster["nodes"]:
            settings = {field: node.get(field, usual) for field, usual in USUAL.items()}
            found[name, node["id"]] = {**settings, "address": node["address"]}
    return found


@given(trees(), st.lists(EDITS, max_size=12))
def test_changes_do_what_the_requests_said(tree: dict[str, Any], edits: list[Any]) -> None:
    """Played one by one on a plain dictionary of values, the same requests lead to the same values."""
    model = values(tree)
    done: tuple[Change, ...] = ()
    for place, value in edits:
        now = applied(tree, done)
        if place.cluster not in now["cluster"]:
            continue
        there = (place.cluster, place.node) in model
        if place.what == "strategy":
            model[place.cluster] = value
        elif place.what == "node" and value is None and there:
            del model[place.cluster, place.node]
        elif place.what == "node" and value is not None and not there:
            settings = {field: value.get(field, usual) for field, usual in USUAL.items()}
            model[place.cluster, place.node] = {**settings, "address": value["address"]}
        elif place.what != "node" and there:
            model[place.cluster, place.node] = {
                **model[place.cluster, place.node],
                place.what: value,
            }
        else:
            continue
        done = changed(tree, done, place, value, 0.0, "test")
    assert values(applied(tree, done)) == model


@given(trees(), st.lists(EDITS, max_size=12))
def test_a_change_is_a_difference_from_the_file(tree: dict[str, Any], edits: list[Any]) -> None:
    """No place has two changes, none says what the file says, and each remembers what the file said."""
    changes = made(tree, edits)
    places = [change.place for change in changes]
    assert len(set(places)) == len(places)
    for change in changes:
        assert change.replaced == at(tree, change.place)
        assert applied(tree, [change]) != applied(tree, [])


@given(trees(), st.lists(EDITS, max_size=12))
def test_the_same_file_again_drops_nothing(tree: dict[str, Any], edits: list[Any]) -> None:
    """A reload of a file that has not changed is no reload."""
    changes = made(tree, edits)
    assert reloaded(tree, tree, changes) == (changes, ())


@settings(max_examples=300)
@given(trees(), trees(), st.lists(EDITS, max_size=12))
def test_a_change_stays_until_the_file_says_something_new(
    old: dict[str, Any], new: dict[str, Any], edits: list[Any]
) -> None:
    """Kept: the file says of the place what it said. Dropped: it says something new, which then holds, or has an
    added node's address under another name.
    """
    changes = made(old, edits)
    kept, dropped = reloaded(old, new, changes)
    assert sorted(map(str, [*kept, *(one.change for one in dropped)])) == sorted(map(str, changes))
    for change in kept:
        assert at(old, change.place) == at(new, change.place) is not NOTHING
    for change, why in dropped:
        assert why
        same = at(old, change.place) == at(new, change.place)
        if same:
            entries = new["cluster"][change.place.cluster]["nodes"]
            assert change.value["address"] in [entry["address"] for entry in entries]
    after = values(applied(new, kept))
    for change, _ in dropped:
        name = change.place
        if name.what in USUAL and (name.cluster, name.node) in after:
            assert after[name.cluster, name.node][name.what] == at(new, name)


@given(trees(), st.lists(EDITS, max_size=12))
def test_the_document_survives_the_engine(tree: dict[str, Any], edits: list[Any]) -> None:
    """What is kept as JSON with the engine comes back as it was."""
    document = Document("/etc/evenly.toml", "text", made(tree, edits), "digest", 1.5, "why", "by")
    assert Document.of(json.loads(json.dumps(document.json()))) == document


def test_the_rule_in_one_table() -> None:
    """A node at weight 1 was given 5 at run time; what each new file makes of that."""
    old = {"cluster": {"users": {"nodes": ["a:1", "b:1"]}}}
    place = Place("weight", "users", "a:1")
    changes = changed(old, (), place, 5, 0.0, "test")

    def told(nodes: list[Any]) -> str | None:
        kept, dropped = reloaded(old, {"cluster": {"users": {"nodes": nodes}}}, changes)
        assert len(kept) + len(dropped) == 1
        return dropped[0].why if dropped else None

    assert told(["a:1", "b:1", "c:1"]) is None
    assert told([{"address": "a:1", "capacity": 9}]) is None
    assert told([{"address": "a:1", "weight": 2}]) == "the file says 2 now"
    assert told([{"address": "a:1", "weight": 5}]) == "the file says the same now"
    assert told(["b:1"]) == "the file has no node a:1"
    assert reloaded(old, {"cluster": {"x": {"nodes": ["a:1"]}}}, changes)[1][0].why == (
        "the file has no cluster users"
    )


def test_a_node_added_at_run_time_gives_way_to_the_file() -> None:
    """The file has its address now, under its own name or another one; or it has nothing of it and the node stays."""
    old = {"cluster": {"users": {"nodes": ["a:1"]}}}
    changes = changed(old, (), Place("node", "users", "n"), {"id": "n", "address": "n:1"}, 0, "me")

    def told(*nodes: Any) -> str | None:
        dropped = reloaded(old, {"cluster": {"users": {"nodes": list(nodes)}}}, changes)[1]
        return dropped[0].why if dropped else None

    assert told("a:1", "c:1") is None
    assert told("a:1", {"id": "n", "address": "n:1"}) == "the file says the same now"
    assert told("a:1", {"id": "n", "address": "n:2"}) == "the file has it at n:2"
    assert told("a:1", "n:1") == "the file has n:1 as node n:1"
