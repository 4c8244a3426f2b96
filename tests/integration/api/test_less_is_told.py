"""Answers name nothing that the caller may not see, and guess at nothing that the request says in two ways."""

from collections.abc import Callable
from typing import Any

from starlette.testclient import TestClient

from pierhead.control.access import Permission
from pierhead.control.scopes import Scope
from pierhead.testing.application import MemoryApplication

SECRETS, CONNECTORS, TOKENS = "/ng/api/v2/secrets", "/ng/api/connectors", "/ng/api/delegate-token-ng"
PLACE = {"orgIdentifier": "default", "projectIdentifier": "default_project"}


def _connector(identifier: str, **place: str) -> dict[str, Any]:
    auth = {"type": "UsernamePassword", "spec": {"username": "u", "passwordRef": "account.pw"}}
    spec = {"dockerRegistryUrl": "https://r.example", "providerType": "Other", "auth": auth}
    return {
        "connector": {"name": identifier, "identifier": identifier, "type": "DockerRegistry", "spec": spec, **place}
    }


def test_a_secret_in_use_names_only_connectors_that_the_caller_may_see(
    client: TestClient, someone: Callable[..., TestClient]
) -> None:
    spec = {"secretManagerIdentifier": "harnessSecretManager", "valueType": "Inline", "value": "x"}
    secret = {"type": "SecretText", "name": "pw", "identifier": "pw", "spec": spec}
    assert client.post(SECRETS, json={"secret": secret}).status_code == 200
    for body, place in ((_connector("seen"), {}), (_connector("hidden", **PLACE), PLACE)):
        answer = client.post(CONNECTORS, params=place, json=body)
        assert answer.status_code == 200, answer.text
    may_delete = (Permission.SECRET_VIEW, Permission.SECRET_DELETE)
    for caller, named, hidden in (
        (client, "hidden, seen", None),
        (someone(*may_delete, Permission.CONNECTOR_VIEW), "seen, 1 that you may not see", "hidden"),
        (someone(*may_delete), "connectors: 2 that you may not see", "seen,"),
    ):
        answer = caller.delete(f"{SECRETS}/pw")
        assert (answer.status_code, answer.json()["pierheadCode"]) == (400, "secret-in-use")
        assert named in answer.text
        assert hidden is None or hidden not in answer.text


def test_what_was_granted_in_other_places_is_told_only_to_those_who_see_it_there(
    client: TestClient, application: MemoryApplication, someone: Callable[..., TestClient]
) -> None:
    project, views = Scope(application.account.id, "default", "default_project"), (Permission.USER_VIEW,)
    ada = client.post("/pierhead/v1/users", json={"email": "ada@example.com"}).json()["data"]["id"]
    assert client.post("/ng/api/serviceaccount", json={"identifier": "ci", "name": "CI"}).status_code == 200
    for place, role in ((PLACE, "_project_viewer"), ({"orgIdentifier": "default"}, "_organization_viewer")):
        for kind, who in (("USER", ada), ("SERVICE_ACCOUNT", "ci")):
            body = {"roleIdentifier": role, "principal": {"type": kind, "identifier": who, "scopeLevel": "account"}}
            answer = client.post("/authz/api/roleassignments", params=place, json=body)
            assert answer.status_code == 200, answer.text
    there = client.post("/ng/api/user/aggregate", params=PLACE).text
    told = someone(*views, scope=project).post("/ng/api/user/aggregate", params=PLACE).text
    assert ("_project_viewer" in told, "_organization_viewer" in told) == (True, False)
    assert "_organization_viewer" in there
    assert "_viewer" in client.get("/ng/api/serviceaccount/aggregate/ci").text
    assert "_viewer" not in someone(Permission.SERVICE_ACCOUNT_VIEW).get("/ng/api/serviceaccount/aggregate/ci").text
    whole = "/authz/api/roleassignments/aggregate"
    assert "permissions" in client.post(whole, params=PLACE).text
    told = someone(*views, scope=project).post(whole, params=PLACE).text
    assert ("_project_viewer" in told, "permissions" in told, "resourceFilter" in told) == (True, False, False)


def test_an_account_that_is_said_in_two_ways_is_refused(client: TestClient, application: MemoryApplication) -> None:
    account = application.account.id
    for query in ({"accountIdentifier": "other"}, {"account": "other"}, {"account": account, "accountIdentifier": "x"}):
        answer = client.get(SECRETS, params=query)
        assert (answer.status_code, answer.json()["pierheadCode"]) == (400, "ambiguous-parameter")
    assert client.get(SECRETS, params={"account": account, "accountIdentifier": account}).status_code == 200
    assert client.get(SECRETS, params={"account": account, "accountIdentifier": ""}).status_code == 200


def test_the_maker_of_a_delegate_token_is_what_he_is(client: TestClient, application: MemoryApplication) -> None:
    made = client.post(TOKENS, params={"tokenName": "by_a_person"}).json()["resource"]
    application.delegate_tokens.create(Scope(application.account.id), "by_the_program", "Pierhead")
    found = client.get(TOKENS).json()["resource"]
    assert made["createdByNgUser"]["type"] == "USER"
    types = {each["name"]: each["createdByNgUser"]["type"] for each in found}
    assert (types["by_a_person"], types["by_the_program"]) == ("USER", "SYSTEM")
