"""Reload, drain, change the strategy, kill nodes: all of it under load, and every request counted on both sides."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from clients import Clients

HERE = Path(__file__).parent
FILE = """
[proxy]
workers = 2

[admin]
address = "127.0.0.1:{admin}"

[log]
access = "access.jsonl"

[listen.web]
address = "127.0.0.1:{web}"
to = "users"

[cluster.users]
nodes = [{nodes}]
slow_start = "{slow_start}"
"""


def free_ports(count):
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


class Node:
    """One server process, which can be killed and brought back on the same port."""

    def __init__(self, name, port, folder):
        self.name, self.port, self.record = name, port, folder / f"{name}.ids"
        self.address = f"127.0.0.1:{port}"
        self.start()

    def start(self):
        command = [sys.executable, str(HERE / "node.py"), self.name, str(self.port), self.record]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline().strip() == self.name

    def end(self, number):
        self.process.send_signal(number)
        self.process.wait()
        self.process.stdout.close()

    def ids(self):
        return self.record.read_text().split()


class Proxy:
    """`evenly run` in a folder of its own, and the commands an operator types beside it."""

    def __init__(self, folder, nodes):
        self.folder = folder
        self.web, self.admin = free_ports(2)
        self.write(nodes)
        with (folder / "said").open("w") as said:
            command = ["evenly", "run", "evenly.toml"]
            self.process = subprocess.Popen(command, cwd=folder, stdout=said, stderr=said)
        self.wait(lambda: self.evenly("nodes", quiet=True))

    def write(self, nodes, slow_start="1s", more=""):
        listed = ", ".join(json.dumps(node.address) for node in nodes)
        text = FILE.format(web=self.web, admin=self.admin, nodes=listed, slow_start=slow_start)
        (self.folder / "evenly.toml").write_text(text + more)

    def evenly(self, *arguments, quiet=False):
        """Run a command; whether it ended well."""
        if not quiet:
            print("$ evenly", *arguments, flush=True)
        done = subprocess.run(
            ["evenly", *arguments],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if not quiet:
            print("".join(f"    {line}\n" for line in done.stdout.splitlines()[:6]), end="")
        return done.returncode == 0

    def state(self):
        """The nodes of the cluster by address, as the engine sees them."""
        command = ["evenly", "nodes", "--json"]
        told = subprocess.check_output(command, cwd=self.folder, text=True)
        (cluster,) = json.loads(told)
        return {node["address"]: node for node in cluster["nodes"]}

    def control(self):
        """The pid of the control process, or nothing while there is none."""
        engine = self.process.pid
        children = []
        for task in Path(f"/proc/{engine}/task").iterdir():
            children += (task / "children").read_text().split()
        return next((int(child) for child in children), None)

    @staticmethod
    def wait(fact):
        deadline = time.monotonic() + 30
        while not fact():
            if time.monotonic() > deadline:
                raise SystemExit("what was waited for did not happen within 30 s")
            time.sleep(0.05)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


def say(what):
    print(f"\n# {what}", flush=True)


def operate(proxy, clients, nodes, folder, spare_port):
    """What happens to the proxy while the clients ask."""
    a, b, c = nodes
    clients.more()

    say("another configuration")
    proxy.write([a, b, c], slow_start="2s")
    assert proxy.evenly("reload")
    clients.more()

    say("a file with a mistake is refused, and the one in force stays")
    proxy.write([a, b, c], more='strategy = "pwer_of_two"\n')
    assert not proxy.evenly("reload")
    proxy.write([a, b, c], slow_start="2s")
    clients.more()

    say(f"node {a.name} is drained, taken out and stopped; another takes its place")
    d = Node("d", spare_port, folder)
    assert proxy.evenly("add", "users", d.address)
    assert proxy.evenly("drain", "users", a.address, "--wait", "30s")
    assert proxy.evenly("remove", "users", a.address)
    a.end(signal.SIGTERM)
    clients.more()

    say("weights and strategy")
    assert proxy.evenly("weight", "users", b.address, "3")
    clients.more()
    assert proxy.evenly("strategy", "users", "round_robin")
    clients.more()
    assert proxy.evenly("strategy", "users", "power_of_two")
    clients.more()

    say(f"node {b.name} is killed, and comes back")
    b.end(signal.SIGKILL)
    clients.more(600)
    b.start()
    clients.more()

    say("the control process is killed, and SIGHUP comes before the next one is there")
    proxy.write([b, c, d], slow_start="3s")
    os.kill(proxy.control(), signal.SIGKILL)
    proxy.process.send_signal(signal.SIGHUP)
    clients.more()
    proxy.wait(lambda: a.address not in proxy.state() and d.address in proxy.state())
    assert proxy.evenly("nodes")
    clients.more()
    return d


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        *ports, spare_port = free_ports(4)
        nodes = [Node(name, port, folder) for name, port in zip("abc", ports, strict=True)]
        proxy = Proxy(folder, nodes)
        try:
            with Clients(f"127.0.0.1:{proxy.web}") as clients:
                nodes.append(operate(proxy, clients, nodes, folder, spare_port))
            ended = proxy.end()
        finally:
            for process in [proxy.process, *(node.process for node in nodes)]:
                process.kill()
                process.wait()
        return tell(clients, nodes, folder / "access.jsonl", ended)


def tell(clients, nodes, log, ended):
    """Both sides' books, and what is claimed of them."""
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    recorded = {node.name: node.ids() for node in nodes}
    known = {name: set(ids) for name, ids in recorded.items()}
    everywhere = [one for ids in recorded.values() for one in ids]
    again = sum(line["tries"] - 1 for line in lines)
    print(f"\nclients   {len(clients.answers):>7,} answered, {len(clients.failures)} failed")
    for name, ids in recorded.items():
        print(f"node {name}    {len(ids):>7,} read")
    print(f"log       {len(lines):>7,} lines, {again} tries on a second node\n")
    claims = {
        "no client saw a failure": not clients.failures,
        "no connection that a client kept was closed": clients.reopened == 0,
        "who answered had read the request": all(
            name in known[node] for name, node in clients.answers.items()
        ),
        "no node read what no client got an answer to": set(everywhere) == set(clients.answers),
        "what was read twice was tried twice": len(everywhere) - len(set(everywhere)) <= again,
        "the log has one line for each request": len(lines) == len(clients.answers),
        "every line is a success": all(line["status"] == 200 for line in lines),
        "the proxy ended well": ended == 0,
    }
    for claim, held in claims.items():
        print(f"{'held  ' if held else 'BROKEN'} {claim}")
    for failure in clients.failures[:10]:
        print(f"    {failure}")
    return 0 if all(claims.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
