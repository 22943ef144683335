"""What each route does to the document and to the engine, in front of a stand-in that speaks the engine's contract."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from evenly import config
from evenly.control.unix import Connection

from .standin import SOURCE, Control, Standin, controlled

ODD = "/v1/clusters/users/nodes/" + quote("b/ü", safe="")


def nodes(engine: Standin) -> dict[str, Any]:
    """The nodes of the cluster as the engine has them."""
    cluster = next(one for one in engine.config["clusters"] if one["name"] == "users")
    return {node["id"]: node for node in cluster["nodes"]}


def test_a_node_changes_and_differs_from_the_file(engine: Standin, control: Control) -> None:
    """The engine gets a whole configuration; the API shows what the file says instead, until it says the same."""
    status, done = control.ask("PATCH", ODD, {"weight": 5, "capacity": 9})
    assert (status, done["edition"], done["applied"]) == (200, 2, True)
    assert (nodes(engine)["b/ü"]["weight"], nodes(engine)["b/ü"]["capacity"]) == (5, 9)
    assert control.ask("GET", ODD)[1]["differs"] == {"weight": 2, "capacity": None}
    done = control.ask("PATCH", ODD, {"weight": 2, "capacity": None})[1]
    assert (done["applied"], done["changes"]) == (True, [])
    done = control.ask("PATCH", ODD, {"weight": 2})[1]
    assert (done["applied"], done["edition"], engine.edition) == (False, 3, 3)


def test_a_node_joins_and_leaves(engine: Standin, control: Control) -> None:
    """By address or as a table; a name that is taken is refused, a node of the file is listed as removed."""
    at = "/v1/clusters/users/nodes"
    assert control.ask("POST", at, {"address": "10.0.0.3:80", "id": "c", "weight": 3})[0] == 201
    assert nodes(engine)["c"]["weight"] == 3
    status, fault = control.ask("POST", at, {"address": "10.0.0.4:80", "id": "c"})
    assert (status, fault["error"]) == (409, "exists")
    control.ask("PATCH", f"{at}/c", {"weight": 4})
    assert len(control.ask("GET", "/v1/changes")[1]["changes"]) == 1
    assert control.ask("GET", f"{at}/c")[1]["differs"] == {"node": None}
    assert control.ask("DELETE", f"{at}/10.0.0.1:80")[0] == 200
    assert set(nodes(engine)) == {"b/ü", "c"}
    assert control.ask("GET", "/v1/clusters/users")[1]["removed"] == ["10.0.0.1:80"]
    assert control.ask("DELETE", f"{at}/c")[0] == 200
    status, fault = control.ask("DELETE", ODD)
    assert (status, fault["error"]) == (422, "invalid_configuration")
    assert "is empty" in fault["faults"][0]["text"]
    assert control.ask("DELETE", "/v1/changes")[1]["changes"] == []
    assert set(nodes(engine)) == {"b/ü", "10.0.0.1:80"}


def test_what_is_wrong_is_said_as_of_a_file(engine: Standin, control: Control) -> None:
    """The same words as `evenly check` has; nothing reaches the engine."""
    for method, path, body, words in [
        ("PATCH", ODD, {"weight": 0}, "must be at least 1, not 0"),
        ("PATCH", ODD, {"wieght": 1}, 'Did you mean "weight"?'),
        ("PATCH", ODD, {"address": "a:1"}, "remove it and add another"),
        ("PATCH", ODD, {}, "at least one of"),
        ("PATCH", ODD, {"state": "off"}, 'must be "serve", "drain" or "down"'),
        ("POST", "/v1/clusters/users/nodes", {"address": "nope"}, 'has no port: write it'),
        ("POST", "/v1/clusters/users/nodes", {"address": "a:1", "x": 1}, 'unknown key "x"'),
        ("POST", "/v1/clusters/users/nodes", {"address": "a:1", "id": "\ud800"}, "half a"),
        ("POST", "/v1/clusters/users/nodes", [], "a node is an address"),
        ("PATCH", "/v1/clusters/users", {"strategy": "rendevous"}, 'Did you mean "rendezvous"?'),
        ("PATCH", "/v1/clusters/users", {"strategy": {"name": 1}}, "must be a text in quotes"),
        ("PUT", "/v1/config", "[listen", "not valid TOML"),
        ("PUT", "/v1/config", "[proxy]\nworkers = 0\n", "must be at least 1, not 0"),
    ]:  # fmt: skip
        status, fault = control.ask(method, path, body)
        assert status == 422, (path, body, fault)
        said = fault["message"] + "".join(one["text"] for one in fault.get("faults", ()))
        assert words in said, (path, body, said)
    assert engine.edition == 1


def test_what_is_not_there_is_named_with_what_is(engine: Standin, control: Control) -> None:
    """Clusters, nodes, versions; and an address of a host name is told from a node."""
    status, fault = control.ask("GET", "/v1/clusters/usres")
    assert (status, 'Did you mean "users"?' in fault["message"]) == (404, True)
    assert control.ask("PATCH", "/v1/clusters/no", {"strategy": "random"})[0] == 404
    assert control.ask("DELETE", "/v1/clusters/users/nodes/10.0.0.9:80")[0] == 404
    assert control.ask("GET", "/v1/clusters/no/explain")[0] == 404
    assert control.ask("GET", "/v1/decisions?cluster=no")[0] == 404
    assert control.ask("GET", "/v1/config/versions/99")[0] == 404
    assert control.ask("DELETE", "/v1/changes?node=x")[0] == 404
    of_name = "/v1/clusters/named/nodes/api.example:80"
    assert control.ask("GET", of_name)[1]["nodes"][0]["of"] == "api.example:80"
    status, fault = control.ask("PATCH", f"{of_name}@10.9.9.9", {"weight": 2})
    assert (status, fault["error"]) == (409, "one_of_many")
    assert control.ask("PATCH", of_name, {"weight": 2})[0] == 200
    assert control.ask("GET", f"{of_name}@10.9.9.9")[1]["differs"] == {"weight": 1}


def test_the_token_is_never_shown(engine: Standin, control: Control) -> None:
    """What is shown can be sent back; the mark keeps the token, another one replaces it."""
    shown = control.ask("GET", "/v1/config")[1]["source"]
    assert shown == SOURCE.replace("open-sesame", "(hidden)")
    assert control.ask("PUT", "/v1/config", shown + "\n# once more\n")[0] == 200
    assert engine.config["admin"]["token"] == "open-sesame"
    assert control.ask("PUT", "/v1/config", SOURCE.replace("open-sesame", "other"))[0] == 200
    assert engine.config["admin"]["token"] == "other"
    for path in ("/v1/config", "/v1/config/versions/1", "/v1/audit", "/v1/events?follow=false"):
        content = control.raw("GET", path)[1]
        assert b"open-sesame" not in content, path
    unset = SOURCE.replace('token = "open-sesame"', "")
    assert control.ask("PUT", "/v1/config", unset)[0] == 200
    status, fault = control.ask("PUT", "/v1/config", shown)
    assert (status, "there is none" in fault["faults"][0]["text"]) == (422, True)
    assert fault["faults"][0]["line"] == 3


def test_somebody_else_was_faster(engine: Standin, control: Control) -> None:
    """If-Match names the edition that a request counts on; the answer's tag is the one to send."""
    answer, _ = control.raw("GET", "/v1/config")
    tag = answer.getheader("etag") or ""
    assert tag == '"1"'
    assert control.ask("PATCH", ODD, {"weight": 3}, {"If-Match": tag})[0] == 200
    status, fault = control.ask("PATCH", ODD, {"weight": 4}, {"If-Match": tag})
    assert (status, fault["error"], fault["edition"]) == (412, "edition_changed", 2)
    assert control.ask("PATCH", ODD, {"weight": 4}, {"If-Match": "2"})[0] == 200
    assert control.ask("PATCH", ODD, {"weight": 4}, {"If-Match": "seven"})[0] == 412
    assert control.ask("PATCH", ODD, {"weight": 4}, {"If-Match": "*"})[0] == 200


