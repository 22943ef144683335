"""A running proxy as the commands see it: where its admin listener is, how to ask it, and what it refuses."""

from __future__ import annotations

import functools
import getpass
import http.client
import json
import os
import socket
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from urllib.parse import quote, urlencode

import click

from evenly import _engine
from evenly.errors import EvenlyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

P = ParamSpec("P")
R = TypeVar("R")

TOKEN = "EVENLY_ADMIN_TOKEN"
DEFAULT_FILE, DEFAULT_ADDRESS = "evenly.toml", "127.0.0.1:9900"
PATIENCE = 10.0
"""Seconds for one answer: the engine itself gives up on the control process after three."""
APPLYING = 45.0
"""Seconds for the answer to a change: the engine waits 40 for one, thousands of nodes take a while."""
STARTING = 10.0
"""Seconds a control process that is being started again is waited for; it takes about one, more on a busy machine."""


class NotReached(EvenlyError):
    """No proxy answers where it was looked for."""


class Refused(EvenlyError):
    """The proxy said no; `status` and `error` say how, `faults` what is wrong with a configuration."""

    def __init__(self, status: int, said: Mapping[str, Any]) -> None:
        self.status = status
        self.said = dict(said)
        self.error: str = str(said.get("error", "refused"))
        self.faults: tuple[str, ...] = tuple(fault["text"] for fault in said.get("faults", ()))
        message = str(said.get("message") or f"the proxy answered {status}")
        super().__init__("\n".join([message, *(f"  {fault}" for fault in self.faults)]))


@dataclass(frozen=True)
class Remote:
    """One admin listener. Every call raises `NotReached` when nobody answers and `Refused` when the answer is no."""

    address: str
    token: str | None = None
    found: str = "--admin"
    """Where the address is from, for the message of who looks in the wrong place."""

    def get(self, path: str, **query: object) -> Any:
        """The answer to a question."""
        return self._ask("GET", path, query)

    def post(self, path: str, body: object = None, **query: object) -> Any:
        """Sends JSON, or a text as TOML, and returns the answer."""
        return self._ask("POST", path, query, body)

    def put(self, path: str, body: object = None, **query: object) -> Any:
        """As `post`, for PUT."""
        return self._ask("PUT", path, query, body)

    def patch(self, path: str, body: object = None, **query: object) -> Any:
        """As `post`, for PATCH."""
        return self._ask("PATCH", path, query, body)

    def delete(self, path: str, **query: object) -> Any:
        """Takes something away."""
        return self._ask("DELETE", path, query)

    def lines(self, path: str, **query: object) -> Iterator[str]:
        """The lines of an answer that has no end, as they come."""
        with closing(self._connect(None)) as connection:
            answer = self._send(connection, "GET", target(path, query), None)
            if answer.status >= http.client.BAD_REQUEST:
                raise self._refused(answer.status, _json(answer.read()))
            while line := answer.readline():
                yield line.decode(errors="replace").rstrip("\r\n")

    def _ask(self, method: str, path: str, query: Mapping[str, object], body: object = None) -> Any:
        end = time.monotonic() + STARTING
        while True:
            with closing(self._connect(PATIENCE if method == "GET" else APPLYING)) as connection:
                answer = self._send(connection, method, target(path, query), body)
                said = _json(answer.read())
            if answer.status < http.client.BAD_REQUEST:
                return said
            refused = self._refused(answer.status, said)
            # What changes something is asked again only when it cannot have been heard.
            again = ("control_down", "control_timeout") if method == "GET" else ("control_down",)
            if refused.error not in again or time.monotonic() > end:
                raise refused
            time.sleep(0.1)

    def _refused(self, status: int, said: Mapping[str, Any]) -> Refused:
        if status != http.client.UNAUTHORIZED:
            return Refused(status, said)
        # The header that the answer speaks of is sent by us.
        has = "got none" if self.token is None else "got another one"
        more = f"put admin.token of its file into {TOKEN}, or name that file with --config FILE"
        message = f"the proxy at {self.address} wants its token, and {has}: {more}"
        return Refused(status, {**said, "message": message})

    def _connect(self, timeout: float | None) -> http.client.HTTPConnection:
        host, _, port = self.address.rpartition(":")
        host = host.strip("[]")
        # A listener on every address is reached on this machine's own.
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
        connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE)
        try:
            connection.connect()
        except OSError as fault:
            raise NotReached(
                f"no proxy answers at {self.address} (from {self.found}): {fault.strerror or fault}. "
                "Start it with `evenly run`, or say where its admin listener is: "
                "--config FILE or --admin ADDRESS (the earlier one, when the file has another by now)"
            ) from None
        connection.sock.settimeout(timeout)
        return connection

    def _send(
        self, connection: http.client.HTTPConnection, method: str, path: str, body: object
    ) -> http.client.HTTPResponse:
        fields = {"User-Agent": agent(), "Connection": "close"}
        if self.token is not None:
            fields["Authorization"] = f"Bearer {self.token}"
        sent: bytes | None = None
        if isinstance(body, str):
            fields["Content-Type"], sent = "application/toml", body.encode()
        elif body is not None:
            fields["Content-Type"], sent = "application/json", json.dumps(body).encode()
        try:
            connection.request(method, path, sent, fields)
            return connection.getresponse()
        except (OSError, http.client.HTTPException) as fault:
            raise NotReached(
                f"the proxy at {self.address} broke off: {str(fault) or type(fault).__name__}. "
                "Ask again; whether it still runs says `evenly nodes`"
            ) from None


