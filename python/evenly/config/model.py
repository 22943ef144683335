"""The whole configuration, as typed structs."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from evenly.config import engine
from evenly.config.cluster import ClusterSection
from evenly.config.expectation import Expectation
from evenly.config.listener import ListenSection
from evenly.config.process import AdminSection, LogSection, ProxySection
from evenly.config.section import Name, Section


class Config(Section):
    """Configuration of the proxy `evenly run`."""

    proxy: ProxySection = Field(default_factory=ProxySection, description="The proxy process.")
    admin: AdminSection | None = Field(
        None,
        description="Where the proxy can be watched and steered. Default: no admin listener.",
    )
    log: LogSection = Field(default_factory=LogSection, description="Logs.")
    listen: dict[Name, ListenSection] = Field(
        min_length=1, description="The sockets that clients connect to, by name."
    )
    cluster: dict[Name, ClusterSection] = Field(
        min_length=1, description="The sets of nodes that requests go to, by name."
    )
    test: list[Expectation] = Field(
        [], description="Assertions about clusters, tried by `evenly test`; the proxy ignores them."
    )

    def engine(self) -> dict[str, Any]:
        """The same with every default filled in, as the engine reads it (JSON values only)."""
        return engine.configuration(self)

    def summary(self) -> str:
        """One line that says what this configuration does."""
        return "; ".join(
            [
                *(f"{name} {listen.address} → {listen.to}" for name, listen in self.listen.items()),
                *(
                    f"{name}: {count(len(cluster.nodes), 'node')}, {cluster.strategy['name']}"
                    for name, cluster in self.cluster.items()
                ),
            ]
        )


def count(number: int, noun: str) -> str:
    """`1 node`, `2 nodes`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
