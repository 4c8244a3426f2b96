"""Organizations and projects on the command line."""

from typing import Any

ORG = {"organization": {"identifier": "eng", "name": "Engineering", "tags": {"a": "b"}}, "lastModifiedAt": 1}
PROJECT = {"project": {"identifier": "web", "orgIdentifier": "eng", "name": "Web"}, "lastModifiedAt": 1}


def page(*content: Any) -> dict[str, Any]:
    return {"content": list(content), "totalPages": 1, "totalItems": len(content), "pageIndex": 0}


def test_organizations_are_listed_shown_made_and_deleted(pierhead, api) -> None:
    api.data("GET", "/ng/api/organizations", page(ORG))
    assert pierhead("org", "list", "--search", "en").out.splitlines()[1].split()[:2] == ["eng", "Engineering"]
    assert api.asked[0].query["searchTerm"] == ["en"]
    assert pierhead("org", "list", "--json").json == page(ORG)
    api.data("GET", "/ng/api/organizations/eng", ORG)
    assert "tags" in pierhead("org", "show", "eng").out
    api.data("POST", "/ng/api/organizations", ORG)
    assert pierhead("org", "create", "eng", "--name", "Engineering").out == "organization eng: created\n"
    assert api.asked[-1].json == {"organization": {"identifier": "eng", "name": "Engineering", "description": ""}}
    api.data("DELETE", "/ng/api/organizations/eng", True)
    assert pierhead("org", "delete", "eng", "--yes").out == "organization eng: deleted\n"


def test_projects_are_listed_shown_made_and_deleted_in_their_organization(pierhead, api) -> None:
    api.data("GET", "/ng/api/projects", page(PROJECT))
    assert pierhead("project", "list", "--org", "eng").out.splitlines()[1].split()[:3] == ["web", "eng", "Web"]
    assert api.asked[0].query["orgIdentifier"] == ["eng"]
    api.data("GET", "/ng/api/projects/web", PROJECT)
    assert "organization" in pierhead("project", "show", "web", "--org", "eng").out
    api.data("POST", "/ng/api/projects", PROJECT)
    assert pierhead("project", "create", "web", "--org", "eng").out == "project eng/web: created\n"
    assert api.asked[-1].json == {"project": {"identifier": "web", "name": "web", "description": ""}}
    api.data("DELETE", "/ng/api/projects/web", True)
    assert pierhead("project", "delete", "web", "--org", "eng", "--yes", "--json").json is True


def test_a_place_that_is_not_empty_says_what_it_holds(pierhead, api) -> None:
    api.refuse("DELETE", "/ng/api/organizations/eng", 400, "ENTITY_REFERENCE_EXCEPTION", "it still holds 2 secrets")
    outcome = pierhead("org", "delete", "eng", "--yes")
    assert outcome.code != 0
    assert "2 secrets" in outcome.err
