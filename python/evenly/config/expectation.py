"""`[[test]]`: what the cluster shall do, said in the file and tried by `evenly test`. The proxy ignores it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from evenly.config.duration import PositiveDuration
from evenly.config.node import NodeEntry
from evenly.config.section import Section
from evenly.config.share import Load, Share
from evenly.config.words import shown

THEN = (
    "answer_from",
    "not_from",
    "no_node_above",
    "no_node_below",
    "failures_at_most",
    "mean_below",
    "p50_below",
    "p99_below",
    "moves_at_most",
)
"""The keys that expect something; the others say under which circumstances."""

USUAL_RATE, USUAL_ZIPF = 100.0, 1.0
"""Where a test says nothing of `rate` and `zipf`."""

MOST_PICKS = 10_000_000
"""Some ten seconds of work: an assertion is tried often."""


def _failing(value: object) -> object:
    """A list of nodes, of which each fails every request, or a table with the share that each fails."""
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return dict.fromkeys(value, 1.0)
    if isinstance(value, dict):
        return value
    raise ValueError(
        f'must be a list of nodes such as ["b"], or a table such as {{ b = "50 %" }}, not {shown(value)}'
    )


Failing = Annotated[
    dict[str, Share],
    BeforeValidator(_failing, json_schema_input_type=list[str] | dict[str, Share]),
]


class Expectation(Section):
    """An assertion that `evenly test` tries: circumstances, and what is expected then. The proxy ignores it."""

    name: str | None = Field(
        None,
        min_length=1,
        description="What the assertion is called. Default: itself, in words.",
        examples=["without b, key 42 stays with a or c"],
    )
    cluster: str | None = Field(
        None, description="The cluster it is about. Default: the only one.", examples=["users"]
    )
    # Circumstances.
    key: str | None = Field(
        None, description="The key of every request, for strategies that hash.", examples=["42"]
    )
    keys: int | None = Field(
        None,
        ge=1,
        le=10_000_000,
        description="How many different keys requests have. Default: as many as requests, all alike.",
    )
    zipf: float | None = Field(
        None,
        ge=0,
        le=10,
        description="How unevenly `keys` are asked for: the k-th most popular like 1 / k^zipf; 0 makes all "
        "alike. Default: 1.",
    )
    down: list[str] = Field(
        [], description="Nodes that are dead: connections to them are refused.", examples=[["b"]]
    )
    draining: list[str] = Field([], description="Nodes that an operator drains.")
    failing: Failing = Field(
        {},
        description='Nodes that answer 503: `["b"]`, or with the share of requests, `{ b = "50 %" }`.',
        examples=[["b"], {"b": "50 %"}],
    )
    slow: dict[str, Annotated[float, Field(gt=0, le=1e6)]] = Field(
        {},
        description="Nodes for which everything takes so many times as long.",
        examples=[{"b": 10}],
    )
    leaves: list[str] = Field([], description="Nodes that are taken out of the cluster.")
    joins: list[NodeEntry] = Field(
        [], description="Nodes that are added to the cluster, written as in `nodes`."
    )
    picks: int = Field(10_000, ge=1, le=MOST_PICKS, description="How many requests are simulated.")
    rate: float | None = Field(
        None,
        gt=0,
        le=1e9,
        description="Requests per second over the whole cluster, as many independent users send them. Default: 100, so "
        "that 10,000 requests take 100 s, in which checks, ejection and the way back have their turn.",
    )
    load: Load | None = Field(
        None,
        description="Instead of `rate`: work that arrives beside what all nodes can do. Needs `at_once`.",
        examples=["80 %"],
    )
    service_time: PositiveDuration = Field(
        0.01, description="How long a node takes for a request on average (exponential)."
    )
    at_once: int | None = Field(
        None,
        ge=1,
        le=1_000_000,
        description="How many requests a node serves at a time; further ones wait at it. Default: any number.",
    )
    seed: int = Field(
        0,
        ge=0,
        lt=1 << 63,
        description="Where chance begins. The same file with the same seed always gives the same answer.",
    )
    # What is expected then.
    answer_from: list[str] | None = Field(
        None,
        min_length=1,
        description="Every answer comes from one of these nodes.",
        examples=[["a", "c"]],
    )
    not_from: list[str] | None = Field(
        None, min_length=1, description="No answer comes from any of these nodes."
    )
    no_node_above: Share | None = Field(
        None, description="No node gets more than this share of the picks.", examples=["40 %"]
    )
    no_node_below: Share | None = Field(
        None,
        description="No node that is neither down nor draining gets less than this share of the picks.",
        examples=["25 %"],
    )
    failures_at_most: Share | None = Field(
        None,
        description="At most this share of the requests is failed or refused, after all retries.",
        examples=["0.1 %"],
    )
    mean_below: PositiveDuration | None = Field(
        None, description="The mean response time is shorter.", examples=["20ms"]
    )
    p50_below: PositiveDuration | None = Field(
        None, description="Half of the requests are answered in less.", examples=["15ms"]
    )
    p99_below: PositiveDuration | None = Field(
        None, description="99 of 100 requests are answered in less.", examples=["100ms"]
    )
    moves_at_most: Share | None = Field(
        None,
        description="At most this share of all keys gets another node when `leaves` and `joins` happen.",
        examples=["30 %"],
    )

    def expects(self) -> dict[str, Any]:
        """What is expected, by key."""
        return {word: value for word in THEN if (value := getattr(self, word)) is not None}
