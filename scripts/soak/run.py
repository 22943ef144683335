"""The soak itself: nodes, proxy and clients, and somebody who never leaves them alone."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.soak.audit import Audit, audit
from scripts.soak.books import Books
from scripts.soak.changes import STEADY, Document
from scripts.soak.clients import Town
from scripts.soak.nodes import Fleet, Member
from scripts.soak.reload import Editions
from scripts.soak.unruly import bustle
from scripts.soak.watch import Drift, Watch, drift
from tests.integration.harness import processes
from tests.integration.harness.ports import LOOPBACK, free_ports
from tests.integration.harness.proxy import Proxy
from tests.integration.harness.state import idle
from tests.integration.harness.waiting import NeverHappened, until

SIZES = {"users": 4, "orders": 3, "chat": 3, "keys": 3}
SETTLE = 3.0
"""Seconds between a node's return and the next death in its cluster: a request that met the first is over by then."""
PATIENCE = 90.0
"""Seconds the clients may take to finish what they have begun; their own patience ends before."""


@dataclass(frozen=True)
class Pace:
    """How long, and every how many seconds what happens; a reload every 0 seconds is none."""

    seconds: float
    seed: int
    reload: float
    kill: float
    control: float
    rotate: float

    @classmethod
    def of(cls, minutes: float, seed: int, reload: float) -> Pace:
        """A short soak is more eventful, so that everything happens in it."""
        seconds = minutes * 60
        kill, control, rotate = (
            min(8.0, seconds / 8),
            min(60.0, seconds / 3),
            min(45.0, seconds / 4),
        )
        return cls(seconds, seed, reload, kill, control, rotate)


@dataclass
class Report:
    """All that is known at the end."""

    pace: Pace
    books: Books
    audit: Audit
    drifts: dict[str, Drift | None]
    done: Counter[str]
    wrong: list[str]
    seconds: float


