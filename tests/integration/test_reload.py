"""Another configuration under load: what did not change is not touched, and what did is changed in one step."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from pathlib import Path

import pytest

from .harness.client import Client, get
from .harness.exchange import Exchange
from .harness.load import Load
from .harness.node import Node, closed_port, hello
from .harness.ports import LOOPBACK, free_ports
from .harness.proxy import Proxy
from .harness.reload import ask, change, edition, hang_up, refused, rewrite
from .harness.state import idle, nodes, wait_health
from .harness.waiting import until

ASK = b"GET / HTTP/1.1\r\nHost: t\r\n\r\n"


def entries(*all_nodes: Node, weight: int = 1) -> list[dict[str, object]]:
    """Write nodes as tables, the first with a weight of its own."""
    found: list[dict[str, object]] = [{"address": node.address, "weight": 1} for node in all_nodes]
    found[0]["weight"] = weight
    return found


def test_fifty_reloads_fail_no_request_and_close_no_connection() -> None:
    """Weights, strategies and settings change under eight kept connections and two that come anew."""
    with contextlib.ExitStack() as stack:
        all_nodes = [stack.enter_context(Node(name=f"n{n}")) for n in range(3)]
        proxy = stack.enter_context(Proxy(*all_nodes))
        own = stack.enter_context(proxy.client())
        assert own.send(ASK).response().status == 200
        with Load(proxy.address, 8) as kept:
            kept.more(50)
            before = proxy.metrics().sum("evenly_connections_total", listener="web")
            for turn in range(50):
                told = change(
                    proxy,
                    cluster_users={
                        "nodes": entries(*all_nodes, weight=turn % 7 + 1),
                        "strategy": ("power_of_two", "round_robin", "least_connections")[turn % 3],
                        "timeouts": {"response_head": f"{20 + turn}s"},
                    },
                )
                assert told["listeners"]["kept"] == ["web"]
                assert not told["listeners"]["opened"] + told["listeners"]["closed"]
                if turn % 10 == 0:
                    kept.more(20)
            assert own.send(ASK).response().status == 200
            kept.more()
            assert proxy.metrics().sum("evenly_connections_total", listener="web") == before
            with Load(proxy.address, 2, keep=False) as fresh:
                for turn in range(10):
                    change(proxy, cluster_users={"timeouts": {"response_head": f"{10 + turn}s"}})
                    fresh.more(10)
        for load in (kept, fresh):
            assert not load.stop().failures, load.tally.failures[:5]
        idle(proxy)
        hits = sum(node.hits for node in all_nodes)
        assert hits == kept.tally.ok + fresh.tally.ok + 2
        assert len(proxy.log(hits)) == hits


def test_a_reload_keeps_all_that_is_known_of_a_node() -> None:
    """Picks, latency, an ejection and a request under way outlive it, also when the node's weight changes."""
    go = threading.Event()

    def script(exchange: Exchange) -> None:
        exchange.read()
        if exchange.target == "/wait":
            assert go.wait(60)
        exchange.reply(200, b"ok")

    def sick(exchange: Exchange) -> None:
        exchange.read()
        exchange.reply(503, b"no")

    cluster = {"strategy": "round_robin", "ejection": {"base": "5m"}, "retries": {"extra": 0}}
    with contextlib.ExitStack() as stack:
        well, ill, new = (stack.enter_context(Node(answer)) for answer in (script, sick, hello))
        proxy = stack.enter_context(Proxy(well, ill, cluster=cluster))
        with proxy.client() as client:
            for _ in range(12):
                proxy.get("/")
            wait_health(proxy, ill.address, "breaker_open")
            client.send(b"GET /wait HTTP/1.1\r\nHost: t\r\n\r\n")
            until(lambda: nodes(proxy)[well.address]["in_flight"] == 1, "one is under way")
            before = nodes(proxy)
            change(proxy, cluster_users={"nodes": entries(well, ill, new, weight=3)})
            after = nodes(proxy)
            assert after[well.address]["weight"] == 3
            for known in (well.address, ill.address):
                for fact in ("picks", "in_flight", "failures", "reason", "latency"):
                    assert after[known][fact] == before[known][fact], (known, fact)
            assert after[new.address]["picks"] == 0
            assert after[new.address]["reason"] == "slow_start"
            go.set()
            assert client.response().status == 200
            until(lambda: nodes(proxy)[well.address]["in_flight"] == 0, "it has ended")


