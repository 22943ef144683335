"""What may not be in the proofs: holes, untold promises, and promises that nothing is tied to."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from evenly.theory.laws import LAWS
from evenly.theory.proofs.source import Promise, Source, promises
from evenly.theory.theorems.entry import Theorem

__all__ = ["Fault", "faults"]

HOLES = re.compile(
    r"\b((?:Local|Global|Program)\s+(?:Theorem|Example|Lemma)|Admitted|admit|give_up|Axioms?|Parameters?|Conjectures?|Abort|bypass_check"
    r"|Unset\s+(?:Guard|Positivity|Universe)\s+Checking|Corollary|Fact|Remark|Proposition)\b"
)
"""What leaves something unproved; and the kinds of statement that are neither promise nor step."""


OUTSIDE = re.compile(
    r"^[ \t]*(?P<begin>(?:Section|Module)\s+\w+\.)|^[ \t]*(?P<end>End\s+\w+\.)"
    r"|\b(?P<assumed>Variables?|Hypothes[ie]s|Context)\b",
    re.MULTILINE,
)
"""Sections, and what is an axiom unless it stands in one."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong."""

    where: str
    """The file, without `.v`, or the id of the entry."""
    said: str
    """What it is, with its place, and what to do."""

    def __str__(self) -> str:
        return self.said


def faults(sources: list[Source], entries: Iterable[Theorem], root: Path) -> Iterator[Fault]:
    """Say everything that is wrong, each with its place and what to do.

    `root` is the folder from which engine files are named.
    """
    entries = list(entries)
    for source in sources:
        said = list(_of_file(source))
        said += (
            each for promise in source.promises for each in _of_promise(promise, entries, root)
        )
        yield from (Fault(source.name, each) for each in said)
    yield from _of_names(sources, entries)
    yield from _unused(sources)


def _of_file(source: Source) -> Iterator[str]:
    file = f"proofs/{source.name}.v"
    if not (source.title and source.head):
        yield f"{file}: no head: begin the file with (** * Title, and plain words under it"
    for hole in HOLES.finditer(source.code):
        line = source.code.count("\n", 0, hole.start()) + 1
        yield f"{file}:{line}: {' '.join(hole[0].split())}: prove it, state it plainly, or take it out"
    depth = 0
    for mark in OUTSIDE.finditer(source.code):
        depth += bool(mark["begin"]) - bool(mark["end"])
        if mark["assumed"] and depth == 0:
            line = source.code.count("\n", 0, mark.start("assumed")) + 1
            yield f"{file}:{line}: {mark['assumed']} outside of a section is an axiom: put it in one"


def _of_promise(promise: Promise, entries: list[Theorem], root: Path) -> Iterator[str]:
    place = f"proofs/{promise.file}.v:{promise.line}: {promise.name}"
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


def _of_names(sources: list[Source], entries: list[Theorem]) -> Iterator[Fault]:
    known = promises(sources)
    for entry in entries:
        for name in entry.lemmas:
            if name not in known:
                said = f"names {name!r}, and no file states a Theorem or Example of that name"
                yield Fault(entry.id, f"{entry.id}: {said}")
    files: dict[str, list[str]] = {}
    for source in sources:
        for name in (*source.steps, *(promise.name for promise in source.promises)):
            files.setdefault(name, []).append(source.name)
    for name, stated in files.items():
        if len(stated) > 1:
            said = f"{name}: stated {len(stated)} times: a name stands for one statement"
            yield Fault(stated[-1], f"proofs/{stated[-1]}.v: {said}")


def _unused(sources: list[Source]) -> Iterator[Fault]:
    """A step that no proof takes hides what nobody needs."""
    words = Counter(word for source in sources for word in re.findall(r"[\w']+", source.code))
    for source in sources:
        for step in source.steps:
            if words[step] < 2:
                said = f"lemma {step} is used by no proof: use it, promise it, or delete it"
                yield Fault(source.name, f"proofs/{source.name}.v: {said}")
