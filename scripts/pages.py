#!/usr/bin/env python3
"""Writes the pages of docs/ that are made from the code: strategies, configuration, rules, reasons, theorems.

`make docs` writes them; tests/docs/test_generated.py fails when a page is not what its source says.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
HEADINGS = ("Does", "Suits", "Fails", "Costs", "Promise")
NOTE = "<!-- Written by scripts/pages.py (make docs) from {source}. -->\n"


def pages() -> dict[Path, str]:
    """Every generated page with the text it must have."""
    from scripts import operating_pages

    measured = [complexity_page(), scenarios_page()]
    written = [configuration_page(), rules_page(), reasons_page(), theorems_page()]
    operating = [operating_pages.events_page(), operating_pages.metrics_page()]
    return dict([*strategy_pages(), *written, *operating, *measured])


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; a bar inside a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(
        "| " + " | ".join(c.replace("|", "\\|") for c in line) + " |\n" for line in lines
    )


def head(name: str) -> str:
    """What a person wrote above the table."""
    return "\n" + (ROOT / "scripts/page_heads" / f"{name}.md").read_text() + "\n"


# Strategies.


def headings(entry: dict[str, Any]) -> dict[str, str]:
    """The five headings with their texts, as they open the strategy's file."""
    return {word.capitalize(): text for word, text in entry["headings"].items()}


def strategy_pages() -> Iterator[tuple[Path, str]]:
    """One page for each registered strategy, and their list."""
    from evenly import _engine

    entries = _engine.strategies()
    for entry in entries:
        yield DOCS / "strategies" / f"{entry['name']}.md", strategy_page(entry)
    rows = [
        (f"[`{e['name']}`]({e['name']}.md)", headings(e)["Suits"], headings(e)["Fails"])
        for e in entries
    ]
    yield (
        DOCS / "strategies" / "README.md",
        NOTE.format(source="the engine's table of strategies")
        + "\n# Strategies\n\nThe default is `power_of_two` with its default load, and it is right for most. "
        "`evenly strategies` prints this list too.\n\n"
        + table(("strategy", "suits", "fails"), rows),
    )


def strategy_page(entry: dict[str, Any]) -> str:
    """The page of one strategy."""
    name = entry["name"]
    parts = [NOTE.format(source=f"crates/core/src/pick/{name}.rs"), f"# `{name}`\n"]
    parts.append(f"{entry['summary']}\n")
    parts += [f"**{heading}** {text}\n" for heading, text in headings(entry).items()]
    parts.append("## How to ask for it\n")
    options = entry["options"]
    written = f'"{name}"'
    if options:
        first = options[0]
        value = first["default"] if first["kind"] != "text" else f'"{first["default"]}"'
        written = f'{{ name = "{name}", {first["name"]} = {value} }}'
        python = f'{{"name": "{name}", "{first["name"]}": {value}}}'
    else:
        python = written
    key = 'key="user-42"' if entry["uses_key"] else ""
    nodes = '["127.0.0.1:9001", "127.0.0.1:9002"]'
    parts.append(f"```toml\n[cluster.users]\nnodes = {nodes}\nstrategy = {written}\n```\n")
    parts.append(
        f"```python\nimport evenly\n\nusers = evenly.Balancer({nodes}, strategy={python})\n"
        f"with users.pick({key}) as pick:\n    print(pick)\n```\n"
    )
    if options:
        rows = [
            (f"`{o['name']}`", o["kind"], f"`{o['default']}`", choices(o) + o["doc"])
            for o in options
        ]
        parts.append(table(("option", "kind", "default", ""), rows))
    return "\n".join(parts)


def choices(option: dict[str, Any]) -> str:
    """The values an option may take, when they are few and named."""
    named = option.get("choices") or []
    return ", ".join(f"`{choice}`" for choice in named) + (": " if named else "")


# The configuration.