def refuses(address: str) -> bool:
    """Whether nobody listens there."""
    try:
        Client(address, timeout=5).socket.close()
    except OSError:
        return True
    return False


def test_listeners_come_go_and_move() -> None:
    """A new one answers at once; a connection of a closed one ends with its next answer; the others notice nothing."""
    more, moved = (f"{LOOPBACK}:{port}" for port in free_ports(2))
    with Node() as node, Proxy(node) as proxy, proxy.client() as unchanged:
        assert unchanged.send(ASK).response().status == 200
        told = change(proxy, listen_more={"address": more, "to": "users"})
        assert told["listeners"] == {"kept": ["web"], "opened": ["more"], "closed": []}
        assert get(more).status == 200

        with Client(more) as old, Client(more) as busy:
            assert not old.send(ASK).response().closes
            busy.send(ASK[:20])
            told = change(proxy, listen_more={"address": moved})
            assert told["listeners"]["opened"] == ["more"]
            until(lambda: refuses(more), "the old address refuses")
            assert get(moved).status == 200
            answer = old.send(ASK).response()
            assert answer.status == 200 and answer.closes
            assert busy.send(ASK[20:]).response().closes

        told = change(proxy, listen_more=None)
        assert told["listeners"] == {"kept": ["web"], "opened": [], "closed": ["more"]}
        until(lambda: refuses(moved), "nobody listens there any more")
        answer = unchanged.send(ASK).response()
        assert answer.status == 200 and not answer.closes


def test_a_listener_that_is_led_to_another_cluster_keeps_its_connections() -> None:
    """The next request on the very same connection is answered by the other cluster."""
    with Node(name="blue") as blue, Node(name="green") as green:
        more = {"cluster.green": {"nodes": [green.address]}}
        with Proxy(blue, more=more) as proxy, proxy.client() as client:
            assert client.send(ASK).response().body == b"blue"
            change(proxy, listen_web={"to": "green"})
            assert client.send(ASK).response().body == b"green"
            change(proxy, listen_web={"to": "users"}, cluster_green=None)
            assert client.send(ASK).response().body == b"blue"


def test_a_node_that_is_taken_out_finishes_what_it_has_begun() -> None:
    """Its answer under way comes whole, and no further request reaches it."""
    go = threading.Event()

    def script(exchange: Exchange) -> None:
        exchange.read()
        assert go.wait(60)
        exchange.reply(200, b"done")

    with Node(script) as leaving, Node() as staying:
        cluster = {"strategy": "round_robin"}
        with Proxy(leaving, cluster=cluster) as proxy, proxy.client() as client:
            client.send(ASK)
            until(lambda: leaving.hits == 1, "it is under way")
            change(proxy, cluster_users={"nodes": entries(staying)})
            assert {proxy.get("/").status for _ in range(10)} == {200}
            go.set()
            assert client.response().body == b"done"
            assert client.send(ASK).response().status == 200
            assert leaving.hits == 1
            until(lambda: leaving.open == 0, "its connections are closed")


@pytest.mark.parametrize(
    ("what", "more"),
    [
        ("a syntax error", "[cluster.users\n"),
        ("an unknown key", '[cluster.bad]\nnodes = ["127.0.0.1:1"]\nstrategi = "random"\n'),
        ("an unknown cluster", '[listen.bad]\naddress = "127.0.0.1:1"\nto = "nobody"\n'),
        ("a port in use", '[listen.bad]\naddress = "{admin}"\nto = "users"\n'),
    ],
)
def test_a_bad_file_is_refused_and_changes_nothing(what: str, more: str) -> None:
    """By the API with its faults, by SIGHUP with a line on standard error; the old one stays in force."""
    with Node() as node, Proxy(node) as proxy, Load(proxy.address, 4) as load:
        load.more()
        before, good = edition(proxy), proxy.file.read_text()
        told = refused(proxy, good + more.format(admin=proxy.admin))
        assert told["message"], told
        assert told.get("faults") or told["error"] == "not_applied"
        said = len(proxy.stderr())
        proxy.file.write_text(good.replace("10s", "11s") + more.format(admin=proxy.admin))
        proxy.signal(signal.SIGHUP)
        until(lambda: len(proxy.stderr()) > said, "the refusal is told")
        assert edition(proxy) == before
        load.more()
        proxy.file.write_text(good.replace("10s", "12s"))
        proxy.signal(signal.SIGHUP)
        until(lambda: edition(proxy) == before + 1, "a good one is taken")
        assert not load.stop().failures