class Soak:
    """One soak, from the first process to the last."""

    def __init__(self, pace: Pace, folder: Path) -> None:
        self.pace = pace
        self.rng = random.Random(f"{pace.seed} soak")
        self.fleet = Fleet(folder, SIZES)
        self.spare = f"{LOOPBACK}:{free_ports(1)[0]}"
        self.document = Document(self.fleet, self.spare, pace.seed)
        self.log = folder / "access.jsonl"
        self.logs = [self.log]
        self.books = Books()
        self.watch = Watch()
        self.done: Counter[str] = Counter()
        self.wrong: list[str] = []

    def run(self) -> Report:
        """Run it; whatever happens, every process that was started is ended."""
        began = time.monotonic()
        with self.fleet:
            with self.proxy() as proxy:
                proxy.clusters()
                before = processes.descriptors(proxy.pid)
                with self.traffic(proxy) as town:
                    self.live(proxy, town)
                self.at_rest(proxy, before)
                state = proxy.clusters()["clusters"]
                metrics = proxy.metrics()
            # The last lines are written as the proxy ends.
            found = audit(self.books, self.logs, self.fleet.members)
        for cluster in state:
            self.ledger(cluster, found)
        self.expect(
            "requests in the metrics",
            int(metrics.sum("evenly_requests_total")),
            found.lines,
        )
        self.expect("lines dropped", int(metrics.sum("evenly_access_log_dropped_total")), 0)
        self.expect("connections closed that were to be kept", town.closures, 0)
        drifts = {role: drift(self.watch.longest(role)) for role in ("engine", "control")}
        for role, one in drifts.items():
            if one is not None and not one.flat:
                self.wrong.append(f"the {role} process grew: {one}")
        wrong = [*self.wrong, *found.wrong]
        spent = time.monotonic() - began
        return Report(self.pace, self.books, found, drifts, self.done, wrong, spent)

    def expect(self, what: str, found: int, wanted: int) -> None:
        """Two numbers that must be one."""
        if found != wanted:
            self.wrong.append(f"{what}: {found}, and should be {wanted}")

    def proxy(self) -> Proxy:
        """The proxy with four listeners, each before a cluster of its own."""
        api, live, keys = free_ports(3)
        more = {
            "listen.api": {"address": f"{LOOPBACK}:{api}", "to": "orders"},
            "listen.live": {"address": f"{LOOPBACK}:{live}", "to": "chat"},
            "listen.keys": {"address": f"{LOOPBACK}:{keys}", "to": "keys"},
            "log": {"access": str(self.log)},
        }
        made = Proxy(*self.document.clusters["users"]["nodes"], more=more)
        made.tables = self.document.tables(made.tables)
        made.save()
        return made

    @contextlib.contextmanager
    def traffic(self, proxy: Proxy) -> Iterator[Town]:
        """All clients, in a thread of their own, until the block is left and each has finished."""
        addresses = {
            name.partition(".")[2]: str(table["address"])
            for name, table in proxy.tables.items()
            if name.startswith("listen.")
        }
        town = Town(addresses, self.books, self.pace.seed)
        loop = asyncio.new_event_loop()

        def live() -> None:
            try:
                loop.run_until_complete(bustle(town))
            except BaseException as error:  # noqa: BLE001 - told by the thread that waits
                self.wrong.append(f"the clients ended with {error!r}")
            finally:
                loop.close()

        thread = threading.Thread(target=live, daemon=True)
        thread.start()
        try:
            yield town
        finally:
            loop.call_soon_threadsafe(town.stopping.set)
            thread.join(PATIENCE)
        if thread.is_alive():
            self.wrong.append(f"clients still wait for requests {self.books.open()[:5]}")

    def live(self, proxy: Proxy, town: Town) -> None:
        """Let things happen, each at its time, until the time is up."""
        editions = Editions(proxy, self.document, town)
        every: list[tuple[float, Callable[[], None]]] = [
            (1.0, lambda: self.look(proxy)),
            (self.pace.kill, self.kill),
            (self.pace.control, lambda: self.kill_control(proxy)),
            (self.pace.rotate, lambda: self.rotate(proxy)),
        ]
        if self.pace.reload:
            every.append((self.pace.reload, lambda: self.done.update(editions.next())))
        start = time.monotonic()
        due = [span for span, _ in every]
        while (now := time.monotonic() - start) < self.pace.seconds:
            for place, (span, happen) in enumerate(every):
                if now >= due[place]:
                    due[place] = now + span
                    happen()
            self.bring_back()
            time.sleep(0.05)
        self.bring_back(all_of_them=True)
        if self.pace.reload:
            editions.close_spare()

    def look(self, proxy: Proxy) -> None:
        """Take samples."""
        self.watch.look("engine", proxy.pid)
        for child in processes.children(proxy.pid):
            self.watch.look("control", child)

    def kill(self) -> None:
        """SIGKILL one node whose cluster can bear it."""
        now = time.time()
        able: list[Member] = []
        for cluster in SIZES:
            members = self.fleet.of(cluster)
            inside = self.document.inside(cluster)
            if all(one.alive and not one.absent(now - SETTLE, now) for one in members):
                able += [one for one in members if inside != {one.address}]
        if able:
            self.rng.choice(able).kill()
            self.done["nodes killed"] += 1

    def bring_back(self, *, all_of_them: bool = False) -> None:
        """Start nodes that have been dead for a while."""
        for member in self.fleet.members:
            away = not member.alive and time.time() - member.absences[-1].began
            if away and (all_of_them or away > self.pace.kill / 2):
                member.launch()
                member.wait()
                self.done["nodes brought back"] += 1

    def kill_control(self, proxy: Proxy) -> None:
        """SIGKILL the control process; the engine starts another."""
        os.kill(proxy.control(), signal.SIGKILL)
        self.done["control processes killed"] += 1

    def rotate(self, proxy: Proxy) -> None:
        """Rename the access log and have it opened anew: no line may be lost or come twice."""
        self.logs.append(self.log.rename(self.log.with_suffix(f".{len(self.logs)}")))
        proxy.signal(signal.SIGUSR1)
        until(self.log.exists, "the access log is opened anew")
        self.done["access log rotated"] += 1

    def at_rest(self, proxy: Proxy, before: int) -> None:
        """After the last client: nothing in flight, and as many descriptors as before the first."""
        try:
            idle(proxy)
            until(
                lambda: processes.descriptors(proxy.pid) <= before + 2,
                f"{before} descriptors again",
            )
        except NeverHappened as fault:
            self.wrong.append(str(fault))

    def ledger(self, cluster: dict[str, object], found: Audit) -> None:
        """Each pick has ended in one way; of the cluster whose nodes stayed, each try is a pick."""
        name, picks = str(cluster["name"]), 0
        nodes = cluster["nodes"]
        assert isinstance(nodes, list)
        for node in nodes:
            ended = node["completed"] + node["failures"] + node["cancelled"]
            self.expect(f"picks of {node['id']} that have ended", ended, node["picks"])
            picks += node["picks"]
        if name == STEADY or not self.pace.reload:
            self.expect(f"picks in {name}", picks, found.tries[name])
