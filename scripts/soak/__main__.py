"""Traffic of every kind for minutes, while the configuration changes and nodes die; then the books must balance.

    python -m scripts.soak [--minutes 10] [--reload 10] [--seed 1]

Ends with 1 and says what was wrong when a request is unaccounted for, a failure unexplained, or a process has grown.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from scripts.soak.run import Pace, Soak
from scripts.soak.table import table


def main() -> int:
    """Soak and tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--reload", type=float, default=10.0, help="seconds; 0 for none")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="evenly-soak-") as folder:
        report = Soak(Pace.of(options.minutes, options.seed, options.reload), Path(folder)).run()
    print(table(report))
    return 1 if report.wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
