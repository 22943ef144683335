"""`evenly serve` in front of two servers: both get their share, and killing one loses no request."""

import contextlib
import http.client
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

CLIENTS = 8
REQUESTS = 100  # of each client, in each of the two rounds


def start_server(name):
    """Start a real server as a process of its own; return it with its address."""
    script = Path(__file__).parents[1] / "server.py"
    command = [sys.executable, str(script), name, "0.005"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    return process, process.stdout.readline().strip()


def start_proxy(nodes):
    """Start the one command this example is about; return it with the address it listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    print(f"$ evenly serve --listen {address} --to {','.join(nodes)}\n", flush=True)
    proxy = subprocess.Popen(["evenly", "serve", "--listen", address, "--to", ",".join(nodes)])
    host, port = address.split(":")
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection((host, int(port))):
            return proxy, address
        if proxy.poll() is not None:
            break
        time.sleep(0.05)
    sys.exit("the proxy did not come up")


def client(address):
    """One client with one connection: who answered each request, or what went wrong instead."""
    answers = Counter()
    connection = http.client.HTTPConnection(address, timeout=10)
    for _ in range(REQUESTS):
        try:
            connection.request("GET", "/")
            response = connection.getresponse()
            body = response.read().decode()
            answers[body if response.status == 200 else f"{response.status}: {body}"] += 1
        except (OSError, http.client.HTTPException) as error:
            answers[repr(error)] += 1
            connection.close()
    connection.close()
    return answers


def traffic(address, halfway=lambda: None):
    """Send everything from all clients at once; call `halfway` while they are at it."""
    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(client, address) for _ in range(CLIENTS)]
        time.sleep(0.2)
        halfway()
        return sum((one.result() for one in clients), Counter())


def show(title, answers):
    print(f"{title}: {answers.total()} requests")
    for who, count in sorted(answers.items()):
        print(f"  {who:<6} {count:>4}  {'#' * (40 * count // answers.total())}")
    print(flush=True)


def main():
    one, first = start_server("one")
    two, second = start_server("two")
    proxy, address = start_proxy([first, second])
    try:
        both = traffic(address)
        show("Both servers run", both)
        survivor = traffic(address, halfway=one.kill)
        show("Server one is killed while requests are under way", survivor)
        proxy.send_signal(signal.SIGTERM)
        drained = proxy.wait(timeout=40)
    finally:
        for process in (proxy, one, two):
            process.kill()
            process.wait()

    everything = CLIENTS * REQUESTS
    claims = {
        "each server answers at least a third": min(both["one"], both["two"]) >= everything / 3,
        "no request fails while both run": both["one"] + both["two"] == everything,
        "no request fails as one of them dies": survivor["one"] + survivor["two"] == everything,
        "the proxy drains and ends with 0": drained == 0,
    }
    for claim, held in claims.items():
        print(f"{'held  ' if held else 'BROKEN'} {claim}")
    return 0 if all(claims.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
