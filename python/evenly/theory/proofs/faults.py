"""What may not be in the proofs: holes, untold promises, and promises that nothing is tied to."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from evenly.theory.laws import LAWS
from evenly.theory.proofs.source import Promise, Source, promises
from evenly.theory.theorems.entry import Theorem

__all__ = ["faults"]

HOLES = re.compile(
    r"\b(Admitted|admit|give_up|Axioms?|Parameters?|Conjectures?|Abort|bypass_check"
    r"|Unset\s+(?:Guard|Positivity|Universe)\s+Checking|Corollary|Fact|Remark|Proposition)\b"
)
"""What leaves something unproved; and the kinds of statement that are neither promise nor step."""


def faults(sources: list[Source], entries: Iterable[Theorem], root: Path) -> Iterator[str]:
    """Say everything that is wrong, each with its place and what to do.

    `root` is the folder from which engine files are named.
    """
    entries = list(entries)
    for source in sources:
        if not (source.title and source.head):
            yield f"{source.name}.v: no head: begin the file with (** * Title, and plain words under it"
        for hole in HOLES.finditer(source.code):
            line = source.code.count("\n", 0, hole.start()) + 1
            yield f"{source.name}.v:{line}: {' '.join(hole[0].split())}: prove it, or take it out"
        for promise in source.promises:
            yield from _of_promise(promise, entries, root)
    yield from _of_names(sources, entries)
    yield from _unused(sources)


def _of_promise(promise: Promise, entries: list[Theorem], root: Path) -> Iterator[str]:
    place = f"{promise.file}.v:{promise.line}: {promise.name}"
    if not promise.sentence or not promise.laws:
        yield f"{place}: its comment must end in `Law: name. Engine: file.`"
        return
    naming = [entry for entry in entries if promise.name in entry.lemmas]
    if not naming:
        yield f"{place}: no entry of evenly.theory.theorems names it: add it to an entry's lemmas"
    for law in promise.laws:
        if law not in LAWS:
            yield f"{place}: there is no law {law!r} in evenly.theory.laws"
        elif naming and not any(law in entry.laws for entry in naming):
            yield f"{place}: law {law!r} stands in no entry that names the theorem: add it there"
    for file in promise.engine:
        if not (root / file).is_file():
            yield f"{place}: there is no file {file}"


def _of_names(sources: list[Source], entries: list[Theorem]) -> Iterator[str]:
    known = promises(sources)
    for entry in entries:
        for name in entry.lemmas:
            if name not in known:
                yield f"{entry.id}: names {name!r}, and no file states a Theorem or Example of that name"
    stated = Counter(
        name
        for source in sources
        for name in (*source.steps, *(promise.name for promise in source.promises))
    )
    for name, times in stated.items():
        if times > 1:
            yield f"{name}: stated {times} times: a name stands for one statement"


def _unused(sources: list[Source]) -> Iterator[str]:
    """A step that no proof takes hides what nobody needs."""
    words = Counter(word for source in sources for word in re.findall(r"[\w']+", source.code))
    for source in sources:
        for step in source.steps:
            if words[step] < 2:
                yield f"{source.name}.v: lemma {step} is used by no proof: use it, promise it, or delete it"
