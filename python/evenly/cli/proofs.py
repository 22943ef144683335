"""The table of `evenly theorems --proofs`: theorem, statement, lemma, law and engine file, and Coq's word on each."""

from __future__ import annotations

import json
import sys
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
    sources = proofs.read(proofs.folder())
    known = proofs.promises(sources)
    named = dict.fromkeys(name for entry in entries for name in entry.lemmas)
    asked = [known[name] for name in named if name in known]
    wrong = _faults(sources, {each.file for each in asked} | {entry.id for entry in entries})
    rests: dict[str, str] = {}
    unchecked = ""
    try:
        rests = _rests(asked)
        wrong += (
            f"{name} rests on more than the logic: {said}"
            for name, said in rests.items()
            if said != proofs.CLOSED
        )
    except proofs.NoCoq as missing:
        unchecked = str(missing)
    except proofs.NotProved as refused:
        wrong.append(str(refused))
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


def _faults(sources: list[Source], about: set[str]) -> list[str]:
    """What is wrong with these files and entries; who asks for one entry is not told of others."""
    from evenly.theory.theorems import THEOREMS

    found = proofs.faults(sources, THEOREMS, proofs.folder().parent)
    return [fault.said for fault in found if fault.where in about]


def _rests(asked: list[Promise]) -> dict[str, str]:
    """What each rests on, by Coq; the files are compiled where cargo builds, too."""
    if not asked:
        return {}
    into = proofs.folder().parent / "target" / "proofs"
    files = sorted({promise.file for promise in asked})
    fresh = [name for name in files if not (into / f"{name}.vo").exists()]
    if fresh and sys.stderr.isatty():
        note = f"Compiling {len(fresh)} files, some seconds each; the next time it is at once."
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
        again = [f"{name} (see {shown[name]} above)" for name in entry.lemmas if name in shown]
        for name in entry.lemmas:
            if name in known and name not in shown:
                yield from _lines(known[name], rests.get(name), width)
                shown[name] = entry.id
        if again:
            yield from textwrap.wrap(
                f"  also {', '.join(again)}", width, subsequent_indent="  ", break_on_hyphens=False
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
    if not asked:
        return "Nothing of this is proved by machine. Its laws run on the engine: --check"
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
