"""The OpenAPI document, and what every route must have."""

import re
from typing import Any

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from pierhead.server.api.permissions import RULES
from pierhead.server.api.routers import ROUTERS
from pierhead.server.api.rules import OPEN
from pierhead.server.app import create_app
from pierhead.testing.application import MemoryApplication


def routes() -> list[APIRoute]:
    return [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]


@pytest.fixture
def document(client: TestClient) -> dict[str, Any]:
    made: dict[str, Any] = client.get("/openapi.json").json()
    return made


def test_every_route_declares_its_permission_and_every_permission_has_a_route() -> None:
    assert {route.operation_id for route in routes()} == set(RULES)


def test_an_application_with_a_route_nobody_thought_about_does_not_start(
    application: MemoryApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(RULES, "health")  # type: ignore[arg-type]
    with pytest.raises(KeyError):
        create_app(application)


@pytest.mark.parametrize("prefix", ["", "/gateway"])
@pytest.mark.parametrize("route", routes(), ids=lambda route: route.operation_id)
def test_every_route_but_the_open_ones_wants_a_key_at_both_paths(
    stranger: TestClient, application: MemoryApplication, route: APIRoute, prefix: str
) -> None:
    path = prefix + re.sub(r"\{[^}]*\}", "x", route.path)
    for method in route.methods:
        answer = stranger.request(method, path, params={"accountIdentifier": application.account.id})
        is_open = RULES[str(route.operation_id)] == OPEN
        wants_key = answer.status_code == 401 and answer.json().get("pierheadCode") not in (
            "oidc-login",
            "login-refused",
        )
        assert wants_key is not is_open


def test_operations_have_unique_ids_tags_and_models(document: dict[str, Any]) -> None:
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    ids = [operation["operationId"] for operation in operations]
    assert sorted(ids) == sorted(set(RULES) - {"openapi"})
    for operation in operations:
        assert operation["tags"]
        assert operation["responses"].get("200", {}).get("content") or operation["responses"].get("302")
        assert "422" not in operation["responses"]
        assert ("security" in operation) is (RULES[operation["operationId"]] != OPEN)


def test_the_second_spelling_of_paths_is_not_in_the_document(document: dict[str, Any]) -> None:
    assert not [path for path in document["paths"] if path.startswith("/gateway")]


def test_every_reference_in_the_document_leads_somewhere(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for name in re.findall(r'"#/components/schemas/([^"]+)"', str(document).replace("'", '"')):
        assert name in schemas
    body = document["paths"]["/ng/api/connectors"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/ConnectorBody"}
    assert "application/yaml" in document["paths"]["/pierhead/v1/pipelines/explain"]["post"]["requestBody"]["content"]
