"""Roles, resource groups and assignments: above all that nobody gives away what he does not have."""

from dataclasses import replace

import pytest

from pierhead.control.access import (
    AccessDeniedError,
    AccessService,
    AssignmentDraft,
    AssignmentNotFoundError,
    Giver,
    IncludedScope,
    InvalidAssignmentError,
    InvalidResourceGroupError,
    InvalidRoleError,
    LastAdminError,
    ManagedRoleError,
    Permission,
    PrincipalRef,
    ResourceGroupDraft,
    ResourceGroupNotFoundError,
    ResourceSelector,
    Rights,
    RoleDraft,
    RoleExistsError,
    RoleNotFoundError,
    ServiceAccount,
    StillAssignedError,
    User,
)
from pierhead.control.audit import Action, Actor, PrincipalType
from pierhead.control.organizations import PlaceNotFoundError
from pierhead.control.scopes import InvalidIdentifierError, Level, ResourceType, Scope
from pierhead.kit.paging import PageRequest
from pierhead.testing.clock import FakeClock
from pierhead.testing.memory import AUDIT_KEY, MemoryStore
from pierhead.testing.places import make_place

PAGE = PageRequest()
EVERYTHING = "_all_resources_including_child_scopes"


class Stage:
    """An account with one project, its admin, and people by name."""

    def __init__(self) -> None:
        self.clock, self.store = FakeClock(), MemoryStore()
        self.store.use_audit_key(AUDIT_KEY)
        self.access = AccessService(self.store, self.clock, b"p" * 32)
        self.account = self.access.create_account()[0].id
        self.rights = Rights.on(self.store, self.clock)
        self.place = make_place(self.store, Scope(self.account, "org", "project"))
        self.top = Scope(self.account)
        [self.first] = self.rights.assignments.list(self.top)

    def person(self, name: str) -> PrincipalRef:
        now = self.clock.now()
        with self.store.transaction() as tx:
            tx.users.add(User(self.account, name, f"{name}@example.com", name, now, now))
        return PrincipalRef(PrincipalType.USER, self.top, name)

    def giver(self, name: str) -> Giver:
        return Giver(Actor(PrincipalType.USER, name), PrincipalRef(PrincipalType.USER, self.top, name))

    def give(self, to: str, role: str, scope: Scope, group: str = "", by: str = "") -> str:
        draft = AssignmentDraft(scope, role, PrincipalType.USER, to, group)
        made = self.rights.assignments.create(draft, **({"giver": self.giver(by)} if by else {}))
        return made.identifier

    def role(self, identifier: str, *permissions: Permission, scope: Scope | None = None) -> RoleDraft:
        return RoleDraft(scope or self.place, identifier, identifier, frozenset(permissions))

    def may(self, name: str, permission: Permission, scope: Scope, identifier: str = "") -> bool:
        return self.access.grants(self.giver(name).principal).allows(permission, scope, identifier)  # type: ignore[arg-type]


@pytest.fixture
def stage() -> Stage:
    made = Stage()
    for name in ("ann", "bob", "cem"):
        made.person(name)
    return made


def test_a_role_given_counts_at_once_and_no_longer_when_it_is_taken_away(stage: Stage) -> None:
    given = stage.give("ann", "_project_viewer", stage.place)
    assert stage.may("ann", Permission.CONNECTOR_VIEW, stage.place)
    assert not stage.may("ann", Permission.CONNECTOR_VIEW, stage.top)
    stage.rights.assignments.delete(stage.place, given)
    assert not stage.may("ann", Permission.CONNECTOR_VIEW, stage.place)


def test_an_assignment_can_be_switched_off_and_on(stage: Stage) -> None:
    given = stage.give("ann", "_project_viewer", stage.place)
    stage.rights.assignments.set_disabled(stage.place, given, True)
    assert not stage.may("ann", Permission.CONNECTOR_VIEW, stage.place)
    stage.rights.assignments.set_disabled(stage.place, given, False)
    assert stage.may("ann", Permission.CONNECTOR_VIEW, stage.place)


def test_nobody_gives_a_role_that_holds_more_than_he_has(stage: Stage) -> None:
    stage.give("ann", "_project_viewer", stage.place)
    with pytest.raises(AccessDeniedError) as refused:
        stage.give("bob", "_project_admin", stage.place, by="ann")
    assert refused.value.check.scope == stage.place
    stage.give("bob", "_project_viewer", stage.place, by="ann")


