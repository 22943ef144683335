"""The application: routes, refusals in one shape, and a door that keeps large bodies out."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Route

from evenly import _engine
from evenly.control import models, views
from evenly.control.asking import UseInForce
from evenly.control.door import Door
from evenly.control.refusal import Refusal
from evenly.control.reply import READS, Reply
from evenly.control.routes import clusters, config, seen

if TYPE_CHECKING:
    from evenly.control.events import Events
    from evenly.control.in_force import InForce

ABOUT = """\
Watch and change a running proxy. Every change is one step: a whole new configuration is checked as a file is, and
is put in force by the engine or not at all. What is changed at run time stays over a reload until the file itself
says something new of the same value.
"""


def app(in_force: InForce, events: Events) -> FastAPI:
    """The runtime API over what is in force."""
    made = FastAPI(
        title="Evenly",
        summary="The runtime API of the proxy.",
        description=ABOUT,
        version=_engine.version,
        openapi_url="/v1/openapi.json",
        # Their pages load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    made.state.in_force = in_force
    made.state.events = events
    routers = (clusters.router, config.router, seen.router)
    for router in routers:
        made.include_router(router)
    # The document itself would take longer than all of the start, so the paths are taken from the routes.
    paths = {
        route.path for router in routers for route in router.routes if isinstance(route, Route)
    }
    pages = sorted({"/v1", "/v1/openapi.json"} | {path for path in paths if "{" not in path})

    @made.get(
        "/v1",
        operation_id="index",
        summary="What runs, and what can be asked",
        response_model=models.Index,
        responses=READS,
        tags=["what happened"],
    )
    def index(now: UseInForce) -> Response:
        """The process, its listeners and workers, and the paths of this API."""
        return Reply(views.index(now.engine.state(), pages))

    made.add_exception_handler(Refusal, _refused)
    made.add_exception_handler(RequestValidationError, _malformed)
    made.add_exception_handler(HTTPException, _no_route)
    made.add_exception_handler(Exception, _broken)
    made.add_middleware(Door)
    made.openapi = lambda: _document(made)  # type: ignore[method-assign]
    made.state.pages = pages
    return made


def _refused(_request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)
    return Reply(refusal.json(), refusal.status)


def _malformed(request: Request, error: Exception) -> Response:
    """A request that is not what its route takes: each fault with its place."""
    assert isinstance(error, RequestValidationError)
    faults = []
    for detail in error.errors():
        key = ".".join(map(str, detail["loc"]))
        faults.append({"key": key, "what": detail["msg"], "text": f"{key}: {detail['msg']}"})
    message = f"{request.method} {request.url.path}: the request has faults, nothing has changed"
    return Reply({"error": "invalid_request", "message": message, "faults": faults}, 422)


def _no_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    path = request.url.path
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = (error.headers or {}).get("Allow", "GET")
        said = {"error": "method_not_allowed", "message": f"use {allowed} on {path}"}
    elif error.status_code == HTTPStatus.NOT_FOUND:
        known = ", ".join(request.app.state.pages)
        message = f"there is no {path} here; there are /metrics, /healthz, /readyz, {known}"
        said = {"error": "not_found", "message": message}
    else:
        # A body that is no JSON at all; what is wrong with a request has one status, however wrong it is.
        said = {"error": "invalid_request", "message": f"{request.method} {path}: {error.detail}"}
        return Reply(said, HTTPStatus.UNPROCESSABLE_ENTITY)
    return Reply(said, error.status_code, headers=dict(error.headers or {}))


def _broken(request: Request, error: Exception) -> Response:
    """A fault of ours; the server writes it down with its trace."""
    message = (
        f"{request.method} {request.url.path} failed by a fault of evenly's "
        f"({type(error).__name__}); what is in force says GET /v1/config"
    )
    return Reply({"error": "internal", "message": message}, 500)


def _document(made: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with the token that the engine asks for in front of us."""
    if made.openapi_schema is None:
        document = FastAPI.openapi(made)
        components = document.setdefault("components", {})
        components["securitySchemes"] = {
            "token": {
                "type": "http",
                "scheme": "bearer",
                "description": "`admin.token`, when the configuration has one.",
            }
        }
        document["security"] = [{}, {"token": []}]
        made.openapi_schema = document
    return made.openapi_schema
