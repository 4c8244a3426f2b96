"""People, service accounts, API keys and tokens over HTTP: refusals, then what the reference's clients send."""

from collections.abc import Mapping
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from pierhead.control.access import Permission, PrincipalRef, Role, RoleAssignment
from pierhead.control.scopes import Level, Scope
from pierhead.testing.application import MemoryApplication

OWN, USER = "/pierhead/v1/users", "/ng/api/user"
MACHINES, KEYS, TOKENS = "/ng/api/serviceaccount", "/ng/api/apikey", "/ng/api/token"
ADMIN_TOKEN = {"identifier": "admin", "name": "admin"}
OF_CI = {"apiKeyType": "SERVICE_ACCOUNT", "parentIdentifier": "ci"}


def data(answer: Any) -> Any:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["status"] == "SUCCESS"
    return answer.json()["data"]


def machine(client: TestClient, identifier: str = "ci", **query: str) -> None:
    scope = {name: value for name, value in query.items() if name in ("orgIdentifier", "projectIdentifier")}
    data(client.post(MACHINES, params=query, json={"identifier": identifier, "name": "CI", **scope}))


def key_of(client: TestClient, owner: Mapping[str, str] = OF_CI, **more: object) -> None:
    data(client.post(KEYS, json={"identifier": "default", "name": "default", **owner, **more}))


def token_of(client: TestClient, owner: Mapping[str, str] = OF_CI, identifier: str = "t", **more: object) -> str:
    body = {"identifier": identifier, "name": "T", "apiKeyIdentifier": "default", **owner, **more}
    text: str = data(client.post(TOKENS, json=body))
    return text


def person(client: TestClient, application: MemoryApplication, email: str, *permissions: Permission) -> dict[str, str]:
    """Headers of somebody who may do just that in the account."""
    user = data(client.post(OWN, json={"email": email}))
    ref = application.people.users.get(application.account.id, user["id"]).ref
    grant(application, ref, *permissions)
    mine = {"apiKeyType": "USER", "parentIdentifier": user["id"]}
    key_of(client, mine)
    text = token_of(client, mine)
    return {"X-API-KEY": text, "Harness-Account": application.account.id, "x-user": user["id"]}


def grant(application: MemoryApplication, ref: PrincipalRef, *permissions: Permission) -> None:
    now, scope = application.clock.now(), ref.scope
    with application.store.transaction() as tx:
        role = Role(scope, f"r_{ref.identifier}", "R", frozenset(permissions), frozenset(Level), now, now)
        tx.roles.add(role)
        group = "_all_resources_including_child_scopes"
        tx.role_assignments.add(RoleAssignment(scope, f"a_{ref.identifier}", role.identifier, group, ref, now, now))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (MACHINES, {"identifier": "a b", "name": "x"}),
        (MACHINES, {"identifier": "x", "name": "x", "orgIdentifier": "default"}),
        (MACHINES, {"identifier": "x", "name": "x", "email": "no address"}),
        (KEYS, {"identifier": "k", "name": "k", "apiKeyType": "ROBOT", "parentIdentifier": "ci"}),
        (KEYS, {"identifier": "k", "name": "k", **OF_CI, "defaultTimeToExpireToken": -1}),
        (KEYS, {"identifier": "k", "name": "k", **OF_CI, "defaultTimeToExpireToken": 10**18}),
        (TOKENS, {"identifier": "t", "name": "t", **OF_CI}),
        (TOKENS, {"identifier": "t", "name": "t", **OF_CI, "apiKeyIdentifier": "default", "validTo": 1}),
        (TOKENS, {"identifier": "t", "name": "t", **OF_CI, "apiKeyIdentifier": "default", "validTo": 4102444800000}),
        (OWN, {"email": "x"}),
        (OWN, {"email": "a@b", "admin": True}),
        (OWN, {"email": "a@b", "name": "\u202e"}),
    ],
)
def test_what_cannot_be_made_is_refused_with_a_reason(client: TestClient, path: str, body: dict[str, object]) -> None:
    machine(client)
    key_of(client)
    answer = client.post(path, json=body)
    assert answer.status_code == 400
    assert answer.json()["code"] == "INVALID_REQUEST"
    assert len(answer.json()["message"]) > 10


