"""What a dry run finds wrong with documents, and which rights it asks for: held against the server's own rules."""

import json
from pathlib import Path
from typing import Any

import pytest

from pierhead.cli.apply import Step
from pierhead.cli.document_check import faults_of
from pierhead.cli.kinds import BY_NOUN, KINDS
from pierhead.cli.rights import Right, right_to_pin, right_to_remove, right_to_take
from pierhead.server.api.permissions import RULES

ACL, VALIDATE = "/authz/api/acl", "/authz/api/roleassignments/validate"
MIRROR: dict[str, Any] = {
    "identifier": "mirror",
    "name": "Mirror",
    "type": "DockerRegistry",
    "spec": {"dockerRegistryUrl": "https://r.example.com", "providerType": "Other", "auth": {"type": "Anonymous"}},
}
WELL: dict[str, dict[str, Any]] = {
    "organization": {"identifier": "o", "name": "o", "tags": {"a": "b"}},
    "project": {"identifier": "p", "name": "p", "orgIdentifier": "o", "modules": ["CI"]},
    "user": {"identifier": "ada@example.com", "email": "ada@example.com", "disabled": False},
    "secret": {"identifier": "s", "name": "s", "type": "SecretText", "spec": {"value": "v", "type": "SecretTextSpec"}},
    "serviceAccount": {"identifier": "ci", "name": "ci", "extendable": False},
    "connector": MIRROR,
    "role": {"identifier": "r", "name": "r", "permissions": ["core_connector_view"], "orgIdentifier": "o"},
    "resourceGroup": {
        "identifier": "g",
        "name": "g",
        "includedScopes": [{"filter": "EXCLUDING_CHILD_SCOPES", "orgIdentifier": "o"}],
        "resourceFilter": {"resources": [{"resourceType": "SECRET", "identifiers": ["s"]}]},
    },
    "roleAssignment": {
        "identifier": "a",
        "roleIdentifier": "r",
        "principal": {"type": "SERVICE_ACCOUNT", "identifier": "ci"},
        "managed": False,
    },
    "mirror": {
        "identifier": "m",
        "name": "m",
        "spec": {
            "sourceRef": "account.hub",
            "targetRef": "account.own",
            "repositories": [{"repository": "a/b", "tags": {"semver": "^1"}}],
        },
    },
}


@pytest.mark.parametrize("noun", BY_NOUN)
def test_a_good_document_of_each_kind_has_no_faults_and_a_mistyped_field_is_one(noun: str) -> None:
    kind = BY_NOUN[noun]
    assert list(faults_of(kind, WELL[noun])) == []
    [(path, fault)] = faults_of(kind, {**WELL[noun], "nmae": "x"})
    assert (path, fault) == (f"{noun}.nmae", "there is no such field")


@pytest.mark.parametrize(
    ("noun", "more", "path"),
    [
        ("secret", {"spec": {"value": "v", "valu": "w"}}, "secret.spec.valu"),
        ("resourceGroup", {"resourceFilter": {"resource": []}}, "resourceGroup.resourceFilter.resource"),
        (
            "resourceGroup",
            {"resourceFilter": {"resources": [{"resourceType": "SECRET", "identifier": "s"}]}},
            "resourceGroup.resourceFilter.resources.identifier",
        ),
        ("roleAssignment", {"principal": {"typ": "USER", "identifier": "a"}}, "roleAssignment.principal.typ"),
        ("connector", {"spec": {**MIRROR["spec"], "urls": []}}, "connector.spec.urls"),
        ("role", {"permissions": ["core_nonsense_view"]}, "role.permissions.0"),
        ("secret", {"type": "SecretFile"}, "secret.type"),
        ("organization", {"identifier": "7"}, "organization.identifier"),
    ],
)
def test_a_fault_is_told_at_its_path(noun: str, more: dict[str, Any], path: str) -> None:
    found = dict(faults_of(BY_NOUN[noun], {**WELL[noun], **more}))
    assert path in found
    assert all(len(text) < 250 for text in found.values())


OPERATIONS = {
    "organization": "Organization",
    "project": "Project",
    "secret": "Secret",
    "serviceAccount": "ServiceAccount",
    "connector": "Connector",
    "role": "Role",
    "resourceGroup": "ResourceGroup",
    "user": "User",
    "mirror": "Mirror",
}


@pytest.mark.parametrize("noun", OPERATIONS)
def test_the_rights_are_those_that_the_server_asks_for(noun: str) -> None:
    kind = BY_NOUN[noun]
    verbs = {"created": f"create{OPERATIONS[noun]}", "updated": f"update{OPERATIONS[noun]}"}
    for action, operation in verbs.items():
        right = right_to_take(Step(kind, WELL[noun], action, ()))
        assert right.permission == RULES[operation].permission, operation
    if kind.is_pruned:
        right = right_to_remove(kind, "x", {})
        assert right is not None
        assert right.permission == RULES[f"delete{OPERATIONS[noun]}"].permission
    assert right_to_pin().permission == RULES["updateConfig"].permission


