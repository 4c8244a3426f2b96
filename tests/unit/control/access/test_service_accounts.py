import pytest

from pierhead.control.access import (
    InvalidPrincipalError,
    PrincipalExistsError,
    PrincipalNotFoundError,
    RoleAssignment,
    ServiceAccountDraft,
)
from pierhead.control.audit import Action
from pierhead.control.organizations import PlaceNotFoundError
from pierhead.control.scopes import Scope
from pierhead.kit.errors import InvalidInputError
from pierhead.kit.paging import PageRequest

from .people_world import World


@pytest.fixture
def world() -> World:
    return World()


def test_a_service_account_lives_in_a_place_that_is_there(world: World) -> None:
    place = Scope(world.account.id, "default", "default_project")
    assert world.machine("ci", place).scope == place
    with pytest.raises(PlaceNotFoundError):
        world.machine("ci", Scope(world.account.id, "nowhere"))
    with pytest.raises(PrincipalNotFoundError):
        world.people.service_accounts.get(world.scope, "ci")


@pytest.mark.parametrize(
    "changes",
    [
        {"identifier": "a b"},
        {"name": "a\nb"},
        {"email": "no address"},
        {"description": "x" * 1025},
        {"tags": {"k" * 129: ""}},
    ],
)
def test_what_cannot_be_kept_is_refused(world: World, changes: dict[str, object]) -> None:
    values = {"scope": world.scope, "identifier": "ci", "name": "CI", **changes}
    with pytest.raises(InvalidInputError):
        world.people.service_accounts.create(ServiceAccountDraft(**values))


def test_an_identifier_is_taken_once_in_its_place(world: World) -> None:
    world.machine()
    with pytest.raises(PrincipalExistsError):
        world.machine()
    assert world.machine("ci", Scope(world.account.id, "default")).identifier == "ci"


def test_an_update_replaces_everything_but_the_address(world: World) -> None:
    world.machine()
    draft = ServiceAccountDraft(world.scope, "ci", "Builder", "Build@Example.com", "what it does", {"team": "a"})
    changed = world.people.service_accounts.update(draft, giver=world.giver())
    assert (changed.name, changed.email, changed.tags) == ("Builder", "build@example.com", {"team": "a"})
    assert world.people.service_accounts.get(world.scope, "ci") == changed
    with pytest.raises(PrincipalNotFoundError):
        world.people.service_accounts.update(ServiceAccountDraft(world.scope, "other", "X"))


def test_one_that_is_made_anew_has_nothing_of_what_the_old_one_had(world: World) -> None:
    machine = world.machine()
    _, text = world.token(machine)
    now = world.clock.now()
    with world.store.transaction() as tx:
        tx.role_assignments.add(RoleAssignment(world.scope, "x", "_account_admin", "g", machine, now, now))
    world.people.service_accounts.delete(world.scope, "ci", giver=world.giver())
    assert world.last_record().entry.action is Action.DELETE
    assert world.machine() == machine
    assert not world.opens(text)
    assert world.access.grants(machine).all == ()
    assert world.people.api_keys.list(machine) == ()
    assert world.people.service_accounts.details(world.people.service_accounts.get(world.scope, "ci")) == (0, ())


def test_a_list_has_only_those_that_may_be_seen(world: World) -> None:
    for name in ("a", "b", "c"):
        world.machine(name)
    services = world.people.service_accounts
    assert [one.identifier for one in services.list(world.scope, frozenset({"a", "c"}))] == ["a", "c"]
    page = services.page(world.scope, "ci", PageRequest(0, 1), frozenset({"a", "c", "gone"}))
    assert (page.total, len(page.items)) == (2, 1)
    assert services.page(world.scope, "", PageRequest()).total == 3


def test_an_email_may_be_left_out(world: World) -> None:
    draft = ServiceAccountDraft(world.scope, "ci", "CI", "  ")
    assert world.people.service_accounts.create(draft).email == ""
    with pytest.raises(InvalidPrincipalError):
        world.people.service_accounts.update(ServiceAccountDraft(world.scope, "ci", "CI", "@"))
