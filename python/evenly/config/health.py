"""`health = { http = "/healthz" }` or `{ tcp = true }`: nodes are asked how they are."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, WithJsonSchema

from evenly.config.duration import PositiveDuration
from evenly.config.section import Section
from evenly.config.words import shown

UP = (200, 399)
"""What an HTTP check takes as success unless told: a redirect is an answer of a node that works."""

HTTP_ONLY = ("status", "body")
"""Options that say something about an answer, which a TCP check never sees."""


def _path(text: str) -> str:
    if not text.startswith("/") or not all("!" <= letter <= "~" for letter in text) or "#" in text:
        raise ValueError(
            f'{shown(text)} is not a path: it begins with "/" and holds visible ASCII only, '
            'such as "/healthz"'
        )
    return text


def _yes(value: object) -> object:
    # Not Literal[True], which takes 1 for it.
    if value is not True:
        raise ValueError(f"must be true, or be left out, not {shown(value)}")
    return value


Yes = Annotated[bool, BeforeValidator(_yes), WithJsonSchema({"const": True})]


def _status(value: object) -> tuple[int, int]:
    """One status, or the first and the last of a range."""
    both = list(value) if isinstance(value, list | tuple) else [value, value]
    codes = [code for code in both if type(code) is int and 100 <= code <= 599]
    if len(both) != 2 or len(codes) != 2 or codes[0] > codes[1]:
        given = both if isinstance(value, list | tuple) else shown(value)
        raise ValueError(
            f"must be one status from 100 to 599, or a range such as [200, 399], not {given}"
        )
    return codes[0], codes[1]


_CODE = {"type": "integer", "minimum": 100, "maximum": 599}

StatusRange = Annotated[
    tuple[int, int],
    BeforeValidator(_status),
    WithJsonSchema(
        {"anyOf": [_CODE, {"type": "array", "items": _CODE, "minItems": 2, "maxItems": 2}]}
    ),
]


class HealthSection(Section):
    """Active checks: exactly one of `http` and `tcp`, and how often."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["http"]},
                {"required": ["tcp"], "properties": dict.fromkeys(HTTP_ONLY, False)},
            ]
        }
    )

    http: Annotated[str, AfterValidator(_path)] | None = Field(
        None,
        description="Ask for this path; a status within `status` is a success.",
        examples=["/healthz"],
    )
    tcp: Yes | None = Field(None, description="Only connect: a connection is a success.")
    status: StatusRange | None = Field(
        None,
        description="The status, or [first, last], that an HTTP check takes as success. "
        "Default: [200, 399].",
        examples=[200, [200, 399]],
    )
    body: str | None = Field(
        None,
        min_length=1,
        description="A text that the first 64 KiB of the answer must contain. Default: any answer.",
    )
    every: PositiveDuration = Field(5.0, description="Between two checks of a settled node.")
    fast: PositiveDuration = Field(
        1.0, description="Between two checks of a node that is about to change."
    )
    timeout: PositiveDuration = Field(2.0, description="How long one check may take.")
    rise: int = Field(
        2,
        ge=1,
        le=1000,
        description="Successes in a row that make a node up; the first ever counts.",
    )
    fall: int = Field(3, ge=1, le=1000, description="Failures in a row that make a node down.")
    jitter: float = Field(
        0.15,
        ge=0,
        le=0.5,
        description="Share by which each wait varies, so that checks do not march in step.",
    )
    required: bool = Field(
        False,
        description="Whether a node serves only after its first success. Otherwise it serves until "
        "a check says no.",
    )
