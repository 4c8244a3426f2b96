from typing import Any

import pytest

from pierhead.cli.apply import CONNECTOR, SECRET, Change, entity_of, plan, spelled
from pierhead.cli.documents import MalformedDocumentError
from pierhead.cli.kinds import BY_NOUN, USER

MIRROR = {
    "name": "Mirror",
    "identifier": "mirror",
    "type": "DockerRegistry",
    "spec": {"dockerRegistryUrl": "https://m.example", "providerType": "Other", "auth": {"type": "Anonymous"}},
}
# As the API gives it back: with every default written out.
GIVEN = {
    **MIRROR,
    "description": "",
    "accountIdentifier": "acc",
    "orgIdentifier": None,
    "projectIdentifier": None,
    "tags": {},
    "spec": {
        **MIRROR["spec"],
        "delegateSelectors": [],
        "executeOnDelegate": True,
        "proxy": False,
        "ignoreTestConnection": False,
        "proxyUrl": None,
    },
}


def changed(**spec: Any) -> dict[str, Any]:
    return {**MIRROR, "spec": {**MIRROR["spec"], **spec}}


def test_what_is_not_there_is_created() -> None:
    assert plan(CONNECTOR, MIRROR, None).action == "created"


def test_defaults_written_out_make_no_difference() -> None:
    assert plan(CONNECTOR, MIRROR, GIVEN).action == "unchanged"
    assert plan(CONNECTOR, GIVEN, MIRROR).action == "unchanged"


def test_a_changed_value_is_told_with_before_and_after() -> None:
    step = plan(CONNECTOR, changed(dockerRegistryUrl="https://n.example", executeOnDelegate=False), GIVEN)
    assert step.action == "updated"
    assert [(change.path, change.before, change.after) for change in step.changes] == [
        ("spec.dockerRegistryUrl", "https://m.example", "https://n.example"),
        ("spec.executeOnDelegate", None, False),
    ]


def test_what_a_document_leaves_out_goes_back_to_its_default() -> None:
    step = plan(CONNECTOR, MIRROR, {**GIVEN, "tags": {"team": "build"}, "description": "old"})
    assert {(change.path, change.before, change.after) for change in step.changes} == {
        ("tags.team", "build", None),
        ("description", "old", None),
    }


def test_a_secrets_value_counts_as_changed_and_is_never_shown() -> None:
    now = {"identifier": "s", "name": "s", "type": "SecretText", "spec": {"valueType": "Inline", "value": None}}
    step = plan(SECRET, {**now, "spec": {"type": "SecretTextSpec", "value": "hunter22"}}, now)
    assert step.action == "updated"
    assert "hunter22" not in str(step.to_json(is_dry=True)["changes"])


def test_the_path_of_a_reference_is_no_secret() -> None:
    spec = {"valueType": "Reference", "secretManagerIdentifier": "vault", "value": "kv/old"}
    now = {"identifier": "s", "name": "s", "type": "SecretText", "spec": spec}
    step = plan(SECRET, {**now, "spec": {**spec, "value": "kv/new"}}, now)
    assert step.changes == (Change("spec.value", "kv/old", "kv/new"),)
    assert not step.is_uncompared


def test_a_thing_is_in_the_place_that_the_answer_tells_beside_it() -> None:
    role = {"identifier": "editor", "name": "editor", "permissions": ["b", "a"], "allowedScopeLevels": ["project"]}
    place = {"accountIdentifier": "acc", "orgIdentifier": "o", "projectIdentifier": "p"}
    found = BY_NOUN["role"].entity_in({"role": role, "scope": place, "harnessManaged": False})
    document = {"identifier": "editor", "name": "editor", "permissions": ["a", "b"]}
    wanted = {**document, "orgIdentifier": "o", "projectIdentifier": "p"}
    assert plan(BY_NOUN["role"], wanted, found).action == "unchanged"
    assert plan(BY_NOUN["role"], document, found).action == "updated"


def test_a_person_is_called_by_email_and_stays_as_the_document_does_not_say() -> None:
    entity = entity_of(USER, {"user": {"email": "Ada@Example.com"}}, "f", {"orgIdentifier": "o"})
    assert entity["identifier"] == "ada@example.com"
    assert "orgIdentifier" not in entity
    now = {"identifier": "ada@example.com", "email": "ada@example.com", "name": "Ada", "disabled": True}
    assert plan(USER, entity, now).action == "unchanged"
    assert plan(USER, {**entity, "disabled": False}, now).action == "updated"


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (["project"], "[project]"), ("true", "'true'"), ("a", "a"), (7, "7"), ([{"a": "é"}], "[{a: é}]")],
)
def test_values_are_told_as_documents_spell_them(value: object, text: str) -> None:
    assert spelled(value) == text


def test_what_the_api_gives_can_be_applied_again() -> None:
    item = {"connector": GIVEN, "createdAt": 1, "lastModifiedAt": 2, "status": None, "gitDetails": {}}
    assert plan(CONNECTOR, entity_of(CONNECTOR, item, "f", {}), GIVEN).action == "unchanged"


def test_the_scope_of_the_command_line_fills_in_for_the_documents_own() -> None:
    scope = {"orgIdentifier": "o", "projectIdentifier": "p"}
    assert entity_of(CONNECTOR, {"connector": MIRROR}, "f", scope)["orgIdentifier"] == "o"
    own = {"connector": {**MIRROR, "orgIdentifier": "mine"}}
    assert entity_of(CONNECTOR, own, "f", scope)["orgIdentifier"] == "mine"


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("text", "a document has to be"),
        ({"connectr": {}}, "a document has to be"),
        ({"connector": []}, "a document has to be"),
        ({"connector": MIRROR, "conector": 1}, "unknown key 'conector'"),
        ({"connector": {"name": "x"}}, "needs an identifier"),
        ({"connector": {"identifier": 7}}, "needs an identifier"),
    ],
)
def test_a_document_that_is_no_connector_is_refused(document: Any, reason: str) -> None:
    with pytest.raises(MalformedDocumentError, match=reason):
        entity_of(CONNECTOR, document, "f", {})
