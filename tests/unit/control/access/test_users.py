import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierhead.control.access import (
    InvalidPrincipalError,
    LastAdminError,
    PrincipalExistsError,
    PrincipalNotFoundError,
    RoleAssignment,
    canonical_email,
    check_email,
)
from pierhead.control.audit import Action
from pierhead.kit.paging import PageRequest
from pierhead.kit.signals import Topic

from .people_world import BY, World


@pytest.fixture
def world() -> World:
    return World()


def make_admin(world: World, email: str) -> str:
    ref = world.user(email)
    now = world.clock.now()
    role, group = "_account_admin", "_all_resources_including_child_scopes"
    with world.store.transaction() as tx:
        tx.role_assignments.add(RoleAssignment(world.scope, f"of_{ref.identifier}", role, group, ref, now, now))
    return ref.identifier


@pytest.mark.parametrize(
    "text", ["", "x", "a@", "@b", "a b@c", "a@b@c", "<a@b>", "a@b\n.c", "a" * 65 + "@b", "a@" + "b" * 254]
)
def test_what_is_no_email_address_is_refused(world: World, text: str) -> None:
    with pytest.raises(InvalidPrincipalError):
        world.people.users.create(world.account.id, text)


@pytest.mark.parametrize("name", [" ", "a\nb", "x" * 129, "\u202eevil"])
def test_a_name_that_could_mislead_is_refused(world: World, name: str) -> None:
    with pytest.raises(InvalidPrincipalError):
        world.people.users.create(world.account.id, "a@b", name)


@pytest.mark.parametrize("again", ["ada@example.com", "ADA@Example.COM", " ada@example.com ", "ada@ｅxample.com"])
def test_nobody_is_there_twice_in_another_spelling(world: World, again: str) -> None:
    world.user("Ada@example.com")
    with pytest.raises(PrincipalExistsError):
        world.people.users.create(world.account.id, again)
    assert world.people.users.find_by_email(world.account.id, again) is not None


@given(st.text())
def test_the_one_spelling_of_an_address_is_its_own_spelling(text: str) -> None:
    assert canonical_email(canonical_email(text)) == canonical_email(text)


@given(st.emails())
def test_common_addresses_are_addresses(email: str) -> None:
    try:
        assert check_email(email) == canonical_email(email)
    except InvalidPrincipalError:
        assert len(email.partition("@")[0]) > 64 or not email.isprintable() or any(c in email for c in '"<>(),:;\\[]')


def test_the_last_enabled_admin_stays(world: World) -> None:
    users, account, admin = world.people.users, world.account.id, world.admin.identifier
    for take_away in (users.disable, users.delete):
        with pytest.raises(LastAdminError):
            take_away(account, admin)
    second = make_admin(world, "second@example.com")
    with pytest.raises(LastAdminError):
        users.disable(account, admin)  # the second one has no key, no password and no single sign-on
    world.token(world.people.users.get(account, second).ref)
    users.disable(account, second)
    with pytest.raises(LastAdminError):
        users.delete(account, admin)
    users.enable(account, second)
    users.delete(account, admin)
    with pytest.raises(LastAdminError):
        users.disable(account, second)


def test_somebody_who_is_no_admin_may_always_go(world: World) -> None:
    ref = world.user()
    world.people.users.delete(world.account.id, ref.identifier)
    with pytest.raises(PrincipalNotFoundError):
        world.people.users.get(world.account.id, ref.identifier)


def test_keys_of_a_disabled_person_open_nothing_until_enabled_again(world: World) -> None:
    ref = world.user()
    _, text = world.token(ref)
    world.people.users.disable(world.account.id, ref.identifier)
    assert not world.opens(text)
    world.people.users.enable(world.account.id, ref.identifier)
    assert world.opens(text)


def test_with_a_person_go_keys_sessions_and_grants(world: World) -> None:
    user_id = make_admin(world, "ada@example.com")
    ref = world.people.users.get(world.account.id, user_id).ref
    _, text = world.token(ref)
    world.people.users.delete(world.account.id, user_id)
    assert not world.opens(text)
    with world.store.snapshot() as tx:
        assert tx.tokens.list(world.account.id, ref) == ()
        assert tx.api_keys.list(ref.scope, ref.key) == ()
        assert tx.role_assignments.list_about(world.account.id, ref.key) == ()


def test_every_change_leaves_one_record_and_is_announced(world: World) -> None:
    heard: list[str] = []
    world.store.signals.on(Topic.ACCESS, heard.append)
    users, account = world.people.users, world.account.id
    before = world.records()
    user = users.create(account, "ada@example.com", "Ada", by=BY)
    users.rename(account, user.id, "Ada L.", giver=world.giver())
    users.disable(account, user.id, giver=world.giver())
    users.enable(account, user.id, giver=world.giver())
    users.delete(account, user.id, giver=world.giver())
    assert world.records() - before == 5
    entry = world.last_record().entry
    assert (entry.action, entry.by, entry.subject.identifier) == (Action.DELETE, BY, user.id)
    assert entry.before == {"uuid": user.id, "name": "Ada L.", "email": "ada@example.com", "disabled": False}
    assert len(heard) == 4


def test_a_list_has_only_those_that_may_be_seen(world: World) -> None:
    ada, bob = world.user("ada@example.com"), world.user("bob@example.com")
    seen = frozenset({ada.identifier, bob.identifier, "gone"})
    page = world.people.users.list(world.account.id, "EXAMPLE", PageRequest(0, 1), seen)
    assert (page.total, [user.email for user in page.items]) == (2, ["ada@example.com"])
    assert world.people.users.list(world.account.id, "", PageRequest(), frozenset()).total == 0
    assert world.people.users.list(world.account.id, "", PageRequest()).total == 3


def test_people_of_another_account_are_not_there(world: World) -> None:
    ada = world.user()
    for call in (world.people.users.get, world.people.users.delete, world.people.users.disable):
        with pytest.raises(PrincipalNotFoundError):
            call("other", ada.identifier)
