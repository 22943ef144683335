"""The admin token in a configuration text: never shown, and left as it is by a text that brings its mark."""

from __future__ import annotations

import re
from typing import Any

from evenly.config import ConfigError
from evenly.config.document import Document as Text
from evenly.config.document import write_value
from evenly.config.process import HIDDEN

_STRINGS = r'"""[\s\S]*?"""|' + r"'''[\s\S]*?'''|" + r'"(?:\\.|[^"\\\n])*"|' + r"'[^'\n]*'"
_TOKEN = re.compile(rf"""token["']?\s*=\s*({_STRINGS})""")

SHORT = 4
"""A token of fewer letters is likely to stand in other words of a text, and no secret anyway."""
WHOLE = f"# hidden as a whole: the token stands in more than one place\n[admin]\ntoken = {write_value(HIDDEN)}\n"
"""What is shown of a text that might tell its token elsewhere, in a comment for example."""


def hidden(source: str) -> str:
    """The text with a mark in the place of its token."""
    token = _token(source)
    if token is None:
        return source
    shown = _with_token(source, HIDDEN)
    if shown is None or (len(token) >= SHORT and token in shown):
        return WHOLE
    return shown


def restored(source: str, before: str, file: str) -> str:
    """The text with the token in force in the place of the mark; raises ConfigError when there is none."""
    if _token(source) != HIDDEN:
        return source
    token = _token(before)
    written = None if token is None else _with_token(source, token)
    if written is None:
        what = f'"{HIDDEN}" stands for the token in force, but there is none: write a token, or leave it out'
        raise ConfigError([Text.of(source, file).fault(("admin", "token"), what)])
    return written


def _token(source: str) -> str | None:
    token = _of(_tree(source))
    return token if isinstance(token, str) else None


def _tree(source: str) -> dict[str, Any]:
    try:
        return Text.of(source, "").tree
    except ConfigError:
        return {}


def _of(tree: dict[str, Any]) -> object:
    admin = tree.get("admin")
    return admin.get("token") if isinstance(admin, dict) else None


def _with_token(source: str, token: str) -> str | None:
    """The text with another token. The first way to write it that changes the token and nothing else is right."""
    tree = _tree(source)
    wanted = {**tree, "admin": {**tree["admin"], "token": token}}
    for found in _TOKEN.finditer(source):
        text = source[: found.start(1)] + write_value(token) + source[found.end(1) :]
        if _tree(text) == wanted:
            return text
    return None