def target(path: str, query: Mapping[str, object]) -> str:
    """A request target; query parameters without a value are left out."""
    given = {key: value for key, value in query.items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


def node_path(cluster: str, node: str | None = None) -> str:
    """Where the nodes of a cluster are, or one of them; names may hold slashes and more."""
    nodes = f"/v1/clusters/{quote(cluster, safe='')}/nodes"
    return nodes if node is None else f"{nodes}/{quote(node, safe='')}"


def agent() -> str:
    """What the audit log shows beside an action: the program, and who says to be calling."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user without a name
        user = str(os.getuid())
    text = f"evenly/{_engine.version} ({user}@{socket.gethostname()})"
    return text.encode("ascii", "replace").decode()


def _json(body: bytes) -> Any:
    try:
        return json.loads(body) if body else {}
    except ValueError:
        return {"error": "unreadable", "message": f"the answer is no JSON: {body[:200]!r}"}


def from_file(file: str, chosen: bool) -> Remote:
    """The admin listener of a configuration file; a default file that is not there means the default address."""
    # Only the document: whoever drains a node must not have to repair the rest of the file first.
    from evenly.config.document import Document

    if not chosen and not Path(file).exists():
        found = f"the default, as there is no {file}"
        return Remote(DEFAULT_ADDRESS, os.environ.get(TOKEN), found)
    admin = Document.read(file).tree.get("admin")
    if not isinstance(admin, dict):
        raise click.UsageError(
            f"{file} has no [admin], so its proxy cannot be asked: "
            f'add [admin] with address = "{DEFAULT_ADDRESS}", or say --admin ADDRESS'
        )
    address, token = admin.get("address", DEFAULT_ADDRESS), admin.get("token")
    _check(str(address), f"{file}: admin.address")
    return Remote(str(address), token or os.environ.get(TOKEN), f"{file}: admin.address")


def _check(address: str, where: str) -> None:
    from evenly.config.address import split

    try:
        split(address)
    except ValueError as fault:
        raise click.UsageError(f"{where}: {fault}") from None


def meant(config_file: str | None, admin: str | None) -> Remote:
    """The proxy that `--config` and `--admin` mean, of which at most one is given."""
    if admin is not None and config_file is not None:
        raise click.UsageError("--config and --admin both say where the proxy is: give one")
    if admin is not None:
        _check(admin, "--admin")
        return Remote(admin, os.environ.get(TOKEN))
    return from_file(config_file or DEFAULT_FILE, config_file is not None)


def remote_options(command: Callable[P, R]) -> Callable[..., R]:
    """Gives a command `--config` and `--admin`, and hands it the `remote: Remote` that they mean."""

    @click.option(
        "--config",
        "config_file",
        metavar="FILE",
        help=f"The proxy's configuration; its [admin] says where it is. Default: {DEFAULT_FILE}.",
    )
    @click.option(
        "--admin",
        metavar="ADDRESS",
        help=f"The proxy's admin listener, with the token in {TOKEN}. Instead of --config.",
    )
    @functools.wraps(command)
    def asked(*args: Any, config_file: str | None, admin: str | None, **kwargs: Any) -> R:
        remote = meant(config_file, admin)
        return command(*args, remote=remote, **kwargs)  # type: ignore[arg-type]

    return asked


def json_option(command: Callable[P, R]) -> Callable[P, R]:
    """Gives a reading command `--json`, as `as_json: bool`."""
    return click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")(command)


def print_json(value: object) -> None:
    """What `--json` prints."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))