def test_nobody_gives_a_role_on_more_places_than_he_has(stage: Stage) -> None:
    org = Scope(stage.account, "org")
    stage.give("ann", "_organization_admin", org)  # of the organization itself, not of its projects
    with pytest.raises(AccessDeniedError):
        stage.give("bob", "_organization_viewer", org, EVERYTHING, by="ann")
    stage.give("bob", "_organization_viewer", org, by="ann")


def test_nobody_gives_a_role_on_more_things_than_he_has(stage: Stage) -> None:
    one = (ResourceSelector(ResourceType.CONNECTOR, frozenset({"mirror"})),)
    stage.rights.resource_groups.create(ResourceGroupDraft(stage.place, "one", "one", one))
    stage.rights.roles.create(stage.role("sees", Permission.CONNECTOR_VIEW))
    stage.give("ann", "sees", stage.place, "one")
    assert stage.may("ann", Permission.CONNECTOR_VIEW, stage.place, "mirror")
    assert not stage.may("ann", Permission.CONNECTOR_VIEW, stage.place, "hub")
    with pytest.raises(AccessDeniedError):
        stage.give("bob", "sees", stage.place, by="ann")
    stage.give("bob", "sees", stage.place, "one", by="ann")


def test_nobody_puts_more_into_a_role_that_is_in_use_than_he_has(stage: Stage) -> None:
    stage.rights.roles.create(stage.role("works", Permission.CONNECTOR_VIEW))
    stage.give("ann", "_project_viewer", stage.place)
    more = stage.role("works", Permission.CONNECTOR_VIEW, Permission.SECRET_EDIT)
    stage.rights.roles.update(more, giver=stage.giver("ann"))  # nobody has it yet
    stage.rights.roles.update(stage.role("works", Permission.CONNECTOR_VIEW))
    stage.give("ann", "works", stage.place)
    with pytest.raises(AccessDeniedError):
        stage.rights.roles.update(more, giver=stage.giver("ann"))
    assert not stage.may("ann", Permission.SECRET_EDIT, stage.place)


def test_a_role_that_holds_more_than_the_caller_has_is_made_smaller_only_by_what_he_has(stage: Stage) -> None:
    both = stage.role("works", Permission.CONNECTOR_EDIT, Permission.SECRET_EDIT)
    stage.rights.roles.create(both)
    stage.give("bob", "works", stage.place)
    stage.rights.roles.create(stage.role("connects", Permission.CONNECTOR_EDIT))
    stage.give("ann", "connects", stage.place)
    with pytest.raises(AccessDeniedError):
        stage.rights.roles.update(stage.role("works", Permission.CONNECTOR_EDIT), giver=stage.giver("ann"))
    stage.rights.roles.update(stage.role("works", Permission.SECRET_EDIT), giver=stage.giver("ann"))
    assert not stage.may("bob", Permission.CONNECTOR_EDIT, stage.place)


def test_nobody_makes_a_group_that_is_in_use_reach_further_than_he_does(stage: Stage) -> None:
    stage.rights.resource_groups.create(ResourceGroupDraft(stage.place, "things", "things", ()))
    stage.give("ann", "_project_admin", stage.place, "things")
    wide = ResourceGroupDraft(stage.place, "things", "things", None)
    with pytest.raises(AccessDeniedError):
        stage.rights.resource_groups.update(wide, giver=stage.giver("ann"))
    assert not stage.may("ann", Permission.SECRET_VIEW, stage.place, "x")


def test_nobody_switches_on_what_he_could_not_give(stage: Stage) -> None:
    given = stage.give("bob", "_project_admin", stage.place)
    stage.rights.assignments.set_disabled(stage.place, given, True)
    stage.give("ann", "_project_viewer", stage.place)
    with pytest.raises(AccessDeniedError):
        stage.rights.assignments.set_disabled(stage.place, given, False, giver=stage.giver("ann"))


def test_only_the_program_gives_without_limits() -> None:
    with pytest.raises(ValueError, match="only the program"):
        Giver(Actor(PrincipalType.USER, "ann"))


