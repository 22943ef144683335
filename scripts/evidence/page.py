"""docs/evidence.md, from the figures of the last long run."""

from __future__ import annotations

import math
import statistics
from pathlib import Path
from typing import Any

from evenly.simulate import Estimate
from scripts.pages import table

__all__ = ["FIGURES", "PAGE", "text", "write"]

ROOT = Path(__file__).resolve().parents[2]
FIGURES = ROOT / "benchmarks/results/evidence.json"
PAGE = ROOT / "docs/evidence.md"
HEAD = ROOT / "scripts/page_heads/evidence.md"
NOTE = "<!-- Written by make evidence from benchmarks/results/evidence.json. -->\n"
TABLES = {
    "one": (
        "One server",
        "M/M/1, also its quantiles. Source: Erlang; the response is exponential with mean 1/(1 − ρ).",
    ),
    "sizes": (
        "Sizes of any law",
        "In turn, only the variance of the sizes counts (Pollaczek and Khinchine); shared, nothing but their mean.",
    ),
    "servers": (
        "One queue for several servers",
        "M/M/c by Erlang's C: the best that unknown sizes allow.",
    ),
    "losses": (
        "No queue at all",
        "Served requests per mean service when whatever finds all servers busy is refused: a(1 − B) by Erlang's B, in "
        "overload as well and for every law of sizes.",
    ),
    "blind": (
        "Rules that see no load",
        "Random splits are M/M/1 queues, round robin is E_k/M/1.",
    ),
    "choices": (
        "Rules that see the load",
        "Two shortest queues by their exact chain; the others beside an independent simulation of 10⁹ events, whose "
        "error is in z.",
    ),
    "splits": ("Shares by weight", "Speeds 1, 2, 4: the square-root law beats shares by speed."),
    "ageing": (
        "Loads that are old",
        "A hundred nodes at .9 tell their load every so many mean services; the columns are that age. Drawing at "
        "random gives 10. The least loaded herds: from half a service on two choices are better, beyond 5 even "
        "chance is. Theory "
        "lets chance decide between equal loads; our two choices take the node with fewer recent picks, and are a few "
        "percent better for it.",
    ),
}


def write(figures: dict[str, Any]) -> None:
    """Write the page."""
    PAGE.write_text(text(figures))


def text(figures: dict[str, Any]) -> str:
    """The whole page."""
    findings = figures["findings"]
    far = [abs(f["z"]) for f in findings if f["table"] != "ageing"]
    requests = sum({(f["table"], f["row"], f["at"]): f["requests"] for f in findings}.values())
    inside = sum(z <= 1.96 for z in far) / len(far)
    head = HEAD.read_text().format(
        figures=len(findings),
        requests=f"{requests / 1e6:,.0f}",
        minutes=figures["minutes"],
        measured=figures["measured"],
        inside=f"{inside:.0%}",
        furthest=f"{max(far):.1f}",
        spread=f"{statistics.fmean(z * z for z in far) ** 0.5:.2f}",
    )
    parts = [NOTE, "\n", head]
    for name, (title, said) in TABLES.items():
        parts.append(
            f"\n## {title}\n\n{said}\n\n{matrix([f for f in findings if f['table'] == name])}"
        )
    parts.append(growing(figures["growth"]))
    parts.append(hashes(figures["rings"], figures["moves"]))
    return "".join(parts)


def matrix(findings: list[dict[str, Any]]) -> str:
    """Three lines for each row and figure: theory, simulation, distance."""
    columns = sorted({finding["at"] for finding in findings})
    lines = [["", "", *(f"{column:.3g}" for column in columns)]]
    keys = dict.fromkeys((finding["row"], finding["figure"]) for finding in findings)
    for row, figure in keys:
        cells = {f["at"]: f for f in findings if (f["row"], f["figure"]) == (row, figure)}
        title = row if figure in ("mean", "throughput") else f"{row}, {figure}"
        for label, show in (("theory", theory), ("simulated", simulated), ("z", distance)):
            shown = [show(cells[at]) if at in cells else "" for at in columns]
            lines.append([f"**{title}**" if label == "theory" else "", label, *shown])
    return table(lines[0], lines[1:])


def theory(cell: dict[str, Any]) -> str:
    """Five digits, as tables print them."""
    value = cell["theory"]
    return f"{value:.{max(0, 4 - max(0, math.floor(math.log10(value))))}f}"


def simulated(cell: dict[str, Any]) -> str:
    """The value with its 95 % interval."""
    return str(Estimate(cell["found"], cell["half_width"], 0.0))


def distance(cell: dict[str, Any]) -> str:
    """In standard errors."""
    return f"{cell['z']:+.1f}"


def growing(rows: list[list[str]]) -> str:
    """The counterexamples to stability."""
    lines = [["played", "figure", "theory", "simulated"], *rows]
    said = (
        "Theorem 3.3.1 of the document says that conservation makes a cluster stable. It does not: in (b) and (d) all "
        "nodes together are fast enough, and queues grow for as long as one looks."
    )
    return f"\n## Queues that grow\n\n{said}\n\n{table(lines[0], lines[1:])}"


def hashes(rings: list[list[float]], moves: list[list[Any]]) -> str:
    """Rings and what moves."""
    lines = [["nodes", "points per node", "theory", "counted", "z"]]
    for nodes, points, expected, found, error in rings:
        z = (found - expected) / error if error else 0.0
        lines.append(
            [
                f"{nodes}",
                f"{points}",
                f"{expected:.3f}",
                f"{found:.3f} ± {2 * error:.3f}",
                f"{z:+.1f}",
            ]
        )
    moved = [["strategy", "nodes", "must move", "moved", "more than needed", "theory"]]
    for name, nodes, must, share, excess in moves:
        extra = share - must
        moved.append(
            [
                f"`{name}`",
                f"{nodes}",
                f"{must:.2%}",
                f"{share:.2%}",
                f"{extra:.3%}",
                f"{excess:.3%}",
            ]
        )
    return (
        "\n## How even rings are\n\nThe largest share of the keys over the mean share, over 24 rings with 300,000 "
        "keys each (whose own unevenness is in theory's figure): the mean of the largest of k Gamma(v) variables.\n\n"
        + table(lines[0], lines[1:])
        + "\n## Keys that move when a node leaves\n\nHere the last node leaves, the only one that "
        "jump can do without. All but Maglev move only what it had, and Maglev a little more.\n\n"
        + table(moved[0], moved[1:])
    )
