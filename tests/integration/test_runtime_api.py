"""A running proxy is changed in every way there is while clients ask: no request fails, and everything agrees."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from contextlib import ExitStack
from typing import Any

from evenly import config

from .harness.api import Api
from .harness.client import Client, get
from .harness.load import Load
from .harness.node import Node
from .harness.proxy import Proxy, evenly
from .harness.state import nodes
from .harness.waiting import until


def named(*given: Node) -> list[dict[str, object]]:
    """Nodes with their names as ids."""
    return [{"id": node.name, "address": node.address} for node in given]


def agree(api: Api) -> None:
    """What the engine has is what the document means, and what the API shows."""
    whole = api.get("/v1/config")
    state = {one["id"]: one for one in api.get("/v1/clusters/users")["nodes"]}
    source = config.parse(whole["source"]).cluster["users"]
    wanted: dict[str, Any] = {node.name: {"weight": node.weight} for node in source.nodes}
    for change in whole["changes"]:
        if change["what"] == "node" and change["value"] is None:
            del wanted[change["node"]]
        elif change["what"] == "node":
            wanted[change["node"]] = {"weight": change["value"].get("weight", 1)}
        elif change["what"] == "weight":
            wanted[change["node"]]["weight"] = change["value"]
    assert {name: {"weight": node["weight"]} for name, node in state.items()} == wanted


def test_every_command_works_under_load_and_no_request_fails() -> None:
    """Nodes come, go, drain, weigh more; the strategy changes; the file is loaded again. Eight clients see nothing."""
    with ExitStack() as stack:
        a, b, c = (stack.enter_context(Node(name=name)) for name in "abc")
        proxy = stack.enter_context(Proxy(*named(a, b), cluster={"slow_start": "0s"}))
        api = Api(proxy)
        with Load(proxy.address, 8) as load:
            load.more()
            assert "node c of users added" in api.done("add", "users", c.address, "--id", "c")
            until(lambda: c.requests, "the new node is asked")
            api.done("drain", "users", "a", "--wait", "30s")
            seen = len(a.requests)
            load.more()
            assert len(a.requests) == seen
            assert "draining" in api.done("nodes", "users")
            api.done("undrain", "users", "a")
            until(lambda: len(a.requests) > seen, "the node is asked again")
            api.done("weight", "users", "b", "5")
            api.done("capacity", "users", "b", "100")
            for strategy in ("round_robin", "least_connections", "random"):
                assert strategy in api.done("strategy", "users", strategy)
                load.more()
            api.done("strategy", "users", "consistent_hash", "key=path", "bounded_load=2.0")
            load.more()
            api.done("down", "users", "b")
            load.more()
            api.done("undrain", "users", "b")
            api.done("remove", "users", "a")
            seen = len(a.requests)
            load.more()
            assert len(a.requests) == seen
            assert set(nodes(proxy)) == {"b", "c"}
            assert "the file is in force" in api.done("reload")
            assert set(nodes(proxy)) == {"b", "c"}
            agree(api)
            api.done("changes", "--drop")
            assert set(nodes(proxy)) == {"a", "b"}
            load.more()
        assert not load.tally.failures, load.tally.failures[:5]
        assert api.done("changes").startswith("nothing was changed")
        assert len(json.loads(api.done("audit", "--json"))) >= 14


def test_the_reading_commands_say_the_same_for_people_and_for_programs() -> None:
    """Every table has its facts in JSON too; the token of the file is used and never shown."""
    with Node(name="a") as node, Proxy(*named(node)) as proxy:
        text = proxy.file.read_text()
        proxy.file.write_text(text.replace("[admin]", '[admin]\ntoken = "open-sesame"'))
        api = Api(proxy)
        proxy.signal(signal.SIGHUP)
        until(lambda: get(proxy.admin, "/v1").status == 401, "the token is asked for")
        assert api.command("weight", "users", "a", "3").returncode == 0
        found = json.loads(api.done("nodes", "--json"))
        assert found[0]["nodes"][0]["differs"] == {"weight": 1}
        assert "weight 1" in api.done("nodes")
        assert [one["value"] for one in json.loads(api.done("changes", "--json"))] == [3]
        shown = json.loads(api.done("config", "--json"))
        assert (shown["edition"], "open-sesame" in str(shown)) == (3, False)
        assert api.done("config") == shown["source"]
        assert len(json.loads(api.done("config", "--versions", "--json"))) == 3
        assert "PATCH" in api.done("config", "--versions")
        entries = json.loads(api.done("audit", "--json"))
        assert [one["by"] for one in entries] == ["admin listener", "SIGHUP"] + ["start"] * (
            len(entries) - 2
        )
        assert "edition_applied" in api.done("events")
        kinds = [json.loads(line)["kind"] for line in api.done("events", "--json").splitlines()]
        assert "config_applied" in kinds


def test_refusals_of_commands_name_the_fault() -> None:
    """Exit code 1 with what is there, or what is wrong; nothing changes."""
    with Node(name="a") as node, Proxy(*named(node)) as proxy:
        api = Api(proxy)
        for words, told in [
            (("drain", "users", "b"), 'unknown node of cluster "users": "b"'),
            (("drain", "usres", "a"), 'Did you mean "users"?'),
            (("remove", "users", "a"), "is empty"),
            (("weight", "users", "a", "0"), "weight: must be at least 1, not 0"),
            (("strategy", "users", "randon"), 'Did you mean "random"?'),
            (("add", "users", "10.0.0.1"), "has no port"),
            (("config", "9"), "edition 9 is not kept"),
        ]:
            run = api.command(*words)
            assert (run.returncode, told in run.stderr) == (1, True), (words, run.stderr)
        assert api.get("/v1/config")["edition"] == 1


def test_of_several_nodes_none_is_changed_when_one_is_not_there() -> None:
    """Whoever mistypes the last name has not taken out the first."""
    with ExitStack() as stack:
        given = [stack.enter_context(Node(name=name)) for name in "ab"]
        api = Api(stack.enter_context(Proxy(*named(*given))))
        for command in ("remove", "drain"):
            run = api.command(command, "users", "a", "b", "nope")
            assert (run.returncode, "nope" in run.stderr) == (1, True)
            found = api.get("/v1/clusters/users/nodes")["nodes"]
            assert [(node["id"], node["admin"]) for node in found] == [
                ("a", "serve"),
                ("b", "serve"),
            ]
        assert api.get("/v1/config")["edition"] == 1


def test_a_file_with_faults_is_refused_and_told() -> None:
    """By command, by SIGHUP and by the API: the old configuration stays, and the log has every fault."""
    with Node(name="a") as node, Proxy(*named(node)) as proxy, Load(proxy.address, 2) as load:
        api = Api(proxy)
        api.get("/v1")
        sound = proxy.file.read_text()
        proxy.file.write_text(sound.replace('to = "users"', 'to = "usres"'))
        run = api.command("reload")
        assert run.returncode == 1
        assert 'listen.web.to: unknown cluster "usres". Did you mean "users"?' in run.stderr
        proxy.signal(signal.SIGHUP)
        until(lambda: 'unknown cluster "usres"' in proxy.stderr(), "the fault is in the log")
        load.more()
        assert api.get("/v1/config")["edition"] == 1
        proxy.file.write_text(sound + "\n# nothing else\n")
        assert json.loads(json.dumps(api.change("POST", "/v1/reload")))["edition"] == 2
        load.more()
        assert not load.tally.failures, load.tally.failures[:5]


def test_a_watched_file_is_loaded_when_it_changes() -> None:
    """No command and no signal: the new node serves soon."""
    with (
        Node(name="a") as one,
        Node(name="b") as two,
        Proxy(*named(one), proxy={"watch": True}) as proxy,
    ):
        text = proxy.file.read_text()
        more = f', {{ id = "b", address = "{two.address}" }}]'
        draft = proxy.folder / "draft"
        draft.write_text(text.replace("}]", "}" + more))
        draft.replace(proxy.file)
        until(lambda: "b" in nodes(proxy), "the file was loaded")
        assert Api(proxy).get("/v1/audit")["entries"][0]["by"] == "watched file"


def test_a_control_process_killed_in_the_middle_leaves_nothing_that_disagrees() -> None:
    """kill -9 again and again while weights change: document, engine and API agree, and clients see nothing."""
    with ExitStack() as stack:
        given = [stack.enter_context(Node(name=name)) for name in "ab"]
        proxy = stack.enter_context(Proxy(*named(*given)))
        api = Api(proxy)
        api.get("/v1/config")
        done: list[int] = []
        stop = threading.Event()

        def write() -> None:
            weight = 1
            while not stop.is_set():
                weight = weight % 200 + 1
                target = api.node("a")
                body = json.dumps({"weight": weight}).encode()
                answer = get(proxy.admin, target, method="PATCH", body=body)
                if answer.status == 200:
                    done.append(json.loads(answer.body)["edition"])

        with Load(proxy.address, 4) as load:
            writers = [threading.Thread(target=write) for _ in range(2)]
            for writer in writers:
                writer.start()
            for _ in range(3):
                goal = len(done) + 20
                until(lambda: len(done) >= goal, "changes are made")  # noqa: B023
                os.kill(proxy.control(), signal.SIGKILL)
            goal = len(done) + 20
            until(lambda: len(done) >= goal, "changes are made again")
            stop.set()
            for writer in writers:
                writer.join()
        assert not load.tally.failures, load.tally.failures[:5]
        assert len(set(done)) == len(done)
        agree(api)
        whole = api.get("/v1/config")
        assert whole["edition"] >= max(done)
        assert api.get("/v1/config/versions")["versions"][0]["edition"] == whole["edition"]


def test_many_writers_lose_no_change() -> None:
    """Eight at once, each with a node of its own to add, weigh and remove; what stays is what was asked for."""
    with Node(name="a") as node, Proxy(*named(node), log=False) as proxy:
        api = Api(proxy)
        api.get("/v1")
        editions: list[int] = []

        def write(number: int) -> None:
            name, at = f"n{number}", "/v1/clusters/users/nodes"
            node_at = {"id": name, "address": f"127.0.0.1:{20000 + number}", "state": "down"}
            editions.append(api.change("POST", at, node_at)["edition"])
            editions.append(api.change("PATCH", api.node(name), {"weight": number + 2})["edition"])
            if number % 2:
                editions.append(api.change("DELETE", api.node(name))["edition"])

        writers = [threading.Thread(target=write, args=(number,)) for number in range(8)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        assert sorted(editions) == list(range(2, 22))
        found = nodes(proxy)
        assert {name: one["weight"] for name, one in found.items() if name != "a"} == {
            f"n{number}": number + 2 for number in range(0, 8, 2)
        }
        agree(api)


def test_odd_names_are_names() -> None:
    """Slashes, spaces, letters of other alphabets and a UNIX socket for an address; escaped or as they are."""
    with ExitStack() as stack:
        one, two = (stack.enter_context(Node(name=name, unix=True)) for name in "ab")
        proxy = stack.enter_context(Proxy(one, {"id": "узел/1 ?#", "address": two.address}))
        api = Api(proxy)
        for name in (one.address, "узел/1 ?#"):
            assert api.get(api.node(name))["id"] == name
            api.change("PATCH", api.node(name), {"weight": 3})
            assert nodes(proxy)[name]["weight"] == 3
        plain = f"/v1/clusters/users/nodes/{one.address}"
        api.change("PATCH", plain, {"weight": 4})
        assert nodes(proxy)[one.address]["weight"] == 4
        assert api.ask("GET", api.node("../../etc"))[0] == 404
        agree(api)


def test_a_huge_body_is_refused_early() -> None:
    """Before it was sent, through the engine's admin listener; the next request is answered."""
    with Node(name="a") as node, Proxy(*named(node)) as proxy:
        api = Api(proxy)
        api.get("/v1")
        with Client(proxy.admin) as client:
            client.send(
                b"PUT /v1/config HTTP/1.1\r\nHost: t\r\nContent-Length: 1000000000\r\n\r\n#"
            )
            answer = client.response("PUT")
        assert (answer.status, json.loads(answer.body)["error"]) == (413, "too_large")
        assert api.get("/v1/config")["edition"] == 1


