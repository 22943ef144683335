"""What the Coq files say in words: each promise with its sentence, its law and the engine file that keeps it.

A promise is a `Theorem` or an `Example` (a concrete case, by computation). Directly above it stands its comment, which
ends in the tie::

    (** No node is ever more than H_k - 1 requests behind its share.
        Law: smooth_bounds. Engine: crates/core/src/pick/turns.rs. *)
    Theorem swrr_lag L i : reach L -> L i <= H k - 1.

A `Lemma` is a step of a proof.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from evenly.errors import EvenlyError

__all__ = ["NoProofs", "Promise", "Source", "folder", "promises", "read"]

COMMENT = re.compile(r"\(\*|\*\)")
STATED = re.compile(
    r"(?:^|\.\s)[ \t]*(?:#\[[^\]]*\]\s*)?(Theorem|Example|Lemma)\s+([\w']+)", re.MULTILINE
)
ENDS = re.compile(r"\bProof\b|\b(?:Qed|Defined)\.")
TIE = re.compile(r"\s*Law: (?P<laws>[\w, ]+)\. Engine: (?P<engine>[\w/., -]+)\.\s*$")
HEAD = re.compile(r"\(\*\* \* (?P<title>[^\n]+)\n(?P<text>.*)", re.DOTALL)


class NoProofs(EvenlyError):
    """The Coq files are not beside this package. The message says where they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One theorem or example."""

    name: str
    kind: str
    """`Theorem` or `Example`."""
    sentence: str
    """What it says, in plain words; empty when its comment is missing."""
    laws: tuple[str, ...]
    """Names of the laws that say the same on the engine."""
    engine: tuple[str, ...]
    """The files that keep it, from the root of the repository."""
    formal: str
    """What it says, in Coq."""
    file: str
    """Its file's name, without `.v`."""
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file: one idea."""

    name: str
    """Without `.v`."""
    title: str
    head: str
    """What its first comment says: plain words for somebody who does not read Coq."""
    promises: tuple[Promise, ...]
    steps: tuple[str, ...]
    """Names of its lemmas."""
    code: str
    """All of it but the comments; lines are where they were."""
    lines: int


def folder() -> Path:
    """Where the Coq files are: beside the package in a clone of the repository. Raises `NoProofs`."""
    found = Path(__file__).resolve().parents[4] / "proofs"
    if (found / "_CoqProject").is_file():
        return found
    raise NoProofs(
        "the proofs are not installed with the package: clone the repository and run `make proofs` there"
    )


def read(where: Path) -> list[Source]:
    """Read every file of a folder, in the order of their names."""
    return [_source(path) for path in sorted(where.glob("*.v"))]


def promises(sources: list[Source]) -> dict[str, Promise]:
    """Every promise by its name."""
    return {promise.name: promise for source in sources for promise in source.promises}


def _source(path: Path) -> Source:
    text = path.read_text(encoding="utf-8")
    code, comments = _parted(text)
    head = HEAD.match(comments[min(comments)].strip()) if comments else None
    stated = list(STATED.finditer(code))
    return Source(
        name=path.stem,
        title=head["title"].strip() if head else "",
        head=_unwrapped(head["text"].removesuffix("*)")) if head else "",
        promises=tuple(
            _promise(path.stem, code, comments, match) for match in stated if match[1] != "Lemma"
        ),
        steps=tuple(match[2] for match in stated if match[1] == "Lemma"),
        code=code,
        lines=text.count("\n"),
    )


def _parted(text: str) -> tuple[str, dict[int, str]]:
    """The text with blanks for its comments, and each comment by the place at which it ends."""
    code, comments = list(text), {}
    depth = began = 0
    for match in COMMENT.finditer(text):
        if match[0] == "(*":
            began = match.start() if depth == 0 else began
            depth += 1
        elif depth > 0:
            depth -= 1
            if depth == 0:
                comments[match.end()] = text[began : match.end()]
                code[began : match.end()] = re.sub(r"[^\n]", " ", text[began : match.end()])
    return "".join(code), comments


def _promise(file: str, code: str, comments: dict[int, str], match: re.Match[str]) -> Promise:
    above = len(code[: match.start()].rstrip())
    # Blanked comments are blanks, too: the nearest comment after the last word of code is the one above.
    near = [end for end in comments if above < end <= match.start(1)]
    said = comments[max(near)] if near else ""
    words = _unwrapped(said.removeprefix("(**").removesuffix("*)")) if said[:3] == "(**" else ""
    tie = TIE.search(words)
    end = ENDS.search(code, match.end())
    return Promise(
        name=match[2],
        kind=match[1],
        sentence=words[: tie.start()].strip() if tie else words,
        laws=tuple(tie["laws"].split(", ")) if tie else (),
        engine=tuple(tie["engine"].split(", ")) if tie else (),
        formal=" ".join(code[match.start(1) : end.start() if end else None].split()),
        file=file,
        line=code.count("\n", 0, match.start(1)) + 1,
    )


def _unwrapped(text: str) -> str:
    """Paragraphs, each on one line."""
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
