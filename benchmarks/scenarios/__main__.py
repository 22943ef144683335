"""Every scenario, every product, one run: `python -m benchmarks.scenarios`.

    [--only a,b,c] [--products evenly,nginx] [--rounds 1] [--out FILE] [--seed N]

The order of the products is drawn anew in each round. Scenarios whose figures need the processor are played one by
one; of the others, which count shares and failures, two are played at a time: one with a product written in C or Rust
and one with the others, so that neither lacks processor. Results go to `benchmarks/results/scenarios.json`, and
`make docs` makes docs/scenarios.md from them.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.proxy.products import cpu_name

from . import rig, tables
from .products import WAYS, Way, missing_programs
from .scenarios import SCENARIOS, Scenario

ROOT = Path(__file__).resolve().parents[2]
CHEAP = {"evenly", "nginx", "haproxy"}
Plays = dict[str, dict[str, list[dict[str, float]]]]


class Table:
    """What has been played, filled by two lanes."""

    def __init__(self, programs: Path) -> None:
        self.programs = programs
        self.plays: Plays = {}
        self.versions: dict[str, str] = {}
        self.errors: list[str] = []
        self._lock = threading.Lock()

    def play(self, scenario: Scenario, ways: Sequence[Way]) -> None:
        """Play one scenario with these in turn. What cannot be played is said, and does not stop the others."""
        for way in ways:
            try:
                requests, version = rig.play(self.programs, way, scenario)
            except (OSError, RuntimeError) as error:
                self.errors.append(f"{scenario.id}, {way.name}: {error}")
                print(f"! {self.errors[-1]}", file=sys.stderr)
                continue
            scores = scenario.judge(requests)
            with self._lock:
                self.plays.setdefault(scenario.id, {}).setdefault(way.name, []).append(scores)
                self.versions[f"{way.product} ({way.name})"] = version
            said = ", ".join(f"{key} {value:,.2f}" for key, value in scores.items())
            print(f"{scenario.id}: {way.name}: {said}", file=sys.stderr)


def ways_of(scenario: Scenario, chosen: set[str], rng: random.Random) -> list[Way]:
    """Who plays a scenario, in an order of chance."""
    ways = [way for way in WAYS if way.kind in scenario.kinds and way.product in chosen]
    return rng.sample(ways, len(ways))


def play_all(table: Table, scenarios: Sequence[Scenario], options: argparse.Namespace) -> None:
    """Everything, round by round."""
    rng = random.Random(options.seed)
    chosen = set(options.products.split(","))
    for turn in range(max(options.rounds or one.rounds for one in scenarios)):
        for scenario in scenarios:
            if turn >= (options.rounds or scenario.rounds):
                continue
            ways = ways_of(scenario, chosen, rng)
            if scenario.alone:
                table.play(scenario, ways)
                continue
            lanes = [
                [way for way in ways if (way.product in CHEAP) is cheap] for cheap in (True, False)
            ]
            threads = [threading.Thread(target=table.play, args=(scenario, lane)) for lane in lanes]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()


def result(
    table: Table, scenarios: Sequence[Scenario], seed: int, minutes: float
) -> dict[str, Any]:
    """Everything that the page is made from."""
    return {
        "measured": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "minutes": round(minutes, 1),
        "cpu": cpu_name(),
        "kernel": platform.release(),
        "seed": seed,
        "versions": dict(sorted(table.versions.items())),
        "options": {way.name: way.option for way in WAYS},
        "errors": table.errors,
        "plays": {one.id: table.plays.get(one.id, {}) for one in scenarios},
    }


def main() -> int:
    """Play, print, store."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default=",".join(one.id for one in SCENARIOS))
    parser.add_argument("--products", default=",".join(dict.fromkeys(way.product for way in WAYS)))
    parser.add_argument("--rounds", type=int, help="instead of each scenario's own number")
    parser.add_argument("--seed", type=int, default=1, help="of the order of the products")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/results/scenarios.json")
    options = parser.parse_args()
    lacking = [tool for tool in ("nginx", "haproxy", "gcc", "taskset") if not shutil.which(tool)]
    if lacking := lacking + missing_programs():
        print(
            f"missing: {', '.join(lacking)}; scripts/install-test-packages, scripts/bench --peers"
        )
        return 1
    scenarios = [one for one in SCENARIOS if one.id in options.only.split(",")]
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="evenly-scenarios-") as name:
        table = Table(Path(name))
        rig.compiled(table.programs)
        play_all(table, scenarios, options)
    found = result(table, scenarios, options.seed, (time.monotonic() - began) / 60)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    print(tables.text(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
