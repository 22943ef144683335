"""What happened and why: events, the audit log, decisions and explanations."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from evenly.control import models
from evenly.control.asking import UseInForce
from evenly.control.events import Event
from evenly.control.reply import READS, Reply, refusals

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

router = APIRouter(tags=["what happened"])

HEARTBEAT = 15.0
"""Seconds of silence after which a line goes out: whoever stands between closes idle connections after 30 or more."""

STREAMED = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "description": "Its number, for `Last-Event-ID`."},
        "event": {"type": "string", "description": "Its kind."},
        "data": {"type": "string", "description": "JSON with time, level, kind, message and more."},
    },
}

Limit = Annotated[int, Query(ge=1, le=1000, description="How many at most.")]


def written(event: Event) -> str:
    """One event, as server-sent events have it."""
    data = json.dumps(event.json(), ensure_ascii=False)
    return f"id: {event.number}\nevent: {event.kind}\ndata: {data}\n\n"


@router.get(
    "/v1/events",
    operation_id="events",
    summary="What happens, as it happens",
    response_class=StreamingResponse,
    responses=READS
    | {
        200: {
            "description": "Server-sent events: first the latest, then each as it happens.",
            "content": {"text/event-stream": {"schema": STREAMED}},
        }
    },
)
async def events(
    request: Request,
    follow: Annotated[bool, Query(description="False ends after the latest.")] = True,
    last_event_id: Annotated[
        str | None, Header(description="Where an earlier reader stopped.", max_length=30)
    ] = None,
) -> Response:
    """The engine's events (a node changed, a name cannot be resolved, an edition is in force) and ours (a change
    was applied or refused). A reader that is too slow is told how many events it lost.
    """
    row = request.app.state.events
    number = last_event_id or ""
    after = int(number) if number.isascii() and number.isdigit() else 0

    async def stream() -> AsyncIterator[str]:
        yield ": the latest events, then each as it happens\n\n"
        if not follow:
            for event in row.recent(after):
                yield written(event)
            return
        async for said in row.follow(after, HEARTBEAT):
            if said is None:
                yield ": nothing new\n\n"
            elif isinstance(said, int):
                yield f'event: lost\ndata: {{"kind": "lost", "count": {said}}}\n\n'
            else:
                yield written(said)

    return StreamingResponse(
        stream(), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )


@router.get(
    "/v1/audit",
    operation_id="audit",
    summary="Who changed what",
    response_model=models.AuditLog,
    responses=READS,
)
def audit(now: UseInForce, limit: Limit = 100) -> Response:
    """Every action that could have changed something, also refused ones, newest first."""
    return Reply({"entries": now.audit.newest(limit)})


@router.get(
    "/v1/decisions",
    operation_id="decisions",
    summary="Sampled decisions",
    response_model=models.Decisions,
    responses=READS | refusals(404),
)
def decisions(
    now: UseInForce,
    cluster: Annotated[str | None, Query(description="Only of this cluster.")] = None,
    limit: Limit = 100,
) -> Response:
    """Which nodes some of the latest requests were offered, and which answered; newest first."""
    if cluster is not None:
        now.has_cluster(cluster)
    return Reply(now.engine.decisions(cluster, limit))


@router.get(
    "/v1/clusters/{cluster}/explain",
    operation_id="explain",
    summary="What a request would get now, and why",
    response_model=models.Explanation,
    responses=READS | refusals(404),
    tags=["clusters"],
)
def explain(
    cluster: Annotated[str, Path(description="The cluster's name.")],
    now: UseInForce,
    key: Annotated[str | None, Query(description="The request's key, for hashing.")] = None,
) -> Response:
    """Every node with its score or why it is excluded, and the pick. Nothing is taken, nothing changes."""
    now.has_cluster(cluster)
    return Reply(now.engine.explain(cluster, key))
