"""Connectors over HTTP; shapes are held in tests/protocol/api."""

from contextlib import ExitStack
from typing import Any

import pytest
from starlette.testclient import TestClient

from pierhead.control.scopes import Scope
from pierhead.protocol.tasks import StepOutcome, TaskFailure, TestReport, TestStep
from pierhead.testing.application import MemoryApplication

URL = "/ng/api/connectors"


def connector(identifier: str = "mirror", **spec: Any) -> dict[str, Any]:
    full_spec = {
        "dockerRegistryUrl": "https://registry.example/ci",
        "providerType": "Other",
        "auth": {"type": "Anonymous"},
        **spec,
    }
    entity = {"name": "My Mirror", "identifier": identifier, "type": "DockerRegistry", "spec": full_spec}
    return {"connector": entity}


def credentials(**spec: Any) -> dict[str, Any]:
    return {"type": "UsernamePassword", "spec": spec}


def test_a_missing_connector_is_gone_in_the_way_clients_understand(client: TestClient) -> None:
    missing = [
        client.get(f"{URL}/nope"),
        client.delete(f"{URL}/nope"),
        client.post(f"{URL}/testConnection/nope"),
        client.put(URL, json=connector("nope")),
    ]
    for answer in missing:
        assert answer.status_code == 404
        body = answer.json()
        assert (body["status"], body["code"], body["errors"]) == ("FAILURE", "RESOURCE_NOT_FOUND_EXCEPTION", None)
    assert "Connector with identifier [nope] not found in account [" in missing[0].json()["message"]


def test_a_second_connector_with_the_same_identifier_is_refused(client: TestClient) -> None:
    assert client.post(URL, json=connector()).status_code == 200
    again = client.post(URL, json=connector())
    assert again.status_code == 400
    assert again.json()["code"] == "INVALID_REQUEST"
    assert again.json()["message"] == (
        "Invalid request: Connector: My Mirror has been given an identifier: mirror that already exists. "
        "Please enter a unique ID."
    )


def test_every_wrong_field_is_named_at_once(client: TestClient) -> None:
    body = {"connector": {"name": "", "identifier": "1a", "spec": {"auth": {"type": "Anonymous", "spec": {"a": 1}}}}}
    answer = client.post(URL, json=body)
    assert answer.status_code == 400
    assert answer.json()["status"] == "FAILURE"
    errors = {error["fieldId"]: error["error"] for error in answer.json()["errors"]}
    assert errors["connector.type"] == "Connector type cannot be null"
    assert errors["connector.spec.auth.spec"] == "No spec should be provided with the anonymous type"
    assert {"connector.name", "connector.spec.dockerRegistryUrl", "connector.spec.providerType"} <= set(errors)


