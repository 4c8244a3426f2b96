"""Whoever is deleted or disabled holds no keys and passwords of others any more."""

from datetime import timedelta

import pytest

from pierhead.control.access import (
    AccessDeniedError,
    ApiKeyDraft,
    AssignmentDraft,
    Giver,
    HashCost,
    LoginFailedError,
    LoginService,
    PasswordHashes,
    PrincipalRef,
    Rights,
    SessionService,
    TokenAddress,
    TokenDraft,
)
from pierhead.control.audit import Action, Actor
from pierhead.kit.redact import SecretValue

from .people_world import BY, World

EVERYTHING = "_all_resources_including_child_scopes"
PASSWORD = SecretValue("correct horse battery")


class Office(World):
    """Two more admins; one of them made a key of a robot and set the other one's password."""

    def __init__(self) -> None:
        super().__init__()
        self.rights = Rights.on(self.store, self.clock)
        sessions = SessionService(self.store, self.clock, b"s" * 32)
        hashes = PasswordHashes(HashCost(memory_kib=64, passes=1))
        self.logins = LoginService(self.store, self.clock, sessions, hashes)
        self.leaver, self.other = self.user("leaver@example.com"), self.user("other@example.com")
        self.robot = self.machine("robot")
        for ref in (self.leaver, self.other):
            self.give(ref, "_account_admin")
        self.text = self.made_by(self.leaver, self.robot, "ci")
        self.logins.set_password(self.account.id, self.other.identifier, PASSWORD, self.as_(self.leaver))

    def as_(self, ref: PrincipalRef) -> Giver:
        return Giver(Actor(ref.type, ref.identifier), ref)

    def give(self, to: PrincipalRef, role: str) -> str:
        draft = AssignmentDraft(self.scope, role, to.type, to.identifier, EVERYTHING)
        return self.rights.assignments.create(draft).identifier

    def made_by(self, maker: PrincipalRef, owner: PrincipalRef, name: str) -> str:
        self.people.api_keys.create(ApiKeyDraft(owner, name, name))
        draft = TokenDraft(TokenAddress(owner, name, name), name)
        return self.people.api_tokens.create(draft, giver=self.as_(maker))[1].reveal()

    def leaves(self, way: str, who: PrincipalRef | None = None, giver: Giver | None = None) -> None:
        ref = who or self.leaver
        getattr(self.people.users, way)(self.account.id, ref.identifier, giver=giver or self.giver())

    def other_logs_in(self) -> bool:
        try:
            self.logins.log_in(self.account.id, "other@example.com", PASSWORD)
        except LoginFailedError:
            return False
        return True


@pytest.fixture
def world() -> Office:
    return Office()


@pytest.mark.parametrize("way", ["disable", "delete"])
def test_what_a_person_made_for_others_ends_with_the_person(world: Office, way: str) -> None:
    by_admin = world.made_by(world.admin, world.robot, "by_admin")
    assert world.opens(world.text)
    assert world.other_logs_in()
    world.leaves(way)
    told = world.last_record().entry
    assert not world.opens(world.text)
    assert not world.other_logs_in()
    assert world.opens(by_admin)
    assert told.subject.identifier == world.leaver.identifier
    counts = (told.after or {})["tokensOfOthersEnded"], (told.after or {})["passwordsOfOthersEnded"]
    assert counts == (1, 1)


def test_each_one_whose_keys_end_has_a_record_with_the_reason(world: Office) -> None:
    world.leaves("delete")
    with world.store.snapshot() as tx:
        entries = [record.entry for record in tx.audit.after(world.account.id, 0, 1000)]
    told = {e.subject.identifier: e.after or {} for e in entries if e.action is Action.REVOKE_TOKEN}
    assert told.keys() == {"robot", world.other.identifier}
    assert told["robot"]["tokensEnded"] == ["ci"]
    assert {one["reason"] for one in told.values()} == {"made by somebody who was deleted or disabled"}


def test_a_person_who_is_let_in_again_has_the_own_keys_and_none_of_others(world: Office) -> None:
    own = world.made_by(world.leaver, world.leaver, "own")
    world.leaves("disable")
    world.people.users.enable(world.account.id, world.leaver.identifier)
    assert world.opens(own)
    assert not world.opens(world.text)


def test_a_secret_before_a_rotation_ends_with_its_maker_and_the_one_after_it_does_not(world: Office) -> None:
    until = world.clock.now() + timedelta(days=1)
    new = world.people.api_tokens.rotate(TokenAddress(world.robot, "ci", "ci"), until, giver=world.giver()).reveal()
    assert world.opens(world.text)
    world.leaves("delete")
    assert not world.opens(world.text)
    assert world.opens(new)


def test_what_a_service_account_made_for_others_ends_with_it(world: Office) -> None:
    text = world.made_by(world.robot, world.machine("second"), "t")
    world.people.service_accounts.delete(world.scope, "robot", giver=world.giver())
    assert not world.opens(text)
    assert world.last_record().entry.after == {"tokensOfOthersEnded": 1, "passwordsOfOthersEnded": 0}


def test_the_last_way_in_of_the_last_admin_is_left(world: Office) -> None:
    key = world.made_by(world.leaver, world.other, "key")
    world.leaves("delete", world.admin)
    world.leaves("delete", giver=world.as_(world.other))
    assert not world.opens(key)
    assert world.other_logs_in()
    assert not world.opens(world.text)


def test_of_two_admins_with_nothing_else_the_one_who_deletes_gets_in(world: Office) -> None:
    third = world.user("third@example.com")
    world.give(third, "_account_admin")
    keys = [world.made_by(world.leaver, third, name) for name in ("a", "b")]
    world.leaves("delete", world.admin)
    world.leaves("delete", giver=world.as_(third))
    assert [world.opens(key) for key in keys] == [True, True]
    assert not world.other_logs_in()


def test_nobody_ends_keys_of_those_who_may_do_more_by_deleting_their_maker(world: Office) -> None:
    manager = world.user("manager@example.com")
    for one in world.rights.assignments.list(world.scope):
        if one.principal == world.leaver:
            world.rights.assignments.delete(world.scope, one.identifier)
    with pytest.raises(AccessDeniedError):
        world.leaves("delete", giver=Giver(BY, manager))
    assert world.opens(world.text)
    world.leaves("delete")


def test_who_made_nothing_leaves_without_a_word_of_it(world: Office) -> None:
    world.leaves("delete", world.user("nobody@example.com"))
    assert world.last_record().entry.after is None
    assert world.opens(world.text)
