"""The tests of the Go SDK, request by request (harness-api §10.3)."""

from typing import Any

import pytest

from .clients import Client


@pytest.fixture
def sdk(server: Any) -> Client:
    return Client(server.url, server.application.account.id, server.application.key.reveal())


def test_ci_execution_config(sdk: Client) -> None:
    for infra in ("K8", "VM"):
        field = {"K8": "liteEngineTag", "VM": "gitCloneTag"}[infra]
        assert sdk.data("POST", "/ci/execution-config/reset-config", [{"field": field}], infra=infra) is True
        default = sdk.data("GET", "/ci/execution-config/get-default-config", infra=infra)
        assert sdk.data("GET", "/ci/execution-config/get-customer-config", infra=infra, overridesOnly=True) == {}
        wanted = [{"field": field, "value": "updatedTmpNow"}]
        assert sdk.data("POST", "/ci/execution-config/update-config", wanted, infra=infra) is True
        now = sdk.data("GET", "/ci/execution-config/get-customer-config", infra=infra, overridesOnly=True)
        assert now == {field: "updatedTmpNow"}
        assert sdk.data("POST", "/ci/execution-config/reset-config", [{"field": field}], infra=infra) is True
        whole = sdk.data("GET", "/ci/execution-config/get-customer-config", infra=infra, overridesOnly=False)
        assert whole == default


def test_a_connector_is_found_by_name_over_pages_of_two(sdk: Client) -> None:
    for number in range(5):
        spec = {"dockerRegistryUrl": "https://a.example.com", "providerType": "Other", "auth": {"type": "Anonymous"}}
        made = {"name": f"Name {number}", "identifier": f"c{number}", "type": "DockerRegistry", "spec": spec}
        sdk.data("POST", "/ng/api/connectors", {"connector": made})
    found, page = [], 0
    while True:
        wanted = {"filterType": "Connector", "connectorNames": ["Name 3"]}
        answer = sdk.data("POST", "/ng/api/connectors/listV2", wanted, pageIndex=page, pageSize=2)
        found += [item["connector"]["identifier"] for item in answer["content"]]
        page += 1
        if page >= answer["totalPages"]:
            break
    assert found == ["c3"]


def test_a_connector_and_a_secret_are_deleted_by_force(sdk: Client) -> None:
    spec = {"dockerRegistryUrl": "https://a.example.com", "providerType": "Other", "auth": {"type": "Anonymous"}}
    made = {"name": "c", "identifier": "c", "type": "DockerRegistry", "spec": spec}
    sdk.data("POST", "/ng/api/connectors", {"connector": made})
    assert sdk.data("DELETE", "/ng/api/connectors/c", forceDelete=True) is True
    assert sdk.ask("GET", "/ng/api/connectors/c").is_gone
    secret = {"type": "SecretText", "name": "s", "identifier": "s", "spec": {"type": "SecretTextSpec", "value": "v"}}
    sdk.data("POST", "/ng/api/v2/secrets", {"secret": secret})
    assert sdk.data("DELETE", "/ng/api/v2/secrets/s", forceDelete=True) is True
    assert sdk.ask("GET", "/ng/api/v2/secrets/s").is_gone


def test_a_delegate_token_is_created_revoked_and_deleted(sdk: Client) -> None:
    made = sdk.resource("POST", "/ng/api/delegate-token-ng", tokenName="t")
    assert (made["name"], made["status"]) == ("t", "ACTIVE")
    assert sdk.resource("PUT", "/ng/api/delegate-token-ng", tokenName="t")["status"] == "REVOKED"
    assert sdk.resource("GET", "/ng/api/delegate-token-ng", name="t", status="REVOKED")[0]["name"] == "t"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/ng/api/connectors/nothing"),
        ("GET", "/ng/api/v2/secrets/nothing"),
        ("GET", "/ng/api/organizations/nothing"),
        ("GET", "/authz/api/roles/nothing"),
        ("GET", "/resourcegroup/api/v2/resourcegroup/nothing"),
    ],
)
def test_what_is_not_there_is_read_as_gone(sdk: Client, method: str, path: str) -> None:
    assert sdk.ask(method, path).is_gone
