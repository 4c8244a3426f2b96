"""Custom resource groups of a place, beside the managed ones: which things, and in which places, a role is good for.

Refused: a place outside the group's own; giving with a group that is assigned, or taking from others, what the caller
does not have himself; deleting a group that is assigned; any change of a managed group.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from pierhead.control.audit import Action, Subject, note
from pierhead.control.scopes import Level, ResourceType, Scope, check_identifier, check_name
from pierhead.kit.clock import Clock
from pierhead.kit.paging import Page, PageRequest
from pierhead.kit.signals import Signal, Topic

from .documents import LEVEL_WORDS, render_group
from .escalation import THE_PROGRAM, Giver
from .granting import grants_by
from .listing import pick
from .makers import reckoned
from .managed import managed_group, managed_groups
from .model import IncludedScope, ResourceGroup, ResourceSelector, RoleAssignment
from .ports import AccessStore, AccessTransaction
from .resolving import role_at
from .role_errors import (
    InvalidResourceGroupError,
    ManagedRoleError,
    ResourceGroupNotFoundError,
    RoleExistsError,
    StillAssignedError,
    TooManyRolesError,
)
from .turns import in_turn

KIND = "resource group"
MAX_GROUPS = 1000  # at one place


@dataclass(frozen=True, slots=True)
class ResourceGroupDraft:
    """A group as a client describes it. Empty ``included_scopes`` are the place itself without what is in it, empty
    ``levels`` that of the place; ``selectors`` of None select everything."""

    scope: Scope
    identifier: str
    name: str
    selectors: tuple[ResourceSelector, ...] | None
    included_scopes: tuple[IncludedScope, ...] = ()
    levels: frozenset[Level] = frozenset()
    color: str = ""
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


class ResourceGroupService:
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
    ) -> Page[ResourceGroup]:
        """Custom groups of exactly this place, oldest first, then the managed ones that it can use; of these the ones
        in ``among`` where that is given, and only managed or only custom ones where that is said."""
        with self._store.snapshot() as tx:
            found = [*tx.resource_groups.list(scope), *managed_groups(scope)]
        return pick([each for each in found if is_managed in (None, each.is_managed)], request, search, among)

    def get(self, scope: Scope, identifier: str) -> ResourceGroup:
        """Raises ResourceGroupNotFoundError."""
        with self._store.snapshot() as tx:
            found = _usable(managed_group(identifier, scope)) or tx.resource_groups.find(scope, identifier)
        if found is None:
            raise ResourceGroupNotFoundError(identifier)
        return found

    def create(self, draft: ResourceGroupDraft, *, giver: Giver = THE_PROGRAM) -> ResourceGroup:
        """Raises RoleExistsError, PlaceNotFoundError, InvalidInputError."""
        now = self._clock.now()
        group = _group(draft, now, now)
        with in_turn(self._store, group.scope.account, *_places(group)) as tx:
            if tx.resource_groups.page(group.scope, "", PageRequest(0, 1)).total >= MAX_GROUPS:
                raise TooManyRolesError(KIND, group.scope, MAX_GROUPS)
            if managed_group(group.identifier, group.scope) or not tx.resource_groups.add(group):
                raise RoleExistsError(KIND, group.identifier)
            note(tx, now, giver.actor, Action.CREATE, _subject(group), after=render_group(group))
            tx.announce(Signal(Topic.ACCESS))
        return group

    def update(self, draft: ResourceGroupDraft, *, giver: Giver = THE_PROGRAM) -> ResourceGroup:
        """Ends keys of those who have it that somebody made who may do less. Raises ResourceGroupNotFoundError,
        ManagedRoleError, AccessDeniedError, PlaceNotFoundError, InvalidInputError."""
        now = self._clock.now()
        places = _places(_group(draft, now, now))
        with in_turn(self._store, draft.scope.account, *places) as tx:
            before = self._own(tx, draft.scope, draft.identifier)
            after = _group(draft, before.created_at, now)
            if not before.included_scopes and not draft.included_scopes:
                after = replace(after, included_scopes=())  # its places were deleted, and nobody names others
            uses = _uses(tx, before)
            for assignment in uses:
                role = role_at(tx, assignment.scope, assignment.role)
                if role is not None:
                    had, gets = grants_by(assignment, role, before), grants_by(assignment, role, after)
                    giver.check(tx, assignment.principal, had, gets)
            at, documents = after.last_modified_at, (render_group(before), render_group(after))
            with reckoned(tx, [each.principal for each in uses], giver, at):
                tx.resource_groups.replace(after)
            note(tx, at, giver.actor, Action.UPDATE, _subject(after), *documents)
            tx.announce(Signal(Topic.ACCESS))
        return after

    def delete(self, scope: Scope, identifier: str, *, giver: Giver = THE_PROGRAM) -> ResourceGroup:
        """Gives what was there. Raises ResourceGroupNotFoundError, ManagedRoleError, StillAssignedError."""
        with in_turn(self._store, scope.account) as tx:
            group = self._own(tx, scope, identifier)
            if uses := _uses(tx, group):
                raise StillAssignedError(KIND, identifier, len(uses))
            tx.resource_groups.remove(scope, identifier)
            note(tx, self._clock.now(), giver.actor, Action.DELETE, _subject(group), before=render_group(group))
            tx.announce(Signal(Topic.ACCESS))
        return group

    def _own(self, tx: AccessTransaction, scope: Scope, identifier: str) -> ResourceGroup:
        if _usable(managed_group(identifier, scope)) is not None:
            raise ManagedRoleError(KIND, identifier)
        group = tx.resource_groups.find(scope, identifier)
        if group is None:
            raise ResourceGroupNotFoundError(identifier)
        return group


def _group(draft: ResourceGroupDraft, created_at: datetime, now: datetime) -> ResourceGroup:
    levels = draft.levels or frozenset({draft.scope.level})
    if draft.scope.level not in levels:
        word = LEVEL_WORDS[draft.scope.level]
        raise InvalidResourceGroupError(f"allowedScopeLevels of a group made at {word} level must include {word!r}")
    included = draft.included_scopes or (IncludedScope(draft.scope, False),)
    if any(not draft.scope.contains(one.scope) for one in included):
        raise InvalidResourceGroupError(
            "includedScopes names a place outside the one that the group is in",
            hint="make the group at the account or organization that holds all of them",
        )
    return ResourceGroup(
        scope=draft.scope,
        identifier=check_identifier(draft.identifier),
        name=check_name(draft.name),
        included_scopes=included,
        selectors=draft.selectors,
        levels=levels,
        created_at=created_at,
        last_modified_at=now,
        color=draft.color,
        description=draft.description,
        tags=dict(draft.tags),
    )


def _places(group: ResourceGroup) -> list[Scope]:
    """All that have to be there."""
    return [group.scope, *(one.scope for one in group.included_scopes)]


def _usable(group: ResourceGroup | None) -> ResourceGroup | None:
    return group if group is not None and group.scope.level in group.levels else None


def _uses(tx: AccessTransaction, group: ResourceGroup) -> list[RoleAssignment]:
    return [each for each in tx.role_assignments.list(group.scope) if each.resource_group == group.identifier]


def _subject(group: ResourceGroup) -> Subject:
    return Subject(group.scope, ResourceType.RESOURCE_GROUP, group.identifier, group.name)
