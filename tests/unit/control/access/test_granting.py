"""What role assignments add up to: more of them never take away, and none reaches beyond its own place."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pierhead.control.access import (
    Grant,
    Grants,
    IncludedScope,
    Permission,
    PrincipalRef,
    ResourceGroup,
    ResourceSelector,
    Role,
    RoleAssignment,
    resource_type_of,
)
from pierhead.control.access.granting import grants_by, grants_of
from pierhead.control.access.managed import managed_group, managed_groups, managed_role, managed_roles
from pierhead.control.access.permissions import levels_of
from pierhead.control.audit import PrincipalType
from pierhead.control.scopes import Level, ResourceType, Scope

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNT, ORG, PROJECT = Scope("acc"), Scope("acc", "o"), Scope("acc", "o", "p")
PLACES = [ACCOUNT, ORG, PROJECT, Scope("acc", "o", "q"), Scope("acc", "x"), Scope("acc", "x", "p"), Scope("other")]
NAMES = ["", "mirror", "hub", "x"]
SOMEBODY = PrincipalRef(PrincipalType.USER, ACCOUNT, "ann")

places = st.sampled_from(PLACES)
permissions = st.sampled_from(list(Permission))
identifiers = st.none() | st.frozensets(st.sampled_from(NAMES[1:]), max_size=3)
categories = st.none() | st.tuples(st.sampled_from(["ARTIFACTORY", "CODE_REPO"]))
selectors = st.builds(ResourceSelector, st.sampled_from(list(ResourceType)), identifiers, categories)
levels = st.frozensets(st.sampled_from(list(Level)), min_size=1)
roles = st.builds(
    lambda chosen, at: Role(ACCOUNT, "r", "r", chosen, at, NOW, NOW), st.frozensets(permissions, max_size=6), levels
)
groups = st.builds(
    lambda included, chosen, at: ResourceGroup(ACCOUNT, "g", "g", included, chosen, at, NOW, NOW),
    st.lists(st.builds(IncludedScope, places, st.booleans()), max_size=3).map(tuple),
    st.none() | st.lists(selectors, max_size=3).map(tuple),
    levels,
)


def assigned(scope: Scope, *, is_disabled: bool = False) -> RoleAssignment:
    return RoleAssignment(scope, "a", "r", "g", SOMEBODY, NOW, NOW, is_disabled=is_disabled)


assignments = st.builds(lambda scope, off: assigned(scope, is_disabled=off), places, st.booleans())
triples = st.tuples(assignments, roles, groups)


def granted(found: list[tuple[RoleAssignment, Role, ResourceGroup]]) -> Grants:
    by_id = {id(assignment): (role, group) for assignment, role, group in found}
    every = [assignment for assignment, _, _ in found]
    return grants_of(every, lambda one: by_id[id(one)][0], lambda one: by_id[id(one)][1])


def role(*chosen: Permission, at: Level = Level.PROJECT) -> Role:
    return Role(PROJECT, "r", "r", frozenset(chosen), frozenset({at}), NOW, NOW)


def group(*included: IncludedScope, chosen: tuple[ResourceSelector, ...] | None = None) -> ResourceGroup:
    return ResourceGroup(PROJECT, "g", "g", included, chosen, frozenset(Level), NOW, NOW)


@given(st.lists(triples, max_size=5), triples, permissions, places, st.sampled_from(NAMES))
def test_another_assignment_never_takes_away(
    found: list[tuple[RoleAssignment, Role, ResourceGroup]],
    another: tuple[RoleAssignment, Role, ResourceGroup],
    permission: Permission,
    scope: Scope,
    name: str,
) -> None:
    if granted(found).allows(permission, scope, name):
        assert granted([*found, another]).allows(permission, scope, name)


@given(triples, permissions, places, st.sampled_from(NAMES))
def test_an_assignment_never_reaches_beyond_its_place_its_role_and_its_level(
    one: tuple[RoleAssignment, Role, ResourceGroup], permission: Permission, scope: Scope, name: str
) -> None:
    assignment, role_, group_ = one
    if granted([one]).allows(permission, scope, name):
        assert assignment.scope.contains(scope)
        assert permission in role_.permissions
        assert assignment.scope.level in role_.levels & group_.levels
        assert not assignment.is_disabled


@given(st.lists(triples, max_size=5), permissions, places, st.sampled_from(NAMES[1:]))
def test_what_is_visible_is_what_is_allowed(
    found: list[tuple[RoleAssignment, Role, ResourceGroup]], permission: Permission, scope: Scope, name: str
) -> None:
    grants = granted(found)
    seen = grants.visible(permission, scope)
    assert grants.allows(permission, scope, name) is (seen is None or name in seen)
    assert grants.allows(permission, scope) is (seen is None)


@given(st.lists(triples, max_size=4), triples, permissions, places, st.sampled_from(NAMES))
def test_whoever_covers_a_grant_may_all_that_it_allows(
    own: list[tuple[RoleAssignment, Role, ResourceGroup]],
    given_: tuple[RoleAssignment, Role, ResourceGroup],
    permission: Permission,
    scope: Scope,
    name: str,
) -> None:
    grants = granted(own)
    for grant in granted([given_]).all:
        if grants.covers(permission, grant) and Grants((grant,)).allows(permission, scope, name):
            assert grants.allows(permission, scope, name) or (name and grants.visible(permission, scope) is None)


def test_a_place_above_or_beside_the_assignment_counts_for_nothing() -> None:
    wide = group(
        IncludedScope(ACCOUNT, True), IncludedScope(Scope("acc", "o", "q"), False), IncludedScope(PROJECT, True)
    )
    [grant] = grants_by(assigned(PROJECT), role(Permission.CONNECTOR_VIEW), wide)
    assert grant == Grant(frozenset({Permission.CONNECTOR_VIEW}), PROJECT, True, None)


def test_a_role_is_good_only_where_its_level_is() -> None:
    everything = group(IncludedScope(ACCOUNT, True))
    assert grants_by(assigned(ACCOUNT), role(Permission.ACCOUNT_EDIT), everything) == []


@pytest.mark.parametrize(
    ("chosen", "wanted"),
    [
        ((), {}),
        ((ResourceSelector(ResourceType.CONNECTOR),), {ResourceType.CONNECTOR: None}),
        ((ResourceSelector(ResourceType.CONNECTOR, frozenset({"a"})),), {ResourceType.CONNECTOR: {"a"}}),
        (
            (
                ResourceSelector(ResourceType.CONNECTOR, frozenset({"a"})),
                ResourceSelector(ResourceType.CONNECTOR, frozenset({"b"})),
            ),
            {ResourceType.CONNECTOR: {"a", "b"}},
        ),
        (
            (ResourceSelector(ResourceType.CONNECTOR, frozenset({"a"})), ResourceSelector(ResourceType.CONNECTOR)),
            {ResourceType.CONNECTOR: None},
        ),
        ((ResourceSelector(ResourceType.CONNECTOR, None, ("ARTIFACTORY",)),), {ResourceType.CONNECTOR: None}),
        ((ResourceSelector(ResourceType.CONNECTOR, None, ("CODE_REPO",)),), {ResourceType.CONNECTOR: set()}),
        ((ResourceSelector(ResourceType.SECRET, None, ("ARTIFACTORY",)),), {ResourceType.SECRET: set()}),
    ],
)
def test_selectors_name_things(
    chosen: tuple[ResourceSelector, ...], wanted: dict[ResourceType, set[str] | None]
) -> None:
    found = group(IncludedScope(PROJECT, False), chosen=chosen)
    [grant] = grants_by(assigned(PROJECT), role(Permission.CONNECTOR_VIEW), found)
    assert grant.resources == wanted


def test_an_assignment_of_what_is_gone_grants_nothing() -> None:
    everything = group(IncludedScope(PROJECT, True))
    found = role(Permission.CONNECTOR_VIEW)
    assert grants_of([assigned(PROJECT)], lambda _: None, lambda _: everything) == Grants()
    assert grants_of([assigned(PROJECT)], lambda _: found, lambda _: None) == Grants()
    assert grants_of([assigned(PROJECT, is_disabled=True)], lambda _: found, lambda _: everything) == Grants()


@pytest.mark.parametrize("scope", [ACCOUNT, ORG, PROJECT])
def test_managed_roles_hold_what_means_something_at_their_level(scope: Scope) -> None:
    found = {each.identifier: each for each in managed_roles(scope)}
    word = {Level.ACCOUNT: "account", Level.ORG: "organization", Level.PROJECT: "project"}[scope.level]
    assert {f"_{word}_admin", f"_{word}_viewer", f"_{word}_basic"} <= set(found)
    viewer, admin = found[f"_{word}_viewer"], found[f"_{word}_admin"]
    assert all(permission.endswith("_view") for permission in viewer.permissions)
    assert found[f"_{word}_basic"].permissions <= viewer.permissions <= admin.permissions
    for each in found.values():
        assert all(each.levels <= levels_of(permission) for permission in each.permissions)


def test_an_account_admin_may_everything_and_an_executor_uses_what_is_there() -> None:
    admin, executor = managed_role("_account_admin", ACCOUNT), managed_role("_pipeline_executor", PROJECT)
    assert admin is not None
    assert executor is not None
    assert admin.permissions == frozenset(Permission)
    assert {Permission.CONNECTOR_ACCESS, Permission.SECRET_ACCESS, Permission.PIPELINE_EXECUTE} <= executor.permissions
    assert not [each for each in executor.permissions if each.endswith(("_edit", "_delete"))]


def test_managed_groups_are_the_place_itself_or_all_that_is_in_it() -> None:
    assert [each.identifier for each in managed_groups(ORG)] == [
        "_all_organization_level_resources",
        "_all_resources_including_child_scopes",
    ]
    flat = managed_group("_all_organization_level_resources", ORG)
    assert flat is not None
    assert flat.included_scopes == (IncludedScope(ORG, False),)
    assert managed_group("mine", ORG) is None


@pytest.mark.parametrize("permission", list(Permission))
def test_every_permission_has_a_kind_of_thing_and_a_level(permission: Permission) -> None:
    assert resource_type_of(permission) in ResourceType
    assert Level.ACCOUNT in levels_of(permission)
