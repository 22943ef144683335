"""What is in force, and the one way to change it: a whole new configuration, applied in one step or not at all.

The engine holds the edition and the document that came with it, so this process may be killed at any moment: the
next one goes on from there. Writers come one after another.
"""

from __future__ import annotations

import hashlib
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenly.config import Config, ConfigError, from_tree
from evenly.config.check import check
from evenly.config.document import Document as Text
from evenly.config.words import unknown
from evenly.control.document import Document, Dropped, Tree, applied, differences, namer, reloaded
from evenly.control.log import tell
from evenly.control.refusal import Refusal, not_found, unsound
from evenly.control.secrets import restored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from evenly.control.audit import Audit
    from evenly.control.document import Change
    from evenly.control.engine import Engine
    from evenly.control.events import Events
    from evenly.control.versions import Versions


ADMIN = "admin listener"
"""Through whom a request came that brought no other word."""


@dataclass(frozen=True)
class Asked:
    """An action: what is to be done, through whom, who says to be calling, and on which edition it counts."""

    what: str
    by: str = ADMIN
    agent: str | None = None
    edition: int | None = None


@dataclass(frozen=True)
class Standing:
    """The edition in force with its document; `file` are the values of its text, `tree` those with the changes."""

    edition: int
    document: Document
    file: Tree
    tree: Tree


@dataclass(frozen=True)
class Next:
    """What shall be in force, and which changes a new text overruled."""

    document: Document
    dropped: tuple[Dropped, ...] = ()


