"""What is not visible is absent: places, filters and uses, for callers who may do little."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from pierhead.control.access import Permission, PrincipalRef
from pierhead.control.access import Permission as P
from pierhead.control.audit import PrincipalType
from pierhead.control.scopes import Scope
from pierhead.testing.application import MemoryApplication
from pierhead.testing.granted import grant, somebody

ORGS, PROJECTS, CONNECTORS = "/ng/api/organizations", "/ng/api/projects", "/ng/api/connectors"
Allow = Callable[..., PrincipalRef]


@pytest.fixture
def allow(client: TestClient, application: MemoryApplication) -> Allow:
    """From now on the client is somebody who may do that in that place."""

    def allow(org: str | None, project: str | None, *permissions: Permission, **more: bool) -> PrincipalRef:
        ref, key = somebody(application)
        scope = Scope(application.account.id, org, project)
        grant(application, ref, scope, permissions, **more)
        client.headers["X-API-KEY"] = key.reveal()
        return ref

    return allow


@pytest.fixture(autouse=True)
def _places(application: MemoryApplication) -> None:
    for org, project in (("mine", "web"), ("mine", "api"), ("theirs", "web")):
        application.place(org, project)


def orgs(client: TestClient) -> set[str]:
    answer = client.get(ORGS)
    assert answer.status_code == 200
    return {item["organization"]["identifier"] for item in answer.json()["data"]["content"]}


def projects(client: TestClient, **query: str) -> set[tuple[str, str]]:
    answer = client.get(PROJECTS, params=query)
    assert answer.status_code == 200
    found = [item["project"] for item in answer.json()["data"]["content"]]
    return {(project["orgIdentifier"], project["identifier"]) for project in found}


def test_a_member_of_a_project_sees_it_and_its_organization_and_no_other(client: TestClient, allow: Allow) -> None:
    allow("mine", "web", P.PROJECT_VIEW)
    assert orgs(client) == {"mine"}
    assert projects(client) == projects(client, orgIdentifier="mine") == {("mine", "web")}
    assert client.get(PROJECTS, params={"orgIdentifier": "theirs"}).status_code == 404
    assert client.get(f"{ORGS}/mine").status_code == 200
    assert client.get(f"{PROJECTS}/web", params={"orgIdentifier": "mine"}).status_code == 200


@pytest.mark.parametrize("path", [CONNECTORS, "/ng/api/v2/secrets", "/ng/api/serviceaccount", "/authz/api/roles"])
def test_a_list_of_a_place_that_is_not_there_says_so_and_a_place_of_others_is_not_told_from_it(
    client: TestClient, allow: Allow, path: str
) -> None:
    def said(org: str, project: str | None = None) -> tuple[int, str]:
        answer = client.get(path, params={"orgIdentifier": org, "projectIdentifier": project})
        text = answer.json().get("message", "")
        return answer.status_code, text.replace(f"[{org}]", "[]").replace(f"[{project}]", "[]")

    assert said("mine", "web")[0] == said("theirs")[0] == 200
    absent = said("nowhere"), said("mine", "nope"), said("nowhere", "nope")
    assert {status for status, _ in absent} == {404}
    allow("mine", "web", P.PIPELINE_VIEW)
    assert said("mine", "web")[0] == said("mine")[0] == 200, "there is business in it, so it is no secret"
    assert (said("theirs"), said("mine", "api"), said("theirs", "web")) == absent


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_place_of_others_answers_as_one_that_is_not_there(client: TestClient, allow: Allow, method: str) -> None:
    allow("mine", "web", P.PROJECT_VIEW)

    def said(path: str, **query: str) -> tuple[int, str, str]:
        noun = path.split("/")[3].removesuffix("s")
        identifier = path.rsplit("/", 1)[1]
        body = {noun: {"identifier": identifier, "name": "x"}} if method == "PUT" else None
        answer = client.request(method, path, params=query, json=body)
        return answer.status_code, answer.json()["code"], answer.json()["message"]

    there, absent = said(f"{ORGS}/theirs"), said(f"{ORGS}/nowhere")
    assert there[:2] == absent[:2] == (404, "RESOURCE_NOT_FOUND_EXCEPTION")
    assert there[2].replace("theirs", "") == absent[2].replace("nowhere", "")
    there, absent = said(f"{PROJECTS}/api", orgIdentifier="mine"), said(f"{PROJECTS}/nope", orgIdentifier="mine")
    assert there[:2] == absent[:2] == (404, "RESOURCE_NOT_FOUND_EXCEPTION")
    assert there[2].replace("[api]", "") == absent[2].replace("[nope]", "")


def test_who_may_see_and_not_change_is_told_what_is_missing(client: TestClient, allow: Allow) -> None:
    allow("mine", "web", P.PROJECT_VIEW)
    refused = client.delete(f"{PROJECTS}/web", params={"orgIdentifier": "mine"})
    assert refused.status_code == 403
    assert refused.json()["failedPermissionChecks"][0]["permission"] == "core_project_delete"


def test_projects_are_made_by_whoever_may_in_that_organization_alone(client: TestClient, allow: Allow) -> None:
    allow("mine", None, P.PROJECT_CREATE)
    body = {"project": {"identifier": "fresh", "name": "fresh"}}
    assert client.post(PROJECTS, params={"orgIdentifier": "mine"}, json=body).status_code == 200
    there = client.post(PROJECTS, params={"orgIdentifier": "theirs"}, json=body)
    absent = client.post(PROJECTS, params={"orgIdentifier": "nowhere"}, json=body)
    assert (there.status_code, absent.status_code) == (403, 403)
    assert client.post(ORGS, json={"organization": {"identifier": "o", "name": "o"}}).status_code == 403


def test_a_place_made_again_gives_nobody_what_they_had_before(
    client: TestClient, application: MemoryApplication, allow: Allow
) -> None:
    admin = client.headers["X-API-KEY"]
    ref = allow("mine", "web", P.PROJECT_VIEW)
    member = client.headers["X-API-KEY"]
    client.headers["X-API-KEY"] = admin
    query = {"orgIdentifier": "mine"}
    assert client.delete(f"{PROJECTS}/web", params=query).status_code == 200
    assert (
        client.post(PROJECTS, params=query, json={"project": {"identifier": "web", "name": "web"}}).status_code == 200
    )
    client.headers["X-API-KEY"] = member
    assert projects(client) == set()
    with application.store.snapshot() as tx:
        assert tx.role_assignments.list_about(application.account.id, ref.key) == ()
    assert ref.type is PrincipalType.USER


def test_a_filter_of_ones_own_is_there_for_nobody_else(client: TestClient, allow: Allow) -> None:
    body = {"name": "f", "identifier": "f", "filterProperties": {"filterType": "Connector"}}
    for identifier, visibility in (("f", "OnlyCreator"), ("g", "EveryOne")):
        named = {**body, "identifier": identifier, "filterVisibility": visibility}
        assert client.post("/ng/api/filters", json=named).status_code == 200
    allow(None, None, P.CONNECTOR_VIEW)
    kind = {"type": "Connector"}
    found = client.get("/ng/api/filters", params=kind).json()["data"]["content"]
    assert [one["identifier"] for one in found] == ["g"]
    assert client.get("/ng/api/filters/f", params=kind).status_code == 404
    assert client.delete("/ng/api/filters/f", params=kind).status_code == 404
    assert client.delete("/ng/api/filters/g", params=kind).status_code == 403
    assert client.post(f"{CONNECTORS}/listV2", params={"filterIdentifier": "f"}).status_code == 404
    allow("mine", None, P.CONNECTOR_VIEW)
    assert client.get("/ng/api/filters", params=kind).json()["data"]["content"] == []
    assert client.get("/ng/api/filters/g", params=kind).status_code == 404
    assert client.post("/ng/api/filters", json={**body, "identifier": "h"}).status_code == 403


def test_uses_counts_and_full_names_show_only_what_the_caller_may_see(
    client: TestClient, application: MemoryApplication, allow: Allow
) -> None:
    account = application.account.id
    secret = {"secret": {"type": "SecretText", "name": "s", "identifier": "s", "spec": {"value": "x"}}}
    client.post("/ng/api/v2/secrets", json=secret)
    auth = {"type": "UsernamePassword", "spec": {"username": "u", "passwordRef": "account.s"}}
    spec: dict[str, Any] = {"dockerRegistryUrl": "https://r.io", "providerType": "Other", "auth": auth}
    for org in ("mine", "theirs"):
        body = {"name": "c", "identifier": "c", "type": "DockerRegistry", "orgIdentifier": org, "spec": spec}
        assert client.post(CONNECTORS, json={"connector": body}).status_code == 200
    allow("mine", None, P.CONNECTOR_VIEW)
    uses = "/ng/api/entitySetupUsage"
    of_secret = {"entityType": "Secrets", "entityIdentifier": "s"}
    assert client.get(uses, params=of_secret).status_code == 404
    theirs = {"orgIdentifier": "theirs", "entityIdentifier": "c"}
    assert client.get(uses, params=theirs).status_code == 404
    names = [f"{account}/mine/c", f"{account}/theirs/c", f"{account}/harnessImage"]
    found = client.post(f"{CONNECTORS}/listbyfqn", json=names).json()["data"]
    assert [item["connector"]["orgIdentifier"] for item in found] == ["mine"]
    assert client.get(f"{CONNECTORS}/stats", params={"orgIdentifier": "theirs"}).status_code == 404
    ref = allow("mine", None, P.CONNECTOR_VIEW)
    grant(application, ref, Scope(account), [P.SECRET_VIEW])
    content = client.get(uses, params=of_secret).json()["data"]["content"]
    assert [use["referredByEntity"]["entityRef"]["orgIdentifier"] for use in content] == ["mine"]


def test_force_is_for_those_who_may_edit_the_account(client: TestClient, allow: Allow) -> None:
    allow(None, None, P.CONNECTOR_VIEW, P.CONNECTOR_DELETE, P.SECRET_VIEW, P.SECRET_DELETE)
    for path in (f"{CONNECTORS}/harnessImage", "/ng/api/v2/secrets/any"):
        refused = client.delete(path, params={"forceDelete": "true"})
        assert (refused.status_code, refused.json()["pierheadCode"]) == (400, "force-delete-not-enabled")
    assert client.get(f"{CONNECTORS}/harnessImage").status_code == 200
