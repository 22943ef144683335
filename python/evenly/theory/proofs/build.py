"""Coq's own word: the files are compiled, and Coq is asked what each promise rests on."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from evenly.errors import EvenlyError
from evenly.theory.proofs.source import Promise

__all__ = ["CLOSED", "NoCoq", "NotProved", "assumptions", "build", "query"]

CLOSED = "Closed under the global context"
"""Coq's answer when a proof rests on nothing but the logic."""
PATIENCE = 900
"""Seconds after which a compiler that has not ended is stopped: several times what all files take on two cores."""
TOLD = 4000
"""Characters of a complaint that are passed on; the error itself is at its end."""
MARK = "=== "
"""Begins the lines between Coq's answers that say whose answer comes next."""
MAKES_OWN = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL"}
"""What a `make` above us tells its children; ours is no child of it."""


class NoCoq(EvenlyError):
    """`coqc` is not installed. The message says how to have it."""


class NotProved(EvenlyError):
    """Coq did not accept a file. The message is Coq's, with file and line."""


def build(where: Path, into: Path, only: Iterable[str] = ()) -> None:
    """Compile the files of `where` in the folder `into`; what is there and has not changed stays.

    `only` names files, without `.v`, that suffice, with what they need. Raises `NoCoq` and `NotProved`.
    """
    if shutil.which("coqc") is None:
        raise NoCoq(
            "coqc is not installed: `make proofs` in the repository installs it on Debian (coq, "
            "libcoq-mathcomp-algebra, libcoq-mathcomp-zify, libcoq-mathcomp-algebra-tactics)"
        )
    into.mkdir(parents=True, exist_ok=True)
    with (into / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        files = _copied(where, into)
        _run(["coq_makefile", "-f", "_CoqProject", *files, "-o", "Makefile.coq"], into)
        _run(
            [
                "make",
                "--no-print-directory",
                "--file=Makefile.coq",
                f"--jobs={os.cpu_count() or 1}",
                *(f"{name}.vo" for name in only),
            ],
            into,
        )


def _copied(where: Path, into: Path) -> list[str]:
    """Bring the copies up to date, leaving alone what has not changed; the names of the files."""
    files = sorted(where.glob("*.v"))
    for stale in [copy for copy in into.glob("*.v") if not (where / copy.name).exists()]:
        stale.unlink()
        # Whoever imported it was compiled with it, and would still pass.
        for compiled in into.glob("*.vo"):
            compiled.unlink()
    for path in (where / "_CoqProject", *files):
        copy = into / path.name
        if not copy.exists() or copy.read_bytes() != path.read_bytes():
            shutil.copyfile(path, copy)
    return [path.name for path in files]


def assumptions(promises: Iterable[Promise], built: Path) -> dict[str, str]:
    """Ask what each promise rests on: `CLOSED`, or the axioms by name. Raises `NotProved`."""
    asked = list(promises)
    lines = [f"From Evenly Require {name}." for name in sorted({each.file for each in asked})]
    for each in asked:
        lines.append(f'Goal True. idtac "{MARK}{each.name}". Abort.')
        lines.append(f"Print Assumptions {each.file}.{each.name}.")
    said = query("\n".join(lines), built)
    parts = re.split(rf"^{MARK}(.*)$", said, flags=re.MULTILINE)
    return {
        name: " ".join(text.split()) for name, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def query(text: str, built: Path) -> str:
    """What Coq answers to the commands of `text`, with all files of `built` at hand. Raises `NotProved`."""
    file = built / "query" / f"Query{os.getpid()}.v"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text + "\n", encoding="utf-8")
    try:
        return _run(["coqc", "-q", "-w", "none", "-Q", ".", "Evenly", str(file)], built)
    finally:
        for leftover in file.parent.glob(f"*{file.stem}.*"):
            leftover.unlink()


def _run(command: list[str], where: Path) -> str:
    """Run a tool of Coq's and return what it says. Raises `NotProved` with its complaint."""
    environment = {key: value for key, value in os.environ.items() if key not in MAKES_OWN}
    try:
        done = subprocess.run(
            command,
            cwd=where,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise NotProved(f"{command[0]} in {where} had not ended after {PATIENCE} seconds") from late
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout)[-TOLD:]
        # A copy is told by the name of the file that it is a copy of.
        said = re.sub(r'File "\./(\w+\.v)", line (\d+)', r"proofs/\1:\2", said)
        raise NotProved(f"{command[0]} failed in {where}:\n{said}")
    return done.stdout