def test_what_the_engine_refuses_is_refused(engine: Standin, control: Control) -> None:
    """Its reason is handed on, and the document stays what is in force."""
    engine.fails = "127.0.0.1:8080 cannot be bound"
    status, fault = control.ask("PATCH", ODD, {"weight": 3})
    assert (status, fault["error"]) == (422, "not_applied")
    assert "cannot be bound" in fault["message"]
    assert control.ask("GET", "/v1/changes")[1]["changes"] == []
    entry = control.ask("GET", "/v1/audit")[1]["entries"][0]
    assert (entry["result"], entry["error"]) == ("refused", "not_applied")


def test_many_writers_come_one_after_another(engine: Standin, control: Control) -> None:
    """Sixteen add a node each at once: no edition is lost and none is counted twice."""
    editions: list[int] = []

    def write(number: int) -> None:
        at = "/v1/clusters/users/nodes"
        status, done = control.ask("POST", at, {"address": f"10.0.1.{number}:80"})
        assert status == 201
        editions.append(done["edition"])

    assert control.ask("GET", "/v1")[0] == 200
    threads = [threading.Thread(target=write, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(editions) == list(range(2, 18))
    assert len(nodes(engine)) == 18


def test_a_large_body_is_refused_before_it_is_read(engine: Standin, control: Control) -> None:
    """By its announced length at once, and without one as soon as it is too much."""
    assert control.ask("PUT", "/v1/config", "#" * (8 << 20))[0] == 422
    for announced in ("Content-Length: 8388609", "Transfer-Encoding: chunked"):
        with contextlib.closing(Connection(control.folder / "serve", 60)) as wire:
            wire.connect()
            head = f"PUT /v1/config HTTP/1.1\r\nHost: t\r\n{announced}\r\n\r\n"
            wire.sock.sendall(head.encode())
            if "chunked" in announced:
                wire.sock.sendall(b"800001\r\n" + b"#" * 0x800001)
            answer = b""
            while not answer.endswith(b"}\n"):
                answer += wire.sock.recv(1 << 16)
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b"too_large" in answer


def test_a_page_of_another_site_changes_nothing(engine: Standin, control: Control) -> None:
    """A browser on the operator's machine reaches the admin listener; whoever made the page must not."""
    at, node = "/v1/clusters/users/nodes", {"address": "10.6.6.6:80"}
    for origin in ("https://evil.example", "null"):
        status, fault = control.ask("POST", at, node, {"Origin": origin, "Host": "127.0.0.1:9900"})
        assert (status, fault["error"], engine.edition) == (403, "cross_site", 1)
    # A name of the other site that leads to this machine makes its page look like ours.
    renamed = {"Origin": "http://evil.example:9900", "Host": "evil.example:9900"}
    assert control.ask("POST", at, node, renamed)[0] == 403
    assert engine.edition == 1
    own = {"Origin": "http://127.0.0.1:9900", "Host": "127.0.0.1:9900"}
    assert control.ask("POST", at, node, own)[0] == 201
    named = {**renamed, "Authorization": "Bearer of the token"}
    assert control.ask("POST", at, {"address": "10.7.7.7:80"}, named)[0] == 201


def test_the_audit_log_says_who_and_what(engine: Standin, control: Control) -> None:
    """Newest first; who says to be calling is told beside through whom."""
    control.ask("PATCH", ODD, {"weight": 3}, {"User-Agent": "evenly/1 (me@here)"})
    control.ask("POST", "/v1/reload", None, {"X-Evenly-Why": "SIGHUP"})
    entries = control.ask("GET", "/v1/audit?limit=2")[1]["entries"]
    assert [one["result"] for one in entries] == ["refused", "applied"]
    assert (entries[0]["by"], entries[0]["error"]) == ("SIGHUP", "no_file")
    assert (entries[1]["agent"], entries[1]["edition"]) == ("evenly/1 (me@here)", 2)
    assert control.ask("GET", "/v1/audit?limit=0")[0] == 422


def test_a_late_reader_gets_the_recent_events(engine: Standin, control: Control) -> None:
    """The engine's and ours in one row, with numbers to go on from."""
    control.ask("PATCH", ODD, {"weight": 3})
    control.ask("PATCH", ODD, {"weight": 0})
    answer, content = control.raw("GET", "/v1/events?follow=false")
    assert answer.getheader("content-type") == "text/event-stream; charset=utf-8"
    events = content.decode().split("\n\n")[1:-1]
    kinds = [event.splitlines()[1].removeprefix("event: ") for event in events]
    assert {"config_applied", "config_refused"} <= set(kinds)
    last = events[-2].splitlines()[0].removeprefix("id: ")
    later = control.raw("GET", "/v1/events?follow=false", None, {"Last-Event-ID": last})[1]
    assert later.decode().split("\n\n")[1:-1] == events[-1:]


FILE = SOURCE.replace("[admin]", "[proxy]\nwatch = true\n\n[admin]")


def test_a_reload_keeps_and_drops_by_the_rule(folder: Path) -> None:
    """The file wins where it says something new; everything else that was changed stays, or is dropped when asked."""
    file = folder.parent / "evenly.toml"
    file.write_text(SOURCE)
    with Standin(folder, file=file) as engine, controlled(folder) as control:
        assert control.ask("POST", "/v1/reload")[1]["applied"] is False
        control.ask("PATCH", ODD, {"weight": 5})
        control.ask("PATCH", "/v1/clusters/users", {"strategy": "random"})
        file.write_text(SOURCE.replace("weight = 2", "weight = 3"))
        planned = control.ask("POST", "/v1/plan", file.read_text())[1]
        assert planned["clusters"][0]["fate"] == "changed"
        assert len(planned["dropped"]) == 1
        status, done = control.ask("POST", "/v1/reload")
        assert (status, nodes(engine)["b/ü"]["weight"]) == (200, 3)
        assert [one["why"] for one in done["dropped"]] == ["the file says 3 now"]
        assert [one["what"] for one in done["changes"]] == ["strategy"]
        file.write_text(SOURCE.replace('"10.0.0.1:80"', '"10.0.0.1"'))
        status, fault = control.ask("POST", "/v1/reload")
        assert (status, fault["error"]) == (422, "invalid_configuration")
        assert fault["faults"][0]["text"].startswith(f"{file}:10: cluster.users.nodes[0]: ")
        file.write_text(SOURCE)
        assert control.ask("POST", "/v1/reload?changes=drop")[1]["changes"] == []
        assert engine.config == config.parse(SOURCE).engine()
        file.unlink()
        assert "cannot be read" in str(control.ask("POST", "/v1/reload")[1]["faults"])


def test_a_sound_file_that_does_not_go_with_the_changes_is_refused(folder: Path) -> None:
    """One node was removed at run time, the file drops the other: nothing would be left, and the way out is told."""
    file = folder.parent / "evenly.toml"
    file.write_text(SOURCE)
    with Standin(folder, file=file) as engine, controlled(folder) as control:
        control.ask("DELETE", "/v1/clusters/users/nodes/10.0.0.1:80")
        file.write_text(
            SOURCE.replace(', { id = "b/ü", address = "unix:/run/b.sock", weight = 2 }', "")
        )
        status, fault = control.ask("POST", "/v1/reload")
        assert (status, engine.edition) == (422, 2)
        assert "--drop-changes" in fault["message"]
        assert control.ask("POST", "/v1/reload?changes=drop")[0] == 200
        assert set(nodes(engine)) == {"10.0.0.1:80"}


def test_a_watched_file_is_loaded_when_it_changes(folder: Path) -> None:
    """Also when it was changed while no control process ran; a bad one is refused once, with its faults in the log."""
    file = folder.parent / "evenly.toml"
    file.write_text(FILE)
    with Standin(folder, source=FILE, file=file) as engine:
        with controlled(folder) as control:
            file.write_text(FILE.replace("weight = 2", "weight = 3"))
            wait(lambda: engine.edition == 2)
            assert control.ask("GET", "/v1/audit")[1]["entries"][0]["by"] == "watched file"
            file.write_text(FILE.replace("weight = 2", "weight = 0"))
            log = folder.parent / "control.log"
            wait(lambda: "weight: must be at least 1, not 0" in log.read_text())
            assert log.read_text().count("must be at least 1") == 1
        file.write_text(FILE.replace("weight = 2", "weight = 4"))
        with controlled(folder):
            wait(lambda: engine.edition == 3)
        assert nodes(engine)["b/ü"]["weight"] == 4


def wait(condition: Any) -> None:
    """Wait for a fact, generously."""
    from tests.integration.harness.waiting import until

    until(condition, "it is so")


@pytest.mark.parametrize(
    "token",
    [
        '"open-sesame"',
        "'open-sesame'",
        '"""open-sesame"""',
        "'''open-sesame'''",
        '"op\\u0065n-sesame"',
    ],
)
def test_the_token_is_hidden_however_it_is_written(token: str) -> None:
    """In every form of text that TOML has, and in a table on one line."""
    from evenly.control.secrets import hidden, restored

    for text in (
        SOURCE.replace('"open-sesame"', token),
        SOURCE.replace('[admin]\ntoken = "open-sesame"', f"admin = {{ token = {token} }}"),
        'x = "token = \\"a\\""\n' + SOURCE.replace('"open-sesame"', token),
    ):
        shown = hidden(text)
        assert "sesame" not in shown
        assert '"(hidden)"' in shown
        assert "sesame" in restored(shown, text, "f")
    twice = hidden(SOURCE + "\n# the token is open-sesame\n")
    assert "sesame" not in twice
