"""What the platform's command line sends: no ``/gateway``, own headers, the fields it prints (harness-api §10.4)."""

from typing import Any

import pytest

from .clients import Client

AGENT = {"X-Harness-CLI-Request": "true", "X-Harness-CLI-Run-ID": "5d2c", "X-CLI-Command": "list connector"}


@pytest.fixture
def cli(server: Any) -> Client:
    application = server.application
    return Client(server.url, application.account.id, application.key.reveal(), base="", agent=AGENT)


PLACE = {"orgIdentifier": "o", "projectIdentifier": "p"}


def _connector(identifier: str, **place: str) -> dict[str, Any]:
    spec = {"dockerRegistryUrl": "https://a.example.com", "providerType": "Other", "auth": {"type": "Anonymous"}}
    made = {"name": identifier, "identifier": identifier, "type": "DockerRegistry", "spec": spec, **place}
    return {"connector": made}


def test_connectors_are_created_listed_tested_updated_and_deleted(cli: Client) -> None:
    cli.data("POST", "/ng/api/connectors", _connector("mine", **PLACE), **PLACE)
    listed = cli.data(
        "POST",
        "/ng/api/connectors/listV2",
        {"filterType": "Connector"},
        pageIndex=0,
        pageSize=50,
        searchTerm="min",
        **PLACE,
    )
    assert [item["connector"]["identifier"] for item in listed["content"]] == ["mine"]
    assert listed["totalItems"] == 1
    assert cli.data("POST", "/ng/api/connectors/testConnection/mine", **PLACE)["status"] == "SUCCESS"
    found = cli.data("GET", "/ng/api/connectors/mine", **PLACE)["connector"]
    found["name"] = "changed"
    assert cli.data("PUT", "/ng/api/connectors", {"connector": found}, **PLACE)["connector"]["name"] == "changed"
    assert cli.data("DELETE", "/ng/api/connectors/mine", **PLACE) is True


def test_secrets_are_created_listed_updated_and_deleted(cli: Client) -> None:
    spec = {
        "type": "SecretText",
        "secretManagerIdentifier": "harnessSecretManager",
        "valueType": "Inline",
        "value": "v",
    }
    secret = {"secret": {"type": "SecretText", "name": "s", "identifier": "s", "spec": spec}}
    cli.data("POST", "/ng/api/v2/secrets", secret)
    listed = cli.data("POST", "/ng/api/v2/secrets/list/secrets", {"filterType": "Secret"}, pageIndex=0, pageSize=50)
    assert [item["secret"]["identifier"] for item in listed["content"]] == ["s"]
    assert cli.data("GET", "/ng/api/v2/secrets/s")["secret"]["identifier"] == "s"
    assert cli.data("PUT", "/ng/api/v2/secrets/s", secret)["secret"]["identifier"] == "s"
    assert cli.data("DELETE", "/ng/api/v2/secrets/s") is True


def test_delegates_and_their_tokens(cli: Client) -> None:
    assert cli.resource("POST", "/ng/api/delegate-setup/listDelegates", {"filterType": "Delegate"}) == []
    assert cli.resource("POST", "/ng/api/delegate-token-ng", tokenName="t")["name"] == "t"
    assert "t" in [token["name"] for token in cli.resource("GET", "/ng/api/delegate-token-ng")]
    cli.resource("PUT", "/ng/api/delegate-token-ng", tokenName="t")
    cli.resource("DELETE", "/ng/api/delegate-token-ng/t")


def test_who_uses_a_connector(cli: Client) -> None:
    cli.data("POST", "/ng/api/connectors", _connector("mine"))
    used = cli.data("GET", "/ng/api/entitySetupUsage", entityType="Connectors", entityIdentifier="mine")
    assert used["content"] == []
    default = cli.data("GET", "/ng/api/entitySetupUsage", entityType="Connectors", entityIdentifier="harnessImage")
    assert len(default["content"]) == 1
    assert {"referredEntity", "referredByEntity", "createdAt"} <= set(default["content"][0])


def test_the_raw_call_of_the_older_command_line(cli: Client) -> None:
    """``hc api`` sends what it is told, with the key in a header."""
    assert cli.data("GET", "/ng/api/organizations")["content"][0]["organization"]["identifier"]
    assert cli.data("GET", "/ng/api/projects", orgIdentifier="o")["content"][0]["project"]["identifier"] == "p"


def test_an_error_is_told_by_its_message(cli: Client) -> None:
    answered = cli.ask("GET", "/ng/api/connectors/nothing")
    assert answered.status == 404
    assert answered.body["message"] == f"Connector with identifier [nothing] not found in account [{cli.account}]."
