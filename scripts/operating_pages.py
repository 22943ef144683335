"""The pages about a running proxy that are made from the engine's tables: events and metrics."""

from __future__ import annotations

import re
from pathlib import Path

from scripts.pages import DOCS, NOTE, ROOT, head, table

EVENTS = ROOT / "crates/proxy/src/event.rs"
METRICS = ROOT / "crates/proxy/src/metrics/table.rs"

EVENT = re.compile(
    r"    /// (?P<doc>.+)\n    \w+ => \"(?P<kind>\w+)\" (?P<level>\w+) \{(?P<fields>[^}]*)\}"
)
FIELD = re.compile(r"/// (?P<doc>.+)\n\s+(?P<name>\w+): ")
FAMILY = re.compile(
    r"(?P<doc>(?:    /// .+\n)+)    \w+ => \"(?P<name>\w+)\" (?P<kind>\w+) \[(?P<labels>[^\]]*)\]"
)
PAGE = re.compile(r"docs/(\w+)\.md")


def events_page() -> tuple[Path, str]:
    """Every kind of event with its fields, from the one table of them."""
    rows = []
    for match in EVENT.finditer(EVENTS.read_text()):
        fields = (f"`{f['name']}`: {f['doc']}" for f in FIELD.finditer(match["fields"]))
        rows.append((f"`{match['kind']}`", match["level"].lower(), match["doc"], " ".join(fields)))
    return (
        DOCS / "events.md",
        NOTE.format(source=EVENTS.relative_to(ROOT))
        + head("events")
        + table(("kind", "level", "means", "fields"), rows),
    )


def metrics_page() -> tuple[Path, str]:
    """A paragraph for each family of metrics, from the one table of them."""
    parts = [NOTE.format(source=METRICS.relative_to(ROOT)) + head("metrics").rstrip("\n") + "\n"]
    for match in FAMILY.finditer(METRICS.read_text()):
        labels = ", ".join(
            f"`{label}`" for label in match["labels"].replace('"', "").split(", ") if label
        )
        paragraph = " ".join(line.strip()[4:] for line in match["doc"].splitlines())
        parts.append(f"## `{match['name']}`\n")
        parts.append(f"{match['kind']}{f', labelled {labels}' if labels else ''}.\n")
        parts.append(PAGE.sub(r"[\1.md](\1.md)", paragraph) + "\n")
    return DOCS / "metrics.md", "\n".join(parts)
