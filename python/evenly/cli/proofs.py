"""The table of `evenly theorems --proofs`: theorem, statement, lemma, law and engine file, and Coq's word on each."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING

import click

from evenly.theory import proofs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evenly.theory.proofs import Promise, Source
    from evenly.theory.theorems import Theorem

NAME = 36
"""Width of the column of names."""


def show(entries: list[Theorem], as_json: bool, width: int) -> int:
    """Print what is proved of these entries and check it where Coq is; 1 when something does not hold."""
    where = proofs.folder()
    sources = proofs.read(where)
    known = proofs.promises(sources)
    named = dict.fromkeys(name for entry in entries for name in entry.lemmas)
    asked = [known[name] for name in named if name in known]
    wrong = _faults(sources)
    try:
        rests = _rests(asked)
    except proofs.NoCoq as missing:
        rests, unchecked = {}, str(missing)
    else:
        unchecked = ""
        wrong += [
            f"{name} rests on more than the logic: {said}"
            for name, said in rests.items()
            if said != proofs.CLOSED
        ]
    if as_json:
        rows = [_row(promise, entries, rests) for promise in asked]
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        for line in _table(entries, known, rests, width):
            click.echo(line)
        click.echo(_sum(asked, sources, proved=not (unchecked or wrong)))
    if unchecked:
        click.echo(f"Not checked: {unchecked}", err=True)
    for fault in wrong:
        click.echo(f"{click.style('FAILED', 'red')} {fault}", err=as_json)
    return 1 if wrong else 0


def _faults(sources: list[Source]) -> list[str]:
    from evenly.theory.theorems import THEOREMS

    return list(proofs.faults(sources, THEOREMS, proofs.folder().parent))


def _rests(asked: list[Promise]) -> dict[str, str]:
    """What each rests on, by Coq; the files are compiled where cargo builds, too."""
    into = proofs.folder().parent / "target" / "proofs"
    files = sorted({promise.file for promise in asked})
    if not into.exists():
        note = f"Compiling {len(files)} files, which takes minutes; the next time it is at once."
        click.echo(note, err=True)
    proofs.build(proofs.folder(), into, only=files)
    return proofs.assumptions(asked, into)


def _table(
    entries: list[Theorem], known: dict[str, Promise], rests: dict[str, str], width: int
) -> Iterator[str]:
    """Under each entry what is proved of it; what stood under an entry before is only named."""
    shown: dict[str, str] = {}
    for entry in entries:
        if not entry.lemmas:
            continue
        yield click.style(f"{entry.id[0].upper()}{entry.id[1:]}: {entry.title}", bold=True)
        again = [f"{name} ({shown[name]})" for name in entry.lemmas if name in shown]
        for name in entry.lemmas:
            if name in known and name not in shown:
                yield from _lines(known[name], rests.get(name), width)
                shown[name] = entry.id
        if again:
            yield from textwrap.wrap(
                f"  and {', '.join(again)}", width, subsequent_indent="  ", break_on_hyphens=False
            )
        yield ""


def _lines(promise: Promise, rests: str | None, width: int) -> Iterator[str]:
    """A name with its statement beside it, and what it is tied to."""
    told = textwrap.wrap(promise.sentence, width - NAME, break_on_hyphens=False)
    tied = f"{promise.file}.v:{promise.line}, law {', '.join(promise.laws)}, {', '.join(promise.engine)}"
    told += [
        click.style(line, dim=True)
        for line in textwrap.wrap(tied, width - NAME, break_on_hyphens=False)
    ]
    mark = {None: " ", proofs.CLOSED: click.style("✓", "green")}.get(rests, click.style("✗", "red"))
    name = f"{promise.name:<{NAME - 4}}"
    if len(promise.name) > NAME - 5:
        yield f"{mark} {promise.name}"
        yield from (" " * NAME + line for line in told)
        return
    yield f"{mark} {name}  {told[0]}"
    yield from (" " * NAME + line for line in told[1:])


def _sum(asked: list[Promise], sources: list[Source], proved: bool) -> str:
    files = {promise.file for promise in asked}
    lines = sum(source.lines for source in sources if source.name in files)
    counted = {
        "theorem": sum(promise.kind == "Theorem" for promise in asked),
        "example": sum(promise.kind == "Example" for promise in asked),
        "file": len(files),
        "line": lines,
    }
    said = ", ".join(f"{n:,} {what}{'' if n == 1 else 's'}" for what, n in counted.items() if n)
    return f"{said}: all proved, without axioms" if proved else said


def _row(promise: Promise, entries: list[Theorem], rests: dict[str, str]) -> dict[str, object]:
    said = rests.get(promise.name)
    return {
        "lemma": promise.name,
        "kind": promise.kind.lower(),
        "theorems": [entry.id for entry in entries if promise.name in entry.lemmas],
        "statement": promise.sentence,
        "formal": promise.formal,
        "laws": list(promise.laws),
        "engine": list(promise.engine),
        "file": f"proofs/{promise.file}.v",
        "line": promise.line,
        "closed": None if said is None else said == proofs.CLOSED,
    }
