"""Role assignments: who has which role on which resource group, in one place and what is in it.

Refused: giving, or taking from somebody else, what the caller does not have himself; a role or a group that is not
there or not for that level; somebody who is not there; taking the last account admin away.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

from pierhead.control.audit import Action, PrincipalType, Subject, note
from pierhead.control.scopes import Level, ResourceType, Scope, check_identifier
from pierhead.kit.clock import Clock
from pierhead.kit.ids import random_text
from pierhead.kit.paging import PageRequest
from pierhead.kit.signals import Signal, Topic

from .admins import admins_at, check_admin_remains
from .documents import LEVEL_WORDS, render_assignment
from .escalation import THE_PROGRAM, Giver
from .makers import reckoned
from .managed import default_group
from .model import PrincipalRef, ResourceGroup, Role, RoleAssignment
from .ports import AccessStore, AccessTransaction
from .resolving import group_at, role_at, would_grant
from .role_errors import AssignmentNotFoundError, InvalidAssignmentError, RoleExistsError, TooManyRolesError
from .turns import in_turn

KIND = "role assignment"
MAX_ASSIGNMENTS = 10_000  # at one place
_ID_LENGTH = 22


@dataclass(frozen=True, slots=True)
class AssignmentDraft:
    """An assignment as a client describes it: an empty ``identifier`` is made up, an empty ``resource_group`` is all
    that lives in the place itself. ``level``: where the principal lives, None to look from the place upwards."""

    scope: Scope
    role: str
    principal_type: PrincipalType
    principal: str
    resource_group: str = ""
    identifier: str = ""
    level: Level | None = None
    is_disabled: bool = False


class Parts(NamedTuple):
    """What an assignment is made of; None for what is not there."""

    principal: PrincipalRef | None
    role: Role | None
    group: ResourceGroup | None


class AssignmentService:
    def __init__(self, store: AccessStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def list(self, scope: Scope) -> tuple[RoleAssignment, ...]:
        """Those of exactly this place, oldest first."""
        with self._store.snapshot() as tx:
            return tx.role_assignments.list(scope)

    def find(self, scope: Scope, identifier: str) -> RoleAssignment | None:
        with self._store.snapshot() as tx:
            return tx.role_assignments.find(scope, identifier)

    def parts(self, draft: AssignmentDraft) -> Parts:
        """What of a draft is there."""
        with self._store.snapshot() as tx:
            return _parts(tx, draft)

    def principal(self, scope: Scope, kind: PrincipalType, identifier: str) -> PrincipalRef | None:
        """Who is meant by this at that place; None for nobody."""
        with self._store.snapshot() as tx:
            return _principal(tx, AssignmentDraft(scope, "", kind, identifier))

    def create(self, draft: AssignmentDraft, *, giver: Giver = THE_PROGRAM) -> RoleAssignment:
        """Ends keys of the principal that somebody made who may do less. Raises InvalidAssignmentError,
        RoleExistsError, PlaceNotFoundError, AccessDeniedError."""
        with in_turn(self._store, draft.scope.account, draft.scope) as tx:
            assignment = self._made(tx, draft)
            giver.check(tx, assignment.principal, (), would_grant(tx, assignment))
            _check_new(tx, assignment)
            with reckoned(tx, [assignment.principal], giver, assignment.created_at):
                if not tx.role_assignments.add(assignment):
                    raise RoleExistsError(KIND, assignment.identifier)
            document = render_assignment(assignment)
            note(tx, assignment.created_at, giver.actor, Action.CREATE, _subject(assignment), after=document)
            tx.announce(Signal(Topic.ACCESS))
        return assignment

    def set_disabled(
        self, scope: Scope, identifier: str, is_disabled: bool, *, giver: Giver = THE_PROGRAM
    ) -> RoleAssignment:
        """Switches it off or on, which is all that can be changed about one; on, it ends keys as ``create`` does.

        Raises AssignmentNotFoundError, AccessDeniedError, LastAdminError.
        """
        with in_turn(self._store, scope.account) as tx:
            now = self._clock.now()
            admins = admins_at(tx, scope, now)
            before = _found(tx, scope, identifier)
            after = replace(before, is_disabled=is_disabled, last_modified_at=now)
            grants = would_grant(tx, before)
            giver.check(tx, before.principal, *((grants, ()) if is_disabled else ((), grants)))
            if is_disabled:
                check_admin_remains(admins, before)
            with reckoned(tx, [after.principal], giver, now):
                tx.role_assignments.replace(after)
            documents = (render_assignment(before), render_assignment(after))
            note(tx, now, giver.actor, Action.UPDATE, _subject(after), *documents)
            tx.announce(Signal(Topic.ACCESS))
        return after

    def delete(self, scope: Scope, identifier: str, *, giver: Giver = THE_PROGRAM) -> RoleAssignment:
        """Gives what was there. Raises AssignmentNotFoundError, AccessDeniedError, LastAdminError."""
        with in_turn(self._store, scope.account) as tx:
            admins = admins_at(tx, scope, self._clock.now())
            assignment = _found(tx, scope, identifier)
            giver.check(tx, assignment.principal, would_grant(tx, assignment), ())
            check_admin_remains(admins, assignment)
            tx.role_assignments.remove(scope, identifier)
            document = render_assignment(assignment)
            note(tx, self._clock.now(), giver.actor, Action.DELETE, _subject(assignment), before=document)
            tx.announce(Signal(Topic.ACCESS))
        return assignment

    def _made(self, tx: AccessTransaction, draft: AssignmentDraft) -> RoleAssignment:
        now, scope = self._clock.now(), draft.scope
        parts = _parts(tx, draft)
        word = LEVEL_WORDS[scope.level]
        if parts.principal is None:
            raise InvalidAssignmentError(f"there is no {draft.principal_type} {draft.principal!r} to give a role to")
        if parts.role is None or scope.level not in parts.role.levels:
            raise InvalidAssignmentError(f"there is no role {draft.role!r} that can be given at this {word}")
        if parts.group is None or scope.level not in parts.group.levels:
            group = _group_of(draft)
            raise InvalidAssignmentError(f"there is no resource group {group!r} that can be given at this {word}")
        return RoleAssignment(
            scope=scope,
            identifier=check_identifier(draft.identifier or f"role_assignment_{random_text(_ID_LENGTH)}"),
            role=parts.role.identifier,
            resource_group=parts.group.identifier,
            principal=parts.principal,
            created_at=now,
            last_modified_at=now,
            is_disabled=draft.is_disabled,
        )


def _parts(tx: AccessTransaction, draft: AssignmentDraft) -> Parts:
    scope = draft.scope
    return Parts(_principal(tx, draft), role_at(tx, scope, draft.role), group_at(tx, scope, _group_of(draft)))


def _group_of(draft: AssignmentDraft) -> str:
    return draft.resource_group or default_group(draft.scope)


def _principal(tx: AccessTransaction, draft: AssignmentDraft) -> PrincipalRef | None:
    """A user of the account, by id or by address, or a service account of the place itself or of one that holds it."""
    scope = draft.scope
    if draft.principal_type is PrincipalType.USER:
        found = tx.users.find(scope.account, draft.principal)
        user = found or tx.users.find_by_email(scope.account, draft.principal.lower())
        return None if user is None else user.ref
    if draft.principal_type is not PrincipalType.SERVICE_ACCOUNT:
        return None
    levels = [level for level in reversed(Level) if draft.level in (None, level)]
    for place in [scope.at(level) for level in levels if _has(scope, level)]:
        account = tx.service_accounts.find(place, draft.principal)
        if account is not None:
            return account.ref
    return None


def _has(scope: Scope, level: Level) -> bool:
    order = list(Level)
    return order.index(level) <= order.index(scope.level)


def _check_new(tx: AccessTransaction, wanted: RoleAssignment) -> None:
    if tx.role_assignments.page(wanted.scope, "", PageRequest(0, 1)).total >= MAX_ASSIGNMENTS:
        raise TooManyRolesError(KIND, wanted.scope, MAX_ASSIGNMENTS)
    for other in tx.role_assignments.list_about(wanted.scope.account, wanted.about):
        is_same = (other.scope, other.role, other.resource_group) == (wanted.scope, wanted.role, wanted.resource_group)
        if is_same:
            raise RoleExistsError(KIND, other.identifier)


def _found(tx: AccessTransaction, scope: Scope, identifier: str) -> RoleAssignment:
    found = tx.role_assignments.find(scope, identifier)
    if found is None:
        raise AssignmentNotFoundError(identifier)
    return found


def _subject(assignment: RoleAssignment) -> Subject:
    name = f"{assignment.role} of {assignment.principal.identifier}"
    return Subject(assignment.scope, ResourceType.ROLE_ASSIGNMENT, assignment.identifier, name)
