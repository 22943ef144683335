"""The configuration as a whole: what is in force, another one, the file anew, and what was changed beside it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response

from evenly.config import ConfigError
from evenly.control import edits, models
from evenly.control.asking import TOML, UseAsked, UseInForce, UseToml
from evenly.control.document import Document
from evenly.control.in_force import InForce, digest, effective
from evenly.control.refusal import Refusal, unsound
from evenly.control.reply import READS, WRITES, Reply, refusals
from evenly.control.secrets import hidden, restored
from evenly.plan import plan

router = APIRouter(tags=["configuration"])

Keep = Annotated[
    Literal["keep", "drop"],
    Query(
        description="What becomes of run-time changes. `keep`: each stays unless the new text says "
        "something new of the same value; then the text wins, and the answer says so. `drop`: all end."
    ),
]


def _version(edition: int, document: Document) -> dict[str, Any]:
    return {
        "edition": edition,
        "since": document.since,
        "why": document.why,
        "by": document.by,
    }


def _whole(edition: int, document: Document) -> dict[str, Any]:
    return _version(edition, document) | {
        "file": document.file,
        "source": hidden(document.source),
        "changes": [change.json() for change in document.changes],
    }


@router.get(
    "/v1/config",
    operation_id="getConfig",
    summary="The configuration in force",
    response_model=models.ConfigShape,
    responses=READS,
)
def get_config(now: UseInForce) -> Response:
    """The text that was loaded last, and what was changed at run time beside it."""
    standing = now.standing()
    return Reply(_whole(standing.edition, standing.document))


@router.put(
    "/v1/config",
    operation_id="putConfig",
    summary="Put another configuration in force",
    response_model=models.Applied,
    responses=WRITES,
    openapi_extra=TOML,
)
def put_config(
    source: UseToml, now: UseInForce, asked: UseAsked, changes: Keep = "keep"
) -> Response:
    """The body is TOML, as the file would be. The file itself is not written: the next reload reads it again."""
    return Reply(now.put(asked, source, keep=changes == "keep"))


@router.get(
    "/v1/config/versions",
    operation_id="listVersions",
    summary="The configurations that were in force",
    response_model=models.Versions,
    responses=READS,
)
def list_versions(now: UseInForce) -> Response:
    """The latest twenty, newest first."""
    kept = ((number, now.versions.get(number)) for number in now.versions.numbers())
    found = [_version(number, document) for number, document in kept if document is not None]
    return Reply({"versions": found})


@router.get(
    "/v1/config/versions/{edition}",
    operation_id="getVersion",
    summary="A configuration that was in force",
    response_model=models.ConfigShape,
    responses=READS | refusals(404),
)
def get_version(
    edition: Annotated[int, Path(ge=1, lt=1 << 63, description="Its number.")], now: UseInForce
) -> Response:
    """In full, so that it can be put in force again."""
    document = now.versions.get(edition)
    if document is None:
        kept = ", ".join(map(str, now.versions.numbers()))
        raise Refusal(404, "not_found", f"edition {edition} is not kept; kept are {kept}")
    return Reply(_whole(edition, document))


@router.post(
    "/v1/reload",
    operation_id="reload",
    summary="Read the file again",
    response_model=models.Applied,
    responses=WRITES,
)
def reload(now: UseInForce, asked: UseAsked, changes: Keep = "keep") -> Response:
    """A file with faults is refused with all of them, and what is in force stays."""
    return Reply(now.reload(asked, keep=changes == "keep"))


@router.post(
    "/v1/plan",
    operation_id="plan",
    summary="What a configuration would change",
    response_model=models.PlanShape,
    responses=READS | refusals(409, 413),
    openapi_extra=TOML,
)
def make_plan(source: UseToml, now: UseInForce, changes: Keep = "keep") -> Response:
    """Listeners, connections, nodes and the share of keys that would move, if the body were put in force now."""
    standing = now.standing()
    try:
        text = restored(source, standing.document.source, "POST /v1/plan")
        wanted = InForce.instead(standing, text, "POST /v1/plan", keep=changes == "keep", seen=None)
        planned = plan(effective(standing.document), effective(wanted.document), now.engine.state())
    except ConfigError as fault:
        raise unsound(fault, "POST /v1/plan: this configuration would be refused") from fault
    dropped = [{"change": one.change.json(), "why": one.why} for one in wanted.dropped]
    return Reply({**planned.as_dict(), "edition": standing.edition, "dropped": dropped})


@router.get(
    "/v1/changes",
    operation_id="listChanges",
    summary="What was changed at run time",
    response_model=models.Changes,
    responses=READS,
)
def list_changes(now: UseInForce) -> Response:
    """Where what is in force differs from the file."""
    standing = now.standing()
    document = standing.document
    return Reply(
        {
            "edition": standing.edition,
            "file_in_force": digest(document.source) == document.read,
            "changes": [change.json() for change in document.changes],
        }
    )


@router.delete(
    "/v1/changes",
    operation_id="takeBackChanges",
    summary="Take run-time changes back",
    response_model=models.Applied,
    responses=WRITES | refusals(404),
)
def take_back(
    now: UseInForce,
    asked: UseAsked,
    cluster: Annotated[str | None, Query(description="Only of this cluster.")] = None,
    node: Annotated[str | None, Query(description="Only of this node.")] = None,
    what: Annotated[
        Literal["node", "weight", "capacity", "state", "strategy"] | None,
        Query(description="Only of this kind."),
    ] = None,
) -> Response:
    """All of them, or those that the query names: there the file holds again."""
    return Reply(now.change(asked, edits.take_back(cluster, node, what)))
