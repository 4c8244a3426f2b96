"""What was granted to a principal, with the names of role and resource group: for people to read."""

from dataclasses import dataclass

from .model import PrincipalRef, RoleAssignment
from .ports import AccessTransaction
from .resolving import group_at, role_at


@dataclass(frozen=True, slots=True)
class Granted:
    assignment: RoleAssignment
    role_name: str
    group_name: str
    is_role_managed: bool


def granted_to(tx: AccessTransaction, principal: PrincipalRef) -> tuple[Granted, ...]:
    """In every scope, oldest first."""
    found = tx.role_assignments.list_about(principal.scope.account, principal.key)
    return tuple(_named(tx, one) for one in found)


def _named(tx: AccessTransaction, one: RoleAssignment) -> Granted:
    role, group = role_at(tx, one.scope, one.role), group_at(tx, one.scope, one.resource_group)
    return Granted(
        one,
        role.name if role else one.role,
        group.name if group else one.resource_group,
        role is not None and role.is_managed,
    )
