"""Organizations and projects over HTTP: what clients send, what they read, and who sees what."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from pierhead.control.scopes import Scope
from pierhead.testing.application import MemoryApplication

ORGS, PROJECTS = "/ng/api/organizations", "/ng/api/projects"


def make_org(client: TestClient, identifier: str = "eng", **more: Any) -> Any:
    return client.post(ORGS, json={"organization": {"identifier": identifier, "name": identifier, **more}})


def make_project(client: TestClient, identifier: str = "web", org: str = "eng", **more: Any) -> Any:
    body = {"project": {"identifier": identifier, "name": identifier, **more}}
    return client.post(PROJECTS, params={"orgIdentifier": org}, json=body)


def test_the_default_places_are_there_from_the_start(client: TestClient) -> None:
    assert client.get(f"{ORGS}/default").json()["data"]["organization"]["identifier"] == "default"
    assert client.get(f"{PROJECTS}/default_project").json()["data"]["project"]["orgIdentifier"] == "default"


def test_an_organization_is_made_read_changed_and_deleted(client: TestClient) -> None:
    made = make_org(client, description="People who build", tags={"foo": "bar"})
    assert made.status_code == 200
    data = made.json()["data"]
    assert data["organization"] == {
        "identifier": "eng",
        "name": "eng",
        "description": "People who build",
        "tags": {"foo": "bar"},
    }
    assert data["harnessManaged"] is False
    assert data["createdAt"] == data["lastModifiedAt"]
    changed = client.put(f"{ORGS}/eng", json={"organization": {"identifier": "eng", "name": "Engineering"}})
    assert changed.json()["data"]["organization"] == {
        "identifier": "eng",
        "name": "Engineering",
        "description": "",
        "tags": {},
    }
    assert client.delete(f"{ORGS}/eng").json()["data"] is True
    gone = client.get(f"{ORGS}/eng")
    assert (gone.status_code, gone.json()["code"]) == (404, "RESOURCE_NOT_FOUND_EXCEPTION")


def test_a_project_is_made_read_changed_and_deleted(client: TestClient) -> None:
    make_org(client)
    made = make_project(client, color="#004fc4", modules=["CI"], orgIdentifier="eng", tags={"a": "b"})
    assert made.json()["data"]["project"] == {
        "orgIdentifier": "eng",
        "identifier": "web",
        "name": "web",
        "color": "#004fc4",
        "modules": ["CI"],
        "description": "",
        "tags": {"a": "b"},
    }
    query = {"orgIdentifier": "eng"}
    body = {"project": {"identifier": "web", "name": "Web", "orgIdentifier": "eng"}}
    changed = client.put(f"{PROJECTS}/web", params=query, json=body).json()["data"]["project"]
    assert (changed["name"], changed["modules"], changed["color"]) == ("Web", ["CI"], "")
    assert client.get(f"{PROJECTS}/web", params=query).json()["data"]["project"] == changed
    assert client.delete(f"{PROJECTS}/web", params=query).json()["data"] is True
    gone = client.get(f"{PROJECTS}/web", params=query)
    assert (gone.status_code, gone.json()["code"]) == (404, "RESOURCE_NOT_FOUND_EXCEPTION")


def test_without_an_organization_a_project_is_of_the_default_one(client: TestClient) -> None:
    made = client.post(PROJECTS, json={"project": {"identifier": "web", "name": "web"}})
    assert made.json()["data"]["project"]["orgIdentifier"] == "default"


@pytest.mark.parametrize(
    ("send", "status", "text"),
    [
        (lambda c: make_org(c, "default"), 400, "already exists"),
        (lambda c: make_org(c, "no-dash"), 400, "can be 128 characters long"),
        (lambda c: make_org(c, "org"), 400, "is a keyword"),
        (lambda c: make_project(c, "web", "nowhere"), 400, "org [nowhere] not found."),
        (lambda c: make_project(c, "default_project", "default"), 400, "already exists"),
        (lambda c: make_project(c, "web", "default", orgIdentifier="other"), 400, "orgIdentifier cannot be changed"),
        (lambda c: c.put(f"{ORGS}/default", json={"organization": {"identifier": "x", "name": "x"}}), 400, "cannot be"),
        (lambda c: c.put(f"{ORGS}/nope", json={"organization": {"identifier": "nope", "name": "x"}}), 404, "not found"),
        (lambda c: c.delete(f"{ORGS}/nope"), 404, "not found"),
        (lambda c: c.delete(f"{PROJECTS}/nope"), 404, "not found"),
        (lambda c: c.post(ORGS, json={}), 400, "organization"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_reason(client: TestClient, send: Any, status: int, text: str) -> None:
    answer = send(client)
    assert answer.status_code == status
    assert text in answer.json()["message"]


def test_lists_are_searched_and_paged(client: TestClient) -> None:
    for name in ("alpha", "beta", "gamma"):
        make_org(client, name, tags={"team": f"of {name}"})
        make_project(client, name, "alpha")
    page = client.get(ORGS, params={"pageIndex": 1, "pageSize": 3}).json()["data"]
    assert (page["totalItems"], page["pageItemCount"], page["totalPages"]) == (4, 1, 2)
    found = client.get(ORGS, params={"searchTerm": "OF BETA"}).json()["data"]["content"]
    assert [each["organization"]["identifier"] for each in found] == ["beta"]
    named = client.get(ORGS, params={"identifiers": ["alpha", "gamma"]}).json()["data"]["totalItems"]
    assert named == 2
    assert client.get(PROJECTS).json()["data"]["totalItems"] == 4
    assert client.get(PROJECTS, params={"orgIdentifier": "alpha"}).json()["data"]["totalItems"] == 3
    both = client.get(f"{PROJECTS}/list", params={"orgIdentifiers": ["alpha", "default"]}).json()["data"]
    assert both["totalItems"] == 4


def test_a_place_that_holds_something_is_not_deleted_and_says_what(
    client: TestClient, application: MemoryApplication
) -> None:
    make_org(client)
    make_project(client)
    refused = client.delete(f"{ORGS}/eng").json()
    assert (refused["code"], "1 projects" in refused["message"]) == ("ENTITY_REFERENCE_EXCEPTION", True)
    secret = {
        "secret": {
            "type": "SecretText",
            "name": "s",
            "identifier": "s",
            "orgIdentifier": "eng",
            "projectIdentifier": "web",
            "spec": {"valueType": "Inline", "value": "x"},
        }
    }
    query = {"orgIdentifier": "eng", "projectIdentifier": "web"}
    assert client.post("/ng/api/v2/secrets", params=query, json=secret).status_code == 200
    refused = client.delete(f"{PROJECTS}/web", params={"orgIdentifier": "eng"})
    assert (refused.status_code, "1 secrets" in refused.json()["message"]) == (400, True)
    assert client.delete("/ng/api/v2/secrets/s", params=query).status_code == 200
    assert client.delete(f"{PROJECTS}/web", params={"orgIdentifier": "eng"}).status_code == 200
    assert client.delete(f"{ORGS}/eng").status_code == 200


def test_every_change_of_a_place_is_one_record(client: TestClient, application: MemoryApplication) -> None:
    make_org(client)
    make_project(client)
    client.put(f"{ORGS}/eng", json={"organization": {"identifier": "eng", "name": "Engineering"}})
    client.delete(f"{PROJECTS}/web", params={"orgIdentifier": "eng"})
    client.delete(f"{ORGS}/eng")
    with application.store.snapshot() as tx:
        records = [
            record.entry
            for record in tx.audit.after(application.account.id, 0, 100)
            if record.entry.subject.scope.org == "eng"
        ]
    assert [(str(entry.action), entry.subject.identifier) for entry in records] == [
        ("CREATE", "eng"),
        ("CREATE", "web"),
        ("UPDATE", "eng"),
        ("DELETE", "web"),
        ("DELETE", "eng"),
    ]
    assert all(entry.by.type == "USER" for entry in records)


def test_what_is_made_in_a_place_that_is_not_there_is_refused(client: TestClient) -> None:
    connector = {
        "connector": {
            "name": "c",
            "identifier": "c",
            "type": "DockerRegistry",
            "orgIdentifier": "nowhere",
            "spec": {"dockerRegistryUrl": "https://r.io", "providerType": "Other", "auth": {"type": "Anonymous"}},
        }
    }
    refused = client.post("/ng/api/connectors", json=connector)
    assert (refused.status_code, refused.json()["code"]) == (400, "INVALID_REQUEST")
    assert "org [nowhere] not found." in refused.json()["message"]
    connector["connector"] |= {"orgIdentifier": "default", "projectIdentifier": "nowhere"}
    assert "project [nowhere] not found." in client.post("/ng/api/connectors", json=connector).json()["message"]
    connector["connector"] |= {"orgIdentifier": None}
    refused = client.post("/ng/api/connectors", json=connector).json()
    assert "Project nowhere specified without the org Identifier" in refused["message"]


def test_the_place_of_a_test_is_there(application: MemoryApplication) -> None:
    scope = application.place("eng", "web")
    assert scope == Scope(application.account.id, "eng", "web")
    assert application.place("eng", "web") == scope