@pytest.mark.parametrize("body", ["null", "[]", "5", '"x"', "{}", '{"connector": null}', '{"connector": {"spec": []}}'])
def test_bodies_of_another_shape_are_refused(client: TestClient, body: str) -> None:
    answer = client.post(URL, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["status"] == "FAILURE"


@pytest.mark.parametrize(
    "auth",
    [
        credentials(passwordRef="account.p"),
        credentials(username="u", usernameRef="account.u", passwordRef="account.p"),
        credentials(username="u"),
        credentials(username="u", passwordRef="a b"),
        {"type": "UsernamePassword"},
        {"type": "Token"},
        None,
    ],
)
def test_credentials_that_are_not_whole_are_refused(client: TestClient, auth: Any) -> None:
    answer = client.post(URL, json=connector(auth=auth))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["fieldId"].startswith("connector.spec.auth")


def test_a_secret_that_does_not_exist_is_named(client: TestClient) -> None:
    answer = client.post(URL, json=connector(auth=credentials(username="u", passwordRef="account.nope")))
    assert answer.status_code == 400
    assert "No secret exists with the id nope" in answer.json()["message"]


def test_a_connector_keeps_its_type(client: TestClient) -> None:
    client.post(URL, json=connector())
    body = connector()
    body["connector"]["type"] = "Github"
    for method in ("PUT", "POST"):
        answer = client.request(method, URL, json=body)
        assert (answer.status_code, answer.json()["errors"][0]["fieldId"]) == (400, "connector.type")
    assert client.get(f"{URL}/mirror").json()["data"]["connector"]["type"] == "DockerRegistry"


def test_what_is_said_to_be_false_stays_false_and_nothing_is_added(client: TestClient) -> None:
    flags = {"executeOnDelegate": False, "proxy": False, "ignoreTestConnection": False, "delegateSelectors": []}
    sent = connector(**flags)["connector"]["spec"]
    for call in (client.post, client.put):
        assert call(URL, json=connector(**flags)).json()["data"]["connector"]["spec"] == sent
    assert client.get(f"{URL}/mirror").json()["data"]["connector"]["spec"] == sent


def test_our_own_fields_are_given_back_when_they_say_something(client: TestClient) -> None:
    spec = client.post(URL, json=connector(allowPrivateAddresses=True)).json()["data"]["connector"]["spec"]
    assert spec["allowPrivateAddresses"] is True
    assert "credentialHelper" not in spec
    refused = client.put(URL, json=connector(credentialHelper="ecr"))
    assert refused.json()["errors"][0]["fieldId"] == "connector.spec.credentialHelper"


def test_a_project_without_its_organization_is_refused(client: TestClient) -> None:
    body = connector()
    body["connector"]["projectIdentifier"] = "p"
    assert client.post(URL, json=body).status_code == 400
    assert client.get(f"{URL}/harnessImage?projectIdentifier=p").status_code == 400


def test_the_default_connector_is_referred_to_and_deleted_by_force_alone(client: TestClient) -> None:
    answer = client.delete(f"{URL}/harnessImage")
    assert (answer.status_code, answer.json()["code"]) == (400, "ENTITY_REFERENCE_EXCEPTION")
    text = "Could not delete the connector harnessImage as it is referenced by other entities"
    assert text in answer.json()["message"]
    assert "forceDelete=true" in answer.json()["hint"]
    assert client.delete(f"{URL}/harnessImage?forceDelete=true").status_code == 200
    assert client.get(f"{URL}/harnessImage").status_code == 404


def test_what_was_sent_comes_back_as_it_was_sent(client: TestClient) -> None:
    client.post(
        "/ng/api/v2/secrets",
        json={"secret": {"type": "SecretText", "name": "p", "identifier": "p", "spec": {"value": "hunter22"}}},
    )
    spec = {
        "dockerRegistryUrl": "https://Registry.Example:5000/V2/",
        "providerType": "Harbor",
        "auth": credentials(username="u", passwordRef="account.p"),
        "delegateSelectors": ["a", "b"],
        "executeOnDelegate": False,
    }
    body = connector(**spec)
    body["connector"] |= {"description": "text", "tags": {"team": "ci"}}
    created = client.post(URL, json=body).json()["data"]["connector"]
    read = client.get(f"{URL}/mirror").json()["data"]["connector"]
    assert created == read
    assert read["spec"]["executeOnDelegate"] is False
    assert read["spec"]["delegateSelectors"] == ["a", "b"]
    assert read["spec"]["dockerRegistryUrl"] == spec["dockerRegistryUrl"]
    assert read["spec"]["auth"]["spec"] == {"username": "u", "usernameRef": None, "passwordRef": "account.p"}
    assert (read["description"], read["tags"]) == ("text", {"team": "ci"})
    assert client.put(URL, json={"connector": read}).status_code == 200, "what is read can be sent back"


def test_an_update_replaces_everything_but_the_creation_time(
    client: TestClient, application: MemoryApplication
) -> None:
    created = client.post(URL, json=connector()).json()["data"]
    application.clock.advance(60)
    changed = connector(dockerRegistryUrl="https://other.example", executeOnDelegate=False)
    updated = client.put(URL, json=changed).json()["data"]
    assert updated["createdAt"] == created["createdAt"]
    assert updated["lastModifiedAt"] == created["lastModifiedAt"] + 60_000
    assert updated["connector"]["spec"]["dockerRegistryUrl"] == "https://other.example"


def test_saving_starts_a_test_and_does_not_wait_for_it(client: TestClient, application: MemoryApplication) -> None:
    here = Scope(application.account.id)
    answer = client.post(URL, json=connector())
    assert answer.json()["data"]["status"] is None
    client.put(URL, json=connector())
    assert application.connector_tasks.started == [(here, "mirror"), (here, "mirror")]


def test_no_test_is_started_when_the_connector_says_so(client: TestClient, application: MemoryApplication) -> None:
    assert client.post(URL, json=connector(ignoreTestConnection=True)).status_code == 200
    assert application.connector_tasks.started == []


def test_a_failing_test_is_a_good_answer(client: TestClient, application: MemoryApplication) -> None:
    error = TaskFailure(code="connect-refused", category="unavailable", message="cannot connect", hint="check it")
    step = TestStep(name="tcp", outcome=StepOutcome.FAILED, evidence="refused", advice="check the port")
    application.connector_tasks.report = TestReport(outcome="failure", steps=(step,), error=error)
    answer = client.post(f"{URL}/testConnection/harnessImage")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["status"], body["data"]["status"]) == ("SUCCESS", "FAILURE")
    assert body["data"]["errors"][0]["code"] == 450
    assert body["data"]["steps"] == [
        {"name": "tcp", "outcome": "failed", "evidence": "refused", "advice": "check the port"}
    ]
    status = client.get(f"{URL}/harnessImage").json()["data"]["status"]
    assert status["status"] == "FAILURE"
    assert status["errorSummary"] == "cannot connect"


def test_too_many_tests_at_once_are_put_off(client: TestClient) -> None:
    with _all_slots(client):
        answer = client.post(f"{URL}/testConnection/harnessImage")
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "5"
    assert client.post(f"{URL}/testConnection/harnessImage").status_code == 200


