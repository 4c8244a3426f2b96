"""What one may not give, one may not take from somebody else; from himself everybody may."""

from collections.abc import Callable

import pytest

from pierhead.control.access import (
    AccessDeniedError,
    ApiKeyDraft,
    AssignmentDraft,
    Giver,
    IncludedScope,
    LastAdminError,
    Permission,
    PrincipalRef,
    ResourceGroupDraft,
    ResourceSelector,
    Rights,
    RoleDraft,
)
from pierhead.control.audit import Actor, PrincipalType
from pierhead.control.scopes import Level, ResourceType, Scope
from pierhead.testing.places import make_place

from .people_world import World

ANYWHERE = "_all_resources_including_child_scopes"
MANAGES = frozenset({Permission.USER_MANAGE, Permission.SERVICE_ACCOUNT_DELETE, Permission.ROLE_EDIT})
OPENS = frozenset({Permission.SECRET_ACCESS})


class Stage(World):
    """``boss`` and the service account ``ci`` have the roles ``manages`` and ``opens`` in a project and its account on
    the group ``all``; ``manager`` has only the first."""

    def __init__(self) -> None:
        super().__init__()
        self.rights = Rights.on(self.store, self.clock)
        self.place = make_place(self.store, Scope(self.account.id, "org", "project"))
        self.boss, self.manager, self.ci = self.user("boss@example.com"), self.user(), self.machine()
        self.given: dict[tuple[str, str, Scope], str] = {}
        for scope in (self.scope, self.place):
            self.rights.resource_groups.create(self.group(scope, None))
            for name, permissions in (("manages", MANAGES), ("opens", OPENS)):
                self.rights.roles.create(self.role(scope, name, permissions))
                self.give(self.boss, name, scope)
            self.give(self.manager, "manages", scope)
        self.give(self.ci, "opens", self.scope)

    def role(self, scope: Scope, name: str, permissions: frozenset[Permission]) -> RoleDraft:
        return RoleDraft(scope, name, name, permissions, frozenset({scope.level}))

    def group(self, scope: Scope, selectors: tuple[ResourceSelector, ...] | None) -> ResourceGroupDraft:
        return ResourceGroupDraft(scope, "all", "all", selectors, (IncludedScope(scope, True),))

    def give(self, to: PrincipalRef, role: str, scope: Scope, group: str = "all") -> str:
        made = self.rights.assignments.create(AssignmentDraft(scope, role, to.type, to.identifier, group))
        self.given[(to.identifier, role, scope)] = made.identifier
        return made.identifier

    def by(self, ref: PrincipalRef) -> Giver:
        return Giver(Actor(PrincipalType.USER, ref.identifier), ref)

    def of(self, ref: PrincipalRef, role: str = "opens") -> str:
        return self.given[(ref.identifier, role, self.scope)]


Change = Callable[[Stage, Giver], object]
TAKEN: dict[str, Change] = {
    "switch-off": lambda s, by: s.rights.assignments.set_disabled(s.scope, s.of(s.boss), True, giver=by),
    "delete-assignment": lambda s, by: s.rights.assignments.delete(s.scope, s.of(s.boss), giver=by),
    "narrow-role": lambda s, by: s.rights.roles.update(s.role(s.scope, "opens", frozenset()), giver=by),
    "role-of-other-level": lambda s, by: s.rights.roles.update(
        RoleDraft(s.place, "opens", "opens", OPENS, frozenset({Level.PROJECT, Level.ORG})), giver=by
    ),
    "narrow-group": lambda s, by: s.rights.resource_groups.update(
        s.group(s.scope, (ResourceSelector(ResourceType.SECRET, frozenset({"one"})),)), giver=by
    ),
    "leave": lambda s, by: s.people.users.leave(s.place, s.boss.identifier, giver=by),
    "disable": lambda s, by: s.people.users.disable(s.account.id, s.boss.identifier, giver=by),
    "enable": lambda s, by: s.people.users.enable(s.account.id, s.boss.identifier, giver=by),
    "delete": lambda s, by: s.people.users.delete(s.account.id, s.boss.identifier, giver=by),
    "delete-service-account": lambda s, by: s.people.service_accounts.delete(s.scope, "ci", giver=by),
    "add-key": lambda s, by: s.people.api_keys.create(ApiKeyDraft(s.boss, "another", "another"), giver=by),
    "shorten-keys": lambda s, by: s.people.api_keys.update(ApiKeyDraft(s.boss, "key", "key", 1), giver=by),
}
HARMLESS = {"role-of-other-level"}


