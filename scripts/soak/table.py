"""What a soak tells at its end."""

from __future__ import annotations

from collections.abc import Iterable

from scripts.soak.run import Report
from scripts.soak.watch import Drift


def table(report: Report) -> str:
    """Clients, nodes, what was done to them, memory, and what was wrong."""
    return "\n".join(
        [
            f"seed {report.pace.seed}, {report.pace.seconds:.0f} s of traffic",
            "",
            *_clients(report),
            "",
            *_nodes(report),
            "",
            *(f"{count:>7,} {what}" for what, count in sorted(report.done.items())),
            f"{report.audit.retried:>7,} requests tried once more",
            *(
                f"{count:>7,} heads never complete ({reason})"
                for reason, count in report.audit.unnumbered.items()
            ),
            "",
            *_processes(report),
            "",
            *(f"WRONG {what}" for what in report.wrong),
            f"soak: {report.books.total:,} requests, {len(report.wrong)} wrong, {report.seconds:.0f} s",
        ]
    )


def _clients(report: Report) -> Iterable[str]:
    books = report.books
    yield f"{'clients':<14}{'requests':>10}{'good':>10}{'other':>8}"
    for kind, count in books.kinds.items():
        good = books.good[kind]
        yield f"{kind:<14}{count:>10,}{good:>10,}{count - good:>8,}"
    for what, count in sorted(report.audit.explained.items()):
        yield f"   {count:>5,} of a killed node: {what}"


def _nodes(report: Report) -> Iterable[str]:
    heads = ("recorded", "in the log", "elsewhere", "unseen", "twice")
    yield f"{'nodes':<14}" + "".join(f"{head:>11}" for head in heads)
    for name, row in report.audit.rows.items():
        figures = (row.recorded, row.named, row.elsewhere, row.unseen, row.twice)
        yield f"{name:<14}" + "".join(f"{figure:>11,}" for figure in figures)


def _processes(report: Report) -> Iterable[str]:
    yield f"{'process':<14}{'MiB, second fifth':>18}{'last':>8}{'descriptors':>13}{'last':>8}"
    for role, drift in report.drifts.items():
        if isinstance(drift, Drift):
            memory = [size / (1 << 20) for size in drift.memory]
            yield (
                f"{role:<14}{memory[0]:>18.1f}{memory[1]:>8.1f}"
                f"{drift.descriptors[0]:>13.0f}{drift.descriptors[1]:>8.0f}"
            )
