"""Holds the simulator to theory at length and writes docs/evidence.md.

    python -m scripts.evidence [--share 1.0] [--hashing] [--page]

`--share` plays that part of the requests; the page needs all. `--page` only writes the page anew from the last figures,
benchmarks/results/evidence.json; `--hashing` counts only the rings and the keys that move anew. Fails when a figure is
further from theory than chance explains.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

from scripts.evidence import growth, hashing, page
from scripts.evidence.case import Case, Finding, run
from scripts.evidence.cases import ageing, cases

FAR = 4.5
LEAST = 1_000_000
"""The tests play what is enough for honest intervals; here they shall be narrow, too."""


def main() -> int:
    """Play everything, print what is far off, write figures and page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--hashing", action="store_true")
    parser.add_argument("--page", action="store_true")
    options = parser.parse_args()
    if options.page or options.hashing:
        figures: dict[str, Any] = json.loads(page.FIGURES.read_text())
        if options.hashing:
            figures |= {"rings": hashing.rings(), "moves": hashing.moves()}
            store(figures)
        page.write(json.loads(page.FIGURES.read_text()))
        return 0
    began = time.monotonic()
    # The longest first, so that no core is left with it at the end.
    every = [*cases(), *ageing()]
    todo = sorted(every, key=lambda case: -case.requests)
    findings: list[Finding] = []
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        rings = pool.submit(hashing.rings)
        moves = pool.submit(hashing.moves)
        grown = pool.submit(growth.growth)
        for number, found in enumerate(pool.map(partial(play, options.share), todo), 1):
            findings += found
            print(f"\r{number} of {len(todo)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    order = {(case.table, case.row, case.at): place for place, case in enumerate(every)}
    findings.sort(key=lambda finding: order[finding.table, finding.row, finding.at])
    figures = {
        "measured": time.strftime("%Y-%m-%d", time.gmtime()),
        "minutes": round((time.monotonic() - began) / 60, 1),
        "findings": [flat(finding) for finding in findings],
        "rings": rings.result(),
        "moves": moves.result(),
        "growth": grown.result(),
    }
    far = [finding for finding in findings if is_far(finding)]
    for finding in far:
        print(
            f"{finding.row} at {finding.at}: {finding.figure} {finding.found} beside {finding.expected.value:.5g}"
        )
    print(f"{len(findings)} figures, {len(far)} further than {FAR} standard errors")
    if options.share >= 1.0:
        store(figures)
        page.write(json.loads(page.FIGURES.read_text()))
    return 1 if far else 0


def store(figures: dict[str, Any]) -> None:
    """Keep the figures; the page is made from them alone."""
    page.FIGURES.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n")


def play(share: float, case: Case) -> list[Finding]:
    """Play one case in a process of the pool, at least LEAST requests of it unless it runs in Python."""
    more = 1.0 if callable(case.scenario["strategies"][0]) else max(1.0, LEAST / case.requests)
    return run(case, share * more)


def is_far(finding: Finding) -> bool:
    """Two choices with ageing loads are bounded by theory; everything else is equal to it."""
    if finding.table == "ageing" and finding.row == "two choices":
        return finding.z > FAR
    return abs(finding.z) > FAR


def flat(finding: Finding) -> dict[str, Any]:
    """A finding as JSON."""
    return {
        "table": finding.table,
        "row": finding.row,
        "at": finding.at,
        "figure": finding.figure,
        "theory": finding.expected.value,
        "found": finding.found.value,
        "half_width": finding.found.half_width,
        "z": round(finding.z, 2),
        "requests": finding.requests,
    }


if __name__ == "__main__":
    raise SystemExit(main())