def test_a_proxy_without_a_file_is_changed_but_not_reloaded() -> None:
    """`evenly serve`: the API works, and a reload says what to use instead."""
    with Node(name="a") as one, Node(name="b") as two:
        proxy = Proxy(one)
        nodes_of = ["--to", f"{one.address},{two.address}"]
        proxy.arguments = ["serve", "--listen", proxy.address, *nodes_of, "--admin", proxy.admin]
        with proxy.launched():
            until(lambda: proxy.get("/").status == 200, "it serves", within=60)
            api = Api(proxy)
            at = f"/v1/clusters/nodes/nodes/{two.address}"
            api.change("PATCH", at, {"state": "drain"})
            assert {proxy.get("/").body for _ in range(8)} == {b"a"}
            run = api.command("reload")
            assert (run.returncode, "`evenly run FILE`" in run.stderr) == (1, True)
            assert "evenly serve" in api.get("/v1/config")["source"]
            proxy.stop()


def test_events_come_as_they_happen() -> None:
    """A reader who follows sees a change that is made later, of the engine and of ours; heartbeats aside."""
    with Node(name="a") as node, Proxy(*named(node)) as proxy:
        api = Api(proxy)
        api.get("/v1")
        words = [evenly(), "events", "--follow", "--json", "--admin", proxy.admin]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as reader:
            try:
                seen: list[dict[str, Any]] = []
                assert reader.stdout is not None
                lines = iter(reader.stdout)
                threading.Thread(
                    target=lambda: seen.extend(map(json.loads, lines)), daemon=True
                ).start()
                for weight in (2, 3):
                    api.change("PATCH", api.node("a"), {"weight": weight})
                    until(lambda: [one for one in seen if one.get("edition") == weight], "seen")  # noqa: B023
                until(
                    lambda: {"config_applied", "edition_applied"} <= {e["kind"] for e in seen},
                    "both",
                )
            finally:
                reader.terminate()
                reader.wait(30)


def test_decisions_and_explanations_are_the_engines() -> None:
    """A drained node is excluded with its reason; sampled requests say which node they had."""
    with Node(name="a") as one, Node(name="b") as two, Proxy(*named(one, two)) as proxy:
        api = Api(proxy)
        api.change("PATCH", api.node("a"), {"state": "drain"})
        told = api.get("/v1/clusters/users/explain?key=42")
        assert told["pick"] == "b"
        assert {each["id"]: each["excluded"] for each in told["candidates"]} == {
            "a": "draining",
            "b": None,
        }
        proxy.get()
        found = until(lambda: api.get("/v1/decisions?cluster=users")["decisions"], "one is sampled")
        assert found[0]["node"] == "b"
        assert "b" in api.done("decisions")
        assert json.loads(api.done("decisions", "users", "--json"))[-1]["cluster"] == "users"
