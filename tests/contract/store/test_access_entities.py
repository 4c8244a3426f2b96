"""Entities that are read and written whole: service accounts and API keys stand for every kind."""

from dataclasses import replace
from typing import Any

import pytest

from pierhead.control.access import ApiKey, IncludedScope, Permission, ResourceGroup, ResourceSelector, Role
from pierhead.control.access import RoleAssignment as Assignment
from pierhead.control.scopes import Level, ResourceType, Scope
from pierhead.kit.paging import PageRequest

ACCOUNT, ORG, PROJECT = Scope("acct"), Scope("acct", "org"), Scope("acct", "org", "project")


def test_every_kind_comes_back_as_written(store: Any, build: Any) -> None:
    times = {"created_at": build.at(0), "last_modified_at": build.at(1)}
    key = ApiKey(ACCOUNT, "k", "K", build.user_ref(), **times, default_expiry_ms=2**40, tags={"a": "ä"})
    role = Role(ORG, "r", "R", frozenset({Permission.SECRET_VIEW, Permission.ACCOUNT_EDIT}), frozenset(Level), **times)
    selectors = (
        ResourceSelector(ResourceType.CONNECTOR, frozenset({"b", "a"})),
        ResourceSelector(ResourceType.SECRET, attributes=("x",)),
        ResourceSelector(ResourceType.ROLE),
    )
    included = (IncludedScope(ORG, True), IncludedScope(PROJECT, False))
    group = ResourceGroup(ACCOUNT, "g", "G", included, selectors, frozenset({Level.ORG}), **times)
    everything = replace(group, identifier="all", selectors=None)
    assignment = Assignment(PROJECT, "x", "r", "g", build.user_ref(), **times, is_disabled=True)
    with store.transaction() as tx:
        assert tx.api_keys.add(key)
        assert tx.roles.add(role)
        assert tx.resource_groups.add(group)
        assert tx.resource_groups.add(everything)
        assert tx.role_assignments.add(assignment)
    with store.snapshot() as tx:
        assert tx.api_keys.find(ACCOUNT, "k", key.parent) == key
        assert tx.roles.find(ORG, "r") == role
        assert tx.resource_groups.find(ACCOUNT, "g") == group
        assert tx.resource_groups.find(ACCOUNT, "all") == everything
        assert tx.role_assignments.find(PROJECT, "x") == assignment


def test_an_address_is_taken_once_and_the_transaction_goes_on(store: Any, build: Any) -> None:
    with store.transaction() as tx:
        assert tx.service_accounts.add(build.service_account())
        assert not tx.service_accounts.add(build.service_account(name="again"))
        assert tx.service_accounts.add(build.service_account("CI"))
        assert tx.service_accounts.add(build.service_account(scope=ORG))
        assert tx.service_accounts.add(build.service_account(scope=Scope("other")))
        assert tx.roles.add(Role(ACCOUNT, "ci", "R", frozenset(), frozenset(), build.at(0), build.at(0)))
    with store.snapshot() as tx:
        assert tx.service_accounts.find(ACCOUNT, "ci") == build.service_account()
        assert tx.service_accounts.find(PROJECT, "ci") is None


def test_what_lives_in_another_entity_is_addressed_through_it(store: Any, build: Any) -> None:
    mine, yours = (ApiKey(ACCOUNT, "k", "K", build.user_ref(user), build.at(0), build.at(0)) for user in ("u1", "u2"))
    with store.transaction() as tx:
        assert tx.api_keys.add(mine)
        assert tx.api_keys.add(yours)
        assert tx.api_keys.list(ACCOUNT, mine.parent) == (mine,)
        assert len(tx.api_keys.list(ACCOUNT)) == 2
        assert tx.api_keys.find(ACCOUNT, "k") is None
        assert not tx.api_keys.remove(ACCOUNT, "k")
        assert tx.api_keys.remove(ACCOUNT, "k", mine.parent)
        assert tx.api_keys.list(ACCOUNT) == (yours,)


def test_a_changed_entity_is_found_by_its_new_name(store: Any, build: Any) -> None:
    changed = build.service_account(name="Other", tags={"new": ""}, last_modified_at=build.at(9))
    with store.transaction() as tx:
        tx.service_accounts.add(build.service_account())
        tx.service_accounts.replace(changed)
        tx.service_accounts.replace(build.service_account("none"))
    with store.snapshot() as tx:
        assert tx.service_accounts.list(ACCOUNT) == (changed,)
        assert tx.service_accounts.page(ACCOUNT, "name of", PageRequest()).total == 0
        assert tx.service_accounts.page(ACCOUNT, "NEW", PageRequest()).items == (changed,)


@pytest.mark.parametrize(
    ("search", "expected"), [("", 3), ("ÜNÏ", 3), ("Name of B", 1), ("%", 0), ("\x00", 0), ("\ud800", 0)]
)
def test_pages_have_one_scope_last_modified_first_and_search_literally(
    store: Any, build: Any, search: str, expected: int
) -> None:
    with store.transaction() as tx:
        for second, name in enumerate(("a", "b", "c")):
            tx.service_accounts.add(build.service_account(name, second=second))
        tx.service_accounts.add(build.service_account("b", scope=ORG))
    with store.snapshot() as tx:
        page = tx.service_accounts.page(ACCOUNT, search, PageRequest(0, 2))
        assert page.total == expected
        assert [one.identifier for one in page.items] == {3: ["c", "b"], 1: ["b"], 0: []}[expected]


def test_what_is_below_a_scope_is_listed_and_taken_away(store: Any, build: Any) -> None:
    beside = (Scope("acct", "org2"), Scope("acct", "org2", "project"), Scope("other", "org"))
    with store.transaction() as tx:
        for second, scope in enumerate((ACCOUNT, ORG, PROJECT, *beside)):
            tx.service_accounts.add(build.service_account(scope=scope, second=second))
        tx.roles.add(Role(PROJECT, "r", "R", frozenset(), frozenset(), build.at(0), build.at(0)))
        assert [one.scope for one in tx.service_accounts.list_below(ORG)] == [ORG, PROJECT]
        assert len(tx.service_accounts.list_below(ACCOUNT)) == 5
        assert tx.service_accounts.remove_below(ORG) == 2
        assert [one.scope for one in tx.service_accounts.list_below(ACCOUNT)] == [ACCOUNT, *beside[:2]]
        assert tx.roles.find(PROJECT, "r") is not None


def test_what_speaks_of_a_principal_is_found_in_every_scope(store: Any, build: Any) -> None:
    def assignment(scope: Scope, user: str, second: float) -> Assignment:
        return Assignment(scope, f"of_{user}", "r", "g", build.user_ref(user), build.at(second), build.at(second))

    with store.transaction() as tx:
        for each in (assignment(PROJECT, "u1", 2), assignment(ACCOUNT, "u1", 1), assignment(ORG, "u2", 0)):
            tx.role_assignments.add(each)
        found = tx.role_assignments.list_about("acct", build.user_ref().key)
        assert [one.scope for one in found] == [ACCOUNT, PROJECT]
        assert tx.role_assignments.list_about("other", build.user_ref().key) == ()
