"""Two servers that change at once who may do what: neither waits for the other for ever, whatever they read."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pierhead.adapters.sql import SqlStore
from pierhead.control.access import (
    AccessService,
    AssignmentDraft,
    Giver,
    Permission,
    PrincipalRef,
    Rights,
    RoleDraft,
    UserService,
)
from pierhead.control.access.turns import in_turn
from pierhead.control.audit import Actor, PrincipalType
from pierhead.control.organizations import OrganizationDraft, OrganizationService
from pierhead.control.scopes import Scope
from pierhead.kit.clock import SystemClock
from pierhead.kit.paging import PageRequest

TIMES = 8
NARROW = frozenset({Permission.SECRET_VIEW})
WIDE = NARROW | {Permission.SECRET_ACCESS}


class Server:
    def __init__(self, url: str) -> None:
        self.store, self.clock = SqlStore(url), SystemClock()
        self.store.use_audit_key(b"a" * 32)
        self.access = AccessService(self.store, self.clock, b"p" * 32)
        self.users, self.rights = UserService(self.store, self.clock), Rights.on(self.store, self.clock)
        self.organizations = OrganizationService(self.store, self.clock)


@pytest.fixture
def servers(database: str) -> Iterator[tuple[Server, Server]]:
    pair = Server(database), Server(database)
    yield pair
    for server in pair:
        server.store.close()


def role(scope: Scope, name: str, permissions: frozenset[Permission]) -> RoleDraft:
    return RoleDraft(scope, name, name, permissions, frozenset({scope.level}))


def giver(ref: PrincipalRef) -> Giver:
    return Giver(Actor(PrincipalType.USER, ref.identifier), ref)


def give(server: Server, scope: Scope, name: str, to: PrincipalRef, group: str = "") -> None:
    server.rights.assignments.create(AssignmentDraft(scope, name, PrincipalType.USER, to.identifier, group))


def at_once(*calls: Callable[[], object]) -> None:
    """Raises what one of them raised; a ring of waiting transactions is broken by the database with an error."""
    ready = threading.Barrier(len(calls))

    def call(one: Callable[[], object]) -> None:
        ready.wait(10)
        one()

    with ThreadPoolExecutor(len(calls)) as pool:
        for done in [pool.submit(call, one) for one in calls]:
            done.result(30)


@pytest.fixture
def world(servers: tuple[Server, Server]) -> Any:
    """Each of two people has both roles, in the other order."""
    here, _ = servers
    scope = Scope(here.access.create_account()[0].id)
    people = [here.users.create(scope.account, f"{name}@example.com").ref for name in ("ann", "bob")]
    for name in ("one", "two"):
        here.rights.roles.create(role(scope, name, NARROW))
    for person, names in zip(people, (("one", "two"), ("two", "one")), strict=True):
        give(here, scope, "_account_admin", person, "_all_resources_including_child_scopes")
        for name in names:
            give(here, scope, name, person)
    return scope, people


def test_roles_that_are_widened_at_two_servers_do_not_wait_for_each_other(
    servers: tuple[Server, Server], world: Any
) -> None:
    scope, (ann, bob) = world
    for number in range(TIMES):
        wanted = role(scope, "one", (WIDE, NARROW)[number % 2]), role(scope, "two", (WIDE, NARROW)[number % 2])
        at_once(
            *(
                lambda server=server, draft=draft, by=by: server.rights.roles.update(draft, giver=giver(by))
                for server, draft, by in zip(servers, wanted, (ann, bob), strict=True)
            )
        )


def test_a_place_goes_only_when_nobody_changes_who_may_do_what(servers: tuple[Server, Server], world: Any) -> None:
    """Else it would have taken some of the rows, and wait for others, while the change waits for those it took."""
    (here, there), (scope, _) = servers, world
    place = Scope(scope.account, "acme")
    here.organizations.create(OrganizationDraft(scope.account, "acme", "acme"))
    for name in ("first", "second"):
        here.rights.roles.create(role(place, name, NARROW))
    with ThreadPoolExecutor(1) as pool:
        with in_turn(here.store, scope.account) as tx:
            assert tx.roles.find(place, "second") is not None
            gone = pool.submit(there.organizations.delete, scope.account, "acme")
            _until_one_waits(there)
            assert tx.roles.find(place, "first") is not None
        gone.result(30)
    assert here.rights.roles.list(place, PageRequest(), is_managed=False).items == ()


def _until_one_waits(server: Server) -> None:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    for _ in range(1000):
        with server.store.reading() as connection:
            if connection.exec_driver_sql(waiting).scalar_one():
                return
        threading.Event().wait(0.01)
    raise AssertionError("nobody waits")
