"""Secrets over HTTP: what goes in never comes out."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from pierhead.testing.application import MemoryApplication

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


def test_a_secret_that_a_connector_uses_can_be_deleted_by_force_alone(client: TestClient) -> None:
    client.post(URL, json=secret())
    auth = {"type": "UsernamePassword", "spec": {"username": "u", "passwordRef": "account.token"}}
    spec = {"dockerRegistryUrl": "https://a.example", "providerType": "Other", "auth": auth}
    body = {"connector": {"name": "c", "identifier": "c", "type": "DockerRegistry", "spec": spec}}
    assert client.post("/ng/api/connectors", json=body).status_code == 200
    answer = client.delete(f"{URL}/token")
    assert (answer.status_code, answer.json()["code"]) == (400, "ENTITY_REFERENCE_EXCEPTION")
    assert client.delete(f"{URL}/token?forceDelete=true").status_code == 200


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


REFERENCE = """
secret:
  type: SecretText
  name: token
  identifier: token
  tags:
    team: a
  spec:
    secretManagerIdentifier: {manager}
    valueType: Reference
    value: {path}
"""


def as_yaml(client: TestClient, method: str, path: str, text: str, **query: str) -> Any:
    return client.request(method, path, params=query, content=text, headers={"Content-Type": "application/yaml"})


def test_yaml_takes_no_inline_value(client: TestClient) -> None:
    text = REFERENCE.format(manager="harnessSecretManager", path="hunter2").replace("Reference", "Inline")
    refused = as_yaml(client, "POST", f"{URL}/yaml", text)
    assert refused.status_code == 400
    assert "Inline secret text cannot be provided in YAML." in refused.json()["message"]
    assert "hunter2" not in refused.text


def test_yaml_changes_what_a_secret_is_called_and_not_its_value(client: TestClient) -> None:
    client.post(URL, json=secret())
    text = "secret: {type: SecretText, name: Renamed, identifier: token, spec: {valueType: Inline}}"
    assert as_yaml(client, "PUT", f"{URL}/token/yaml", text).json()["data"]["secret"]["name"] == "Renamed"
    assert as_yaml(client, "PUT", f"{URL}/other/yaml", text).status_code == 400
    assert as_yaml(client, "POST", f"{URL}/yaml", text, orgIdentifier="o").status_code == 400


@pytest.mark.parametrize("text", ["", "a: [", "&a [*a]", "secret: 3", "- 1", "%TAG ! x\n---\na", "\x00"])
def test_what_is_not_a_secret_in_yaml_is_refused(client: TestClient, text: str) -> None:
    assert as_yaml(client, "POST", f"{URL}/yaml", text).status_code == 400


def test_secrets_are_listed_across_scopes_by_type_and_by_identifier(
    client: TestClient, application: MemoryApplication
) -> None:
    application.place("o", "p")
    client.post(URL, json=secret("top"))
    below = secret("low")
    here = {"orgIdentifier": "o", "projectIdentifier": "p"}
    below["secret"] |= here
    assert client.post(URL, params=here, json=below).status_code == 200

    def found(**query: Any) -> list[str]:
        content = client.get(URL, params=query).json()["data"]["content"]
        return sorted(item["secret"]["identifier"] for item in content)

    assert (found(), found(**here)) == (["top"], ["low"])
    assert found(includeSecretsFromEverySubScope="true") == ["low", "top"]
    assert found(**here, includeAllSecretsAccessibleAtScope="true") == ["low", "top"]
    assert found(includeSecretsFromEverySubScope="true", identifiers=["low", "x"]) == ["low"]
    assert (found(types=["SSHKey"]), found(type="SecretText")) == ([], ["top"])
    assert found(identifiers=["nope"]) == []
    body = {"filterType": "Secret", "identifiers": ["low"], "includeSecretsFromEverySubScope": True}
    data = client.post(f"{URL}/list", json=body).json()["data"]
    assert (data["totalItems"], data["content"][0]["secret"]["identifier"]) == (1, "low")
    first = client.get(URL, params={"includeSecretsFromEverySubScope": "true", "pageSize": 1}).json()["data"]
    assert (first["totalItems"], first["pageItemCount"]) == (2, 1)