def test_the_last_account_admin_stays(stage: Stage) -> None:
    for lose in (
        lambda: stage.rights.assignments.delete(stage.top, stage.first.identifier),
        lambda: stage.rights.assignments.set_disabled(stage.top, stage.first.identifier, True),
    ):
        with pytest.raises(LastAdminError):
            lose()
    stage.give("ann", "_account_admin", stage.top)  # not on everything below
    with pytest.raises(LastAdminError):
        stage.rights.assignments.delete(stage.top, stage.first.identifier)
    stage.give("bob", "_account_admin", stage.top, EVERYTHING)
    with pytest.raises(LastAdminError):  # who cannot get in
        stage.rights.assignments.delete(stage.top, stage.first.identifier)
    with stage.store.transaction() as tx:
        bob = tx.users.find(stage.account, "bob")
        assert bob is not None
        tx.users.replace(replace(bob, subject="bob at the provider"))
    stage.rights.assignments.delete(stage.top, stage.first.identifier)


def test_a_disabled_person_is_no_admin_who_remains(stage: Stage) -> None:
    stage.give("ann", "_account_admin", stage.top, EVERYTHING)
    now = stage.clock.now()
    with stage.store.transaction() as tx:
        tx.users.replace(User(stage.account, "ann", "ann@example.com", "ann", now, now, is_disabled=True))
    with pytest.raises(LastAdminError):
        stage.rights.assignments.delete(stage.top, stage.first.identifier)


@pytest.mark.parametrize(
    ("role", "kind", "who", "group"),
    [
        ("missing", PrincipalType.USER, "ann", ""),
        ("_account_admin", PrincipalType.USER, "ann", ""),
        ("_project_viewer", PrincipalType.USER, "nobody", ""),
        ("_project_viewer", PrincipalType.SERVICE_ACCOUNT, "ann", ""),
        ("_project_viewer", PrincipalType.DELEGATE, "ann", ""),
        ("_project_viewer", PrincipalType.USER, "ann", "missing"),
        ("_project_viewer", PrincipalType.USER, "ann", "_all_account_level_resources"),
    ],
)
def test_an_assignment_is_made_of_what_is_there(
    stage: Stage, role: str, kind: PrincipalType, who: str, group: str
) -> None:
    with pytest.raises(InvalidAssignmentError):
        stage.rights.assignments.create(AssignmentDraft(stage.place, role, kind, who, group))


def test_a_person_can_be_named_by_address(stage: Stage) -> None:
    stage.give("Ann@Example.com", "_project_viewer", stage.place)
    assert stage.may("ann", Permission.CONNECTOR_VIEW, stage.place)


def test_a_service_account_is_looked_for_upwards_unless_its_level_is_said(stage: Stage) -> None:
    now = stage.clock.now()
    with stage.store.transaction() as tx:
        tx.service_accounts.add(ServiceAccount(stage.top, "ci", "ci", now, now))
    robot = AssignmentDraft(stage.place, "_project_viewer", PrincipalType.SERVICE_ACCOUNT, "ci")
    assert stage.rights.assignments.create(robot).principal.scope == stage.top
    there = AssignmentDraft(stage.place, "_pipeline_executor", robot.principal_type, "ci", level=Level.PROJECT)
    with pytest.raises(InvalidAssignmentError):
        stage.rights.assignments.create(there)


def test_the_same_cannot_be_given_twice(stage: Stage) -> None:
    stage.give("ann", "_project_viewer", stage.place)
    with pytest.raises(RoleExistsError):
        stage.give("ann", "_project_viewer", stage.place)


def test_what_is_assigned_cannot_be_deleted(stage: Stage) -> None:
    stage.rights.roles.create(stage.role("sees", Permission.CONNECTOR_VIEW))
    stage.rights.resource_groups.create(ResourceGroupDraft(stage.place, "things", "things", None))
    given = stage.give("ann", "sees", stage.place, "things")
    for delete in (
        lambda: stage.rights.roles.delete(stage.place, "sees"),
        lambda: stage.rights.resource_groups.delete(stage.place, "things"),
    ):
        with pytest.raises(StillAssignedError):
            delete()
    stage.rights.assignments.delete(stage.place, given)
    stage.rights.roles.delete(stage.place, "sees")
    stage.rights.resource_groups.delete(stage.place, "things")
    with pytest.raises(RoleNotFoundError):
        stage.rights.roles.get(stage.place, "sees")
    with pytest.raises(ResourceGroupNotFoundError):
        stage.rights.resource_groups.get(stage.place, "things")
    with pytest.raises(AssignmentNotFoundError):
        stage.rights.assignments.delete(stage.place, given)