def test_a_reload_does_not_disturb_a_drain() -> None:
    """What was asked after SIGTERM is refused or taken; the request under way is answered, and the exit code is 0."""
    go = threading.Event()

    def script(exchange: Exchange) -> None:
        exchange.read()
        assert go.wait(60)
        exchange.reply(200, b"done")

    with Node(script) as node, Proxy(node, proxy={"drain": "30s"}) as proxy:
        proxy.clusters()
        with proxy.client() as client:
            client.send(ASK)
            until(lambda: node.hits == 1, "the request is under way")
            proxy.signal()
            until(lambda: refuses(proxy.address), "no new connections")
            rewrite(proxy, cluster_users={"strategy": "random"})
            proxy.signal(signal.SIGHUP)
            answer = get(proxy.admin, "/v1/reload", method="POST")
            assert answer.status in (200, 409, 422, 503), answer
            assert refuses(proxy.address)
            go.set()
            answer = client.response()
            assert (answer.status, answer.body) == (200, b"done")
        assert proxy.wait() == 0


def test_a_hundred_hangups_at_once_end_with_the_last_file() -> None:
    """Signals that come together may be one; the file as it is in the end is in force."""
    with Node() as node, Proxy(node) as proxy, Load(proxy.address, 4) as load:
        load.more()
        before = edition(proxy)
        for turn in range(100):
            rewrite(proxy, cluster_users={"nodes": entries(node, weight=turn + 1)})
            os.kill(proxy.pid, signal.SIGHUP)
        until(lambda: nodes(proxy)[node.address]["weight"] == 100, "the last file is in force")
        assert before < edition(proxy) <= before + 100
        load.more()
        assert not load.stop().failures
        idle(proxy)


def test_two_thousand_nodes_are_swapped_under_load() -> None:
    """Half of them leave and as many come, several times; nobody waits in vain."""
    with Node(host="0.0.0.0") as node:

        def many(first: int) -> list[str]:
            # All of 127/8 is this machine, and one node answers everywhere.
            places = (divmod(number, 250) for number in range(first, first + 2000))
            return [f"127.1.{high}.{low + 1}:{node.port}" for high, low in places]

        with Proxy(*many(0)) as proxy:
            with Load(proxy.address, 4) as load:
                load.more()
                for turn in range(1, 6):
                    told = change(proxy, cluster_users={"nodes": many(turn * 1000)})
                    assert told.get("nodes", told) == {"added": 1000, "removed": 1000, "changed": 0}
                    load.more(50)
            assert not load.stop().failures
            assert list(nodes(proxy)) == many(5000)
            idle(proxy)


def test_a_new_token_counts_at_once() -> None:
    """Who has the old one is turned away, who has the new one is let in."""
    first, second = ("Authorization: Bearer first-secret", "Authorization: Bearer other-secret")
    with Node() as node, Proxy(node) as proxy:
        rewrite(proxy, admin={"token": "first-secret"})
        assert ask(proxy, "POST", "/v1/reload")[0] == 200
        assert get(proxy.admin, "/v1/config").status == 401
        assert edition(proxy, first) == 2
        rewrite(proxy, admin={"token": "other-secret"})
        assert ask(proxy, "POST", "/v1/reload", "", first)[0] == 200
        assert get(proxy.admin, "/metrics", first).status == 401
        assert get(proxy.admin, "/metrics", second).status == 200
        assert edition(proxy, second) == 3


