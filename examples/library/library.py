"""A program that calls three servers through `evenly.Balancer`: one is slow, one dies, no call fails."""

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import evenly

CALLERS = 6
CALLS = 50  # of each caller, in each of the two rounds


def start_server(name, pause):
    """Start a real server as a process of its own; return it with its address."""
    script = Path(__file__).parents[1] / "server.py"
    command = [sys.executable, str(script), name, str(pause)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    return process, process.stdout.readline().strip()


def call(servers):
    """Call one of the servers; a try that fails goes on to another one, within the retry budget."""
    for attempt in servers.attempts(3):
        with attempt as pick, urllib.request.urlopen(f"http://{pick}/", timeout=5) as reply:
            pick.status(reply.status)
            return reply.read().decode()
    raise AssertionError("unreachable: the last attempt raises")


def caller(servers):
    answers = Counter()
    for _ in range(CALLS):
        try:
            answers[call(servers)] += 1
        except (OSError, evenly.NoNodeAvailable) as error:
            answers[f"failed: {error!r}"] += 1
    return answers


def traffic(servers, halfway=lambda: None):
    with ThreadPoolExecutor(CALLERS) as pool:
        callers = [pool.submit(caller, servers) for _ in range(CALLERS)]
        time.sleep(0.1)
        halfway()
        return sum((one.result() for one in callers), Counter())


def show(title, answers, servers):
    print(f"{title}: {answers.total()} calls, answered by {dict(sorted(answers.items()))}")
    for node in servers.nodes:
        print(f"  {node.id:<16} picks {node.picks:>4}  failures {node.failures:>3}  {node.reason}")
    print(flush=True)


def main():
    processes, addresses = zip(
        start_server("quick", 0.005),
        start_server("steady", 0.005),
        start_server("slow", 0.1),
        strict=True,
    )
    try:
        servers = evenly.Balancer(addresses)
        calm = traffic(servers)
        show("Three servers, one of them twenty times slower", calm, servers)
        rough = traffic(servers, halfway=processes[0].kill)
        show("Server quick is killed while calls are under way", rough, servers)
    finally:
        for process in processes:
            process.kill()
            process.wait()

    everything = CALLERS * CALLS
    names = ("quick", "steady", "slow")
    claims = {
        "no call fails while all three run": sum(calm[name] for name in names) == everything,
        "the slow server gets less than a tenth": calm["slow"] < everything / 10,
        "no call fails as one of them dies": sum(rough[name] for name in names) == everything,
        "every place on loan was given back": all(node.in_flight == 0 for node in servers.nodes),
    }
    for claim, held in claims.items():
        print(f"{'held  ' if held else 'BROKEN'} {claim}")
    return 0 if all(claims.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