@pytest.fixture
def stage() -> Stage:
    made = Stage()
    made.key(made.boss, "key")
    return made


@pytest.mark.parametrize("way", sorted(TAKEN.keys() - HARMLESS))
def test_nobody_takes_from_others_what_he_could_not_give(stage: Stage, way: str) -> None:
    records = stage.records()
    with pytest.raises(AccessDeniedError) as refusal:
        TAKEN[way](stage, stage.by(stage.manager))
    assert refusal.value.check.permission is Permission.SECRET_ACCESS
    assert stage.records() == records


@pytest.mark.parametrize("way", sorted(TAKEN))
def test_whoever_may_as_much_may_take_it(stage: Stage, way: str) -> None:
    second = stage.user("second@example.com")
    for scope in (stage.scope, stage.place):
        for name, permissions in (("manages2", MANAGES), ("opens2", OPENS)):
            stage.rights.roles.create(stage.role(scope, name, permissions))
            stage.give(second, name, scope, "_all_account_level_resources" if scope is stage.scope else "all")
    everywhere = stage.role(stage.scope, "both", MANAGES | OPENS)
    stage.rights.roles.create(everywhere)
    stage.give(second, "both", stage.scope, ANYWHERE)
    TAKEN[way](stage, stage.by(second))


def test_a_change_that_takes_nothing_from_anybody_needs_no_more_than_its_permission(stage: Stage) -> None:
    for way in HARMLESS:
        TAKEN[way](stage, stage.by(stage.manager))
    wider = frozenset({*OPENS, Permission.USER_MANAGE})
    stage.rights.roles.update(stage.role(stage.scope, "opens", wider), giver=stage.by(stage.manager))


def test_what_is_equal_to_ones_own_is_taken_though_its_owner_may_do_more(stage: Stage) -> None:
    stage.rights.assignments.delete(stage.scope, stage.of(stage.boss, "manages"), giver=stage.by(stage.manager))


@pytest.mark.parametrize("way", ["switch-off", "delete-assignment", "leave", "disable", "delete", "shorten-keys"])
def test_everybody_may_make_himself_smaller(stage: Stage, way: str) -> None:
    TAKEN[way](stage, stage.by(stage.boss))


def test_an_assignment_of_ones_own_that_is_switched_off_can_be_deleted_and_not_switched_on(stage: Stage) -> None:
    mine, me = stage.give(stage.manager, "opens", stage.scope), stage.by(stage.manager)
    stage.rights.assignments.set_disabled(stage.scope, mine, True, giver=me)
    with pytest.raises(AccessDeniedError):
        stage.rights.assignments.set_disabled(stage.scope, mine, False, giver=me)
    stage.rights.assignments.delete(stage.scope, mine, giver=me)


def test_a_manager_does_not_take_the_role_of_an_admin_and_the_last_admin_not_his_own(stage: Stage) -> None:
    second = stage.user("second@example.com")
    stage.give(second, "_account_admin", stage.scope, ANYWHERE)
    stage.token(second)
    assignments, last = stage.rights.assignments, "admin"
    with pytest.raises(AccessDeniedError):
        assignments.delete(stage.scope, last, giver=stage.by(stage.manager))
    assignments.delete(stage.scope, last, giver=stage.by(stage.admin))
    with pytest.raises(LastAdminError):
        assignments.delete(
            stage.scope, stage.given[(second.identifier, "_account_admin", stage.scope)], giver=stage.by(second)
        )


def test_the_refusal_says_that_it_is_about_taking(stage: Stage) -> None:
    with pytest.raises(AccessDeniedError) as refusal:
        TAKEN["switch-off"](stage, stage.by(stage.manager))
    assert "taken from somebody else" in refusal.value.hint


def test_whoever_was_disabled_since_he_asked_gives_and_takes_nothing(stage: Stage) -> None:
    stage.people.users.disable(stage.account.id, stage.boss.identifier)
    by, third = stage.by(stage.boss), stage.user("third@example.com")
    with pytest.raises(AccessDeniedError):
        TAKEN["delete-service-account"](stage, by)
    draft = AssignmentDraft(stage.scope, "opens", PrincipalType.USER, third.identifier, "all")
    with pytest.raises(AccessDeniedError):
        stage.rights.assignments.create(draft, giver=by)
