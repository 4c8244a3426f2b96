"""Custom roles of a place, beside the managed ones.

Refused: permissions that make no sense at the role's levels; giving with a role that is assigned, or taking from
others, what the caller does not have himself; deleting a role that is assigned; any change of a managed role.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pierhead.control.audit import Action, Subject, note
from pierhead.control.organizations import check_place
from pierhead.control.scopes import Level, ResourceType, Scope, check_identifier, check_name
from pierhead.kit.clock import Clock
from pierhead.kit.paging import Page, PageRequest
from pierhead.kit.signals import Signal, Topic

from .documents import LEVEL_WORDS, render_role
from .escalation import THE_PROGRAM, Giver
from .granting import grants_by
from .listing import pick
from .makers import reckoned
from .managed import managed_role, managed_roles
from .model import Role, RoleAssignment
from .permissions import Permission, levels_of
from .ports import AccessStore, AccessTransaction
from .resolving import group_at
from .role_errors import (
    InvalidRoleError,
    ManagedRoleError,
    RoleExistsError,
    RoleNotFoundError,
    StillAssignedError,
    TooManyRolesError,
)
from .turns import in_turn

KIND = "role"
MAX_ROLES = 1000  # at one place


@dataclass(frozen=True, slots=True)
class RoleDraft:
    """A role as a client describes it; empty ``levels`` are those of the place it is made in."""

    scope: Scope
    identifier: str
    name: str
    permissions: frozenset[Permission]
    levels: frozenset[Level] = frozenset()
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


class RoleService:
    def __init__(self, store: AccessStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def list(
        self,
        scope: Scope,
        request: PageRequest,
        search: str = "",
        among: frozenset[str] | None = None,
        *,
        is_managed: bool | None = None,
    ) -> Page[Role]:
        """Custom roles of exactly this place, oldest first, then the managed ones that it can use; of these the ones
        in ``among`` where that is given, and only managed or only custom ones where that is said."""
        with self._store.snapshot() as tx:
            found = [*tx.roles.list(scope), *managed_roles(scope)]
        return pick([each for each in found if is_managed in (None, each.is_managed)], request, search, among)

    def get(self, scope: Scope, identifier: str) -> Role:
        """Raises RoleNotFoundError."""
        with self._store.snapshot() as tx:
            found = _usable(managed_role(identifier, scope), scope) or tx.roles.find(scope, identifier)
        if found is None:
            raise RoleNotFoundError(identifier)
        return found

    def create(self, draft: RoleDraft, *, giver: Giver = THE_PROGRAM) -> Role:
        """Raises RoleExistsError, PlaceNotFoundError, InvalidInputError."""
        now = self._clock.now()
        role = _role(draft, now, now)
        with self._store.transaction() as tx:
            check_place(tx, role.scope)
            if tx.roles.page(role.scope, "", PageRequest(0, 1)).total >= MAX_ROLES:
                raise TooManyRolesError(KIND, role.scope, MAX_ROLES)
            if managed_role(role.identifier, role.scope) or not tx.roles.add(role):
                raise RoleExistsError(KIND, role.identifier)
            note(tx, now, giver.actor, Action.CREATE, _subject(role), after=render_role(role))
            tx.announce(Signal(Topic.ACCESS))
        return role

    def update(self, draft: RoleDraft, *, giver: Giver = THE_PROGRAM) -> Role:
        """Ends keys of those who have it that somebody made who may do less. Raises RoleNotFoundError,
        ManagedRoleError, AccessDeniedError, InvalidInputError."""
        with in_turn(self._store, draft.scope.account) as tx:
            before = self._own(tx, draft.scope, draft.identifier)
            after = _role(draft, before.created_at, self._clock.now())
            uses = _uses(tx, before)
            for assignment in uses:
                group = group_at(tx, assignment.scope, assignment.resource_group)
                if group is not None:
                    had, gets = grants_by(assignment, before, group), grants_by(assignment, after, group)
                    giver.check(tx, assignment.principal, had, gets)
            at, documents = after.last_modified_at, (render_role(before), render_role(after))
            with reckoned(tx, [each.principal for each in uses], giver, at):
                tx.roles.replace(after)
            note(tx, at, giver.actor, Action.UPDATE, _subject(after), *documents)
            tx.announce(Signal(Topic.ACCESS))
        return after

    def delete(self, scope: Scope, identifier: str, *, giver: Giver = THE_PROGRAM) -> Role:
        """Gives what was there. Raises RoleNotFoundError, ManagedRoleError, StillAssignedError."""
        with in_turn(self._store, scope.account) as tx:
            role = self._own(tx, scope, identifier)
            if uses := _uses(tx, role):
                raise StillAssignedError(KIND, identifier, len(uses))
            tx.roles.remove(scope, identifier)
            note(tx, self._clock.now(), giver.actor, Action.DELETE, _subject(role), before=render_role(role))
            tx.announce(Signal(Topic.ACCESS))
        return role

    def _own(self, tx: AccessTransaction, scope: Scope, identifier: str) -> Role:
        if _usable(managed_role(identifier, scope), scope) is not None:
            raise ManagedRoleError(KIND, identifier)
        role = tx.roles.find(scope, identifier)
        if role is None:
            raise RoleNotFoundError(identifier)
        return role


def _role(draft: RoleDraft, created_at: datetime, now: datetime) -> Role:
    levels = draft.levels or frozenset({draft.scope.level})
    _check_levels(draft, levels)
    return Role(
        scope=draft.scope,
        identifier=check_identifier(draft.identifier),
        name=check_name(draft.name),
        permissions=draft.permissions,
        levels=levels,
        created_at=created_at,
        last_modified_at=now,
        description=draft.description,
        tags=dict(draft.tags),
    )


def _check_levels(draft: RoleDraft, levels: frozenset[Level]) -> None:
    if draft.scope.level not in levels:
        word = LEVEL_WORDS[draft.scope.level]
        raise InvalidRoleError(f"allowedScopeLevels of a role made at {word} level must include {word!r}")
    for permission in sorted(draft.permissions):
        if missing := levels - levels_of(permission):
            word = LEVEL_WORDS[min(missing)]
            raise InvalidRoleError(f"{permission} cannot be given at {word} level, so it cannot be in this role")


def _usable(role: Role | None, scope: Scope) -> Role | None:
    return role if role is not None and scope.level in role.levels else None


def _uses(tx: AccessTransaction, role: Role) -> list[RoleAssignment]:
    return [each for each in tx.role_assignments.list(role.scope) if each.role == role.identifier]


def _subject(role: Role) -> Subject:
    return Subject(role.scope, ResourceType.ROLE, role.identifier, role.name)
