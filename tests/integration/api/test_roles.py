"""Roles, resource groups and assignments as the reference's clients make and read them."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from pierhead.control.access import AssignmentService, Permission, PrincipalRef
from pierhead.control.audit import PrincipalType
from pierhead.control.scopes import Scope
from pierhead.testing.application import MemoryApplication
from pierhead.testing.granted import somebody

ROLES, ASSIGNMENTS = "/authz/api/roles", "/authz/api/roleassignments"
GROUPS = "/resourcegroup/api/v2/resourcegroup"
ROLE = {
    "identifier": "works",
    "name": "Works on connectors",
    "description": "x",
    "tags": {"foo": "bar"},
    "permissions": ["core_connector_view", "core_connector_edit"],
    "allowedScopeLevels": ["account"],
}


def data(answer: Any) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


@pytest.fixture
def person(application: MemoryApplication) -> str:
    return somebody(application)[0].identifier


@pytest.fixture
def assignment(client: TestClient, person: str) -> dict[str, Any]:
    """A role, a group and their assignment to somebody."""
    data(client.post(ROLES, json=ROLE))
    group = {"identifier": "things", "name": "things", "resourceFilter": {"resources": [{"resourceType": "CONNECTOR"}]}}
    data(client.post(GROUPS, json={"resourceGroup": group}))
    body = {
        "roleIdentifier": "works",
        "resourceGroupIdentifier": "things",
        "principal": {"identifier": person, "type": "USER", "scopeLevel": ""},
    }
    made: dict[str, Any] = data(client.post(ASSIGNMENTS, json=body))["roleAssignment"]
    return made


def test_a_role_comes_back_as_it_was_sent(client: TestClient, application: MemoryApplication) -> None:
    made = data(client.post(ROLES, json=ROLE))
    assert made["role"] == {**ROLE, "permissions": sorted(ROLE["permissions"])}
    scope = {"accountIdentifier": application.account.id, "orgIdentifier": None, "projectIdentifier": None}
    assert made["scope"] == scope
    assert made["harnessManaged"] is False
    assert data(client.get(f"{ROLES}/works")) == made
    changed = data(client.put(f"{ROLES}/works", json={**ROLE, "permissions": [], "tags": None}))
    assert (changed["role"]["permissions"], changed["role"]["tags"]) == ([], {})
    assert data(client.delete(f"{ROLES}/works")) == changed
    gone = client.get(f"{ROLES}/works")
    assert (gone.status_code, gone.json()["code"]) == (404, "RESOURCE_NOT_FOUND_EXCEPTION")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({**ROLE, "permissions": ["core_environment_view"]}, "INVALID_REQUEST"),
        (
            {**ROLE, "permissions": ["core_account_edit"], "allowedScopeLevels": ["account", "project"]},
            "INVALID_REQUEST",
        ),
        ({**ROLE, "identifier": "_account_admin"}, "DUPLICATE_FIELD"),
        ({**ROLE, "allowedScopeLevels": ["planet"]}, "INVALID_REQUEST"),
        ({**ROLE, "tags": {"k" * 200: "v"}}, "INVALID_REQUEST"),
        ({**ROLE, "identifier": "1"}, "INVALID_REQUEST"),
    ],
)
def test_a_role_that_makes_no_sense_is_refused(client: TestClient, body: dict[str, Any], code: str) -> None:
    refused = client.post(ROLES, json=body)
    assert (refused.status_code, refused.json()["code"]) == (400, code)


def test_the_identifier_of_a_role_cannot_change(client: TestClient) -> None:
    data(client.post(ROLES, json=ROLE))
    refused = client.put(f"{ROLES}/works", json={**ROLE, "identifier": "other"})
    assert refused.json()["errors"] == [{"fieldId": "identifier", "error": "is not the one in the path"}]


@pytest.mark.parametrize("base", [GROUPS, "/resourcegroup/api/resourcegroup"])
def test_a_group_comes_back_as_it_was_sent_but_for_types_that_are_not_here(
    client: TestClient, application: MemoryApplication, base: str
) -> None:
    account = application.account.id
    group = {
        "accountIdentifier": account,
        "identifier": "things",
        "name": "things",
        "color": "blue",
        "tags": {"foo": "bar"},
        "description": "test",
        "allowedScopeLevels": ["account"],
        "includedScopes": [{"filter": "INCLUDING_CHILD_SCOPES", "accountIdentifier": account}],
        "resourceFilter": {
            "includeAllResources": False,
            "resources": [
                {
                    "resourceType": "CONNECTOR",
                    "attributeFilter": {"attributeName": "category", "attributeValues": ["ARTIFACTORY"]},
                },
                {"resourceType": "SECRET", "identifiers": ["b", "a"]},
                {"resourceType": "ENVIRONMENT", "identifiers": ["a"]},
            ],
        },
    }
    made = data(client.post(base, json={"resourceGroup": group}))
    found = made["resourceGroup"]
    assert [each["resourceType"] for each in found["resourceFilter"]["resources"]] == ["CONNECTOR", "SECRET"]
    assert found["resourceFilter"]["resources"][0]["attributeFilter"]["attributeValues"] == ["ARTIFACTORY"]
    assert found["resourceFilter"]["resources"][1]["identifiers"] == ["a", "b"]
    assert {name: found[name] for name in ("color", "tags", "description", "allowedScopeLevels")} == {
        name: group[name] for name in ("color", "tags", "description", "allowedScopeLevels")
    }
    assert data(client.get(f"{GROUPS}/things")) == made
    assert data(client.delete(f"{base}/things")) is True


def test_a_group_of_types_that_are_not_here_holds_nothing(client: TestClient) -> None:
    group = {"identifier": "g", "name": "g", "resourceFilter": {"resources": [{"resourceType": "ENVIRONMENT"}]}}
    made = data(client.post(GROUPS, json={"resourceGroup": group}))
    assert made["resourceGroup"]["resourceFilter"] == {"includeAllResources": False, "resources": []}


def test_groups_are_listed_and_filtered(client: TestClient, assignment: dict[str, Any]) -> None:
    found = data(client.get(GROUPS))
    assert found["content"][0]["resourceGroup"]["identifier"] == "things"
    managed = data(client.post(f"{GROUPS}/filter", json={"managedFilter": "ONLY_MANAGED"}))
    assert all(each["harnessManaged"] for each in managed["content"])
    one = data(client.post(f"{GROUPS}/filter", json={"identifierFilter": ["things", "missing"]}))
    assert one["totalItems"] == 1


def test_an_assignment_has_all_that_terraform_reads(
    client: TestClient, assignment: dict[str, Any], person: str
) -> None:
    assert assignment["identifier"].startswith("role_assignment_")
    assert assignment == {
        "identifier": assignment["identifier"],
        "resourceGroupIdentifier": "things",
        "roleIdentifier": "works",
        "roleReference": {"identifier": "works", "scopeLevel": "account"},
        "principal": {"scopeLevel": "account", "identifier": person, "type": "USER"},
        "disabled": False,
        "managed": False,
        "internal": False,
    }
    path = f"{ASSIGNMENTS}/{assignment['identifier']}"
    assert data(client.get(path))["roleAssignment"] == assignment
    off = data(client.put(path, json={**assignment, "disabled": True}))
    assert off["roleAssignment"]["disabled"] is True
    refused = client.put(path, json={**assignment, "roleIdentifier": "_account_viewer"})
    assert refused.status_code == 400
    assert data(client.delete(path))["roleAssignment"]["identifier"] == assignment["identifier"]
    assert client.delete(path).status_code == 404


def test_assignments_are_filtered_by_what_they_are_made_of(
    client: TestClient, assignment: dict[str, Any], person: str
) -> None:
    def found(**body: Any) -> list[str]:
        answer = data(client.post(f"{ASSIGNMENTS}/filter", json=body))
        return [each["roleAssignment"]["roleIdentifier"] for each in answer["content"]]

    assert found() == ["_account_admin", "works"]
    assert found(roleFilter=["works"]) == ["works"]
    assert found(principalFilter=[{"identifier": person, "type": "USER"}]) == ["works"]
    assert found(resourceGroupFilter=["missing"]) == []
    assert found(harnessManagedFilter=[True]) == ["_account_admin"]
    detail = data(client.post(f"{ASSIGNMENTS}/v2/filter", json={"roleFilter": ["works"]}))["content"][0]
    assert detail["role"] == {"identifier": "works", "name": "Works on connectors"}
    whole = data(client.post(f"{ASSIGNMENTS}/aggregate", json={"roleFilter": ["works"]}))
    assert [each["role"]["identifier"] for each in whole["roles"]] == ["works"]
    assert [each["identifier"] for each in whole["resourceGroups"]] == ["things"]


def test_several_are_given_at_once_and_what_cannot_be_is_left_out(
    client: TestClient, assignment: dict[str, Any], person: str
) -> None:
    good = {"roleIdentifier": "_account_viewer", "principal": {"identifier": person, "type": "USER"}}
    bad = {"roleIdentifier": "missing", "principal": {"identifier": person, "type": "USER"}}
    made = data(client.post(f"{ASSIGNMENTS}/multi", json={"roleAssignments": [bad, good, good]}))
    assert [each["roleAssignment"]["roleIdentifier"] for each in made] == ["_account_viewer"]


def test_a_proposed_assignment_is_validated(client: TestClient, person: str) -> None:
    proposed = {"roleIdentifier": "missing", "principal": {"identifier": person, "type": "USER"}}
    body = {"roleAssignment": proposed, "validateRole": True, "validatePrincipal": True}
    assert data(client.post(f"{ASSIGNMENTS}/validate", json=body)) == {
        "principalValidationResult": {"valid": True, "errorMessage": None},
        "roleValidationResult": {"valid": False, "errorMessage": "there is no 'missing'"},
        "resourceGroupValidationResult": None,
    }


def test_groups_of_people_are_not_there(client: TestClient) -> None:
    body = {"roleIdentifier": "_account_viewer", "principal": {"identifier": "x", "type": "USER_GROUP"}}
    refused = client.post(ASSIGNMENTS, json=body)
    assert (refused.status_code, refused.json()["pierheadCode"]) == (400, "invalid-role-assignment")


def test_permissions_are_listed_with_their_levels(client: TestClient) -> None:
    found = {
        each["permission"]["identifier"]: each["permission"] for each in data(client.get("/authz/api/permissions"))
    }
    assert found["core_account_edit"]["allowedScopeLevels"] == ["account"]
    assert found["core_connector_edit"]["resourceType"] == "CONNECTOR"
    assert "CONNECTOR" in data(client.get("/authz/api/permissions/resourcetypes"))


def test_everybody_may_ask_what_he_may_do_and_only_some_what_others_may(
    client: TestClient, application: MemoryApplication, assignment: dict[str, Any], person: str
) -> None:
    asked = {
        "permissions": [{"permission": "core_connector_edit"}, {"permission": "core_secret_view"}, {"permission": "x"}]
    }

    def permitted(answer: Any) -> list[bool]:
        return [each["permitted"] for each in data(answer)["accessControlList"]]

    assert permitted(client.post("/authz/api/acl", json=asked)) == [True, True, False]
    about = {**asked, "principal": {"principalIdentifier": person, "principalType": "USER"}}
    assert permitted(client.post("/authz/api/acl", json=about)) == [True, False, False]
    elsewhere = {"permissions": [{"permission": "core_secret_view", "resourceScope": {"accountIdentifier": "other"}}]}
    assert permitted(client.post("/authz/api/acl", json=elsewhere)) == [False]
    _, key = somebody(application)
    refused = client.post("/authz/api/acl", json=about, headers={"X-API-KEY": key.reveal()})
    assert refused.status_code == 403


def test_a_proposed_assignment_tells_nothing_of_people_that_the_caller_may_not_see(
    client: TestClient, application: MemoryApplication, someone: Callable[..., TestClient], person: str
) -> None:
    place = {"orgIdentifier": "default", "projectIdentifier": "default_project"}
    manage = (Permission.USER_MANAGE, Permission.USER_VIEW)
    caller = someone(*manage, scope=Scope(application.account.id, "default", "default_project"))

    def is_valid(asking: TestClient, identifier: str) -> bool:
        proposed = {"roleIdentifier": "_project_viewer", "principal": {"identifier": identifier, "type": "USER"}}
        body = {"roleAssignment": proposed, "validatePrincipal": True}
        answer = data(asking.post(f"{ASSIGNMENTS}/validate", params=place, json=body))
        return bool(answer["principalValidationResult"]["valid"])

    assert is_valid(client, person)
    assert not is_valid(caller, person)
    assert not is_valid(caller, "admin@localhost")
    given = {"roleIdentifier": "_project_viewer", "principal": {"identifier": person, "type": "USER"}}
    data(client.post(ASSIGNMENTS, params=place, json=given))
    assert is_valid(caller, person)


def test_many_checks_for_somebody_else_look_for_that_one_once(
    client: TestClient, application: MemoryApplication, person: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    look_up = AssignmentService.principal

    def counted(service: AssignmentService, scope: Scope, kind: PrincipalType, identifier: str) -> PrincipalRef | None:
        asked.append(identifier)
        return look_up(service, scope, kind, identifier)

    monkeypatch.setattr(AssignmentService, "principal", counted)
    check = {"permission": "core_secret_view", "resourceScope": {"orgIdentifier": "default"}}
    about = {"principalIdentifier": person, "principalType": "USER"}
    body = {"permissions": [check, {"permission": "core_secret_view"}] * 500, "principal": about}
    assert len(data(client.post("/authz/api/acl", json=body))["accessControlList"]) == 1000
    assert asked == [person]
