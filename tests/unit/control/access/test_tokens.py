from dataclasses import replace
from datetime import timedelta

import pytest

from pierhead.control.access import (
    AccessDeniedError,
    ApiKeyDraft,
    Giver,
    InvalidPrincipalError,
    PrincipalExistsError,
    PrincipalNotFoundError,
    PrincipalRef,
    TokenAddress,
    TokenDraft,
    TokenRevokedError,
    TooManyPrincipalsError,
)
from pierhead.control.audit import Action, PrincipalType
from pierhead.control.scopes import Scope
from pierhead.kit.signals import Topic

from .people_world import BY, World

DAY = timedelta(days=1)
DAY_MS = 86_400_000


@pytest.fixture
def world() -> World:
    return World()


def test_a_token_says_whose_it_is_and_opens_with_the_rights_of_its_owner(world: World) -> None:
    for owner, prefix in ((world.admin, "pat"), (world.machine(), "sat")):
        _, text = world.token(owner)
        parts = text.split(".")
        assert (parts[0], parts[1], len(parts[2]), len(parts[3])) == (prefix, world.account.id, 22, 43)
        assert world.access.authenticate(text, world.account.id).ref == owner


def test_keys_and_tokens_need_an_owner_that_is_there(world: World) -> None:
    nobody = PrincipalRef(PrincipalType.USER, world.scope, "nobody")
    program = PrincipalRef(PrincipalType.SYSTEM, world.scope, "pierhead")
    for owner in (nobody, program):
        with pytest.raises(PrincipalNotFoundError):
            world.key(owner)
        with pytest.raises(PrincipalNotFoundError):
            world.people.api_tokens.create(TokenDraft(TokenAddress(owner, "k", "t"), "t"))
    with pytest.raises(PrincipalNotFoundError):
        world.people.api_tokens.create(TokenDraft(TokenAddress(world.admin, "none", "t"), "t"))


def test_a_token_ends_after_ninety_days_or_as_its_key_says_or_as_it_says_itself(world: World) -> None:
    tokens, now = world.people.api_tokens, world.clock.now()
    plain, short = world.key(world.machine()), world.key(world.machine("b"), "short", 7 * DAY_MS)
    assert tokens.create(TokenDraft(plain, "t"))[0].expires_at == now + 90 * DAY
    assert tokens.create(TokenDraft(short, "t"))[0].expires_at == now + 7 * DAY
    said = TokenDraft(TokenAddress(short.owner, "short", "own"), "t", end=now + 3 * DAY)
    assert tokens.create(said)[0].expires_at == now + 3 * DAY


@pytest.mark.parametrize("end", [timedelta(0), -DAY, 732 * DAY])
def test_a_token_ends_after_it_begins_and_within_two_years(world: World, end: timedelta) -> None:
    address = world.key(world.admin)
    with pytest.raises(InvalidPrincipalError):
        world.people.api_tokens.create(TokenDraft(address, "t", end=world.clock.now() + end))


@pytest.mark.parametrize("default", [0, -1, 732 * DAY_MS, 2**63])
def test_no_key_makes_tokens_that_last_too_long(world: World, default: int) -> None:
    with pytest.raises(InvalidPrincipalError):
        world.key(world.admin, default_ms=default)


def test_a_rotated_token_keeps_its_old_secret_until_the_time_said(world: World) -> None:
    address, old = world.token(world.machine())
    new = world.people.api_tokens.rotate(address, world.clock.now() + timedelta(seconds=60)).reveal()
    assert new.rpartition(".")[0] == old.rpartition(".")[0]
    assert world.opens(old)
    assert world.opens(new)
    world.clock.advance(60)
    assert not world.opens(old)
    assert world.opens(new)


def test_without_an_overlap_the_old_secret_ends_at_once(world: World) -> None:
    address, old = world.token(world.machine())
    new = world.people.api_tokens.rotate(address).reveal()
    assert not world.opens(old)
    assert world.opens(new)
    past = world.people.api_tokens.rotate(address, world.clock.now() - DAY).reveal()
    assert not world.opens(new)
    assert world.opens(past)


def test_a_second_rotation_ends_the_secret_before_the_first(world: World) -> None:
    address, first = world.token(world.machine())
    until = world.clock.now() + timedelta(hours=1)
    second = world.people.api_tokens.rotate(address, until).reveal()
    third = world.people.api_tokens.rotate(address, until).reveal()
    assert [world.opens(text) for text in (first, second, third)] == [False, True, True]


def test_a_rotation_lets_no_secret_live_longer_than_it_would_have(world: World) -> None:
    address = world.key(world.machine(), default_ms=DAY_MS)
    _, old = world.people.api_tokens.create(TokenDraft(address, "t"))
    world.clock.advance(DAY.total_seconds() / 2)
    new = world.people.api_tokens.rotate(address, world.clock.now() + 30 * DAY).reveal()
    world.clock.advance(DAY.total_seconds() / 2)
    assert not world.opens(old.reveal())
    assert world.opens(new)
    world.clock.advance(DAY.total_seconds() / 2)
    assert not world.opens(new)


def test_an_overlap_has_an_end(world: World) -> None:
    address, _ = world.token(world.machine())
    with pytest.raises(InvalidPrincipalError):
        world.people.api_tokens.rotate(address, world.clock.now() + 91 * DAY)


