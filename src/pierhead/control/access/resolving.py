"""What role assignments in a store grant: role and group are found at its scope or are managed."""

from pierhead.control.audit import PrincipalType
from pierhead.control.scopes import Scope

from .granting import grants_by, grants_of
from .grants import Grant, Grants
from .managed import managed_group, managed_role
from .model import PrincipalRef, ResourceGroup, Role, RoleAssignment
from .ports import AccessTransaction


def role_at(tx: AccessTransaction, scope: Scope, identifier: str) -> Role | None:
    return managed_role(identifier, scope) or tx.roles.find(scope, identifier)


def group_at(tx: AccessTransaction, scope: Scope, identifier: str) -> ResourceGroup | None:
    return managed_group(identifier, scope) or tx.resource_groups.find(scope, identifier)


def grants_in(tx: AccessTransaction, principal: PrincipalRef) -> Grants:
    """All that was granted to it."""
    return grants_of(
        tx.role_assignments.list_about(principal.scope.account, principal.key),
        lambda one: role_at(tx, one.scope, one.role),
        lambda one: group_at(tx, one.scope, one.resource_group),
    )


def powers_in(tx: AccessTransaction, principal: PrincipalRef) -> Grants:
    """What it may do now: nothing for a person who is disabled, though what was granted is kept."""
    if principal.type is PrincipalType.USER:
        user = tx.users.find(principal.scope.account, principal.identifier)
        if user is None or user.is_disabled:
            return Grants()
    return grants_in(tx, principal)


def would_grant(tx: AccessTransaction, assignment: RoleAssignment) -> list[Grant]:
    """What it grants, or would grant if it were not disabled."""
    role = role_at(tx, assignment.scope, assignment.role)
    group = group_at(tx, assignment.scope, assignment.resource_group)
    return [] if role is None or group is None else grants_by(assignment, role, group)
