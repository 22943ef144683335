"""The runtime API is asked whatever its OpenAPI document allows, and much that it does not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import schemathesis
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from .harness.client import get
from .harness.load import Load
from .harness.node import Node
from .harness.proxy import Proxy
from .harness.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator


@schemathesis.serializer("application/toml")
def toml(_context: object, value: object) -> bytes:
    """A text goes as it is, whether it is TOML or not."""
    return (
        value.encode("utf-8", "surrogateescape")
        if isinstance(value, str)
        else bytes(str(value), "utf-8")
    )


OPERATIONS = (
    "addNode", "audit", "changeCluster", "changeNode", "decisions", "events", "explain", "getCluster",
    "getConfig", "getNode", "getVersion", "index", "listChanges", "listClusters", "listNodes",
    "listVersions", "plan", "putConfig", "reload", "removeNode", "takeBackChanges",
)  # fmt: skip
"""Every operation; a test fails when the document has another one."""

EXAMPLES = 25
"""Requests of each kind, right ones and wrong ones: some five hundred in all, and the same in every run."""


@pytest.fixture(scope="module")
def proxy() -> Iterator[Proxy]:
    """A proxy under a little load, which no request may disturb."""
    with Node(name="a") as one, Node(name="b") as two:
        nodes = [{"id": "a", "address": one.address}, {"id": "b", "address": two.address}]
        with Proxy(*nodes) as proxy:
            proxy.clusters()
            with Load(proxy.address, 2) as load:
                yield proxy
                load.more()
            assert not load.tally.failures, load.tally.failures[:5]


def document(proxy: Proxy) -> dict[str, object]:
    """The OpenAPI document of the running proxy."""
    answer = get(proxy.admin, "/v1/openapi.json")
    assert answer.status == 200
    found: dict[str, object] = json.loads(answer.body)
    return found


def test_the_document_has_these_operations(proxy: Proxy) -> None:
    """Each has a name, a summary, a description, and its refusals in the one shape."""
    paths = document(proxy)["paths"]
    assert isinstance(paths, dict)
    found = [operation for path in paths.values() for operation in path.values()]
    assert sorted(one["operationId"] for one in found) == sorted(OPERATIONS)
    for operation in found:
        assert operation["summary"]
        assert operation["description"]
        for status, answer in operation["responses"].items():
            assert answer["description"]
            if status >= "400":
                shape = answer["content"]["application/json"]["schema"]
                assert shape == {"$ref": "#/components/schemas/Error"}, (operation, status)


@pytest.mark.parametrize("name", OPERATIONS)
def test_nothing_that_is_asked_breaks_it(proxy: Proxy, name: str) -> None:
    """No answer is a fault of ours, and each has a status and a shape that the document tells."""
    schema = schemathesis.openapi.from_dict(document(proxy))
    operation = schema.find_operation_by_id(name)
    both = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]
    cases = hypothesis.strategies.one_of(
        *(operation.as_strategy(generation_mode=mode) for mode in both)
    )

    @hypothesis.settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )
    @hypothesis.given(case=cases, known=hypothesis.strategies.booleans())
    def ask(case: schemathesis.Case[Any], known: bool) -> None:
        if known and case.path_parameters:
            # Names made by chance are never there: half of the requests go to what is.
            there = {"cluster": "users", "node": "a"}
            case.path_parameters |= {
                key: value for key, value in there.items() if key in case.path_parameters
            }
        if name == "events":
            # A stream that is followed has no end.
            case.query = {**(case.query or {}), "follow": "false"}
        case.call_and_validate(
            base_url=f"http://{proxy.admin}",
            timeout=30,
            checks=[
                not_a_server_error,
                status_code_conformance,
                content_type_conformance,
                response_schema_conformance,
                unsupported_method,
            ],
        )

    ask()
    until(lambda: get(proxy.admin, "/v1/config").status == 200, "it still answers")