def test_a_revoked_token_opens_nothing_and_stays_revoked(world: World) -> None:
    address, old = world.token(world.machine())
    tokens = world.people.api_tokens
    new = tokens.rotate(address, world.clock.now() + DAY).reveal()
    revoked = tokens.revoke(address, giver=world.giver())
    assert not world.opens(old)
    assert not world.opens(new)
    assert tokens.list(address.owner, address.api_key) == (revoked,)
    for again in (tokens.revoke, tokens.rotate, lambda one: tokens.update(TokenDraft(one, "t"))):
        with pytest.raises(TokenRevokedError):
            again(address)


def test_a_deleted_token_and_those_of_a_deleted_key_open_nothing(world: World) -> None:
    machine = world.machine()
    address, text = world.token(machine)
    other, other_text = world.token(world.machine("other"))
    world.people.api_tokens.delete(address)
    assert not world.opens(text)
    _, again = world.people.api_tokens.create(TokenDraft(address, "again"))
    assert world.opens(again.reveal())
    assert not world.opens(text)
    world.people.api_keys.delete(machine, address.api_key)
    assert not world.opens(again.reveal())
    assert world.opens(other_text)
    with pytest.raises(PrincipalNotFoundError):
        world.people.api_tokens.get(address)
    assert world.people.api_tokens.get(other).name == "token"


def test_a_name_is_taken_once_in_its_key(world: World) -> None:
    address, _ = world.token(world.machine())
    with pytest.raises(PrincipalExistsError):
        world.people.api_tokens.create(TokenDraft(address, "t"))
    with pytest.raises(PrincipalExistsError):
        world.key(address.owner)


def test_an_update_changes_labels_and_times_and_never_the_secret(world: World) -> None:
    address, text = world.token(world.machine())
    end = world.clock.now() + DAY
    changed = world.people.api_tokens.update(TokenDraft(address, "new name", end=end, tags={"a": "b"}))
    assert (changed.name, changed.tags, changed.expires_at) == ("new name", {"a": "b"}, end)
    assert world.opens(text)
    with pytest.raises(InvalidPrincipalError):
        world.people.api_tokens.update(TokenDraft(address, "x", end=world.clock.now() + 800 * DAY))
    world.people.api_keys.update(ApiKeyDraft(address.owner, address.api_key, "renamed", DAY_MS))
    assert world.people.api_keys.get(address.owner, address.api_key).default_expiry_ms == DAY_MS


def test_another_place_or_kind_of_owner_is_another_owner(world: World) -> None:
    address, _ = world.token(world.machine())
    elsewhere = PrincipalRef(PrincipalType.SERVICE_ACCOUNT, Scope(world.account.id, "default"), "ci")
    person = PrincipalRef(PrincipalType.USER, world.scope, "ci")
    for owner in (elsewhere, person):
        with pytest.raises(PrincipalNotFoundError):
            world.people.api_tokens.revoke(TokenAddress(owner, address.api_key, address.identifier))


def test_nobody_gets_a_token_that_may_more_than_he_may(world: World) -> None:
    """Neither a new one nor a new secret, of a machine or of another person; one's own is never refused."""
    machine, person, now = world.machine(), world.user(), world.clock.now()
    address, _ = world.token(machine)
    with world.store.transaction() as tx:
        admin = tx.role_assignments.list(world.scope)[0]
        tx.role_assignments.add(replace(admin, identifier="m", principal=machine, created_at=now))
    giver, tokens = Giver(BY, person), world.people.api_tokens
    with pytest.raises(AccessDeniedError):
        tokens.rotate(address, giver=giver)
    for owner in (address, world.key(world.admin, "theirs")):
        with pytest.raises(AccessDeniedError):
            tokens.create(TokenDraft(TokenAddress(owner.owner, owner.api_key, "t2"), "t"), giver=giver)
    tokens.create(TokenDraft(world.key(person), "t"), giver=giver)
    tokens.rotate(address, giver=Giver(BY, machine))


def test_the_number_of_keys_has_an_end(world: World) -> None:
    machine = world.machine()
    for number in range(100):
        world.key(machine, f"k{number}")
    with pytest.raises(TooManyPrincipalsError):
        world.key(machine, "one_more")


def test_the_trail_tells_of_every_change_and_of_no_secret(world: World) -> None:
    heard: list[str] = []
    world.store.signals.on(Topic.ACCESS, heard.append)
    before = world.records()
    address, text = world.token(world.machine())
    tokens = world.people.api_tokens
    made = world.last_record().entry
    rotated = tokens.rotate(address, giver=world.giver()).reveal()
    tokens.update(TokenDraft(address, "n"), giver=world.giver())
    tokens.revoke(address, giver=world.giver())
    assert (made.action, world.last_record().entry.action) == (Action.CREATE_TOKEN, Action.REVOKE_TOKEN)
    tokens.delete(address, giver=world.giver())
    assert world.records() - before == 7
    assert len(heard) == 5
    with world.store.snapshot() as tx:
        trail = str(tx.audit.after(world.account.id, 0, 100))
    for secret in (text.rpartition(".")[2], rotated.rpartition(".")[2]):
        assert secret not in trail
    assert "secret_hash" not in trail
