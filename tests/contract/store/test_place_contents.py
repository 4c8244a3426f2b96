"""What keeps a place from being deleted, and what goes along with it."""

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from pierhead.control.access import (
    ApiKey,
    IncludedScope,
    PrincipalRef,
    ResourceGroup,
    Role,
    RoleAssignment,
    ServiceAccount,
    Token,
)
from pierhead.control.audit import PrincipalType
from pierhead.control.delegates import DelegateState, TokenStatus
from pierhead.control.organizations import Organization, Project
from pierhead.control.pipelines import RunState
from pierhead.control.scopes import Level, Scope

if TYPE_CHECKING:
    from conftest import Build, Store

ACCOUNT, ORG, PROJECT = Scope("acct"), Scope("acct", "eng"), Scope("acct", "eng", "web")
ELSEWHERE = (ACCOUNT, ORG, Scope("acct", "eng", "api"), Scope("acct", "e_g", "web"), Scope("other", "eng", "web"))


def fill(store: "Store", build: "Build", scope: Scope) -> None:
    """One of everything that goes along."""
    at = build.start
    robot = ServiceAccount(scope, "robot", "robot", at, at)
    with store.transaction() as tx:
        tx.service_accounts.add(robot)
        tx.api_keys.add(ApiKey(scope, "k", "k", robot.ref, at, at))
        tx.tokens.add(Token(f"t {scope}", scope.account, robot.ref, "k", "t", "t", b"x" * 32, at, at))
        tx.roles.add(Role(scope, "r", "r", frozenset(), frozenset(Level), at, at))
        tx.resource_groups.add(ResourceGroup(scope, "g", "g", (), None, frozenset(Level), at, at))
        tx.role_assignments.add(RoleAssignment(scope, "a", "r", "g", robot.ref, at, at))
        tx.role_assignments.add(
            RoleAssignment(Scope(scope.account), f"a{abs(hash(scope))}", "r", "g", robot.ref, at, at)
        )
        tx.runs.add(
            build.run(
                f"run {scope}",
                account=scope.account,
                org=scope.org,
                project=scope.project,
                stages=(),
                images=(),
                state=RunState.SUCCEEDED,
            )
        )
        tx.delegate_tokens.add(build.token(f"d {scope}", scope=scope, status=TokenStatus.REVOKED))


def left(store: "Store", scope: Scope) -> list[bool]:
    robot = PrincipalRef(PrincipalType.SERVICE_ACCOUNT, scope, "robot")
    with store.snapshot() as tx:
        return [
            bool(tx.service_accounts.list(scope)),
            bool(tx.api_keys.list(scope)),
            bool(tx.tokens.list(scope.account, robot)),
            bool(tx.roles.list(scope)),
            bool(tx.resource_groups.list(scope)),
            any(one.scope == scope for one in tx.role_assignments.list_about(scope.account, robot.key)),
            any(one.scope == Scope(scope.account) for one in tx.role_assignments.list_about(scope.account, robot.key)),
            tx.runs.find(scope.account, f"run {scope}") is not None,
            bool(tx.delegate_tokens.list(scope)),
        ]


def test_clearing_a_project_leaves_nothing_in_it_and_all_that_is_elsewhere(store: "Store", build: "Build") -> None:
    for scope in (PROJECT, *ELSEWHERE):
        fill(store, build, scope)
    with store.transaction() as tx:
        tx.contents.clear(PROJECT)
    assert not any(left(store, PROJECT))
    for scope in ELSEWHERE:
        assert all(left(store, scope)), scope


def test_clearing_an_organization_clears_its_projects_too_but_not_the_account(store: "Store", build: "Build") -> None:
    for scope in (PROJECT, *ELSEWHERE):
        fill(store, build, scope)
    with store.transaction() as tx:
        tx.contents.clear(ORG)
    for scope in (PROJECT, ORG, Scope("acct", "eng", "api")):
        assert not any(left(store, scope)), scope
    for scope in (ACCOUNT, Scope("acct", "e_g", "web"), Scope("other", "eng", "web")):
        assert all(left(store, scope)), scope


def test_an_organization_itself_is_not_part_of_its_contents(store: "Store", build: "Build") -> None:
    at = build.start
    with store.transaction() as tx:
        tx.organizations.add(Organization(ACCOUNT, "eng", "eng", at, at))
        tx.projects.add(Project(ORG, "web", "web", at, at))
    with store.transaction() as tx:
        tx.contents.clear(PROJECT)
        assert tx.projects.find(ORG, "web")
        tx.contents.clear(ORG)
        assert tx.organizations.find(ACCOUNT, "eng")


@pytest.mark.parametrize("place", [PROJECT, ORG])
def test_no_group_of_the_account_speaks_of_a_place_that_is_gone(store: "Store", build: "Build", place: Scope) -> None:
    at, later = build.start, build.start + timedelta(seconds=1)
    included = tuple(IncludedScope(scope, True) for scope in (*ELSEWHERE[:4], PROJECT))
    both, only, other = (
        ResourceGroup(Scope(account), name, name, those, None, frozenset(Level), at, at)
        for account, name, those in (
            ("acct", "both", included),
            ("acct", "only", included[-1:]),
            ("other", "only", (IncludedScope(Scope("other", "eng", "web"), False),)),
        )
    )
    with store.transaction() as tx:
        assert [tx.resource_groups.add(group) for group in (both, only, other)] == [True] * 3
    with store.transaction() as tx:
        changed = tx.contents.take_out_of_groups(place, later)
        assert tx.contents.take_out_of_groups(place, later) == ()
    left = tuple(one for one in included if not place.contains(one.scope))
    with store.snapshot() as tx:
        assert tx.resource_groups.list_below(ACCOUNT) == (
            replace(both, included_scopes=left, last_modified_at=later),
            replace(only, included_scopes=(), last_modified_at=later),
        )
        assert tx.resource_groups.list(Scope("other")) == (other,)
    assert [one.subject.identifier for one in changed] == ["both", "only"]
    assert changed[1].before["includedScopes"] != changed[1].after["includedScopes"] == []


@pytest.mark.parametrize("place", [PROJECT, ORG])
def test_what_somebody_made_and_may_need_is_held_by_the_place_and_those_above(
    store: "Store", build: "Build", place: Scope
) -> None:
    with store.transaction() as tx:
        assert dict(tx.contents.held(place)) == {}
        tx.connectors.add(build.connector(scope=PROJECT))
        tx.secrets.add(build.secret(scope=PROJECT))
        tx.delegate_tokens.add(build.token(scope=PROJECT))
        tx.delegate_groups.add(build.group(scope=PROJECT))
        tx.delegates.put(build.delegate(scope=PROJECT))
        tx.runs.add(build.run(org="eng", project="web"))
    with store.snapshot() as tx:
        assert dict(tx.contents.held(place)) == {
            "connectors": 1,
            "secrets": 1,
            "active delegate tokens": 1,
            "delegates": 1,
            "delegate groups": 1,
            "running runs": 1,
        }


def test_what_is_elsewhere_over_or_revoked_holds_no_place(store: "Store", build: "Build") -> None:
    with store.transaction() as tx:
        for scope in ELSEWHERE:
            tx.connectors.add(build.connector(scope=scope))
        tx.delegate_tokens.add(build.token(scope=PROJECT, status=TokenStatus.REVOKED))
        tx.delegates.put(build.delegate(scope=PROJECT, state=DelegateState.DELETED))
        tx.runs.add(build.run(org="eng", project="web", state=RunState.SUCCEEDED))
    with store.snapshot() as tx:
        assert dict(tx.contents.held(PROJECT)) == {}
