"""A node of a cluster: an address, or a table with an address."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from evenly.config.address import NodeAddress
from evenly.config.section import Section
from evenly.config.words import shown
from evenly.node import MAX_WEIGHT

_LARGEST_CAPACITY = (1 << 32) - 1


def _one_line(name: str) -> str:
    """A name stands in tables, headers and lines of logs: it must not be able to begin another one."""
    for character in name:
        if unicodedata.category(character) in ("Cc", "Zl", "Zp"):
            raise ValueError(
                f"must have no line breaks or other control characters, not {shown(character)}"
            )
    return name


class NodeSection(Section):
    """One member of a cluster."""

    address: NodeAddress = Field(
        description="Where the node lives: an IPv4 address, an IPv6 address in brackets or a host "
        "name, with its port; or unix:/path. A host name stands for one node per address it "
        "resolves to, looked up again as its time to live ends."
    )
    id: Annotated[str, AfterValidator(_one_line)] | None = Field(
        None,
        min_length=1,
        description="The node's stable name, which hashing goes by. Default: its address.",
    )
    weight: int = Field(
        1, ge=1, le=MAX_WEIGHT, description="The node's share of the traffic, beside the others'."
    )
    capacity: int | None = Field(
        None,
        ge=1,
        le=_LARGEST_CAPACITY,
        description="The most requests the node takes at a time; further ones wait in the "
        "cluster's queue. Default: no limit.",
    )
    state: Literal["serve", "drain", "down"] = Field(
        "serve",
        description="What you say of the node: it serves; it ends what it has begun and takes "
        "nothing new (drain); it is down, and not even asked how it is.",
    )

    @property
    def name(self) -> str:
        """The stable name."""
        return self.id or self.address


def _as_table(value: object) -> object:
    if isinstance(value, str):
        return {"address": value}
    if isinstance(value, dict):
        return value
    raise ValueError(
        f'must be an address such as "10.0.0.1:8000", or a table such as '
        f'{{ address = "10.0.0.1:8000", weight = 2 }}, not {shown(value)}'
    )


NodeEntry = Annotated[
    NodeSection, BeforeValidator(_as_table, json_schema_input_type=NodeAddress | NodeSection)
]
