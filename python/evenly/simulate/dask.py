"""Jobs on an existing Dask cluster. `distributed` is loaded only when one is named."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from evenly import _engine
from evenly.errors import EvenlyError
from evenly.simulate.jobs import LOOK, Gauge, Job, Played, Progress

Client = Any
Future = Any
# distributed has no types of its own.

__all__ = ["NoCluster", "play_on"]

PATIENCE = 10.0
"""Seconds that a scheduler may take to answer."""


class NoCluster(EvenlyError):
    """A Dask cluster that cannot be used. The message says why, and what to do."""


def play_on(address: str, jobs: Sequence[Job], progress: Progress | None) -> Played:
    """Run jobs on the workers of the scheduler at `address`, one thread each.

    Raises `NoCluster` when there is none, or when its workers lack Evenly.
    """
    if not re.search(r":\d+$|^inproc://", address):
        # The client would say so, too, and then wait for its own end.
        raise NoCluster(
            f"no Dask scheduler answers at {address}: an address ends in a port, such as tcp://10.0.0.1:8786; "
            "start one with `dask scheduler`, and workers with `dask worker ADDRESS`"
        )
    try:
        import distributed
    except ImportError:
        raise NoCluster(
            "a Dask cluster needs `distributed`, which is not installed: pip install 'evenly[dask]'"
        ) from None
    try:
        client: Client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise NoCluster(
            f"no Dask scheduler answers at {address}: {str(error) or 'timed out'}; "
            "start one with `dask scheduler`, and workers with `dask worker ADDRESS`"
        ) from None
    with closing(client):
        return _play(client, jobs, Gauge(jobs, progress))


def _play(client: Client, jobs: Sequence[Job], gauge: Gauge) -> Played:
    if not client.scheduler_info()["workers"]:
        raise NoCluster("the Dask cluster has no workers: start some with `dask worker ADDRESS`")
    futures = [client.submit(_remote, *_parcel(job), pure=False) for job in jobs]
    interrupted = False
    try:
        _watch(futures, jobs, gauge)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        client.cancel([future for future in futures if not future.done()])
    found = {}
    for place, future in enumerate(futures):
        if future.status == "finished":
            found[place] = json.loads(future.result())
        elif future.status == "error":
            _told(future)
    return Played(found, interrupted)


def _watch(futures: Sequence[Future], jobs: Sequence[Job], gauge: Gauge) -> None:
    while not gauge.stop.is_set():
        for place, future in enumerate(futures):
            if future.status == "error":
                _told(future)
            if future.done():
                gauge.done[place] = jobs[place].size or 0
        gauge.tell()
        if all(future.done() for future in futures):
            return
        time.sleep(LOOK)


def _told(future: Future) -> None:
    """Raise what a worker has raised."""
    try:
        future.result()
    except ModuleNotFoundError as error:
        raise NoCluster(
            f"a worker lacks {error.name}: install the same Evenly on all of them"
        ) from None


def _parcel(job: Job) -> tuple[str, str, int, int, Any]:
    """What travels to a worker."""
    scenario = job.scenario
    text = json.dumps(scenario.with_strategy(job.contender))
    return _engine.version, text, scenario.seed, scenario.replications, job.contender.fresh()


def _remote(version: str, text: str, seed: int, replications: int, strategy: Any) -> str:
    """Runs on the worker, and only if that is of the same version: figures of two engines do not mix."""
    if _engine.version != version:
        raise NoCluster(
            f"a worker has Evenly {_engine.version}, and here is {version}: install the same on all"
        )
    return _engine.simulate(text, seed, replications, 1, None, strategy)