def test_what_is_not_there_is_answered_as_gone(client: TestClient) -> None:
    machine(client)
    query = {**OF_CI, "apiKeyIdentifier": "none"}
    for answer in (
        client.get(f"{MACHINES}/aggregate/none"),
        client.delete(f"{MACHINES}/none"),
        client.get(f"{KEYS}/aggregate/none", params=OF_CI),
        client.get(KEYS, params={**OF_CI, "parentIdentifier": "nobody"}),
        client.delete(f"{TOKENS}/none", params=query),
        client.post(f"{TOKENS}/rotate/none", params=query),
        client.get(f"{OWN}/none"),
        client.get(f"{OWN}/none@example.com"),
        client.get(f"{USER}/aggregate/none"),
        client.delete(f"{USER}/none"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "RESOURCE_NOT_FOUND_EXCEPTION"), answer.text


def test_terraform_makes_reads_changes_and_destroys_a_service_account_with_key_and_token(client: TestClient) -> None:
    account = client.headers["Harness-Account"]
    place = {"accountIdentifier": account, "orgIdentifier": "default", "projectIdentifier": "default_project"}
    body = {"identifier": "tf", "name": "tf", "email": "tf@service.example.com", "tags": {"foo": "bar"}, **place}
    made = data(client.post(MACHINES, params=place, json=body))
    assert made | {"description": None} == {**body, "description": None, "governanceMetadata": None}
    read = data(client.get(f"{MACHINES}/aggregate/tf", params=place))
    assert read["serviceAccount"] == made
    assert (read["tokensCount"], read["roleAssignmentsMetadataDTO"]) == (0, [])
    assert data(client.put(f"{MACHINES}/tf", params=place, json={**body, "name": "new"}))["name"] == "new"
    owner = {"apiKeyType": "SERVICE_ACCOUNT", "parentIdentifier": "tf"}
    key = {"identifier": "k", "name": "k", **owner, **place, "defaultTimeToExpireToken": 1000}
    assert data(client.post(KEYS, params={"accountIdentifier": account}, json=key))["defaultTimeToExpireToken"] == 1000
    assert data(client.get(f"{KEYS}/aggregate/k", params={**owner, **place}))["apiKey"]["parentIdentifier"] == "tf"
    changed = client.put(f"{KEYS}/{account}", headers={"Harness-Account": ""}, json={**key, "name": "k2"})
    assert data(changed)["name"] == "k2"
    token = {"identifier": "t", "name": "t", **owner, **place, "apiKeyIdentifier": "k"}
    text = data(client.post(TOKENS, params={"accountIdentifier": account}, json=token))
    assert text.startswith(f"sat.{account}.")
    query = {**owner, **place, "apiKeyIdentifier": "k", "identifiers": "t"}
    (listed,) = data(client.get(f"{TOKENS}/aggregate", params=query))["content"]
    assert listed["token"]["validTo"] - listed["token"]["validFrom"] == 1000
    sent_back = {**token, **listed["token"], "name": "t2"}
    assert data(client.put(f"{TOKENS}/t", json=sent_back))["name"] == "t2"
    assert data(client.delete(f"{TOKENS}/t", params=query)) is True
    assert data(client.delete(f"{KEYS}/k", params={**owner, **place})) is True
    assert data(client.delete(f"{MACHINES}/tf", params=place)) is True
    assert client.get(f"{MACHINES}/aggregate/tf", params=place).status_code == 404


def test_the_text_of_a_token_is_in_no_list(client: TestClient) -> None:
    machine(client)
    key_of(client)
    secret = token_of(client).rpartition(".")[2]
    query = {**OF_CI, "apiKeyIdentifier": "default"}
    for path in (f"{TOKENS}/aggregate", KEYS, f"{KEYS}/aggregate", MACHINES, f"{MACHINES}/aggregate"):
        assert secret not in client.get(path, params=query).text


def test_a_rotated_token_opens_until_the_time_that_was_said(client: TestClient, application: MemoryApplication) -> None:
    machine(client)
    key_of(client)
    old = token_of(client)
    until = int(application.clock.now().timestamp() * 1000) + 60_000
    query = {**OF_CI, "apiKeyIdentifier": "default", "rotateTimestamp": until}
    new = data(client.post(f"{TOKENS}/rotate/t", params=query))

    def opens(text: str) -> bool:
        return client.get("/pierhead/v1/whoami", headers={"X-API-KEY": text}).status_code == 200

    assert (opens(old), opens(new)) == (True, True)
    application.clock.advance(60)
    assert (opens(old), opens(new)) == (False, True)
    data(client.post("/pierhead/v1/tokens/t/revoke", params=query))
    assert not opens(new)
    assert client.post(f"{TOKENS}/rotate/t", params=query).status_code == 409


def test_people_see_to_their_own_keys_without_any_right(client: TestClient, application: MemoryApplication) -> None:
    headers = person(client, application, "ada@example.com")
    mine = {"apiKeyType": "USER"}
    assert data(client.get(KEYS, params=mine, headers=headers))[0]["parentIdentifier"] == headers["x-user"]
    body = {"identifier": "second", "name": "S", "apiKeyIdentifier": "default", **mine}
    text = data(client.post(TOKENS, json=body, headers=headers))
    query = {**mine, "apiKeyIdentifier": "default"}
    assert len(data(client.get(f"{TOKENS}/aggregate", params=query, headers=headers))["content"]) == 2
    assert data(client.delete(f"{TOKENS}/second", params=query, headers={**headers, "X-API-KEY": text})) is True


def test_who_may_not_see_others_hears_that_they_are_not_there(
    client: TestClient, application: MemoryApplication
) -> None:
    headers = person(client, application, "ada@example.com")
    machine(client)
    admin = application.access.authenticate(application.key.reveal()).ref.identifier

    def asked(kind: str, parent: str) -> str:
        answer = client.get(KEYS, params={"apiKeyType": kind, "parentIdentifier": parent}, headers=headers)
        assert answer.status_code == 404
        return str(answer.json()["message"]).replace(parent, "?")

    assert asked("USER", admin) == asked("USER", "nobody")
    assert asked("SERVICE_ACCOUNT", "ci") == asked("SERVICE_ACCOUNT", "none")
    there, nowhere = (client.get(f"{OWN}/{x}@localhost", headers=headers) for x in ("admin", "nobody"))
    assert (there.status_code, there.json()["message"]) == (
        nowhere.status_code,
        nowhere.json()["message"].replace("nobody", "admin"),
    )
    assert data(client.get(OWN, headers=headers))["totalItems"] == 0
    assert data(client.get(MACHINES, headers=headers)) == []
    assert data(client.get(f"{OWN}/{headers['x-user']}", headers=headers))["email"] == "ada@example.com"


def test_who_sees_but_may_not_is_told_which_permission_is_missing(
    client: TestClient, application: MemoryApplication
) -> None:
    seeing = (Permission.SERVICE_ACCOUNT_VIEW, Permission.USER_VIEW)
    headers = person(client, application, "ada@example.com", *seeing)
    machine(client)
    for answer, permission in (
        (client.get(KEYS, params=OF_CI, headers=headers), "core_serviceaccount_manageapikey"),
        (client.post(f"{OWN}/someone/disable", headers=headers), "core_user_manage"),
        (client.post(OWN, json={"email": "x@y"}, headers=headers), "core_user_invite"),
        (client.delete(f"{MACHINES}/ci", headers=headers), "core_serviceaccount_delete"),
    ):
        assert answer.status_code == 403
        assert answer.json()["failedPermissionChecks"][0]["permission"] == permission


def test_nobody_makes_a_token_that_may_more_than_he_may(client: TestClient, application: MemoryApplication) -> None:
    managing = (Permission.SERVICE_ACCOUNT_MANAGE_API_KEY, Permission.USER_MANAGE)
    headers = person(client, application, "ada@example.com", *managing)
    machine(client)
    admin = application.access.authenticate(application.key.reveal()).ref
    ci = application.people.service_accounts.get(admin.scope, "ci").ref
    grant(application, ci, *managing, Permission.SECRET_ACCESS)
    key_of(client)
    of_admin = {"apiKeyType": "USER", "parentIdentifier": admin.identifier, "apiKeyIdentifier": "admin"}
    for owner in (OF_CI, of_admin):
        body = {"identifier": "t", "name": "t", "apiKeyIdentifier": "default", **owner}
        assert client.post(TOKENS, json=body, headers=headers).status_code == 403
    for answer in (
        client.post(f"{TOKENS}/rotate/admin", params=of_admin, headers=headers),
        client.put(f"{TOKENS}/admin", json={**of_admin, **ADMIN_TOKEN, "validTo": 4102444800000}, headers=headers),
        client.delete(f"{TOKENS}/admin", params=of_admin, headers=headers),
        client.post("/pierhead/v1/tokens/admin/revoke", params=of_admin, headers=headers),
        client.delete(f"{KEYS}/admin", params=of_admin, headers=headers),
        client.post(f"{OWN}/{admin.identifier}/disable", headers=headers),
        client.delete(f"{OWN}/{admin.identifier}", headers=headers),
        client.delete(f"{USER}/{admin.identifier}", headers=headers),
    ):
        assert (answer.status_code, answer.json()["pierheadCode"]) == (403, "access-denied"), answer.text


def test_nobody_takes_from_others_what_he_could_not_give(client: TestClient, application: MemoryApplication) -> None:
    managing = (Permission.SERVICE_ACCOUNT_DELETE, Permission.SERVICE_ACCOUNT_VIEW, Permission.USER_MANAGE)
    headers = person(client, application, "ada@example.com", *managing, Permission.USER_VIEW)
    machine(client)
    admin = application.access.authenticate(application.key.reveal()).ref
    grant(application, application.people.service_accounts.get(admin.scope, "ci").ref, Permission.SECRET_ACCESS)
    boss = data(client.post(OWN, json={"email": "boss@example.com"}))["id"]
    body = {"roleIdentifier": "_organization_admin", "principal": {"type": "USER", "identifier": boss}}
    in_org = {"orgIdentifier": "default"}
    data(client.post("/authz/api/roleassignments", params=in_org, json={**body, "identifier": "of_boss"}))
    key = {"name": "n", "apiKeyType": "USER", "parentIdentifier": boss}
    data(client.post(KEYS, json={**key, "identifier": "own"}))
    for answer in (
        client.delete(f"{MACHINES}/ci", headers=headers),
        client.delete("/authz/api/roleassignments/admin", headers=headers),
        client.delete("/authz/api/roleassignments/of_boss", params=in_org, headers=headers),
        client.put(
            "/authz/api/roleassignments/of_boss", params=in_org, json={**body, "disabled": True}, headers=headers
        ),
        client.delete(f"{USER}/{boss}", params=in_org, headers=headers),
        client.post(f"{OWN}/{boss}/disable", headers=headers),
        client.post(f"{OWN}/{boss}/enable", headers=headers),
        client.post(KEYS, json={**key, "identifier": "more"}, headers=headers),
        client.put(f"{KEYS}/own", json={**key, "identifier": "own", "defaultTimeToExpireToken": 1}, headers=headers),
    ):
        assert (answer.status_code, answer.json()["pierheadCode"]) == (403, "access-denied"), answer.text
    data(client.delete(f"{USER}/{boss}", params=in_org))
    data(client.delete(f"{MACHINES}/ci"))


def test_a_right_in_an_organization_is_none_in_the_account(client: TestClient, application: MemoryApplication) -> None:
    """Where people live is never taken from the query."""
    headers = person(client, application, "ada@example.com")
    ref = application.people.users.get(application.account.id, headers["x-user"]).ref
    now = application.clock.now()
    org = Scope(application.account.id, "default")
    with application.store.transaction() as tx:
        role = Role(org, "manager", "M", frozenset(Permission), frozenset(Level), now, now)
        tx.roles.add(role)
        group = "_all_resources_including_child_scopes"
        tx.role_assignments.add(RoleAssignment(org, "m", "manager", group, ref, now, now))
    other = data(client.post(OWN, json={"email": "bob@example.com"}))["id"]
    inside = {"orgIdentifier": "default"}
    for answer in (
        client.delete(f"{OWN}/{other}", params=inside, headers=headers),
        client.post(f"{OWN}/{other}/disable", params=inside, headers=headers),
        client.get(KEYS, params={**inside, "apiKeyType": "USER", "parentIdentifier": other}, headers=headers),
    ):
        assert answer.status_code in (403, 404)
    assert client.post(OWN, params=inside, json={"email": "c@d"}, headers=headers).status_code == 403
    assert client.delete(f"{USER}/{other}", params=inside, headers=headers).status_code == 404
    assert data(client.get(f"{OWN}/{other}"))["disabled"] is False
    machine_body = {"identifier": "inner", "name": "I", "orgIdentifier": "default"}
    data(client.post(MACHINES, params=inside, json=machine_body, headers=headers))
    assert client.post(MACHINES, json={"identifier": "i", "name": "I"}, headers=headers).status_code == 403


def test_people_are_made_renamed_disabled_and_deleted(client: TestClient) -> None:
    made = data(client.post(OWN, json={"email": "Ada@Example.com", "name": "Ada Löwe"}))
    assert (made["email"], made["name"], made["disabled"], made["hasPassword"]) == (
        "ada@example.com",
        "Ada Löwe",
        False,
        False,
    )
    assert client.post(OWN, json={"email": "ada@example.com"}).status_code == 400
    path = f"{OWN}/{made['id']}"
    assert data(client.get(f"{OWN}/ADA@example.com")) == made
    assert data(client.put(path, json={"name": "Ada L."}))["name"] == "Ada L."
    assert data(client.post(f"{path}/disable"))["disabled"] is True
    assert data(client.post(f"{path}/enable"))["disabled"] is False
    assert data(client.get(OWN, params={"searchTerm": "ADA"}))["totalItems"] == 1
    assert data(client.delete(path)) is True
    assert client.get(path).status_code == 404


def test_the_last_admin_cannot_go(client: TestClient, application: MemoryApplication) -> None:
    admin = application.access.authenticate(application.key.reveal()).ref.identifier
    for answer in (
        client.delete(f"{OWN}/{admin}"),
        client.post(f"{OWN}/{admin}/disable"),
        client.delete(f"{USER}/{admin}"),
    ):
        assert answer.status_code == 409
        assert answer.json()["pierheadCode"] == "last-admin"


def test_the_callers_own_entry_is_that_of_a_person(client: TestClient, application: MemoryApplication) -> None:
    me = data(client.get(f"{USER}/currentUser"))
    assert (me["email"], me["admin"], me["defaultAccountId"]) == ("admin@localhost", True, application.account.id)
    machine(client)
    key_of(client)
    headers = {"X-API-KEY": token_of(client)}
    assert client.get(f"{USER}/currentUser", headers=headers).status_code == 404
    assert data(client.get("/pierhead/v1/whoami", headers=headers))["type"] == "SERVICE_ACCOUNT"
    assert data(client.put(USER, json={"uuid": me["uuid"], "name": "Chief"}))["name"] == "Chief"


def test_people_of_an_organization_are_those_with_a_grant_there(
    client: TestClient, application: MemoryApplication
) -> None:
    person(client, application, "ada@example.com", Permission.CONNECTOR_VIEW)
    everywhere = data(client.post(f"{USER}/aggregate", json={"searchTerm": "ada"}))
    assert everywhere["content"][0]["roleAssignmentMetadata"][0]["roleName"] == "R"
    assert data(client.post(f"{USER}/aggregate", params={"orgIdentifier": "default"}))["empty"] is True


def test_people_are_invited_with_roles_and_a_second_time_nothing_changes(client: TestClient) -> None:
    binding = {"roleIdentifier": "_account_viewer", "roleName": "x", "managedRole": True}
    group = {"resourceGroupIdentifier": "_all_resources_including_child_scopes"}
    body = {
        "emails": ["Ada@example.com", "bob@example.com"],
        "userGroups": ["g"],
        "roleBindings": [{**binding, **group}],
    }
    first = data(client.post(f"{USER}/users", json=body))["addUserResponseMap"]
    assert first == dict.fromkeys(("ada@example.com", "bob@example.com"), "USER_ADDED_SUCCESSFULLY")
    again = data(client.post(f"{USER}/users", json=body))["addUserResponseMap"]
    assert set(again.values()) == {"USER_ALREADY_ADDED"}
    (found,) = data(client.post(f"{USER}/aggregate", params={"searchTerm": "ada@example.com"}))["content"]
    assert [one["roleIdentifier"] for one in found["roleAssignmentMetadata"]] == ["_account_viewer"]


def test_an_invitation_gives_no_more_than_the_host_has(client: TestClient, application: MemoryApplication) -> None:
    admin = {"roleIdentifier": "_account_admin", "resourceGroupIdentifier": "_all_resources_including_child_scopes"}
    body = {"emails": ["eve@example.com"], "roleBindings": [admin]}
    host = person(client, application, "host@example.com", Permission.USER_INVITE)
    assert client.post(f"{USER}/users", json=body, headers=host).status_code == 403
    manager = person(client, application, "m@example.com", Permission.USER_INVITE, Permission.USER_MANAGE)
    assert client.post(f"{USER}/users", json=body, headers=manager).status_code == 403
    found = data(client.post(f"{USER}/aggregate", params={"searchTerm": "eve@example.com"}))["content"]
    assert [one["roleAssignmentMetadata"] for one in found] in ([], [[]])
    assert client.post(f"{USER}/users", json={"emails": []}).status_code == 400
    assert client.post(f"{USER}/users", json={"emails": ["no address"]}).status_code == 400


def test_a_service_account_lists_its_own_keys_and_makes_none(
    client: TestClient, app: FastAPI, application: MemoryApplication
) -> None:
    owner = {"apiKeyType": "SERVICE_ACCOUNT", "parentIdentifier": "ci"}
    assert client.post("/ng/api/serviceaccount", json={"identifier": "ci", "name": "ci"}).status_code == 200
    assert client.post("/ng/api/apikey", json={"identifier": "k", "name": "k", **owner}).status_code == 200
    body = {"identifier": "one", "name": "one", "apiKeyIdentifier": "k", **owner}
    text = client.post("/ng/api/token", json=body).json()["data"]
    program = TestClient(app, headers={"X-API-KEY": text, "Harness-Account": application.account.id})
    [listed] = program.get("/ng/api/token/aggregate", params=owner).json()["data"]["content"]
    assert listed["token"]["identifier"] == "one"
    assert program.post("/ng/api/token", json={**body, "identifier": "two"}).status_code in (403, 404)
    other = program.get("/ng/api/token/aggregate", params={**owner, "parentIdentifier": "other"})
    assert other.status_code == 404
    absent = client.get("/ng/api/serviceaccount/aggregate/nobody").json()
    assert absent["hint"].startswith(f"it was looked for in the account {application.account.id}; others are named by ")
