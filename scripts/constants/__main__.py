"""Plays the default strategy over a grid of its constants and draws docs/images/default-constants.png.

    python -m scripts.constants [--picture]

`--picture` draws anew from the last figures, benchmarks/results/constants.json.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from scripts.constants import measure, picture

ROOT = Path(__file__).resolve().parents[2]
FIGURES = ROOT / "benchmarks/results/constants.json"
PICTURE = ROOT / "docs/images/default-constants.png"


def main() -> int:
    """Measure, print, store, draw."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--picture", action="store_true")
    options = parser.parse_args()
    if not options.picture:
        with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            decays = pool.map(measure.decay, measure.DECAYS)
            penalties = pool.map(measure.penalty, measure.PENALTIES)
            intervals = pool.map(measure.exploration, measure.INTERVALS)
            default = pool.map(measure.failing_by_default, measure.SEEDS)
            partly = pool.map(measure.partly, measure.PENALTIES)
            figures = {
                "measured": time.strftime("%Y-%m-%d", time.gmtime()),
                "decay": list(decays),
                "penalty": list(penalties),
                "exploration": list(intervals),
                "failing_by_default": list(default),
                "partly_failing": dict(zip(measure.PENALTIES, partly, strict=True)),
            }
        FIGURES.write_text(json.dumps(figures, indent=1) + "\n")
    figures = json.loads(FIGURES.read_text())
    for name in ("decay", "penalty", "exploration"):
        print(name)
        for cell in figures[name]:
            print("  " + "  ".join(f"{key} {value:.4g}" for key, value in cell.items()))
    PICTURE.parent.mkdir(exist_ok=True)
    picture.draw(figures, PICTURE)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
