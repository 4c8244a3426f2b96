"""Organizations and projects: made, changed and deleted, each by one transaction with one record."""

import pytest

from pierhead.control.access import (
    AccessService,
    AssignmentDraft,
    IncludedScope,
    People,
    Pepper,
    ResourceGroupDraft,
    Rights,
)
from pierhead.control.access.resolving import grants_in
from pierhead.control.audit import Actor, PrincipalType
from pierhead.control.organizations import (
    OrganizationDraft,
    OrganizationService,
    PlaceExistsError,
    PlaceInUseError,
    PlaceMissingError,
    PlaceNotFoundError,
    ProjectDraft,
    ProjectService,
    check_place,
)
from pierhead.control.scopes import InvalidIdentifierError, Scope
from pierhead.kit.errors import InvalidInputError
from pierhead.kit.paging import PageRequest
from pierhead.kit.signals import Topic
from pierhead.testing.clock import FakeClock
from pierhead.testing.memory import MemoryStore

ACCOUNT, ORG = Scope("acc"), Scope("acc", "eng")
ANN = Actor(PrincipalType.USER, "ann", "Ann")
PAGE = PageRequest(0, 10)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def organizations(store: MemoryStore, clock: FakeClock) -> OrganizationService:
    return OrganizationService(store, clock)


@pytest.fixture
def projects(store: MemoryStore, clock: FakeClock, organizations: OrganizationService) -> ProjectService:
    organizations.create(OrganizationDraft("acc", "eng", "Engineering"))
    return ProjectService(store, clock)


def test_what_was_made_is_there_for_whatever_is_made_in_it(store: MemoryStore, projects: ProjectService) -> None:
    projects.create(ProjectDraft(ORG, "web", "Web"))
    with store.snapshot() as tx:
        for place in (ACCOUNT, ORG, Scope("acc", "eng", "web")):
            check_place(tx, place)
        with pytest.raises(PlaceNotFoundError, match=r"^org \[x\] not found\.$"):
            check_place(tx, Scope("acc", "x", "web"))
        with pytest.raises(PlaceNotFoundError, match=r"^project \[x\] not found\.$"):
            check_place(tx, Scope("acc", "eng", "x"))
        with pytest.raises(PlaceNotFoundError):
            check_place(tx, Scope("other", "eng"))


def test_identifiers_are_taken_once_and_have_to_be_legal(
    organizations: OrganizationService, projects: ProjectService
) -> None:
    with pytest.raises(PlaceExistsError, match=r"Organization \[eng\] already exists"):
        organizations.create(OrganizationDraft("acc", "eng", "Again"))
    organizations.create(OrganizationDraft("other", "eng", "Of another account"))
    projects.create(ProjectDraft(ORG, "web", "Web"))
    with pytest.raises(PlaceExistsError, match=r"Project \[web\] already exists"):
        projects.create(ProjectDraft(ORG, "web", "Web"))
    for wrong in ("", "1a", "a-b", "account", "x" * 129):
        with pytest.raises(InvalidIdentifierError):
            organizations.create(OrganizationDraft("acc", wrong, "name"))
    with pytest.raises(InvalidInputError):
        projects.create(ProjectDraft(ORG, "ok", "<b>"))
    with pytest.raises(PlaceNotFoundError):
        projects.create(ProjectDraft(Scope("acc", "nowhere"), "web", "Web"))


def test_a_change_keeps_identifier_and_time_of_making(projects: ProjectService, clock: FakeClock) -> None:
    made = projects.create(ProjectDraft(ORG, "web", "Web", modules=("CI",), color="#fff", tags={"a": "b"}))
    clock.advance(5)
    changed = projects.update(ProjectDraft(ORG, "web", "Shop", "sells"))
    assert (changed.created_at, changed.modules) == (made.created_at, ("CI",))
    assert (changed.name, changed.description, changed.tags, changed.color) == ("Shop", "sells", {}, "")
    assert changed.last_modified_at > made.last_modified_at
    with pytest.raises(PlaceMissingError):
        projects.update(ProjectDraft(ORG, "nope", "Nope"))


