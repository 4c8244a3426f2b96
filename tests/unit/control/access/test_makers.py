"""Whoever made a key or set a password before its owner rose does not rise with him."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pierhead.control.access import (
    AccessDeniedError,
    ApiKeyDraft,
    AssignmentDraft,
    Giver,
    HashCost,
    Identity,
    IncludedScope,
    InvalidTokenError,
    LoginService,
    OidcService,
    PasswordHashes,
    Permission,
    PrincipalRef,
    ResourceGroupDraft,
    Rights,
    RoleDraft,
    SessionService,
    TokenAddress,
    TokenDraft,
    User,
)
from pierhead.control.access.makers import end_of_others
from pierhead.control.access.resolving import grants_in
from pierhead.control.audit import SYSTEM, Action, Actor, PrincipalType
from pierhead.control.scopes import Level
from pierhead.kit.redact import SecretValue

from .people_world import World

EVERYTHING = "_all_resources_including_child_scopes"
PASSWORD = SecretValue("correct horse battery")


class Provider:
    """Names ada, whoever asks."""

    def authorization_url(self, state: str, nonce: str, challenge: str) -> str:
        return state

    def redeem(self, code: str, verifier: SecretValue, nonce: str) -> Identity:
        return Identity("person-1", "ada@example.com", True)


class Attack(World):
    """A manager who made a person and a service account, keys of both, and a password."""

    def __init__(self) -> None:
        super().__init__()
        self.rights = Rights.on(self.store, self.clock)
        sessions = SessionService(self.store, self.clock, b"s" * 32)
        hashes = PasswordHashes(HashCost(memory_kib=64, passes=1))
        self.sessions, self.logins = sessions, LoginService(self.store, self.clock, sessions, hashes)
        self.manager = self.user("manager@example.com")
        self.person, self.robot = self.user("ada@example.com"), self.machine("robot")
        self.by_manager, self.by_admin = self.as_(self.manager), self.as_(self.admin)
        self.made = {ref: self.made_by(self.by_manager, ref, "early") for ref in (self.person, self.robot)}
        self.logins.set_password(self.account.id, self.person.identifier, PASSWORD, self.by_manager)

    def as_(self, ref: PrincipalRef, credential: str = "") -> Giver:
        return Giver(Actor(ref.type, ref.identifier, "", credential), ref)

    def made_by(self, giver: Giver, owner: PrincipalRef, identifier: str) -> str:
        self.people.api_keys.create(ApiKeyDraft(owner, identifier, identifier))
        draft = TokenDraft(TokenAddress(owner, identifier, identifier), identifier)
        return self.people.api_tokens.create(draft, giver=giver)[1].reveal()

    def give(self, to: PrincipalRef, role: str, group: str = EVERYTHING, *, is_disabled: bool = False) -> str:
        draft = AssignmentDraft(self.scope, role, to.type, to.identifier, group, is_disabled=is_disabled)
        return self.rights.assignments.create(draft, giver=self.by_admin).identifier

    def role(self, *permissions: Permission) -> RoleDraft:
        return RoleDraft(self.scope, "custom", "custom", frozenset(permissions), frozenset(Level))

    def found(self, ref: PrincipalRef) -> User:
        return self.people.users.get(self.account.id, ref.identifier)

    def ended(self) -> dict[str, dict[str, Any]]:
        """What the trail tells of it."""
        with self.store.snapshot() as tx:
            entries = [record.entry for record in tx.audit.after(self.account.id, 0, 1000)]
        told = [e for e in entries if e.action is Action.REVOKE_TOKEN]
        return {e.subject.identifier: dict(e.after or {}) | {"by": e.by.identifier} for e in told}


@pytest.fixture
def world() -> Attack:
    return Attack()


def test_keys_and_password_that_others_made_end_when_a_person_is_made_admin(world: Attack) -> None:
    opened = world.logins.log_in(world.account.id, "ada@example.com", PASSWORD)
    own = world.made_by(world.as_(world.person), world.person, "own")  # by whoever knows that password
    world.give(world.person, "_account_admin")
    assert not world.opens(world.made[world.person])
    assert not world.opens(own)
    assert world.found(world.person).password_hash is None
    with pytest.raises(Exception, match="no such session"):
        world.sessions.authenticate(opened.text)
    told = world.ended()[world.person.identifier]
    assert sorted(told["tokensEnded"]) == ["early", "own"]
    assert (told["sessionsEnded"], told["by"]) == (1, world.admin.identifier)
    assert world.opens(world.made[world.robot])


def test_keys_that_others_made_end_when_a_service_account_gets_a_role(world: Attack) -> None:
    world.give(world.robot, "_account_viewer")
    assert not world.opens(world.made[world.robot])


def test_keys_that_others_made_end_when_an_assignment_is_switched_on(world: Attack) -> None:
    given = world.give(world.robot, "_account_admin", is_disabled=True)
    assert world.opens(world.made[world.robot])
    world.rights.assignments.set_disabled(world.scope, given, False, giver=world.by_admin)
    assert not world.opens(world.made[world.robot])


def test_keys_that_others_made_end_when_a_role_is_widened_and_not_when_it_is_renamed(world: Attack) -> None:
    world.rights.roles.create(world.role())
    world.give(world.robot, "custom")
    world.rights.roles.update(replace(world.role(), name="renamed"), giver=world.by_admin)
    assert world.opens(world.made[world.robot])
    world.rights.roles.update(world.role(Permission.SECRET_ACCESS), giver=world.by_admin)
    assert not world.opens(world.made[world.robot])


def test_keys_that_others_made_end_when_a_group_is_widened(world: Attack) -> None:
    groups, draft = world.rights.resource_groups, ResourceGroupDraft(world.scope, "group", "group", ())
    groups.create(draft)
    world.give(world.robot, "_account_viewer", "group")
    assert world.opens(world.made[world.robot])  # a role on nothing
    wide = replace(draft, selectors=None, included_scopes=(IncludedScope(world.scope, True),))
    groups.update(wide, giver=world.by_admin)
    assert not world.opens(world.made[world.robot])


def test_keys_and_password_that_others_made_end_when_the_person_first_comes_by_single_sign_on(world: Attack) -> None:
    """A manager who lost his role since: nothing was widened, but now it is known whose account it is."""
    of_manager = world.give(world.manager, "_account_viewer")
    world.give(world.person, "_account_viewer")
    by_admin = world.made_by(world.by_admin, world.person, "by_admin")
    assert world.opens(world.made[world.person])
    world.rights.assignments.delete(world.scope, of_manager)
    oidc = OidcService(world.store, world.clock, world.sessions, Provider(), b"k" * 32)
    state, cookie = oidc.begin()
    opened, _ = oidc.finish(world.account.id, cookie, state, "code")
    assert world.sessions.authenticate(opened.text).ref == world.person
    assert not world.opens(world.made[world.person])
    assert world.opens(by_admin)
    found = world.found(world.person)
    assert (found.password_hash, found.subject) == (None, "person-1")


def test_what_an_admin_made_goes_on_working(world: Attack) -> None:
    text = world.made_by(world.by_admin, world.robot, "ci")
    world.logins.set_password(world.account.id, world.person.identifier, PASSWORD, world.by_admin)
    own = world.made_by(world.as_(world.person), world.person, "own")
    for ref in (world.robot, world.person):
        world.give(ref, "_account_viewer")
        world.give(ref, "_account_admin")
    assert world.opens(text)
    assert world.opens(own)
    assert world.found(world.person).password_hash is not None
    assert world.opens(world.admin_key.reveal())


def test_nobody_gives_a_little_to_those_who_may_do_more_so_that_their_keys_end(world: Attack) -> None:
    second, robot = world.user("second@example.com"), world.machine("other")
    of_second = world.give(second, "_account_admin")
    world.rights.roles.create(world.role(Permission.SECRET_ACCESS))
    world.give(robot, "custom")
    text = world.made_by(world.as_(second), robot, "ci")
    world.give(world.manager, "_account_viewer")
    world.rights.assignments.delete(world.scope, of_second)
    draft = AssignmentDraft(world.scope, "_account_viewer", robot.type, robot.identifier, EVERYTHING)
    with pytest.raises(AccessDeniedError) as refusal:
        world.rights.assignments.create(draft, giver=world.by_manager)
    assert "would end" in refusal.value.hint
    assert world.opens(text)
    world.rights.assignments.create(draft, giver=world.by_admin)
    assert not world.opens(text)


def test_a_maker_who_is_gone_or_disabled_holds_nothing(world: Attack) -> None:
    for number, leave in enumerate((world.people.users.disable, world.people.users.delete)):
        second = world.user(f"second{number}@example.com")
        world.give(second, "_account_admin")
        robot = world.machine(f"robot{number}")
        text = world.made_by(world.as_(second), robot, "ci")
        leave(world.account.id, second.identifier)
        world.give(robot, "_account_viewer")
        assert not world.opens(text)


def test_a_service_account_of_the_same_name_is_not_the_maker_that_is_gone(world: Attack) -> None:
    maker = world.machine("maker")
    first, later = world.made_by(world.as_(maker), world.robot, "first"), ""
    world.clock.advance(1)
    world.people.service_accounts.delete(world.scope, "maker", giver=world.by_admin)
    assert world.machine("maker") == maker
    later = world.made_by(world.as_(maker), world.robot, "later")
    world.give(maker, "_account_viewer")
    world.give(world.robot, "_account_viewer")
    assert not world.opens(first)
    assert world.opens(later)


def test_what_a_service_account_makes_for_itself_is_its_own(world: Attack) -> None:
    text = world.made_by(world.as_(world.robot), world.robot, "own")
    world.give(world.robot, "_account_viewer")
    assert world.opens(text)


def test_what_the_program_made_goes_on_working(world: Attack) -> None:
    robot = world.machine("other")
    address = world.key(robot)
    text = world.people.api_tokens.create(TokenDraft(address, "t"))[1].reveal()
    world.give(robot, "_account_admin")
    assert world.opens(text)


def test_behind_what_a_key_makes_stands_who_made_the_key(world: Attack) -> None:
    shown = world.made[world.person].split(".")[2]
    child = world.made_by(world.as_(world.person, shown), world.person, "child")
    world.logins.change_password(
        world.account.id, world.person.identifier, PASSWORD, SecretValue("another horse battery"),
        Actor(PrincipalType.USER, world.person.identifier),
    )  # fmt: skip
    world.give(world.person, "_account_viewer")
    assert not world.opens(child)
    assert world.found(world.person).password_hash is None


def test_with_a_key_that_has_ended_meanwhile_nothing_is_made(world: Attack) -> None:
    shown = world.made[world.person].split(".")[2]
    world.give(world.person, "_account_viewer")
    for credential in (shown, "gone", "session:x"):
        with pytest.raises(InvalidTokenError):
            world.made_by(world.as_(world.person, credential), world.person, "late" + credential[:2].strip(":"))


def test_a_secret_before_a_rotation_ends_without_the_one_after_it(world: Attack) -> None:
    address = TokenAddress(world.robot, "early", "early")
    until = world.clock.now() + timedelta(days=30)
    new = world.people.api_tokens.rotate(address, until, giver=world.by_admin).reveal()
    assert world.opens(world.made[world.robot])
    world.give(world.robot, "_account_admin")
    assert not world.opens(world.made[world.robot])
    assert world.opens(new)


def test_who_rotates_a_key_stands_behind_it(world: Attack) -> None:
    text = world.made_by(world.by_admin, world.robot, "ci")
    new = world.people.api_tokens.rotate(TokenAddress(world.robot, "ci", "ci"), giver=world.by_manager).reveal()
    world.give(world.robot, "_account_viewer")
    assert not world.opens(text)
    assert not world.opens(new)


def test_of_two_who_may_do_the_same_neither_loses_keys(world: Attack) -> None:
    world.give(world.manager, "_account_viewer")
    world.give(world.robot, "_account_viewer")
    assert world.opens(world.made[world.robot])
    assert world.robot.identifier not in world.ended()


def test_nothing_is_told_where_nothing_ends(world: Attack) -> None:
    with world.store.transaction() as tx:
        end_of_others(tx, world.robot, grants_in(tx, world.robot), SYSTEM, world.clock.now())
    assert world.ended() == {}


def test_a_manager_cannot_make_keys_of_an_admin(world: Attack) -> None:
    world.give(world.person, "_account_admin")
    with pytest.raises(AccessDeniedError):
        world.made_by(world.by_manager, world.person, "late")
