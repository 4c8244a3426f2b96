"""Connectors by full name, counted, in order, by saved filters; and who refers to what."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from pierhead.testing.application import MemoryApplication

URL, FILTERS, USES = "/ng/api/connectors", "/ng/api/filters", "/ng/api/entitySetupUsage"


def make(client: TestClient, identifier: str, **more: Any) -> None:
    spec = {"dockerRegistryUrl": "https://r.io", "providerType": "Other", "auth": {"type": "Anonymous"}}
    body = {"name": f"name {identifier}", "identifier": identifier, "type": "DockerRegistry", "spec": spec, **more}
    answer = client.post(URL, json={"connector": body})
    assert answer.status_code == 200, answer.text


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    return [item["connector"]["identifier"] for item in (data if isinstance(data, list) else data["content"])]


def saved(identifier: str = "mine", **more: Any) -> dict[str, Any]:
    return {
        "name": identifier,
        "identifier": identifier,
        "filterProperties": {"filterType": "Connector", "tags": {"team": "a"}},
        "filterVisibility": "EveryOne",
        **more,
    }


def test_connectors_are_found_by_their_full_names(client: TestClient, application: MemoryApplication) -> None:
    application.place("o", "p")
    make(client, "below", orgIdentifier="o", projectIdentifier="p")
    account = application.account.id
    wanted = [f"{account}/o/p/below", f"{account}/nope", f"{account}/harnessImage", f"{account}/o/p/below"]
    assert names(client.post(f"{URL}/listbyfqn", json=wanted)) == ["below", "harnessImage"]
    assert names(client.post(f"{URL}/listbyfqn", json=[])) == []


def test_too_many_or_wrong_full_names_are_refused(client: TestClient, application: MemoryApplication) -> None:
    many = client.post(f"{URL}/listbyfqn", json=[f"{application.account.id}/x"] * 1001)
    assert many.status_code == 400
    assert "The FQNs of the connectors should be less than or equal to 1000." in many.json()["message"]
    for wrong in ("harnessImage", "other/harnessImage", f"{application.account.id}//x", "a/b/c/d/e"):
        assert client.post(f"{URL}/listbyfqn", json=[wrong]).status_code == 400
    assert client.post(f"{URL}/listbyfqn", json={"x": 1}).status_code == 400


def test_connectors_are_counted_by_type_and_status(client: TestClient) -> None:
    make(client, "a")
    client.post(f"{URL}/testConnection/a")
    data = client.get(f"{URL}/stats").json()["data"]
    assert data == {
        "typeStats": [{"type": "DockerRegistry", "count": 2}],
        "statusStats": [{"status": "SUCCESS", "count": 1}, {"status": "UNKNOWN", "count": 1}],
    }


def test_the_values_of_choices_are_told(client: TestClient) -> None:
    data = client.get(f"{URL}/fieldValues", params={"connectorType": "DockerRegistry"}).json()["data"]
    assert data["fieldValues"]["providerType"] == ["DockerHub", "Harbor", "Quay", "Other"]
    assert client.get(f"{URL}/fieldValues", params={"connectorType": "Gitea"}).status_code == 400


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        (["name,ASC"], ["harnessImage", "b", "a"]),
        (["identifier,DESC"], ["harnessImage", "b", "a"]),
        (["createdAt,ASC", "identifier,ASC"], ["a", "b", "harnessImage"]),
        (['{"fieldName":"identifier","orderType":"ASC"}'], ["a", "b", "harnessImage"]),
    ],
)
def test_a_list_is_sorted_by_an_allowed_column(client: TestClient, orders: list[str], expected: list[str]) -> None:
    make(client, "b", name="x")
    make(client, "a", name="y")
    assert names(client.post(f"{URL}/listV2", params={"sortOrders": orders}, json=None)) == expected


@pytest.mark.parametrize("order", ["spec,ASC", "name;drop table,ASC", "name,SIDEWAYS", '{"fieldName":1}', "{"])
def test_no_other_column_and_no_other_way_is_taken(client: TestClient, order: str) -> None:
    refused = client.post(f"{URL}/listV2", params={"sortOrders": order})
    assert (refused.status_code, refused.json()["pierheadCode"]) == (400, "sort-order-invalid")


def test_the_older_list_is_filtered_by_type_and_category(client: TestClient) -> None:
    def found(**query: str) -> int:
        return int(client.get(URL, params=query).json()["data"]["totalItems"])

    assert (found(type="DockerRegistry"), found(type="Gitea")) == (1, 0)
    assert (found(category="ARTIFACTORY"), found(source_category="CLOUD_PROVIDER")) == (1, 0)


def test_a_filter_is_kept_read_changed_and_deleted(client: TestClient) -> None:
    made = client.post(FILTERS, json=saved())
    assert made.json()["data"] == {**saved(), "orgIdentifier": None, "projectIdentifier": None}
    assert client.post(FILTERS, json=saved()).status_code == 400
    of_connectors = {"type": "Connector"}
    changed = client.put(FILTERS, json=saved(name="Mine", filterVisibility="OnlyCreator")).json()["data"]
    assert client.get(f"{FILTERS}/mine", params=of_connectors).json()["data"] == changed
    assert client.get(FILTERS, params=of_connectors).json()["data"]["content"] == [changed]
    assert client.get(FILTERS, params={"type": "Delegate"}).json()["data"]["empty"] is True
    assert client.delete(f"{FILTERS}/mine", params=of_connectors).json()["data"] is True
    gone = client.get(f"{FILTERS}/mine", params=of_connectors)
    assert (gone.status_code, gone.json()["code"]) == (404, "RESOURCE_NOT_FOUND_EXCEPTION")


@pytest.mark.parametrize(
    "wrong",
    [
        {"filterProperties": {"filterType": "Secret"}},
        {"filterProperties": {"filterType": "Connector", "types": "DockerRegistry"}},
        {"filterProperties": {"filterType": "Connector", "description": "x" * 20_000}},
        {"filterVisibility": "Nobody"},
        {"identifier": "no-dash"},
        {"orgIdentifier": "nowhere"},
    ],
)
def test_a_filter_that_could_never_be_used_is_refused(client: TestClient, wrong: dict[str, Any]) -> None:
    assert client.post(FILTERS, json={**saved(), **wrong}).status_code == 400


def test_a_saved_filter_filters_and_goes_with_no_other(client: TestClient) -> None:
    make(client, "tagged", tags={"team": "a"})
    client.post(FILTERS, json=saved())
    by_filter = {"filterIdentifier": "mine"}
    assert names(client.post(f"{URL}/listV2", params=by_filter)) == ["tagged"]
    both = client.post(f"{URL}/listV2", params=by_filter, json={"filterType": "Connector"})
    assert both.status_code == 400
    assert "Can not apply both filter properties and saved filter together" in both.json()["message"]
    assert client.post(f"{URL}/listV2", params={"filterIdentifier": "nope"}).status_code == 404


def test_the_default_connector_is_used_by_a_setting_and_a_secret_by_connectors(
    client: TestClient, application: MemoryApplication
) -> None:
    application.place("o", "p")
    secret = {"secret": {"type": "SecretText", "name": "s", "identifier": "s", "spec": {"value": "x"}}}
    client.post("/ng/api/v2/secrets", json=secret)
    auth = {"type": "UsernamePassword", "spec": {"username": "u", "passwordRef": "account.s"}}
    spec = {"dockerRegistryUrl": "https://r.io", "providerType": "Other", "auth": auth}
    make(client, "below", orgIdentifier="o", projectIdentifier="p", spec=spec)
    default = client.get(USES, params={"entityType": "Connectors", "entityIdentifier": "harnessImage"}).json()["data"]
    assert [each["referredByEntity"]["type"] for each in default["content"]] == ["Setting"]
    assert default["content"][0]["referredEntity"]["entityRef"]["identifier"] == "harnessImage"
    below = {"orgIdentifier": "o", "projectIdentifier": "p", "entityIdentifier": "below"}
    assert client.get(USES, params=below).json()["data"]["totalItems"] == 0
    (use,) = client.get(USES, params={"entityType": "Secrets", "entityIdentifier": "s"}).json()["data"]["content"]
    assert use["referredByEntity"]["type"] == "Connectors"
    assert use["referredByEntity"]["entityRef"] == {
        "accountIdentifier": application.account.id,
        "orgIdentifier": "o",
        "projectIdentifier": "p",
        "identifier": "below",
        "scope": "project",
    }
    full_name = {"referredEntityFQN": f"{application.account.id}/s", "referredEntityType": "Secrets"}
    assert client.get(f"{USES}/v2", params=full_name).json()["data"]["totalItems"] == 1


def test_uses_of_what_is_not_there_are_gone(client: TestClient) -> None:
    for kind in ("Connectors", "Secrets"):
        answer = client.get(USES, params={"entityType": kind, "entityIdentifier": "nope"})
        assert (answer.status_code, answer.json()["code"]) == (404, "RESOURCE_NOT_FOUND_EXCEPTION")
    assert client.get(USES, params={"entityType": "Pipelines", "entityIdentifier": "x"}).status_code == 400
