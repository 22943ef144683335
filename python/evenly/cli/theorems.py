"""`evenly theorems`: what the theory says, what is true of it, and the check of both."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections import Counter
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from evenly.theory.theorems import Theorem
    from evenly.theory.theorems.check import Finding

COLOURS = {"holds": "green", "corrected": "yellow", "refuted": "red"}
LABEL = 16
"""Width of the left column of an entry."""
NAME = 45
"""Width of the left columns of a check."""


@click.command("theorems", short_help="Print the theorems, and check them.")
@click.argument("number", nargs=-1)
@click.option("--check", "checking", is_flag=True, help="Run every counterexample and law.")
@click.option("--proofs", "proving", is_flag=True, help="Show what is proved; check it with Coq.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON list, for programs.")
@click.option("--seed", type=int, default=0, show_default=True, help="Chance of the laws.")
def command(
    number: tuple[str, ...], checking: bool, proving: bool, as_json: bool, seed: int
) -> None:
    """List the theorems, or print those of NUMBER in full.

    Each statement of the theory document is here with its verdict: it holds, it is corrected, or it is
    refuted. `evenly theorems 2.3.1` runs its counterexample and prints what it found; `--check`
    runs all counterexamples and laws, and fails when one does not say what it should. `--proofs` tells for
    each machine-checked proof its statement, its law and the engine's file, has Coq check them where it is installed,
    and fails when one rests on an axiom.
    """
    from evenly.theory.theorems import THEOREMS

    entries = named(number) if number else list(THEOREMS)
    width = min(140, max(72, shutil.get_terminal_size().columns))
    if checking:
        raise SystemExit(check(entries, seed, as_json, width))
    if proving:
        from evenly.cli.proofs import show

        raise SystemExit(show(entries, as_json, width))
    if as_json:
        click.echo(json.dumps([described(each) for each in entries], indent=2, ensure_ascii=False))
        return
    lines = (
        (line for each in entries for line in entry(each, width))
        if number
        else table(entries, width)
    )
    for line in lines:
        click.echo(line)


def named(words: tuple[str, ...]) -> list[Theorem]:
    """The entries of `2.3.1 E.2` or of `theorem 2.3.1 axiom 1.3.1`, each once."""
    from evenly.theory.theorems import Kind, find

    found: dict[str, Theorem] = {}
    kind = ""
    for word in " ".join(words).split():
        if not kind and word.lower() in {each.value for each in Kind}:
            kind = word
            continue
        found |= {each.id: each for each in find(f"{kind} {word}".strip())}
        kind = ""
    if kind:
        found |= {each.id: each for each in find(kind)}
    return list(found.values())


def table(entries: list[Theorem], width: int) -> Iterator[str]:
    """One row for each entry: number, kind, verdict, title and what is true."""
    title = max(len(each.title) for each in entries)
    wide = width >= 30 + title + 40
    name = f"{'title':<{title + 2}}what is true" if wide else "title: what is true"
    yield click.style(f"{'number':<7}{'kind':<12}{'verdict':<11}{name}", dim=True)
    for number, each in enumerate(entries):
        if number and each.number[:2] != entries[number - 1].number[:2]:
            yield ""
        head = f"{each.number:<7}{each.kind:<12}"
        verdict = click.style(f"{each.verdict:<11}", COLOURS[each.verdict])
        used = len(head) + 11
        if wide:
            text = f"{each.title:<{title + 2}}"
            used += len(text)
            rest = textwrap.wrap(each.gist, width - used)
            yield head + verdict + text + rest[0]
            yield from (" " * used + line for line in rest[1:])
        else:
            yield head + verdict + each.title
            yield from (" " * used + line for line in textwrap.wrap(each.gist, width - used))
    counts = Counter(each.verdict.value for each in entries)
    yield ""
    said = (
        f"{counts['holds']} hold, {counts['corrected']} are corrected, {counts['refuted']} refuted"
    )
    yield from textwrap.wrap(
        f"{len(entries)} statements: {said}. `evenly theorems 2.3.1` prints one in full, `--check` runs them all.",
        width,
    )


def entry(each: Theorem, width: int) -> Iterator[str]:
    """One entry in full; its counterexample is run."""
    from evenly.theory.laws import LAWS
    from evenly.theory.theorems.check import comparison

    name = click.style(f"{each.id[0].upper()}{each.id[1:]}: {each.title}", bold=True)
    yield f"{name}  ({click.style(each.verdict.value, COLOURS[each.verdict])})"
    yield ""
    yield from part("Statement", [each.statement, each.formula], width)
    if each.counterexample is not None:
        evidence = each.counterexample()
        said = [evidence.setting + ".", comparison(evidence).capitalize() + "."]
        yield from part("Counterexample", said, width)
    yield from part("What is true", [each.corrected], width)
    laws = [f"{law}: {LAWS[law].sentence}" for law in each.laws]
    yield from part("Laws", laws, width)
    yield from part("Proofs", [", ".join(each.lemmas)], width)
    measured = [f"{figure.says}: {figure.expected:.4f} expected" for figure in each.figures]
    yield from part("Simulation", [each.simulation, *measured], width)
    yield from part("Sources", list(each.sources), width)


def part(label: str, texts: list[str], width: int) -> Iterator[str]:
    """A label with its paragraphs beside it, or nothing when there are none."""
    lines = [line for text in texts if text for line in textwrap.wrap(text, width - LABEL)]
    for number, line in enumerate(lines):
        yield (label if number == 0 else "").ljust(LABEL) + line
    if lines:
        yield ""


def described(each: Theorem) -> dict[str, Any]:
    """An entry for programs; its counterexample is run."""
    from evenly.theory.laws import LAWS
    from evenly.theory.theorems.check import written

    evidence = each.counterexample() if each.counterexample is not None else None
    return {
        "id": each.id,
        "number": each.number,
        "kind": each.kind.value,
        "title": each.title,
        "verdict": each.verdict.value,
        "gist": each.gist,
        "statement": each.statement,
        "formula": each.formula,
        "counterexample": evidence
        and {
            "setting": evidence.setting,
            "claimed": written(evidence.claimed),
            "found": written(evidence.found),
            "refutes": evidence.refutes,
        },
        "corrected": each.corrected,
        "laws": [{"name": law, "sentence": LAWS[law].sentence} for law in each.laws],
        "lemmas": list(each.lemmas),
        "simulation": each.simulation,
        "figures": [{"of": one.says, "expected": one.expected} for one in each.figures],
        "sources": list(each.sources),
    }


def check(entries: list[Theorem], seed: int, as_json: bool, width: int) -> int:
    """Run everything, a line for each; 1 when something is not as it is said to be."""
    from evenly.theory.theorems import check as checks

    findings = checks.check(entries, seed)
    if as_json:
        found = list(findings)
        said = [
            {"subject": each.subject, "name": each.name, "ok": each.ok, "said": each.said}
            for each in found
        ]
        click.echo(json.dumps(said, indent=2, ensure_ascii=False))
        return 0 if all(each.ok for each in found) else 1
    return report(findings, width)


def report(findings: Iterable[Finding], width: int) -> int:
    """Print each finding as it comes, then the sum of them."""
    counts: Counter[str] = Counter()
    failed = 0
    for each in findings:
        mark = click.style("ok    ", "green") if each.ok else click.style("FAILED", "red")
        name = f"against {each.name}" if each.subject == "counterexample" else each.name
        lines = textwrap.wrap(each.said, width - NAME) or [""]
        *heads, last = textwrap.wrap(name, NAME - 8)
        for number, head in enumerate([*heads, last]):
            said = lines[0] if number == len(heads) else ""
            lead = mark if number == 0 else " " * 6
            click.echo(f"{lead} {head:<{NAME - 8}} {said}".rstrip())
        for line in lines[1:]:
            click.echo(" " * NAME + line)
        counts[each.subject] += 1
        failed += not each.ok
    what = ", ".join(
        f"{counts[subject]} {subject}{'' if counts[subject] == 1 else 's'}"
        for subject in ("counterexample", "law", "figure")
        if counts[subject]
    )
    click.echo(f"\n{failed} FAILED of {what}" if failed else f"\n{what}: all as stated")
    return 1 if failed else 0