class InForce:
    """Reads and changes what is in force. Every call may raise a `Refusal`."""

    def __init__(self, engine: Engine, audit: Audit, versions: Versions, events: Events) -> None:
        self.engine = engine
        self.audit = audit
        self.versions = versions
        self.events = events
        self._writing = threading.Lock()
        self._last: Standing | None = None

    def standing(self, edition: int | None = None) -> Standing:
        """What is in force; without asking the engine when `edition` is the one we know."""
        last = self._last
        if last is not None and last.edition == edition:
            return last
        told = self.engine.config()
        if told["document"] is None:
            raise Refusal(409, "no_document", "the engine was started without a document to change")
        if last is None or last.edition != told["edition"]:
            document = Document.of(told["document"])
            file = Text.of(document.source, _name(document)).tree
            last = Standing(told["edition"], document, file, applied(file, document.changes))
            self._last = last
        return last

    def beside(self, state: dict[str, Any]) -> Standing:
        """What is in force, to be shown beside the engine's figures, which are shown also without it."""
        try:
            return self.standing(state.get("edition"))
        except Refusal:
            return Standing(state.get("edition", 0), Document(None, ""), {}, {"cluster": {}})

    @property
    def known(self) -> Standing | None:
        """What was in force when it was last looked at. Only we change it, so that is what still is."""
        return self._last

    def has_cluster(self, name: str) -> None:
        """Refuses the name of a cluster that is not there."""
        clusters = self.standing().tree["cluster"]
        if name not in clusters:
            raise not_found(unknown("cluster", name, clusters))

    def change(
        self, asked: Asked, edit: Callable[[Standing], tuple[Change, ...]]
    ) -> dict[str, Any]:
        """Makes run-time changes: `edit` says which there are then."""

        def make(standing: Standing) -> Next:
            return Next(replace(standing.document, changes=edit(standing)))

        return self._act(asked, make)

    def put(self, asked: Asked, source: str, *, keep: bool) -> dict[str, Any]:
        """Puts another text in force, in the place of the file's."""

        def make(standing: Standing) -> Next:
            text = restored(source, standing.document.source, "PUT /v1/config")
            seen = standing.document.read
            return self.instead(standing, text, "PUT /v1/config", keep=keep, seen=seen)

        return self._act(asked, make)

    def reload(self, asked: Asked, *, keep: bool) -> dict[str, Any]:
        """Reads the file anew."""

        def make(standing: Standing) -> Next:
            file = standing.document.file
            if file is None:
                raise Refusal(
                    409,
                    "no_file",
                    "this proxy was started without a file, so there is nothing to reload: "
                    "start it with `evenly run FILE`, or send a configuration to PUT /v1/config",
                )
            source = read(file)
            return self.instead(standing, source, file, keep=keep, seen=digest(source))

        return self._act(asked, make)

    @staticmethod
    def instead(
        standing: Standing, source: str, name: str, *, keep: bool, seen: str | None
    ) -> Next:
        """Another text in the place of the one in force, and the run-time changes that stay over it."""
        text = Text.of(source, name)
        check(text)
        before = standing.document
        kept, dropped = reloaded(standing.file, text.tree, before.changes)
        if not keep:
            kept, dropped = (), tuple(Dropped(one, "as was asked") for one in before.changes)
        document = replace(before, source=source, changes=kept, read=seen)
        if kept:
            try:
                effective(document)
            except ConfigError as fault:
                message = (
                    f"{name} is sound by itself, but not with what was changed at run time; nothing has changed. "
                    "Take such changes back, or reload without them (?changes=drop, `evenly reload --drop-changes`)"
                )
                raise unsound(fault, message) from fault
        return Next(document, dropped)

    def _act(self, asked: Asked, make: Callable[[Standing], Next]) -> dict[str, Any]:
        with self._writing, self._audited(asked) as entry:
            standing = self.standing()
            if asked.edition not in (None, standing.edition):
                raise Refusal(
                    412,
                    "edition_changed",
                    f"edition {standing.edition} is in force, not {asked.edition}: "
                    "somebody else was faster; look at it and ask again",
                    edition=standing.edition,
                )
            wanted = make(standing)
            said = self._apply(asked, standing, wanted)
            entry |= {"edition": said["edition"], "applied": said["applied"]}
            entry["did"] = differences(standing.document.changes, wanted.document.changes)
            return said

    def _apply(self, asked: Asked, standing: Standing, wanted: Next) -> dict[str, Any]:
        document = wanted.document
        config = effective(document, asked.what)
        said: dict[str, Any] = {"edition": standing.edition, "applied": False}
        if document != standing.document:
            document = replace(document, since=round(time.time(), 3), why=asked.what, by=asked.by)
            said = self.engine.put_config(config.engine(), document.json(), _why(asked))
            said["applied"] = True
            self.versions.keep(said["edition"], document)
            self.standing()
        return said | {
            "changes": [change.json() for change in document.changes],
            "dropped": [{"change": one.change.json(), "why": one.why} for one in wanted.dropped],
        }

    @contextmanager
    def _audited(self, asked: Asked) -> Iterator[dict[str, Any]]:
        entry: dict[str, Any] = {
            "time": round(time.time(), 3),
            "what": asked.what,
            "by": asked.by,
            "agent": asked.agent,
        }
        try:
            yield entry
        except ConfigError as fault:
            refusal = unsound(fault, f"{asked.what}: refused, nothing has changed")
            self._refused(entry, refusal)
            raise refusal from fault
        except Refusal as refusal:
            self._refused(entry, refusal)
            raise
        entry["result"] = "applied" if entry.pop("applied") else "unchanged"
        self.audit.add(entry)
        did = "; ".join(entry["did"]) or asked.what
        message = f"{did} ({asked.by}): {entry['result']}, edition {entry['edition']} is in force"
        self.events.say("config_applied", "info", message, without_time(entry))

    def _refused(self, entry: dict[str, Any], refusal: Refusal) -> None:
        entry |= {"edition": None, "result": "refused", "error": refusal.error}
        # The log of actions has each fault, and the event, which is one line, the first.
        first, *others = (why.removeprefix(f"{entry['what']}: ") for why in refusal.reasons)
        entry["message"] = "; ".join((first, *others))
        self.audit.add(entry)
        more = f" (and {len(others)} more)" if others else ""
        message = f"{entry['what']} ({entry['by']}): refused, nothing has changed: {first}{more}"
        told = self.events.say(
            "config_refused", "warning", message, {**without_time(entry), **refusal.more}
        )
        if entry["by"] != ADMIN:
            # Whoever asked over the admin listener has the answer; a signal and a watched file have none.
            tree = self._last.tree if self._last else {}
            tell(told, as_json=tree.get("log", {}).get("events") == "json")

    def begin(self) -> Standing:
        """Takes up what an earlier process left: the version in force is kept, and every edition has an entry."""
        standing = self.standing()
        document, edition = standing.document, standing.edition
        if self.versions.get(edition) is None:
            self.versions.keep(edition, document)
        if not self.audit.knows(edition):
            self.audit.add(
                {
                    "time": document.since,
                    "what": document.why,
                    "by": document.by,
                    "agent": None,
                    "edition": edition,
                    "result": "applied",
                }
            )
        return standing


def effective(document: Document, changing: str | None = None) -> Config:
    """The configuration that a document means; raises ConfigError.

    `changing` is what faults of the changes are laid to; else they are the file's with its changes.
    """
    name = _name(document)
    text = Text.of(document.source, name)
    config = check(text)
    if not document.changes:
        return config
    tree = applied(text.tree, document.changes)
    changing = changing or f"{name} with what was changed at run time"
    return from_tree(tree, changing, namer(tree))


def read(file: str) -> str:
    """The text of a file; raises ConfigError when it cannot be read."""
    try:
        return Path(file).read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        Text.read(file)  # says what is wrong
        raise


def digest(source: str) -> str:
    """What a file is known by."""
    return hashlib.sha256(source.encode()).hexdigest()


def first(file: str | None, source: str) -> Document:
    """The document that a proxy starts with."""
    absolute = None if file is None else str(Path(file).absolute())
    return Document(absolute, source, read=digest(source), since=round(time.time(), 3))


def _name(document: Document) -> str:
    return document.file or "evenly serve"


def _why(asked: Asked) -> str:
    return asked.what if asked.by == ADMIN else asked.by


def without_time(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry of the audit log as an event, which has a moment of its own."""
    return {key: value for key, value in entry.items() if key != "time"}
