"""One table, and routes, permissions and description made from it: no gap between them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from support.api import SomeoneAsks
from wattshift import __version__
from wattshift.api.openapi import describe
from wattshift.api.operations import GUARDED, OPERATIONS, Operation
from wattshift.web.principal import NOBODY, Principal, Scope

DESCRIPTION = Path(__file__).parents[2] / "docs" / "schema" / "openapi.json"
PRINCIPALS = [
    NOBODY,
    *(
        Principal(name="-".join(scopes) or "none", scopes=frozenset(scopes))
        for scopes in ([], *([scope] for scope in Scope), [Scope.READ, Scope.COMPUTE], [*Scope])
    ),
]
OPEN = {"health-live", "health-ready"}
UNSEEN = {"live"}
"""Operations whose answer has no end."""


@pytest.fixture(scope="module")
def described(app: FastAPI) -> dict[str, Any]:
    return describe(app, version=__version__)


@pytest.fixture(scope="module")
def anybody(app: FastAPI) -> Iterator[tuple[SomeoneAsks, TestClient]]:
    someone = SomeoneAsks(app, NOBODY)
    with TestClient(someone, raise_server_exceptions=False) as client:
        yield someone, client


def test_the_routes_are_the_table(app: FastAPI) -> None:
    routes = {
        (route.path_format, *(route.methods or ())): route.operation_id
        for route in app.routes
        if isinstance(route, APIRoute)
    }
    assert routes == {(each.path, each.method): each.name for each in OPERATIONS.values()}
    assert len(app.routes) == len(OPERATIONS)


def test_the_description_is_the_table(described: dict[str, Any]) -> None:
    found = {
        operation["operationId"]: (path, method.upper())
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    }
    assert found == {each.name: (each.path, each.method) for each in OPERATIONS.values()}


def test_the_published_description_is_this_one(described: dict[str, Any]) -> None:
    text = json.dumps(described, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    assert DESCRIPTION.read_text(encoding="utf-8") == text, (
        "write it anew, and review the change: curl -s http://127.0.0.1:8550/v1/openapi.json"
        " | python -m json.tool --indent 1 --sort-keys --no-ensure-ascii > docs/schema/openapi.json"
    )


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def test_every_reference_leads_somewhere_and_every_schema_is_used(described: dict[str, Any]) -> None:
    components = described["components"]
    there = {f"#/components/{kind}/{name}" for kind in ("schemas", "responses") for name in components[kind]}
    assert set(references(described)) == there


def test_schemas_tell_no_module_and_every_field_of_an_answer_is_explained(described: dict[str, Any]) -> None:
    assert [name for name in described["components"]["schemas"] if "__" in name] == []
    unexplained = [
        f"{name}.{field}"
        for name, schema in described["components"]["schemas"].items()
        for field, told in schema.get("properties", {}).items()
        if "description" not in told and field != "schema"
    ]
    assert unexplained == []


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda each: each.name)
def test_each_operation_says_what_it_answers_refuses_and_needs(
    operation: Operation, described: dict[str, Any]
) -> None:
    told = described["paths"][operation.path][operation.method.lower()]
    assert told["summary"]
    assert told["tags"] == [operation.tag]
    statuses = {int(status) for status in told["responses"]}
    assert statuses >= GUARDED | operation.refusals | {operation.status}
    assert (304 in statuses) == operation.is_cached
    assert set(told["responses"][str(operation.status)]["content"]) == set(operation.media)
    assert told["security"] == ([] if operation.scope is None else [{"token": [operation.scope.value]}])
    for parameter in told.get("parameters", ()):
        assert parameter["description"], parameter["name"]
        assert "null" not in json.dumps(parameter["schema"])


def call(client: TestClient, operation: Operation) -> int:
    path = operation.path.replace("{id}", "nonsense").replace("{rule}", "nonsense")
    return client.request(operation.method, path, content=b"").status_code


@pytest.mark.parametrize(
    ("operation", "principal"),
    [(each, one) for each, one in product(OPERATIONS.values(), PRINCIPALS) if each.name not in UNSEEN],
    ids=lambda each: each.name,
)
def test_who_may_do_what(
    operation: Operation, principal: Principal, anybody: tuple[SomeoneAsks, TestClient]
) -> None:
    someone, client = anybody
    someone.principal = principal
    status = call(client, operation)
    may = operation.scope is None or operation.scope in principal.scopes
    refused = 401 if principal == NOBODY else 403
    assert (status == refused) == (not may)
    assert (operation.scope is None) == (operation.name in OPEN)
    if may:
        assert status in {operation.status, *operation.refusals, 503}


@pytest.mark.parametrize("principal", [NOBODY, PRINCIPALS[1]], ids=lambda each: each.name)
def test_live_values_are_not_for_everybody(
    principal: Principal, anybody: tuple[SomeoneAsks, TestClient]
) -> None:
    someone, client = anybody
    someone.principal = principal
    assert client.get("/v1/live").status_code in {401, 403}


@pytest.mark.parametrize("principal", [NOBODY, PRINCIPALS[1]], ids=lambda each: each.name)
def test_what_lies_ready_is_not_for_everybody(
    principal: Principal, anybody: tuple[SomeoneAsks, TestClient]
) -> None:
    someone, client = anybody
    someone.principal = Principal(name="reader", scopes=frozenset({Scope.READ}))
    assert client.get("/v1/now").status_code == 200
    someone.principal = principal
    assert client.get("/v1/now").status_code in {401, 403}
    assert client.head("/v1/now").status_code in {401, 403}


def test_nobody_has_a_body_read(anybody: tuple[SomeoneAsks, TestClient]) -> None:
    someone, client = anybody
    someone.principal = NOBODY
    assert client.post("/v1/simulations", content=b"{" * 100_000).status_code == 401


def test_no_route_takes_a_url(described: dict[str, Any]) -> None:
    named = [name for name in described["components"]["schemas"] if name.startswith("Ask")]
    fields = [field for name in named for field in described["components"]["schemas"][name]["properties"]]
    fields += [
        parameter["name"]
        for methods in described["paths"].values()
        for operation in methods.values()
        for parameter in operation.get("parameters", ())
    ]
    assert len(fields) > 30
    assert [
        each for each in fields if any(word in each for word in ("url", "uri", "host", "file", "path"))
    ] == ["paths"]