def test_lists_hold_one_scope_and_count_pages(client: TestClient) -> None:
    for number in range(5):
        client.post(URL, json=connector(f"c{number}"))
    page = client.post(f"{URL}/listV2?pageSize=4", json={"filterType": "Connector"}).json()["data"]
    assert (page["totalItems"], page["totalPages"], page["pageItemCount"], page["empty"]) == (6, 2, 4, False)
    rest = client.post(f"{URL}/listV2?pageSize=4&pageIndex=1").json()["data"]
    assert rest["pageItemCount"] == 2
    beyond = client.post(f"{URL}/listV2?pageSize=4&pageIndex=1000000").json()["data"]
    assert (beyond["content"], beyond["empty"], beyond["totalItems"]) == ([], True, 6)
    assert client.get(f"{URL}?pageSize=1000").json()["data"]["totalItems"] == 6


def test_a_filter_narrows_the_list(client: TestClient) -> None:
    client.post(URL, json=connector("mine"))
    found = client.post(f"{URL}/listV2?searchTerm=MIN", json={"filterType": "Connector"}).json()["data"]["content"]
    assert [item["connector"]["identifier"] for item in found] == ["mine"]
    body = {"filterType": "Connector", "connectorIdentifiers": ["harnessImage"], "ccmConnectorFilter": {}}
    found = client.post(f"{URL}/listV2", json=body).json()["data"]["content"]
    assert [item["connector"]["identifier"] for item in found] == ["harnessImage"]
    wrong = client.post(f"{URL}/listV2", json={"filterType": "Secret", "connectivityStatuses": ["GREAT"]})
    assert {error["fieldId"] for error in wrong.json()["errors"]} == {"filterType", "connectivityStatuses.0"}


def test_lists_may_look_up_to_the_account(client: TestClient, application: MemoryApplication) -> None:
    application.place("o", "p")
    body = connector("below")
    body["connector"] |= {"orgIdentifier": "o", "projectIdentifier": "p"}
    assert client.post(URL, json=body).status_code == 200
    here = {"orgIdentifier": "o", "projectIdentifier": "p"}
    alone = client.get(URL, params=here).json()["data"]["totalItems"]
    with_above = client.get(URL, params={**here, "includeAllConnectorsAvailableAtScope": "true"}).json()["data"]
    assert (alone, with_above["totalItems"]) == (1, 2)


def test_deleting_the_default_connector_warns(client: TestClient) -> None:
    answer = client.delete(f"{URL}/harnessImage?forceDelete=true").json()
    assert answer["data"] is True
    assert answer["metaData"]["warnings"][0]["code"] == "default-connector-deleted"
    client.post(URL, json=connector())
    assert client.delete(f"{URL}/mirror").json()["metaData"] is None


def test_an_identifier_is_free_until_it_is_taken(client: TestClient) -> None:
    def is_free(identifier: str) -> object:
        return client.get(f"{URL}/validateUniqueIdentifier", params={"identifier": identifier}).json()["data"]

    assert is_free("mirror") is True
    client.post(URL, json=connector())
    assert is_free("mirror") is False
    assert is_free("harnessSecretManager") is False
    assert client.get(f"{URL}/validateUniqueIdentifier").status_code == 400


def test_the_types_are_listed_by_category(client: TestClient) -> None:
    data = client.get(f"{URL}/catalogue").json()["data"]
    assert data == {"catalogue": [{"category": "ARTIFACTORY", "connectors": ["DockerRegistry"]}]}


def test_a_preview_shows_names_before_anything_is_saved(client: TestClient) -> None:
    body = {"url": "https://gallery.ecr.aws", "providerType": "Other"}
    data = client.post("/pierhead/v1/connectors/preview", json=body).json()["data"]
    assert data["registry"] == "public.ecr.aws"
    assert data["images"][0]["becomes"].startswith("public.ecr.aws/harness/harness/ci-addon:")
    assert data["warnings"]
    wrong = client.post("/pierhead/v1/connectors/preview", json={"url": "ftp://x"})
    assert wrong.status_code == 400


def test_the_default_connector_can_be_restored_and_is_tested(
    client: TestClient, application: MemoryApplication
) -> None:
    client.delete(f"{URL}/harnessImage?forceDelete=true")
    data = client.post("/pierhead/v1/connectors/restoreDefault").json()["data"]
    assert data["connector"]["spec"]["dockerRegistryUrl"] == "https://index.docker.io/v2/"
    assert client.get(f"{URL}/harnessImage").status_code == 200
    assert application.connector_tasks.started == [(Scope(application.account.id), "harnessImage")]


def _all_slots(client: TestClient) -> ExitStack:
    stack = ExitStack()
    for n in range(20):
        stack.enter_context(client.app.state.slow_calls.one("calls", f"user {n}"))  # type: ignore[attr-defined]
    return stack
