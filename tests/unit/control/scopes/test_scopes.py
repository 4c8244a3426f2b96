import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pierhead.control.scopes import (
    InvalidIdentifierError,
    InvalidReferenceError,
    Level,
    Scope,
    ScopedReference,
    check_identifier,
    check_name,
    identifier_from_name,
)
from pierhead.kit.errors import AppError, InvalidInputError

ACCOUNT = Scope("acc")
ORG = Scope("acc", "o")
PROJECT = Scope("acc", "o", "p")


def test_a_project_without_its_org_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="Project p specified without the org Identifier"):
        Scope("acc", None, "p")


@pytest.mark.parametrize(
    "identifier", ["", "1a", "$a", "a-b", "a.b", "a b", "ä", "a\n", "a" * 129, "or", "account", "org", "stepGroup"]
)
def test_an_identifier_outside_the_rules_is_refused(identifier: str) -> None:
    with pytest.raises(InvalidIdentifierError) as refusal:
        check_identifier(identifier)
    assert "can be 128 characters long" in refusal.value.message or "is a keyword" in refusal.value.message


@pytest.mark.parametrize("identifier", ["a", "_1", "harnessImage", "A$b_9", "a" * 128])
def test_an_identifier_within_the_rules_is_taken_as_it_is(identifier: str) -> None:
    assert check_identifier(identifier) == identifier


@pytest.mark.parametrize("name", ["", "   ", "a\n", "ä", "a" * 129, "<b>"])
def test_a_name_outside_the_rules_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError, match="can only contain alphanumeric, dot, hyphen, forward slash"):
        check_name(name)


@pytest.mark.parametrize(
    ("name", "identifier"),
    [
        ("Harness Docker Connector", "Harness_Docker_Connector"),
        ("my-registry/eu.1", "my_registry_eu_1"),
        ("1st", "_1st"),
        ("status", "status_"),
        ("  padded ", "padded"),
    ],
)
def test_an_identifier_is_proposed_from_a_name(name: str, identifier: str) -> None:
    assert identifier_from_name(name) == identifier


@given(st.text())
def test_a_proposed_identifier_is_always_legal(name: str) -> None:
    assert check_identifier(identifier_from_name(name))


@pytest.mark.parametrize("text", ["", ".", "account.", "account.1", "org.", "project.x", "a.b", "account.org.x", "a\n"])
def test_a_text_that_is_no_reference_is_refused_in_the_words_of_the_api(text: str) -> None:
    with pytest.raises(InvalidReferenceError) as refusal:
        ScopedReference.parse(text)
    assert refusal.value.message == (
        f"Invalid Identifier Reference {text}. Valid references must be one of the following formats "
        "[ id, org.id, account.id ]  for scope [ project, organisation, account ] respectively"
    )


@pytest.mark.parametrize(
    ("text", "user", "scope"),
    [
        ("x", ACCOUNT, ACCOUNT),
        ("x", ORG, ORG),
        ("x", PROJECT, PROJECT),
        ("org.x", ORG, ORG),
        ("org.x", PROJECT, ORG),
        ("account.x", ACCOUNT, ACCOUNT),
        ("account.x", ORG, ACCOUNT),
        ("account.x", PROJECT, ACCOUNT),
    ],
)
def test_a_reference_points_at_its_own_scope_or_above(text: str, user: Scope, scope: Scope) -> None:
    assert ScopedReference.parse(text).resolve(user) == (scope, "x")


def test_a_reference_never_points_downwards() -> None:
    with pytest.raises(InvalidReferenceError):
        ScopedReference.parse("org.x").resolve(ACCOUNT)


@given(st.text(max_size=200))
@example("account." + "x" * 200)
def test_any_text_is_a_reference_or_refused(text: str) -> None:
    try:
        reference = ScopedReference.parse(text)
    except AppError:
        return
    assert str(reference) == text
    assert ScopedReference.parse(str(reference)) == reference


@pytest.mark.parametrize(("scope", "level"), [(ACCOUNT, Level.ACCOUNT), (ORG, Level.ORG), (PROJECT, Level.PROJECT)])
def test_a_scope_knows_its_level(scope: Scope, level: Level) -> None:
    assert scope.level is level
    assert scope.at(level) == scope


def test_a_scope_contains_what_lies_below_it_and_nothing_of_another_account() -> None:
    assert ACCOUNT.contains(PROJECT)
    assert ORG.contains(PROJECT)
    assert not PROJECT.contains(ORG)
    assert not Scope("other").contains(PROJECT)
    assert not Scope("acc", "o2").contains(PROJECT)
