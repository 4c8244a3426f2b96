"""What one must be allowed to see, give and take away role assignments: a right on the principal that they are of.

Needed are ``core_user_manage`` on a person, ``core_serviceaccount_edit`` on a service account, and for seeing
``core_user_view`` and ``core_serviceaccount_view``. An assignment whose principal the caller may not see is not there.
"""

from collections.abc import Iterable

from pierhead.control.access import (
    AssignmentNotFoundError,
    Granted,
    InvalidAssignmentError,
    Permission,
    PrincipalRef,
    RoleAssignment,
    view_of,
)
from pierhead.control.audit import PrincipalType
from pierhead.control.scopes import Scope
from pierhead.server.auth import Call

from .wire.role_assignments import RoleAssignmentBody

_CHANGE = {
    PrincipalType.USER: Permission.USER_MANAGE,
    PrincipalType.SERVICE_ACCOUNT: Permission.SERVICE_ACCOUNT_EDIT,
}


def checked(call: Call, scope: Scope, body: RoleAssignmentBody) -> PrincipalType:
    """The type of the principal that the call may give roles to. Raises AccessDeniedError, InvalidAssignmentError."""
    kind = body.principal_type
    identifier = body.principal.identifier
    call.require(_CHANGE[kind or PrincipalType.USER], scope, identifier)
    if kind is None:
        raise InvalidAssignmentError(f"there is no {body.principal.type} to give a role to")
    return kind


def found_to_see(call: Call, scope: Scope, identifier: str) -> RoleAssignment:
    """Raises AssignmentNotFoundError; from then on the call is allowed."""
    found = call.lookup.rights.assignments.find(scope, identifier)
    if found is None or not _sees(call, found):
        raise AssignmentNotFoundError(identifier)
    call.allow()
    return found


def found_to_change(call: Call, scope: Scope, identifier: str) -> RoleAssignment:
    """Raises AssignmentNotFoundError, AccessDeniedError; from then on the call is allowed."""
    found = call.lookup.rights.assignments.find(scope, identifier)
    if found is None or not _sees(call, found):
        raise AssignmentNotFoundError(identifier)
    call.require(_CHANGE[found.principal.type], scope, found.principal.identifier)
    call.allow()
    return found


def visible_assignments(call: Call, scope: Scope) -> list[RoleAssignment]:
    """Those of the place whose principals the caller may see, oldest first."""
    call.visible(scope)
    return [each for each in call.app.rights.assignments.list(scope) if _sees(call, each)]


def told_of(call: Call, granted: Iterable[Granted]) -> list[Granted]:
    """What the caller may know of it: all that is his own, of others what was granted in places where he sees them."""
    own = call.principal.ref
    return [one for one in granted if one.assignment.principal == own or _sees(call, one.assignment)]


def sees_principal(call: Call, scope: Scope, principal: PrincipalRef) -> bool:
    """Where it lives, or at the place of an assignment that it has there."""
    permission = view_of(_CHANGE[principal.type])
    if call.may(permission, principal.scope, principal.identifier):
        return True
    found = call.app.rights.assignments.list(scope)
    return any(each.principal == principal for each in found) and call.may(permission, scope, principal.identifier)


def _sees(call: Call, assignment: RoleAssignment) -> bool:
    principal = assignment.principal
    return call.may(view_of(_CHANGE[principal.type]), assignment.scope, principal.identifier)
