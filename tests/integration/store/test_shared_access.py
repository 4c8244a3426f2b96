"""Two servers on one database: what is taken away at one is gone at the other, at once or within five seconds."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from pierhead.adapters.sql import SqlStore
from pierhead.control.access import (
    AccessService,
    ApiKeyDraft,
    InvalidTokenError,
    People,
    Permission,
    PrincipalRef,
    RoleAssignment,
    TokenAddress,
    TokenDraft,
)
from pierhead.control.scopes import Scope
from pierhead.kit.clock import SystemClock
from pierhead.kit.signals import Topic
from pierhead.testing.clock import FakeClock

PEPPER = b"p" * 32
WITHIN_S = 5.0


class Server:
    """``clock`` stands still unless it is told to go on: what is remembered is not forgotten by itself."""

    def __init__(self, url: str) -> None:
        self.store, self.clock = SqlStore(url), FakeClock()
        self.store.use_audit_key(b"a" * 32)
        self.access = AccessService(self.store, self.clock, PEPPER)
        self.people = People.on(self.store, self.clock, self.access.pepper)
        self._heard = threading.Condition()
        self.store.signals.on(Topic.ACCESS, self._hear)  # after the service, which has forgotten by then

    def _hear(self, _: str) -> None:
        with self._heard:
            self._heard.notify_all()

    def hears(self, that: Callable[[], bool]) -> bool:
        with self._heard:
            return self._heard.wait_for(that, WITHIN_S)

    def may(self, ref: PrincipalRef) -> bool:
        return self.access.grants(ref).allows(Permission.SECRET_VIEW, ref.scope)

    def opens(self, text: str) -> bool:
        try:
            self.access.authenticate(text)
        except InvalidTokenError:
            return False
        return True


@pytest.fixture
def servers(database: str) -> Iterator[tuple[Server, Server]]:
    pair = Server(database), Server(database)
    yield pair
    for server in pair:
        server.store.close()


def somebody(server: Server) -> tuple[PrincipalRef, TokenAddress, str]:
    """A person with a role in a new account, and a token of that person."""
    account, _ = server.access.create_account()
    ref, now = server.people.users.create(account.id, "ada@example.com").ref, server.clock.now()
    with server.store.transaction() as tx:
        tx.role_assignments.add(_assignment(ref, now))
    server.people.api_keys.create(ApiKeyDraft(ref, "k", "k"))
    address = TokenAddress(ref, "k", "t")
    return ref, address, server.people.api_tokens.create(TokenDraft(address, "t"))[1].reveal()


def _assignment(ref: PrincipalRef, now: datetime) -> RoleAssignment:
    group = "_all_resources_including_child_scopes"
    return RoleAssignment(Scope(ref.scope.account), "ada", "_account_admin", group, ref, now, now)


def test_a_token_that_ends_at_one_server_opens_nothing_at_the_other_from_that_moment(
    servers: tuple[Server, Server],
) -> None:
    here, there = servers
    _, address, text = somebody(here)
    assert there.opens(text)
    new = here.people.api_tokens.rotate(address).reveal()
    assert not there.opens(text)
    assert there.opens(new)
    here.people.api_tokens.revoke(address)
    assert not there.opens(new)


@pytest.mark.parametrize("verb", ["disable", "delete"])
def test_a_person_who_goes_at_one_server_is_gone_at_the_other(servers: tuple[Server, Server], verb: str) -> None:
    here, there = servers
    ref, _, text = somebody(here)
    assert there.opens(text)
    getattr(here.people.users, verb)(ref.scope.account, ref.identifier)
    assert not there.opens(text)


def test_a_right_that_is_taken_away_is_forgotten_at_the_other_server_as_soon_as_it_hears(
    servers: tuple[Server, Server],
) -> None:
    here, there = servers
    ref, _, _ = somebody(here)
    assert there.may(ref)
    here.people.users.delete(ref.scope.account, ref.identifier)
    assert there.hears(lambda: not there.may(ref))


def test_without_a_word_of_it_a_right_is_remembered_for_less_than_five_seconds(
    servers: tuple[Server, Server],
) -> None:
    here, there = servers
    ref, _, _ = somebody(here)
    assert there.may(ref)
    with here.store.transaction() as tx:  # and tells nobody
        tx.role_assignments.remove(Scope(ref.scope.account), "ada")
    there.clock.advance(WITHIN_S - 0.5)
    assert not there.may(ref)


def test_of_two_admins_who_take_each_other_away_at_once_one_stays(database: str) -> None:
    """At two servers, each with its own connections: neither waits for the other's writers' turn."""
    first, second = SqlStore(database), SqlStore(database)
    for store in (first, second):
        store.use_audit_key(b"a" * 32)
    clock = SystemClock()
    access = AccessService(first, clock, PEPPER)
    for _ in range(10):
        account, key = access.create_account()
        admin = access.authenticate(key.reveal()).ref
        people = People.on(first, clock, access.pepper), People.on(second, clock, access.pepper)
        other = people[0].users.create(account.id, "ada@example.com").ref
        with first.transaction() as tx:
            tx.role_assignments.add(_assignment(other, clock.now()))
            ada = tx.users.find(account.id, other.identifier)
            assert ada is not None
            tx.users.replace(replace(ada, subject="ada at the provider"))
        outcomes = _at_once(
            lambda people=people, other=other: people[0].users.delete(account.id, other.identifier),  # noqa: B023
            lambda people=people, admin=admin: people[1].users.disable(account.id, admin.identifier),  # noqa: B023
        )
        assert sorted(outcomes) == ["", "LastAdminError"]
    for store in (first, second):
        store.close()


def _at_once(*works: Callable[[], object]) -> list[str]:
    start, outcomes = threading.Barrier(len(works)), []

    def tried(work: Callable[[], object]) -> None:
        start.wait(10)
        try:
            work()
            outcomes.append("")
        except Exception as error:
            outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=tried, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return outcomes