def configuration_page() -> tuple[Path, str]:
    """Every key of the file, from the schema that `evenly check` uses."""
    from evenly.config.model import Config

    parts = [NOTE.format(source="python/evenly/config") + head("configuration")]
    for name, field in Config.model_fields.items():
        key = field.alias or name
        model, many = section(field.annotation)
        title = f"[{key}.NAME]" if many else f"[{key}]"
        if get_origin(field.annotation) is list:
            title = f"[{title}]"
        parts.append(f"## `{title}`\n\n{(model.__doc__ or '').strip()}\n")
        parts.append(table(("key", "default", ""), list(rows(model, ""))))
    return DOCS / "configuration.md", "\n".join(parts)


def section(annotation: Any) -> tuple[Any, bool]:
    """The model inside an annotation, and whether the table is one of many named ones."""
    from pydantic import BaseModel

    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    many = get_origin(annotation) is dict
    for inner in get_args(annotation):
        found, deeper = section(inner)
        if found is not None:
            return found, many or deeper
    return None, False


def rows(model: Any, prefix: str) -> Iterator[tuple[str, str, str]]:
    """One row for each key of a table; the keys of a table inside it follow with their path."""
    for name, field in model.model_fields.items():
        inner, _ = section(field.annotation)
        path = f"{prefix}{name}"
        yield f"`{path}`", default(field), (field.description or "").replace("\n", " ")
        if inner is not None:
            yield from rows(
                inner, f"{path}[]." if get_origin(field.annotation) is list else f"{path}."
            )


def default(field: Any) -> str:
    """A default as one would write it."""
    from pydantic import BaseModel

    from evenly.config.document import write_value
    from evenly.config.duration import written

    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or isinstance(value, BaseModel):
        return ""
    durations = (
        "BeforeValidator(func=<function seconds",
        "BeforeValidator(func=<function positive",
    )
    if any(str(item).startswith(durations) for item in field.metadata):
        return f'`"{written(value)}"`' if value else "`0`"
    return f"`{write_value(value)}`"


# Rules and reasons.


def rules_page() -> tuple[Path, str]:
    """The framing rules, each with its name and what relaxing it means."""
    from evenly import _engine

    rows = [
        (f"`{r['name']}`", str(r["status"]), r["breach"], r["relaxed"] or "*never*")
        for r in _engine.rules()
    ]
    return (
        DOCS / "rules.md",
        NOTE.format(source="crates/wire/src/rule.rs")
        + head("rules")
        + table(("name", "status", "broken when", "relaxed"), rows),
    )


REASON = re.compile(r"/// (?P<doc>.+)\n\s+\w+ => \"(?P<name>\w+)\",")


def reasons_page() -> tuple[Path, str]:
    """Every named reason, from the one table of them."""
    source = (ROOT / "crates/core/src/reason.rs").read_text()
    rows = [(f"`{match['name']}`", match["doc"]) for match in REASON.finditer(source)]
    return (
        DOCS / "reasons.md",
        NOTE.format(source="crates/core/src/reason.rs")
        + head("reasons")
        + table(("name", "means"), rows),
    )


# The theory.


