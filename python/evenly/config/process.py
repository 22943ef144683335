"""The tables about the proxy itself: `[proxy]`, `[admin]`, `[log]`."""

from __future__ import annotations

import os
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from evenly.config.address import IpListenAddress
from evenly.config.duration import Duration
from evenly.config.section import Section
from evenly.config.words import shown


def cores() -> int:
    """How many cores this process may use, which is not always how many there are."""
    return len(os.sched_getaffinity(0))


def _account(text: str) -> str:
    if not text or any(letter in ":/\0" or letter.isspace() for letter in text):
        raise ValueError(f"{shown(text)} is no name of a user or group")
    return text


class ProxySection(Section):
    """The proxy process."""

    workers: int | None = Field(
        None,
        ge=1,
        le=1024,
        description="Threads that carry requests. Balance is global, whatever their number. "
        "Default: one per core.",
        examples=[2],
    )
    drain: Duration = Field(
        30.0,
        description="After SIGTERM or SIGINT: how long requests that have begun may take to end. "
        "New connections are refused meanwhile.",
    )
    watch: bool = Field(
        False,
        description="Reload this file when it changes. A file with faults is refused, with its "
        "faults in the log, and the configuration in force stays.",
    )
    user: Annotated[str, AfterValidator(_account)] | None = Field(
        None,
        description="Started as root: whom the proxy serves as once its listeners and logs are "
        "open. A name, or a number. The control process runs as that user, too.",
        examples=["evenly", "www-data"],
    )
    group: Annotated[str, AfterValidator(_account)] | None = Field(
        None,
        description="The group to go with `user`. Default: the one that user has.",
        examples=["www-data"],
    )

    @field_validator("group", mode="after")
    @classmethod
    def _group_of_a_user(cls, group: str | None, info: ValidationInfo) -> str | None:
        if group is not None and info.data.get("user", group) is None:
            raise ValueError("needs `user` beside it: a group alone gives up no rights")
        return group


HIDDEN = "(hidden)"
"""What a running proxy shows in the place of a secret; sent back to it, it means the secret in force."""


def _token(text: str) -> str:
    if text == HIDDEN:
        raise ValueError(
            f'"{HIDDEN}" is what a running proxy shows in the place of its token: write the token itself'
        )
    if not text or not all("!" <= letter <= "~" for letter in text):
        raise ValueError("must be visible ASCII without spaces, since it travels in a header field")
    return text


class AdminSection(Section):
    """Where the proxy can be watched and steered: /metrics, /v1/clusters, /healthz, /readyz."""

    address: IpListenAddress = Field(
        "127.0.0.1:9900",
        description="Where the admin listener listens; how other commands find this proxy. "
        "Off loopback it needs a token.",
    )
    token: Annotated[str, AfterValidator(_token)] | None = Field(
        None,
        repr=False,
        description="A secret that each request has to bring as `Authorization: Bearer TOKEN`.",
    )


def _access(text: str) -> str:
    if not text.strip() or "\0" in text:
        raise ValueError(f'{shown(text)} is no file: write a path, "stdout" or "off"')
    return text


class LogSection(Section):
    """Logs."""

    access: Annotated[str, AfterValidator(_access)] = Field(
        "off",
        description='One JSON line per request: a path, "stdout" or "off". Written off the '
        "workers, so that a slow disk delays no request.",
        examples=["access.jsonl", "stdout", "off"],
    )
    events: Literal["text", "json"] = Field(
        "text",
        description="How the proxy tells on standard error what happens to it: a sentence for people, "
        "or one JSON object a line for machines.",
    )