def test_a_connection_to_an_admin_listener_that_has_moved_ends_with_its_next_answer() -> None:
    """And that is by the token in force now: the old one opens no door that somebody kept open."""
    moved = f"{LOOPBACK}:{free_ports(1)[0]}"
    wish = b"GET /metrics HTTP/1.1\r\nHost: t\r\n\r\n"
    with Node() as node, Proxy(node) as proxy:
        assert edition(proxy) == 1
        rewrite(proxy, admin={"address": moved, "token": "other-secret"})
        with Client(proxy.admin) as kept:
            assert not kept.send(wish).response().closes
            assert ask(proxy, "POST", "/v1/reload")[0] == 200
            answer = kept.send(wish).response()
        assert (answer.status, answer.closes) == (401, True)
        assert refuses(proxy.admin)
        proxy.admin = moved
        assert edition(proxy, "Authorization: Bearer other-secret") == 2


def test_a_refused_file_leaves_no_socket_behind(tmp_path: Path) -> None:
    """A UNIX socket that was bound for it goes with its file, whatever was refused afterwards."""
    path = tmp_path / "more.sock"
    with Node() as node, Proxy(node) as proxy:
        more = f'\n[listen.more]\naddress = "unix:{path}"\nto = "users"\n'
        busy = f'\n[listen.busy]\naddress = "{node.address}"\nto = "users"\n'
        good = proxy.file.read_text()
        log = good.replace(str(proxy.access), "/nowhere/at/all")
        assert log != good
        for text in (good + more + busy, log + more):
            assert refused(proxy, text)["error"] == "not_applied"
            assert not path.exists()
        assert edition(proxy) == 1


def test_the_access_log_moves_without_losing_a_line() -> None:
    """Each request is in the old file or in the new one, whichever was in force."""
    with Node() as node, Proxy(node) as proxy:
        with Load(proxy.address, 4) as load:
            load.more()
            second = proxy.folder / "second.jsonl"
            change(proxy, log={"access": str(second)})
            load.more()
            change(proxy, log={"access": str(proxy.access)})
            load.more()
        total = load.stop().ok
        assert not load.tally.failures

        def lines() -> int:
            return sum(len(log.read_text().splitlines()) for log in (proxy.access, second))

        until(lambda: lines() == total, f"{total} lines in both logs")
        assert second.read_text()


def test_a_hangup_while_the_control_process_is_dead_is_carried_out_later() -> None:
    """It is killed, the signal comes before the next one has started, and the new file is in force all the same."""
    with Node() as node, Node() as other, Proxy(node) as proxy, Load(proxy.address, 4) as load:
        proxy.clusters()
        control = proxy.control()
        os.kill(control, signal.SIGSTOP)  # so that it is certain not to answer
        rewrite(proxy, cluster_users={"nodes": entries(node, other)})
        proxy.signal(signal.SIGHUP)
        os.kill(control, signal.SIGKILL)
        until(lambda: other.address in nodes(proxy), "the new file is in force")
        load.more()
        assert not load.stop().failures


def test_a_change_that_takes_its_time_is_answered_with_what_came_of_it() -> None:
    """Questions are given up after three seconds, changes are not: who hears nothing would ask again."""
    with Node() as node, Proxy(node) as proxy:
        assert edition(proxy) == 1
        rewrite(proxy, cluster_users={"strategy": "random"})
        control = proxy.control()
        os.kill(control, signal.SIGSTOP)
        try:
            with Client(proxy.admin, timeout=60) as admin:
                admin.send(b"POST /v1/reload HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n")
                assert get(proxy.admin, "/v1/config").status == 504
                os.kill(control, signal.SIGCONT)
                answer = admin.response("POST")
        finally:
            os.kill(control, signal.SIGCONT)
        assert answer.status == 200, answer
        assert edition(proxy) == 2


def test_an_address_where_nobody_answers_does_no_harm() -> None:
    """A file may name a node that is not there yet: requests go to the others."""
    with Node() as node, Proxy(node) as proxy, Load(proxy.address, 4) as load:
        load.more()
        change(
            proxy,
            cluster_users={"nodes": [node.address, closed_port()], "health": {"tcp": True}},
        )
        load.more()
        assert not load.stop().failures


def test_sighup_says_which_edition_it_made() -> None:
    """The engine's own number grows by one with each file that differs, and stays when nothing does."""
    with Node() as node, Proxy(node) as proxy:
        assert edition(proxy) == 1
        assert hang_up(proxy, cluster_users={"strategy": "random"}) == 2
        status, told = ask(proxy, "POST", "/v1/reload")
        assert status == 200
        assert told["edition"] == 2