def test_managed_ones_can_be_neither_changed_nor_shadowed(stage: Stage) -> None:
    with pytest.raises(RoleExistsError):
        stage.rights.roles.create(stage.role("_account_admin"))
    with pytest.raises(RoleExistsError):
        stage.rights.resource_groups.create(ResourceGroupDraft(stage.place, EVERYTHING, "x", ()))
    for change in (
        lambda: stage.rights.roles.update(stage.role("_project_viewer")),
        lambda: stage.rights.roles.delete(stage.place, "_project_viewer"),
        lambda: stage.rights.resource_groups.update(ResourceGroupDraft(stage.place, EVERYTHING, "x", ())),
        lambda: stage.rights.resource_groups.delete(stage.place, EVERYTHING),
    ):
        with pytest.raises(ManagedRoleError):
            change()


def test_a_group_names_no_place_outside_its_own(stage: Stage) -> None:
    for scope in (stage.top, Scope(stage.account, "org"), Scope("other")):
        with pytest.raises(InvalidResourceGroupError):
            stage.rights.resource_groups.create(
                ResourceGroupDraft(stage.place, "g", "g", None, (IncludedScope(scope, True),))
            )
    missing = IncludedScope(Scope(stage.account, "nowhere"), True)
    with pytest.raises(PlaceNotFoundError):
        stage.rights.resource_groups.create(ResourceGroupDraft(stage.top, "g", "g", None, (missing,)))


@pytest.mark.parametrize(
    "draft",
    [
        lambda place: RoleDraft(place, "r", "r", frozenset({Permission.ACCOUNT_EDIT})),
        lambda place: RoleDraft(place, "r", "r", frozenset(), frozenset({Level.ACCOUNT})),
    ],
)
def test_a_role_makes_sense_where_it_is(stage: Stage, draft: object) -> None:
    with pytest.raises(InvalidRoleError):
        stage.rights.roles.create(draft(stage.place))  # type: ignore[operator]


def test_identifiers_and_places_are_checked(stage: Stage) -> None:
    with pytest.raises(InvalidIdentifierError):
        stage.rights.roles.create(stage.role("1x"))
    with pytest.raises(PlaceNotFoundError):
        stage.rights.roles.create(stage.role("r", scope=Scope(stage.account, "nowhere")))


def test_lists_hold_custom_ones_first_and_the_managed_ones_of_that_level(stage: Stage) -> None:
    stage.rights.roles.create(stage.role("zulu", Permission.CONNECTOR_VIEW))
    found = stage.rights.roles.list(stage.place, PAGE)
    assert [each.identifier for each in found.items][:1] == ["zulu"]
    assert {"_project_admin", "_pipeline_executor"} <= {each.identifier for each in found.items}
    assert "_account_admin" not in {each.identifier for each in found.items}
    assert stage.rights.roles.list(stage.place, PAGE, "ZUL").total == 1
    assert stage.rights.roles.list(stage.place, PAGE, among=frozenset({"zulu"})).total == 1
    assert stage.rights.roles.list(stage.place, PAGE, is_managed=False).total == 1
    assert stage.rights.resource_groups.list(stage.place, PAGE, is_managed=True).total == 2


def test_every_change_writes_one_record(stage: Stage) -> None:
    before = len(stage.store._committed.audit_records)
    stage.rights.roles.create(stage.role("sees", Permission.CONNECTOR_VIEW))
    given = stage.give("ann", "sees", stage.place)
    stage.rights.assignments.set_disabled(stage.place, given, True)
    stage.rights.assignments.delete(stage.place, given)
    stage.rights.roles.update(stage.role("sees", Permission.CONNECTOR_EDIT))
    stage.rights.roles.delete(stage.place, "sees")
    records = list(stage.store._committed.audit_records.values())[before:]
    found = [(record.entry.action, record.entry.subject.type) for record in records]
    assert found == [
        (Action.CREATE, ResourceType.ROLE),
        (Action.CREATE, ResourceType.ROLE_ASSIGNMENT),
        (Action.UPDATE, ResourceType.ROLE_ASSIGNMENT),
        (Action.DELETE, ResourceType.ROLE_ASSIGNMENT),
        (Action.UPDATE, ResourceType.ROLE),
        (Action.DELETE, ResourceType.ROLE),
    ]