def theorems_page() -> tuple[Path, str]:
    """Every statement with its verdict, and what its counterexample found."""
    from evenly.theory import proofs
    from evenly.theory.laws import LAWS
    from evenly.theory.theorems import THEOREMS
    from evenly.theory.theorems.check import comparison

    proved = proofs.promises(proofs.read(proofs.folder()))
    rows = [
        (f"[{e.id}](#{re.sub('[^a-z0-9]+', '-', e.id.lower())})", e.title, e.verdict, e.gist)
        for e in THEOREMS
    ]
    parts = [NOTE.format(source="python/evenly/theory/theorems"), head("theorems").lstrip()]
    parts.append(table(("", "", "verdict", "what is true"), rows))
    for entry in THEOREMS:
        # The anchor is the id alone, so that a link survives another title.
        anchor = re.sub("[^a-z0-9]+", "-", entry.id.lower())
        name = entry.id[0].upper() + entry.id[1:]
        parts.append(f'## <a id="{anchor}"></a>{name}: {entry.title}\n')
        parts.append(f"*{entry.verdict.capitalize()}.* {entry.statement}\n")
        if entry.formula:
            parts.append(f"> `{entry.formula}`\n")
        if entry.counterexample is not None:
            evidence = entry.counterexample()
            parts.append(f"**Counterexample** {evidence.setting}: {comparison(evidence)}.\n")
        parts.append(f"**What is true** {plain(entry.corrected)}\n")
        parts += [f"* `{law}`: {plain(LAWS[law].sentence)}" for law in entry.laws]
        if entry.laws:
            parts.append("")
        if entry.lemmas:
            parts.append("**Proved**\n")
            for lemma in entry.lemmas:
                file, sentence = proved[lemma].file, plain(proved[lemma].sentence)
                parts.append(f"* [`{lemma}`](../proofs/{file}.v): {sentence}")
            parts.append("")
        if entry.simulation:
            parts.append(f"**Simulation** {plain(entry.simulation)}\n")
            parts += [f"* {one.says}: {one.expected:.4f}" for one in entry.figures]
            parts += [""] if entry.figures else []
        if entry.sources:
            parts.append(f"**Sources** {'; '.join(entry.sources)}\n")
    return DOCS / "theorems.md", "\n".join(parts)


def plain(text: str) -> str:
    """Text in which an underscore or a star of a formula is one, outside of what stands in backquotes."""
    pieces = text.split("`")
    pieces[::2] = [re.sub(r"([*_|<])", r"\\\1", piece) for piece in pieces[::2]]
    return "`".join(pieces)


CLAIMED = {
    "round_robin": "O(1)",
    "least_connections": "O(n)",
    "consistent_hash": "O(log n)",
    "weighted_round_robin": "O(n)",
}


def complexity_page() -> tuple[Path, str]:
    """Operations and bytes against n, as they were measured last."""
    found = json.loads((ROOT / "benchmarks/results/complexity.json").read_text())
    sizes = [str(nodes) for nodes in found["nodes"]]
    parts = [NOTE.format(source="benchmarks/results/complexity.json"), head("complexity").lstrip()]
    for kind, title in (
        (found["unit"], f"{found['unit'].capitalize()} of a pick"),
        ("bytes", "Bytes of a balancer"),
    ):
        rows = [
            (
                f"`{name.split(',')[0]}`{name[len(name.split(',')[0]) :]}",
                *([CLAIMED.get(name, "")] if kind != "bytes" else []),
                *(f"{row[kind][nodes]:,.0f}" for nodes in sizes),
            )
            for name, row in found["rows"].items()
        ]
        claimed = ("the document says",) if kind != "bytes" else ()
        columns = tuple(f"n = {int(nodes):,}" for nodes in sizes)
        parts.append(f"## {title}\n")
        parts.append(table(("", *claimed, *columns), rows))
    return DOCS / "complexity.md", "\n".join(parts)


def scenarios_page() -> tuple[Path, str]:
    """Evenly beside other proxies while something happens to the nodes, as it was measured last."""
    from benchmarks.scenarios import scenarios, tables

    source = ROOT / "benchmarks/results/scenarios.json"
    found = json.loads(source.read_text())
    said = {name: found[name] for name in ("measured", "minutes", "cpu")}
    opening = head("scenarios").lstrip().format(connections=scenarios.CONNECTIONS, **said)
    note = NOTE.format(source=source.relative_to(ROOT))
    return DOCS / "scenarios.md", "\n".join((note, opening, tables.text(found)))


def main() -> int:
    """Write every page that differs; with --check, only say which do."""
    stale = [
        path for path, text in pages().items() if not path.exists() or path.read_text() != text
    ]
    for path in stale:
        print(path.relative_to(ROOT))
        if "--check" not in sys.argv:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(pages()[path])
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.path.append(str(ROOT))  # for benchmarks, when this runs as a script
    sys.exit(main())
