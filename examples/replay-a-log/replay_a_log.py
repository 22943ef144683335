"""An access log of real traffic says which strategy would have been better; then it is tried, for real."""

import asyncio
import contextlib
import json
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import fmean

SERVERS = {"one": 0.010, "two": 0.010, "slow": 0.025}  # seconds for a request, two at a time
RATE = (
    190  # requests per second: dealt out in turn, the slow server is busy four fifths of the time
)
SECONDS = 8

CONFIG = """
[listen.web]
address = "{listen}"
to = "users"

[cluster.users]
nodes = [{nodes}]
strategy = "{strategy}"

[log]
access = "{log}"
"""


def start_server(name, pause):
    """Start a real server that works on two requests at a time; return it with its address."""
    script = Path(__file__).parents[1] / "server.py"
    command = [sys.executable, str(script), name, str(pause), "2"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    return process, process.stdout.readline().strip()


@contextlib.contextmanager
def proxy(folder, nodes, strategy):
    """`evenly run` with that strategy until the block ends; yields its port, its file and its log."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log, file = folder / f"{strategy}.jsonl", folder / f"{strategy}.toml"
    listed = ", ".join(f'{{ id = "{name}", address = "{at}" }}' for name, at in nodes.items())
    listen = f"127.0.0.1:{port}"
    file.write_text(CONFIG.format(listen=listen, nodes=listed, strategy=strategy, log=log))
    process = subprocess.Popen(["evenly", "run", str(file)], stderr=subprocess.DEVNULL)
    try:
        for _ in range(400):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        yield port, file, log
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


async def traffic(port):
    """Requests at random moments, the same for each strategy; seconds that each took."""
    rng, began = random.Random(7), time.monotonic()
    moments, at = [], 0.0
    while at < SECONDS:
        at += rng.expovariate(RATE)
        moments.append(at)

    async def ask(moment):
        await asyncio.sleep(max(0.0, began + moment - time.monotonic()))
        sent = time.monotonic()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: users\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
        assert answer.startswith(b"HTTP/1.1 200"), answer[:100]
        return time.monotonic() - sent

    return await asyncio.gather(*(ask(moment) for moment in moments))


def simulate(file, log, plots):
    """The one command this example is about; for this program the means of log and strategies."""
    command = ["evenly", "simulate", "--config", str(file), "--log", str(log)]
    print(f"$ evenly simulate --config {file.name} --log {log.name} --plot DIR\n", flush=True)
    subprocess.run([*command, "--plot", str(plots)], check=True)
    found = subprocess.run([*command, "--json"], check=True, capture_output=True, text=True)
    told = json.loads(found.stdout)
    means = {one["strategy"]: one["response"]["mean"]["value"] for one in told["calm"]["results"]}
    return {"as logged": told["logged"]["mean"], **means}


def main():
    plots = Path(tempfile.gettempdir()) / "evenly-replay-a-log"
    servers, nodes = [], {}
    try:
        for name, pause in SERVERS.items():
            process, nodes[name] = start_server(name, pause)
            servers.append(process)
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            print(
                f"{SECONDS} s of real traffic, dealt out in turn over three servers, one of them slow …\n"
            )
            with proxy(folder, nodes, "round_robin") as (port, file, log):
                before = fmean(asyncio.run(traffic(port)))
            predicted = simulate(file, log, plots)
            logged = predicted.pop("as logged")
            best = min(predicted, key=predicted.__getitem__)
            print(f"\nThe same traffic once more, now really with {best} …\n", flush=True)
            with proxy(folder, nodes, best) as (port, _, _):
                after = fmean(asyncio.run(traffic(port)))
    finally:
        for process in servers:
            process.kill()
            process.wait()

    print(f"{'mean response time':<20} predicted   measured")
    for name, measured in (("round_robin", before), (best, after)):
        print(f"  {name:<18} {1000 * predicted[name]:6.1f} ms  {1000 * measured:6.1f} ms")
    print()
    off = abs(predicted["round_robin"] / logged - 1)
    claims = {
        "the replay of what was agrees with its log, within a third": off < 1 / 3,
        f"it says that {best} would be better": predicted[best] < predicted["round_robin"],
        f"and {best} is better": after < before,
    }
    for claim, held in claims.items():
        print(f"{'held  ' if held else 'BROKEN'} {claim}")
    print(f"\nPictures: {plots}")
    return 0 if all(claims.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