def test_lists_have_the_last_changed_first_and_what_the_reader_sees(
    organizations: OrganizationService, projects: ProjectService, clock: FakeClock
) -> None:
    for identifier in ("a", "b", "c"):
        clock.advance(1)
        projects.create(ProjectDraft(ORG, identifier, f"Name {identifier}"))
    assert [one.identifier for one in projects.list(ORG, PAGE).items] == ["c", "b", "a"]
    assert [one.identifier for one in projects.list(ACCOUNT, PageRequest(1, 2)).items] == ["a"]
    seen = projects.list(ACCOUNT, PAGE, "NAME", identifiers=("a", "b"), sees=lambda one: one.identifier != "a")
    assert ([one.identifier for one in seen.items], seen.total) == (["b"], 1)
    assert organizations.list("acc", PAGE, "engine").total == 1
    assert organizations.list("other", PAGE).total == 0


def test_an_organization_with_a_project_is_not_deleted(
    organizations: OrganizationService, projects: ProjectService
) -> None:
    projects.create(ProjectDraft(ORG, "web", "Web"))
    with pytest.raises(PlaceInUseError, match="it still holds 1 projects"):
        organizations.delete("acc", "eng")
    projects.delete(ORG, "web")
    organizations.delete("acc", "eng")
    with pytest.raises(PlaceMissingError):
        organizations.delete("acc", "eng")
    with pytest.raises(PlaceMissingError):
        projects.delete(ORG, "web")


def test_a_deletion_is_told_to_whoever_remembers_what_was_granted(
    store: MemoryStore, organizations: OrganizationService, projects: ProjectService
) -> None:
    told: list[str] = []
    store.signals.on(Topic.ACCESS, told.append)
    projects.create(ProjectDraft(ORG, "web", "Web"))
    assert told == []
    projects.delete(ORG, "web")
    organizations.delete("acc", "eng")
    assert len(told) == 2


def test_every_change_is_recorded_with_what_was_before_and_after(
    store: MemoryStore, organizations: OrganizationService
) -> None:
    organizations.create(OrganizationDraft("acc", "eng", "Engineering"), by=ANN)
    organizations.update(OrganizationDraft("acc", "eng", "Eng"), by=ANN)
    organizations.delete("acc", "eng", by=ANN)
    with store.snapshot() as tx:
        entries = [record.entry for record in tx.audit.after("acc", 0, 10)]
    assert [(str(entry.action), entry.before and entry.before["name"], entry.after and entry.after["name"])
            for entry in entries] == [
        ("CREATE", None, "Engineering"),
        ("UPDATE", "Engineering", "Eng"),
        ("DELETE", "Eng", None),
    ]  # fmt: skip
    assert {(entry.by, entry.subject.scope, str(entry.subject.type)) for entry in entries} == {
        (ANN, ORG, "ORGANIZATION")
    }


def test_nothing_is_changed_when_it_cannot_be_recorded(store: MemoryStore, organizations: OrganizationService) -> None:
    store._audit_key = None
    with pytest.raises(RuntimeError):
        organizations.create(OrganizationDraft("acc", "eng", "Engineering"))
    with pytest.raises(PlaceMissingError):
        organizations.get("acc", "eng")


def test_a_place_that_is_made_again_is_not_seen_by_those_who_saw_the_one_before(
    store: MemoryStore, clock: FakeClock, projects: ProjectService
) -> None:
    account = AccessService(store, clock, b"p" * 32).create_account()[0].id
    OrganizationService(store, clock).create(OrganizationDraft(account, "eng", "Engineering"))
    people, rights = People.on(store, clock, Pepper(b"p" * 32)), Rights.on(store, clock)
    org, whole, place = Scope(account, "eng"), Scope(account), Scope(account, "eng", "web")
    viewer = people.users.create(account, "ada@example.com").ref
    projects.create(ProjectDraft(org, "web", "Web"))
    draft = ResourceGroupDraft(whole, "group", "group", None, (IncludedScope(place, False),))
    rights.resource_groups.create(draft)
    rights.assignments.create(AssignmentDraft(whole, "_account_viewer", viewer.type, viewer.identifier, "group"))
    with store.snapshot() as tx:
        assert grants_in(tx, viewer).touches(place)
    projects.delete(org, "web", by=ANN)
    projects.create(ProjectDraft(org, "web", "Another"))
    rights.resource_groups.update(ResourceGroupDraft(whole, "group", "renamed", None, ()))
    with store.snapshot() as tx:
        assert grants_in(tx, viewer).all == ()
        entries = [record.entry for record in tx.audit.after(account, 0, 1000)]
    told = [entry for entry in entries if entry.subject.identifier == "group" and entry.by == ANN]
    assert [entry.after and entry.after["includedScopes"] for entry in told] == [[]]
