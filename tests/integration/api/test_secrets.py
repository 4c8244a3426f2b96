"""Secrets over HTTP: what goes in never comes out."""

from typing import Any

import pytest
from starlette.testclient import TestClient

URL = "/ng/api/v2/secrets"
VALUE = "correct horse battery staple"


def secret(identifier: str = "token", *, value: str | None = VALUE, **spec: Any) -> dict[str, Any]:
    full_spec = {"secretManagerIdentifier": "harnessSecretManager", "valueType": "Inline", "value": value, **spec}
    return {"secret": {"type": "SecretText", "name": "A token", "identifier": identifier, "spec": full_spec}}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": None}, "secret.name"),
        ({"name": "a<b"}, "secret.name"),
        ({"identifier": "1"}, "secret.identifier"),
        ({"identifier": "new"}, "secret.identifier"),
        ({"type": "SSHKey"}, "secret.type"),
        ({"spec": None}, "secret.spec"),
        ({"spec": {"valueType": "Cleartext"}}, "secret.spec.valueType"),
        ({"spec": {"value": {"hidden": VALUE}}}, "secret.spec.value"),
        ({"tags": ["a"]}, "secret.tags"),
    ],
)
def test_a_wrong_field_is_named_and_the_value_is_not_repeated(
    client: TestClient, change: dict[str, Any], field: str
) -> None:
    body = secret()
    body["secret"] |= change
    answer = client.post(URL, json=body)
    assert answer.status_code == 400
    assert [error["fieldId"] for error in answer.json()["errors"]] == [field]
    assert VALUE not in answer.text


def test_an_empty_value_is_refused(client: TestClient) -> None:
    for value in ("", None):
        answer = client.post(URL, json=secret(value=value))
        assert answer.json()["message"] == "Invalid request: value cannot be empty for a secret text."


def test_query_and_body_must_name_the_same_scope(client: TestClient) -> None:
    answer = client.post(f"{URL}?orgIdentifier=o", json=secret())
    assert answer.status_code == 400
    assert answer.json()["message"] == "Invalid request, scope in payload and params do not match."


def test_a_second_secret_with_the_same_identifier_is_refused(client: TestClient) -> None:
    client.post(URL, json=secret())
    answer = client.post(URL, json=secret())
    assert answer.status_code == 400
    assert "Secret with identifier token already exists in this scope" in answer.json()["message"]


def test_a_missing_secret_is_gone_in_the_words_of_each_call(client: TestClient) -> None:
    read, deleted = client.get(f"{URL}/nope"), client.delete(f"{URL}/nope")
    assert (read.status_code, read.json()["code"]) == (404, "RESOURCE_NOT_FOUND_EXCEPTION")
    assert read.json()["message"] == "Secret with identifier [nope] is not found in the given scope"
    assert (deleted.status_code, deleted.json()["code"]) == (404, "ENTITY_NOT_FOUND")
    assert client.put(f"{URL}/nope", json=secret("nope")).status_code in (400, 404)


def test_a_secret_that_a_connector_uses_cannot_be_deleted(client: TestClient) -> None:
    client.post(URL, json=secret())
    auth = {"type": "UsernamePassword", "spec": {"username": "u", "passwordRef": "account.token"}}
    spec = {"dockerRegistryUrl": "https://a.example", "providerType": "Other", "auth": auth}
    body = {"connector": {"name": "c", "identifier": "c", "type": "DockerRegistry", "spec": spec}}
    assert client.post("/ng/api/connectors", json=body).status_code == 200
    answer = client.delete(f"{URL}/token")
    assert (answer.status_code, answer.json()["code"]) == (400, "ENTITY_REFERENCE_EXCEPTION")
    assert client.delete(f"{URL}/token?forceDelete=true").status_code == 400


def test_no_answer_has_the_value_in_it(client: TestClient) -> None:
    answers = [
        client.post(URL, json=secret()),
        client.put(f"{URL}/token", json=secret(value=VALUE + "!")),
        client.get(f"{URL}/token"),
        client.get(URL),
        client.post(f"{URL}/list", json={"filterType": "Secret"}),
        client.post(f"{URL}/list/secrets", json={"filterType": "Secret"}),
        client.post(URL, json=secret()),
    ]
    assert [answer.status_code for answer in answers] == [200] * 6 + [400]
    assert not any(VALUE in answer.text for answer in answers)


@pytest.mark.parametrize("spec_type", ["SecretTextSpec", "SecretText", None])
def test_the_type_inside_the_spec_does_not_matter(client: TestClient, spec_type: str | None) -> None:
    assert client.post(URL, json=secret(type=spec_type)).status_code == 200


def test_the_path_of_a_reference_is_given_back(client: TestClient) -> None:
    client.post(URL, json=secret(value="vault/path", valueType="Reference", secretManagerIdentifier="account.vault"))
    spec = client.get(f"{URL}/token").json()["data"]["secret"]["spec"]
    assert (spec["valueType"], spec["value"]) == ("Reference", "vault/path")


def test_identifier_and_scope_cannot_change(client: TestClient) -> None:
    client.post(URL, json=secret())
    answer = client.put(f"{URL}/token", json=secret("other"))
    assert answer.status_code == 400
    assert "Cannot change organization" in answer.json()["message"]


def test_lists_search_and_count(client: TestClient) -> None:
    for identifier in ("one", "two", "three"):
        client.post(URL, json=secret(identifier))
    page = client.get(f"{URL}?pageSize=2").json()["data"]
    assert (page["totalItems"], page["pageItemCount"]) == (3, 2)
    found = client.post(f"{URL}/list/secrets?searchTerm=thr").json()["data"]["content"]
    assert [item["secret"]["identifier"] for item in found] == ["three"]
    found = client.post(f"{URL}/list", json={"filterType": "Secret", "searchTerm": "one"}).json()["data"]["content"]
    assert [item["secret"]["identifier"] for item in found] == ["one"]


def test_an_identifier_is_free_until_it_is_taken(client: TestClient) -> None:
    assert client.get(f"{URL}/validateUniqueIdentifier/token").json()["data"] is True
    client.post(URL, json=secret())
    assert client.get(f"{URL}/validateUniqueIdentifier/token").json()["data"] is False
