"""The proved models, run: Coq computes an expression by `vm_compute`, and its answer becomes Python values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from evenly.theory import proofs

HEAD = """\
From Coq Require Import ZArith NArith List.
From mathcomp Require Import all_ssreflect all_algebra.
From Evenly Require Import {files}.
Set Printing Width 1000000.
Set Printing Depth 1000000.
"""
ANSWER = re.compile(r"^     = (.*?)^     : ", re.MULTILINE | re.DOTALL)
TOKEN = re.compile(r"\s*(-?\d+|[A-Za-z_][\w']*|::|[\[\](),;])")
SCOPE = re.compile(r"%\w+")
WORDS = {"true": True, "false": False, "None": None, "tt": ()}


class Coq:
    """Computes with the compiled files; compiles those that it needs."""

    def __init__(self, built: Path) -> None:
        self.built = built

    def compute(self, files: str, expression: str) -> Any:
        """The value of one expression. `files` are names as they stand after `Require Import`."""
        return self.compute_all(files, [expression])[0]

    def compute_all(self, files: str, expressions: Sequence[str]) -> list[Any]:
        """The value of each; one start of Coq for all of them."""
        proofs.build(proofs.folder(), self.built, only=files.split())
        asked = [f"Eval vm_compute in ({expression})." for expression in expressions]
        said = proofs.query("\n".join([HEAD.format(files=files), *asked]), self.built)
        answers = [value(answer) for answer in ANSWER.findall(said)]
        assert len(answers) == len(expressions)
        return answers


def listed(values: Iterable[object]) -> str:
    """A list as Coq reads it: of numbers, truth values, or terms that are written already."""
    each = (str(one).lower() if isinstance(one, bool) else str(one) for one in values)
    return f"[:: {'; '.join(each)}]"


def value(text: str) -> Any:
    """Numbers, truth values, lists, tuples, options and names, as Coq prints them."""
    stream = _Stream(TOKEN.findall(SCOPE.sub("", text)))
    found = stream.term()
    assert not stream.peek(), f"not read: {stream.tokens[stream.at :][:10]} of {text[:200]}"
    return found


class _Stream:
    """Reads terms off a list of tokens."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens, self.at = tokens, 0

    def take(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1]

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def term(self) -> Any:
        """One term; a constructor with arguments becomes a tuple that begins with its name."""
        token = self.take()
        match token:
            case "[":
                if self.peek() == "::":
                    self.take()
                return self.until("]", ";")
            case "(":
                inside = self.until(")", ",")
                return inside[0] if len(inside) == 1 else tuple(inside)
            case "Some":
                return self.term()
            case _ if token in WORDS:
                return WORDS[token]
            case _ if token[0].isalpha() or token[0] == "_":
                arguments = []
                while self.peek() not in ("", "]", ")", ",", ";"):
                    arguments.append(self.term())
                return (token, *arguments) if arguments else token
        return int(token)

    def until(self, end: str, between: str) -> list[Any]:
        """Terms up to the closing bracket."""
        found = []
        while self.peek() != end:
            found.append(self.term())
            if self.peek() == between:
                self.take()
        self.take()
        return found