def test_a_right_is_asked_for_where_the_thing_is() -> None:
    step = Step(BY_NOUN["role"], WELL["role"], "updated", ())
    assert right_to_take(step) == Right("core_role_edit", "o", None, "r")
    assert str(right_to_take(step)) == "core_role_edit on r in org o"
    assert right_to_take(Step(BY_NOUN["project"], WELL["project"], "updated", ())).project == "p"
    assert right_to_take(Step(BY_NOUN["project"], WELL["project"], "created", ())) == Right("core_project_create", "o")
    assignment = Step(BY_NOUN["roleAssignment"], WELL["roleAssignment"], "created", ())
    assert right_to_take(assignment) == Right("core_serviceaccount_edit", None, None, "ci")


def allowed(*answers: bool) -> dict[str, Any]:
    return {"accessControlList": [{"permitted": answer} for answer in answers]}


def written(tmp_path: Path, *documents: dict[str, Any]) -> str:
    file = tmp_path / "all.json"
    file.write_text(json.dumps(list(documents)))
    return str(file)


def test_every_problem_is_told_at_once_and_nothing_is_written(pierhead: Any, api: Any, tmp_path: Path) -> None:
    auth = {"type": "UsernamePassword", "spec": {"username": "u", "passwordRef": "account.gone"}}
    api.refuse("GET", "/ng/api/connectors/mirror", 404, "RESOURCE_NOT_FOUND_EXCEPTION", "no")
    api.refuse("GET", "/ng/api/v2/secrets/gone", 404, "RESOURCE_NOT_FOUND_EXCEPTION", "no")
    api.refuse("GET", "/authz/api/roleassignments/a", 404, "RESOURCE_NOT_FOUND_EXCEPTION", "no")
    api.data("POST", VALIDATE, {"roleValidationResult": {"valid": False}, "principalValidationResult": {"valid": True}})
    api.data("POST", ACL, allowed(False, True))
    file = written(
        tmp_path,
        {"connector": {**MIRROR, "nmae": 1, "spec": {**MIRROR["spec"], "auth": auth}}},
        {"roleAssignment": WELL["roleAssignment"]},
        {"conector": {}},
    )
    done = pierhead("apply", "-f", file, "--dry-run", "--json")
    assert done.code == 2
    assert [each["action"] for each in done.json] == ["created", "created"]
    error = json.loads(done.err)["error"]
    assert (error["code"], error["category"]) == ("plan-refused", "invalid-input")
    assert [(each["document"], each["code"]) for each in error["details"]["problems"]] == [
        ("", "malformed-document"),
        ("connector mirror", "invalid-fields"),
        ("connector mirror", "secret-missing"),
        ("roleAssignment a", "role-missing"),
        ("connector mirror", "access-denied"),
    ]
    assert {asked.method for asked in api.asked if asked.path not in (VALIDATE, ACL)} == {"GET"}


def test_what_the_directory_itself_describes_is_not_missing(pierhead: Any, api: Any, tmp_path: Path) -> None:
    auth = {"type": "UsernamePassword", "spec": {"username": "u", "passwordRef": "s"}}
    for path in ("connectors/mirror", "v2/secrets/s"):
        api.refuse("GET", f"/ng/api/{path}", 404, "RESOURCE_NOT_FOUND_EXCEPTION", "no")
    api.data("POST", ACL, allowed(True, True))
    connector = {**MIRROR, "spec": {**MIRROR["spec"], "auth": auth}}
    file = written(tmp_path, {"connector": connector}, {"secret": WELL["secret"]})
    assert pierhead("apply", "-f", file, "--dry-run").code == 0


def test_a_place_that_is_not_there_is_a_problem_of_all_that_shall_be_in_it(
    pierhead: Any, api: Any, tmp_path: Path
) -> None:
    for path in ("connectors/mirror", "organizations/o", "v2/secrets/s"):
        api.refuse("GET", f"/ng/api/{path}", 404, "RESOURCE_NOT_FOUND_EXCEPTION", "no")
    api.data("POST", ACL, allowed(True, True))
    place = {"orgIdentifier": "o"}
    file = written(tmp_path, {"connector": MIRROR | place}, {"secret": WELL["secret"] | place})
    done = pierhead("apply", "-f", file, "--dry-run")
    assert done.code == 2
    assert done.err.count("there is no organization 'o'") == 2
    assert len([asked for asked in api.asked if asked.path.endswith("/organizations/o")]) == 1


def test_without_an_answer_there_are_no_problems_but_the_one(pierhead: Any, api: Any, tmp_path: Path) -> None:
    api.refuse("GET", "/ng/api/connectors/mirror", 503, "GENERAL_ERROR", "later")
    done = pierhead("apply", "-f", written(tmp_path, {"connector": MIRROR}), "--dry-run")
    assert (done.code, "would stop this" in done.err) == (10, False)


def test_every_kind_is_known_here() -> None:
    assert set(WELL) == {kind.noun for kind in KINDS}


def test_a_dry_run_of_one_kind_is_checked_too(pierhead: Any, api: Any, tmp_path: Path) -> None:
    api.refuse("GET", "/ng/api/connectors/mirror", 404, "RESOURCE_NOT_FOUND_EXCEPTION", "no")
    api.data("POST", ACL, allowed(False))
    file = written(tmp_path, {"connector": MIRROR})
    done = pierhead("connector", "apply", "-f", file, "--dry-run")
    assert done.code == 2
    assert "connector mirror: you lack core_connector_edit in account" in done.err
