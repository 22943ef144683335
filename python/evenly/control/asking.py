"""What a request brings, for the routes: who asks, on which edition it counts, and a body of TOML."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import Depends, Header, Request

from evenly.config.node import NodeSection
from evenly.config.strategy import json_schema as strategy_schema
from evenly.control.in_force import ADMIN, Asked, InForce
from evenly.control.refusal import Refusal

WHY = "x-evenly-why"
"""The field in which the engine says why it asks by itself."""


def in_force(request: Request) -> InForce:
    """What is in force, and how it changes."""
    found: InForce = request.app.state.in_force
    return found


def asked(
    request: Request,
    if_match: Annotated[
        str | None,
        Header(
            description="The edition that the request counts on, such as `7`; when another one is in force, the "
            "answer is 412 and nothing has changed."
        ),
    ] = None,
) -> Asked:
    """Who asks for what, as the audit log has it."""
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return Asked(
        f"{request.method} {path}",
        request.headers.get(WHY, ADMIN),
        request.headers.get("user-agent"),
        _edition(if_match),
    )


def _edition(given: str | None) -> int | None:
    if given is None or given.strip() == "*":
        return None
    number = given.strip().removeprefix("W/").strip('"')
    if number.isascii() and number.isdigit() and len(number) < 20:
        return int(number)
    raise Refusal(412, "edition_changed", f"If-Match: {given!r} is no edition: send its number")


async def toml(request: Request) -> str:
    """The body, as the text of a configuration file."""
    try:
        return (await request.body()).decode()
    except UnicodeDecodeError as fault:
        message = (
            f"the body is no UTF-8 text: byte {fault.start} is 0x{fault.object[fault.start]:02x}"
        )
        raise Refusal(422, "invalid_request", message) from None


async def json_body(request: Request) -> Any:
    """The body, as JSON; what it calls itself does not matter, since `curl -d` calls everything a form."""
    try:
        return json.loads(await request.body())
    except RecursionError:
        raise Refusal(422, "invalid_request", "the body is nested too deeply") from None
    except ValueError as fault:
        raise Refusal(422, "invalid_request", f"the body is no JSON: {fault}") from None


def _inline(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema of our file's in a document of another kind: where it stands, nothing can be referred to."""
    return {key: value for key, value in schema.items() if key not in ("title", "$defs")}


_NODE = _inline(NodeSection.model_json_schema())

TOML = {
    "requestBody": {
        "required": True,
        "description": "A configuration file.",
        "content": {"application/toml": {"schema": {"type": "string"}}},
    }
}


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    content = {"application/json": {"schema": schema}}
    return {"requestBody": {"required": True, "description": description, "content": content}}


# Bodies are taken as they are and checked as a part of the file is, so that faults are told in the same words.
NEW_NODE = _json(
    "An address, or a table as in the file.",
    {"anyOf": [{"type": "string", "description": "An address."}, _NODE]},
)
NODE_CHANGES = _json(
    "The fields that get another value.",
    {
        "type": "object",
        "properties": {
            "weight": _NODE["properties"]["weight"],
            "capacity": {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]},
            "state": _NODE["properties"]["state"],
        },
        "additionalProperties": False,
        "minProperties": 1,
    },
)
CLUSTER_CHANGES = _json(
    "The strategy: a name, or a table with name and options.",
    {
        "type": "object",
        "properties": {"strategy": strategy_schema()},
        "required": ["strategy"],
        "additionalProperties": False,
    },
)

UseInForce = Annotated[InForce, Depends(in_force)]
UseAsked = Annotated[Asked, Depends(asked)]
UseToml = Annotated[str, Depends(toml)]
UseJson = Annotated[Any, Depends(json_body)]
