"""Nobody locks out those who may do more, and the last account admin keeps a way in."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from pierhead.control.access import (
    AccessDeniedError,
    ApiKeyDraft,
    AssignmentDraft,
    Giver,
    LastWayInError,
    Rights,
    ServiceAccountDraft,
    TokenAddress,
    TokenDraft,
    TokenExpiredError,
)
from pierhead.control.audit import Actor, PrincipalType

from .people_world import BY, World

DAY = timedelta(days=1)
EVERYTHING = "_all_resources_including_child_scopes"
Change = Callable[[World, TokenAddress, Giver], object]
TAKE_AWAY: dict[str, Change] = {
    "revoke": lambda world, at, giver: world.people.api_tokens.revoke(at, giver=giver),
    "delete": lambda world, at, giver: world.people.api_tokens.delete(at, giver=giver),
    "delete-key": lambda world, at, giver: world.people.api_keys.delete(at.owner, at.api_key, giver=giver),
    "end-soon": lambda world, at, giver: _ends(world, at, giver, DAY),
    "end-in-the-past": lambda world, at, giver: _ends(world, at, giver, -DAY),
    "begin-later": lambda world, at, giver: world.people.api_tokens.update(
        TokenDraft(at, "t", begin=world.clock.now() + DAY), giver=giver
    ),
}


def _ends(world: World, at: TokenAddress, giver: Giver, after: timedelta) -> None:
    world.people.api_tokens.update(TokenDraft(at, "t", end=world.clock.now() + after), giver=giver)


@pytest.fixture
def world() -> World:
    made = World()
    made.clock.advance(2 * DAY.total_seconds())
    return made


@pytest.mark.parametrize("way", TAKE_AWAY)
def test_nobody_takes_keys_from_those_who_may_do_more(world: World, way: str) -> None:
    manager, robot = world.user(), world.machine()
    giver, at = Giver(BY, manager), TokenAddress(world.admin, "admin", "admin")
    world.token(world.admin)
    with pytest.raises(AccessDeniedError):
        TAKE_AWAY[way](world, at, giver)
    address, _ = world.token(robot)
    draft = AssignmentDraft(world.scope, "_account_admin", PrincipalType.SERVICE_ACCOUNT, "ci", EVERYTHING)
    Rights.on(world.store, world.clock).assignments.create(draft)
    with pytest.raises(AccessDeniedError):
        TAKE_AWAY[way](world, address, giver)


@pytest.mark.parametrize("way", ["revoke", "delete", "delete-key", "end-soon", "begin-later"])
def test_ones_own_keys_and_those_of_who_may_do_less_are_taken_away_freely(world: World, way: str) -> None:
    manager = world.user()
    for owner in (manager, world.machine()):
        TAKE_AWAY[way](world, world.token(owner)[0], Giver(BY, manager))


def test_nobody_disables_or_deletes_those_who_may_do_more(world: World) -> None:
    manager, other, second = world.user(), world.user("other@example.com"), world.user("second@example.com")
    draft = AssignmentDraft(world.scope, "_account_viewer", PrincipalType.USER, second.identifier)
    Rights.on(world.store, world.clock).assignments.create(draft)
    for keep_out in (world.people.users.disable, world.people.users.delete):
        for ref in (second, world.admin):
            with pytest.raises(AccessDeniedError):
                keep_out(world.account.id, ref.identifier, giver=Giver(BY, manager))
        keep_out(world.account.id, other.identifier, giver=Giver(BY, manager))


def test_nobody_renames_those_who_may_do_more_or_what_is_theirs(world: World) -> None:
    ref, people = world.user(), world.people
    manager, robot, at = Giver(BY, ref), world.machine(), TokenAddress(world.admin, "admin", "admin")
    for rename in (
        lambda giver, name: people.users.rename(world.account.id, world.admin.identifier, name, giver=giver),
        lambda giver, name: people.api_keys.update(ApiKeyDraft(world.admin, "admin", name), giver=giver),
        lambda giver, name: people.api_tokens.update(TokenDraft(at, name), giver=giver),
    ):
        with pytest.raises(AccessDeniedError):
            rename(manager, "Other")
        assert rename(world.giver(), "Other").name == "Other"
    draft = ServiceAccountDraft(world.scope, robot.identifier, "Other")
    assert people.service_accounts.update(draft, giver=manager).name == "Other"
    granted = AssignmentDraft(world.scope, "_account_viewer", PrincipalType.SERVICE_ACCOUNT, robot.identifier)
    Rights.on(world.store, world.clock).assignments.create(granted)
    with pytest.raises(AccessDeniedError):
        people.service_accounts.update(draft, giver=manager)
    assert people.users.rename(world.account.id, ref.identifier, "Myself", giver=manager).name == "Myself"


@pytest.mark.parametrize("way", TAKE_AWAY)
def test_the_last_way_in_of_the_last_admin_stays(world: World, way: str) -> None:
    at, giver = TokenAddress(world.admin, "admin", "admin"), world.giver()
    with pytest.raises((LastWayInError, ValueError) if way == "end-in-the-past" else LastWayInError):
        TAKE_AWAY[way](world, at, giver)
    assert world.opens(world.admin_key.reveal())
    world.people.api_tokens.update(TokenDraft(at, "renamed"), giver=giver)
    with world.store.transaction() as tx:
        admin = tx.users.find(world.account.id, world.admin.identifier)
        assert admin is not None
        tx.users.replace(replace(admin, subject="admin at the provider"))
    if way != "end-in-the-past":
        TAKE_AWAY[way](world, at, giver)


@pytest.mark.parametrize("default_ms", [None, 1000])
def test_a_rotation_gives_no_end_to_a_key_that_has_none(world: World, default_ms: int | None) -> None:
    at = TokenAddress(world.admin, "admin", "admin")
    world.people.api_keys.update(ApiKeyDraft(world.admin, "admin", "admin", default_ms), giver=world.giver())
    text = world.people.api_tokens.rotate(at, giver=world.giver()).reveal()
    world.clock.advance(10_000 * DAY.total_seconds())
    assert world.opens(text)


def test_a_second_admin_who_can_get_in_is_enough(world: World) -> None:
    second = world.user("second@example.com")
    draft = AssignmentDraft(world.scope, "_account_admin", PrincipalType.USER, second.identifier, EVERYTHING)
    Rights.on(world.store, world.clock).assignments.create(draft)
    at = TokenAddress(world.admin, "admin", "admin")
    with pytest.raises(LastWayInError):
        world.people.api_tokens.revoke(at, giver=world.giver())
    world.token(second)
    world.people.api_tokens.revoke(at, giver=world.giver())


def test_a_manager_does_not_revive_a_key_of_an_admin_and_nobody_an_expired_one(world: World) -> None:
    address, text = world.token(world.admin)
    manager = Giver(Actor(PrincipalType.USER, "m"), world.user())
    tokens, then = world.people.api_tokens, world.clock.now() + 400 * DAY
    with pytest.raises(AccessDeniedError):
        tokens.update(TokenDraft(address, "t", end=then), giver=manager)
    assert tokens.update(TokenDraft(address, "renamed", tags={"a": "b"}), giver=world.giver()).name == "renamed"
    world.clock.advance(91 * DAY.total_seconds())
    for giver, wanted in ((manager, AccessDeniedError), (world.giver(), TokenExpiredError)):
        with pytest.raises(wanted):
            tokens.update(TokenDraft(address, "t", end=then), giver=giver)
    assert not world.opens(text)
    assert tokens.update(TokenDraft(address, "still renamed"), giver=world.giver()).name == "still renamed"


def test_the_record_of_a_deleted_api_key_tells_which_tokens_went(world: World) -> None:
    address, _ = world.token(world.machine())
    world.people.api_keys.delete(address.owner, address.api_key, giver=world.giver())
    assert (world.last_record().entry.before or {})["tokens"] == ["token"]
